//! Plans a year as work for people at desks: when incidents strike which team, and which desks they go through. Teaches that operating models
//! share their incidents and differ in who gets them, when, and how often they change hands.
//!
//! Each incident has its own random generator, so the same incidents strike in every arrangement. A failing change strikes at the next
//! release, and the arrangement decides when that is. A ticket goes from line to line as in [`diagnosis::operating::Ticket`], except that
//! other work is simulated, not drawn.

use diagnosis::operating::{Line, Parameter};
use incident::{LatentFault, Level, OperatingModel};
use rand::{Rng, RngExt};

use super::{
    measured::{Handled, Incident, Measured},
    parameters::{Of, Values},
    queue::{DAY, Job, Staff, Step, WEEK, WORKING_SHARE, WORKS_FROM, WORKS_TO, YEAR, is_working},
};
use crate::factors::REPAIRED;

/// Who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arrangement {
    /// All teams share one central support line, and release together.
    Central,
    /// Each team runs what it builds, and is on call for it.
    Own,
    /// By availability target: nobody out of hours at 95.0 %, a rota that several teams share at 99.0 %, a rota of its own at 99.9 %.
    Mixed,
}

/// What a team does after an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Learning {
    None,
    /// Rush to fix: one latent fault is named, and its fix goes on a backlog, from which few fixes are taken.
    OneCause,
    /// All latent faults that contributed are repaired within days.
    Factors,
}

impl Arrangement {
    pub const ALL: [Self; 3] = [Self::Central, Self::Own, Self::Mixed];
}

impl Learning {
    pub const ALL: [Self; 3] = [Self::None, Self::OneCause, Self::Factors];
}

/// The availability targets, which the teams have by turns.
pub const TARGETS: [f64; 3] = [0.95, 0.99, 0.999];
/// The exposure with the last two targets, in dollars a minute: the first value is assumed, the second is from the playbook.
const EXPOSURE_USD: [f64; 2] = [200_000.0 / 60.0, 5_000.0];

/// People of a team who can take an incident: three in working hours, the least number for a rota (playbook), and one outside them.
pub const TEAM: Staff = [3, 1];

/// The shortest wait on a backlog, in days: the playbook says weeks to months.
const BACKLOG_DAYS_LEAST: f64 = 14.0;

/// One year with one arrangement of the teams.
#[derive(Clone, Copy, Debug)]
pub struct Year {
    pub seed: u64,
    pub teams: usize,
    pub arrangement: Arrangement,
    pub level: Level,
    pub learning: Learning,
    /// A fault that is never repaired.
    pub never: Option<LatentFault>,
    pub values: Values,
}

#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// When availability is lost, or would have been; in minutes.
    pub at: f64,
    pub team: usize,
    pub incident: &'a Incident,
    /// Minutes from the end of the work to the restoration; `None` if the responder does not restore it.
    pub settled: Option<f64>,
    /// The number of steps until the end of that work.
    pub restoring_steps: usize,
    /// Whether a latent fault contributes that also contributed to an earlier loss of this team.
    pub is_repeated: bool,
}

#[derive(Debug, Default)]
pub struct Plan<'a> {
    pub staff: Vec<Staff>,
    /// First the work on the incidents, in their order; then other work.
    pub jobs: Vec<Job>,
    pub calls: Vec<Call<'a>>,
    pub deployments: usize,
    /// Fix actions that were written down again although they were already on the backlog.
    pub written_twice: usize,
    pub repaired: usize,
}

/// The loss in a full outage of a team's service in working hours, in dollars a minute.
pub fn exposure_usd(team: usize, values: &Values) -> f64 {
    let [domain, own] = EXPOSURE_USD;
    [values[Of::SmallExposure], domain, own][team % TARGETS.len()]
}

/// The random draws of one incident. Every arrangement draws all of them.
struct Chance {
    incident: f64,
    acknowledged: [f64; 2],
    bounced: f64,
    helpers: f64,
    one_cause: f64,
    is_taken_up: f64,
    lead: f64,
}

impl Chance {
    fn of(seed: u64, team: usize, what: &str) -> Self {
        let mut chance = chassis::rng(seed, "incident", &format!("{team} {what}"));
        let [incident, soon, again, bounced, helpers, one_cause, is_taken_up, lead] = chance.random();
        Self { incident, acknowledged: [soon, again], bounced, helpers, one_cause, is_taken_up, lead }
    }
}

