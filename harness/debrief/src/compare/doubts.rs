//! Other possible explanations of the levels' figures, one doubt after the other. Teaches to ask whether a finding merely reflects an
//! assumption, and to print a control that fails as readily as one that holds.

use std::cmp::Ordering;

use incident::{Level, OperatingModel};
use report::{
    Interval,
    compare::{
        Against, Classifier, CompareReport, CostDraws, LeftOut, Metric, Model, Paired, Row, Subset, Violation,
    },
};

use super::words::{
    bare_minutes, by_level, count_of, dollars, minutes, row_by_level, share, signed_by, signed_minutes,
    uncertain,
};
use crate::{
    chart::{Block, Table},
    figures::{capital, list, model_name},
};

/// All doubts that the run examined, those of every run first.
pub(super) fn blocks(report: &CompareReport) -> Vec<Block> {
    let each: [fn(&CompareReport) -> Option<Block>; 12] = [
        left_out,
        placebo,
        no_cause_in_the_shop,
        violations,
        models,
        cost_draws,
        cheaper_dark,
        odds,
        classifiers,
        signals,
        super::certainty::calibration,
        super::overview::after_freeze,
    ];
    each.into_iter().filter_map(|block| block(report)).collect()
}

/// Each finding, and the doubt that it answers; an empty text if it answers none.
pub fn found(report: &CompareReport) -> Vec<(String, String)> {
    blocks(report).into_iter().map(|block| (block.title, block.doubt.to_owned())).collect()
}

fn placebo(report: &CompareReport) -> Option<Block> {
    let rows = &report.controls.placebo;
    let (_, real) = report.paired(Metric::Explain);
    let first = report.levels.first().filter(|_| !rows.is_empty())?.level;
    let cells = |row: &Against| {
        let real = real.iter().find(|real| real.level == row.level);
        let real = real.map_or(["-"; 2].map(String::from), |real| {
            signed_by(real.metric, real.difference, real.interval)
        });
        let placebo = signed_by(row.metric, row.difference, row.interval);
        [vec![format!("{first} to {}", row.level)], placebo.into(), real.into()].concat()
    };
    let columns = ["", "with the placebo", "95 % interval", "with the level itself", "95 % interval"];
    let table = Table::of(&columns, rows.iter().map(cells));
    let about = format!(
        "Difference in minutes to the right explanation against {first}; {}. A placebo has the same checks at the same cost, but they show \
         other incidents, in training too.",
        report.sample()
    );
    let finding = against_nothing(rows, "Extra checks showing the wrong incident");
    Some(
        Block::new(finding, about, table)
            .against("more checks pass for better telemetry, whatever they show"),
    )
}

/// The finding about a control that should not help. If it is not shown to help, the finding names the largest estimate.
fn against_nothing(rows: &[Against], what: &str) -> String {
    let of = |side: Ordering| rows.iter().filter(move |row| row.interval.side() == side);
    let each = |side: Ordering, words: fn(&Against) -> String| list(of(side).map(words));
    let later =
        each(Ordering::Greater, |row| format!("{} (by {})", row.level, minutes(row.difference.abs())));
    let later = if later == "none" { String::new() } else { format!("; they make it later at {later}") };
    if of(Ordering::Less).count() == 0 {
        let largest = of(Ordering::Equal).min_by(|one, other| one.difference.total_cmp(&other.difference));
        let estimate = largest.map(|row| {
            let estimate = uncertain(row.difference, row.interval, ["sooner", "later"], minutes);
            format!(" (most at {}: {estimate})", row.level)
        });
        return format!("{what} are not shown to help{}{later}", estimate.unwrap_or_default());
    }
    let gained = each(Ordering::Less, |row| format!("{} at {}", minutes(row.difference.abs()), row.level));
    format!("{what} also gained {gained}; subtract that{later}")
}

/// A cost higher by at least so many minutes counts as much higher. Assumed.
const MUCH_MINUTES: f64 = 10.0;

