//! How costs grow with more teams in a room, more page views in a shop, more hours of a story, and more spans held. Each point runs in a
//! separate process, whose memory the kernel reports.

use std::{fs, time::Duration};

use chassis::{Level, serve::Hosts};
use evidence::{Evidence, Limits, trace_search::TraceQuery};
use glyphfall_tests::bench::{
    chart::{Panel, draw},
    figures::{quantile, told},
    growth::Growth,
    table::{Better, Part, Row},
};
use incident::OperatingModel;
use room::{
    Room, RoomOptions,
    session::{Assigned, Round},
    team_world::VIEWS_PER_SECOND,
};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use world::{
    Mix,
    play::{PlayOptions, Responder, STARTS_STORY_S, play},
    scenario::scenario,
    virtual_time::{self, STALLED_AFTER},
};

use super::{
    folder,
    load::finished,
    programs::{memory_mb, processor_s_of_myself},
    progress,
    spans::{self, BATCH},
};

const TEAMS: [u32; 7] = [1, 2, 5, 10, 20, 40, 60];
const VIEWS: [u32; 8] = [1, 10, 50, 200, 500, 1_000, 2_000, 5_000];
const HOURS: [u32; 6] = [1, 2, 4, 8, 16, 24];
const SPANS: [u64; 7] = [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000];

/// Warm-up before the measurement of a room or shop, and the length of the measurement.
const WARM_UP: Duration = Duration::from_secs(3);
const MEASURED: Duration = Duration::from_secs(5);

/// Queries of each kind to a store.
const QUESTIONS: u32 = 200;

/// A story in which the shop stays healthy, because the benchmark measures ordinary operation.
const HEALTHY: &str = "false-alarm";

pub(crate) async fn measure() -> Part {
    let mut panels = Vec::new();
    let rooms = points("room", &TEAMS.map(u64::from)).await;
    panels.push(panel("Memory of a room", "teams", "MB", &rooms, "memory_mb"));
    panels.push(panel("Processor of a room", "teams", "cores in use", &rooms, "cores"));
    let shops = points("shop", &VIEWS.map(u64::from)).await;
    panels.push(panel(
        "Processor of a shop at `changes`",
        "page views a second",
        "cores in use",
        &shops,
        "cores",
    ));
    panels.push(panel("What a customer waits", "page views a second", "ms, p99", &shops, "p99_ms"));
    let mornings = points("morning", &HOURS.map(u64::from)).await;
    panels.push(panel(
        "A story in virtual time",
        "hours of the story",
        "seconds to play it",
        &mornings,
        "processor_s",
    ));
    panels.push(panel("Memory of a story", "hours of the story", "MB", &mornings, "memory_mb"));
    let stores = points("spans", &SPANS).await;
    panels.push(panel("Memory of the evidence", "spans held", "MB", &stores, "memory_mb"));
    panels.push(panel("A question to the evidence", "spans held", "ms, p99", &stores, "failed_p99_ms"));
    fs::write(folder().join("growth.svg"), draw(&panels)).unwrap();
    let mut rows = Vec::new();
    let mut notes = vec!["Drawn in `target/bench/growth.svg`.".to_owned()];
    for panel in &panels {
        let growth = Growth::of(&panel.points);
        let ((from, least), (to, most)) = (panel.points[0], panel.points[panel.points.len() - 1]);
        let what = format!("{}: {} to {} {}", panel.title, told(from), told(to), panel.cause);
        rows.push(Row::alone(&what, "exponent", Better::Less, growth.exponent));
        let bend = growth.bend.map_or("no bend".to_owned(), |bend| {
            format!("bends at {}, from {:.2} to {:.2}", told(bend.at), bend.before, bend.after)
        });
        notes.push(format!("{}: {} to {} {}; {bend}.", panel.title, told(least), told(most), panel.cost));
    }
    let how = "Each point is a process of its own on all cores. An exponent of 1 is growth in proportion, below 1 is cheaper by the piece. \
               Rooms run the story's shop for each team at `changes`; stories are of a healthy shop with five page views a second, all telemetry kept."
        .into();
    Part { title: "Growth".into(), how, rows, notes }
}

async fn points(what: &str, causes: &[u64]) -> Vec<(f64, Value)> {
    let mut points = Vec::new();
    for cause in causes {
        let program = std::env::current_exe().expect("a running program has a path");
        let mut command = std::process::Command::new(program);
        command.args([what, &cause.to_string()]);
        let text = finished(command).await;
        let figures: Value =
            serde_json::from_str(text.trim()).unwrap_or_else(|_| panic!("{what} {cause}: {text}"));
        progress(&format!("{what} {cause}: {figures}"));
        points.push((*cause as f64, figures));
    }
    points
}

fn panel(title: &str, cause: &str, cost: &str, points: &[(f64, Value)], figure: &str) -> Panel {
    let points =
        points.iter().map(|(cause, figures)| (*cause, figures[figure].as_f64().unwrap().max(1e-6))).collect();
    Panel { title: title.replace('`', ""), cause: cause.to_owned(), cost: cost.to_owned(), points }
}

