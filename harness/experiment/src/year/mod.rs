//! Simulates a year of changes and incidents for many teams: one central support line, or each team on call for what it builds, or by
//! availability target. Teaches where time to restore comes from when nobody is slow: queues, handovers, and what a team learns afterwards.
//!
//! - [`measured`]: the incidents, as they were played. [`parameters`]: all other assumptions of a year.
//! - [`plan`]: a year as work for desks. [`queue`]: how the desks do that work. `tables`: the results of all years.
//! - [`story`]: one incident many times, and the distribution of its time to restore.

pub mod measured;
pub mod parameters;
pub mod plan;
pub mod queue;
pub mod story;
mod tables;

use std::{collections::BTreeMap, convert::Infallible, num::NonZeroUsize, sync::atomic::Ordering};

use diagnosis::operating::parameters::About;
use incident::{LatentFault, Level, Usd, outcome};
use report::year::YearReport;

use crate::{
    compare::{
        playback::HORIZON_S,
        statistics::{average, quantile},
    },
    sweep::{Watch, sweep},
};
use measured::Measured;
use parameters::{CALL_OUT_USD, Of, SHIFT_HOUR_USD, STANDBY_WEEK_USD, Values, swings};
use plan::{Arrangement, Call, Learning, TARGETS, Year, exposure_usd};
use queue::{DAY, Done, WORKING_SHARE, YEAR, is_working, next_change};

/// The default numbers of teams.
pub const TEAMS: [usize; 3] = [6, 12, 25];
pub const SEEDS: NonZeroUsize = NonZeroUsize::new(100).expect("a hundred is not zero");
/// The lowest level at which an alert calls somebody, in both operating models.
pub const LEVEL: Level = Level::Metrics;
/// The upper limit: the effects show with far fewer teams.
pub const TEAMS_MAX: usize = 100;
/// The upper limit: bands no longer change beyond it, and all results stay in memory.
pub const SEEDS_MAX: usize = 1_000;

/// The numbers of teams in the table of the central line's queue.
const QUEUE_TEAMS: [usize; 8] = [6, 12, 18, 24, 27, 30, 36, 42];
/// How long the simulation runs on after the year, in minutes, so that the last incidents end.
const AFTERWARDS: f64 = 28.0 * DAY;
/// The parameters of learning and money, which do not change the time to restore.
const NOT_OF_HEADLINE: [Of; 6] =
    [Of::OutsideTrade, Of::Domain, Of::SmallExposure, Of::TakenUp, Of::BacklogDays, Of::RepairDays];

#[derive(Clone, Debug)]
pub struct YearOptions {
    /// Numbers of teams, fewest first.
    pub teams: Vec<usize>,
    pub seed: u64,
    pub seeds: NonZeroUsize,
    pub level: Level,
    pub threads: NonZeroUsize,
}

impl YearOptions {
    pub fn command(&self) -> String {
        let teams: Vec<String> = self.teams.iter().map(ToString::to_string).collect();
        let (teams, Self { seed, seeds, level, .. }) = (teams.join(","), self);
        format!("glyphfall year --teams {teams} --seed {seed} --seeds {seeds} --level {level}")
    }

    fn most(&self) -> usize {
        self.teams.last().copied().unwrap_or_default()
    }

    pub fn years(&self) -> usize {
        self.conditions().len() * self.seeds.get()
    }

    /// All simulated years. Each runs with every seed.
    fn conditions(&self) -> BTreeMap<Key, Year> {
        let (seed, level, most) = (self.seed, self.level, self.most());
        let year = |arrangement, teams| {
            let (learning, values) = (Learning::None, Values::default());
            Year { seed, teams, arrangement, level, learning, never: None, values }
        };
        let rows = self
            .teams
            .iter()
            .flat_map(|teams| Arrangement::ALL.map(|who| (Key::Row(*teams, who), year(who, *teams))));
        let mut list: BTreeMap<Key, Year> = rows.collect();
        list.extend(QUEUE_TEAMS.map(|teams| (Key::Queue(teams), year(Arrangement::Central, teams))));
        let longest = year(Arrangement::Central, QUEUE_TEAMS[QUEUE_TEAMS.len() - 1]);
        let usual = Values::default();
        let small = usual.with(Of::CentralRelease, usual[Of::OwnRelease]);
        for (key, values) in [(Key::NoTickets, usual.with(Of::Tickets, 0.0)), (Key::SmallReleases, small)] {
            list.insert(key, Year { values, ..longest });
        }
        for (place, (about, ends)) in swings().into_iter().enumerate() {
            for (end, values) in ends.into_iter().enumerate().filter(|_| is_of_headline(&about)) {
                let at = |who| (Key::Swing(place, end, who), Year { values, ..year(who, most) });
                list.extend([Arrangement::Central, Arrangement::Own].map(at));
            }
        }
        let own = year(Arrangement::Own, most);
        list.extend(Learning::ALL.map(|learning| (Key::Learning(learning), Year { learning, ..own })));
        let factors = Year { learning: Learning::Factors, ..own };
        list.extend(
            LatentFault::ALL.map(|fault| (Key::Never(fault), Year { never: Some(fault), ..factors })),
        );
        list
    }
}