/// Incidents that cost more at a level than at the one below.
fn violations(report: &CompareReport) -> Option<Block> {
    let rows = &report.controls.violations;
    let (one, last) = (report.levels.first()?, report.levels.last()?);
    if one.level == last.level {
        return None;
    }
    let cells = |row: &Violation| {
        let [cost, below] = row.cost_minutes.map(|minutes| format!("{minutes:.0}"));
        let incident = format!("{}, seed {}", row.scenario, row.seed);
        [incident, row.level.to_string(), cost, row.against.to_string(), below, row.why.clone()]
    };
    let columns = ["incident", "level", "cost, minutes", "level below", "cost, minutes", "most of it"];
    let table = Table::of(&columns, rows.iter().map(cells));
    let at = |level: Level| rows.iter().filter(|row| row.level == level).count();
    let each = report.levels.iter().skip(1).map(|row| format!("{} at {}", at(row.level), row.level));
    let much = rows.iter().filter(|row| row.cost_minutes[0] - row.cost_minutes[1] >= MUCH_MINUTES).count();
    let finding = format!(
        "Cases in which an incident cost more than at the level below: {} ({}), {much} of them by {MUCH_MINUTES:.0} minutes or more",
        rows.len(),
        list(each)
    );
    let about = format!(
        "Cost as the responder counts it, in minutes from the call: minutes until restored, plus the assumed cost of a wrong or missing explanation. On \
         the training incidents no level costs more than the one below on average, by construction; here each case is listed. {}.",
        capital(&report.sample())
    );
    Some(Block::new(finding, about, table).against("more telemetry misleads, and a mean hides it"))
}

/// False alarms, and outages outside the shop.
fn no_cause_in_the_shop(report: &CompareReport) -> Option<Block> {
    let (healthy, outside) = (&report.controls.healthy, &report.controls.outside);
    let wrong = healthy.iter().filter(|row| row.false_explanations_share > 0.0);
    let wrong = wrong
        .map(|row| format!("{} at {}", count_of(row.false_explanations_share, row.incidents), row.level));
    let wrong: Vec<String> = wrong.collect();
    let said = outside
        .iter()
        .map(|row| format!("{} at {}", count_of(row.said_not_ours_share, row.incidents), row.level));
    let alarms = match (healthy.is_empty(), wrong.is_empty()) {
        (true, _) => None,
        (_, true) => {
            Some("the responder gives no cause at any level when nothing is wrong with the shop".to_owned())
        }
        _ => Some(format!(
            "when nothing is wrong with the shop, the responder gives a cause all the same: in {}",
            list(wrong)
        )),
    };
    let outages =
        (!outside.is_empty()).then(|| format!("it recognises an outage outside the shop in {}", list(said)));
    let findings: Vec<String> = alarms.into_iter().chain(outages).collect();
    let alarm = |level| healthy.iter().find(|row| row.level == level);
    let outage = |level| outside.iter().find(|row| row.level == level);
    let mut table = by_level(report);
    table.rows = vec![
        row_by_level(report, "nothing wrong: cause given", |level| {
            alarm(level).map(|row| count_of(row.false_explanations_share, row.incidents))
        }),
        row_by_level(report, "nothing wrong: remedies used, mean", |level| {
            alarm(level).map(|row| format!("{:.1}", row.remedies_mean))
        }),
        row_by_level(report, "outage outside: recognised", |level| {
            outage(level).map(|row| count_of(row.said_not_ours_share, row.incidents))
        }),
        row_by_level(report, "outage outside: cause given in the shop", |level| {
            outage(level).map(|row| count_of(row.false_explanations_share, row.incidents))
        }),
    ];
    let about = format!("False alarms, and outages whose cause lies outside the shop; {}.", report.responder);
    (!findings.is_empty()).then(|| {
        Block::new(capital(&findings.join("; ")), about, table)
            .against("a responder finds a cause in the shop wherever it is sent")
    })
}