impl Year {
    pub fn plan<'a>(&self, measured: &'a Measured) -> Plan<'a> {
        let mut plan = Plan { staff: self.staff(), ..Plan::default() };
        let whole: Vec<&Incident> = measured.incidents.iter().filter(|row| row.repaired.is_empty()).collect();
        for team in 0..self.teams {
            let mut strikes = self.strikes(team, &mut plan);
            strikes.sort_by(|one, other| one.0.total_cmp(&other.0));
            let mut memory = Memory::default();
            for (at, what) in strikes {
                let chance = Chance::of(self.seed, team, &what);
                let (incident, level) =
                    memory.now(self.level, whole[place(chance.incident, whole.len())], measured, at);
                let is_repeated = incident.is_loss && memory.learn(self, incident, at, &chance, &mut plan);
                self.call(&mut plan, at, team, (incident, level, is_repeated), &chance);
            }
        }
        self.other_work(&mut plan.jobs);
        plan
    }

    /// The desks of the central lines; or a desk for each team, then those of the shared rotas.
    fn staff(&self) -> Vec<Staff> {
        let values = &self.values;
        if self.arrangement == Arrangement::Central {
            return vec![[values.count(Of::FirstLine); 2], [values.count(Of::SecondLine), 1]];
        }
        let team = |team: usize| if self.has_rota(team) { TEAM } else { [TEAM[0], 0] };
        let domains = if self.arrangement == Arrangement::Mixed { self.domains() } else { 0 };
        (0..self.teams).map(team).chain(std::iter::repeat_n([1, 1], domains)).collect()
    }

    fn has_rota(&self, team: usize) -> bool {
        self.arrangement != Arrangement::Mixed || team % TARGETS.len() == 2
    }

    fn domains(&self) -> usize {
        self.teams.div_ceil(self.values.count(Of::Domain))
    }

    /// Person-weeks on call, and person-hours of shifts outside working hours.
    pub fn standby(&self) -> (f64, f64) {
        let (on_call, in_shifts) = match self.arrangement {
            // One person of L2 is on call; L1 works in shifts.
            Arrangement::Central => (1, self.values.count(Of::FirstLine)),
            Arrangement::Own => (self.teams, 0),
            Arrangement::Mixed => {
                let own = (0..self.teams).filter(|team| self.has_rota(*team)).count();
                (own + self.domains(), 0)
            }
        };
        (YEAR / WEEK * on_call as f64, YEAR / 60.0 * (1.0 - WORKING_SHARE) * in_shifts as f64)
    }

    /// When incidents strike a team, and a name for each: incidents without a change of its own, and failing changes at the release that brings
    /// them.
    fn strikes(&self, team: usize, plan: &mut Plan<'_>) -> Vec<(f64, String)> {
        let (values, chance) = (&self.values, |what| chassis::rng(self.seed, what, &team.to_string()));
        let others = times(&mut chance("strikes"), YEAR / values[Of::OtherIncidents], YEAR);
        let mut strikes: Vec<(f64, String)> =
            others.into_iter().enumerate().map(|(number, at)| (at, format!("other {number}"))).collect();
        let releases = self.releases(team);
        plan.deployments += releases.len();
        let finished = times(&mut chance("changes"), WEEK / values[Of::Changes], YEAR);
        let mut fails = chance("failing");
        for (number, at) in finished.into_iter().enumerate() {
            let is_failing = fails.random::<f64>() < values[Of::Failing];
            let release = releases.iter().find(|release| **release >= at);
            strikes
                .extend(release.filter(|_| is_failing).map(|release| (*release, format!("change {number}"))));
        }
        strikes
    }

    /// The times of releases: on working days, at a random hour. A central line releases all teams' changes together, as one website.
    fn releases(&self, team: usize) -> Vec<f64> {
        let (days, who) = match self.arrangement {
            Arrangement::Central => (self.values[Of::CentralRelease], "all".to_owned()),
            Arrangement::Own | Arrangement::Mixed => (self.values[Of::OwnRelease], team.to_string()),
        };
        let mut chance = chassis::rng(self.seed, "releases", &who);
        let mut day = chance.random::<f64>() * days;
        let next = || {
            let at = day.floor() * DAY + WORKS_FROM + chance.random::<f64>() * (WORKS_TO - WORKS_FROM);
            day += days;
            // A release that falls on a weekend moves by two days.
            Some(if is_working(at) { at } else { at + 2.0 * DAY })
        };
        std::iter::from_fn(next).take_while(|at| *at < YEAR).collect()
    }

    /// Plans an incident's way through the desks; does nothing if nobody is called.
    fn call<'a>(
        &self,
        plan: &mut Plan<'a>,
        at: f64,
        team: usize,
        (incident, level, is_repeated): (&'a Incident, Level, bool),
        chance: &Chance,
    ) {
        let is_central = self.arrangement == Arrangement::Central;
        let model = if is_central { OperatingModel::OpsRunIt } else { OperatingModel::YouBuildIt };
        let Some(handled) = incident.handled(level, model) else { return };
        let mut steps = if is_central {
            self.through_lines(handled, chance)
        } else {
            vec![self.at_the_team(handled, at, team, chance)]
        };
        let restoring_steps = steps.len();
        if handled.explained > 0.0 {
            let desk = steps.last().expect("somebody looks first").desk;
            steps.push(Step::new(desk, 0.0, handled.explained));
        }
        let is_urgent = !(is_central && handled.can_wait);
        plan.jobs.push(Job { at, is_urgent, is_incident: true, steps });
        let asks = is_central && handled.asks_helpers;
        let helpers = if asks { -(1.0 - chance.helpers).ln() * self.values[Parameter::Helpers] } else { 0.0 };
        let settled = handled.settled.map(|settled| settled + helpers);
        plan.calls.push(Call { at, team, incident, settled, restoring_steps, is_repeated });
    }

    /// The steps of L1 and, if it takes more, of L2. L2 acknowledges the ticket, may send it back for more detail, reads it, and looks again for
    /// what the handover lost. No incident of the library takes L3 before it is restored.
    fn through_lines(&self, handled: &Handled, chance: &Chance) -> Vec<Step> {
        let (values, [first, second, _]) = (&self.values, handled.worked);
        let mut steps = vec![Step::new(Line::First as usize, handled.called, first)];
        if second > 0.0 {
            let reaches = |draw: usize, takes: f64| {
                let after = values[Parameter::Acknowledged] * chance.acknowledged[draw];
                Step { calls_out: true, ..Step::new(Line::Second as usize, after, takes) }
            };
            if chance.bounced < values[Parameter::Bounced] {
                steps.push(reaches(1, 0.0));
                steps.push(Step::new(Line::First as usize, 0.0, values[Parameter::Detail]));
            }
            let again = first * (1.0 - values[Parameter::Kept]);
            steps.push(reaches(0, values[Parameter::Understood] + again + second));
        }
        steps
    }

    fn at_the_team(&self, handled: &Handled, at: f64, team: usize, chance: &Chance) -> Step {
        let after = handled.called + self.values[Parameter::CalledOut] * chance.acknowledged[0];
        let is_mixed = self.arrangement == Arrangement::Mixed;
        let desk = match team % TARGETS.len() {
            1 if is_mixed && !is_working(at + after) => self.teams + team / self.values.count(Of::Domain),
            _ => team,
        };
        // With a target of 95.0 %, nobody is called out: the incident waits until the morning.
        let calls_out = !(is_mixed && team.is_multiple_of(TARGETS.len()));
        Step { calls_out, ..Step::new(desk, after, handled.worked.iter().sum()) }
    }

    /// L2's other tickets.
    fn other_work(&self, jobs: &mut Vec<Job>) {
        if self.arrangement != Arrangement::Central || self.values[Of::Tickets] == 0.0 {
            return;
        }
        for team in 0..self.teams {
            let mut chance = chassis::rng(self.seed, "other work", &team.to_string());
            let between = (WORKS_TO - WORKS_FROM) / self.values[Of::Tickets];
            let arise = times(&mut chance, between, YEAR).into_iter().filter(|at| is_working(*at));
            jobs.extend(arise.map(|at| {
                let minutes = exponential(&mut chance) * self.values[Parameter::OtherWork];
                let steps = vec![Step::new(Line::Second as usize, 0.0, minutes)];
                Job { at, is_urgent: false, is_incident: false, steps }
            }));
        }
    }
}

