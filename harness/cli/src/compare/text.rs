//! The comparison on a terminal: at most 80 columns, with the finding first.

use experiment::compare::{Study, condition::Key, playback::Diagnosis};
use incident::{Level, Story, Usd};
use report::{
    Interval,
    compare::{CompareReport, Effect, Metric, Paired, ProgramReport, Swing, Teams, Tornado},
};

use crate::{output::plain, screen::broken};

pub(super) fn lines(report: &CompareReport) -> Vec<String> {
    let mut lines = vec![String::new()];
    lines.extend(report.finding.lines().map(str::to_owned));
    if !report.complete {
        let names: Vec<String> = report.scenarios.iter().map(|row| plain(&row.name)).collect();
        lines.push(format!(
            "PARTIAL: stopped early. What follows is about the scenarios that were complete: {}.",
            names.join(", ")
        ));
    }
    lines.extend(levels(report));
    lines.extend(baselines(report));
    lines.extend(report.program.iter().flat_map(program));
    for metric in [Metric::Explain, Metric::Restore, Metric::Loss] {
        lines.extend(differences(report, metric));
    }
    lines.extend(two_by_two(report));
    lines.extend(unhelped(report));
    lines.extend(doubts(report));
    lines.extend(report.teams.iter().flat_map(teams));
    lines.push("\nAssumed".to_owned());
    lines.extend(report.assumed.iter().map(|sentence| format!("  {sentence}")));
    lines.push(format!(
        "  {} checks, hash {}, frozen as {}; since then {}. Incidents recorded: {}; what remedies did: {}.",
        report.checks.count,
        report.checks.hash,
        report.checks.frozen_hash,
        report.checks.since_frozen,
        report.recordings[0],
        report.recordings[1]
    ));
    lines
}

