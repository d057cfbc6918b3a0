//! What only a full run asks. Teaches to ask of each assumption whether the finding is about it.

use report::{
    Interval,
    compare::{CompareReport, Leak, LeftOut, Metric, Row},
};

use super::{
    block::{Block, by_level, row_by_level},
    controls::against_nothing,
    words::{Sign, bare_minutes, minutes, minutes_interval, names, share, shares, signed_minutes},
};
use crate::{chart::Table, figures::list};

/// All that are there.
pub(super) fn blocks(document: &CompareReport) -> Vec<Block> {
    let each = [
        other_responders,
        equal_menus,
        cost_draws,
        odds,
        left_out,
        learning,
        shuffled_labels,
        before_trigger,
        classifier,
        signal_gains,
        subsets,
    ];
    each.into_iter().filter_map(|block| block(document)).collect()
}

/// The conditions of some rows, in order.
fn conditions(rows: &[Row]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        if !names.contains(&row.what.as_str()) {
            names.push(&row.what);
        }
    }
    names
}

/// Minutes to the right explanation, and in brackets the share that is explained right: the levels as above, then each condition.
fn table(document: &CompareReport, rows: &[Row]) -> Table {
    let cell = |seconds: f64, right: f64| format!("{} ({})", bare_minutes(seconds), share(right));
    let mut table = by_level(document, "");
    table.rows.push(row_by_level(document, "as above", |level| {
        let row = document.levels.iter().find(|row| row.level == level)?;
        Some(cell(row.time_to_explain_restricted_mean_s, row.explained_right_share))
    }));
    for what in conditions(rows) {
        table.rows.push(row_by_level(document, what, |level| {
            let row = rows.iter().find(|row| row.what == what && row.level == level)?;
            Some(cell(row.time_to_explain_restricted_mean_s, row.explained_right_share))
        }));
    }
    table
}

fn about(document: &CompareReport, what: &str) -> String {
    format!(
        "{what} Mean minutes to the right explanation, in brackets the share explained right; {}.",
        document.sample()
    )
}

/// How many of the steps that show a difference go the same way under each condition.
fn kept(document: &CompareReport, rows: &[Row], with: &str) -> String {
    let (steps, _) = document.paired(Metric::Explain);
    let shown: Vec<_> = steps.into_iter().filter(|step| Sign::of(step.interval) != Sign::Nothing).collect();
    if shown.is_empty() {
        return "No step shows a difference, so there is none that could turn".to_owned();
    }
    let of = |what: &str| {
        let time = |level| {
            let row = rows.iter().find(|row| row.what == what && row.level == level)?;
            Some(row.time_to_explain_restricted_mean_s)
        };
        let is_kept = |step: &&&report::compare::Paired| {
            let by = time(step.level).zip(time(step.against)).map(|(one, other)| one - other);
            by.is_some_and(|by| by * step.difference > 0.0)
        };
        format!("{} {with} {what}", shown.iter().filter(is_kept).count())
    };
    let each: Vec<String> = conditions(rows).into_iter().map(of).collect();
    let steps = if shown.len() == 1 {
        "step that shows a difference, it goes"
    } else {
        "steps that show a difference, they go"
    };
    format!("Of {} {steps} the same way: {}", shown.len(), list(&each))
}

fn other_responders(document: &CompareReport) -> Option<Block> {
    let rows = &document.controls.doubts.as_ref()?.other_responders;
    let sooner = |what: &str| {
        let is_sooner = |row: &&Row| {
            let ours = document.levels.iter().find(|ours| ours.level == row.level);
            row.what == what
                && ours.is_some_and(|ours| {
                    ours.time_to_explain_restricted_mean_s < row.time_to_explain_restricted_mean_s
                })
        };
        format!(
            "than {what} at {} of {} levels",
            rows.iter().filter(is_sooner).count(),
            document.levels.len()
        )
    };
    let each: Vec<String> = conditions(rows).into_iter().map(sooner).collect();
    let finding = format!(
        "Choosing looks by what they tell is sooner {}. {}",
        list(&each),
        kept(document, rows, "with")
    );
    let about = about(document, "Looks in a random order, and in the order of a fixed checklist.");
    (!rows.is_empty()).then(|| {
        Block::new(finding, about, table(document, rows))
            .against("it is the way of choosing that wins, and with another one telemetry would win nothing")
    })
}

