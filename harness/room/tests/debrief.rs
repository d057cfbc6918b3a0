//! The debrief's computations, run for real in virtual time: when facts could be known, what a repair would have changed, and the model
//! responder.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{sync::LazyLock, time::Duration};

use experiment::attribution::{ALL, COALITIONS, bit};
use incident::{ContributingFactor, EventKind, Level, OperatingModel, Remedy, Service};
use report::session::{Known, Played};
use room::{
    debrief::{
        jobs::{Job, Product, Replay},
        rounds::combined,
        workers::ReplayWorkers,
    },
    example,
    store::Store,
};
use world::scenario::{STORY, draw, scenario};

// Small allocations limit the speed of virtual time, and this allocator does them twice as fast as the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Shared by the tests, so that none plays what another has played already.
static WORKERS: LazyLock<ReplayWorkers> = LazyLock::new(ReplayWorkers::default);

const SEED: u64 = 3;

/// The timeout of a computation: far longer than any takes.
const AT_MOST: Duration = Duration::from_secs(300);

fn right() -> Vec<(f64, Remedy)> {
    let asset = draw(&scenario(STORY).unwrap(), SEED).published.unwrap();
    vec![
        (1_800.0, Remedy::Restart { service: Service::Cache }),
        (3_000.0, Remedy::RollBack { asset }),
        (3_300.0, Remedy::Restart { service: Service::Cache }),
    ]
}

fn replay(present: usize) -> Job {
    Job::Replay(Replay::new((STORY, SEED), &right(), present, (15.0, 5_400.0)))
}

fn waited(job: &Job) -> Result<Product, String> {
    WORKERS.wait(job, AT_MOST).expect("it is computed in time")
}

fn played(job: &Job) -> Played {
    match waited(job) {
        Ok(Product::Played(played)) => played,
        other => panic!("{other:?}"),
    }
}

fn replayed(present: usize) -> Played {
    played(&replay(present))
}

#[test]
fn richer_telemetry_makes_facts_knowable_earlier() {
    let job = Job::Record { scenario: STORY.to_owned(), seed: SEED };
    let Ok(Product::Knowable(knowable)) = waited(&job) else { panic!("no recording") };
    // In the order of the chain.
    let times = |fact: usize| {
        let at = |(level, known): &(Level, Known)| match known {
            Known::After { story_s, minutes, .. } => (*level, *story_s, *minutes),
            _ => (*level, f64::INFINITY, f64::INFINITY),
        };
        knowable.facts[fact].iter().map(at).collect::<Vec<_>>()
    };
    let (cause, asset, character) = (times(0), times(1), times(2));
    for times in [&cause, &asset, &character] {
        assert!(times.is_sorted_by(|(_, poorer, _), (_, richer, _)| poorer >= richer), "{times:?}");
    }
    assert!(cause.iter().all(|(_, known, _)| known.is_finite()), "{cause:?}");
    let minutes = |level: Level| character.iter().find(|(of, ..)| *of == level).unwrap().2;
    // At `dark` a responder must compare one text after the other; at `logs` an error line names the text to compare.
    assert!(minutes(Level::Dark) - minutes(Level::Logs) > 3.0, "{character:?}");
    assert!(
        character.iter().zip(&asset).all(|(character, asset)| character.1 >= asset.1),
        "no name without its asset"
    );
}

#[test]
fn a_repair_changes_what_the_same_remedies_come_to() {
    let as_it_was = replayed(ALL);
    let lost = as_it_was.outcome.incident_financial_loss_usd.0;
    // Roughly an hour at five thousand dollars a minute.
    assert!((150_000.0..400_000.0).contains(&lost), "{:?}", as_it_was.outcome);
    assert!(as_it_was.outcome.restored_s.is_some_and(|at_s| (3_000.0..4_200.0).contains(&at_s)));
    let rendering = replayed(ALL & !bit(0));
    assert_eq!((rendering.outcome.lost_s, rendering.outcome.incident_financial_loss_usd.0), (None, 0.0));
    let telemetry = replayed(ALL & !bit(3));
    assert_eq!(telemetry.outcome, as_it_was.outcome, "telemetry does nothing for customers by itself");
}

#[test]
fn the_sixteen_share_out_what_the_four_lose_together() {
    let all: Vec<Played> = (0..COALITIONS).map(replayed).collect();
    let combined = combined(&std::array::from_fn(|present| &all[present]));
    let rendering = ContributingFactor::LATENT_FAULTS[0];
    assert!(combined.smallest_sets.contains(&vec![rendering]), "{combined:?}");
    let shares: Vec<Option<f64>> =
        combined.shares.as_ref().unwrap().iter().map(|share| share.map(|(share, _)| share)).collect();
    assert!((shares.iter().flatten().sum::<f64>() - 1.0).abs() < 1e-3, "{shares:?}");
    assert!(shares[0] > Some(0.25) && shares[3].is_none(), "a replay cannot measure telemetry: {shares:?}");
}

#[test]
fn the_model_responder_goes_its_own_way_from_the_same_start() {
    let job = Job::Model {
        scenario: STORY.to_owned(),
        seed: SEED,
        level: Level::Changes,
        model: OperatingModel::YouBuildIt,
    };
    let model = played(&job);
    let has = |is: fn(&EventKind) -> bool| model.events.iter().any(|event| is(&event.kind));
    assert!(has(|kind| matches!(kind, EventKind::Alerted { .. })));
    assert!(has(|kind| matches!(kind, EventKind::Check { .. })));
    assert_eq!(model.is_right(), Some(true), "{:?}", model.outcome);
    // A second request has the result at once.
    assert!(
        WORKERS.ask(&job).is_some() && !WORKERS.is_done(&Job::Record { scenario: STORY.to_owned(), seed: 0 })
    );
}

#[test]
fn what_cannot_be_played_is_said_and_not_waited_for() {
    let nothing = Job::Record { scenario: "no-such-incident".to_owned(), seed: 1 };
    assert!(waited(&nothing).unwrap_err().contains("no-such-incident"));
}

/// If the results differ from today's, `cargo xtask example` computes them again.
#[test]
fn the_example_shows_what_would_be_computed_today() {
    let folder = tempfile::tempdir().unwrap();
    example::unpack(folder.path()).unwrap();
    let store = Store::kept(folder.path());
    assert_eq!(store.session().unwrap().unwrap().teams.len(), 4);
    let results = store.results();
    let replays = results.iter().filter(|(job, _)| matches!(job, Job::Replay(_))).count();
    assert!(replays >= 4 * COALITIONS, "all combinations of each team: {replays}");
    let first = |is: fn(&Job) -> bool| results.iter().find(|(job, _)| is(job)).unwrap();
    for (job, recorded) in [
        first(|job| matches!(job, Job::Record { .. })),
        first(|job| matches!(job, Job::Replay(_))),
        first(|job| matches!(job, Job::Model { .. })),
    ] {
        let now = waited(job).unwrap();
        let [recorded, now] = [recorded, &now].map(|product| serde_json::to_value(product).unwrap());
        assert!(recorded == now, "{job:?} comes to something else today: cargo xtask example");
    }
}