fn models(report: &CompareReport) -> Option<Block> {
    let rows = &report.controls.models;
    let mut kinds: Vec<OperatingModel> = rows.iter().map(|row| row.model).collect();
    kinds.dedup();
    let (ours, others) = kinds.split_first().filter(|(_, others)| !others.is_empty())?;
    let find =
        |kind: OperatingModel, level: Level| rows.iter().find(|row| (row.model, row.level) == (kind, level));
    let time = |kind, level| Some(find(kind, level)?.restored.time_to_restore_restricted_mean_s);
    let clause = |other: &OperatingModel| {
        let by = |level: Level| Some(time(*other, level)? - time(*ours, level)?);
        let levels = |is: fn(f64) -> bool| {
            let levels = report.levels.iter().map(|row| row.level);
            list(levels.filter(|level| by(*level).is_some_and(is)))
        };
        let later = match levels(|by| by >= 60.0).as_str() {
            "none" => "no later than".to_owned(),
            levels => format!("later at {levels} than"),
        };
        let sooner = match levels(|by| by <= -60.0).as_str() {
            "none" => String::new(),
            levels => format!(", and sooner at {levels}"),
        };
        format!("{} restores {later} {}{sooner}", model_name(*other), model_name(*ours))
    };
    let mut table = by_level(report);
    for kind in &kinds {
        let mut add = |what: &str, of: fn(&Model) -> String| {
            let name = format!("{}: {what}", model_name(*kind));
            table.rows.push(row_by_level(report, &name, |level| find(*kind, level).map(of)));
        };
        add("right explanation found", |row| share(row.explained_right_share));
        add("minutes to explain", |row| bare_minutes(row.time_to_explain_restricted_mean_s));
        add("minutes to restore", |row| bare_minutes(row.restored.time_to_restore_restricted_mean_s));
        add("trade lost", |row| dollars(row.restored.loss_usd_mean));
    }
    let about = format!(
        "Means on the same incidents, without intervals; {}. What a handover takes is assumed.",
        report.sample()
    );
    Some(
        Block::new(others.iter().map(clause).collect::<Vec<_>>().join("; "), about, table)
            .against("the finding belongs to one operating model, in which everybody may look at everything"),
    )
}

fn conditions(rows: &[Row]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        if !names.contains(&row.what.as_str()) {
            names.push(&row.what);
        }
    }
    names
}

/// The levels under other conditions: do the steps between them keep their direction? None without rows.
fn under(report: &CompareReport, rows: &[Row], with: &str, how: &str, doubt: &'static str) -> Option<Block> {
    let mut table = by_level(report);
    table.rows.push(row_by_level(report, "as above", |level| {
        let row = report.levels.iter().find(|row| row.level == level)?;
        Some(cell(row.time_to_explain_restricted_mean_s, row.explained_right_share))
    }));
    for what in conditions(rows) {
        table.rows.push(row_by_level(report, what, |level| {
            let row = rows.iter().find(|row| row.what == what && row.level == level)?;
            Some(cell(row.time_to_explain_restricted_mean_s, row.explained_right_share))
        }));
    }
    let about = format!(
        "{how} Mean minutes to the right explanation, in brackets the share of incidents in which it was found; {}.",
        report.sample()
    );
    let finding = capital(&steps_kept(report, rows, with));
    (!rows.is_empty()).then(|| Block::new(finding, about, table).against(doubt))
}

/// Minutes to the right explanation, and the share of incidents in which it was found.
fn cell(seconds: f64, right: f64) -> String {
    format!("{} ({})", bare_minutes(seconds), share(right))
}

/// Counts the steps that show a difference and keep their direction under each condition.
fn steps_kept(report: &CompareReport, rows: &[Row], with: &str) -> String {
    let (steps, _) = report.paired(Metric::Explain);
    let shown: Vec<_> = steps.into_iter().filter(|step| step.interval.side() != Ordering::Equal).collect();
    if shown.is_empty() {
        return "no step shows a difference, so none can change its direction".to_owned();
    }
    let of = |what: &str| {
        let time = |level| {
            let row = rows.iter().find(|row| row.what == what && row.level == level)?;
            Some(row.time_to_explain_restricted_mean_s)
        };
        let is_kept = |step: &&&Paired| {
            let by = time(step.level).zip(time(step.against)).map(|(one, other)| one - other);
            by.is_some_and(|by| by * step.difference > 0.0)
        };
        format!("{} {with} {what}", shown.iter().filter(is_kept).count())
    };
    let each = conditions(rows).into_iter().map(of);
    let steps =
        if shown.len() == 1 { "step that shows a difference" } else { "steps that show a difference" };
    format!("of {} {steps}, this many keep their direction: {}", shown.len(), list(each))
}

fn odds(report: &CompareReport) -> Option<Block> {
    let rows = &report.controls.doubts.as_ref()?.odds;
    let how = "What the responder believes before it checks anything: skewed at random; or with a tenth of the probability for what did happen.";
    under(report, rows, "if", how, "it holds only for somebody who expects the right things")
}

