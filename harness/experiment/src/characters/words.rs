//! The table that people read. Teaches to print the finding first, and to mark results with words rather than colours.

use std::fmt::{self, Display};

use super::{
    measure::{Passage, Places},
    parsers::Outcome,
    report::{Report, Row, Summary},
    table::Group,
};

/// The places, in the order of [`Places::all`].
const PLACES: [&str; 5] = ["store JSON", "cache", "HTML", "script", "XML feed"];

/// Characters shown of a text that arrived changed, so that it fits on one line.
const SHOWN_MAX: usize = 50;

/// Characters shown of a readable text.
const TEXT_SHOWN: usize = 7;

/// Characters shown of bytes that are not UTF-8: two bytes in hexadecimal.
const BYTES_SHOWN: usize = 5;

const HEADINGS: [&str; 2] = [
    "                             ------- all four latent faults present -------",
    "                             store   cache   HTML     script   XML      repaired",
];

const NOTES: &str = "
fine     it arrived as it was published
changed  it arrived, and is another text
refused  it was not published, and its author was told why
broken   its reader cannot read it, or reads it as something else than text
hangs    no answer within the 10 s that a customer waits
*        never reached, because the cache hangs; measured with the cache filled
         while rendering was repaired for a moment
repaired the worst of all places when only rendering is repaired

Judged by serde_json (store JSON, script), html5ever (HTML, where a script ends)
and roxmltree (XML). Parsers do not see what it looks like: an override of the
direction or a tower of accents is fine to them.
In full, with the reasons: glyphfall characters U+000B (or a name, or several)\n";

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { specimens, hang, break_a_page, refused, break_the_repaired } = self.summary;
        writeln!(
            f,
            "Of {specimens} special characters and byte sequences, {hang} hang every page that shows them\n\
             in a shop with all four latent faults; {break_a_page} more break a page, a script or the\n\
             feed. With rendering repaired, {refused} are refused when they are published, and"
        )?;
        match break_the_repaired {
            0 => writeln!(f, "nothing breaks, not even by a version published before the repair.\n")?,
            some => writeln!(f, "{some} still break something.\n")?,
        }
        HEADINGS.iter().try_for_each(|heading| writeln!(f, "{heading}"))?;
        for group in Group::ALL {
            let mut members = self.specimens.iter().filter(|row| row.group == group).peekable();
            if members.peek().is_some() {
                writeln!(f, "\n{}", group.title())?;
            }
            members.try_for_each(|row| writeln!(f, "{}", line(row).trim_end()))?;
        }
        f.write_str(NOTES)
    }
}

/// One specimen in full, with the parsers' own messages. Their lines may be longer than 80 columns.
impl Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.name, first(&whole(self).0, SHOWN_MAX, "..."))?;
        passage(
            f,
            "All four latent faults present",
            &self.measured.faulty,
            "The cache filled while rendering was repaired for a moment",
        )?;
        passage(f, "Rendering repaired", &self.measured.repaired, "Published before the repair")
    }
}

fn passage(f: &mut fmt::Formatter<'_>, title: &str, passage: &Passage, let_through: &str) -> fmt::Result {
    writeln!(f, "\n{title}\n  {:<11}{}", "publish", said(&passage.publish))?;
    if let Some(met) = &passage.met {
        places(f, met)?;
    }
    let Some(behind) = &passage.let_through else { return Ok(()) };
    writeln!(f, "{let_through}")?;
    places(f, behind)
}

fn places(f: &mut fmt::Formatter<'_>, places: &Places) -> fmt::Result {
    PLACES
        .iter()
        .zip(places.all())
        .try_for_each(|(name, outcome)| writeln!(f, "  {name:<11}{}", said(outcome)))
}

fn said(outcome: &Outcome) -> String {
    let said = match outcome {
        Outcome::Fine | Outcome::Hangs => outcome.word().to_owned(),
        Outcome::Changed { to } => {
            format!("changed: {}", first(to, SHOWN_MAX, "..."))
        }
        Outcome::Refused { why } | Outcome::Broken { why } => format!("{}: {why}", outcome.word()),
    };
    // Some messages quote the character itself, and a terminal must not obey it.
    said.chars().map(|c| if is_visible(c) { c.to_string() } else { c.escape_unicode().to_string() }).collect()
}

fn is_visible(character: char) -> bool {
    matches!(character, '\'' | '"' | '\\') || character.escape_debug().next() != Some('\\')
}

fn line(row: &Row) -> String {
    let Passage { met, let_through, .. } = &row.measured.faulty;
    let met = met.as_ref().expect("the faulty shop publishes anything");
    let behind = let_through.as_ref();
    let page = |met: &Outcome, behind: Option<&Outcome>| match (met, behind) {
        (Outcome::Hangs, Some(behind)) => format!("{}*", behind.word()),
        _ => met.word().to_owned(),
    };
    format!(
        "{:<20}{:<9}{:<8}{:<8}{:<9}{:<9}{:<9}{}",
        row.name,
        code(row),
        met.store_json.word(),
        met.cache.word(),
        page(&met.html, behind.map(|places| &places.html)),
        page(&met.script, behind.map(|places| &places.script)),
        page(&met.xml, behind.map(|places| &places.xml)),
        row.measured.repaired.worst().word(),
    )
}

/// A specimen in characters, and how many of them fit the table: the text itself if it is readable, else its code points,
/// else its bytes.
fn whole(row: &Row) -> (String, usize) {
    match &row.code_points {
        Some(points) if points.len() > 1 && row.text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => {
            (row.text.clone(), TEXT_SHOWN)
        }
        Some(points) => (points.join(" "), points[0].len()),
        None => (row.bytes.clone(), BYTES_SHOWN),
    }
}

/// A specimen in characters, cut to fit its column. A plus marks the cut.
fn code(row: &Row) -> String {
    let (whole, shown) = whole(row);
    first(&whole, shown, "+")
}

fn first(text: &str, count: usize, more: &str) -> String {
    match text.char_indices().nth(count) {
        Some((end, _)) => format!("{}{more}", &text[..end]),
        None => text.to_owned(),
    }
}
