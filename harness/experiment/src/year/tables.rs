//! The results of all years, as tables: the title is the finding, and the figures follow.

use std::collections::BTreeMap;

use diagnosis::operating::parameters::ASSUMED;
use incident::{ContributingFactor, LatentFault, Usd};
use report::{
    Interval,
    year::{Cell, Table, YearReport},
};

use super::{
    Figures, Key, Measure, QUEUE_TEAMS, YearOptions, is_of_headline,
    measured::Measured,
    parameters::{CALL_OUT_USD, SHIFT_HOUR_USD, STANDBY_WEEK_USD, swings},
    plan::{Arrangement, Learning, TARGETS, TEAM},
    queue::{WORKS_FROM, WORKS_TO},
};
use crate::compare::{
    playback::HORIZON_S,
    statistics::{average, quantile},
};

/// The queue hurts if an incident waits in it longer than the playbook's longest acknowledgement.
const HURTS_MINUTES: f64 = 20.0;
/// The quantiles between which 90 % of the seeds lie.
const BAND: (f64, f64) = (0.05, 0.95);

/// A measure, its name, and how many digits are shown after the point.
type Shown = (Measure, &'static str, usize);

const OF_TEAMS: [Shown; 12] = [
    (Measure::Losses, "losses of availability", 0),
    (Measure::Waited, "minutes in a queue", 0),
    (Measure::WaitedP90, "the same, p90", 0),
    (Measure::Restore, "minutes to restore", 0),
    (Measure::RestoreP90, "the same, p90", 0),
    (Measure::NotRestored, "not restored, %", 0),
    (Measure::LossMillions, "loss, $ million", 1),
    (Measure::Effectiveness, "effectiveness, %", 0),
    (Measure::Deployments, "deployments", 0),
    (Measure::CallOuts, "call-outs", 0),
    (Measure::CostLow, "cost least, $1,000", 0),
    (Measure::CostHigh, "cost most, $1,000", 0),
];

const OF_QUEUE: [Shown; 5] = [
    (Measure::Waited, "minutes", 0),
    (Measure::WaitedP90, "p90", 0),
    (Measure::Busy, "L2 busy, %", 0),
    (Measure::OnIncidents, "on incidents", 0),
    (Measure::Restore, "to restore", 0),
];

const OF_LEARNING: [Shown; 5] = [
    (Measure::Losses, "losses of availability", 0),
    (Measure::Repeated, "of them, repeated", 0),
    (Measure::WrittenTwice, "actions written twice", 0),
    (Measure::Repaired, "faults repaired", 0),
    (Measure::LossMillions, "loss, $ million", 1),
];

pub(super) struct Study<'a> {
    pub(super) options: &'a YearOptions,
    pub(super) measured: &'a Measured,
    pub(super) told: BTreeMap<Key, Vec<Figures>>,
}

