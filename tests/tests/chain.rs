//! The fault chain in virtual time, measured by its effect on customers: how it spreads, which remedies hold, and what each repair gains.

use chassis::LatentFault::{
    self, InadequateTelemetry, InvalidRendering, MissingHealthCheck, PoorErrorHandling,
};
use glyphfall_tests::stage::{BANNER, RESTART_CACHE, Stage};
use incident::{EventKind, Remedy, Route, Service, Usd};
use world::EditorError;

const BANNER_PAGES: &[Route] = &[Route::Home, Route::Category];
const OTHER_PAGES: &[Route] = &[Route::Product, Route::Checkout];

fn assert_within(percent: f64, least: f64, most: f64, what: &str) {
    assert!((least..=most).contains(&percent), "{what}: {percent:.1} %, expected {least} to {most} %");
}

#[tokio::test(start_paused = true)]
async fn one_special_character_takes_every_page_down_while_health_stays_green() {
    for seed in [1, 2, 3] {
        let stage = Stage::with_repaired(&[], seed).await;
        assert_within(stage.served_percent(&[], 60).await, 99.9, 100.0, "healthy");
        let published_s = stage.second();
        stage.publish().await.unwrap();
        for _ in 0..6 {
            stage.pass(10).await;
            assert!(stage.is_green().await, "seed {seed}");
        }
        for route in BANNER_PAGES {
            let share = stage.past_percent(Some(*route), published_s + 15, published_s + 50);
            assert_within(share, 0.0, 1.0, route.name());
        }
        for route in Route::ALL {
            let share = stage.past_percent(Some(route), published_s + 40, published_s + 50);
            assert_within(share, 0.0, 5.0, route.name());
        }
        // The outage persists: nothing in the shop gives up.
        stage.pass(300).await;
        assert_within(stage.served_percent(&[], 30).await, 0.0, 1.0, "five minutes later");
    }
}

#[tokio::test(start_paused = true)]
async fn a_roll_back_alone_does_not_restore() {
    let stage = Stage::in_outage(&[], 4).await;
    stage.roll_back().await;
    assert_within(stage.served_percent(&[], 120).await, 0.0, 5.0, "rolled back");
}

#[tokio::test(start_paused = true)]
async fn a_restart_of_the_cache_alone_brings_a_part_back_for_some_seconds() {
    let stage = Stage::in_outage(&[], 5).await;
    stage.act(RESTART_CACHE).await;
    assert_within(stage.served_percent(&[], 8).await, 25.0, 60.0, "just after the restart");
    stage.pass(10).await;
    assert_within(stage.served_percent(&[], 60).await, 0.0, 5.0, "some seconds later");
}

#[tokio::test(start_paused = true)]
async fn other_wrong_remedies_restore_nothing() {
    for remedy in [
        Remedy::Restart { service: Service::WebFront },
        Remedy::Restart { service: Service::ContentStore },
        Remedy::FlushCache,
    ] {
        let stage = Stage::in_outage(&[], 6).await;
        let name = remedy.to_string();
        stage.act(remedy).await;
        assert_within(stage.served_percent(&[], 30).await, 0.0, 5.0, &name);
    }
}

#[tokio::test(start_paused = true)]
async fn restart_first_and_roll_back_too_late_is_down_again() {
    let stage = Stage::in_outage(&[], 7).await;
    stage.act(RESTART_CACHE).await;
    stage.pass(25).await;
    stage.roll_back().await;
    assert_within(stage.served_percent(&[], 60).await, 0.0, 5.0, "the permits are taken again");
}

#[tokio::test(start_paused = true)]
async fn roll_back_and_then_restart_restores_within_seconds() {
    for seed in [8, 9, 10] {
        let stage = Stage::in_outage(&[], seed).await;
        stage.roll_back().await;
        stage.pass(5).await;
        stage.act(RESTART_CACHE).await;
        stage.pass(2).await;
        assert_within(stage.served_percent(&[], 60).await, 99.9, 100.0, "restored");
    }
}

#[tokio::test(start_paused = true)]
async fn repaired_rendering_refuses_the_publish_and_nothing_happens() {
    let stage = Stage::with_repaired(&[InvalidRendering], 11).await;
    stage.pass(30).await;
    let refused = stage.publish().await.unwrap_err();
    let EditorError::Refused { status, detail } = &refused else { panic!("{refused}") };
    assert_eq!(status.as_u16(), 422);
    assert!(detail.contains("U+000B") && detail.contains("21"), "{detail}");
    assert_within(stage.served_percent(&[], 120).await, 99.9, 100.0, "after the refusal");
}

#[tokio::test(start_paused = true)]
async fn repaired_error_handling_keeps_everybody_served() {
    let stage = Stage::in_outage(&[PoorErrorHandling], 12).await;
    assert_within(stage.past_percent(None, 30, 78), 99.9, 100.0, "from the publish on");
    stage.pass(600).await;
    assert_within(stage.served_percent(&[], 120).await, 99.9, 100.0, "later");
}

#[tokio::test(start_paused = true)]
async fn a_repaired_health_check_limits_the_outage_to_pages_with_the_banner() {
    let stage = Stage::in_outage(&[MissingHealthCheck], 13).await;
    assert_within(stage.served_percent(OTHER_PAGES, 120).await, 99.0, 100.0, "product and checkout");
    assert_within(stage.served_percent(BANNER_PAGES, 60).await, 0.0, 1.0, "home and category");
    // By now the web front asks the store directly, so a roll back takes effect immediately.
    stage.roll_back().await;
    assert_within(stage.served_percent(&[], 60).await, 99.0, 100.0, "rolled back");
}