/// A team's history with each latent fault.
#[derive(Default)]
struct Memory {
    /// When it was or will be repaired.
    repaired_at: [Option<f64>; LatentFault::ALL.len()],
    /// Whether its fix is on the backlog.
    is_written: [bool; LatentFault::ALL.len()],
    /// Whether it has contributed to a loss.
    has_met: [bool; LatentFault::ALL.len()],
}

impl Memory {
    fn is_repaired(&self, fault: LatentFault, at: f64) -> bool {
        self.repaired_at[fault as usize].is_some_and(|repaired_at| repaired_at <= at)
    }

    /// The measured variant of the drawn incident that fits this team's repairs, and the team's telemetry level.
    fn now<'a>(
        &self,
        level: Level,
        drawn: &'a Incident,
        measured: &'a Measured,
        at: f64,
    ) -> (&'a Incident, Level) {
        let is_out = |fault: &LatentFault| REPAIRED.contains(fault) && self.is_repaired(*fault, at);
        let repaired: Vec<LatentFault> = drawn.factors.iter().copied().filter(is_out).collect();
        let is_it = |row: &&Incident| (&row.repaired, &row.scenario) == (&repaired, &drawn.scenario);
        let now = measured.incidents.iter().find(is_it).expect("every combination was measured");
        let is_told = self.is_repaired(LatentFault::InadequateTelemetry, at);
        (now, if is_told { Level::RICHEST } else { level })
    }

    /// Learns from a loss. Returns whether a latent fault contributed to it that had contributed to an earlier one.
    fn learn(
        &mut self,
        year: &Year,
        incident: &Incident,
        at: f64,
        chance: &Chance,
        plan: &mut Plan<'_>,
    ) -> bool {
        let is_there = |fault: &LatentFault| {
            let is_told = *fault == LatentFault::InadequateTelemetry && year.level == Level::RICHEST;
            !is_told && !self.is_repaired(*fault, at)
        };
        let present: Vec<LatentFault> = incident.factors.iter().copied().filter(is_there).collect();
        let is_repeated = present.iter().any(|fault| self.has_met[*fault as usize]);
        for fault in &present {
            self.has_met[*fault as usize] = true;
        }
        let can = |fault: &LatentFault| Some(*fault) != year.never;
        let values = &year.values;
        match year.learning {
            Learning::OneCause if !present.is_empty() => {
                let cause = present[place(chance.one_cause, present.len())];
                let was_written = std::mem::replace(&mut self.is_written[cause as usize], true);
                plan.written_twice += usize::from(was_written);
                if !was_written && can(&cause) && chance.is_taken_up < values[Of::TakenUp] {
                    let waits =
                        BACKLOG_DAYS_LEAST + chance.lead * (values[Of::BacklogDays] - BACKLOG_DAYS_LEAST);
                    self.repaired_at[cause as usize] = Some(at + waits * DAY);
                    plan.repaired += 1;
                }
            }
            Learning::None | Learning::OneCause => {}
            Learning::Factors => {
                let ready = at + chance.lead * values[Of::RepairDays] * DAY;
                for fault in present.into_iter().filter(can) {
                    let repaired_at = &mut self.repaired_at[fault as usize];
                    plan.repaired += usize::from(repaired_at.is_none());
                    *repaired_at = Some(repaired_at.map_or(ready, |known| known.min(ready)));
                }
            }
        }
        is_repeated
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a short list")]
fn place(share: f64, length: usize) -> usize {
    ((share * length as f64) as usize).min(length - 1)
}

fn exponential(chance: &mut impl Rng) -> f64 {
    -(1.0 - chance.random::<f64>()).ln()
}

/// The times of a Poisson process with this mean interval.
fn times(chance: &mut impl Rng, mean: f64, until: f64) -> Vec<f64> {
    let mut at = 0.0;
    let next = || {
        at += exponential(chance) * mean;
        Some(at)
    };
    std::iter::from_fn(next).take_while(|at| *at < until).collect()
}
