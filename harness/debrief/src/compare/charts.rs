//! The plots of the levels with all that belongs to them, and the same differences in other measures. Teaches to print the plot in which
//! the result does not hold beside the one in which it does.

use incident::Story;

use report::{
    Interval,
    compare::{CompareReport, Metric, Paired},
};

use super::{
    differences::{Difference, differences},
    dots::{LevelDots, dots},
    signs::{ScenarioSigns, signs},
    words::{
        bare_minutes, differences_in_words, dollars, minutes, minutes_interval, names, signed_dollars,
        signed_minutes,
    },
};
use crate::{
    block::Block,
    chart::{Chart, Table},
    figures::{capital, csv_address, list},
    plot::{WIDE, WIDTH},
};

/// Scenarios that differ by less than a minute are neither helped nor harmed.
const SAME_MINUTES: f64 = 1.0;

pub(super) fn every_incident(document: &CompareReport) -> Chart {
    let of = |level| {
        let dots = document.dots.iter().filter(move |dot| dot.level == level);
        dots.map(|dot| {
            let what = format!("{}, seed {}", dot.scenario, dot.seed);
            (what, (!dot.censored).then_some(dot.explained_s / 60.0))
        })
    };
    let rows: Vec<LevelDots> = document
        .levels
        .iter()
        .map(|row| LevelDots { level: row.level, incidents: of(row.level).collect() })
        .collect();
    let half: Vec<String> = rows
        .iter()
        .map(|row| match row.median() {
            Some(median) => format!("{} at {}", minutes(median * 60.0), row.level),
            None => format!("never at {}", row.level),
        })
        .collect();
    let mut table = Table::new(&["incident"]);
    table.columns.extend(document.levels.iter().map(|row| row.level.to_string()));
    let incidents = rows.first().map_or(0, |row| row.incidents.len());
    for place in 0..incidents {
        let what = rows[0].incidents[place].0.clone();
        let cell = |row: &LevelDots| match row.incidents.iter().find(|(other, _)| *other == what) {
            Some((_, Some(minutes))) => bare_minutes(minutes * 60.0),
            _ => "not right".to_owned(),
        };
        table.rows.push([vec![what.clone()], rows.iter().map(cell).collect()].concat());
    }
    let until = Story::default().ends_s() / 60.0;
    Chart {
        title: format!("The right explanation is found for half of the incidents within {}", list(&half)),
        subtitle: format!(
            "Minutes from the loss to the right explanation, {}, the same at every level; the line is the median. Wrong or none \
             is an open dot at the story's end.",
            document.sample()
        ),
        plots: [WIDE, WIDTH].map(|width| dots(&rows, until, width)).into(),
        table_title: "Every incident as a table, in minutes".to_owned(),
        table,
        data: Some(("incidents.csv", dots_csv(document))),
        ..Chart::default()
    }
}

fn dots_csv(document: &CompareReport) -> String {
    let heading = ["scenario", "seed", "level", "explained_s", "censored", "restored_s", "loss_usd"];
    let row = |dot: &report::compare::Dot| {
        vec![
            dot.scenario.clone(),
            dot.seed.to_string(),
            dot.level.to_string(),
            dot.explained_s.to_string(),
            dot.censored.to_string(),
            dot.restored_s.map_or_else(String::new, |seconds| seconds.to_string()),
            dot.loss_usd.to_string(),
        ]
    };
    let rows = document.dots.iter().map(row);
    csv_address(&[heading.map(String::from).to_vec()].into_iter().chain(rows).collect::<Vec<_>>())
}

/// Minutes to the right explanation: each level against the one before it, then each against the first. None with one level.
pub(super) fn explained(document: &CompareReport) -> Option<Chart> {
    let (steps, first) = document.paired(Metric::Explain);
    let title = format!("Step by step, the right explanation comes {}", in_words(&steps, "sooner", "later"));
    let rows = steps_then_first(&steps, first);
    let plotted: Vec<Difference> = rows
        .iter()
        .map(|row| Difference {
            what: format!("{} to {}", row.against, row.level),
            difference: row.difference / 60.0,
            interval: Some((row.interval.low / 60.0, row.interval.high / 60.0)),
        })
        .collect();
    let against = document.levels.first()?.level;
    // A quick run does not ask by how much checks may get dearer.
    let tipping_of = if document.quick { 0 } else { steps.len() };
    (!rows.is_empty()).then(|| Chart {
        title,
        subtitle: format!(
            "Mean difference within incidents, in minutes to the right explanation: each level less the one before it, then each level less \
             {against}; {}. ⊢⊣ is the 95 % interval, if scenarios were written anew.",
            document.sample()
        ),
        plots: [WIDE, WIDTH].map(|width| differences(&plotted, "min", ["sooner", "later"], width)).into(),
        table_title: "The differences as a table".to_owned(),
        data: Some(("differences.csv", paired_csv(&rows))),
        table: difference_table(&rows, tipping_of, minutes_pair),
        ..Chart::default()
    })
}

