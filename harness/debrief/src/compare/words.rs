//! Differences in words. Teaches to write a sentence for every sign before seeing the figures: sooner, later, and nothing shown.

use std::cmp::Ordering;

use incident::{Level, Usd};
use report::{
    Interval,
    compare::{CompareReport, Metric, Paired},
};

use super::differences::signed;
use crate::{
    chart::Table,
    figures::{list, trimmed},
};

/// A level, its difference from the level before it, and the interval of the difference.
pub(super) type LevelDifference = (Level, f64, Interval);

/// Sentences leave out an estimate that is smaller than this part of its interval's width.
const CLEAR_FROM: f64 = 0.1;

/// `sooner with logs (by 42 min); metrics (1 min sooner on average, uncertain: 3.3 min sooner to 0 min) is not shown to help`. `sides`
/// are the words for less and for more. An interval that contains zero does not prove that there is no effect, so the sentence states
/// the estimate with its interval.
pub(super) fn differences_in_words(
    rows: &[LevelDifference],
    sides: [&str; 2],
    amount: fn(f64) -> String,
) -> String {
    let of = |side: Ordering| rows.iter().filter(move |row| row.2.side() == side);
    let with = |side: Ordering, word: &str| {
        let each = list(of(side).map(|(level, by, _)| format!("{level} (by {})", amount(by.abs()))));
        of(side).next().map(|_| format!("{word} with {each}"))
    };
    let (unclear, estimated): (Vec<&LevelDifference>, Vec<&LevelDifference>) =
        of(Ordering::Equal).partition(|(_, by, interval)| is_unclear(*by, *interval, amount));
    let estimated: Vec<String> = estimated
        .into_iter()
        .map(|(level, by, interval)| format!("{level} ({})", uncertain(*by, *interval, sides, amount)))
        .collect();
    let is_or_are = if estimated.len() == 1 { "is" } else { "are" };
    let estimated =
        (!estimated.is_empty()).then(|| format!("{} {is_or_are} not shown to help", list(&estimated)));
    let unclear = (!unclear.is_empty())
        .then(|| format!("no clear difference with {}", list(unclear.iter().map(|(level, ..)| level))));
    let shown = [with(Ordering::Less, sides[0]), with(Ordering::Greater, sides[1])];
    let is_shown = shown.iter().any(Option::is_some);
    let clauses = shown.into_iter().chain([estimated, unclear]).flatten().collect::<Vec<_>>().join("; ");
    if is_shown || clauses.is_empty() { clauses } else { format!("not clearly {}: {clauses}", sides[0]) }
}

/// `29 min sooner on average, uncertain: 84 min sooner to 21 min later`, or `no clear difference: 3 min sooner to 4 min later`.
pub(super) fn uncertain(
    by: f64,
    Interval { low, high }: Interval,
    sides: [&str; 2],
    amount: fn(f64) -> String,
) -> String {
    let side = |difference: f64| match amount(difference.abs()) {
        none if none == amount(0.0) => none,
        some => format!("{some} {}", sides[usize::from(difference > 0.0)]),
    };
    let ends = format!("{} to {}", side(low), side(high));
    if is_unclear(by, Interval { low, high }, amount) {
        return format!("no clear difference: {ends}");
    }
    format!("{} on average, uncertain: {ends}", side(by))
}

/// Whether the estimate is too small for its interval, or rounds to zero, so that sentences leave it out.
fn is_unclear(by: f64, Interval { low, high }: Interval, amount: fn(f64) -> String) -> bool {
    by.abs() < CLEAR_FROM * (high - low) || amount(by.abs()) == amount(0.0)
}

/// The same for the steps of one metric, in dollars or minutes.
pub(super) fn steps_in_words(steps: &[&Paired], sides: [&str; 2]) -> String {
    let rows: Vec<LevelDifference> =
        steps.iter().map(|step| (step.level, step.difference, step.interval)).collect();
    let is_of_dollars = steps.first().is_some_and(|step| step.metric == Metric::Loss);
    differences_in_words(&rows, sides, if is_of_dollars { dollars } else { minutes })
}

/// A difference of a metric, and its interval.
pub(super) fn signed_by(metric: Metric, by: f64, Interval { low, high }: Interval) -> [String; 2] {
    let amount = if metric == Metric::Loss { signed_dollars } else { signed_minutes };
    [amount(by), format!("{} to {}", amount(low), amount(high))]
}