/// How much cheaper the first level's checks must be until it is as quick as the second: the reverse of making a level's own checks dearer.
fn cheaper_dark(report: &CompareReport) -> Option<Block> {
    let rows = &report.controls.doubts.as_ref()?.cheaper_dark;
    let [first, second, ..] = report.levels.as_slice() else { return None };
    let gained =
        |row: &Row| row.time_to_explain_restricted_mean_s <= second.time_to_explain_restricted_mean_s;
    let finding = match rows.iter().find(|row| gained(row)) {
        Some(row) => format!(
            "With the checks of {} at 1/{} of their cost, it would be as quick as {}",
            first.level, row.what, second.level
        ),
        None => format!(
            "Even with the checks of {} at 1/{} of their cost, it would be slower than {}",
            first.level,
            rows.last()?.what,
            second.level
        ),
    };
    let cells = |row: &Row| {
        let minutes = bare_minutes(row.time_to_explain_restricted_mean_s);
        [format!("at 1/{} of their cost", row.what), share(row.explained_right_share), minutes]
    };
    let table = Table::of(&["checks", "explained right", "minutes, mean"], rows.iter().map(cells));
    let about = format!("What needs no telemetry made cheaper, at {}; {}.", first.level, report.sample());
    Some(Block::new(finding, about, table).against("checks without telemetry were made too expensive"))
}

fn cost_draws(report: &CompareReport) -> Option<Block> {
    let rows = &report.controls.doubts.as_ref()?.cost_draws;
    let draws = rows.first()?.draws;
    let is_step = |row: &&CostDraws| {
        report.levels.windows(2).any(|pair| (pair[0].level, pair[1].level) == (row.against, row.level))
    };
    let each = rows.iter().filter(is_step);
    let each = each.map(|row| format!("{} in {}", row.level, share(row.shorter_share)));
    let cells = |row: &CostDraws| {
        let [low, median, high] = row.difference_percentiles_s;
        let [median, interval] = signed_by(Metric::Explain, median, Interval { low, high });
        [format!("{} to {}", row.against, row.level), share(row.shorter_share), median, interval]
    };
    let columns = ["", "sooner in", "median difference", "95 % of the draws"];
    let table = Table::of(&columns, rows.iter().map(cells));
    let finding = format!(
        "How often a level is sooner than the one before it, in {draws} draws of every cost: {}",
        list(each)
    );
    let about = format!(
        "The cost of each check and remedy is drawn anew; mean difference in minutes to the right explanation; {}.",
        report.sample()
    );
    Some(Block::new(finding, about, table).against("the assumed costs were chosen for the answer"))
}

fn left_out(report: &CompareReport) -> Option<Block> {
    let rows = &report.controls.doubts.as_ref()?.left_out;
    let mut whats: Vec<&str> = rows.iter().map(|row| row.what.as_str()).collect();
    whats.dedup();
    let clause = |what: &&str| {
        let of = rows.iter().filter(|row| row.what == *what);
        let each = of.map(|row| format!("{} at {}", share(row.explained_wrong_share), row.level));
        format!("never taught {what}, in {}", list(each))
    };
    let finding =
        format!("A wrong cause is given: {}", whats.iter().map(clause).collect::<Vec<_>>().join("; "));
    let cells = |row: &LeftOut| {
        let [said_so, wrong, restored] =
            [row.said_so_share, row.explained_wrong_share, row.restored_share].map(share);
        [row.what.clone(), row.level.to_string(), said_so, wrong, restored]
    };
    let columns = ["not taught", "level", "said that it does not know", "given another's cause", "restored"];
    let table = Table::of(&columns, rows.iter().map(cells));
    let blind = report.baselines.iter().filter(|other| other.level.is_none() && !other.knows_all());
    let best = blind.map(|other| other.restored.restored_share).fold(0.0, f64::max);
    let about = format!(
        "Each scenario is diagnosed by a responder trained on all others, and by one trained on all others outside its family. The better blind \
         runbook restores {}. {}.",
        share(best),
        capital(&report.sample())
    );
    (!rows.is_empty()).then(|| {
        Block::new(finding, about, table).against("only what is on the examiner's list can be explained")
    })
}

