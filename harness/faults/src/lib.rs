//! Simulates faults in virtual time. From one seed it draws a plan for a minute of a shop. Links lose, delay, break, reorder and
//! duplicate traffic; services are killed and suspended; the disk fills up, slows down and loses power. Meanwhile editors publish
//! and people try remedies. After each step the simulator checks the invariants. In the spirit of the simulators of FoundationDB
//! and TigerBeetle.
//!
//! # Layout
//!
//! - [`plan`]: what a seed draws for a minute, in words. [`file`](mod@file): the disk. [`machine`]: the database on it.
//! - [`run`]: plays a plan. `carry_out`: each step. The invariants: [`book`] (content), [`pages`], [`state`] (reset),
//!   [`neighbour`].
//! - [`check`]: plays one seed and compares it with its twin. [`shrink`]: the shortest plan that still fails.
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
pub mod shrink;
pub mod soak;

use chassis::Level;
use displaydoc::Display;

pub use plan::Plan;
use plan::Twin;
use run::{Counts, Played, play, play_neighbour};

/// What must be true. Each prints as its comment.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// what an editor was told is kept, in order, whatever is killed, and nothing else is
    Content,
    /// a page of a repaired shop can be read, whatever was published
    Parses,
    /// a repaired shop serves every page whole soon after the last fault
    Available,
    /// soon after the last fault the cache shows what the store holds
    Fresh,
    /// no more permits are used than there are, and none by what has ended
    Permits,
    /// a service starts, whatever its disk is like, and does not stand still as the process before it did
    Starts,
    /// a reset brings back everything as it was at first
    Reset,
    /// each visit that began has ended, once
    Counted,
    /// nothing panics
    NoPanic,
    /// the same seed is the same run
    Repeats,
    /// the telemetry level changes nothing for customers
    Level,
    /// a world is the same beside another as alone
    Apart,
}

/// An invariant that did not hold.
#[derive(Clone, Debug, Display)]
#[displaydoc("Not so: {invariant}. At {at_s:.3} s: {what}")]
pub struct Failure {
    pub invariant: Invariant,
    /// In seconds of the shop.
    pub at_s: f64,
    /// What was found.
    pub what: String,
}

/// Plays a plan and its twin, and compares them. Fails with the first broken invariant.
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
