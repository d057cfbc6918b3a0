//! The comparison on a terminal: at most 80 columns, the finding first.

use experiment::compare::{Study, condition::Key};
use incident::{Level, Story, Usd};
use report::{
    Interval,
    compare::{Against, CompareReport, Doubts, Leak, Metric, Paired, Row},
};

use crate::output::plain;

/// The report as lines.
pub(super) fn lines(report: &CompareReport) -> Vec<String> {
    let mut lines = vec![String::new(), report.finding.clone()];
    if !report.complete {
        let names: Vec<String> = report.scenarios.iter().map(|row| plain(&row.name)).collect();
        lines.push(format!(
            "PARTIAL: stopped early. What follows is about the scenarios that were complete: {}.",
            names.join(", ")
        ));
    }
    lines.extend(levels(report));
    for metric in [Metric::Explain, Metric::Restore, Metric::Loss] {
        lines.extend(differences(report, metric));
    }
    lines.extend(unhelped(report));
    lines.extend(controls(report));
    if let Some(doubts) = &report.controls.doubts {
        let levels: Vec<Level> = report.levels.iter().map(|row| row.level).collect();
        lines.extend(doubted(doubts, &levels));
    }
    lines.push("\nAssumed".to_owned());
    lines.extend(report.assumed.iter().map(|sentence| format!("  {sentence}")));
    lines.push(format!(
        "  {} checks, hash {}, frozen as {}. Incidents recorded: {}; what remedies did: {}.",
        report.checks.count,
        report.checks.hash,
        report.checks.frozen_hash,
        report.recordings[0],
        report.recordings[1]
    ));
    lines
}

/// The same incident at each level: the demonstration's last lines.
pub(crate) fn side_by_side(study: &Study) -> Vec<String> {
    let story = Story::default();
    let mut lines = vec![format!(
        "  {:<8} {:>6} {:>7} {:>10} {:>9} {:>14} {:>12}",
        "level", "lost", "called", "explained", "restored", "wrong remedies", "loss"
    )];
    for level in &study.options.levels {
        let told = study.results.get(&Key::Level(*level, false)).and_then(|told| told.first()?.as_ref());
        let Some(told) = told else { continue };
        let time =
            |at_s: Option<f64>| at_s.map_or("never".to_owned(), |at_s| story.time_at(at_s).to_string());
        lines.push(format!(
            "  {:<8} {:>6} {:>7} {:>10} {:>9} {:>14} {:>12}",
            level.name(),
            time(Some(told.lost_s)),
            time(Some(told.called_s)),
            time(told.explained_right_s()),
            time(told.restored_s),
            told.wrong_remedies,
            Usd(told.loss_usd).to_string()
        ));
    }
    lines
}

fn levels(report: &CompareReport) -> Vec<String> {
    let mut lines = vec![
        format!(
            "\nBy level, {} incidents each, model responder, {}; minutes of the story",
            report.levels.first().map_or(0, |row| row.incidents),
            report.operating_model
        ),
        format!(
            "  {:<7} {:>5} {:>7} {:>5} {:>13} {:>13} {:>5} {:>10}",
            "", "right", "95 %", "wrong", "to explain", "to restore", "wrong", "loss"
        ),
        format!(
            "  {:<7} {:>5} {:>7} {:>5} {:>13} {:>13} {:>5} {:>10}",
            "level", "%", "interval", "%", "median (qu.)", "median (qu.)", "rem.", "mean"
        ),
    ];
    for row in &report.levels {
        let quartiles = |median: f64, [low, high]: [f64; 2]| {
            format!("{} ({}-{})", minutes(median), minutes(low), minutes(high))
        };
        let Interval { low, high } = row.explained_right_interval;
        lines.push(format!(
            "  {:<7} {:>5} {:>7} {:>5} {:>13} {:>13} {:>5.1} {:>10}",
            row.level.name(),
            percent(row.explained_right_share),
            format!("{}-{}", percent(low), percent(high)),
            percent(row.explained_wrong_share),
            quartiles(row.time_to_explain_median_s, row.time_to_explain_quartiles_s),
            quartiles(row.time_to_restore_median_s, row.time_to_restore_quartiles_s),
            row.wrong_remedies_mean,
            Usd(row.loss_usd_mean).to_string()
        ));
    }
    lines
}

