//! The plots of the levels with their tables and data, and the same differences in other measures. Teaches to print the plot in which
//! the result does not hold beside the one in which it does.

use incident::Story;

use report::{
    Interval,
    compare::{CompareReport, Dot, Metric, Paired},
};

use super::{
    differences::differences,
    dots::{LevelDots, dots},
    signs::{ScenarioSigns, signs},
    words::{bare_minutes, minutes, signed_by, signed_minutes, steps_in_words},
};
use crate::{
    chart::{Block, Chart, Table},
    figures::{capital, list},
    plot::{WIDE, WIDTH},
};

/// A level neither helps nor harms in a scenario if the difference is less than a minute.
const SAME_MINUTES: f64 = 1.0;

pub(super) fn every_incident(document: &CompareReport) -> Chart {
    let of = |level| {
        let dots = document.dots.iter().filter(move |dot| dot.level == level);
        dots.map(|dot| {
            let what = format!("{}, seed {}", dot.scenario, dot.seed);
            (what, (!dot.censored).then_some(dot.explained_s / 60.0))
        })
    };
    let levels = document.levels.iter().map(|row| row.level);
    let rows: Vec<LevelDots> =
        levels.map(|level| LevelDots { level, incidents: of(level).collect() }).collect();
    let half = rows.iter().map(|row| match row.median() {
        Some(median) => format!("{} at {}", minutes(median * 60.0), row.level),
        None => format!("never at {}", row.level),
    });
    let mut table = Table::new(&["incident"]);
    table.columns.extend(rows.iter().map(|row| row.level.to_string()));
    let incidents = rows.first().into_iter().flat_map(|row| &row.incidents);
    table.rows.extend(incidents.map(|(what, _)| {
        let cell = |row: &LevelDots| match row.incidents.iter().find(|(other, _)| other == what) {
            Some((_, Some(minutes))) => bare_minutes(minutes * 60.0),
            _ => "not right".to_owned(),
        };
        [vec![what.clone()], rows.iter().map(cell).collect()].concat()
    }));
    let until = Story::default().ends_s() / 60.0;
    Chart {
        title: format!("The right explanation is found for half of the incidents within {}", list(half)),
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
    let row = |dot: &Dot| {
        [
            dot.scenario.clone(),
            dot.seed.to_string(),
            dot.level.to_string(),
            dot.explained_s.to_string(),
            dot.censored.to_string(),
            dot.restored_s.map_or_else(String::new, |seconds| seconds.to_string()),
            dot.loss_usd.to_string(),
        ]
    };
    let columns = ["scenario", "seed", "level", "explained_s", "censored", "restored_s", "loss_usd"];
    Table::of(&columns, document.dots.iter().map(row)).csv()
}

/// Minutes to the right explanation: each level against the one before it, then each against the first. None with one level.
pub(super) fn explained(document: &CompareReport) -> Option<Chart> {
    let (steps, first) = document.paired(Metric::Explain);
    let rows = steps_then_first(&steps, first);
    let against = document.levels.first()?.level;
    // A quick run does not compute the factor of check costs at which the gain is gone.
    let tipping_of = if document.quick { 0 } else { steps.len() };
    (!rows.is_empty()).then(|| Chart {
        title: format!(
            "Step by step, the right explanation comes {}",
            steps_in_words(&steps, ["sooner", "later"])
        ),
        subtitle: format!(
            "Mean difference within incidents, in minutes to the right explanation: each level minus the one before it, then each level minus \
             {against}; {}. ⊢⊣ is the 95 % interval over newly written scenarios.",
            document.sample()
        ),
        plots: [WIDE, WIDTH].map(|width| differences(&rows, width)).into(),
        table_title: "The differences as a table".to_owned(),
        data: Some(("differences.csv", paired_csv(&rows))),
        table: difference_table(&rows, tipping_of),
        ..Chart::default()
    })
}

/// The steps between neighbouring levels, then each level against the first, unless that pair is a step already.
fn steps_then_first<'a>(steps: &[&'a Paired], first: Vec<&'a Paired>) -> Vec<&'a Paired> {
    let is_step =
        |row: &&Paired| steps.iter().any(|step| (step.level, step.against) == (row.level, row.against));
    steps.iter().copied().chain(first.into_iter().filter(|row| !is_step(row))).collect()
}

/// Measures other than the time to the right explanation: the beginning of the sentence about each, the words for less and for more, and the
/// unit.
const OTHER_MEASURES: [(Metric, &str, [&str; 2], &str); 3] = [
    (
        Metric::ExplainFromCall,
        "Counted from the call, the right explanation comes",
        ["sooner", "later"],
        "in minutes from the call to the right explanation: the time that an alert saves is left out",
    ),
    (
        Metric::Restore,
        "Availability is back",
        ["sooner", "later"],
        "in minutes from the loss until availability is restored; an incident that was never restored counts as restored at the story's end",
    ),
    (Metric::Loss, "The trade lost is", ["less", "more"], "in dollars of trade lost in the incident"),
];