impl Study<'_> {
    pub(super) fn report(&self) -> YearReport {
        let (options, most) = (self.options, self.options.most());
        let teams: Vec<String> = options.teams.iter().map(ToString::to_string).collect();
        let mut tables: Vec<Table> = options.teams.iter().map(|teams| self.of_teams(*teams)).collect();
        tables.extend([self.queue(), self.tornado(), self.learning(), self.saved()]);
        let of = |who, measure| self.mean(Key::Row(most, who), measure);
        let central = of(Arrangement::Central, Measure::Restore);
        let sooner = self.sooner(|who| Key::Row(most, who));
        let Interval { low, high } = band(&sooner);
        let (incidents, played) = (&self.measured.incidents, self.measured.incidents.len());
        YearReport {
            seed: options.seed,
            seeds: options.seeds.get(),
            title: format!("One central line, or each team on call: a year with {} teams", teams.join(", ")),
            kicker: format!("a simulated year · telemetry level {}", options.level),
            finding: format!(
                "With {most} teams, an incident is restored after {central:.0} minutes by a central line, and after {:.0} where each team is on \
                 call for what it builds: {:.0} minutes sooner ({low:.0} to {high:.0} in nine of ten years). For {:.0} of the {central:.0} it lay \
                 in a queue.",
                of(Arrangement::Own, Measure::Restore),
                average(&sooner),
                of(Arrangement::Central, Measure::Waited)
            ),
            mornings: Vec::new(),
            tables,
            rests_on: format!(
                "Every incident is one of {played} that were played in virtual time: all {} scenarios of the library, whole and with latent faults \
                 repaired, by the model responder, whose minutes are assumed. glyphfall year --measure plays them again (hash {}); a test plays \
                 some of them.",
                incidents.iter().filter(|row| row.repaired.is_empty()).count(),
                self.measured.hash
            ),
            assumed: assumed(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: options.command(),
        }
    }

    fn values(&self, key: Key, measure: Measure) -> Vec<f64> {
        self.told[&key].iter().map(|told| told[measure as usize]).collect()
    }

    fn mean(&self, key: Key, measure: Measure) -> f64 {
        average(&self.values(key, measure))
    }

    /// A row for each measure, a column for each year.
    fn compared(&self, table: Table, shown: &[Shown], keys: &[Key]) -> Table {
        shown.iter().fold(table, |table, (measure, name, digits)| {
            table.with(*name, keys.iter().map(|key| cell(&self.values(*key, *measure), *digits)))
        })
    }

    fn of_teams(&self, teams: usize) -> Table {
        let keys = Arrangement::ALL.map(|who| Key::Row(teams, who));
        let [central, own, mixed] = keys.map(|key| self.mean(key, Measure::Restore));
        let title = format!(
            "{teams} teams: restored after {central:.0} minutes by a central line, {own:.0} by the teams themselves, {mixed:.0} by target"
        );
        let about = "A year: the mean, and in brackets where nine of ten seeds lie. Loss protection effectiveness is an incident\u{2019}s, on the \
                     basis of a week. Cost is of on-call weeks, call-outs and shifts outside working hours, at the least and the most pay.";
        let table = Table::new(title, about, &["", "central line", "each its own", "by target"]);
        self.compared(table, &OF_TEAMS, &keys)
    }

    fn queue(&self) -> Table {
        let waits = |teams: &usize| self.mean(Key::Queue(*teams), Measure::Waited);
        let most = QUEUE_TEAMS[QUEUE_TEAMS.len() - 1];
        let title = match QUEUE_TEAMS.iter().find(|teams| waits(teams) > HURTS_MINUTES) {
            Some(teams) => format!("The central line\u{2019}s queue begins to hurt at {teams} teams"),
            None => format!("The central line\u{2019}s queue does not hurt, up to {most} teams"),
        };
        let at_most = |key| cell(&self.values(key, Measure::Waited), 1).text();
        let about = format!(
            "Minutes that an incident lies in a queue of the central line until it is restored, by the number of teams, and how busy L2 is in \
             working hours; above 100 % tickets pile up. It hurts from {HURTS_MINUTES:.0} minutes on: the longest acknowledgement that the playbook tells of. Why: with {most} \
             teams it is {} minutes without L2\u{2019}s other tickets, and {} if the central line releases as often as a team of its own: one \
             release breaks several things at once.",
            at_most(Key::NoTickets),
            at_most(Key::SmallReleases)
        );
        let columns: Vec<&str> = std::iter::once("teams").chain(OF_QUEUE.map(|(_, name, _)| name)).collect();
        QUEUE_TEAMS.iter().fold(Table::new(title, &about, &columns), |table, teams| {
            let cells =
                OF_QUEUE.map(|(measure, _, digits)| cell(&self.values(Key::Queue(*teams), measure), digits));
            table.with(teams.to_string(), cells)
        })
    }

    /// Minutes by which teams on call restore sooner than a central line, seed by seed.
    fn sooner(&self, key: impl Fn(Arrangement) -> Key) -> Vec<f64> {
        let [central, own] =
            [Arrangement::Central, Arrangement::Own].map(|who| self.values(key(who), Measure::Restore));
        central.iter().zip(own).map(|(central, own)| central - own).collect()
    }

    fn tornado(&self) -> Table {
        let row = |(place, (about, _))| {
            let about: diagnosis::operating::parameters::About<()> = about;
            let at = |end| average(&self.sooner(|who| Key::Swing(place, end, who)));
            let ends = is_of_headline(&about).then(|| [at(0), at(1)]);
            (about, ends)
        };
        let mut rows: Vec<_> = swings().into_iter().enumerate().map(row).collect();
        let reach = |ends: Option<[f64; 2]>| ends.map_or(-1.0, |[low, high]| (high - low).abs());
        rows.sort_by(|one, other| reach(other.1).total_cmp(&reach(one.1)));
        let title =
            format!("Of what is assumed, \u{201c}{}\u{201d} moves the difference most", rows[0].0.name);
        let about = format!(
            "Minutes by which teams on call restore sooner than a central line, with {} teams, where one assumption is at the low and at the high end \
             of its range. As assumed: {}. \u{201c}No part\u{201d}: it changes learning or money alone.",
            self.options.most(),
            cell(&self.sooner(|who| Key::Row(self.options.most(), who)), 0).text()
        );
        let table = Table::new(title, &about, &["assumption", "value", "range", "sooner, min", "from"]);
        rows.into_iter().fold(table, |table, (about, ends)| {
            let ends = ends.map_or("no part".to_owned(), |[low, high]| format!("{low:.0} to {high:.0}"));
            let [low, high] = about.range;
            let cells = [about.value.to_string(), format!("{low}-{high}"), ends, about.source.to_owned()];
            table.with(format!("{}, {}", about.name, about.unit), cells.map(Cell::Text))
        })
    }

    fn learning(&self) -> Table {
        let keys = Learning::ALL.map(Key::Learning);
        let [nothing, one_cause, factors] = keys.map(|key| self.mean(key, Measure::Repeated));
        let title = format!(
            "Losses that repeat a fault: {nothing:.0} a year where nothing is learned, {one_cause:.0} after a rush to fix, {factors:.0} where \
             factors are repaired"
        );
        let about = "With the most teams, each on call. Rush to fix: one latent fault is named, its fix goes on a backlog, and few are taken from it. \
                     Factors: all latent faults that contributed are repaired within days. Repeated: a fault contributed that had contributed to an \
                     earlier loss of the team.";
        let table = Table::new(title, about, &["after an incident", "nothing", "rush to fix", "factors"]);
        self.compared(table, &OF_LEARNING, &keys)
    }

    fn saved(&self) -> Table {
        let learned = self.values(Key::Learning(Learning::Factors), Measure::LossMillions);
        let rows = LatentFault::ALL.map(|fault| {
            let never = self.values(Key::Never(fault), Measure::LossMillions);
            let saved: Vec<f64> =
                never.iter().zip(&learned).map(|(never, learned)| (never - learned) * 1e3).collect();
            (ContributingFactor::LATENT_FAULTS[fault as usize].name().replace('-', " "), saved)
        });
        let most = rows.iter().max_by(|one, other| average(&one.1).total_cmp(&average(&other.1)));
        let (name, saved) = most.expect("there are latent faults");
        let title = format!("{name} is worth most: its repair saves {} a year", Usd(average(saved) * 1e3));
        let about = "What would be lost more in a year if this fault alone were never repaired, and all others within days. Savings overlap and do \
                     not add up.";
        let table = Table::new(title, about, &["latent fault", "saved by its repair, $1,000 a year"]);
        rows.iter().fold(table, |table, (name, saved)| table.with(name.clone(), [cell(saved, 0)]))
    }
}