/// The steps, then each level against the first where that is no step.
fn steps_then_first<'a>(steps: &[&'a Paired], first: Vec<&'a Paired>) -> Vec<&'a Paired> {
    let is_step =
        |row: &&Paired| steps.iter().any(|step| (step.level, step.against) == (row.level, row.against));
    steps.iter().copied().chain(first.into_iter().filter(|row| !is_step(row))).collect()
}

/// What else is compared than the time to the right explanation.
struct Measure {
    metric: Metric,
    /// The sentence about it, up to its sign.
    what: &'static str,
    sides: [&'static str; 2],
    unit: &'static str,
    amount: fn(f64) -> String,
    pair: Pair,
}

/// The same in other measures.
pub(super) fn other_measures(document: &CompareReport) -> Vec<Block> {
    let measures = [
        Measure {
            metric: Metric::ExplainFromCall,
            what: "Counted from the call, the right explanation comes",
            sides: ["sooner", "later"],
            unit: "in minutes from the call to the right explanation: the time that an alert saves is left out",
            amount: minutes,
            pair: minutes_pair,
        },
        Measure {
            metric: Metric::Restore,
            what: "Availability is back",
            sides: ["sooner", "later"],
            unit: "in minutes from the loss until availability is restored; an incident that was never restored counts as restored at the story's end",
            amount: minutes,
            pair: minutes_pair,
        },
        Measure {
            metric: Metric::Loss,
            what: "The trade lost is",
            sides: ["less", "more"],
            unit: "in dollars of trade lost in the incident",
            amount: dollars,
            pair: |by, Interval { low, high }| {
                [signed_dollars(by), format!("{} to {}", signed_dollars(low), signed_dollars(high))]
            },
        },
    ];
    measures.iter().filter_map(|measure| other_measure(document, measure)).collect()
}

fn other_measure(document: &CompareReport, measure: &Measure) -> Option<Block> {
    let (steps, first) = document.paired(measure.metric);
    let words: Vec<_> = steps.iter().map(|row| (row.level, row.difference, row.interval)).collect();
    let rows = steps_then_first(&steps, first);
    let about = format!(
        "Mean difference within incidents, {}; {}. Steps first, then each level against the first.",
        measure.unit,
        document.sample()
    );
    let finding = format!("{} {}", measure.what, differences_in_words(&words, measure.sides, measure.amount));
    let table = difference_table(&rows, 0, measure.pair);
    (!rows.is_empty()).then(|| Block::new(finding, about, table).folded())
}

/// A difference and its interval in words.
type Pair = fn(f64, Interval) -> [String; 2];

fn minutes_pair(by: f64, interval: Interval) -> [String; 2] {
    [signed_minutes(by), minutes_interval(interval)]
}

fn in_words(rows: &[&Paired], less: &str, more: &str) -> String {
    let rows: Vec<_> = rows.iter().map(|row| (row.level, row.difference, row.interval)).collect();
    differences_in_words(&rows, [less, more], minutes)
}

/// For the first `tipping_of` rows the table has a column with the factor of check costs at which the gain is gone.
fn difference_table(rows: &[&Paired], tipping_of: usize, pair: Pair) -> Table {
    let mut table = Table::new(&[
        "",
        "difference",
        "95 % interval",
        "ratio",
        "95 % interval",
        "scenarios less",
        "the same",
        "more",
        "by rank",
    ]);
    let is_imputed = rows.iter().any(|row| row.imputed.is_some());
    if is_imputed {
        table.columns.push("of it, explained at one level alone".to_owned());
    }
    if tipping_of > 0 {
        table.columns.push("no gain left when checks cost".to_owned());
    }
    for (place, row) in rows.iter().enumerate() {
        let [by, interval] = pair(row.difference, row.interval);
        let mut cells = vec![format!("{} to {}", row.against, row.level), by, interval];
        let Interval { low, high } = row.ratio_interval;
        cells.extend([format!("{:.2}", row.ratio), format!("{low:.2} to {high:.2}")]);
        cells.extend(row.scenarios.iter().map(ToString::to_string));
        cells.push(signed_rank(row.rank_difference));
        if is_imputed {
            cells.push(row.imputed.map_or("-".to_owned(), signed_minutes));
        }
        if tipping_of > 0 {
            cells.push(match row.tipping_factor {
                _ if place >= tipping_of => "-".to_owned(),
                Some(factor) => format!("×{factor:.0}"),
                None if row.difference < 0.0 => "at no factor tried".to_owned(),
                None => "no gain".to_owned(),
            });
        }
        table.rows.push(cells);
    }
    table
}

/// From -1, if all scenarios are less, to +1.
fn signed_rank(by: f64) -> String {
    let by = (by * 100.0).round() / 100.0 + 0.0;
    if by == 0.0 { "0".to_owned() } else { format!("{by:+.2}").replace('-', "\u{2212}") }
}

fn paired_csv(rows: &[&Paired]) -> String {
    let heading = [
        "against",
        "level",
        "difference_s",
        "interval_low_s",
        "interval_high_s",
        "shorter",
        "same",
        "longer",
    ];
    let row = |row: &&Paired| {
        let figures = [row.difference, row.interval.low, row.interval.high].map(|figure| figure.to_string());
        let counts = row.scenarios.map(|count| count.to_string());
        [vec![row.against.to_string(), row.level.to_string()], figures.into(), counts.into()].concat()
    };
    csv_address(&[vec![heading.map(String::from).to_vec()], rows.iter().map(row).collect()].concat())
}

/// Each scenario by itself, and in words where a level makes no difference or harms.
pub(super) fn by_scenario(document: &CompareReport) -> Option<(Chart, Vec<String>)> {
    let (steps, _) = document.paired(Metric::Explain);
    let names: Vec<&String> = steps.first()?.by_scenario.iter().map(|(name, _)| name).collect();
    let of = |step: &Paired, name: &str| {
        step.by_scenario.iter().find(|(other, _)| other == name).map(|(_, seconds)| seconds / 60.0)
    };
    let rows: Vec<ScenarioSigns> = names
        .iter()
        .map(|name| ScenarioSigns {
            scenario: (*name).clone(),
            differences: steps.iter().map(|step| of(step, name)).collect(),
        })
        .collect();
    let columns: Vec<&str> = steps.iter().map(|step| step.level.name()).collect();
    let mut table = Table::new(&["scenario"]);
    table.columns.extend(steps.iter().map(|step| format!("{} to {}", step.against, step.level)));
    for row in &rows {
        let cells =
            row.differences.iter().map(|it| it.map_or("-".to_owned(), |it| signed_minutes(it * 60.0)));
        table.rows.push([row.scenario.clone()].into_iter().chain(cells).collect());
    }
    let helped: Vec<String> =
        steps.iter().map(|step| format!("{} in {}", step.level, step.scenarios[0])).collect();
    // A minute exactly is a difference, to the plot as to the counts.
    let same = SAME_MINUTES.next_down();
    let chart = Chart {
        title: format!(
            "Of {} scenarios, the right explanation comes sooner with {}",
            names.len(),
            list(&helped)
        ),
        subtitle: format!(
            "Mean difference in minutes to the right explanation against the level before, by scenario; {}. To the left is sooner, ○ at the \
             line is less than a minute; above each column, how many are sooner (−), the same (=) and later (+).",
            document.sample()
        ),
        plots: [WIDE, WIDTH].map(|width| signs(&columns, &rows, same, width)).into(),
        table_title: "The same as a table, in minutes".to_owned(),
        data: Some(("scenarios.csv", table.csv())),
        table,
        ..Chart::default()
    };
    Some((chart, exceptions(document, &steps)))
}

/// The scenarios in which a step makes no difference or harms, by name; those that no level makes sooner; those never explained.
fn exceptions(document: &CompareReport, steps: &[&Paired]) -> Vec<String> {
    let mut sentences = Vec::new();
    for step in steps {
        let of = |is: fn(f64) -> bool| step.by_scenario.iter().filter(move |(_, seconds)| is(seconds / 60.0));
        let harmed: Vec<String> = of(|by| by >= SAME_MINUTES)
            .map(|(name, seconds)| format!("{name} ({}\u{a0}min)", signed_minutes(*seconds)))
            .collect();
        let same: Vec<String> = of(|by| by.abs() < SAME_MINUTES).map(|(name, _)| name.clone()).collect();
        let mut clauses = Vec::new();
        if !harmed.is_empty() {
            clauses.push(format!("later in {}", list(&harmed)));
        }
        if !same.is_empty() {
            clauses.push(format!("less than a minute in {}", list(&same)));
        }
        let told =
            if clauses.is_empty() { "sooner in every scenario".to_owned() } else { clauses.join("; ") };
        sentences.push(format!("{} after {}: {told}.", capital(step.level.name()), step.against));
    }
    let (_, first) = document.paired(Metric::Explain);
    let is_helped = |name: &str| {
        first
            .iter()
            .flat_map(|row| &row.by_scenario)
            .any(|(other, by)| other == name && *by <= -60.0 * SAME_MINUTES)
    };
    let all = steps.first().into_iter().flat_map(|step| &step.by_scenario).map(|(name, _)| name);
    let unhelped: Vec<String> = all.clone().filter(|name| !is_helped(name)).cloned().collect();
    if let (Some(row), false) = (first.first(), unhelped.is_empty()) {
        sentences.push(format!("No level is sooner than {} in {}.", row.against, list(&unhelped)));
    }
    let never: Vec<String> = all
        .filter(|name| document.dots.iter().filter(|dot| dot.scenario == **name).all(|dot| dot.censored))
        .cloned()
        .collect();
    if !never.is_empty() {
        let levels = names(document.levels.iter().map(|row| row.level));
        sentences.push(format!("The right explanation is found at none of {levels} in {}.", list(&never)));
    }
    sentences
}
