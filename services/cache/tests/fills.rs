//! The cache in front of a content store that can be made to fail, in virtual time: both twins of each latent fault.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use cache::{
    Cache, CacheConfig,
    fills::{FAILURE_KEPT, Fills, Found, SHARED_MAX},
    fragments::{CHANGES_MAX, DELETION_KEPT, Fragment},
};
use chassis::{
    App, AssetId, Chassis, Clock, Host,
    LatentFault::{self, MissingHealthCheck, PoorErrorHandling},
    Level, Logs, Network, Notification, Peer, Program, Settings, Switches, Version, Wait,
    host::Surroundings,
};
use tokio::time::{Instant, sleep, timeout};

/// What the store answers for each asset: its current version, and the bytes of each version's envelope.
#[derive(Clone, Default)]
struct Store {
    assets: Arc<Mutex<BTreeMap<String, Vec<String>>>>,
    requests: Arc<Mutex<u32>>,
}

impl Store {
    fn publish(&self, id: &str, body: &str) -> usize {
        let mut assets = self.assets.lock().unwrap();
        let versions = assets.entry(id.to_owned()).or_default();
        let version = versions.len() + 1;
        // The body goes in raw: what JSON forbids makes the envelope unreadable.
        versions.push(format!(
            r#"{{"id":"{id}","version":{version},"content_type":"text/plain","body":"{body}","published_at":"2026-03-02T08:00:00Z"}}"#
        ));
        version
    }

    /// Renders from now on what it has published as JSON asks for.
    fn renders_well(&self, id: &str) {
        for envelope in self.assets.lock().unwrap().get_mut(id).unwrap() {
            *envelope = envelope.replace('\u{b}', "\\u000b");
        }
    }

    fn withdraw(&self, id: &str) -> Vec<String> {
        self.assets.lock().unwrap().remove(id).unwrap()
    }

    fn give_back(&self, id: &str, versions: Vec<String>) {
        self.assets.lock().unwrap().insert(id.to_owned(), versions);
    }

    fn requests(&self) -> u32 {
        *self.requests.lock().unwrap()
    }
}

impl Program for Store {
    fn name(&self) -> &'static str {
        "content-store"
    }

    async fn start(&self, _: Chassis) -> std::io::Result<App> {
        async fn current(State(store): State<Store>, Path(id): Path<String>) -> impl IntoResponse {
            *store.requests.lock().unwrap() += 1;
            let assets = store.assets.lock().unwrap();
            let version = assets.get(&id).map(Vec::len).ok_or(StatusCode::NOT_FOUND)?;
            Ok::<_, StatusCode>([(header::ETAG, format!("\"{version}\""))])
        }
        async fn version(
            State(store): State<Store>,
            Path((id, version)): Path<(String, usize)>,
        ) -> impl IntoResponse {
            *store.requests.lock().unwrap() += 1;
            let assets = store.assets.lock().unwrap();
            assets
                .get(&id)
                .and_then(|versions| versions.get(version - 1))
                .cloned()
                .ok_or(StatusCode::NOT_FOUND)
        }
        let router = Router::new()
            .route("/assets/{id}", get(current))
            .route("/assets/{id}/versions/{version}", get(version))
            .with_state(self.clone());
        Ok(router.into())
    }
}

/// A cache, its store and someone who asks.
struct Bench {
    store: Store,
    cache: Host<Cache>,
    _store_host: Host<Store>,
    caller: Arc<Peer>,
}

const PERMITS: usize = 4;

const NOTIFICATION_TOKEN: &str = "told-by-the-store";

