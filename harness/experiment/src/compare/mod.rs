//! Measures how much better telemetry shortens a diagnosis: the same incidents at every telemetry level, with a control against every
//! doubt about such a figure. Teaches that an experiment is believed for its controls.
//!
//! Each incident is [recorded once](world::tape) and diagnosed under every condition. Only remedies need another run.
//!
//! - [`list`]: the conditions. [`condition`]: one of them. [`placebo`]: conditions whose added checks tell nothing.
//! - [`playback`]: a recorded incident, diagnosed again and again.
//! - [`program`]: an external program on the same incidents. [`board`]: several programs.
//! - [`statistics`]: means and intervals. [`figures`]: the metrics, and the incidents that they cover.
//! - [`summary`]: the report on the levels. [`controls`] and [`doubts`]: the evidence for and against it.
//!   [`violations`]: incidents that cost more at a level than at the one below.

pub mod condition;
pub mod list;
pub mod placebo;
pub mod playback;
pub mod program;
pub mod board;
pub mod statistics;
pub mod figures;
pub mod summary;
mod two_by_two;
pub mod controls;
pub mod doubts;
pub mod violations;

use std::{collections::BTreeMap, io, num::NonZeroUsize, sync::atomic::Ordering};

use diagnosis::Experience;
use futures_util::FutureExt;
use incident::{Level, OperatingModel};
use report::compare::{CompareReport, ProgramIncident};
use world::{
    scenario::{Scenario, library},
    tape::Tape,
};

use crate::{
    sweep::{Watch, sweep},
    training::{SEEDS_FROM, recorded},
};
use condition::{Condition, Key};
use list::{Basis, conditions};
use playback::{Diagnosis, Playback};
use program::Program;

/// The largest seed that an experiment may take: the seeds above are reserved for training.
pub const SEED_MAX: u64 = 1_000_000_000;
const _: () = assert!(SEED_MAX < SEEDS_FROM, "what was trained on is never judged");

/// The default number of seeds of a full run.
pub const SEEDS: NonZeroUsize = NonZeroUsize::new(4).expect("four is not zero");
/// A quick run takes each scenario once.
pub const QUICK_SEEDS: NonZeroUsize = NonZeroUsize::MIN;

/// A full run plays this many times as many incidents of the controls, in which nothing can be mended.
const CONTROL_TIMES: NonZeroUsize = NonZeroUsize::new(5).expect("five is not zero");

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    Levels,
    /// The levels, the placebo and the baselines.
    Quick,
    Full,
}

#[derive(Clone, Debug)]
pub struct CompareOptions {
    pub scenarios: Vec<Scenario>,
    pub seed: u64,
    pub seeds: NonZeroUsize,
    /// The telemetry levels, lowest first.
    pub levels: Vec<Level>,
    /// The operating models. All conditions use the first, except those that compare models.
    pub models: Vec<OperatingModel>,
    pub extent: Extent,
    pub threads: NonZeroUsize,
}

