//! Figures in words, the same on every page.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory},
};
use incident::{ContributingFactor, OperatingModel, Story};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use report::Interval;

/// The characters that a URL must percent-encode.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// A share in percent with one decimal and a no-break space: `35.6 %`.
pub fn percent(share: f64) -> String {
    // Adding zero turns -0.0 into 0.0, so that a tiny negative share has no minus sign.
    format!("{:.1}\u{a0}%", (share * 1_000.0).round() / 10.0 + 0.0)
}

/// Both ends of an interval of shares, in percent.
pub(crate) fn percents(Interval { low, high }: Interval) -> String {
    format!("{} to {}", percent(low), percent(high))
}

/// A fault in a sentence: `poor error handling`.
pub fn fault(fault: ContributingFactor) -> String {
    fault.name().replace('-', " ")
}

pub(crate) fn model_name(model: OperatingModel) -> &'static str {
    match model {
        OperatingModel::OpsRunIt => "Ops Run It",
        OperatingModel::YouBuildIt => "You Build It You Run It",
    }
}

/// Several things in a sentence: `a`, `a and b`, `a, b and c`; `none` without any.
pub fn list(things: impl IntoIterator<Item: ToString>) -> String {
    let things: Vec<String> = things.into_iter().map(|thing| thing.to_string()).collect();
    match things.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Seeds as a range: `seeds 1 to 20`.
pub fn seeds(seeds: &[u64]) -> String {
    match seeds {
        [] => "no seed".to_owned(),
        [one] => format!("seed {one}"),
        [first, .., last] => format!("seeds {first} to {last}"),
    }
}

/// Replaces the space before each percent sign with a no-break space.
pub fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

/// A figure with one decimal, or with none if that is 0: `2.5`, `3`.
pub fn trimmed(figure: f64) -> String {
    let text = format!("{:.1}", (figure * 10.0).round() / 10.0 + 0.0);
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// Thousands of dollars, for narrow cells: `$1,480k`.
pub fn thousands(usd: f64) -> String {
    if usd.abs() < 0.5 { "$0".to_owned() } else { format!("{}k", incident::Usd(usd / 1_000.0)) }
}

/// The time of day at a second of the story.
pub fn time(story_s: f64) -> String {
    Story::default().time_at(story_s).to_string()
}

/// How long something took: `40 s`, `12 min`, `1 h 5 min`.
pub fn duration(story_s: f64) -> String {
    let minutes = (story_s / 60.0).round();
    match (minutes / 60.0).floor() {
        _ if story_s < 59.5 => format!("{story_s:.0}\u{a0}s"),
        hours if hours < 1.0 => format!("{minutes:.0}\u{a0}min"),
        hours => match minutes - hours * 60.0 {
            rest if rest < 1.0 => format!("{hours:.0}\u{a0}h"),
            rest => format!("{hours:.0}\u{a0}h {rest:.0}\u{a0}min"),
        },
    }
}

/// A count with its thing: `1 visit`, `2,345 visits`.
pub fn count(count: u64, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{}\u{a0}{thing}{plural}", grouped(count))
}

/// A count in groups of three digits: `12,345`.
pub fn grouped(count: u64) -> String {
    incident::money::grouped(&count.to_string())
}

/// Whether a character is invisible, or changes the order in which others are shown: controls, formats, default-ignorable code points.
pub fn is_unseen(character: char) -> bool {
    const BLANK: char = '\u{2800}'; // Braille without dots: it looks blank, but is no space in Unicode.
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    let is_left_out = matches!(
        category,
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
    );
    is_left_out
        || character == BLANK
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

/// Replaces each invisible character of a text with its code point: `U+000B`.
pub fn printable(text: &str) -> String {
    let shown = text.chars().map(|character| match u32::from(character) {
        code if is_unseen(character) => format!("U+{code:04X}"),
        _ => character.to_string(),
    });
    shown.collect()
}

/// A sentence that begins with a capital letter.
pub fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// Rows as a CSV file (RFC 4180) in a data URL (RFC 2397).
pub(crate) fn csv_address(rows: &[Vec<String>]) -> String {
    let escaped = |cell: &String| utf8_percent_encode(&quoted(cell), ESCAPED).to_string();
    let lines = rows.iter().map(|row| row.iter().map(escaped).collect::<Vec<_>>().join(",") + "%0D%0A");
    format!("data:text/csv;charset=utf-8,{}", lines.collect::<String>())
}

/// A CSV cell, quoted as RFC 4180 requires.
pub(crate) fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(percent(0.3563), "35.6\u{a0}%");
        assert_eq!(percent(-0.000_04), "0.0\u{a0}%");
        assert_eq!(thousands(1_480_480.6), "$1,480k");
        assert_eq!(thousands(0.0), "$0");
        assert_eq!(time(-900.0), "07:45");
        assert_eq!(
            [40.0, 59.9, 3_599.0, 4_320.0].map(duration).join(", ").replace('\u{a0}', " "),
            "40 s, 1 min, 1 h, 1 h 12 min"
        );
        assert_eq!(count(1, "visit"), "1\u{a0}visit");
        assert_eq!(count(1_234_567, "visit"), "1,234,567\u{a0}visits");
        assert_eq!(printable("a\u{b}b"), "aU+000Bb");
        assert_eq!(capital("éa"), "Éa");
        assert_eq!(list(["a", "b", "c"]), "a, b and c");
        let row = |cells: [&str; 2]| cells.map(String::from).to_vec();
        assert_eq!(
            csv_address(&[row(["what", "x y"]), row(["é", "1,\""])]),
            "data:text/csv;charset=utf-8,what,x%20y%0D%0A%C3%A9,%221%2C%22%22%22%0D%0A"
        );
    }
}