impl Bench {
    async fn with(faults: &[LatentFault]) -> Self {
        let clock = Clock::virtual_from(SystemTime::UNIX_EPOCH);
        let network = Network::in_memory(Duration::from_millis(1), 0);
        let switches = Switches::new(faults.iter().copied(), Level::Dark);
        let surroundings = Surroundings {
            network: network.clone(),
            clock: clock.clone(),
            logs: Logs::off(),
            sink: None,
            compute: None,
            settings: Settings::default(),
            seed: 7,
        };
        let store = Store::default();
        let store_host = Host::new(
            store.clone(),
            surroundings.clone(),
            switches.clone(),
            "content-store:80".parse().unwrap(),
        );
        store_host.start().await.unwrap();
        let config = CacheConfig {
            content_store: "content-store:80".parse().unwrap(),
            fill_permits: PERMITS,
            notification_token: Some(NOTIFICATION_TOKEN.to_owned()),
            ..CacheConfig::default()
        };
        let cache =
            Host::new(Cache::new(config), surroundings, switches.clone(), "cache:80".parse().unwrap());
        let address = cache.start().await.unwrap();
        let caller = Chassis::of_caller("caller", network, clock, 7);
        Self { store, cache, _store_host: store_host, caller: Arc::new(Peer::new(&caller, address)) }
    }

    /// Status, `X-Cache` and body; nothing if no answer came within `wait`.
    async fn ask(&self, id: &str, wait: Duration) -> Option<(StatusCode, String, String)> {
        let answer = self.caller.get(&format!("/fragments/{id}"), Wait::AtMost(wait)).await.ok()?;
        let found = |headers: &HeaderMap| {
            headers.get("x-cache").map_or(String::new(), |v| v.to_str().unwrap().into())
        };
        Some((answer.status, found(&answer.headers), String::from_utf8(answer.body.to_vec()).unwrap()))
    }

    async fn found(&self, id: &str) -> String {
        self.ask(id, SECOND)
            .await
            .map_or("nothing".into(), |(status, found, _)| format!("{} {found}", status.as_u16()))
    }