/// A classifier that sees nothing informative must stay at chance; otherwise something gives the scenario away.
fn classifiers(report: &CompareReport) -> Option<Block> {
    let rows = &report.controls.doubts.as_ref()?.classifiers;
    // The normal approximation to the binomial: chance alone stays below this in 97.5 of 100 cases.
    let reach = |row: &Classifier| {
        row.chance + 1.96 * (row.chance * (1.0 - row.chance) / row.incidents.max(1) as f64).sqrt()
    };
    let clause = |row: &Classifier| {
        let outcome = match (row.right_share <= reach(row), row.must_fail) {
            (true, true) => "it is at chance, as it must be",
            (false, true) => "it does better than chance: something gives the scenario away",
            (true, false) => "it is at chance: it could not have found that anything gives it away",
            (false, false) => "it does better than chance, as it must",
        };
        format!("{}, {outcome}", row.what)
    };
    let finding =
        format!("A classifier that must answer: {}", rows.iter().map(clause).collect::<Vec<_>>().join("; "));
    let cells = |row: &Classifier| {
        let [right, chance, reach] = [row.right_share, row.chance, reach(row)].map(share);
        [row.what.clone(), row.incidents.to_string(), right, chance, reach]
    };
    let columns = ["shown", "incidents", "named right", "chance", "chance alone may reach"];
    let table = Table::of(&columns, rows.iter().map(cells));
    let about = "Naive Bayes on what every check said, taught with the incidents of all other seeds; chance alone may reach 1.96 standard errors above it. \
                 Not the model responder.";
    let doubt = "names, times or decoys give a scenario away before anything has happened";
    (!rows.is_empty()).then(|| Block::new(finding, about.to_owned(), table).against(doubt))
}

/// The value of each signal over all subsets of signals.
fn signals(report: &CompareReport) -> Option<Block> {
    let doubts = report.controls.doubts.as_ref()?;
    let mut gains = doubts.signal_gains.clone();
    gains.sort_by(|one, other| one.1.total_cmp(&other.1));
    // The gain of alerts counts from the loss, and is no average over orders.
    let (most, by) = gains.iter().find(|(signal, _)| signal != "alerts")?;
    let rows = &doubts.signals;
    let name = |signals: &[String]| if signals.is_empty() { "none".to_owned() } else { signals.join(" + ") };
    let from_call = |row: &Subset| row.time_from_call_to_explain_restricted_mean_s;
    let with_alerts: Vec<_> = rows.iter().filter(|row| row.alerts).collect();
    let quickest = with_alerts.iter().min_by(|one, other| from_call(one).total_cmp(&from_call(other)))?;
    let best = if *by < -30.0 {
        format!("{most} brings most: {} sooner", minutes(-by))
    } else {
        "no signal brings the right explanation sooner".to_owned()
    };
    let finding = format!(
        "Averaged over all orders in which signals can be added, {best}. Of the {} subsets of signals the quickest from the call is {}, with {}",
        with_alerts.len(),
        name(&quickest.signals),
        minutes(from_call(quickest))
    );
    let mut table = Table::new(&["signals", "no alert", "with alerts", "from the call, with alerts"]);
    for row in &with_alerts {
        let cell = |row: &Subset| cell(row.time_to_explain_restricted_mean_s, row.explained_right_share);
        let without = rows.iter().find(|other| !other.alerts && other.signals == row.signals);
        let cells = [without.map_or("-".to_owned(), cell), cell(row), bare_minutes(from_call(row))];
        table.rows.push([vec![name(&row.signals)], cells.into()].concat());
    }
    table.rows.extend(gains.iter().map(|(signal, by)| {
        let what = format!("adding {signal}, mean over all orders");
        vec![what, "-".to_owned(), "-".to_owned(), signed_minutes(*by)]
    }));
    let about = format!(
        "Every subset of signals beside what a shop without telemetry shows, the responder taught for each: mean minutes to the right \
         explanation, in brackets the share of incidents in which it was found. What adding a signal brings is Shapley's value, counted from the call; for alerts \
         it is counted from the loss, over the sixteen subsets. Without intervals; {}.",
        report.sample()
    );
    Some(
        Block::new(finding, about, table)
            .against("levels are bundles, and another bundle or order would do as well"),
    )
}
