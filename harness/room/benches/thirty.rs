//! Thirty teams on one machine: how fast every page reacts, what a team costs in memory, and whether a healthy world notices that
//! twenty-nine others have collapsed. Teaches to measure from the intended start, while everything else goes on.
//!
//! `cargo bench -p glyphfall-room --bench thirty`. Everything shares this process's cores: rooms, shops, customers, and who measures.
#![expect(clippy::print_stdout, reason = "a benchmark prints")]
#![expect(clippy::unwrap_used, reason = "in a benchmark a panic is the report")]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chassis::{Chassis, Clock, Network, Peer, Wait, serve::Hosts};
use hdrhistogram::Histogram;
use http::{HeaderValue, Method, Request, StatusCode, header};
use incident::{Level, OperatingModel};
use room::{
    Room, RoomOptions,
    played::Guess,
    session::{Assigned, Round},
    team_world::VIEWS_PER_SECOND,
};
use tokio::{
    net::TcpListener,
    sync::Mutex,
    time::{Instant, interval, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

const TEAMS: u32 = 30;

/// How long until every shop but one has collapsed: the character is published at 08:10 of the story at the latest.
const UNTIL_COLLAPSED: Duration = Duration::from_secs(60);

/// How long it takes until thirty shops have all they hold in their caches.
const UNTIL_WARM: Duration = Duration::from_secs(10);

/// How long is measured.
const MEASURED: Duration = Duration::from_secs(120);

/// The team whose shop stays well.
const HEALTHY: u32 = 1;

/// A shop in which nothing is wrong, and an alarm; and the story.
const SCENARIOS: [&str; 2] = ["false-alarm", "special-character"];

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What one team's page asks once a second, one after the other, besides what it is sent by itself.
const ASKED: [&str; 6] = [
    "/team",
    "/api/team",
    "/evidence/logs?limit=100",
    "/evidence/metrics/query?name=shop.customer.visits&function=rate&by=outcome",
    "/evidence/traces?failed=true",
    "/api/team/health",
];

fn main() {
    chassis::run::raise_descriptor_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let options = RoomOptions {
        teams: TEAMS,
        seed: 7,
        folder: folder.path().to_owned(),
        address,
        facilitator_token: None,
        seen: std::collections::BTreeSet::new(),
        fresh: true,
        views: VIEWS_PER_SECOND,
        pages: None,
    };
    let room = Room::open(options).await.unwrap();
    let (stop, serving) = (CancellationToken::new(), room.clone());
    let stopped = stop.clone();
    let client = Chassis::of_caller("bench", Network::Tcp, Clock::real(), 7);
    client.tasks.spawn(async move { room::serve(serving, listener, Hosts::default(), stopped).await });
    let tokens = prepare(&room);
    let before_mb = memory_mb();
    println!("{TEAMS} teams, {VIEWS_PER_SECOND} page views a second each, everything in this process");
    let authority: http::uri::Authority = address.to_string().parse().unwrap();
    for token in &tokens {
        follow(&client, &authority, "/api/team/events", token);
    }
    for (title, until_begun) in
        [("every shop is healthy", UNTIL_WARM), ("every shop but one has collapsed", UNTIL_COLLAPSED)]
    {
        room.start().await.unwrap();
        for team in 1..=TEAMS {
            let guess = Guess { kind: None, confidence: None, by: "bench".to_owned() };
            room.change(|session| session.work(team, |played| played.guess(guess))).unwrap();
        }
        sleep(until_begun).await;
        let at_s = |room: &Room| room.team_world(HEALTHY).unwrap().world.at_s();
        let from_s = at_s(&room);
        let latencies: Arc<Mutex<BTreeMap<&str, Histogram<u64>>>> = Arc::default();
        let until = Instant::now() + MEASURED;
        for (place, token) in tokens.iter().enumerate() {
            let peer = Peer::new(&client, authority.clone());
            let (latencies, token) = (Arc::clone(&latencies), token.clone());
            client.tasks.spawn(async move { ask(&peer, &token, place, until, &latencies).await });
        }
        sleep_until(until + Duration::from_secs(2)).await;
        println!("\n{title}");
        report(&room, &latencies, before_mb, from_s, at_s(&room)).await;
        room.end(None).await.unwrap();
    }
    stop.cancel();
    room.close().await.unwrap();
}

/// First everybody looks after a shop in which nothing is wrong; then all but one meet the story, at the richest level.
fn prepare(room: &Room) -> Vec<String> {
    let round = |scenarios: [&str; 2]| Round {
        practice: false,
        operating_model: OperatingModel::YouBuildIt,
        speed: 60.0,
        minutes: 60.0,
        updates: None,
        assigned: (1..=TEAMS)
            .map(|team| Assigned {
                scenario: scenarios[usize::from(team != HEALTHY)].to_owned(),
                seed: 7,
                level: Level::Changes,
            })
            .collect(),
    };
    room.change(|session| {
        for (number, scenarios) in [[SCENARIOS[0]; 2], SCENARIOS].into_iter().enumerate() {
            session.change_round(number, round(scenarios)).unwrap();
        }
    });
    room.read(|session| session.teams.iter().map(|team| team.token.clone()).collect())
}

fn request(path: &str, token: &str) -> Request<bytes::Bytes> {
    let bearer = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    let request = Request::builder().method(Method::GET).uri(path).header(header::AUTHORIZATION, bearer);
    request.body(bytes::Bytes::new()).unwrap()
}

/// Holds a page's own connection open, as a browser does.
fn follow(client: &Chassis, authority: &http::uri::Authority, path: &'static str, token: &str) {
    let (peer, token) = (Peer::new(client, authority.clone()), token.to_owned());
    // It never ends by itself: what comes is read and forgotten.
    client.tasks.spawn(async move { peer.send(request(path, &token), Wait::Forever).await });
}

async fn ask(
    peer: &Peer,
    token: &str,
    place: usize,
    until: Instant,
    latencies: &Mutex<BTreeMap<&'static str, Histogram<u64>>>,
) {
    // Teams do not press their buttons all at once.
    sleep(Duration::from_millis(1_000 * place as u64 / u64::from(TEAMS))).await;
    let mut seconds = interval(Duration::from_secs(1));
    for path in ASKED.iter().cycle() {
        let intended = seconds.tick().await;
        if intended >= until {
            return;
        }
        let answer = peer.send(request(path, token), Wait::AtMost(Duration::from_secs(20))).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let elapsed_us = u64::try_from(intended.elapsed().as_micros()).unwrap();
        let mut latencies = latencies.lock().await;
        latencies.entry(path).or_insert_with(|| Histogram::new(3).unwrap()).record(elapsed_us).unwrap();
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a benchmark")]
async fn report(
    room: &Room,
    latencies: &Mutex<BTreeMap<&'static str, Histogram<u64>>>,
    before_mb: f64,
    from_s: f64,
    to_s: f64,
) {
    let availability = |team: u32, last_s: f64| {
        let team_world = room.team_world(team).unwrap();
        let tally = team_world.world.record().tally(None, from_s as u32, (last_s - 11.0) as u32);
        100.0 * tally.availability().unwrap_or_default()
    };
    println!("{:<80} {:>9} {:>9} {:>9}", "milliseconds from the intended start", "median", "95 %", "most");
    for (path, histogram) in &*latencies.lock().await {
        let ms = |value: u64| value as f64 / 1_000.0;
        println!(
            "{path:<80} {:>9.1} {:>9.1} {:>9.1}",
            ms(histogram.value_at_quantile(0.5)),
            ms(histogram.value_at_quantile(0.95)),
            ms(histogram.max())
        );
    }
    let collapsed: Vec<f64> = (2..=TEAMS).map(|team| availability(team, to_s)).collect();
    println!("availability of team {HEALTHY}'s world                {:>10.3} %", availability(HEALTHY, to_s));
    println!(
        "availability of the {} others, mean      {:>10.3} %",
        collapsed.len(),
        collapsed.iter().sum::<f64>() / collapsed.len() as f64
    );
    println!(
        "memory a team, after {:>3.0} s of the shop     {:>10.1} MB",
        to_s,
        (memory_mb() - before_mb) / f64::from(TEAMS)
    );
}

/// Resident memory of this process, as the kernel counts it.
fn memory_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1_000.0
}