    /// The content store's notice of a change: of a version, or of none if the asset was deleted.
    async fn tell(&self, id: &str, version: impl Into<Option<usize>>) {
        let version = version.into().map_or("null".to_owned(), |version| version.to_string());
        let body = format!(r#"{{"id":"{id}","version":{version}}}"#);
        let mut request = axum::http::Request::post("/notifications").body(body.into()).unwrap();
        request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        // Without its token nobody tells the cache anything.
        let stranger = self.caller.send(request.clone(), Wait::AtMost(SECOND)).await.unwrap();
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
        let shown = format!("Bearer {NOTIFICATION_TOKEN}").parse().unwrap();
        request.headers_mut().insert(header::AUTHORIZATION, shown);
        let answer = self.caller.send(request, Wait::AtMost(SECOND)).await.unwrap();
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
    }

    async fn ready(&self) -> u16 {
        self.caller.get("/readyz", Wait::AtMost(SECOND)).await.unwrap().status.as_u16()
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_fragment_is_fresh_for_its_time_to_live_and_until_a_change_is_told() {
    for faults in [&[PoorErrorHandling][..], &[]] {
        let bench = Bench::with(faults).await;
        bench.store.publish("copy", "one");
        assert_eq!(bench.found("copy").await, "200 miss");
        assert_eq!(bench.found("copy").await, "200 hit");
        let version = bench.store.publish("copy", "two");
        bench.tell("copy", version).await;
        // A fault-free cache hands out the last good version once, while it fetches the new one.
        let expected = if faults.is_empty() { "200 stale" } else { "200 miss" };
        assert_eq!(bench.found("copy").await, expected);
        sleep(Duration::from_millis(100)).await;
        assert_eq!(bench.ask("copy", SECOND).await.unwrap().2, "two");
        sleep(Duration::from_secs(19)).await;
        assert_eq!(bench.found("copy").await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn faulty_fills_of_one_unreadable_version_take_every_permit_for_ever() {
    let bench = Bench::with(&[PoorErrorHandling]).await;
    bench.store.publish("banner", "vertical\u{b}tab");
    bench.store.publish("copy", "fine");
    for _ in 0..PERMITS {
        assert_eq!(bench.found("banner").await, "nothing");
    }
    assert_eq!(bench.found("copy").await, "nothing", "no permit is left for what is fine");
    // A new, good version does not help: the fills are pinned to the one they learned.
    let version = bench.store.publish("banner", "mended");
    bench.tell("banner", version).await;
    sleep(Duration::from_secs(600)).await;
    assert_eq!(bench.found("banner").await, "nothing");
    // A restart drops them.
    bench.cache.restart().await.unwrap();
    assert_eq!(bench.found("banner").await, "200 miss");
    assert_eq!(bench.found("copy").await, "200 miss");
}

#[tokio::test(start_paused = true)]
async fn repaired_while_stuck_the_fills_end_within_one_retry() {
    let bench = Bench::with(&[PoorErrorHandling]).await;
    bench.store.publish("banner", "vertical\u{b}tab");
    bench.store.publish("copy", "fine");
    for _ in 0..PERMITS {
        assert_eq!(bench.found("banner").await, "nothing");
    }
    bench.cache.switches().set(PoorErrorHandling, false);
    sleep(SECOND + Duration::from_millis(50)).await;
    assert_eq!(bench.found("copy").await, "200 miss");
}

/// Seed 1796001323 of the simulator: an old version was shown for as long again as the fill had been stuck with it.
#[tokio::test(start_paused = true)]
async fn what_a_stuck_fill_brings_at_last_is_no_longer_fresh() {
    let bench = Bench::with(&[PoorErrorHandling]).await;
    bench.store.publish("banner", "vertical\u{b}tab");
    assert_eq!(bench.found("banner").await, "nothing");
    bench.store.publish("banner", "newer");
    sleep(Duration::from_secs(20)).await;
    bench.store.renders_well("banner");
    sleep(2 * SECOND).await;
    assert_eq!(bench.ask("banner", SECOND).await.unwrap().2, "newer");
}

#[tokio::test(start_paused = true)]
async fn repaired_fills_give_up_keep_the_last_good_version_and_the_cause() {
    let bench = Bench::with(&[]).await;
    bench.store.publish("banner", "good");
    assert_eq!(bench.found("banner").await, "200 miss");
    let version = bench.store.publish("banner", "vertical\u{b}tab");
    bench.tell("banner", version).await;
    for _ in 0..20 {
        let (status, found, body) = bench.ask("banner", SECOND).await.unwrap();
        assert_eq!((status.as_u16(), found.as_str(), body.as_str()), (200, "stale", "good"));
        sleep(SECOND).await;
    }
    // Without a last good version the caller is told why.
    bench.store.publish("notice", "vertical\u{b}tab");
    let (status, _, body) = bench.ask("notice", SECOND).await.unwrap();
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(
        body.contains("version 1 of notice could not be read") && body.contains("control character"),
        "{body}"
    );
}

#[tokio::test(start_paused = true)]
async fn repaired_fills_of_one_version_are_shared_and_a_failure_is_remembered_for_a_while() {
    let bench = Bench::with(&[]).await;
    bench.store.publish("banner", "vertical\u{b}tab");
    let asked = futures_util::future::join_all((0..50).map(|_| bench.found("banner"))).await;
    assert!(asked.iter().all(|found| found == "502 "), "{asked:?}");
    assert_eq!(bench.store.requests(), 2, "one request for the version, one for its envelope");
    assert_eq!(bench.found("banner").await, "502 ");
    assert_eq!(bench.store.requests(), 2, "the failure is remembered");
    sleep(Duration::from_secs(6)).await;
    assert_eq!(bench.found("banner").await, "502 ");
    assert_eq!(bench.store.requests(), 4, "and forgotten again");
}

#[tokio::test(start_paused = true)]
async fn readiness_tells_a_stuck_cache_from_a_working_one_only_when_it_is_asked_properly() {
    let bench = Bench::with(&[PoorErrorHandling, MissingHealthCheck]).await;
    bench.store.publish("banner", "vertical\u{b}tab");
    assert_eq!(bench.ready().await, 200);
    for _ in 0..PERMITS {
        bench.found("banner").await;
    }
    sleep(Duration::from_secs(60)).await;
    assert_eq!(bench.ready().await, 200, "the process runs, and that is all it says");
    bench.cache.switches().set(MissingHealthCheck, false);
    assert_eq!(bench.ready().await, 503);
    bench.cache.restart().await.unwrap();
    // The caller must first learn that its idle connection broke.
    sleep(SECOND).await;
    assert_eq!(bench.ready().await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_missing_asset_is_an_answer_in_both_twins_and_a_bad_id_is_refused() {
    for faults in [&[PoorErrorHandling][..], &[]] {
        let bench = Bench::with(faults).await;
        assert_eq!(bench.found("nowhere").await, "404 ");
        assert_eq!(bench.found("No-Id").await, "400 ");
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_faulty_twin_goes_on_saying_that_an_asset_is_deleted() {
    for (faults, expected) in [(&[PoorErrorHandling][..], "404 "), (&[], "200 miss")] {
        let bench = Bench::with(faults).await;
        // That it does not exist yet is remembered by neither: a shop may be asked before it is stocked.
        assert_eq!(bench.found("copy").await, "404 ");
        sleep(FAILURE_KEPT).await;
        bench.store.publish("copy", "here");
        assert_eq!(bench.found("copy").await, "200 miss");
        let versions = bench.store.withdraw("copy");
        bench.tell("copy", None).await;
        assert_eq!(bench.found("copy").await, "404 ");
        bench.store.give_back("copy", versions);
        let version = bench.store.publish("copy", "here again");
        bench.tell("copy", version).await;
        assert_eq!(bench.found("copy").await, expected);
        bench.cache.switches().set(PoorErrorHandling, false);
        assert_ne!(bench.found("copy").await, "404 ");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_store_no_longer_has_is_served_once_at_most_though_no_notice_came() {
    let bench = Bench::with(&[]).await;
    bench.store.publish("copy", "here");
    assert_eq!(bench.found("copy").await, "200 miss");
    let versions = bench.store.withdraw("copy");
    sleep(Duration::from_secs(20)).await;
    assert_eq!(bench.found("copy").await, "200 stale");
    sleep(Duration::from_millis(100)).await;
    assert_eq!(bench.found("copy").await, "404 ");
    bench.store.give_back("copy", versions);
    sleep(FAILURE_KEPT).await;
    assert_eq!(bench.found("copy").await, "200 miss");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_leaves_while_it_waits_for_a_permit_leaves_nothing_behind() {
    let bench = Bench::with(&[PoorErrorHandling]).await;
    bench.store.publish("banner", "vertical\u{b}tab");
    for _ in 0..PERMITS {
        bench.found("banner").await;
    }
    let requests = bench.store.requests();
    assert!(timeout(SECOND, bench.ask("banner", Duration::from_secs(9))).await.is_err());
    sleep(Duration::from_secs(10)).await;
    let per_second = f64::from(bench.store.requests() - requests) / 11.0;
    assert!((3.0..=4.5).contains(&per_second), "{PERMITS} stuck fills ask once a second, not {per_second}");
}

#[tokio::test(start_paused = true)]
async fn conditions_are_judged_and_a_fragment_is_inert_in_both_twins() {
    for faults in [&[PoorErrorHandling][..], &[]] {
        let bench = Bench::with(faults).await;
        bench.store.publish("page", "one");
        bench.store.publish("page", "two");
        // `page` is at version 2.
        for (condition, expected) in [
            ("if-none-match: \"2\"", 304),
            ("if-none-match: W/\"2\"", 304),
            ("if-none-match: \"1\", \"2\"", 304),
            ("if-none-match: *", 304),
            ("if-none-match: \"1\"", 200),
            ("if-none-match: 2", 200),
            ("if-match: \"2\"", 200),
            ("if-match: *", 200),
            ("if-match: \"1\"", 412),
            ("if-match: W/\"2\"", 412),
        ] {
            let (name, value) = condition.split_once(": ").unwrap();
            let request = axum::http::Request::get("/fragments/page").header(name, value);
            let answer =
                bench.caller.send(request.body("".into()).unwrap(), Wait::AtMost(SECOND)).await.unwrap();
            let header = |name: &str| answer.headers.get(name).map_or("", |value| value.to_str().unwrap());
            assert_eq!(answer.status, expected, "{condition}");
            match expected {
                304 => {
                    assert_eq!(
                        (header("etag"), header("age"), answer.body.len()),
                        ("\"2\"", "0", 0),
                        "{condition}"
                    );
                    assert_ne!(header("x-cache"), "", "{condition}");
                }
                412 => assert_eq!(header("content-type"), "application/problem+json", "{condition}"),
                _ => {
                    assert_eq!((header("etag"), &answer.body[..]), ("\"2\"", &b"two"[..]), "{condition}");
                    assert_eq!(header("x-content-type-options"), "nosniff", "{condition}");
                    assert_eq!(
                        header("content-security-policy"),
                        "default-src 'none'; sandbox",
                        "{condition}"
                    );
                }
            }
        }
        let request = axum::http::Request::get("/fragments/nowhere").header("if-none-match", "*");
        let answer = bench.caller.send(request.body("".into()).unwrap(), Wait::AtMost(SECOND)).await.unwrap();
        assert_eq!(answer.status, 404);
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_cache_does_not_understand_is_refused_as_problem_details() {
    let bench = Bench::with(&[PoorErrorHandling]).await;
    for (request, content_type, body, status, says) in [
        ("GET /fragments/%FF", "", "", 400, "UTF-8"),
        ("GET /fragments/No-Id", "", "", 400, "lower-case letters"),
        ("GET /fragments/nowhere", "", "", 404, "has no nowhere"),
        ("GET /nowhere", "", "", 404, "nothing at this path"),
        ("GET /%FF", "", "", 404, "nothing at this path"),
        ("PUT /fragments/page", "", "", 405, "It takes GET and HEAD."),
        ("OPTIONS /fragments/page", "", "", 405, "It takes GET and HEAD."),
        ("GET /notifications", "", "", 405, "It takes POST."),
        ("POST /readyz", "", "", 405, "It takes GET and HEAD."),
        ("POST /notifications", "application/json", r#"["page", 9]"#, 422, "expected an object"),
        ("POST /notifications", "application/json", "[]", 422, "expected an object"),
        ("POST /notifications", "application/json", r#"{"id": "No Id"}"#, 422, "lower-case letters"),
        ("POST /notifications", "application/json", r#"{"id":"#, 400, "EOF"),
        ("POST /notifications", "text/plain", r#"{"id": "page"}"#, 415, "application/json"),
    ] {
        let (method, path) = request.split_once(' ').unwrap();
        let asked =
            axum::http::Request::builder().method(method).uri(path).header("content-type", content_type);
        let asked = asked.header("authorization", format!("Bearer {NOTIFICATION_TOKEN}"));
        let asked = asked.body(body.to_owned().into()).unwrap();
        let answer = bench.caller.send(asked, Wait::AtMost(SECOND)).await.unwrap();
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert_eq!(answer.status, status, "{request} {body:.40}: {text}");
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{request} {body:.40}");
        assert!(text.contains(says), "{request} {body:.40}: {text}");
    }
}

/// Fills without a store: whoever holds their permits keeps them from asking for it.
fn fills_alone() -> Fills {
    let clock = Clock::virtual_from(SystemTime::UNIX_EPOCH);
    let network = Network::in_memory(Duration::from_millis(1), 0);
    let config = CacheConfig { fill_permits: SHARED_MAX, ..CacheConfig::default() };
    Fills::new(Chassis::of_caller("cache", network, clock, 7), &config)
}

/// Version `version` of an asset, as a fill of this moment brings it.
fn fragment(fills: &Fills, id: &AssetId, version: u64) -> Fragment {
    let now = Instant::now();
    Fragment {
        id: id.clone(),
        version: Version(version),
        tag: "\"1\"".parse().unwrap(),
        content_type: "text/plain".parse().unwrap(),
        body: "text".into(),
        learned_at: now,
        filled_at: now,
        expires_at: fills.fragments().expiry(now, now),
    }
}

#[tokio::test(start_paused = true)]
async fn fills_that_wait_are_bounded_however_many_assets_are_asked_for() {
    let fills = fills_alone();
    let copy: AssetId = "copy".parse().unwrap();
    fills.fragments().keep(fragment(&fills, &copy, 1));
    sleep(Duration::from_secs(20)).await;
    let permits = futures_util::future::join_all((0..SHARED_MAX).map(|_| fills.permits().acquire())).await;
    for n in 0..SHARED_MAX + 10 {
        let made_up: AssetId = format!("made-up-{n}").parse().unwrap();
        assert!(timeout(Duration::from_millis(1), fills.fragment(&made_up)).await.is_err());
    }
    assert!(matches!(fills.fragment(&copy).await, Ok((_, Found::Stale))));
    sleep(SECOND).await;
    assert_eq!(fills.permits().waiting(), SHARED_MAX, "a request that left takes its wait with it");
    // Every fill fails, as there is no store; a remembered failure then makes room for a fill.
    drop(permits);
    sleep(2 * SECOND).await;
    assert_eq!(fills.permits().waiting(), 0);
    let permits = futures_util::future::join_all((0..SHARED_MAX).map(|_| fills.permits().acquire())).await;
    assert!(matches!(fills.fragment(&copy).await, Ok((_, Found::Stale))));
    sleep(SECOND).await;
    assert_eq!(fills.permits().waiting(), 1);
    drop(permits);
}

#[tokio::test(start_paused = true)]
async fn notices_of_made_up_assets_do_not_take_the_places_of_changes_for_good() {
    let fills = fills_alone();
    let (fragments, copy): (_, AssetId) = (fills.fragments(), "copy".parse().unwrap());
    let tell = |id: &AssetId, version: Option<u64>| {
        fragments.note(Notification { id: id.clone(), version: version.map(Version) }, Instant::now());
    };
    for n in 0..CHANGES_MAX {
        let made_up: AssetId = format!("made-up-{n}").parse().unwrap();
        tell(&made_up, Some(1));
        tell(&made_up, None);
    }
    sleep(Duration::from_secs(18)).await;
    let kept = fragments.keep(fragment(&fills, &copy, 1));
    assert!(fragments.is_fresh(&kept, Instant::now()));
    tell(&copy, Some(2));
    assert!(!fragments.is_fresh(&kept, Instant::now()));
    tell(&copy, None);
    assert!(
        !fragments.is_deleted(&copy, Instant::now()),
        "a deletion is believed for longer than a fragment lives"
    );
    sleep(DELETION_KEPT).await;
    tell(&copy, None);
    assert!(fragments.is_deleted(&copy, Instant::now()));
}

#[tokio::test(start_paused = true)]
async fn a_flush_forgets_changes_that_no_fill_can_have_missed() {
    let fills = fills_alone();
    let (fragments, copy): (_, AssetId) = (fills.fragments(), "copy".parse().unwrap());
    let begun = fragment(&fills, &copy, 1);
    fragments.note(Notification { id: copy.clone(), version: Some(Version(2)) }, Instant::now());
    fragments.clear();
    assert!(!fragments.is_fresh(&fragments.keep(begun), Instant::now()), "it was overtaken before the flush");
    sleep(Duration::from_secs(18)).await;
    assert_eq!(fragments.newest_known(&copy), Some(Version(2)));
    fragments.clear();
    assert_eq!(fragments.newest_known(&copy), None);
}

#[tokio::test(start_paused = true)]
async fn an_overtaken_notice_changes_nothing_until_the_newer_one_makes_no_difference() {
    let fills = fills_alone();
    let (fragments, copy): (_, AssetId) = (fills.fragments(), "copy".parse().unwrap());
    let tell = |version| {
        let notice = Notification { id: copy.clone(), version: Some(Version(version)) };
        fragments.note(notice, Instant::now());
    };
    let kept = fragments.keep(fragment(&fills, &copy, 2));
    tell(3);
    sleep(SECOND).await;
    tell(2);
    assert!(!fragments.is_fresh(&kept, Instant::now()), "version 3 was announced");
    sleep(Duration::from_secs(17)).await;
    let kept = fragments.keep(fragment(&fills, &copy, 1));
    tell(2);
    assert!(!fragments.is_fresh(&kept, Instant::now()), "an emptied store counts from 1");
}
