//! What was found, what was run, and the figures of each level. Teaches to name every step in a finding: the poorest level against the
//! richest alone hides which step made the difference.

use std::cmp::Ordering;

use incident::Level;

use report::compare::{
    Baseline, CompareReport, Difference, Dot, Effect, LevelRow, Metric, Paired, Restored, ScenarioRow, Swing,
};

use super::words::{bare_minutes, by_level, dollars, row_by_level, share, shares, signed_by, signed_minutes};
use crate::{
    chart::{Block, Table},
    figures::{capital, count, grouped, list, model_name, seeds},
};

/// The title: which levels help against the one before them, and which do not.
pub(super) fn title(document: &CompareReport) -> String {
    let (steps, _) = document.paired(Metric::Explain);
    let of = |is: &dyn Fn(&Paired) -> bool| {
        let levels = steps.iter().filter(|step| is(step)).map(|step| step.level);
        Some(list(levels)).filter(|levels| levels != "none")
    };
    let mean = |side: Ordering| of(&move |step| step.interval.side() == side);
    let most = |side: Ordering| of(&move |step| step.in_most() == side);
    let nothing = of(&|step| (step.interval.side(), step.in_most()) == (Ordering::Equal, Ordering::Equal));
    let who = match document.responder.as_str() {
        "model responder" => "the model responder".to_owned(),
        other => format!("the responder ({other})"),
    };
    let clauses = [
        mean(Ordering::Less).map(|levels| format!("with {levels} {who} finds the right explanation sooner")),
        mean(Ordering::Greater)
            .map(|levels| format!("with {levels} {who} finds the right explanation later")),
        most(Ordering::Less).map(|levels| {
            format!("with {levels} {who} finds the right explanation sooner in most scenarios")
        }),
        most(Ordering::Greater)
            .map(|levels| format!("with {levels} {who} finds the right explanation later in most scenarios")),
        nothing.map(|levels| format!("{levels} made no clear difference")),
    ];
    capital(&clauses.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

pub(super) fn run(document: &CompareReport) -> String {
    let scenarios = document.judged().count();
    format!(
        "{} of {}, {}, recorded in virtual time and diagnosed at each level by the {}. Operating model: {}. The same incident at \
         every level, so that differences are taken within it. ",
        count(document.incidents() as u64, "incident"),
        count(scenarios as u64, "scenario"),
        seeds(&document.seeds),
        document.responder,
        model_name(document.operating_model)
    )
}

/// Which scenarios the figures leave out, and why.
pub(super) fn left_out(document: &CompareReport) -> Vec<String> {
    let of = |why: &str, is: fn(&ScenarioRow) -> bool| {
        let mut all = document.scenarios.iter().filter(|scenario| is(scenario)).peekable();
        all.peek()?;
        Some(format!("{why}: {}.", list(all.map(|scenario| &scenario.name))))
    };
    let sentences = [
        of("Controls, which only have figures of their own", |scenario| scenario.control),
        of("Left out of all figures, because nobody was called in any of its incidents", |scenario| {
            !scenario.control && scenario.unnoticed
        }),
    ];
    sentences.into_iter().flatten().collect()
}

/// A measure's name, and its value at a level, in words.
type Measure<'a> = (&'a str, &'a dyn Fn(&LevelRow) -> String);

pub(super) fn levels(document: &CompareReport) -> Block {
    let each = |of: fn(&LevelRow) -> String| {
        let shares: Vec<String> = document.levels.iter().map(of).collect();
        match shares.as_slice() {
            [first, rest @ ..] if rest.iter().all(|share| share == first) => {
                format!("{first} at every level")
            }
            _ => list(shares.iter().zip(&document.levels).map(|(of, row)| format!("{of} at {}", row.level))),
        }
    };
    let finding = format!(
        "Incidents explained right: {}; explained wrong: {}",
        each(|row| share(row.explained_right_share)),
        each(|row| share(row.explained_wrong_share))
    );
    let about = format!(
        "By telemetry level, {}. Times in minutes of the story from the loss of availability; shares and means give every scenario the \
         same weight. A wrong or missing explanation counts as found at the story's end; 'never' means that too few incidents were explained to give a figure.",
        document.sample()
    );
    let table = |measures: &[Measure<'_>]| {
        let mut table = by_level(document);
        table.rows.extend(measures.iter().map(|(name, of)| {
            [(*name).to_owned()].into_iter().chain(document.levels.iter().map(of)).collect::<Vec<_>>()
        }));
        table
    };
    let explained = |row: &LevelRow, part: f64, seconds: f64| {
        reached(document, row, |dot| (!dot.censored).then_some(dot.explained_s), part, seconds)
    };
    let restored =
        |row: &LevelRow, part: f64, seconds: f64| reached(document, row, |dot| dot.restored_s, part, seconds);
    // The measures that a reader asks for first.
    let first = table(&[
        ("right explanation found", &|row| share(row.explained_right_share)),
        ("95 % interval", &|row| shares(row.explained_right_interval)),
        ("time to the right explanation: median", &|row| explained(row, 0.5, row.time_to_explain_median_s)),
        ("time to restore: median", &|row| restored(row, 0.5, row.time_to_restore_median_s)),
        ("wrong remedies, mean", &|row| format!("{:.1}", row.wrong_remedies_mean)),
        ("trade lost, mean", &|row| dollars(row.loss_usd_mean)),
    ]);
    let more = table(&[
        ("incidents", &|row| grouped(row.incidents as u64)),
        ("wrong explanation given", &|row| share(row.explained_wrong_share)),
        ("no explanation by the end", &|row| {
            share((1.0 - row.explained_right_share - row.explained_wrong_share).clamp(0.0, 1.0))
        }),
        ("time to detect: median", &|row| bare_minutes(row.time_to_detect_median_s)),
        ("time to locate: median", &|row| bare_minutes(row.time_to_locate_median_s)),
        ("time to the right explanation: quartiles", &|row| {
            let [low, high] = row.time_to_explain_quartiles_s;
            format!("{} to {}", explained(row, 0.25, low), explained(row, 0.75, high))
        }),
        ("time to the right explanation: restricted mean", &|row| {
            bare_minutes(row.time_to_explain_restricted_mean_s)
        }),
        ("time to restore: quartiles", &|row| {
            let [low, high] = row.time_to_restore_quartiles_s;
            format!("{} to {}", restored(row, 0.25, low), restored(row, 0.75, high))
        }),
        ("time to restore: restricted mean", &|row| bare_minutes(row.time_to_restore_restricted_mean_s)),
        ("restored by the story's end", &|row| share(row.restored_share)),
        ("restored without a right explanation", &|row| share(row.fixed_for_the_wrong_reason_share)),
        ("checks, mean", &|row| format!("{:.1}", row.checks_mean)),
    ]);
    Block { depth: 2, more: Some(more), ..Block::new(finding, about, first) }
}

/// Telemetry and the operating model, each alone and both together.
pub(super) fn two_by_two(document: &CompareReport) -> Option<Block> {
    let two = document.two_by_two.as_ref()?;
    let finding = two.sentence()?.trim_end_matches('.').to_owned();
    let mut table = Table::new(&[
        "",
        "minutes to explain",
        "95 % interval",
        "minutes to restore",
        "95 % interval",
        "trade lost",
        "95 % interval",
    ]);
    let row = |name: &str, of: &dyn Fn(&Effect) -> [String; 2]| {
        let cells = two.effects.iter().flat_map(of);
        [name.to_owned()].into_iter().chain(cells).collect::<Vec<_>>()
    };
    let ((first, poorest), (second, richest)) = (two.from, two.to);
    table.rows.push(row(&format!("{} at {poorest}", model_name(first)), &|effect| {
        let at_first = match effect.metric {
            Metric::Loss => dollars(effect.at_first),
            _ => bare_minutes(effect.at_first),
        };
        [at_first, String::new()]
    }));
    for (place, name) in Effect::PARTS.iter().enumerate() {
        table.rows.push(row(name, &|effect| {
            let Difference { mean, interval } = effect.parts()[place];
            signed_by(effect.metric, mean, interval)
        }));
    }
    let about = format!(
        "Paired differences from {} at {poorest} to {} at {richest}, below zero shorter or less; {}. What a handover takes is assumed.",
        model_name(first),
        model_name(second),
        document.sample()
    );
    Some(Block::new(finding, about, table))
}

/// How far each assumption about the operating models moves the difference between them.
pub(super) fn tornado(document: &CompareReport) -> Option<Block> {
    let two = document.two_by_two.as_ref()?;
    let tornado = two.tornado.as_ref()?;
    let most = tornado.rows.first()?;
    let finding = format!(
        "Of what is assumed about the operating models, \u{201c}{}\u{201d} moves time to restore most: {} to {} minutes",
        most.assumption,
        signed_minutes(most.differences[0]),
        signed_minutes(most.differences[1])
    );
    let row = |swing: &Swing| {
        let ([low, high], [at_low, at_high]) = (swing.range, swing.differences.map(signed_minutes));
        let range = format!("{low} to {high}");
        [swing.name(), swing.value.to_string(), range, swing.source.clone(), at_low, at_high]
    };
    let columns = ["assumption", "value", "range", "from", "at the low end", "at the high end"];
    let table = Table::of(&columns, tornado.rows.iter().map(row));
    let about = format!(
        "Paired difference in minutes to restore, both together, on the same incidents; {} as assumed; {}.",
        signed_minutes(tornado.difference),
        document.sample()
    );
    Some(Block::new(finding, about, table))
}

/// The baselines on the same incidents, and where one of them does better than the responder.
pub(super) fn baselines(document: &CompareReport) -> Option<Block> {
    let mut table = Table::new(&[
        "who",
        "checks of",
        "explained right",
        "explained wrong",
        "minutes to explain, mean",
        "restored",
        "minutes to restore, mean",
        "trade lost, mean",
    ]);
    let responders = document.levels.iter().map(|row| Baseline {
        who: document.responder.clone(),
        level: Some(row.level),
        explained_right_share: row.explained_right_share,
        explained_wrong_share: row.explained_wrong_share,
        time_to_explain_restricted_mean_s: row.time_to_explain_restricted_mean_s,
        restored: Restored {
            restored_share: row.restored_share,
            time_to_restore_restricted_mean_s: row.time_to_restore_restricted_mean_s,
            loss_usd_mean: row.loss_usd_mean,
        },
    });
    let mut rows: Vec<Baseline> = responders.chain(document.baselines.iter().cloned()).collect();
    // Rows with the same checks stand together; baselines without checks come first, the oracle comes last.
    rows.sort_by_key(|row| (row.knows_all(), row.level));
    for row in rows {
        table.rows.push(vec![
            row.who,
            row.level.map_or("-".to_owned(), |level| level.to_string()),
            share(row.explained_right_share),
            share(row.explained_wrong_share),
            bare_minutes(row.time_to_explain_restricted_mean_s),
            share(row.restored.restored_share),
            bare_minutes(row.restored.time_to_restore_restricted_mean_s),
            dollars(row.restored.loss_usd_mean),
        ]);
    }
    let about = format!(
        "The same incidents, given to others: runbooks followed without a check, the last change undone first, checks in a fixed order and in \
         random orders, and an oracle that is told the truth when called; {}.",
        document.sample()
    );
    let title = capital(&against_baselines(document));
    (!document.baselines.is_empty()).then(|| Block { depth: 2, ..Block::new(title, about, table).folded() })
}

/// `the model responder does better than every baseline at every level`, or where it does not.
fn against_baselines(document: &CompareReport) -> String {
    let beaten = document.beaten_by();
    if beaten.is_empty() {
        return format!(
            "the {} explains more, explains sooner and restores sooner than every baseline at every level, or as well",
            document.responder
        );
    }
    let each = beaten.into_iter().map(|(who, measure, levels)| {
        let is_every = levels.len() == document.levels.len();
        let levels = if is_every { "every level".to_owned() } else { list(levels) };
        format!("{} at {levels}", measure.better_by(who))
    });
    format!("not everywhere better than the baselines: {}", each.collect::<Vec<_>>().join("; "))
}

/// A quantile of the times at a level; `never` if too few incidents reached it.
fn reached(
    document: &CompareReport,
    row: &LevelRow,
    of: impl Fn(&Dot) -> Option<f64>,
    part: f64,
    seconds: f64,
) -> String {
    let dots = document.dots.iter().filter(|dot| dot.level == row.level);
    let reached: Vec<bool> = dots.map(|dot| of(dot).is_some()).collect();
    // Sorted by time, incidents that never reached it come last.
    let place = part * reached.len().saturating_sub(1) as f64;
    let count = reached.iter().filter(|is_reached| **is_reached).count();
    let is_never = !reached.is_empty() && place.ceil() >= count as f64;
    if is_never { "never".to_owned() } else { bare_minutes(seconds) }
}

/// The levels on scenarios written after the list of checks was frozen, beside the levels on the others.
pub(super) fn after_freeze(document: &CompareReport) -> Option<Block> {
    let of = |is_after: bool| {
        let judged = document.judged().filter(move |scenario| scenario.after_freeze == is_after);
        judged.map(|scenario| scenario.name.clone()).collect::<Vec<_>>()
    };
    let (after, before) = (of(true), of(false));
    if after.is_empty() {
        return None;
    }
    let mut table = by_level(document);
    for (what, scenarios) in [("after the freeze", &after), ("before it", &before)] {
        let dots = |level: Level| {
            document.dots.iter().filter(move |dot| dot.level == level && scenarios.contains(&dot.scenario))
        };
        let right = |level: Level| {
            let right = dots(level).filter(|dot| !dot.censored).count();
            Some(format!("{right} of {}", dots(level).count()))
        };
        let mean = |level: Level| mean(document, level, scenarios).map(bare_minutes);
        table.rows.push(row_by_level(document, &format!("{what}: right explanation found"), right));
        table.rows.push(row_by_level(document, "restricted mean, minutes", mean));
    }
    let turned: Vec<Level> = document
        .levels
        .windows(2)
        .filter_map(|pair| {
            let step = |scenarios: &[String]| {
                Some(mean(document, pair[1].level, scenarios)? - mean(document, pair[0].level, scenarios)?)
            };
            let (one, other) = (step(&after)?, step(&before)?);
            let is_turned = one * other < 0.0 && one.abs().min(other.abs()) >= 60.0;
            is_turned.then_some(pair[1].level)
        })
        .collect();
    let finding = if before.is_empty() {
        "All scenarios were written after the list of checks had been frozen".to_owned()
    } else if turned.is_empty() {
        "On the scenarios written after the freeze no step goes the other way than on the others, by a minute or more".to_owned()
    } else {
        format!(
            "On the scenarios written after the freeze {} goes the other way than on the others",
            list(turned)
        )
    };
    let about = format!(
        "{}, written when the list of checks could no longer be changed to suit them; {}, the same incidents as above; means of the \
         scenarios' means, too few for intervals.",
        list(&after),
        document.responder
    );
    Some(Block::new(finding, about, table).against("scenarios and checks were made for each other"))
}

/// The mean of the scenarios' mean times to the right explanation.
fn mean(document: &CompareReport, level: Level, scenarios: &[String]) -> Option<f64> {
    let average =
        |values: &[f64]| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
    let of = |scenario: &String| {
        let dots = document.dots.iter().filter(|dot| dot.level == level && dot.scenario == *scenario);
        average(&dots.map(|dot| dot.explained_s).collect::<Vec<_>>())
    };
    average(&scenarios.iter().filter_map(of).collect::<Vec<_>>())
}
