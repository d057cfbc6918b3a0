//! The debrief as Markdown: the same facts without the plots, so that it can live in a wiki or a repository.

use std::fmt::Write;

use super::Debrief;
use crate::{chart::Chart, figures::printable};

pub(super) fn markdown(debrief: &Debrief<'_>, times: Option<&Chart>) -> String {
    let run = &debrief.record().run;
    let mut text = format!("# {}\n\n", plain(&debrief.title));
    if let Some(partial) = &debrief.partial {
        let _ = writeln!(text, "**{}**\n", plain(partial));
    }
    if !debrief.agrees {
        text += "**The figures in the file are not those that follow from its events and visits. Shown are the ones that \
                 follow.**\n\n";
    }
    let _ = writeln!(text, "{}\n", plain(&debrief.lead.join(" ")));
    let _ = writeln!(
        text,
        "Scenario {}; {}; responder: {}. Times are those of the story; customers come from {}.\n",
        plain(&run.scenario),
        debrief.facts.how(),
        plain(debrief.facts.responder()),
        debrief.comes_from()
    );
    for tile in &debrief.tiles {
        let _ = writeln!(text, "- **{}** {}. {}", plain(&tile.figure), tile.what, plain(&tile.meaning));
    }
    if let Some(times) = times {
        heading(&mut text, 2, &times.title);
        text += &table(&times.table.columns, &times.table.rows);
    }
    if debrief.has_beliefs() {
        heading(&mut text, 2, &debrief.steps_finding);
        let columns = ["time", "looked at, or done", "it said", "believed", "next, and why"];
        let rows = debrief.steps.iter().map(|step| {
            let mark = if step.locates { "\u{25cf} " } else { "" };
            let believed = format!("{mark}{}", step.believed);
            let until = step.until.as_ref().map(|until| format!(" to {until}")).unwrap_or_default();
            vec![
                format!("{}{until}", step.time),
                step.what.clone(),
                step.said.clone(),
                believed,
                step.next.clone(),
            ]
        });
        text += &table(&columns.map(String::from), &rows.collect::<Vec<_>>());
        let who = if debrief.facts.is_model() { "Beliefs are the model responder\u{2019}s. " } else { "" };
        let _ = writeln!(text, "\n{who}\u{25cf} marks a belief in the right place.");
    }
    heading(&mut text, 2, &debrief.remedies_finding);
    if !debrief.facts.remedies.is_empty() {
        let columns = ["time", "what was tried", "before", "best after", "did it help?"];
        let rows = debrief.facts.remedies.iter().map(|tried| {
            [&tried.time, &tried.what, &tried.before, &tried.best, &tried.verdict].map(Clone::clone).to_vec()
        });
        text += &table(&columns.map(String::from), &rows.collect::<Vec<_>>());
    }
    review(&mut text, debrief);
    heading(&mut text, 2, "What this rests on");
    list(&mut text, &debrief.rests_on);
    let _ = writeln!(
        text,
        "\nGlyphfall {}. All figures were derived from the incident record.",
        plain(&run.version)
    );
    text
}

/// The review under the headings that blameless reviews have.
fn review(text: &mut String, debrief: &Debrief<'_>) {
    let review = &debrief.review;
    heading(text, 2, "Post-incident review");
    *text += "The facts are filled in from the record; what only people can say is left open. It looks for no culprit.\n";
    heading(text, 3, "What happened");
    let _ = writeln!(text, "{}. {}", plain(&debrief.title), plain(&debrief.lead.join(" ")));
    heading(text, 3, "Impact");
    list(text, &review.impact);
    *text += "- *Who else was affected?*\n";
    heading(text, 3, "Timeline");
    let rows: Vec<Vec<String>> =
        review.timeline.iter().map(|(at, what)| vec![at.clone(), what.clone()]).collect();
    *text += &table(&["time".to_owned(), "what".to_owned()], &rows);
    heading(text, 3, "Contributing factors");
    list(text, &debrief.answer);
    for factor in &debrief.factors {
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
            plain(&factor.name),
            plain(&share),
            plain(factor.description)
        );
    }
    if let Some(shares) = &debrief.shares {
        let _ = writeln!(
            text,
            "\nShares of the loss: Shapley shares over {}, not of this incident but of the same scenario: `{}`\n",
            plain(&shares.seeds),
            shares.command.replace('`', "")
        );
    }
    *text += "- *What else made it possible, worse or longer?*\n";
    if let Some(causes) = &review.causes {
        heading(text, 3, "One root cause, or contributing factors");
        let _ = writeln!(text, "{}. {}\n", plain(&causes.title), plain(&causes.about));
        *text += &table(&causes.table.columns, &causes.table.rows);
    }
    for (title, facts, question) in [
        ("What went well", &review.went_well, "What else helped?"),
        ("What was hard to see", &review.hard_to_see, "What did you expect to see, and did not?"),
        ("Where we got lucky", &review.lucky, "What would have made it worse?"),
    ] {
        heading(text, 3, title);
        list(text, facts);
        let _ = writeln!(text, "- *{question}*");
    }
    heading(text, 3, "Actions");
    let answers = review
        .answers
        .iter()
        .map(|answers| vec![String::new(), answers.clone(), String::new(), String::new()]);
    let rows: Vec<Vec<String>> = answers.chain([vec![String::new(); 4]]).collect();
    *text += &table(&["action", "answers", "owner", "by"].map(String::from), &rows);
}

fn heading(text: &mut String, level: usize, title: &str) {
    let _ = writeln!(text, "\n{} {}\n", "#".repeat(level), plain(title));
}

fn list(text: &mut String, sentences: &[String]) {
    for sentence in sentences {
        let _ = writeln!(text, "- {}", plain(sentence));
    }
}

fn table(columns: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = format!("|{}\n", " --- |".repeat(columns.len()));
    rows.iter().fold(line(columns) + &rule, |text, row| text + &line(row))
}

/// A text that stands in Markdown as it is, within a line or a cell.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for character in printable(text).replace('\u{a0}', " ").chars() {
        if "\\`*[]<>|&~".contains(character) {
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

    /// What a parser makes of it that other people wrote: neither markup nor a place to go.
    #[test]
    fn nobody_who_renders_a_review_is_led_astray_by_what_somebody_typed() {
        // All there is but typographic quotes and dashes, which would change the letters that are compared.
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
        ] {
            for line in [format!("- said: {}\n", plain(text)), table(&["a".into()], &[vec![text.to_owned()]])]
            {
                let mut read = String::new();
                for event in Parser::new_ext(&line, options) {
                    match event {
                        Event::Text(part) => read.push_str(&part),
                        Event::Html(_) | Event::InlineHtml(_) | Event::Code(_) => panic!("{line}: {event:?}"),
                        Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Strikethrough) => {
                            panic!("{line}: {event:?}")
                        }
                        _ => {}
                    }
                }
                assert!(read.contains(text), "{line}: {read}");
            }
        }
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(plain("a | <b> *c*\u{b}\n"), "a \\| \\<b\\> \\*c\\*U+000BU+000A");
        assert_eq!(plain("Kim\u{202e}\u{200b}"), "KimU+202EU+200B");
        assert_eq!(
            table(&["a".into(), "b".into()], &[vec!["1|".into(), "2".into()]]),
            "| a | b |\n| --- | --- |\n| 1\\| | 2 |\n"
        );
    }
}
