//! The debrief as Markdown: the same facts without the plots, for a wiki or a repository.

use std::fmt::Write;

use super::{Debrief, review, summary, times};
use crate::{
    chart::Table,
    figures::{capital, fault, printable, seeds, time},
};

pub(super) fn markdown(debrief: &Debrief<'_>) -> String {
    let (facts, run) = (debrief.facts, &debrief.facts.record.run);
    let title = summary::title(facts);
    let mut text = format!("# {}\n\n", plain(&title));
    if let Some(partial) = &debrief.partial() {
        let _ = writeln!(text, "**{}**\n", plain(partial));
    }
    if !debrief.agrees {
        text += "**The figures in the file disagree with its events and visits. The figures shown here follow from the \
                 events and visits.**\n\n";
    }
    let _ = writeln!(text, "{}\n", plain(&debrief.lead.join(" ")));
    let _ = writeln!(
        text,
        "Scenario {}; {}; responder: {}. Times are those of the story; customers come from {}.\n",
        plain(&run.scenario),
        facts.how(),
        plain(run.who()),
        debrief.comes_from()
    );
    for tile in summary::tiles(facts) {
        let _ = writeln!(text, "- **{}** {}. {}", plain(&tile.figure), tile.what, plain(&tile.meaning));
    }
    if let Some(times) = times::chart(facts) {
        heading(&mut text, 2, &times.title);
        text += &table(&times.table);
    }
    if debrief.has_beliefs() {
        heading(&mut text, 2, &debrief.steps_finding());
        let rows = debrief.steps.iter().map(|step| {
            let mark = if step.locates { "\u{25cf} " } else { "" };
            let until = step.until.as_ref().map(|until| format!(" to {until}")).unwrap_or_default();
            let (at, believed) = (format!("{}{until}", step.time), format!("{mark}{}", step.believed));
            [at, step.what.clone(), step.said.clone(), believed, step.next.clone()]
        });
        text +=
            &table(&Table::of(&["time", "looked at, or done", "it said", "believed", "next, and why"], rows));
        let who = if facts.is_model() { "Beliefs are the model responder\u{2019}s. " } else { "" };
        let _ = writeln!(text, "\n{who}\u{25cf} marks a belief in the right place.");
    }
    heading(&mut text, 2, &debrief.remedies_finding());
    if !facts.remedies.is_empty() {
        let rows = facts.remedies.iter().map(|tried| {
            let cells = [&tried.what, &tried.before, &tried.best, &tried.verdict].map(Clone::clone);
            [vec![time(tried.story_s)], cells.into()].concat()
        });
        text += &table(&Table::of(&["time", "what was tried", "before", "best after", "did it help?"], rows));
    }
    blameless(&mut text, debrief, &title);
    heading(&mut text, 2, "What this rests on");
    list(&mut text, &debrief.rests_on());
    let _ = writeln!(
        text,
        "\nGlyphfall {}. All figures were derived from the incident record.",
        plain(&run.version)
    );
    text
}

/// The review, under the headings of a blameless review.
fn blameless(text: &mut String, debrief: &Debrief<'_>, title: &str) {
    let Debrief { facts, factors, shares, .. } = debrief;
    heading(text, 2, "Post-incident review");
    *text += "The facts are filled in from the record; what only people can say is left open. It looks for no culprit.\n";
    heading(text, 3, "What happened");
    let _ = writeln!(text, "{}. {}", plain(title), plain(&debrief.lead.join(" ")));
    heading(text, 3, "Impact");
    list(text, &review::impact(facts));
    *text += "- *Who else was affected?*\n";
    heading(text, 3, "Timeline");
    *text += &table(&Table::of(&["time", "what"], review::timeline(facts)));
    heading(text, 3, "Contributing factors");
    list(text, &debrief.answer());
    for factor in factors {
        let named = match factor.is_named {
            Some(true) => "named in the answer",
            Some(false) => "not named in the answer",
            None => "no answer was given",
        };
        let present = if factor.is_present { ", a latent fault at the start" } else { "" };
        let share =
            factor.share.as_ref().map(|(share, _)| format!(", {share} of the loss")).unwrap_or_default();
        let _ = writeln!(
            text,
            "- **{}** ({named}{present}{}). {}",
            plain(&capital(&fault(factor.factor))),
            plain(&share),
            plain(factor.factor.description())
        );
    }
    if let Some(shares) = shares {
        let _ = writeln!(
            text,
            "\nShares of the loss: Shapley shares over {}, not of this incident but of the same scenario: `{}`\n",
            plain(&seeds(&shares.seeds)),
            shares.command.replace('`', "")
        );
    }
    *text += "- *What else made it possible, worse or longer?*\n";
    if let Some(causes) = review::causes(facts, factors, *shares) {
        heading(text, 3, "One root cause, or contributing factors");
        let _ = writeln!(text, "{}. {}\n", plain(&causes.title), plain(&causes.about));
        *text += &table(&causes.table);
    }
    for (title, sentences, question) in [
        ("What went well", review::went_well(facts), "What else helped?"),
        (
            "What was hard to see",
            review::hard_to_see(facts, factors),
            "What did you expect to see, and did not?",
        ),
        ("Where we got lucky", review::lucky(facts), "What would have made it worse?"),
    ] {
        heading(text, 3, title);
        list(text, &sentences);
        let _ = writeln!(text, "- *{question}*");
    }
    heading(text, 3, "Actions");
    let answers = factors.iter().map(|factor| capital(&fault(factor.factor))).chain([String::new()]);
    let rows = answers.map(|answers| [String::new(), answers, String::new(), String::new()]);
    *text += &table(&Table::of(&["action", "answers", "owner", "by"], rows));
}

