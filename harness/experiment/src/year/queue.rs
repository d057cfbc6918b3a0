//! Simulates work that waits for people: desks with some people in working hours and fewer outside them, urgent work before other work, first
//! come first served. Teaches that waits become long well before everybody is busy all the time.
//!
//! A discrete-event simulation of its own, because one heap of events is all it takes: `desque` is the same heap behind a trait, and `nexosim`
//! is made for models that send each other messages. A test compares it with closed forms.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use diagnosis::operating::{Parameter, parameters::TABLE};

/// Minutes of a day.
pub const DAY: f64 = 24.0 * 60.0;
pub const WEEK: f64 = 7.0 * DAY;
pub const YEAR: f64 = 52.0 * WEEK;
/// Working hours, from Monday to Friday. That they end at 18:00 is assumed.
pub const WORKS_FROM: f64 = TABLE[Parameter::DayBegins as usize].value * 60.0;
pub const WORKS_TO: f64 = 18.0 * 60.0;
/// The share of working hours in a week.
pub const WORKING_SHARE: f64 = 5.0 * (WORKS_TO - WORKS_FROM) / WEEK;

/// Whether this minute of the year, which begins on a Monday, lies in working hours.
pub fn is_working(minute: f64) -> bool {
    let of_week = minute.rem_euclid(WEEK);
    of_week < 5.0 * DAY && (WORKS_FROM..WORKS_TO).contains(&(of_week % DAY))
}

/// The next minute at which working hours begin or end.
pub fn next_change(minute: f64) -> f64 {
    let day = (minute / DAY).floor();
    let changes =
        (0..4).flat_map(|ahead| [WORKS_FROM, WORKS_TO].map(|at| (day + f64::from(ahead)) * DAY + at));
    let mut changes = changes.filter(|at| *at > minute && is_working(*at) != is_working(at - 1.0));
    changes.next().expect("working hours begin or end within any four days")
}

/// People at a desk, in working hours and outside them. If fewer are there outside, they are on call, and take only urgent work.
pub type Staff = [usize; 2];

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    pub desk: usize,
    /// Minutes from the end of the previous step until this one reaches the desk.
    pub after: f64,
    /// Minutes of somebody's work.
    pub takes: f64,
    /// Whether somebody is called out for it outside working hours.
    pub calls_out: bool,
}

impl Step {
    pub fn new(desk: usize, after: f64, takes: f64) -> Self {
        Self { desk, after, takes, calls_out: false }
    }
}

/// A piece of work, which goes from desk to desk.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The minute at which it arises.
    pub at: f64,
    pub is_urgent: bool,
    /// Whether it belongs to an incident.
    pub is_incident: bool,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Done {
    /// Minutes that each step waited while everybody at the desk was busy or away.
    pub waited: Vec<f64>,
    pub call_outs: usize,
    /// When each step was done. Steps that were not done by the end are missing.
    pub steps_done: Vec<f64>,
}

struct Desk {
    staff: Staff,
    busy: usize,
    /// The queues of urgent and of other work: each job, and the minute since which it waits.
    waiting: [VecDeque<(usize, f64)>; 2],
    /// Minutes of work done on incidents and on other jobs.
    worked: [f64; 2],
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The next step of a job reaches its desk.
    Arrives(usize),
    Ends(usize),
    HoursChange,
}

/// Microseconds per minute. Time in whole microseconds makes the order of events the same on every machine.
const TICKS: f64 = 60e6;

struct Run<'a> {
    jobs: &'a [Job],
    desks: Vec<Desk>,
    done: Vec<Done>,
    events: BinaryHeap<Reverse<(u64, usize, Event)>>,
    /// Breaks ties: an event that was planned first comes first.
    planned: usize,
    now: f64,
}

/// Simulates all jobs until the minute `until`. Also returns, for each desk, the minutes of work on incidents and on other jobs.
pub fn run(staff: &[Staff], jobs: &[Job], until: f64) -> (Vec<Done>, Vec<[f64; 2]>) {
    let desk = |staff: &Staff| Desk { staff: *staff, busy: 0, waiting: Default::default(), worked: [0.0; 2] };
    let mut run = Run {
        jobs,
        desks: staff.iter().map(desk).collect(),
        done: vec![Done::default(); jobs.len()],
        events: BinaryHeap::new(),
        planned: 0,
        now: 0.0,
    };
    for (number, job) in jobs.iter().enumerate() {
        run.hand_on(number, job.at);
    }
    run.plan(next_change(0.0), Event::HoursChange);
    while let Some(Reverse((ticks, _, event))) = run.events.pop() {
        run.now = ticks as f64 / TICKS;
        if run.now > until {
            break;
        }
        run.happens(event);
    }
    (run.done, run.desks.into_iter().map(|desk| desk.worked).collect())
}