impl CompareOptions {
    /// The whole library, at all levels; in a full run in both models.
    pub fn new(seed: u64, extent: Extent) -> Self {
        Self {
            scenarios: library(),
            seed,
            seeds: if extent == Extent::Full { SEEDS } else { QUICK_SEEDS },
            levels: Level::ALL.to_vec(),
            models: if extent == Extent::Full {
                vec![OperatingModel::YouBuildIt, OperatingModel::OpsRunIt]
            } else {
                vec![OperatingModel::YouBuildIt]
            },
            extent,
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }

    /// The incidents, scenario by scenario: the scenario's place, and the seed. A full run takes more incidents of the controls, because
    /// four incidents cannot rule out an error that occurs in one of twenty.
    fn incidents(&self) -> Vec<(usize, u64)> {
        let times =
            |scenario: usize| if self.scenarios[scenario].control { self.control_times().get() } else { 1 };
        let seeds =
            |scenario: usize| (0..self.seeds.get() * times(scenario)).map(|step| self.seed + step as u64);
        (0..self.scenarios.len())
            .flat_map(|scenario| seeds(scenario).map(move |seed| (scenario, seed)))
            .collect()
    }

    /// How many times as many incidents each control has as another scenario.
    pub fn control_times(&self) -> NonZeroUsize {
        if self.extent == Extent::Full { CONTROL_TIMES } else { NonZeroUsize::MIN }
    }

    pub fn command(&self) -> String {
        let mut words = vec!["glyphfall compare".to_owned()];
        if self.scenarios != library() {
            words.extend(self.scenarios.iter().map(|scenario| scenario.name.clone()));
        }
        words.push(format!("--seed {} --seeds {}", self.seed, self.seeds));
        let usual = Self::new(self.seed, self.extent);
        if self.levels != usual.levels {
            let levels: Vec<&str> = self.levels.iter().map(|level| level.name()).collect();
            words.push(format!("--levels {}", levels.join(",")));
        }
        if self.models != usual.models {
            let models: Vec<&str> = self.models.iter().map(|model| model.name()).collect();
            words.push(format!("--models {}", models.join(",")));
        }
        if self.extent != Extent::Full {
            words.push("--quick".to_owned());
        }
        words.join(" ")
    }

    /// The number of progress steps: one for each incident's recording, one for its diagnosis, and with a program one more for each level.
    pub fn steps(&self, with_program: bool) -> usize {
        let steps = if with_program { 2 + self.levels.len() } else { 2 };
        steps * self.incidents().len()
    }
}

/// The diagnoses under each condition, incident by incident; `None` where nobody was called.
pub type Results = BTreeMap<Key, Vec<Option<Diagnosis>>>;

/// Everything that a report is made of.
pub struct Study {
    pub options: CompareOptions,
    /// The command that repeats the whole run.
    pub command: String,
    /// Whether the whole run was compared. Otherwise the study holds only scenarios of which every incident was compared.
    pub complete: bool,
    pub tapes: Vec<Tape>,
    pub results: Results,
    /// An external program, and its results on these incidents.
    pub program: Option<ProgramTold>,
    pub branches: usize,
}

pub struct ProgramTold {
    pub command: String,
    pub budgets: [u32; 2],
    pub incidents: Vec<ProgramIncident>,
}

/// Records and diagnoses all incidents, also by the program if there is one, and builds the report. If stopped early, it reports only the
/// scenarios that were compared as a whole; `None` if only controls were.
pub fn compare(
    options: CompareOptions,
    program: Option<&dyn Program>,
    watch: Watch<'_>,
) -> io::Result<Option<CompareReport>> {
    let Some(study) = study(options, program, watch)? else { return Ok(None) };
    Ok(Some(summary::summary(&study)))
}

/// Records and diagnoses all incidents, one after the other, so that an early stop leaves whole incidents.
///
/// # Errors
///
/// If a service or the program does not start.
pub fn study(
    mut options: CompareOptions,
    program: Option<&dyn Program>,
    watch: Watch<'_>,
) -> io::Result<Option<Study>> {
    let (incidents, command) = (options.incidents(), options.command());
    let experience = Experience::built_in();
    let (levels, models) = (options.levels.as_slice(), options.models.as_slice());
    let (seed, scenarios) = (options.seed, options.scenarios.as_slice());
    let basis = Basis { seed, scenarios, experience: &experience, levels, models };
    let conditions = conditions(&basis, options.extent);
    let numbers: Vec<usize> = (0..incidents.len()).collect();
    let told = sweep(&numbers, options.threads, watch, |number| -> io::Result<_> {
        let (scenario, seed) = incidents[*number];
        let tape = recorded(&options.scenarios[scenario], seed, &[], watch.stalled)?;
        (watch.done)();
        if watch.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let playback = Playback::new(&options.scenarios[scenario], &tape, &[], watch.stalled);
        let diagnose = |(_, condition): &(Key, Condition)| {
            condition.diagnose(&playback, *number).now_or_never().expect("hands on a playback never wait")
        };
        let told: Vec<Option<Diagnosis>> = conditions.iter().map(diagnose).collect();
        let branches = playback.finish()?;
        let mut by_program = Vec::new();
        for (program, level) in
            program.iter().flat_map(|program| levels.iter().map(move |level| (program, *level)))
        {
            let called_s = if list::alerts(level) { tape.alerted_s } else { tape.complained_s };
            by_program.push(match called_s {
                Some(_) => program.diagnose(&options.scenarios[scenario], &tape, level, watch)?,
                None => None,
            });
            (watch.done)();
            if watch.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
        }
        Ok(Some((tape, told, by_program, branches)))
    })?;
    let keys: Vec<Key> = conditions.iter().map(|(key, _)| *key).collect();
    let is_whole = |place: &usize| {
        incidents.iter().zip(&told).all(|((scenario, _), told)| scenario != place || told.is_some())
    };
    let whole: Vec<usize> = (0..options.scenarios.len()).filter(is_whole).collect();
    let complete = whole.len() == options.scenarios.len();
    if !complete && whole.iter().all(|place| options.scenarios[*place].control) {
        return Ok(None);
    }
    let (mut tapes, mut results, mut branches, mut done) = (Vec::new(), Results::new(), 0, Vec::new());
    for ((scenario, _), told) in incidents.iter().zip(told) {
        let Some((tape, told, by_program, branched)) = told.filter(|_| whole.contains(scenario)) else {
            continue;
        };
        for (level, told) in options.levels.iter().zip(&by_program) {
            let diagnosis = told.as_ref().map(|told| program::diagnosis(told, &tape));
            results.entry(Key::Program(*level)).or_default().push(diagnosis);
        }
        done.extend(by_program.into_iter().flatten());
        tapes.push(tape);
        branches += branched;
        keys.iter().zip(told).for_each(|(key, told)| results.entry(*key).or_default().push(told));
    }
    options.scenarios = whole.iter().map(|place| options.scenarios[*place].clone()).collect();
    let program = program.map(|program| ProgramTold {
        command: program.command().to_owned(),
        budgets: program.budgets(),
        incidents: done,
    });
    Ok(Some(Study { options, command, complete, tapes, results, program, branches }))
}