fn differences(report: &CompareReport, metric: Metric) -> Vec<String> {
    let (what, unit) = match metric {
        Metric::Restore => ("Time to restore", "min"),
        Metric::Loss => ("Loss", "$1,000"),
        Metric::Explain | Metric::ExplainFromCall => ("Time to the right explanation", "min"),
    };
    let scale = if metric == Metric::Loss { 1_000.0 } else { 60.0 };
    let mut lines = vec![
        format!("\n{what}, {unit}: paired differences, below 0 shorter or less"),
        format!(
            "  {:<20} {:>8} {:>16} {:>22} {:>8}",
            "step", "mean", "95 % interval", "shorter same longer", "tips at"
        ),
    ];
    let row = |paired: &Paired| {
        let [shorter, same, longer] = paired.scenarios;
        let tips = paired.tipping_factor.map_or("-".to_owned(), |factor| format!("x{factor:.0}"));
        format!(
            "  {:<20} {:>8.1} {:>16} {:>22} {:>8}",
            format!("{} to {}", paired.against.name(), paired.level.name()),
            paired.difference / scale,
            interval(paired.interval, scale),
            format!("{shorter:>7} {same:>4} {longer:>6}"),
            tips
        )
    };
    lines.extend(report.paired.iter().filter(|paired| paired.metric == metric).map(row));
    lines
}

/// Scenarios that the highest level does not explain sooner than the lowest.
fn unhelped(report: &CompareReport) -> Vec<String> {
    let (Some(first), Some(last)) = (report.levels.first(), report.levels.last()) else { return Vec::new() };
    let whole = report.paired.iter().find(|paired| {
        (paired.against, paired.level, paired.metric) == (first.level, last.level, Metric::Explain)
    });
    let unhelped: Vec<String> = whole
        .into_iter()
        .flat_map(|whole| &whole.by_scenario)
        .filter(|(_, difference)| *difference > -60.0)
        .map(|(name, difference)| format!("{} ({:+.0} min)", plain(name), difference / 60.0))
        .collect();
    let names = if unhelped.is_empty() { "none".to_owned() } else { unhelped.join(", ") };
    vec![format!("\nNot explained sooner at {} than at {}: {names}.", last.level.name(), first.level.name())]
}

fn controls(report: &CompareReport) -> Vec<String> {
    let controls = &report.controls;
    let mut lines = vec!["\nControls".to_owned()];
    let against = |what: &str, rows: &[Against]| -> Vec<String> {
        let row = |row: &Against| {
            let name = format!("{what}, {}", row.level.name());
            format!("  {name:<33} {:>8.1} min {:>18}", row.difference / 60.0, interval(row.interval, 60.0))
        };
        rows.iter().map(row).collect()
    };
    let first = report.levels.first().map_or("", |row| row.level.name());
    lines.extend(against(&format!("placebo against {first}"), &controls.placebo));
    for runbook in &controls.runbooks {
        let restored = &runbook.restored;
        lines.push(format!("  blind runbook: {}", runbook.says));
        lines.push(format!(
            "  {:<33} {:>8} % restored, mean {} min, {}",
            "",
            percent(restored.restored_share),
            minutes(restored.time_to_restore_restricted_mean_s),
            Usd(restored.loss_usd_mean)
        ));
    }
    lines.extend(against("restored v best runbook", &controls.over_best_runbook));
    lines.push(format!(
        "  {:<33} {:>8} % restored, mean {} min, {}",
        "oracle",
        percent(controls.oracle.restored_share),
        minutes(controls.oracle.time_to_restore_restricted_mean_s),
        Usd(controls.oracle.loss_usd_mean)
    ));
    for row in &controls.healthy {
        lines.push(format!(
            "  {:<33} {:>8} % false explanations of {}",
            format!("healthy shop, {}", row.level.name()),
            percent(row.false_explanations_share),
            row.incidents
        ));
    }
    for row in &controls.outside {
        lines.push(format!(
            "  {:<33} {:>8} % said so of {}; why, nobody explains",
            format!("not our shop, {}", row.level.name()),
            percent(row.said_not_ours_share),
            row.incidents
        ));
    }
    for row in &controls.models {
        lines.push(format!(
            "  {:<33} {:>8} min to explain, {} to restore, {}",
            format!("{}, {}", row.model, row.level.name()),
            minutes(row.time_to_explain_restricted_mean_s),
            minutes(row.restored.time_to_restore_restricted_mean_s),
            Usd(row.restored.loss_usd_mean)
        ));
    }
    lines
}