fn equal_menus(document: &CompareReport) -> Option<Block> {
    let rows = &document.controls.doubts.as_ref()?.equal_menus;
    let first = document.levels.first()?.level;
    let looks = document.controls.doubts.as_ref()?.equal_menu_checks;
    let words: Vec<_> = rows.iter().map(|row| (row.level, row.difference, row.interval)).collect();
    let finding = if rows.iter().all(|row| Sign::of(row.interval) == Sign::Nothing) {
        against_nothing(rows, &format!("With {looks} looks at every level, richer levels"))
    } else {
        let told = super::words::told(&words, ["sooner", "later"], minutes);
        format!("With {looks} looks at every level, the right explanation comes {told}")
    };
    let mut table = Table::new(&["", "difference", "95 % interval"]);
    for row in rows {
        let cells = vec![
            format!("{first} to {}", row.level),
            signed_minutes(row.difference),
            minutes_interval(row.interval),
        ];
        table.rows.push(cells);
    }
    let about = format!(
        "Menus cut to {looks} looks drawn at random, mean over the draws; difference in minutes to the right explanation against {first}; {}.",
        document.sample()
    );
    (!rows.is_empty()).then(|| {
        Block::new(finding, about, table)
            .against("richer levels win only as they have more looks to choose from")
    })
}

fn cost_draws(document: &CompareReport) -> Option<Block> {
    let rows = &document.controls.doubts.as_ref()?.cost_draws;
    let draws = rows.first()?.draws;
    let is_step = |row: &&report::compare::CostDraws| {
        document.levels.windows(2).any(|pair| (pair[0].level, pair[1].level) == (row.against, row.level))
    };
    let each: Vec<String> = rows
        .iter()
        .filter(is_step)
        .map(|row| format!("{} in {}", row.level, share(row.shorter_share)))
        .collect();
    let mut table = Table::new(&["", "sooner in", "median difference", "95 % of the draws"]);
    for row in rows {
        let [low, median, high] = row.difference_percentiles_s;
        table.rows.push(vec![
            format!("{} to {}", row.against, row.level),
            share(row.shorter_share),
            signed_minutes(median),
            minutes_interval(Interval { low, high }),
        ]);
    }
    let finding = format!(
        "Under {draws} draws of every cost, each level is sooner than the one before it: {}",
        list(&each)
    );
    let about = format!(
        "Each cost of a look or remedy is drawn anew; mean difference in minutes to the right explanation; {}.",
        document.sample()
    );
    Some(Block::new(finding, about, table).against("the assumed costs were chosen for the answer"))
}

fn odds(document: &CompareReport) -> Option<Block> {
    let rows = &document.controls.doubts.as_ref()?.odds;
    let about = about(
        document,
        "What the responder holds for likely before it looks: skewed at random; or what did happen held for ten times less likely.",
    );
    (!rows.is_empty()).then(|| {
        Block::new(
            format!("Other odds beforehand: {}", lower(&kept(document, rows, "if"))),
            about,
            table(document, rows),
        )
        .against("it holds only while one expects the right things")
    })
}

fn left_out(document: &CompareReport) -> Option<Block> {
    let rows = &document.controls.doubts.as_ref()?.left_out;
    let each = |of: fn(&LeftOut) -> f64| {
        list(&rows.iter().map(|row| format!("{} at {}", share(of(row)), row.level)).collect::<Vec<_>>())
    };
    let finding = format!(
        "Never taught the scenario, it gives the cause of another in {}",
        each(|row| row.explained_wrong_share)
    );
    let mut table = Table::new(&[
        "level",
        "said that it does not know",
        "given another's cause",
        "restored all the same",
    ]);
    for row in rows {
        let figures = [row.said_so_share, row.explained_wrong_share, row.restored_share].map(share);
        table.rows.push([vec![row.level.to_string()], figures.into()].concat());
    }
    let about = format!("Each scenario diagnosed with knowledge of all others; {}.", document.sample());
    (!rows.is_empty()).then(|| {
        Block::new(finding, about, table).against("only what is on the examiner's list can be explained")
    })
}

fn learning(document: &CompareReport) -> Option<Block> {
    let rows = &document.controls.doubts.as_ref()?.learning;
    let names = conditions(rows);
    let time = |what: &str, level| {
        let row = rows.iter().find(|row| row.what == what && row.level == level)?;
        Some(row.time_to_explain_restricted_mean_s)
    };
    let most = |one: &str, other: &str| {
        let changes = document
            .levels
            .iter()
            .filter_map(|row| Some((time(other, row.level)? - time(one, row.level)?).abs()));
        changes.fold(0.0, f64::max)
    };
    let finding = match names.as_slice() {
        [] => return None,
        [only] => format!("Trained with {only} of each scenario"),
        [.., before, last] => {
            format!(
                "The last of {last} of training changes the mean by {} at most",
                minutes(most(before, last))
            )
        }
    };
    let about = about(document, "With the first so many training incidents of each scenario.");
    let block = Block::new(finding, about, table(document, rows));
    Some(block.against("more training would have told something else"))
}

/// Whether somebody was right who could not know.
fn leak(document: &CompareReport, rows: &[Leak], what: &str, doubt: &str, how: &str) -> Option<Block> {
    let leaks: Vec<&Leak> = rows.iter().filter(|row| row.interval.low > row.chance).collect();
    let finding = if leaks.is_empty() {
        format!("{what}, it is right no more often than chance at any level")
    } else {
        format!(
            "{what}, it is right more often than chance at {}: something leaks",
            names(leaks.iter().map(|row| row.level))
        )
    };
    let mut table = Table::new(&["level", "explained right", "95 % interval", "chance"]);
    for row in rows {
        let cells = [share(row.explained_right_share), shares(row.interval), share(row.chance)];
        table.rows.push([vec![row.level.to_string()], cells.into()].concat());
    }
    let about = format!(
        "{how}; {}. Chance is one among all scenarios; who gives up is right less often.",
        document.sample()
    );
    (!rows.is_empty()).then(|| Block::new(finding, about, table).against(doubt))
}

