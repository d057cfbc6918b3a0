//! How much shorter better telemetry makes a diagnosis: the same incidents at every telemetry level, and every control that stands
//! between such a figure and the reader's doubt. Teaches that an experiment is believed for its controls.
//!
//! Each incident is [recorded once](world::tape) and diagnosed under every condition; only remedies are played anew.
//!
//! - [`list`]: the conditions. [`condition`]: one of them. [`placebo`]: those that tell nothing. [`film`]: an incident, to be diagnosed again and again.
//! - [`statistics`]: means and intervals. [`figures`]: of what.
//! - [`summary`]: what is said about the levels. [`controls`] and [`doubts`]: why that may be believed, or not.

pub mod condition;
pub mod list;
pub mod placebo;
pub mod film;
pub mod statistics;
pub mod figures;
pub mod summary;
pub mod controls;
pub mod doubts;

use std::{
    collections::BTreeMap,
    io,
    num::NonZeroUsize,
    sync::atomic::{AtomicUsize, Ordering},
};

use diagnosis::Experience;
use futures_util::FutureExt;
use incident::{Level, OperatingModel};
use report::compare::CompareReport;
use world::{
    scenario::{Scenario, library},
    tape::Tape,
};

use crate::{
    sweep::{Watch, sweep},
    training::{SEEDS_FROM, recorded},
};
use condition::{Condition, Key};
use film::{Film, Told};
use list::{Basis, conditions};

/// The largest seed that an experiment may take: those above are for training.
pub const SEED_MAX: u64 = 1_000_000_000;
const _: () = assert!(SEED_MAX < SEEDS_FROM, "what was trained on is never judged");

/// Seeds of a full run, unless told otherwise, and of a quick one.
pub const SEEDS: NonZeroUsize = NonZeroUsize::new(4).expect("four is not zero");
/// A quick run takes each scenario once.
pub const QUICK_SEEDS: NonZeroUsize = NonZeroUsize::MIN;

/// In a full run, so many times as many incidents in which nothing can be mended.
const CONTROL_TIMES: u64 = 5;

/// How much is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// The levels alone.
    Levels,
    /// The levels, the placebo and the blind runbooks.
    Quick,
    /// Every control.
    Full,
}

/// What is compared.
#[derive(Clone, Debug)]
pub struct CompareOptions {
    /// The incidents.
    pub scenarios: Vec<Scenario>,
    /// The first seed; the others follow it.
    pub seed: u64,
    /// How many seeds.
    pub seeds: NonZeroUsize,
    /// The telemetry levels, lowest first.
    pub levels: Vec<Level>,
    /// The operating models; the first is that of all conditions but those that compare models.
    pub models: Vec<OperatingModel>,
    /// How much is run.
    pub extent: Extent,
    /// How many incidents are recorded side by side.
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

    /// The incidents, scenario by scenario: place and seed. A full run takes more of those in which nothing can be mended: what must
    /// not be seen in one of twenty cannot be told from four.
    fn incidents(&self) -> Vec<(usize, u64)> {
        let times = |scenario: usize| if self.scenarios[scenario].control { self.control_times() } else { 1 };
        let seeds =
            |scenario: usize| (0..self.seeds.get() as u64 * times(scenario)).map(|step| self.seed + step);
        (0..self.scenarios.len())
            .flat_map(|scenario| seeds(scenario).map(move |seed| (scenario, seed)))
            .collect()
    }

    /// How many times as many incidents there are of scenarios in which nothing can be mended.
    pub fn control_times(&self) -> u64 {
        if self.extent == Extent::Full { CONTROL_TIMES } else { 1 }
    }

    /// The command that repeats it.
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

    /// How many steps a run has for who watches it: each incident is recorded, then diagnosed.
    pub fn steps(&self) -> usize {
        2 * self.incidents().len()
    }
}

/// What was told under each condition, incident by incident; nothing where nobody was called.
pub type Results = BTreeMap<Key, Vec<Option<Told>>>;

/// Everything that a report is made of.
pub struct Study {
    /// What was compared.
    pub options: CompareOptions,
    /// The incidents.
    pub tapes: Vec<Tape>,
    /// What was told.
    pub results: Results,
    /// How many recordings were made of remedies.
    pub branches: usize,
}

/// Records and diagnoses all incidents, and reports. Nothing if it was stopped: half a comparison is none.
///
/// # Errors
///
/// When a service does not start.
pub fn compare(options: CompareOptions, watch: Watch<'_>) -> io::Result<Option<CompareReport>> {
    let Some(study) = study(options, watch)? else { return Ok(None) };
    Ok(Some(summary::summary(&study)))
}

/// Records and diagnoses all incidents.
///
/// # Errors
///
/// When a service does not start.
pub fn study(options: CompareOptions, watch: Watch<'_>) -> io::Result<Option<Study>> {
    let incidents = options.incidents();
    let tapes = sweep(&incidents, options.threads, watch, |(scenario, seed)| {
        recorded(&options.scenarios[*scenario], *seed, watch.stalled).map(Some)
    })?;
    let Some(tapes) = tapes.into_iter().collect::<Option<Vec<Tape>>>() else { return Ok(None) };
    let experience = Experience::built_in();
    let (levels, models) = (options.levels.as_slice(), options.models.as_slice());
    let basis = Basis { seed: options.seed, experience: &experience, levels, models };
    let conditions = conditions(&basis, options.extent);
    let branches = AtomicUsize::new(0);
    let numbers: Vec<usize> = (0..incidents.len()).collect();
    let told = sweep(&numbers, options.threads, watch, |number| -> io::Result<_> {
        let film = Film::new(&options.scenarios[incidents[*number].0], &tapes[*number], watch.stalled);
        let diagnose = |(_, condition): &(Key, Condition)| {
            condition.diagnose(&film, *number).now_or_never().expect("hands on a film never wait")
        };
        let told: Vec<Option<Told>> = conditions.iter().map(diagnose).collect();
        branches.fetch_add(film.finish()?, Ordering::Relaxed);
        Ok(Some(told))
    })?;
    let Some(told) = told.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
    let of = |place: usize| told.iter().map(|told| told[place].clone()).collect();
    let results = conditions.iter().enumerate().map(|(place, (key, _))| (*key, of(place))).collect();
    let branches = branches.into_inner();
    Ok(Some(Study { options, tapes, results, branches }))
}