/// Runs a room with `teams` teams, all in the story, and prints its resource use.
pub(crate) async fn room(teams: u32) {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = RoomOptions {
        teams,
        seed: 7,
        folder: folder.path().to_owned(),
        address: listener.local_addr().unwrap(),
        facilitator_token: None,
        seen: std::collections::BTreeSet::new(),
        fresh: true,
        views: VIEWS_PER_SECOND,
        pages: None,
    };
    let room = Room::open(options).await.unwrap();
    let (stop, serving) = (CancellationToken::new(), room.clone());
    let tasks = chassis::TaskGroup::default();
    let stopped = stop.clone();
    tasks.spawn(async move { room::serve(serving, listener, Hosts::default(), stopped).await });
    let assigned = |_| Assigned {
        scenario: "special-character".to_owned(),
        text: None,
        seed: 7,
        level: incident::Level::Changes,
    };
    let round = Round {
        practice: false,
        operating_model: OperatingModel::YouBuildIt,
        speed: 60.0,
        minutes: 60.0,
        updates: None,
        assigned: (1..=teams).map(assigned).collect(),
    };
    room.change(|session| session.change_round(0, round)).unwrap();
    room.start().await.unwrap();
    let (cores, memory_mb) = used().await;
    println!("{}", json!({ "cores": cores, "memory_mb": memory_mb }));
    room.end(None).await.unwrap();
    stop.cancel();
    room.close().await.unwrap();
}

/// Runs a shop with its customers in one process, and prints its resource use and the customers' latency.
pub(crate) async fn shop(views: u32) {
    let clock = chassis::Clock::real();
    let evidence = Evidence::new(world::observed::limits(), move || clock.wall());
    let mut options = world::ShopOptions::live(world::Addresses::free(), 1);
    options.level = Level::Changes;
    options.surroundings.sink = Some(std::sync::Arc::new(world::observed::Observed(evidence)));
    let world =
        world::World::start(options, &Mix::of(views.into()), super::load::run_of(), 0.0).await.unwrap();
    let (cores, memory_mb) = used().await;
    let latency_us = world.customers().latency_us();
    let p99_ms = latency_us.value_at_quantile(0.99) as f64 / 1_000.0;
    println!(
        "{}",
        json!({ "cores": cores, "memory_mb": memory_mb, "p99_ms": p99_ms, "visits": latency_us.len() })
    );
    std::process::exit(0);
}

/// After the warm-up, measures the cores in use, and the memory at the end.
async fn used() -> (f64, f64) {
    sleep(WARM_UP).await;
    let (before, began) = (processor_s_of_myself(), Instant::now());
    sleep(MEASURED).await;
    let cores = (processor_s_of_myself() - before) / began.elapsed().as_secs_f64();
    (cores, memory_mb("self", "VmRSS"))
}

/// Plays `hours` hours of a healthy shop in virtual time, keeping all telemetry.
pub(crate) fn morning(hours: u32) {
    let scenario = scenario(HEALTHY).unwrap();
    let options = PlayOptions {
        level: Level::Changes,
        with_evidence: true,
        // A responder that never acts. Without any responder, a quiet story would end early.
        responder: Responder::Given { remedies: Vec::new(), speed: 1.0 },
        ends_story_s: STARTS_STORY_S + f64::from(hours) * 3_600.0,
        ..PlayOptions::new(7)
    };
    let played = virtual_time::run(play(&scenario, &options), STALLED_AFTER, || panic!("time stands still"));
    let record = played.and_then(|played| played).unwrap().record;
    let visits: u32 = record.availability.iter().map(|row| row.served + row.degraded + row.failed).sum();
    println!(
        "{}",
        json!({ "processor_s": processor_s_of_myself(), "memory_mb": memory_mb("self", "VmHWM"), "visits": visits })
    );
}

/// Fills a store with `count` spans, or up to its usual limit. Prints the store's memory and the cost of queries.
pub(crate) fn spans(count: Option<u64>) {
    let limits = match count {
        Some(_) => Limits { bytes_max: 16 << 30, ..Limits::default() },
        None => Limits::default(),
    };
    let evidence = Evidence::new(limits, spans::clock);
    let before_mb = memory_mb("self", "VmRSS");
    for number in 0..count.map_or(1_000, |count| count.div_ceil(BATCH)) {
        evidence.take_traces(&spans::batch(number));
    }
    let grown_mb = memory_mb("self", "VmRSS") - before_mb;
    let usage = evidence.usage();
    let held = usage.spans.held as f64;
    let mut figures = json!({
        "held": held,
        "memory_mb": grown_mb,
        "bytes": usage.bytes as f64 / held,
        "grown_bytes": grown_mb * 1e6 / held,
    });
    let newest = evidence.traces(&TraceQuery::default()).traces;
    let trace = newest.first().expect("a store with spans has a trace").trace_id;
    let mut ask = |name: &str, question: &dyn Fn()| {
        let took_ms: Vec<f64> = (0..QUESTIONS)
            .map(|_| {
                let began = Instant::now();
                question();
                began.elapsed().as_secs_f64() * 1_000.0
            })
            .collect();
        figures[format!("{name}_p99_ms")] = quantile(&took_ms, 0.99).into();
    };
    ask("failed", &|| {
        std::hint::black_box(evidence.traces(&TraceQuery {
            failed: true,
            limit: 100,
            ..TraceQuery::default()
        }));
    });
    ask("route", &|| {
        let query = TraceQuery { route: Some("/p/{product}".into()), limit: 100, ..TraceQuery::default() };
        std::hint::black_box(evidence.traces(&query));
    });
    ask("trace", &|| {
        std::hint::black_box(evidence.trace(trace));
    });
    println!("{figures}");
}
