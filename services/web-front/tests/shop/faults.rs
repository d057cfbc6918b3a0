//! Each latent fault and its repaired twin, side by side.

use std::time::Duration;

use axum::http::{StatusCode, header};
use chassis::LatentFault::{InvalidRendering, MissingHealthCheck, PoorErrorHandling};
use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout};
use web_front::{admission::IN_FLIGHT_MAX, fragments::FRAGMENT_BUDGET, parts, upstream::PROBE_INTERVAL};
use words::Route;

use crate::support::{Behaviour, Shop};

/// How long a customer waits.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test(start_paused = true)]
async fn text_keeps_to_its_place_or_does_not() {
    let text = "Now\u{b}</script><b>15 % off</b>";
    let check = async |shop: &Shop, path: &str, expected: &str, is_there: bool| {
        let page = shop.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert_eq!(page.text.contains(expected), is_there, "{expected:?} in {path}");
    };
    let shop = Shop::with([InvalidRendering]).await;
    shop.tell("promo-banner", Behaviour::Text(text.into()));
    shop.tell("product-moka-pot", Behaviour::Text(text.into()));
    for is_faulty in [true, false] {
        shop.switches.set(InvalidRendering, is_faulty);
        for path in ["/", "/c/coffee", "/p/moka-pot"] {
            check(&shop, path, "<b>15 % off</b>", is_faulty).await;
            check(&shop, path, "\u{b}", is_faulty).await;
            check(&shop, path, "\"Now\\u000b\\u003c/script\\u003e", !is_faulty).await;
            check(&shop, path, "Now\u{fffd}&#60;/script&#62;&#60;b&#62;", !is_faulty).await;
        }
        check(&shop, "/feed.xml", "\u{b}", is_faulty).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_hanging_banner_holds_the_page_or_is_left_out() {
    let shop = Shop::with([PoorErrorHandling]).await;
    shop.tell("promo-banner", Behaviour::Hang);
    assert!(timeout(PATIENCE, shop.get("/")).await.is_err());
    assert!(timeout(PATIENCE, shop.get("/c/coffee")).await.is_err());
    assert_eq!(shop.get("/p/moka-pot").await.status, StatusCode::OK);

    shop.switches.set(PoorErrorHandling, false);
    let start = Instant::now();
    let page = shop.get("/").await;
    assert!(start.elapsed() < FRAGMENT_BUDGET + Duration::from_millis(50), "{:?}", start.elapsed());
    assert!(page.status == StatusCode::OK && !page.has("promo") && page.has("intro"));
    assert!(shop.log().contains("\"shop.asset.id\":\"promo-banner\""), "{}", shop.log());
}

#[tokio::test(start_paused = true)]
async fn every_part_that_fails_is_judged_by_its_need() {
    let shop = Shop::with([PoorErrorHandling]).await;
    let check = async |asset: &str, route: Route, path: &str, name: &str| {
        shop.tell(asset, Behaviour::Refuse);
        shop.switches.set(PoorErrorHandling, true);
        let page = shop.get(path).await;
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{name}");
        assert!(page.text.contains("Dunmallow"), "the shop's look");
        for internal in [asset, "502", "could not be filled", "cache"] {
            assert!(!page.text.contains(internal), "{internal:?} is shown");
        }
        assert!(!page.headers.contains_key(header::RETRY_AFTER));

        shop.switches.set(PoorErrorHandling, false);
        let page = shop.get(path).await;
        let part = parts(route).iter().find(|part| part.name == name).unwrap();
        let expected = if part.needed { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        assert_eq!(page.status, expected, "{name}");
        assert_eq!(page.headers.contains_key(header::RETRY_AFTER), part.needed);
        assert!(!page.has(name));
        // Both twins log the cause, once for each page.
        let lines = shop.log().lines().filter(|line| line.contains(&format!("\"{asset}\""))).count();
        assert_eq!(lines, 2, "{}", shop.log());
        shop.tell(asset, Behaviour::Slow(Duration::ZERO));
    };
    check("site-header", Route::Home, "/", "header").await;
    check("price-list", Route::Category, "/c/table", "prices").await;
    check("promo-banner", Route::Home, "/", "promo").await;
    check("home-intro", Route::Home, "/", "intro").await;
    check("category-table", Route::Category, "/c/table", "copy").await;
    check("product-moka-pot", Route::Product, "/p/moka-pot", "copy").await;
    check("checkout-notes", Route::Checkout, "/checkout", "notes").await;
    check("site-footer", Route::Checkout, "/checkout", "footer").await;
}

#[tokio::test(start_paused = true)]
async fn the_parts_of_a_page_are_fetched_together() {
    let shop = Shop::with([]).await;
    shop.tell_all(Some(Behaviour::Slow(FRAGMENT_BUDGET * 9 / 10)));
    let start = Instant::now();
    assert!(shop.get("/").await.has("promo"));
    assert!(start.elapsed() < FRAGMENT_BUDGET, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_feed_is_all_or_nothing_or_leaves_out_what_failed() {
    let shop = Shop::with([PoorErrorHandling]).await;
    shop.tell("product-moka-pot", Behaviour::Refuse);
    assert_eq!(shop.get("/feed.xml").await.status, StatusCode::INTERNAL_SERVER_ERROR);
    shop.tell("product-moka-pot", Behaviour::Hang);
    assert!(timeout(PATIENCE, shop.get("/feed.xml")).await.is_err());

    shop.switches.set(PoorErrorHandling, false);
    let feed = shop.get("/feed.xml").await;
    assert_eq!((feed.status, feed.text.matches("<item>").count()), (StatusCode::OK, 24));
    assert_eq!(feed.text.matches("<description>").count(), 24, "the shop's own and 23 products'");
    shop.tell("price-list", Behaviour::Refuse);
    assert_eq!(shop.get("/feed.xml").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn beyond_the_limit_customers_queue_or_are_told_at_once() {
    let shop = Shop::with([PoorErrorHandling, MissingHealthCheck]).await;
    shop.tell_all(Some(Behaviour::Hang));
    let crowd = join_all((0..IN_FLIGHT_MAX).map(|_| shop.get("/checkout")));
    let late = async {
        // The crowd is in by then.
        sleep(Duration::from_secs(1)).await;
        let asked = shop.asked();
        assert_eq!(asked, IN_FLIGHT_MAX * parts(Route::Checkout).len());
        assert!(timeout(PATIENCE, shop.get("/checkout")).await.is_err());
        assert_eq!(shop.asked(), asked, "one who waits for room is not served");
        assert_eq!(shop.get("/assets/shop.css").await.status, StatusCode::OK);

        shop.switches.set(PoorErrorHandling, false);
        let start = Instant::now();
        let page = shop.get("/checkout").await;
        assert_eq!((page.status, start.elapsed()), (StatusCode::SERVICE_UNAVAILABLE, Duration::ZERO));
        assert!(page.headers.contains_key(header::RETRY_AFTER));
    };
    tokio::select! {
        _ = crowd => panic!("nobody of the crowd can be served"),
        () = late => {}
    }
    // The crowd has left, and its places are free again.
    shop.tell_all(None);
    assert_eq!(shop.get("/checkout").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn an_unready_cache_is_waited_for_or_ejected() {
    for unready in [Behaviour::Refuse, Behaviour::Hang] {
        let shop = Shop::with([PoorErrorHandling, MissingHealthCheck]).await;
        shop.tell_all(Some(Behaviour::Hang));
        shop.tell_ready(Some(unready.clone()));
        assert!(timeout(Duration::from_secs(60), shop.get("/checkout")).await.is_err(), "{unready:?}");

        // Whoever waits when the cache is ejected gets the page from the store.
        shop.switches.set(MissingHealthCheck, false);
        let start = Instant::now();
        let page = timeout(PATIENCE, shop.get("/checkout")).await.expect("the wait ends with the ejection");
        assert!(page.status == StatusCode::OK && page.text.contains("from the store"));
        assert!(start.elapsed() > 2 * PROBE_INTERVAL && start.elapsed() <= 4 * PROBE_INTERVAL, "{start:?}");
        // From then on nobody asks the cache.
        let asked = shop.asked();
        assert!(shop.get("/p/moka-pot").await.text.contains("from the store"));
        assert_eq!(shop.asked(), asked);

        // One good answer takes it back.
        shop.tell_all(None);
        shop.tell_ready(None);
        sleep(2 * PROBE_INTERVAL).await;
        assert!(!shop.get("/checkout").await.text.contains("from the store"));
        let changes =
            shop.log().lines().filter(|line| line.contains("changed where pages come from")).count();
        assert_eq!(changes, 2, "{}", shop.log());
    }
}

#[tokio::test(start_paused = true)]
async fn one_failed_probe_or_two_eject_nobody() {
    let shop = Shop::with([]).await;
    for _ in 0..10 {
        shop.tell_ready(Some(Behaviour::Refuse));
        sleep(2 * PROBE_INTERVAL).await;
        assert!(!shop.get("/checkout").await.text.contains("from the store"));
        shop.tell_ready(None);
        sleep(PROBE_INTERVAL).await;
        assert!(!shop.get("/checkout").await.text.contains("from the store"));
    }
}

#[tokio::test(start_paused = true)]
async fn with_the_fault_back_the_cache_is_used_again() {
    let shop = Shop::with([]).await;
    shop.tell_ready(Some(Behaviour::Refuse));
    sleep(4 * PROBE_INTERVAL).await;
    assert!(shop.get("/checkout").await.text.contains("from the store"));
    shop.switches.set(MissingHealthCheck, true);
    assert!(!shop.get("/checkout").await.text.contains("from the store"));
}
