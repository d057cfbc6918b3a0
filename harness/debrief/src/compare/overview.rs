//! What was found, what was run, and the figures of each level. Teaches that a finding names every step: the poorest level against the
//! richest hides which of them did it.

use incident::Level;

use report::{
    Interval,
    compare::{Baseline, CompareReport, Difference, Effect, LevelRow, Metric, Restored},
};

use super::words::{
    Sign, bare_minutes, by_level, dollars, model, names, row_by_level, share, shares, signed_dollars,
    signed_minutes,
};
use crate::{
    block::Block,
    chart::Table,
    figures::{capital, count, grouped, list, seeds},
};

/// The title: which levels help against the one before them, and which do not.
pub(super) fn title(document: &CompareReport) -> String {
    let (steps, _) = document.paired(Metric::Explain);
    let of = |sign: Sign| {
        let levels = steps.iter().filter(|step| Sign::of(step.interval) == sign).map(|step| step.level);
        Some(names(levels)).filter(|names| names != "none")
    };
    let who = match document.responder.as_str() {
        "model responder" => "the model responder".to_owned(),
        other => format!("the responder ({other})"),
    };
    let clauses = [
        of(Sign::Less).map(|levels| format!("with {levels} {who} finds the right explanation sooner")),
        of(Sign::More).map(|levels| format!("with {levels} it finds it later")),
        of(Sign::Nothing).map(|levels| format!("{levels} made no clear difference")),
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
        model(document.operating_model)
    )
}

/// Which scenarios the figures leave out, and why.
pub(super) fn left_out(document: &CompareReport) -> Vec<String> {
    let of = |is: fn(&report::compare::ScenarioRow) -> bool| {
        let all = document.scenarios.iter().filter(|scenario| is(scenario));
        all.map(|scenario| scenario.name.clone()).collect::<Vec<_>>()
    };
    let (controls, unnoticed) =
        (of(|scenario| scenario.control), of(|scenario| !scenario.control && scenario.unnoticed));
    let mut sentences = Vec::new();
    if !controls.is_empty() {
        sentences.push(format!("Controls, which only have figures of their own: {}.", list(&controls)));
    }
    if !unnoticed.is_empty() {
        sentences.push(format!(
            "Left out of all figures, because nobody was called in any of its incidents: {}.",
            list(&unnoticed)
        ));
    }
    sentences
}

pub(super) fn legend(document: &CompareReport) -> Vec<(&'static str, &'static str)> {
    document.levels.iter().map(|row| (row.level.name(), row.level.description())).collect()
}