pub(super) fn by_level(document: &CompareReport) -> Table {
    let levels = document.levels.iter().map(|row| row.level.to_string());
    Table { columns: [String::new()].into_iter().chain(levels).collect(), rows: Vec::new() }
}

/// A row of a table with a column for each level; a dash where a level has no value.
pub(super) fn row_by_level(
    document: &CompareReport,
    name: &str,
    cell: impl Fn(Level) -> Option<String>,
) -> Vec<String> {
    let cells = document.levels.iter().map(|row| cell(row.level).unwrap_or("-".to_owned()));
    [name.to_owned()].into_iter().chain(cells).collect()
}

/// Minutes of the story, with one decimal below ten: `54 min`, `2.5 min`.
pub(super) fn minutes(seconds: f64) -> String {
    format!("{}\u{a0}min", bare_minutes(seconds))
}

/// Minutes without the unit, for tables that name it.
pub(super) fn bare_minutes(seconds: f64) -> String {
    let minutes = seconds / 60.0;
    if minutes.abs() >= 9.95 {
        return format!("{minutes:.0}");
    }
    trimmed(minutes)
}

pub(super) fn signed_minutes(seconds: f64) -> String {
    signed(seconds / 60.0)
}

pub(super) fn minutes_interval(Interval { low, high }: Interval) -> String {
    format!("{} to {}", signed_minutes(low), signed_minutes(high))
}

pub(super) fn dollars(usd: f64) -> String {
    Usd(usd).to_string()
}

pub(super) fn signed_dollars(usd: f64) -> String {
    match Usd(usd.abs()).to_string() {
        nothing if nothing == "$0" => nothing,
        amount if usd < 0.0 => format!("\u{2212}{amount}"),
        amount => format!("+{amount}"),
    }
}

/// A share in whole percent, with one decimal where rounding would make it 0 % or 100 %.
pub(super) fn share(share: f64) -> String {
    let percent = share * 100.0;
    // The range starts at 0.05, so that a rounding error of binary sums such as 1e-16 still prints as 0 %.
    let is_hidden = (0.05..0.5).contains(&percent) || (99.5..99.95).contains(&percent);
    if is_hidden { format!("{percent:.1}\u{a0}%") } else { format!("{percent:.0}\u{a0}%") }
}

pub(super) fn shares(Interval { low, high }: Interval) -> String {
    format!("{} to {}", share(low).trim_end_matches("\u{a0}%"), share(high))
}

/// The share of so many incidents, as a count: `3 of 20`.
pub(super) fn count_of(share: f64, incidents: usize) -> String {
    format!("{:.0} of {incidents}", share * incidents as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sign_has_its_words() {
        let interval = |low, high| Interval { low, high };
        let rows = [
            (Level::Logs, -2_520.0, interval(-3_000.0, -60.0)),
            (Level::Metrics, -60.0, interval(-200.0, 0.0)),
            (Level::Traces, 150.0, interval(60.0, 240.0)),
        ];
        assert_eq!(
            differences_in_words(&rows, ["sooner", "later"], minutes).replace('\u{a0}', " "),
            "sooner with logs (by 42 min); later with traces (by 2.5 min); metrics \
             (1 min sooner on average, uncertain: 3.3 min sooner to 0 min) is not shown to help"
        );
        let nothing = [
            (Level::Logs, -1_740.0, interval(-5_040.0, 1_260.0)),
            (Level::Traces, -12.0, interval(-300.0, 240.0)),
        ];
        assert_eq!(
            differences_in_words(&nothing, ["sooner", "later"], minutes).replace('\u{a0}', " "),
            "not clearly sooner: logs (29 min sooner on average, uncertain: 84 min sooner to 21 min later) is not shown to \
             help; no clear difference with traces"
        );
        assert_eq!(differences_in_words(&[], ["sooner", "later"], minutes), "");
    }

    #[test]
    fn figures_keep_their_signs_and_their_smallness() {
        let check = |seconds: f64, expected: &str| assert_eq!(bare_minutes(seconds), expected);
        check(3_240.0, "54");
        check(150.0, "2.5");
        check(-1.0, "0");
        assert_eq!([-120_000.4, 0.2, 5.0].map(signed_dollars), ["\u{2212}$120,000", "$0", "+$5"]);
        assert_eq!(
            [1e-16, 0.004, 0.5, 0.997, 1.0].map(share).join(" ").replace('\u{a0}', ""),
            "0% 0.4% 50% 99.7% 100%"
        );
        assert_eq!(count_of(0.15, 20), "3 of 20");
    }
}
