//! A simulator of faults, in virtual time. From one seed it draws a plan: a minute of a shop in which links lose, delay, break, reorder
//! and double what they carry, services are killed and stand still, the disk fills up, slows down and loses its power, while editors publish and
//! people try remedies. After each step it asks whether all is as it must be. In the spirit of the simulators of FoundationDB and
//! TigerBeetle.
//!
//! # Layout
//!
//! - [`plan`]: what a seed makes of a minute, in words. [`file`](mod@file): the disk. [`machine`]: the database on it.
//! - [`run`]: plays it. `carry_out`: each step. What must be true: [`book`] (content), [`pages`], [`state`] (reset), [`neighbour`].
//! - [`check`]: one seed, with what it is compared with. [`shrink`]: the shortest plan that still fails.
//! - [`soak`]: many seeds, on all processors.

pub mod plan;
pub mod file;
pub mod machine;
pub mod book;
pub mod pages;
pub mod state;
pub mod neighbour;
pub mod panics;
pub mod run;
mod carry_out;
mod sink;
pub mod shrink;
pub mod soak;

use std::fmt;

use chassis::Level;

pub use plan::Plan;
use plan::Twin;
use run::{Counts, Played, play, play_neighbour};

/// What must be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// What an editor was told is kept, in order, whatever is killed; nothing else is.
    Content,
    /// A page of a repaired shop can be read, whatever was published.
    Parses,
    /// A repaired shop serves every page whole again, within [`run::AVAILABLE_WITHIN`] of the last fault.
    Available,
    /// Then its cache shows what its store holds.
    Fresh,
    /// No more permits are used than there are, and none by what has ended.
    Permits,
    /// A service starts, whatever its disk is like, and does not stand still as the process before it did.
    Starts,
    /// A reset brings back everything as it was at first.
    Reset,
    /// Each visit that began has ended, once.
    Counted,
    /// Nothing panics.
    NoPanic,
    /// The same seed is the same run.
    Repeats,
    /// The telemetry level changes nothing for customers.
    Level,
    /// A world is the same beside another as alone.
    Apart,
}

impl Invariant {
    /// It, as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Content => "what an editor was told is kept, in order, and nothing else is",
            Self::Parses => "a page of a repaired shop can be read, whatever was published",
            Self::Available => "a repaired shop serves every page whole soon after the last fault",
            Self::Fresh => "soon after the last fault the cache shows what the store holds",
            Self::Permits => "no more permits are used than there are, and none by what has ended",
            Self::Starts => "a service starts, whatever its disk is like",
            Self::Reset => "a reset brings back everything as it was at first",
            Self::Counted => "each visit that began has ended, once",
            Self::NoPanic => "nothing panics",
            Self::Repeats => "the same seed is the same run",
            Self::Level => "the telemetry level changes nothing for customers",
            Self::Apart => "a world is the same beside another as alone",
        }
    }
}

/// An invariant that did not hold.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Which.
    pub invariant: Invariant,
    /// When, in seconds of the shop.
    pub at_s: f64,
    /// What was found.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { invariant, at_s, what } = self;
        write!(f, "Not so: {}. At {at_s:.3} s: {what}", invariant.sentence())
    }
}

/// Plays a plan and what it is compared with.
///
/// # Errors
///
/// The first invariant that did not hold.
pub fn check(plan: &Plan) -> Result<Counts, Failure> {
    let played = play(plan);
    if let Some(failure) = played.failure {
        return Err(failure);
    }
    let compared = match plan.twin {
        Twin::None => Ok(()),
        Twin::Again => again(&played, &play(plan)),
        Twin::Dark => dark(&played, &play(&plan.at_level(Level::Dark))),
        Twin::Neighbour => {
            let alone = play_neighbour(plan);
            let beside = played.neighbour.as_ref();
            if beside == Some(&alone) {
                Ok(())
            } else {
                Err((Invariant::Apart, format!("beside the other {beside:?}, alone {alone:?}")))
            }
        }
    };
    let at_s = plan.ends_at().as_secs_f64();
    compared.map_err(|(invariant, what)| Failure { invariant, at_s, what })?;
    Ok(played.counts)
}

type Compared = Result<(), (Invariant, String)>;

fn again(first: &Played, second: &Played) -> Compared {
    let hashes = |played: &Played| (played.visits, played.content, played.telemetry);
    let failed = second.failure.is_some();
    if hashes(first) == hashes(second) && !failed {
        return Ok(());
    }
    let what = |same: bool| if same { "the same" } else { "others" };
    let (visits, content) = (what(first.visits == second.visits), what(first.content == second.content));
    let telemetry = what(first.telemetry == second.telemetry);
    Err((
        Invariant::Repeats,
        format!("visits: {visits}, content: {content}, telemetry: {telemetry}, failed: {failed}"),
    ))
}

fn dark(told: &Played, untold: &Played) -> Compared {
    if let Some(failure) = &untold.failure {
        return Err((failure.invariant, format!("at level dark: {}", failure.what)));
    }
    if (told.visits, told.content) == (untold.visits, untold.content) {
        return Ok(());
    }
    let what = if told.visits == untold.visits { "content" } else { "visits" };
    Err((Invariant::Level, format!("other {what} at level dark")))
}