/// The same differences in other measures.
pub(super) fn other_measures(document: &CompareReport) -> impl Iterator<Item = Block> {
    OTHER_MEASURES.into_iter().filter_map(move |(metric, what, sides, unit)| {
        let (steps, first) = document.paired(metric);
        let rows = steps_then_first(&steps, first);
        let about = format!(
            "Mean difference within incidents, {unit}; {}. Steps first, then each level against the first.",
            document.sample()
        );
        let finding = format!("{what} {}", steps_in_words(&steps, sides));
        (!rows.is_empty()).then(|| Block::new(finding, about, difference_table(&rows, 0)).folded())
    })
}

/// The first `tipping_of` rows also state the factor of check costs at which the gain is gone.
fn difference_table(rows: &[&Paired], tipping_of: usize) -> Table {
    let mut table = Table::new(&[
        "",
        "difference",
        "95 % interval",
        "ratio",
        "95 % interval",
        "scenarios less",
        "the same",
        "more",
        "median",
        "95 % interval",
    ]);
    let is_imputed = rows.iter().any(|row| row.imputed.is_some());
    if is_imputed {
        table.columns.push("of it, explained at one level alone".to_owned());
    }
    if tipping_of > 0 {
        table.columns.push("no gain left when checks cost".to_owned());
    }
    for (place, row) in rows.iter().enumerate() {
        let mut cells = vec![format!("{} to {}", row.against, row.level)];
        cells.extend(signed_by(row.metric, row.difference, row.interval));
        let Interval { low, high } = row.ratio_interval;
        cells.extend([format!("{:.2}", row.ratio), format!("{low:.2} to {high:.2}")]);
        cells.extend(row.scenarios.iter().map(ToString::to_string));
        cells.extend(match row.median_interval {
            Some(interval) => signed_by(row.metric, row.median, interval),
            None => [signed_by(row.metric, row.median, row.interval)[0].clone(), "-".to_owned()],
        });
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

fn paired_csv(rows: &[&Paired]) -> String {
    let row = |row: &&Paired| {
        let figures = [row.difference, row.interval.low, row.interval.high].map(|figure| figure.to_string());
        let counts = row.scenarios.map(|count| count.to_string());
        [vec![row.against.to_string(), row.level.to_string()], figures.into(), counts.into()].concat()
    };
    let (ends, counts) = (["interval_low_s", "interval_high_s"], ["shorter", "same", "longer"]);
    let columns = [&["against", "level", "difference_s"], &ends[..], &counts].concat();
    Table::of(&columns, rows.iter().map(row)).csv()
}

/// Each scenario by itself, and sentences about those in which a level makes no difference or harms.
pub(super) fn by_scenario(document: &CompareReport) -> Option<(Chart, Vec<String>)> {
    let (steps, _) = document.paired(Metric::Explain);
    let of = |step: &Paired, name: &str| {
        step.by_scenario.iter().find(|(other, _)| other == name).map(|(_, seconds)| seconds / 60.0)
    };
    let row = |(name, _): &(String, f64)| ScenarioSigns {
        scenario: name.clone(),
        differences: steps.iter().map(|step| of(step, name)).collect(),
    };
    let rows: Vec<ScenarioSigns> = steps.first()?.by_scenario.iter().map(row).collect();
    let columns: Vec<&str> = steps.iter().map(|step| step.level.name()).collect();
    let mut table = Table::new(&["scenario"]);
    table.columns.extend(steps.iter().map(|step| format!("{} to {}", step.against, step.level)));
    table.rows.extend(rows.iter().map(|row| {
        let cells =
            row.differences.iter().map(|it| it.map_or("-".to_owned(), |it| signed_minutes(it * 60.0)));
        [row.scenario.clone()].into_iter().chain(cells).collect()
    }));
    let helped = steps.iter().map(|step| format!("{} in {}", step.level, step.scenarios[0]));
    // Exactly one minute counts as a difference, in the plot as in the counts.
    let same = SAME_MINUTES.next_down();
    let chart = Chart {
        title: format!(
            "Of {} scenarios, the right explanation comes sooner with {}",
            rows.len(),
            list(helped)
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

/// The exceptions by name: scenarios in which a step makes no difference or harms, those that no level makes sooner, and those never explained.
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
    let unhelped: Vec<&String> = all.clone().filter(|name| !is_helped(name)).collect();
    if let (Some(row), false) = (first.first(), unhelped.is_empty()) {
        sentences.push(format!("No level is sooner than {} in {}.", row.against, list(&unhelped)));
    }
    let is_explained =
        |name: &&String| document.dots.iter().any(|dot| dot.scenario == **name && !dot.censored);
    let never: Vec<&String> = all.filter(|name| !is_explained(name)).collect();
    if !never.is_empty() {
        let levels = list(document.levels.iter().map(|row| row.level));
        sentences.push(format!("The right explanation is found at none of {levels} in {}.", list(&never)));
    }
    sentences
}