fn is_of_headline(about: &About<()>) -> bool {
    !NOT_OF_HEADLINE.iter().any(|of| parameters::TABLE[*of as usize].name == about.name)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Row(usize, Arrangement),
    Queue(usize),
    NoTickets,
    /// The central line with the most teams of `QUEUE_TEAMS`, without L2's other tickets; then with releases as small as the teams' own.
    SmallReleases,
    /// A parameter by its place, at the low or the high end.
    Swing(usize, usize, Arrangement),
    Learning(Learning),
    Never(LatentFault),
}

/// Simulates all years from these incidents; `None` if it was stopped.
pub fn year(options: &YearOptions, measured: &Measured, watch: Watch<'_>) -> Option<YearReport> {
    let conditions = options.conditions();
    let seeds = options.seeds.get() as u64;
    let jobs: Vec<(&Year, u64)> =
        conditions.values().flat_map(|year| (0..seeds).map(move |step| (year, step))).collect();
    let Ok(told) = sweep(&jobs, options.threads, watch, |(year, step)| {
        let year = Year { seed: year.seed + step, ..**year };
        Ok::<_, Infallible>(Some(figures(&year, measured)))
    });
    if watch.stop.load(Ordering::Relaxed) {
        return None;
    }
    let mut told = told.into_iter().flatten();
    let told =
        conditions.keys().map(|key| (*key, told.by_ref().take(options.seeds.get()).collect())).collect();
    Some(tables::Study { options, measured, told }.report())
}

/// The figures of a year. Means are over incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    Losses,
    /// Minutes that an incident waited while everybody at its desk was busy or away, until it was restored.
    Waited,
    WaitedP90,
    /// Minutes from the loss to the restoration. This, `Waited` and both p90 cover only incidents that somebody in the shop can mend.
    Restore,
    RestoreP90,
    /// Percent of these incidents that the responder did not restore. They count as five hours, or as the work's time if that is longer.
    NotRestored,
    LossMillions,
    /// Mean over incidents in percent, on the basis of a week; see [`outcome::effectiveness`].
    Effectiveness,
    Deployments,
    /// People called outside working hours.
    CallOuts,
    /// The cost of on-call weeks, call-outs and shifts outside working hours, in thousands of dollars: at the lowest pay, then at the highest.
    CostLow,
    CostHigh,
    /// Percent of L2's working hours spent on any work, then on incidents.
    Busy,
    OnIncidents,
    /// Losses with a latent fault that had contributed to an earlier loss of the same team.
    Repeated,
    /// Fix actions that were already on the backlog when they were written.
    WrittenTwice,
    Repaired,
}

type Figures = [f64; Measure::Repaired as usize + 1];

fn figures(year: &Year, measured: &Measured) -> Figures {
    let plan = year.plan(measured);
    let (done, worked) = queue::run(&plan.staff, &plan.jobs, YEAR + AFTERWARDS);
    let (mut waited, mut restored, mut effective) = (Vec::new(), Vec::new(), Vec::new());
    let [mut losses, mut loss_usd, mut not_restored, mut call_outs, mut repeated] = [0.0; 5];
    for (call, done) in plan.calls.iter().zip(&done) {
        let minutes = restore_minutes(call, done);
        call_outs += done.call_outs as f64;
        if !call.incident.is_loss {
            continue;
        }
        losses += 1.0;
        repeated += f64::from(u8::from(call.is_repeated));
        if call.incident.can_be_mended {
            restored.push(minutes);
            waited.push(done.waited.iter().take(call.restoring_steps).sum());
            not_restored += f64::from(u8::from(call.settled.or(call.incident.healed).is_none()));
        }
        let exposure = exposure_usd(call.team, &year.values);
        let share = exposure / incident::Story::default().loss_usd_per_minute.0;
        let lost = call.incident.loss_usd_at(minutes) * share * trade(call.at, minutes, &year.values);
        loss_usd += lost;
        let target = TARGETS[call.team % TARGETS.len()];
        let tolerable_s = outcome::tolerable_unavailability_s(target, incident::ToleratedIn::Week);
        effective.push(outcome::effectiveness(Usd(lost), Usd(exposure), tolerable_s));
    }
    let [waited, restored] = [&mut waited, &mut restored].map(|all| {
        all.sort_by(f64::total_cmp);
        (average(all), quantile(all, 0.9), all.len().max(1) as f64)
    });
    let cost = |end: fn((f64, f64)) -> f64| {
        let (weeks, hours) = year.standby();
        let paid =
            [weeks * end(STANDBY_WEEK_USD), hours * end(SHIFT_HOUR_USD), call_outs * end(CALL_OUT_USD)];
        paid.iter().sum::<f64>() / 1e3
    };
    let second_line = year.values.count(Of::SecondLine) as f64 * YEAR * WORKING_SHARE;
    let [incidents, other] = worked.get(1).copied().unwrap_or_default();
    let mut figures = [0.0; Measure::Repaired as usize + 1];
    for (measure, figure) in [
        (Measure::Losses, losses),
        (Measure::Waited, waited.0),
        (Measure::WaitedP90, waited.1),
        (Measure::Restore, restored.0),
        (Measure::RestoreP90, restored.1),
        (Measure::NotRestored, 100.0 * not_restored / restored.2),
        (Measure::LossMillions, loss_usd / 1e6),
        (Measure::Effectiveness, 100.0 * average(&effective)),
        (Measure::Deployments, plan.deployments as f64),
        (Measure::CallOuts, call_outs),
        (Measure::CostLow, cost(|(low, _)| low)),
        (Measure::CostHigh, cost(|(_, high)| high)),
        (Measure::Busy, 100.0 * (incidents + other) / second_line),
        (Measure::OnIncidents, 100.0 * incidents / second_line),
        (Measure::Repeated, repeated),
        (Measure::WrittenTwice, plan.written_twice as f64),
        (Measure::Repaired, plan.repaired as f64),
    ] {
        figures[measure as usize] = figure;
    }
    figures
}

