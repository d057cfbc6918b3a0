//! Differences in words. Teaches to write a sentence for every sign before seeing the figures: sooner, later, and nothing shown.

use incident::{Level, OperatingModel, Usd};
use report::{Interval, compare::CompareReport};

use super::differences::signed;
use crate::{
    chart::Table,
    figures::{list, trimmed},
};

/// Where a difference and its interval lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// All of the interval is below zero.
    Less,
    /// The interval holds zero: nothing was shown.
    Nothing,
    /// All of the interval is above zero.
    More,
}

impl Sign {
    pub(super) fn of(Interval { low, high }: Interval) -> Self {
        match (low, high) {
            (_, high) if high < 0.0 => Self::Less,
            (low, _) if low > 0.0 => Self::More,
            _ => Self::Nothing,
        }
    }
}

/// A level, its difference from the level before it, and the interval of that.
pub(super) type LevelDifference = (Level, f64, Interval);

/// A sentence does not name an estimate that is smaller than this part of its interval's width.
const CLEAR_FROM: f64 = 0.1;

/// `sooner with logs (by 42 min); metrics (1 min sooner on average, uncertain: 3.3 min sooner to 0 min) is not shown to help`. `sides`
/// are the words for less and for more. That nothing was shown is not that there is nothing: the estimate and its interval
/// stand beside it.
pub(super) fn differences_in_words(
    rows: &[LevelDifference],
    sides: [&str; 2],
    amount: fn(f64) -> String,
) -> String {
    let of = |sign: Sign| rows.iter().filter(move |row| Sign::of(row.2) == sign);
    let with = |sign: Sign, word: &str| {
        let each: Vec<String> =
            of(sign).map(|(level, by, _)| format!("{level} (by {})", amount(by.abs()))).collect();
        (!each.is_empty()).then(|| format!("{word} with {}", list(&each)))
    };
    let (unclear, estimated): (Vec<&LevelDifference>, Vec<&LevelDifference>) =
        of(Sign::Nothing).partition(|(_, by, interval)| is_unclear(*by, *interval, amount));
    let estimated: Vec<String> = estimated
        .into_iter()
        .map(|(level, by, interval)| format!("{level} ({})", uncertain(*by, *interval, sides, amount)))
        .collect();
    let is_or_are = if estimated.len() == 1 { "is" } else { "are" };
    let estimated =
        (!estimated.is_empty()).then(|| format!("{} {is_or_are} not shown to help", list(&estimated)));
    let unclear = (!unclear.is_empty())
        .then(|| format!("no clear difference with {}", names(unclear.iter().map(|(level, ..)| *level))));
    let unshown = [estimated, unclear].into_iter().flatten().collect::<Vec<_>>().join("; ");
    let unshown = Some(unshown).filter(|unshown| !unshown.is_empty());
    match (with(Sign::Less, sides[0]), with(Sign::More, sides[1]), unshown) {
        (None, None, unshown) => {
            unshown.map(|unshown| format!("not clearly {}: {unshown}", sides[0])).unwrap_or_default()
        }
        clauses => [clauses.0, clauses.1, clauses.2].into_iter().flatten().collect::<Vec<_>>().join("; "),
    }
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

/// Whether not even an estimate is worth a word.
fn is_unclear(by: f64, Interval { low, high }: Interval, amount: fn(f64) -> String) -> bool {
    by.abs() < CLEAR_FROM * (high - low) || amount(by.abs()) == amount(0.0)
}

pub(super) fn by_level(document: &CompareReport, what: &str) -> Table {
    let levels = document.levels.iter().map(|row| row.level.to_string());
    Table { columns: [what.to_owned()].into_iter().chain(levels).collect(), rows: Vec::new() }
}

/// A row of such a table; a dash where a level has nothing.
pub(super) fn row_by_level(
    document: &CompareReport,
    name: &str,
    cell: impl Fn(Level) -> Option<String>,
) -> Vec<String> {
    let cells = document.levels.iter().map(|row| cell(row.level).unwrap_or("-".to_owned()));
    [name.to_owned()].into_iter().chain(cells).collect()
}

/// Minutes of the story, with a digit after the point while there are few of them: `54 min`, `2.5 min`.
pub(super) fn minutes(seconds: f64) -> String {
    format!("{}\u{a0}min", bare_minutes(seconds))
}

/// The same without the unit, for tables that name it.
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

/// A share in whole percent; with a digit more where it would seem to be none or all.
pub(super) fn share(share: f64) -> String {
    let percent = share * 100.0;
    // What is left over by adding up in binary is nothing.
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

pub(super) fn model(model: OperatingModel) -> &'static str {
    match model {
        OperatingModel::OpsRunIt => "Ops Run It",
        OperatingModel::YouBuildIt => "You Build It You Run It",
    }
}

pub(super) fn names(levels: impl Iterator<Item = Level>) -> String {
    list(&levels.map(|level| level.to_string()).collect::<Vec<_>>())
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