/// Compares one incident across the levels: the demonstration's last lines.
pub(crate) fn side_by_side(study: &Study) -> Vec<String> {
    let story = Story::default();
    let mut lines = vec![format!(
        "  {:<8} {:>6} {:>7} {:>10} {:>9} {:>14} {:>12}",
        "level", "lost", "called", "explained", "restored", "wrong remedies", "loss"
    )];
    for level in &study.options.levels {
        let Some(told) = told(study, *level) else { continue };
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

fn told(study: &Study, level: Level) -> Option<&Diagnosis> {
    study.results.get(&Key::Level(level, false))?.first()?.as_ref()
}

/// Compares that incident at the richest and the poorest level: the demonstration's last sentence.
pub(crate) fn what_telemetry_changes(study: &Study) -> Option<String> {
    let [poorest, richest] = [study.options.levels.first()?, study.options.levels.last()?];
    let [without, with] = [told(study, *poorest)?, told(study, *richest)?];
    let restored = |told: &Diagnosis| {
        let minutes = told.restored_s.map(|at_s| format!("after {:.0} minutes", (at_s - told.lost_s) / 60.0));
        format!("{} ({} lost)", minutes.unwrap_or_else(|| "never".to_owned()), Usd(told.loss_usd))
    };
    Some(format!(
        "In another incident of this scenario, a model responder restored the shop {} at the telemetry level '{poorest}', and {} at \
         '{richest}'; one draw.",
        restored(without),
        restored(with)
    ))
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

fn baselines(report: &CompareReport) -> Vec<String> {
    let mut lines = vec![
        "\nOthers on the same incidents; mean minutes, 300 where it never happened".to_owned(),
        format!(
            "  {:<40} {:>5} {:>5} {:>7} {:>7} {:>10}",
            "who, and with whose checks", "right", "wrong", "explain", "restore", "loss"
        ),
    ];
    lines.extend(report.baselines.iter().flat_map(|row| {
        let level = row.level.map(|level| format!(" ({level})")).unwrap_or_default();
        // A long name wraps; the figures follow its last line.
        let mut who = broken(&format!("{}{level}", row.who), 40);
        let figures = format!(
            "  {:<40} {:>5} {:>5} {:>7} {:>7} {:>10}",
            who.pop().unwrap_or_default(),
            percent(row.explained_right_share),
            percent(row.explained_wrong_share),
            minutes(row.time_to_explain_restricted_mean_s),
            minutes(row.restored.time_to_restore_restricted_mean_s),
            Usd(row.restored.loss_usd_mean).to_string()
        );
        who.into_iter().map(|line| format!("  {line}")).chain([figures]).collect::<Vec<_>>()
    }));
    lines
}

fn program(program: &ProgramReport) -> Vec<String> {
    let [calls, budget] = program.budgets;
    let mut lines = vec![
        format!("\nThe program '{}' on the same incidents", plain(&program.command)),
        format!(
            "  {calls} calls and {budget} story minutes for each; mean minutes, and how many more than the model"
        ),
        format!(
            "  {:<8} {:>5} {:>5} {:>16} {:>16} {:>5} {:>6} {:>8}",
            "level", "right", "wrong", "explain", "restore", "rem.", "calls", "tokens"
        ),
    ];
    lines.extend(program.levels.iter().map(|level| {
        let row = &level.figures;
        let with = |mean_s: f64, later_s: f64| format!("{} ({:+.0})", minutes(mean_s), later_s / 60.0);
        format!(
            "  {:<8} {:>5} {:>5} {:>16} {:>16} {:>5.1} {:>6.0} {:>8}",
            row.level.name(),
            percent(row.explained_right_share),
            percent(row.explained_wrong_share),
            with(row.time_to_explain_restricted_mean_s, level.explains_later_s),
            with(row.time_to_restore_restricted_mean_s, level.restores_later_s),
            row.wrong_remedies_mean,
            level.calls_mean,
            level.tokens_mean.map_or("-".to_owned(), |tokens| format!("{tokens:.0}"))
        )
    }));
    lines
}

/// A metric's name, its unit, and how many measured units make one of that unit.
fn named(metric: Metric) -> (&'static str, &'static str, f64) {
    match metric {
        Metric::Restore => ("Time to restore", "min", 60.0),
        Metric::Loss => ("Loss", "$1,000", 1_000.0),
        Metric::Explain | Metric::ExplainFromCall => ("Time to the right explanation", "min", 60.0),
    }
}

fn differences(report: &CompareReport, metric: Metric) -> Vec<String> {
    let (what, unit, scale) = named(metric);
    let mut lines = vec![
        format!("\n{what}, {unit}: paired differences, below 0 shorter or less"),
        format!(
            "  {:<17} {:>6} {:>11} {:>5} {:>6} {:>11} {:>14}",
            "step", "mean", "95 %", "ratio", "median", "95 %", "less same more"
        ),
    ];
    let row = |paired: &Paired| {
        let [shorter, same, longer] = paired.scenarios;
        let whole = |Interval { low, high }: Interval| {
            // Adding 0.0 turns -0 into 0.
            let [low, high] = [low, high].map(|end| (end / scale).round() + 0.0);
            format!("{low:.0} to {high:.0}")
        };
        format!(
            "  {:<17} {:>6.1} {:>11} {:>5.2} {:>6.1} {:>11} {:>14}",
            format!("{} to {}", paired.against.name(), paired.level.name()),
            paired.difference / scale + 0.0,
            whole(paired.interval),
            paired.ratio,
            paired.median / scale + 0.0,
            paired.median_interval.map_or("-".to_owned(), whole),
            format!("{shorter:>4} {same:>4} {longer:>4}")
        )
    };
    lines.extend(report.paired.iter().filter(|paired| paired.metric == metric).map(row));
    lines
}

/// The effect of telemetry, of the operating model, and of both together.
fn two_by_two(report: &CompareReport) -> Vec<String> {
    let Some(two) = &report.two_by_two else { return Vec::new() };
    let ((first, poorest), (second, richest)) = (two.from, two.to);
    let mut lines = vec![
        format!("\nFrom {first} at {poorest} to {second} at {richest}: whose part, below 0 shorter or less"),
        format!("  {:<26} {:>8} {:>17}", "", "mean", "95 % interval"),
    ];
    for effect in &two.effects {
        let (what, unit, scale) = named(effect.metric);
        lines.push(format!("  {what}, {unit} ({:.0} at first)", effect.at_first / scale));
        lines.extend(Effect::PARTS.iter().zip(effect.parts()).map(|(part, difference)| {
            let interval = interval(difference.interval, scale);
            format!("    {part:<26} {:>6.1} {interval:>17}", difference.mean / scale)
        }));
    }
    lines.extend(two.tornado.as_ref().map(tornado).unwrap_or_default());
    lines
}

/// Sensitivity of the headline figure: its value at both ends of each assumption's range.
fn tornado(tornado: &Tornado) -> Vec<String> {
    let row = |swing: &Swing| {
        let [low, high] = swing.range;
        let [at_low, at_high] = swing.differences.map(|seconds| seconds / 60.0);
        let range = format!("{low} to {high}");
        format!("  {:<42} {:>5} {range:>12} {at_low:>7.1} {at_high:>7.1}", swing.name(), swing.value)
    };
    let title = format!(
        "\nTime to restore, min, both together: {:.1} as assumed; at the ends of each range",
        tornado.difference / 60.0
    );
    let head =
        format!("  {:<42} {:>5} {:>12} {:>7} {:>7}", "assumption", "value", "range", "at low", "at high");
    [title, head].into_iter().chain(tornado.rows.iter().map(row)).collect()
}

/// Scenarios for which the highest level brings no earlier explanation than the lowest.
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

/// The finding of each doubt. The page and the JSON hold the figures.
fn doubts(report: &CompareReport) -> Vec<String> {
    let line = |(finding, doubt): (String, String)| {
        let finding = plain(&finding.replace('\u{a0}', " "));
        if doubt.is_empty() {
            format!("  {finding}.")
        } else {
            format!("  The doubt: {doubt}. Found: {finding}.")
        }
    };
    let found = debrief::compare::doubts_found(report).into_iter().map(line);
    std::iter::once("\nWhat else could explain these figures".to_owned()).chain(found).collect()
}

/// One row for each round of each team. People and the model get separate tables.
fn teams(teams: &Teams) -> Vec<String> {
    let mut lines = vec!["\nTeams of the incident room: people or their programs, no model".to_owned()];
    lines.push("  Story minutes after the loss; * helped by a hint or a further level".to_owned());
    for session in &teams.sessions {
        lines.push(format!(
            "  {}; left out: {} rounds in which nobody did anything",
            plain(&session.folder),
            session.idle
        ));
        let row = |cells: [&str; 6]| {
            let [level, team, round, scenario, explained, restored] = cells;
            format!("    {level:<8} {team:<20.20} {round:>5} {scenario:<19.19} {explained:>9} {restored:>8}")
        };
        lines.push(row(["level", "team", "round", "scenario", "explained", "restored"]));
        lines.extend(session.rounds.iter().map(|dot| {
            let level = format!("{}{}", dot.level, if dot.is_helped { "*" } else { "" });
            let [explained, restored] = dot.words();
            row([
                &level,
                &plain(&dot.team),
                &dot.round.to_string(),
                &plain(&dot.scenario),
                &explained,
                &restored,
            ])
        }));
    }
    let concluded = format!("What may be concluded: {}.", teams.may_be_concluded);
    lines.extend(broken(&plain(&concluded), 76).iter().map(|line| format!("  {line}")));
    lines
}

fn minutes(seconds: f64) -> String {
    // Adding 0.0 turns -0 into 0.
    format!("{:.0}", (seconds / 60.0).round() + 0.0)
}

fn percent(share: f64) -> String {
    format!("{:.0}", share * 100.0)
}

fn interval(Interval { low, high }: Interval, scale: f64) -> String {
    format!("{:.1} to {:.1}", low / scale, high / scale)
}

#[cfg(test)]
mod tests {
    use incident::Level;
    use report::compare::{TeamDot, TeamSession};

    use super::*;

    #[test]
    fn each_round_of_a_team_is_a_line_of_its_own() {
        let dot = |explained_s, is_lost: bool| TeamDot {
            team: "Team \u{1b}[31m".to_owned() + &"a".repeat(40),
            round: 12,
            scenario: "an-incident-with-a-long-name".to_owned(),
            seed: 3,
            level: Level::Changes,
            is_helped: true,
            over_s: is_lost.then_some(9_000.0),
            explained_s,
            is_right: explained_s == Some(600.0),
            restored_s: None,
        };
        let rounds = vec![dot(Some(600.0), true), dot(Some(660.0), true), dot(None, true), dot(None, false)];
        let session = TeamSession { folder: "out/room".to_owned(), rounds, idle: 1, is_balanced: false };
        let lines = teams(&Teams::new(vec![session]));
        assert!(
            lines.iter().all(|line| line.chars().count() <= 80 && !line.contains('\u{1b}')),
            "{lines:#?}"
        );
        let ends = [" 10    never", "not right    never", "none    never", "not lost        -"];
        let rounds = lines.iter().filter(|line| line.starts_with("    changes* Team"));
        assert_eq!(rounds.clone().count(), ends.len());
        assert!(rounds.zip(ends).all(|(line, end)| line.ends_with(end)), "{lines:#?}");
        assert!(!lines.join(" ").contains("mean") && !lines.join(" ").contains("median"), "{lines:#?}");
    }
}
