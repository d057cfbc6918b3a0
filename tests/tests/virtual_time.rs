//! Virtual time: repeating a run gives bit-identical results in any process, and a run on the wall clock shows the same course.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{process::Command, thread, time::Duration};

use bytes::Bytes;
use chassis::LatentFault;
use glyphfall_tests::{
    process::{output, program},
    stage::run_of,
};
use http::StatusCode;
use incident::{IncidentRecord, Remedy, Service, Timeline, words::ClockKind};
use tokio::time::sleep;
use world::{
    Addresses, Mix, ShopOptions, World,
    scenario::library,
    shop::Health,
    virtual_time::{self, STALLED_AFTER},
};

/// The end of each repeated run: after every trigger, and into every outage.
const UNTIL: &str = "08:12";

/// Page views a second: enough for many concurrent customers.
const VIEWS: &str = "2";

/// Environment variables that a machine may set, and that must not affect a shop in memory.
const ENVIRONMENT: [(&str, &str); 6] = [
    ("OTEL_PROPAGATORS", "none"),
    ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
    ("OTEL_SDK_DISABLED", "true"),
    ("OTEL_SERVICE_NAME", "other"),
    ("OTEL_RESOURCE_ATTRIBUTES", "team=a"),
    ("GLYPHFALL_ALLOWED_HOSTS", "nobody.example"),
];

/// Plays a scenario in a separate process. Returns its record, and the fingerprint of everything that happened.
fn play(scenario: &str, variables: &[(&str, &str)]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(program("glyphfall"));
    command
        .args(["play", scenario, "--seed", "7", "--level", "changes", "--until", UNTIL, "--views", VIEWS])
        .args(["--format", "json"]);
    command.envs(variables.iter().copied());
    let (code, record, said) = output(command.arg("--out").arg(folder.path()));
    assert_eq!(code, 0, "{said}");
    let fingerprint =
        said.lines().find(|line| line.starts_with("Fingerprint")).expect("it is told").to_owned();
    (record, fingerprint)
}

#[test]
fn every_scenario_is_the_same_to_the_bit_in_two_processes_and_environments_on_a_busy_machine() {
    for scenario in library() {
        // Run both at once, so that each disturbs the other's timing.
        let name = scenario.name.as_str();
        let (one, other) = thread::scope(|threads| {
            let (one, other) =
                (threads.spawn(|| play(name, &[])), threads.spawn(|| play(name, &ENVIRONMENT)));
            (one.join().unwrap(), other.join().unwrap())
        });
        assert!(one.0.len() > 10_000, "{name}: the record holds a morning");
        assert_eq!(one, other, "{name}");
    }
}

/// Page views a second: enough for a meaningful share over some seconds.
const VIEWS_PER_SECOND: f64 = 20.0;

/// The length of a bin of availability, in seconds.
const BIN_S: u32 = 5;

/// Tolerance for the mean distance between the two curves, over all bins. Live, computation takes time and can move a step across a bin's
/// edge; in virtual time it takes none.
const MEAN_DIFFERENCE_MAX: f64 = 0.05;

#[test]
fn live_and_virtual_time_tell_the_same_story() {
    let in_virtual_time = async { story(ShopOptions::in_virtual_time(7), ClockKind::Virtual).await };
    let in_virtual_time = virtual_time::run(in_virtual_time, STALLED_AFTER, || panic!("time stands still"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let live =
        runtime.block_on(async { story(ShopOptions::live(Addresses::free(), 7), ClockKind::Live).await });
    let (one, other) = (curve(&in_virtual_time.unwrap()), curve(&live));
    assert_eq!(one.len(), other.len());
    let differences: Vec<f64> = one.iter().zip(&other).map(|(one, other)| (one - other).abs()).collect();
    let mean = differences.iter().sum::<f64>() / differences.len() as f64;
    assert!(
        one.iter().any(|share| *share < 0.05) && one.iter().any(|share| *share > 0.99),
        "an outage: {one:?}"
    );
    assert!(mean <= MEAN_DIFFERENCE_MAX, "mean difference {mean:.3}\nvirtual {one:.2?}\nlive    {other:.2?}");
}

/// Plays a healthy phase, the vertical tab, the outage, a restart too early, and the restoration.
async fn story(shop: ShopOptions, clock: ClockKind) -> IncidentRecord {
    let run = run_of(&shop, clock);
    let shop = shop.sized_for(VIEWS_PER_SECOND);
    let world = World::start(shop, &Mix::of(VIEWS_PER_SECOND), run, 0.0).await.unwrap();
    let restart = Remedy::Restart { service: Service::Cache };
    sleep(Duration::from_secs(10)).await;
    world.publish("promo-banner", Bytes::from_static(b"Spring\x0bsale")).await.unwrap();
    sleep(Duration::from_secs(30)).await;
    world.act(restart.clone()).await.unwrap();
    sleep(Duration::from_secs(15)).await;
    world.act(Remedy::RollBack { asset: "promo-banner".into() }).await.unwrap();
    world.act(restart).await.unwrap();
    sleep(Duration::from_secs(15)).await;
    world.finish().await
}

#[test]
fn a_repaired_readiness_check_is_among_the_health_checks_that_are_counted() {
    for (repaired, expected) in
        [(vec![], StatusCode::OK), (vec![LatentFault::MissingHealthCheck], StatusCode::SERVICE_UNAVAILABLE)]
    {
        let answers = async {
            let shop = ShopOptions { repaired: repaired.clone(), ..ShopOptions::in_virtual_time(7) };
            let shop = shop.sized_for(VIEWS_PER_SECOND);
            let run = run_of(&shop, ClockKind::Virtual);
            let world = World::start(shop, &Mix::of(VIEWS_PER_SECOND), run, 0.0).await.unwrap();
            world.publish("promo-banner", Bytes::from_static(b"Spring\x0bsale")).await.unwrap();
            sleep(Duration::from_secs(30)).await;
            world.shop().health().await
        };
        let answers = virtual_time::run(answers, STALLED_AFTER, || panic!("time stands still")).unwrap();
        let (ready, alive): (Vec<Health>, Vec<Health>) =
            answers.into_iter().partition(|answer| answer.check == "/readyz");
        assert_eq!(
            ready.iter().map(|answer| answer.status).collect::<Vec<_>>(),
            [Some(expected)],
            "{repaired:?}"
        );
        assert!(
            alive.len() == 3 && alive.iter().all(|answer| answer.status == Some(StatusCode::OK)),
            "{alive:?}"
        );
    }
}

/// Availability by bin.
fn curve(record: &IncidentRecord) -> Vec<f64> {
    let timeline = Timeline::new(&record.availability);
    let bins = (0..70 / BIN_S).map(|bin| timeline.tally(bin * BIN_S, (bin + 1) * BIN_S));
    bins.map(|tally| tally.availability().unwrap_or(1.0)).collect()
}