impl Run<'_> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "ticks of a year or two")]
    fn plan(&mut self, at: f64, event: Event) {
        self.events.push(Reverse(((at * TICKS).round() as u64, self.planned, event)));
        self.planned += 1;
    }

    /// Plans the arrival of a job's next step at its desk.
    fn hand_on(&mut self, job: usize, from: f64) {
        if let Some(step) = self.jobs[job].steps.get(self.done[job].steps_done.len()) {
            self.plan(from + step.after, Event::Arrives(job));
        }
    }

    fn step(&self, job: usize) -> &Step {
        &self.jobs[job].steps[self.done[job].steps_done.len()]
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Arrives(job) => {
                let (Step { desk, calls_out, .. }, is_urgent) = (*self.step(job), self.jobs[job].is_urgent);
                self.done[job].call_outs += usize::from(calls_out && is_urgent && !is_working(self.now));
                self.desks[desk].waiting[usize::from(!is_urgent)].push_back((job, self.now));
                self.begin(desk);
            }
            Event::Ends(job) => {
                let desk = self.step(job).desk;
                self.desks[desk].busy -= 1;
                self.done[job].steps_done.push(self.now);
                self.hand_on(job, self.now);
                self.begin(desk);
            }
            Event::HoursChange => {
                (0..self.desks.len()).for_each(|desk| self.begin(desk));
                self.plan(next_change(self.now), Event::HoursChange);
            }
        }
    }

    /// Free people at a desk take the work that waits there. Nobody interrupts work in progress.
    fn begin(&mut self, number: usize) {
        let (desk, outside) = (&self.desks[number], usize::from(!is_working(self.now)));
        let (people, is_on_call) = (desk.staff[outside], desk.staff[outside] < desk.staff[0]);
        while self.desks[number].busy < people {
            let [urgent, other] = &mut self.desks[number].waiting;
            let next = urgent.pop_front().or_else(|| if is_on_call { None } else { other.pop_front() });
            let Some((job, since)) = next else { return };
            let takes = self.step(job).takes;
            self.done[job].waited.push(self.now - since);
            self.desks[number].busy += 1;
            self.desks[number].worked[usize::from(!self.jobs[job].is_incident)] += takes;
            self.plan(self.now + takes, Event::Ends(job));
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    fn job(at: f64, is_urgent: bool, step: Step) -> Job {
        Job { at, is_urgent, is_incident: is_urgent, steps: vec![step] }
    }

    /// The probability of waiting in M/M/c (Erlang, 1917): `servers`, of which `offered` are busy on average.
    fn erlang_c(servers: u32, offered: f64) -> f64 {
        let mut blocked = 1.0;
        for server in 1..=servers {
            blocked = offered * blocked / (f64::from(server) + offered * blocked);
        }
        let load = offered / f64::from(servers);
        blocked / (1.0 - load * (1.0 - blocked))
    }

    /// Simulated mean waits of urgent and of other work, in minutes: `servers` people at utilisation `load`, jobs of an hour on average, of
    /// which a share is urgent.
    fn waits(servers: u32, load: f64, urgent_share: f64) -> [f64; 2] {
        const HOUR: f64 = 60.0;
        const JOBS: usize = 400_000;
        let mut chance = chassis::rng(7, "queue", "closed form");
        let mut exponential = |mean: f64| -(1.0 - chance.random::<f64>()).ln() * mean;
        let mut at = 0.0;
        let mut shares = chassis::rng(7, "queue", "urgent");
        let jobs: Vec<Job> = (0..JOBS)
            .map(|_| {
                at += exponential(HOUR / (load * f64::from(servers)));
                job(at, shares.random_bool(urgent_share), Step::new(0, 0.0, exponential(HOUR)))
            })
            .collect();
        let (done, _) = run(&[[servers as usize; 2]], &jobs, at + WEEK);
        [true, false].map(|urgent| {
            let waits = jobs.iter().zip(&done).filter(|(job, _)| job.is_urgent == urgent);
            let waits: Vec<f64> = waits.map(|(_, done)| done.waited[0]).collect();
            waits.iter().sum::<f64>() / waits.len().max(1) as f64
        })
    }

    /// The allowed relative error of a simulated mean. With 400,000 jobs the standard error is 1.8 % at the highest load
    /// (Whitt, *Planning Queueing Simulations*, 1989).
    const TOLERANCE: f64 = 0.05;

    #[test]
    fn waits_are_those_of_the_closed_forms() {
        let near = |what: &str, simulated: f64, expected: f64| {
            let off = (simulated / expected - 1.0).abs();
            assert!(off < TOLERANCE, "{what}: {simulated} minutes, and {expected} by the closed form");
        };
        for (servers, load) in [(1, 0.5), (1, 0.8), (3, 0.6), (3, 0.8), (8, 0.8)] {
            let people = f64::from(servers);
            let busy = erlang_c(servers, load * people);
            let what = format!("{servers} people, busy to {load}");
            near(&what, waits(servers, load, 1.0)[0], busy * 60.0 / (people * (1.0 - load)));
            // Two priority classes without preemption (Cobham, 1954; for several people Kella and Yechiali, 1985).
            let urgent = 0.4 * load;
            let [first, second] = waits(servers, load, 0.4);
            near(&format!("{what}, urgent"), first, busy * 60.0 / (people * (1.0 - urgent)));
            near(&format!("{what}, other"), second, busy * 60.0 / (people * (1.0 - urgent) * (1.0 - load)));
        }
    }

    #[test]
    fn a_desk_that_is_closed_begins_in_the_morning_with_urgent_work_and_who_is_on_call_takes_no_other() {
        let (friday_evening, monday) = (4.0 * DAY + 20.0 * 60.0, WEEK + WORKS_FROM);
        assert!((next_change(friday_evening) - monday).abs() < 1e-6 && !is_working(friday_evening));
        let step = Step { calls_out: true, ..Step::new(0, 10.0, 30.0) };
        let jobs = [job(friday_evening, false, step), job(friday_evening + 60.0, true, step)];
        let ends = |staff: Staff| run(&[staff], &jobs, YEAR).0.into_iter().map(|done| done.steps_done[0]);
        assert!(ends([1, 0]).eq([monday + 60.0, monday + 30.0]));
        assert!(ends([2, 1]).eq([monday + 30.0, friday_evening + 100.0]));
        let (done, worked) = run(&[[1, 0]], &jobs, YEAR);
        assert!((done[1].waited[0] - (monday - friday_evening - 70.0)).abs() < 1e-6);
        assert_eq!((done[0].call_outs, done[1].call_outs, worked), (0, 1, vec![[30.0, 30.0]]));
    }
}