fn shuffled_labels(document: &CompareReport) -> Option<Block> {
    leak(
        document,
        &document.controls.doubts.as_ref()?.shuffled_labels,
        "Taught with shuffled labels",
        "what is judged leaks past what was taught",
        "Training incidents dealt out anew among the scenarios",
    )
}

fn before_trigger(document: &CompareReport) -> Option<Block> {
    leak(
        document,
        &document.controls.doubts.as_ref()?.before_trigger,
        "Shown only what was there before the trigger",
        "names, times or decoys give the scenario away before anything has happened",
        "Every look shows what it would have shown before the trigger",
    )
}

fn classifier(document: &CompareReport) -> Option<Block> {
    let classifier = document.controls.doubts.as_ref()?.before_trigger_classifier.as_ref()?;
    let incidents = classifier.incidents as f64;
    // The normal approximation to the binomial: how far chance alone goes in one direction in 97.5 of 100 cases.
    let reach = classifier.chance + 1.96 * (classifier.chance * (1.0 - classifier.chance) / incidents).sqrt();
    let finding = if classifier.right_share <= reach {
        "A classifier that is taught with evidence from before the trigger is at chance"
    } else {
        "A classifier that is taught with evidence from before the trigger does better than chance: something leaks"
    };
    let table = Table::new(&["incidents", "named right", "chance", "chance alone may reach"]).with(vec![
        classifier.incidents.to_string(),
        share(classifier.right_share),
        share(classifier.chance),
        share(reach),
    ]);
    let about = "Naive Bayes on what every look said before the trigger, taught with all other seeds; what chance may reach is 1.96 standard \
                 errors above it. Not the model responder.";
    let doubt = "scenarios differ before they begin, in ways the model responder overlooks";
    Some(Block::new(finding.to_owned(), about.to_owned(), table).against(doubt))
}

fn signal_gains(document: &CompareReport) -> Option<Block> {
    let mut gains = document.controls.doubts.as_ref()?.signal_gains.clone();
    gains.sort_by(|one, other| one.1.total_cmp(&other.1));
    let (most, by) = gains.first()?;
    let finding = if *by < -30.0 {
        format!("Averaged over all orders of adding them, {most} brings most: {} sooner", minutes(-by))
    } else {
        "Averaged over all orders of adding them, no signal brings the right explanation sooner".to_owned()
    };
    let mut table = Table::new(&["adding", "minutes to the right explanation"]);
    table.rows.extend(gains.iter().map(|(signal, by)| vec![signal.clone(), signed_minutes(*by)]));
    let about = format!(
        "Shapley's value of each signal, counted from the call, so that being called sooner is no signal's merit; alerts: from the loss, with \
         less without, mean over the sixteen subsets; {}. Without intervals.",
        document.sample()
    );
    Some(
        Block::new(finding, about, table)
            .against("a signal gets the credit for the order in which levels add them"),
    )
}

fn subsets(document: &CompareReport) -> Option<Block> {
    let rows = &document.controls.doubts.as_ref()?.signals;
    let mut table = Table::new(&["signals", "no alert", "with alerts", "from the call, with alerts"]);
    let mut rank: Vec<(f64, String)> = Vec::new();
    for row in rows.iter().filter(|row| row.alerts) {
        let name = if row.signals.is_empty() { "none".to_owned() } else { row.signals.join(" + ") };
        let cell = |seconds: f64, right: f64| format!("{} ({})", bare_minutes(seconds), share(right));
        let without = rows.iter().find(|other| !other.alerts && other.signals == row.signals);
        table.rows.push(vec![
            name.clone(),
            without.map_or("-".to_owned(), |row| {
                cell(row.time_to_explain_restricted_mean_s, row.explained_right_share)
            }),
            cell(row.time_to_explain_restricted_mean_s, row.explained_right_share),
            bare_minutes(row.time_from_call_to_explain_restricted_mean_s),
        ]);
        rank.push((row.time_from_call_to_explain_restricted_mean_s, name));
    }
    rank.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (quickest, name) = rank.first()?;
    let finding = format!(
        "Of the {} subsets of signals the quickest from the call is {name}, with {}",
        rank.len(),
        minutes(*quickest)
    );
    let about = about(
        document,
        "Every subset of signals beside what a shop without telemetry shows, the responder taught for each.",
    );
    Some(Block::new(finding, about, table).against("levels are bundles, and another bundle would do as well"))
}

/// A sentence in the middle of another.
fn lower(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_lowercase().chain(rest).collect())
}
