//! Remedies at given times of a story that is told faster: what a team did is done again, in the same seconds of the shop.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use chassis::LatentFault;
use incident::{EventKind, Remedy, Service};
use world::{
    Mix,
    play::{PlayOptions, Played, Responder, play},
    scenario::{STORY, draw, scenario},
    virtual_time::{STALLED_AFTER, run},
};

const SEED: u64 = 4;
const SPEED: f64 = 15.0;

fn played(remedies: Vec<(f64, Remedy)>, repaired: Vec<LatentFault>) -> Played {
    let scenario = scenario(STORY).unwrap();
    let options = PlayOptions {
        mix: Mix::of(3.0),
        repaired,
        ends_story_s: 5_400.0,
        responder: Responder::Given { remedies, speed: SPEED },
        ..PlayOptions::new(SEED)
    };
    run(play(&scenario, &options), STALLED_AFTER, || panic!("time stood still")).unwrap().unwrap()
}

fn right() -> Vec<(f64, Remedy)> {
    let asset = draw(&scenario(STORY).unwrap(), SEED).published.unwrap();
    vec![(3_000.0, Remedy::RollBack { asset }), (3_300.0, Remedy::Restart { service: Service::Cache })]
}

#[test]
fn what_was_done_is_done_again_at_its_time_of_the_story() {
    let Played { record, .. } = played(right(), Vec::new());
    assert!((record.run.speed - SPEED).abs() < 1e-9);
    let used: Vec<(f64, Remedy)> = record
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Remedy(remedy) => Some((event.story_s, remedy.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(used, right());
    let outcome = &record.outcome;
    assert!(outcome.lost_s.is_some_and(|lost_s| lost_s < 1_500.0), "{outcome:?}");
    // The shop's seconds pass as they did live: it is well within a minute of the second remedy, which is a quarter of an hour.
    let restored_s = outcome.restored_s.unwrap();
    assert!((3_000.0..3_300.0 + 60.0 * SPEED).contains(&restored_s), "{restored_s}");
    let last = record.availability.last().unwrap();
    assert!(f64::from(last.at_s) > (5_400.0 + 900.0) / SPEED - 5.0, "it was watched until the end");
}

#[test]
fn with_the_rendering_repaired_the_same_morning_loses_nothing() {
    let as_it_was = played(right(), Vec::new()).record.outcome;
    assert!(as_it_was.incident_financial_loss_usd.0 > 10_000.0, "{as_it_was:?}");
    let repaired = played(right(), vec![LatentFault::InvalidRendering]).record.outcome;
    assert_eq!((repaired.lost_s, repaired.failed_visits), (None, 0));
    assert_eq!(played(right(), Vec::new()).fingerprint, played(right(), Vec::new()).fingerprint);
}