fn doubted(doubts: &Doubts, levels: &[Level]) -> Vec<String> {
    let mut lines = vec!["\nDoubts".to_owned()];
    let row = |row: &Row| {
        format!(
            "  {:<33} {:>4} % right {:>3} % wrong, mean {} min",
            format!("{}, {}", row.what, row.level.name()),
            percent(row.explained_right_share),
            percent(row.explained_wrong_share),
            minutes(row.time_to_explain_restricted_mean_s)
        )
    };
    lines.extend(doubts.other_responders.iter().map(row));
    lines.extend(doubts.equal_menus.iter().map(|menu| {
        format!(
            "  {:<33} {:>8.1} min {:>18}",
            format!("{} random checks, {}", doubts.equal_menu_checks, menu.level.name()),
            menu.difference / 60.0,
            interval(menu.interval, 60.0)
        )
    }));
    for draws in &doubts.cost_draws {
        let [low, median, high] = draws.difference_percentiles_s;
        lines.push(format!(
            "  {:<33} {:>4} % shorter of {}: {} ({} to {}) min",
            format!("costs drawn, {} to {}", draws.against.name(), draws.level.name()),
            percent(draws.shorter_share),
            draws.draws,
            minutes(median),
            minutes(low),
            minutes(high)
        ));
    }
    lines.extend(doubts.odds.iter().chain(&doubts.learning).map(row));
    for left_out in &doubts.left_out {
        lines.push(format!(
            "  {:<33} {:>4} % said so, {} % wrong, {} % restored",
            format!("never taught, {}", left_out.level.name()),
            percent(left_out.said_so_share),
            percent(left_out.explained_wrong_share),
            percent(left_out.restored_share)
        ));
    }
    let leak = |what: &str, rows: &[Leak]| -> Vec<String> {
        let row = |leak: &Leak| {
            format!(
                "  {:<33} {:>4.1} % right {:>14}, chance {:.1} %",
                format!("{what}, {}", leak.level.name()),
                leak.explained_right_share * 100.0,
                interval(leak.interval, 0.01),
                leak.chance * 100.0
            )
        };
        rows.iter().map(row).collect()
    };
    lines.extend(leak("labels shuffled", &doubts.shuffled_labels));
    lines.extend(leak("before the trigger", &doubts.before_trigger));
    if let Some(classifier) = &doubts.before_trigger_classifier {
        lines.push(format!(
            "  {:<33} {:>4.1} % right of {}, chance {:.1} %",
            "classifier, before the trigger",
            classifier.right_share * 100.0,
            classifier.incidents,
            classifier.chance * 100.0
        ));
    }
    for (signal, gain) in &doubts.signal_gains {
        lines.push(format!(
            "  {:<33} {:>8.1} min, mean over all orders",
            format!("adding {signal}"),
            gain / 60.0
        ));
    }
    for calibration in &doubts.calibration {
        let bins: Vec<String> = calibration
            .bins
            .iter()
            .map(|(certain, right, _)| format!("{}>{}", percent(*certain), percent(*right)))
            .collect();
        lines.push(format!(
            "  {:<33} Brier {:.3}\n  {:<33} % sure>right {}",
            format!("calibration, {}", calibration.level.name()),
            calibration.brier,
            "",
            bins.join(" ")
        ));
    }
    lines.push(format!(
        "  at most {} % explained wrong, the quickest threshold:",
        percent(doubts.equal_error)
    ));
    lines.extend(doubts.at_equal_error.iter().map(row));
    let others = levels.iter().filter(|level| doubts.at_equal_error.iter().all(|row| row.level != **level));
    lines.extend(others.map(|level| format!("  no threshold keeps it, {}", level.name())));
    lines
}

fn minutes(seconds: f64) -> String {
    // Zero has no sign.
    format!("{:.0}", (seconds / 60.0).round() + 0.0)
}

fn percent(share: f64) -> String {
    format!("{:.0}", share * 100.0)
}

fn interval(Interval { low, high }: Interval, scale: f64) -> String {
    format!("{:.1} to {:.1}", low / scale, high / scale)
}