/// Minutes from the loss to the restoration. An incident that the responder did not restore takes five hours, or as long as the work if that
/// is longer, unless it ends by itself.
fn restore_minutes(call: &Call<'_>, done: &Done) -> f64 {
    let healed = call.incident.healed.unwrap_or(f64::INFINITY);
    let ends = done.steps_done.get(call.restoring_steps - 1).copied().unwrap_or(YEAR + AFTERWARDS);
    let minutes = match call.settled {
        Some(settled) => ends - call.at + settled,
        None => (ends - call.at).max(HORIZON_S / 60.0),
    };
    minutes.min(healed)
}

/// The mean trade in these minutes after `from`, as a share of the trade in working hours.
fn trade(from: f64, minutes: f64, values: &Values) -> f64 {
    let (to, mut at, mut sum) = (from + minutes.max(1.0), from, 0.0);
    while at < to {
        let next = next_change(at).min(to);
        sum += (next - at) * if is_working(at) { 1.0 } else { values[Of::OutsideTrade] };
        at = next;
    }
    sum / (to - from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn year(arrangement: Arrangement, learning: Learning, values: Values) -> Year {
        Year { seed: 7, teams: 9, arrangement, level: LEVEL, learning, never: None, values }
    }

    fn mean(year: &Year, measure: Measure) -> f64 {
        let measured = Measured::built_in();
        let of = |seed| figures(&Year { seed, ..*year }, &measured)[measure as usize];
        average(&(1..=8).map(of).collect::<Vec<_>>())
    }

    #[test]
    fn the_same_incidents_strike_in_every_arrangement() {
        let (measured, values) = (Measured::built_in(), Values::default().with(Of::Failing, 0.0));
        let [central, own, mixed] = Arrangement::ALL.map(|arrangement| {
            let of = |call: Call<'_>| (call.at.to_bits(), call.team, call.incident.scenario.clone());
            let plan = year(arrangement, Learning::None, values).plan(&measured);
            plan.calls.into_iter().map(of).collect::<Vec<_>>()
        });
        assert!(central.len() > 50 && central == own && own == mixed);
    }

    #[test]
    fn repaired_factors_end_what_repeats_and_a_backlog_hardly_does() {
        let of = |measure| {
            Learning::ALL.map(|learning| mean(&year(Arrangement::Own, learning, Values::default()), measure))
        };
        let repeated @ [nothing, one_cause, factors] = of(Measure::Repeated);
        assert!(factors < 0.5 * nothing && factors < one_cause && one_cause <= nothing, "{repeated:?}");
        let [_, one_cause, factors] = of(Measure::WrittenTwice);
        assert!(one_cause > 0.0 && factors < f64::EPSILON);
    }

    #[test]
    fn nobody_waits_where_there_are_people_enough_and_many_do_where_there_are_not() {
        let central = |people: f64, tickets: f64| {
            let values = Values::default().with(Of::SecondLine, people).with(Of::Tickets, tickets);
            mean(&year(Arrangement::Central, Learning::None, values), Measure::Waited)
        };
        assert!(central(40.0, 4.0) < central(1.0, 4.0));
        assert!(central(1.0, 0.0) < central(1.0, 4.0));
    }

    #[test]
    fn trade_outside_working_hours_counts_in_part() {
        let values = Values::default().with(Of::OutsideTrade, 0.25);
        let near = |from: f64, minutes: f64, expected: f64| {
            assert!((trade(from, minutes, &values) - expected).abs() < 1e-9, "{from}");
        };
        near(queue::WORKS_FROM, 60.0, 1.0);
        near(queue::WORKS_TO - 30.0, 60.0, 0.625);
        near(6.0 * DAY, 600.0, 0.25);
    }
}