fn heading(text: &mut String, level: usize, title: &str) {
    let _ = writeln!(text, "\n{} {}\n", "#".repeat(level), plain(title));
}

fn list(text: &mut String, sentences: &[String]) {
    for sentence in sentences {
        let _ = writeln!(text, "- {}", plain(sentence));
    }
}

fn table(Table { columns, rows }: &Table) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = format!("|{}\n", " --- |".repeat(columns.len()));
    rows.iter().fold(line(columns) + &rule, |text, row| text + &line(row))
}

/// Escapes a text so that Markdown shows it unchanged, within a line or a table cell. Addresses are cut by an escape too: GitHub makes links of
/// `http://` and `www.` without any markup.
fn plain(text: &str) -> String {
    let text = printable(text).replace('\u{a0}', " ");
    let mut plain = String::new();
    for (at, character) in text.char_indices() {
        let (before, after) = (&text[..at], &text[at + character.len_utf8()..]);
        let is_address = match character {
            ':' => after.starts_with("//"),
            '.' => {
                before.as_bytes().last_chunk().is_some_and(|end: &[u8; 3]| end.eq_ignore_ascii_case(b"www"))
            }
            _ => false,
        };
        if is_address || "\\`*_[]<>|&~".contains(character) {
            plain.push('\\');
        }
        plain.push(character);
    }
    plain
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    /// In escaped text a Markdown parser finds neither markup nor links.
    #[test]
    fn nobody_who_renders_a_review_is_led_astray_by_what_somebody_typed() {
        // Every extension except smart punctuation, which would change the characters under comparison.
        let options = Options::all() - Options::ENABLE_SMART_PUNCTUATION;
        for text in [
            "<img src=x onerror=alert(1)>",
            "</td></table><script>alert(1)</script>",
            "<!-- --><svg onload=alert(1)>",
            "[here](javascript:alert(1))",
            "[here]: http://evil.example",
            "![i](http://evil.example/x.png)",
            "<http://evil.example>",
            "`code` and ``more``",
            "&lt;b&gt; &#60;b&#62;",
            "~~gone~~ \\<b> \\\\[a](b)",
            "look _now_ at __this__ *one*",
            "see http://evil.example/x_y, https://evil.example, www.evil.example or (WWW.evil.example)",
        ] {
            for line in [format!("- said: {}\n", plain(text)), table(&Table::of(&["a"], [[text.to_owned()]]))]
            {
                let mut read = String::new();
                for event in Parser::new_ext(&line, options) {
                    match event {
                        Event::Text(part) => read.push_str(&part),
                        Event::Html(_)
                        | Event::InlineHtml(_)
                        | Event::Code(_)
                        | Event::Start(
                            Tag::Link { .. }
                            | Tag::Image { .. }
                            | Tag::Strikethrough
                            | Tag::Emphasis
                            | Tag::Strong,
                        ) => panic!("{line}: {event:?}"),
                        _ => {}
                    }
                }
                // This parser knows no addresses without markup; those that do look for these.
                let bare = line.replace("\\://", "").to_lowercase();
                assert!(!bare.contains("://") && !bare.contains("www."), "{line}");
                assert!(read.contains(text), "{line}: {read}");
            }
        }
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(plain("a | <b> *c*\u{b}\n"), "a \\| \\<b\\> \\*c\\*U+000BU+000A");
        assert_eq!(plain("Kim\u{202e}\u{200b}"), "KimU+202EU+200B");
        assert_eq!(
            table(&Table::of(&["a", "b"], [["1|", "2"].map(String::from)])),
            "| a | b |\n| --- | --- |\n| 1\\| | 2 |\n"
        );
    }
}
