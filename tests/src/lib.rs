//! The chain, the browser and the rules of the house, tested from outside.
//!
//! # Layout
//!
//! - [`stage`]: a world in virtual time, and what customers met in it.
//! - [`process`]: the real programs, started and stopped. [`running`]: one that is watched meanwhile. [`listener`]: others that it talks to. [`up`]: a shop that `glyphfall up` runs. [`room`]: a room that
//!   `glyphfall room` runs, and programs that play in it.
//! - [`durability`]: programs that are killed, stopped or out of room while they write. [`disk`]: a small disk for them.
//! - [`shell`]: a shell that lines are pasted into.
//! - [`apart`]: the shop as four processes. [`compose`]: the shop in containers.
//! - [`browser`]: a real browser. [`namespace`]: a second device for it. [`collector`]: a backend that takes OTLP.
//! - [`mod@bench`]: what the benchmark beside peers computes and draws.
//! - [`pictures`]: the documents' pictures, and what they were made of. [`slides`]: the slides for a class, as a page.
//!
//! The tests themselves are in `tests/`: `chain` (every repair, every remedy), `program` (the command line from a fresh
//! start), `editor_page` and `session` (real browsers), `bad_input`, `fuzz` (every byte that comes from outside), `output` (what reaches a terminal, a pipe and a full disk), `house` (the rules of the house).

pub mod stage;
pub mod process;
pub mod running;
pub mod listener;
pub mod up;
pub mod room;
pub mod disk;
pub mod durability;
pub mod shell;
pub mod apart;
pub mod compose;
pub mod browser;
pub mod namespace;
pub mod collector;
pub mod bench;
pub mod pictures;
pub mod slides;

// As in the program itself: virtual time is bound by small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
