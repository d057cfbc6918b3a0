//! Tests from outside: the chain of faults, the pages in a browser, and the rules of the house.
//!
//! # Layout
//!
//! - [`stage`]: a world in virtual time, and its customers' experience.
//! - [`process`]: starts and stops the real programs. [`running`]: watches one meanwhile. [`listener`]: servers for a program to talk to.
//!   [`up`]: a shop that `glyphfall up` runs. [`room`]: a room that `glyphfall room` runs, and programs that play in it.
//! - [`durability`]: programs that are killed, stopped or out of disk space while they write. [`disk`]: a small disk for them.
//! - [`shell`]: an interactive shell for pasting lines.
//! - [`apart`]: the shop in four processes. [`compose`]: the shop in containers.
//! - [`browser`]: a real browser. [`namespace`]: a second device for it. [`collector`]: a backend that receives OTLP.
//! - [`mod@bench`]: computations and charts of the benchmark.
//! - [`pictures`]: the documents' pictures, and their sources. [`slides`]: the slides for a class, as a page.
//!
//! The tests themselves are in `tests/`: `chain` (every repair, every remedy), `program` (the command line as a newcomer sees it),
//! `editor_page` and `session` (real browsers), `bad_input`, `fuzz` (all input from outside), `output` (output on a terminal, in a pipe and
//! on a full disk), `house` (the rules of the house).

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

// The same allocator as in the program: small allocations dominate virtual time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