#[tokio::test(start_paused = true)]
async fn repaired_telemetry_changes_nothing_for_customers() {
    let (faulty, repaired) =
        (Stage::in_outage(&[], 14).await, Stage::in_outage(&[InadequateTelemetry], 14).await);
    for from_s in (0..78).step_by(6) {
        let shares = [&faulty, &repaired].map(|stage| stage.past_percent(None, from_s, from_s + 6));
        assert!((shares[0] - shares[1]).abs() < 0.001, "from second {from_s}: {shares:?}");
    }
}

/// Checks the loss in each of `minutes` story minutes: it never falls, and it never grows by more than one minute's trade.
async fn watch_the_loss(stage: &Stage, minutes: usize) -> Usd {
    let loss = || stage.world.record().loss_by(stage.world.at_s());
    let mut last = loss();
    for _ in 0..minutes {
        stage.pass(1).await;
        let (now, at_most) = (loss(), last.0 + 5_000.0 + 1e-6);
        assert!(last <= now && now.0 <= at_most, "{last} and then {now} at {} s", stage.second());
        last = now;
    }
    last
}

#[tokio::test(start_paused = true)]
async fn the_loss_that_people_watch_grows_evenly_to_the_records_figure() {
    for ends_restored in [false, true] {
        let stage = Stage::with_repaired(&[], 19).await;
        // One story minute per second.
        stage.world.note(EventKind::Clock { speed: 60.0, paused: false });
        watch_the_loss(&stage, 30).await;
        stage.publish().await.unwrap();
        let lost = watch_the_loss(&stage, 60).await;
        assert!(lost.0 > 100_000.0, "{lost} after an hour");
        // The restart answers all waiting customers at once.
        stage.act(RESTART_CACHE).await;
        watch_the_loss(&stage, 45).await;
        if ends_restored {
            stage.roll_back().await;
            stage.act(RESTART_CACHE).await;
            watch_the_loss(&stage, 30).await;
        }
        let (last, ()) = tokio::join!(watch_the_loss(&stage, 30), stage.world.empty());
        let outcome = stage.world.finish().await.outcome;
        assert_eq!(last.to_cents(), outcome.incident_financial_loss_usd, "restored: {ends_restored}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_all_four_repaired_nothing_happens() {
    let stage = Stage::with_repaired(&LatentFault::ALL, 15).await;
    stage.pass(30).await;
    stage.publish().await.unwrap_err();
    assert_within(stage.served_percent(&[], 300).await, 100.0, 100.0, "all four repaired");
}

#[tokio::test(start_paused = true)]
async fn rendering_repaired_during_the_outage_frees_the_fills_within_one_retry() {
    let stage = Stage::in_outage(&[], 16).await;
    stage.world.shop().turn(InvalidRendering, false);
    stage.pass(2).await;
    assert_within(stage.served_percent(&[], 60).await, 99.0, 100.0, "two seconds after the repair");
}

#[tokio::test(start_paused = true)]
async fn error_handling_repaired_during_the_outage_frees_the_fills_within_one_retry() {
    let stage = Stage::in_outage(&[], 17).await;
    stage.world.shop().turn(PoorErrorHandling, false);
    stage.pass(2).await;
    assert_within(stage.served_percent(&[], 60).await, 99.0, 100.0, "two seconds after the repair");
}

#[tokio::test(start_paused = true)]
async fn a_health_check_repaired_during_the_outage_brings_product_and_checkout_back() {
    let stage = Stage::in_outage(&[], 18).await;
    stage.world.shop().turn(MissingHealthCheck, false);
    stage.pass(10).await;
    assert_within(stage.served_percent(OTHER_PAGES, 60).await, 99.0, 100.0, "product and checkout");
    assert_within(stage.served_percent(BANNER_PAGES, 60).await, 0.0, 1.0, "home and category");
}

#[tokio::test(start_paused = true)]
async fn telemetry_repaired_during_the_outage_changes_nothing_for_customers() {
    let stage = Stage::in_outage(&[], 19).await;
    stage.world.shop().turn(InadequateTelemetry, false);
    assert_within(stage.served_percent(&[], 60).await, 0.0, 1.0, "after the repair");
}

#[tokio::test(start_paused = true)]
async fn a_reset_brings_everything_back_whatever_was_done() {
    let stage = Stage::in_outage(&[], 20).await;
    let shop = stage.world.shop();
    shop.turn(PoorErrorHandling, false);
    stage.world.publish("never-seen-before", "new").await.unwrap();
    stage.world.publish("price-list", "nothing is for sale").await.unwrap();
    stage.act(Remedy::Restart { service: Service::WebFront }).await;
    let began = stage.world.at_s();
    stage.world.reset().await.unwrap();
    stage.world.reset().await.unwrap();
    assert!(stage.world.at_s() - began < 1.0, "two resets take less than a second");
    assert_within(stage.served_percent(&[], 60).await, 99.0, 100.0, "reset");
    let assets = stage.world.editor().list().await.unwrap();
    assert!(assets.iter().all(|(_, version)| *version == 1), "{assets:?}");
    assert_eq!(assets.len(), world::shop::seed_assets().len());
    // The faults are back, and cause the same outage.
    stage.publish().await.unwrap();
    stage.pass(45).await;
    assert_within(stage.served_percent(&[], 30).await, 0.0, 5.0, "the same outage again");
    assert!(stage.world.editor().list().await.unwrap().contains(&(BANNER.into(), 2)));
}
