//! An hour in which nothing may grow: `cargo xtask hour`.
//!
//! One `glyphfall up` goes through incident after incident: each scenario of the library in turn, queries of its evidence, another
//! telemetry level, repairs, remedies, and a reset. Meanwhile one `glyphfall room` plays rounds with ten teams: they join, investigate,
//! act, explain, see the answers and go on. Both processes are measured from outside, through `/proc`. After each reset the shop's state is
//! compared with its first state.
//!
//! Teaches that a leak is a slope, not a height: a store that has filled up to its limit is level in the second half; a leak is not.
//!
//! # Layout
//! - [`shop`]: the incidents of `up`. [`room`]: the rounds of the room.
//! - [`samples`]: the measurements from outside, as CSV. [`level`]: whether they are level. [`chart`]: all of them as a chart.
#![expect(clippy::unwrap_used, reason = "an hour that breaks off is repeated")]

mod chart;
mod level;
mod room;
mod samples;
mod shop;

use std::{fs, path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use glyphfall_tests::{process::root, room::RunningRoom, up::Up};
use tokio::time::Instant;

use crate::{
    level::{JUDGED_FROM_MINUTES, verdicts},
    samples::{Caller, Sampler},
};

/// Page views a second in the shop of `up`: enough to fill its evidence store long before half an hour has passed.
const VIEWS: &str = "20";

#[derive(Parser)]
#[command(
    about = "Runs incidents, repairs and resets, and rounds of ten teams, and judges whether memory, descriptors, threads and tasks stay level."
)]
struct Arguments {
    /// How long, in minutes; below 20 it only says what it saw, as what starts also grows
    #[arg(long, value_name = "COUNT", default_value_t = 60.0)]
    minutes: f64,
    /// Folder for the samples and the chart
    #[arg(long, value_name = "DIR", default_value_os_t = root().join("glyphfall-out/hour"))]
    out: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { minutes, out } = Arguments::parse();
    fs::create_dir_all(&out).unwrap();
    let began = Instant::now();
    let until = began + Duration::from_secs_f64(minutes * 60.0);
    let mut up = Up::start(&["--sized", "--views", VIEWS, "--seed", "1", "--level", "changes"]).await;
    let room = RunningRoom::open(&["--teams", &room::TEAMS.to_string(), "--seed", "1"]).await;
    let operator = || Caller::at(up.ports.operators + 3, Some(up.operator_token.clone()));
    let desk = Caller::at(room.port, Some(room.facilitator.clone()));
    let evidence = Some(Caller::at(up.ports.room, None));
    let sampler = Sampler::new(
        began,
        [
            ("up", up.process.id(), operator(), "/process", evidence),
            ("room", room.process.id(), desk, "/api/desk/process", None),
        ],
    );
    let (samples, shop, room) =
        tokio::join!(sampler.watch(until), shop::live(&up, until), room::play(&room, until));
    up.process.signal("TERM");
    let ended_well = up.process.ended(Duration::from_secs(30)).await;

    fs::write(out.join("samples.csv"), samples::csv(&samples)).unwrap();
    let verdicts = verdicts(&samples);
    fs::write(out.join("chart.svg"), chart::drawn(&samples, &verdicts)).unwrap();
    eprintln!("{shop}\n{room}");
    for verdict in &verdicts {
        eprintln!("{verdict}");
    }
    eprintln!("{} holds samples.csv and chart.svg", out.display());
    let is_judged = minutes >= JUDGED_FROM_MINUTES;
    let is_level = !is_judged || verdicts.iter().all(level::Verdict::is_level);
    let is_good = is_level && ended_well && shop.is_good() && room.is_good();
    eprintln!(
        "{}",
        match (is_good, is_judged) {
            (true, true) => "level, and every reset came back to the first state",
            (true, false) => "every reset came back to the first state; too short to say whether it is level",
            (false, _) => "NOT GOOD",
        }
    );
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