fn band(values: &[f64]) -> Interval {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Interval { low: quantile(&sorted, BAND.0), high: quantile(&sorted, BAND.1) }
}

fn cell(values: &[f64], digits: usize) -> Cell {
    Cell::Figure { mean: average(values), band: Some(band(values)), digits }
}

/// A minute of the day as a time: `09:00`.
fn time_of_day(minute: f64) -> String {
    format!("{:02.0}:{:02.0}", (minute / 60.0).floor(), minute % 60.0)
}

fn assumed() -> Vec<String> {
    let table = swings();
    let count = table.iter().filter(|(about, _)| about.source == ASSUMED).count();
    let [by_day, outside] = TEAM;
    let pay = |(low, high): (f64, f64)| format!("{} to {}", Usd(low), Usd(high));
    vec![
        format!("{count} of {} parameters have no source; their table says which.", table.len()),
        format!(
            "Pay: {} for a week on call, {} for a call-out, {} for an hour of a shift outside working hours.",
            pay(STANDBY_WEEK_USD),
            pay(CALL_OUT_USD),
            pay(SHIFT_HOUR_USD)
        ),
        "Every scenario of the library is equally likely. What a change breaks shows at the next release, and costs as much in a large release as \
         in a small one."
            .to_owned(),
        format!(
            "Working hours are {} to {} from Monday to Friday, without holidays. The teams have these targets by turns: {}.",
            time_of_day(WORKS_FROM),
            time_of_day(WORKS_TO),
            TARGETS.map(|target| format!("{:.1} %", target * 100.0)).join(", ")
        ),
        format!(
            "L1 has no other work. A team has {by_day} people for its incidents in working hours and {outside} outside them; its other work waits. \
             Nobody leaves work that was begun; who is on call takes urgent work alone. A ticket is urgent unless no page was seen to fail when it \
             was opened."
        ),
        format!(
            "What a handover loses is looked for again. An incident that the model responder does not restore takes {:.0} minutes, or as long as \
             the work.",
            HORIZON_S / 60.0
        ),
        "Repairs of latent faults are those that were measured: an incident is then the one that was played with them. No other fix changes anything."
            .to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_assumed_is_told_from_what_is_computed_with() {
        let all = assumed().join(" ");
        for part in
            ["are 09:00 to 18:00 from", "by turns: 95.0 %, 99.0 %, 99.9 %.", "has 3 people", "and 1 outside"]
        {
            assert!(all.contains(part), "{part}: {all}");
        }
    }
}
