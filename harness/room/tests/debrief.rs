//! What the debrief computes, played for real in virtual time: what could be known when, what a repair would have changed, and the model
//! responder's way.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use experiment::attribution::{ALL, COALITIONS, bit};
use incident::{Level, OperatingModel, Remedy, Service};
use room::debrief::{
    fact::Fact,
    job::{Job, Product, Replay, Replayed, Taped},
    knowable::Knowable,
    repair::Sixteen,
    works::Works,
};
use world::scenario::{STORY, draw, scenario};

// Virtual time is bound by small allocations, in which this allocator is twice as fast as the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What one test has played, no other plays again.
static WORKS: LazyLock<Works> = LazyLock::new(Works::default);

const SEED: u64 = 3;

/// Far longer than any of it takes.
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

fn replayed(present: usize) -> Arc<Replayed> {
    match WORKS.wait(&replay(present), AT_MOST) {
        Some(Ok(Product::Replayed(replayed))) => replayed,
        other => panic!("{other:?}"),
    }
}

fn taped() -> Arc<Taped> {
    match WORKS.wait(&Job::Tape { scenario: STORY.to_owned(), seed: SEED }, AT_MOST) {
        Some(Ok(Product::Tape(taped))) => taped,
        other => panic!("{other:?}"),
    }
}

#[test]
fn richer_telemetry_makes_facts_knowable_earlier() {
    let taped = taped();
    let times = |wanted: fn(&Fact) -> bool| {
        let (_, times) = taped.knowable.iter().find(|(fact, _)| wanted(fact)).unwrap();
        let at = |(level, knowable): &(Level, Knowable)| match knowable {
            Knowable::After { story_s, minutes, .. } => (*level, *story_s, *minutes),
            _ => (*level, f64::INFINITY, f64::INFINITY),
        };
        times.iter().map(at).collect::<Vec<_>>()
    };
    for wanted in [
        (|fact: &Fact| matches!(fact, Fact::Cause(_))) as fn(&Fact) -> bool,
        |fact| matches!(fact, Fact::Asset(_)),
        |fact| matches!(fact, Fact::Character(_)),
    ] {
        let times = times(wanted);
        assert!(times.is_sorted_by(|(_, poorer, _), (_, richer, _)| poorer >= richer), "{times:?}");
    }
    let asset = times(|fact| matches!(fact, Fact::Asset(_)));
    let minutes = |level: Level| asset.iter().find(|(of, ..)| *of == level).unwrap().2;
    // In the dark somebody must ask the store for every asset's history; error lines name it at once.
    assert!(minutes(Level::Dark) - minutes(Level::Logs) > 30.0, "{asset:?}");
    let character = times(|fact| matches!(fact, Fact::Character(_)));
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
    let all: Vec<Arc<Replayed>> = (0..COALITIONS).map(replayed).collect();
    let all: [&Replayed; COALITIONS] = std::array::from_fn(|present| all[present].as_ref());
    let sixteen = Sixteen::of(&all);
    assert!(sixteen.sets.iter().any(|set| set == "invalid rendering"), "{sixteen:?}");
    let shares = sixteen.shares.unwrap();
    let figure = |place: usize| shares[place].share.trim_end_matches(['%', '\u{a0}']).parse::<f64>().unwrap();
    assert!((0..4).map(figure).sum::<f64>() > 99.0, "{shares:?}");
    assert!(figure(0) > 25.0 && figure(3).abs() < 0.05, "{shares:?}");
}

#[test]
fn the_model_responder_goes_its_own_way_from_the_same_start() {
    let job = Job::Model {
        scenario: STORY.to_owned(),
        seed: SEED,
        level: Level::Changes,
        model: OperatingModel::YouBuildIt,
    };
    let Some(Ok(Product::Way(way))) = WORKS.wait(&job, AT_MOST) else { panic!("nothing came of it") };
    assert!(way.called_s.is_some() && !way.looks_s.is_empty() && !way.steps.is_empty());
    assert_eq!(way.is_right(), Some(true), "{:?}", way.outcome);
    // Asked again it is there at once.
    assert!(
        WORKS.ask(&job).is_some()
            && WORKS.known(&Job::Tape { scenario: STORY.to_owned(), seed: 0 }).is_none()
    );
}

#[test]
fn what_cannot_be_played_is_said_and_not_waited_for() {
    let nothing = Job::Tape { scenario: "no-such-incident".to_owned(), seed: 1 };
    let answer = WORKS.wait(&nothing, AT_MOST).unwrap();
    assert!(answer.unwrap_err().contains("no-such-incident"));
}
