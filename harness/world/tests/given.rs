//! Remedies at given times of a story that runs faster than the shop: a replay repeats what a team did, in the same seconds of the
//! shop. Also happenings far apart: each of them happens, and each outage is answered.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::sync::Arc;

use chassis::LatentFault;
use diagnosis::Knowledge;
use incident::{EventKind, Remedy, Service};
use world::{
    Mix,
    play::{PlayOptions, Played, Responder, play},
    scenario::{STORY, Scenario, draw, library, scenario},
    tape::sees_all,
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
    // The shop's seconds pass as they did live: service is restored well within a minute after the second remedy, a quarter of an
    // hour of the story.
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

/// The same character in two texts, an hour apart.
const TWICE: &str = r#"title = "Two texts"
description = "Two editors publish the same character, an hour apart."
symptom = "every-page"
[[happens]]
between = ["09:00", "09:00"]
what = { publish = { assets = ["home-intro"], insert = ["U+000B"] } }
[[happens]]
between = ["08:00", "08:00"]
what = { publish = { assets = ["promo-banner"], insert = ["U+000B"] } }
[truth]
trigger = "An editor publishes a text with a vertical tab"
path = ["content-store", "cache", "web-front"]
factors = ["invalid-rendering", "poor-error-handling"]
[remedies]
right = [[{ remedy = "roll-back", asset = "published" }, { remedy = "restart", service = "cache" }]]
wrong = [[{ remedy = "flush-cache" }]]
"#;

#[test]
fn a_tape_hears_one_call_and_says_so() {
    let twice = |second| Scenario::read("twice", "twice.toml", &TWICE.replace("09:00", second)).unwrap();
    assert!(sees_all(&twice("08:30")) && !sees_all(&twice("09:00")));
    assert!(library().iter().all(sees_all));
}

#[test]
fn where_few_customers_come_a_quiet_minute_is_no_recovery() {
    let check =
        |views, expected| assert_eq!(Mix::of(views).hold_s(), expected, "{views} page views a second");
    check(30.0, 60);
    check(5.0, 60);
    check(1.0, 200);
    check(0.5, 400);
    // The release breaks only the checkout, which customers visit every twenty seconds.
    let options = PlayOptions { mix: Mix::of(0.5), responder: Responder::Nobody, ..PlayOptions::new(SEED) };
    let scenario = scenario("bad-release").unwrap();
    let played =
        run(play(&scenario, &options), STALLED_AFTER, || panic!("time stood still")).unwrap().unwrap();
    let outcome = played.record.outcome;
    assert!(outcome.lost_s.is_some() && outcome.restored_s.is_none(), "{outcome:?}");
}

/// What the responder did if the second publish happens at this time. In the end, customers are served.
fn twice(second: &str, responder: Responder) -> Vec<String> {
    let scenario = Scenario::read("twice", "twice.toml", &TWICE.replace("09:00", second)).unwrap();
    let level = chassis::Level::Changes;
    let options = PlayOptions { mix: Mix::of(0.5), level, responder, ..PlayOptions::new(SEED) };
    let played =
        run(play(&scenario, &options), STALLED_AFTER, || panic!("time stood still")).unwrap().unwrap();
    let told = played.record.events.iter().filter_map(|event| match &event.kind {
        // Skip the decoys, which depend on the seed alone.
        EventKind::Published { asset, by, .. } if by == "editor" => {
            ["promo-banner", "home-intro"].contains(&asset.as_str()).then(|| format!("publish {asset}"))
        }
        EventKind::Alerted { .. } | EventKind::CustomerComplaint { .. } => Some("call".to_owned()),
        EventKind::Remedy(remedy) => Some(remedy.to_string()),
        EventKind::Explained { .. } => Some("explain".to_owned()),
        _ => None,
    });
    let told: Vec<String> = told.collect();
    let end_s = played.record.availability.last().unwrap().at_s;
    let last = played.record.availability.iter().filter(|row| row.at_s > end_s - 60);
    assert_eq!(last.map(|row| row.failed).sum::<u32>(), 0, "{told:?}");
    told
}

#[test]
fn what_happens_after_the_first_outage_happens_and_is_answered_too() {
    let check =
        |second, expected: [&str; 8]| assert_eq!(twice(second, Responder::StandIn), expected, "{second}");
    let (first, again) = ("publish promo-banner", "publish home-intro");
    let (back, back_again, restart) = ("roll back promo-banner", "roll back home-intro", "restart the cache");
    check("10:30", [first, "call", back, restart, again, "call", back_again, restart]);
    // The second publish comes before the first is answered: the stand-in finds it when it has answered the first.
    let told = twice("08:20", Responder::StandIn);
    assert_eq!(told, [first, "call", again, back, restart, back_again, restart]);
    let told = twice("09:00", Responder::Model(Arc::new(Knowledge::built_in())));
    // The first explanation may come after the second publish, but not after the alert of the outage that it causes.
    let mut later = told.iter();
    for event in [back, restart, "explain", "call", back_again, restart, "explain"] {
        assert!(later.any(|told| told == event), "{event}: {told:?}");
    }
}