pub(super) fn levels(document: &CompareReport) -> Block {
    let each = |of: fn(&LevelRow) -> String| {
        let shares: Vec<String> = document.levels.iter().map(of).collect();
        match shares.as_slice() {
            [first, rest @ ..] if rest.iter().all(|share| share == first) => {
                format!("{first} at every level")
            }
            _ => {
                let rows = shares.iter().zip(&document.levels);
                list(&rows.map(|(share, row)| format!("{share} at {}", row.level)).collect::<Vec<_>>())
            }
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
    let (table, more) = tables(document);
    Block { depth: 2, more: Some(more), ..Block::new(finding, about, table) }
}

/// The measures that a reader asks for first.
const FIRST: [&str; 6] = [
    "right explanation found",
    "95 % interval",
    "time to the right explanation: median",
    "time to restore: median",
    "wrong remedies, mean",
    "trade lost, mean",
];

/// All measures, those asked for first in a table of their own.
fn tables(document: &CompareReport) -> (Table, Table) {
    let all = table(document);
    let mut first = by_level(document, "");
    let mut more = by_level(document, "");
    for row in all.rows {
        let is_first = row.first().is_some_and(|name| FIRST.contains(&name.as_str()));
        if is_first { &mut first } else { &mut more }.rows.push(row);
    }
    (first, more)
}

fn table(document: &CompareReport) -> Table {
    let mut table = by_level(document, "");
    let mut add = |name: &str, of: &dyn Fn(&LevelRow) -> String| {
        let cell = |level: Level| document.levels.iter().find(|row| row.level == level).map(of);
        table.rows.push(row_by_level(document, name, cell));
    };
    let explained = |row: &LevelRow, part: f64, seconds: f64| {
        let times = times(document, row.level, |dot| (!dot.censored).then_some(dot.explained_s));
        reached(&times, part, seconds)
    };
    let restored = |row: &LevelRow, part: f64, seconds: f64| {
        reached(&times(document, row.level, |dot| dot.restored_s), part, seconds)
    };
    add("incidents", &|row| grouped(row.incidents as u64));
    add("right explanation found", &|row| share(row.explained_right_share));
    add("95 % interval", &|row| shares(row.explained_right_interval));
    add("wrong explanation given", &|row| share(row.explained_wrong_share));
    add("no explanation by the end", &|row| {
        share((1.0 - row.explained_right_share - row.explained_wrong_share).clamp(0.0, 1.0))
    });
    add("time to detect: median", &|row| bare_minutes(row.time_to_detect_median_s));
    add("time to locate: median", &|row| bare_minutes(row.time_to_locate_median_s));
    add("time to the right explanation: median", &|row| explained(row, 0.5, row.time_to_explain_median_s));
    add("time to the right explanation: quartiles", &|row| {
        let [low, high] = row.time_to_explain_quartiles_s;
        format!("{} to {}", explained(row, 0.25, low), explained(row, 0.75, high))
    });
    add("time to the right explanation: restricted mean", &|row| {
        bare_minutes(row.time_to_explain_restricted_mean_s)
    });
    add("time to restore: median", &|row| restored(row, 0.5, row.time_to_restore_median_s));
    add("time to restore: quartiles", &|row| {
        let [low, high] = row.time_to_restore_quartiles_s;
        format!("{} to {}", restored(row, 0.25, low), restored(row, 0.75, high))
    });
    add("time to restore: restricted mean", &|row| bare_minutes(row.time_to_restore_restricted_mean_s));
    add("restored by the story's end", &|row| share(row.restored_share));
    add("restored without a right explanation", &|row| share(row.fixed_for_the_wrong_reason_share));
    add("wrong remedies, mean", &|row| format!("{:.1}", row.wrong_remedies_mean));
    add("checks, mean", &|row| format!("{:.1}", row.checks_mean));
    add("trade lost, mean", &|row| dollars(row.loss_usd_mean));
    table
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
    table.rows.push(row(&format!("{} at {poorest}", model(first)), &|effect| {
        let at_first = match effect.metric {
            Metric::Loss => dollars(effect.at_first),
            _ => bare_minutes(effect.at_first),
        };
        [at_first, String::new()]
    }));
    for (place, name) in Effect::PARTS.iter().enumerate() {
        table.rows.push(row(name, &|effect| {
            let Difference { mean, interval: Interval { low, high } } = effect.parts()[place];
            let amount = if effect.metric == Metric::Loss { signed_dollars } else { signed_minutes };
            [amount(mean), format!("{} to {}", amount(low), amount(high))]
        }));
    }
    let about = format!(
        "Paired differences from {} at {poorest} to {} at {richest}, below zero shorter or less; {}. What a handover takes is assumed.",
        model(first),
        model(second),
        document.sample()
    );
    Some(Block::new(finding, about, table))
}

/// How far the difference between the models moves with what is assumed about them.
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
    let mut table =
        Table::new(&["assumption", "value", "range", "from", "at the low end", "at the high end"]);
    table.rows = tornado
        .rows
        .iter()
        .map(|swing| {
            let ([low, high], ends) = (swing.range, swing.differences.map(signed_minutes));
            let [at_low, at_high] = ends;
            let range = format!("{low} to {high}");
            vec![swing.name(), swing.value.to_string(), range, swing.source.clone(), at_low, at_high]
        })
        .collect();
    let about = format!(
        "Paired difference in minutes to restore, both together, on the same incidents; {} as assumed; {}.",
        signed_minutes(tornado.difference),
        document.sample()
    );
    Some(Block::new(finding, about, table))
}

/// Who else was given the same incidents, and where one of them does better than the responder.
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
    // Side by side what has the same checks; those who take none first, and who knows all last.
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
    let mut each: Vec<(String, Vec<Level>)> = Vec::new();
    for (level, who, measure) in beaten {
        let better = measure.better_by(who);
        match each.iter_mut().find(|(known, _)| *known == better) {
            Some((_, levels)) => levels.push(level),
            None => each.push((better, vec![level])),
        }
    }
    let each = each.into_iter().map(|(better, levels)| {
        let is_every = levels.len() == document.levels.len();
        let levels = if is_every { "every level".to_owned() } else { names(levels.into_iter()) };
        format!("{better} at {levels}")
    });
    format!("not everywhere better than the baselines: {}", each.collect::<Vec<_>>().join("; "))
}

/// The times at a level in order; what was never reached comes last.
fn times(
    document: &CompareReport,
    level: Level,
    of: impl Fn(&report::compare::Dot) -> Option<f64>,
) -> Vec<Option<f64>> {
    let mut times: Vec<Option<f64>> = document.dots.iter().filter(|dot| dot.level == level).map(of).collect();
    times.sort_by(|one, other| one.unwrap_or(f64::INFINITY).total_cmp(&other.unwrap_or(f64::INFINITY)));
    times
}

/// A quantile; `never` if too few incidents reached it.
fn reached(times: &[Option<f64>], part: f64, seconds: f64) -> String {
    let place = part * times.len().saturating_sub(1) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place among a few hundred"
    )]
    let is_never = times.get(place.ceil() as usize).is_some_and(Option::is_none);
    if is_never { "never".to_owned() } else { bare_minutes(seconds) }
}

/// How the levels did on the scenarios that were written after the list of checks had been frozen, beside the others.
pub(super) fn after_freeze(document: &CompareReport) -> Option<Block> {
    let of = |is_after: bool| {
        let judged = document.judged().filter(move |scenario| scenario.after_freeze == is_after);
        judged.map(|scenario| scenario.name.clone()).collect::<Vec<_>>()
    };
    let (after, before) = (of(true), of(false));
    if after.is_empty() {
        return None;
    }
    let mut table = by_level(document, "");
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
            names(turned.into_iter())
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
