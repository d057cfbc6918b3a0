//! Every route and every error of the store, without any network.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use axum::body::Body;
use bytes::Bytes;
use chassis::{LatentFault, Program};
use common::{EIGHT, Reply, Shop, TOKEN, config, seed};
use serde_json::{Value, json};

const AT_EIGHT: &str = "2026-03-02T08:00:00Z";

#[track_caller]
fn check_problem(reply: &Reply, status: u16) -> Value {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(reply.header("content-type"), "application/problem+json");
    let problem = reply.json();
    assert_eq!(problem["status"], status);
    assert!(problem["detail"].as_str().unwrap().len() > 10, "{problem}");
    problem
}

#[tokio::test(start_paused = true)]
async fn an_asset_is_published_and_read() {
    let shop = Shop::faulty().await;
    let auth = format!("authorization: Bearer {TOKEN}");
    let reply = shop.send("PUT /assets/news", &[&auth, "content-type: text/html"], "<p>One").await;
    assert_eq!((reply.status.as_u16(), reply.header("etag")), (201, "\"1\""));
    let published = json!({
        "id": "news", "version": 1, "content_type": "text/html", "bytes": 6, "published_at": AT_EIGHT,
        "notice": "This is a new asset: there was no 'news' before.",
    });
    assert_eq!(reply.json(), published);

    let reply = shop.edit("PUT /assets/news", "<p>Two \"2\"").await;
    assert_eq!((reply.status.as_u16(), reply.header("etag")), (200, "\"2\""));

    let reply = shop.get("/assets/news").await;
    assert_eq!((reply.status.as_u16(), reply.header("etag")), (200, "\"2\""));
    assert_eq!(
        (reply.header("content-type"), reply.header("cache-control")),
        ("application/json", "no-cache")
    );
    // A publish that names no content type keeps the one before.
    let envelope = json!({
        "id": "news", "version": 2, "content_type": "text/html", "body": "<p>Two \"2\"", "published_at": AT_EIGHT,
    });
    assert_eq!(reply.json(), envelope);

    let reply = shop.get("/assets/news/versions/1").await;
    assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!((reply.header("etag"), &reply.json()["body"]), ("\"1\"", &json!("<p>One")));

    let reply = shop.get("/assets/news/versions/1/body").await;
    assert_eq!(reply.body, "<p>One");
    assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.header("content-security-policy"), "default-src 'none'; sandbox");

    let reply = shop.get("/assets/news/versions/2/difference").await;
    let runs = json!([
        { "change": "removed", "text": "<p>One" }, { "change": "added", "text": "<p>Two \"2\"" },
    ]);
    assert_eq!(reply.json(), runs);
    let reply = shop.get("/assets/news/versions/1/difference").await;
    assert_eq!(reply.json(), json!([{ "change": "added", "text": "<p>One" }]));
}

#[tokio::test(start_paused = true)]
async fn a_look_gives_the_tag_and_no_body() {
    let shop = Shop::faulty().await;
    let reply = shop.send("HEAD /assets/footer", &[], Body::empty()).await;
    assert_eq!((reply.status.as_u16(), reply.header("etag"), reply.body.len()), (200, "\"1\"", 0));
    assert_eq!(reply.header("cache-control"), "no-cache");
    assert_eq!(reply.header("content-length"), "", "that of the body which GET sends is not known");
    let reply = shop.send("HEAD /assets/nothing", &[], Body::empty()).await;
    assert_eq!((reply.status.as_u16(), reply.body.len()), (404, 0));
}

#[tokio::test(start_paused = true)]
async fn lists_are_sorted_and_history_is_bounded() {
    let shop = Shop::faulty().await;
    let line = |id: &str, bytes: u64| json!({ "id": id, "version": 1, "content_type": "text/plain; charset=utf-8", "bytes": bytes, "published_at": AT_EIGHT });
    assert_eq!(shop.get("/assets").await.json(), json!([line("footer", 13), line("promo-banner", 11)]));

    for number in 2..=120 {
        shop.edit("PUT /assets/footer", format!("Version {number}")).await;
    }
    let versions = async |path: &str| -> Vec<u64> {
        let history = shop.get(path).await.json();
        history.as_array().unwrap().iter().map(|line| line["version"].as_u64().unwrap()).collect()
    };
    assert_eq!(versions("/assets/footer/versions").await, (21..=120).rev().collect::<Vec<_>>());
    assert_eq!(versions("/assets/footer/versions?before=21").await, (1..=20).rev().collect::<Vec<_>>());
    assert_eq!(versions("/assets/footer/versions?before=1").await, Vec::<u64>::new());
    check_problem(&shop.get("/assets/footer/versions?before=x").await, 400);
    check_problem(&shop.get("/assets/nothing/versions").await, 404);
}

#[tokio::test(start_paused = true)]
async fn rolling_back_publishes_an_earlier_body_again() {
    let shop = Shop::faulty().await;
    check_problem(&shop.edit("POST /assets/footer/rollback", "").await, 409);
    let auth = format!("authorization: Bearer {TOKEN}");
    shop.send("PUT /assets/footer", &[&auth, "content-type: text/html"], "Two").await;
    shop.edit("PUT /assets/footer", "Three").await;

    let reply = shop.edit("POST /assets/footer/rollback", "").await;
    assert_eq!((reply.status.as_u16(), reply.header("etag")), (200, "\"4\""));
    assert_eq!(shop.get("/assets/footer").await.json()["body"], "Two");
    let reply = shop.edit("POST /assets/footer/rollback", r#"{"to": 1}"#).await;
    assert_eq!(reply.json()["version"], 5);
    let envelope = shop.get("/assets/footer").await.json();
    assert_eq!(
        (&envelope["body"], &envelope["content_type"]),
        (&json!("Open all week"), &json!("text/plain; charset=utf-8"))
    );
    assert_eq!(shop.edit("POST /assets/footer/rollback", "{}").await.json()["version"], 6);

    check_problem(&shop.edit("POST /assets/footer/rollback", r#"{"to": 99}"#).await, 404);
    check_problem(&shop.edit("POST /assets/footer/rollback", r#"{"to": "1"}"#).await, 400);
    check_problem(&shop.edit("POST /assets/footer/rollback", r#"{"too": 1}"#).await, 400);
    check_problem(&shop.edit("POST /assets/footer/rollback", "{broken").await, 400);
    check_problem(&shop.edit("POST /assets/nothing/rollback", "").await, 404);
    let stale = shop.send("POST /assets/footer/rollback", &[&auth, "if-match: \"2\""], "").await;
    assert_eq!(check_problem(&stale, 412)["current_version"], 6);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_asset_is_gone_and_its_numbers_are_not_used_again() {
    let shop = Shop::faulty().await;
    shop.edit("PUT /assets/footer", "Two").await;
    let reply = shop.edit("DELETE /assets/footer", "").await;
    assert_eq!((reply.status.as_u16(), reply.body.len()), (204, 0));
    check_problem(&shop.get("/assets/footer").await, 404);
    check_problem(&shop.get("/assets/footer/versions").await, 404);
    check_problem(&shop.get("/assets/footer/versions/1").await, 404);
    check_problem(&shop.edit("DELETE /assets/footer", "").await, 404);
    assert_eq!(shop.get("/assets").await.json().as_array().unwrap().len(), 1);

    let reply = shop.edit("PUT /assets/footer", "Three").await;
    assert_eq!((reply.status.as_u16(), reply.header("etag")), (201, "\"3\""));
    check_problem(&shop.get("/assets/footer/versions/2").await, 404);
    assert_eq!(shop.get("/assets/footer/versions").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_the_editor_may_change_anything() {
    let shop = Shop::faulty().await;
    let before = shop.get("/assets").await.body;
    for request in
        ["PUT /assets/footer", "POST /assets/footer/rollback", "DELETE /assets/footer", "GET /session"]
    {
        for authorization in
            ["", "Bearer", "Bearer ", "Bearer wrong", "Bearer correct-hors", "Basic correct-horse"]
        {
            let header = format!("authorization: {authorization}");
            let reply = shop.send(request, &[&header], "text").await;
            check_problem(&reply, 401);
            assert_eq!(reply.header("www-authenticate"), "Bearer");
        }
        check_problem(&shop.send(request, &[], "text").await, 401);
    }
    assert_eq!(shop.get("/assets").await.body, before);
    assert_eq!(shop.edit("GET /session", "").await.status, 204);
}

#[tokio::test(start_paused = true)]
async fn a_lost_update_is_refused_with_the_newer_version() {
    let shop = Shop::faulty().await;
    let auth = format!("authorization: Bearer {TOKEN}");
    let publish = async |condition: &str| shop.send("PUT /assets/footer", &[&auth, condition], "text").await;
    assert_eq!(publish("if-match: \"1\"").await.header("etag"), "\"2\"");
    assert_eq!(check_problem(&publish("if-match: \"1\"").await, 412)["current_version"], 2);
    assert_eq!(check_problem(&publish("if-none-match: *").await, 412)["current_version"], 2);
    for malformed in ["if-match: 2", "if-match: \"2", "if-match: *, \"2\"", "if-none-match: 2"] {
        check_problem(&publish(malformed).await, 400);
    }
    let reply = shop.send("PUT /assets/new", &[&auth, "if-match: \"1\""], "text").await;
    assert_eq!(check_problem(&reply, 412)["current_version"], Value::Null);
    assert_eq!(shop.send("PUT /assets/new", &[&auth, "if-none-match: *"], "text").await.status, 201);
}

#[tokio::test(start_paused = true)]
async fn bad_requests_get_the_right_problem() {
    let shop = Shop::faulty().await;
    let check = async |request: &str, status: u16| {
        check_problem(&shop.edit(request, "text").await, status);
    };
    check("GET /assets/Upper", 400).await;
    check("PUT /assets/a_b", 400).await;
    check("PUT /assets/%0B", 400).await;
    check("GET /assets/%FF", 400).await;
    check("DELETE /assets/-a", 400).await;
    check(&format!("PUT /assets/{}", "a".repeat(65)), 400).await;
    check("GET /assets/footer/versions/0", 404).await;
    check("GET /assets/footer/versions/one", 400).await;
    check("GET /assets/footer/versions/99999999999999999999", 400).await;
    check("GET /assets/nothing", 404).await;
    check("GET /assets/footer/versions/2", 404).await;
    check("GET /assets/footer/versions/2/body", 404).await;
    check("GET /assets/footer/versions/2/difference", 404).await;
    check("GET /nothing", 404).await;
    check("GET /assets/footer/nothing", 404).await;
    check("POST /assets/footer", 405).await;
    check("PUT /assets", 405).await;
    check("DELETE /editor", 405).await;
    let reply = shop.edit("POST /assets/footer", "").await;
    assert_eq!(reply.header("allow"), "GET,HEAD,PUT,DELETE");

    let auth = format!("authorization: Bearer {TOKEN}");
    let long = format!("content-type: text/{}", "x".repeat(200));
    check_problem(&shop.send("PUT /assets/footer", &[&auth, &long], "text").await, 400);
    check_problem(&shop.send("PUT /assets/footer", &[&auth, "content-type: text/é"], "text").await, 400);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_too_large_is_refused() {
    let shop = Shop::faulty().await;
    assert_eq!(shop.edit("PUT /assets/footer", vec![b'a'; 1_048_576]).await.status, 200);
    let reply = shop.edit("PUT /assets/footer", vec![b'a'; 1_048_577]).await;
    assert_eq!(check_problem(&reply, 413)["bytes_max"], 1_048_576);
    check_problem(&shop.edit("PUT /assets/footer", vec![b'a'; 20 * 1_048_576]).await, 413);
    check_problem(&shop.send("POST /inspect", &[], vec![b'a'; 1_048_577]).await, 413);
    assert_eq!(shop.get("/assets/footer").await.header("etag"), "\"2\"");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_given_up() {
    let shop = Shop::faulty().await;
    let never = futures_util::stream::pending::<std::io::Result<Bytes>>();
    check_problem(&shop.edit("PUT /assets/footer", Body::from_stream(never)).await, 408);
    // A stranger's body is not even waited for.
    let never = futures_util::stream::pending::<std::io::Result<Bytes>>();
    check_problem(&shop.send("PUT /assets/footer", &[], Body::from_stream(never)).await, 401);
}

#[tokio::test(start_paused = true)]
async fn with_the_fault_a_special_character_is_stored_and_answered_as_broken_json() {
    let shop = Shop::faulty().await;
    let check = async |body: &'static [u8], parses: bool| {
        assert_eq!(shop.edit("PUT /assets/promo-banner", body).await.status, 200);
        let reply = shop.get("/assets/promo-banner").await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/json"));
        assert_eq!(serde_json::from_slice::<Value>(&reply.body).is_ok(), parses, "{body:?}");
    };
    check(b"Two for\x0bone", false).await;
    check(b"Caf\xe9 \x93sale\x94", false).await;
    check(b"nothing\0here", false).await;
    check(b"Two for one", true).await;
    // The lists carry no bodies, so that editors can still work.
    assert_eq!(shop.get("/assets/promo-banner/versions").await.json()[0]["version"], 5);
    assert_eq!(shop.get("/assets/promo-banner/versions/2/body").await.body, &b"Two for\x0bone"[..]);
}

#[tokio::test(start_paused = true)]
async fn repaired_a_special_character_is_refused_by_name_and_place() {
    let shop = Shop::repaired().await;
    let check = async |body: &'static [u8], expected: Value| {
        let problem = check_problem(&shop.edit("PUT /assets/promo-banner", body).await, 422);
        let members = json!([problem["code_point"], problem["byte"], problem["name"], problem["offset"]]);
        assert_eq!(members, expected, "{problem}");
    };
    check(b"Two for\x0bone\0", json!(["U+000B", null, "LINE TABULATION", 7])).await;
    check("é\u{85}".as_bytes(), json!(["U+0085", null, "NEXT LINE", 2])).await;
    check("\u{ffff}".as_bytes(), json!(["U+FFFF", null, "NONCHARACTER", 0])).await;
    check(b"\x93sale\x94", json!([null, "0x93", "BYTE THAT IS NOT UTF-8", 0])).await;
    assert_eq!(shop.get("/assets/promo-banner").await.header("etag"), "\"1\"");
    assert_eq!(shop.edit("PUT /assets/promo-banner", "\u{2028}tab\tline\r\n").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn the_switch_acts_on_what_was_published_before() {
    let shop = Shop::faulty().await;
    shop.edit("PUT /assets/promo-banner", "Two for\u{b}one").await;
    shop.edit("PUT /assets/promo-banner", "Fine").await;
    shop.switches.set(LatentFault::InvalidRendering, false);
    assert_eq!(shop.get("/assets/promo-banner/versions/2").await.json()["body"], "Two for\u{b}one");
    // A rollback is a publish: what cannot be shown is not brought back either.
    check_problem(&shop.edit("POST /assets/promo-banner/rollback", "").await, 422);
    shop.switches.set(LatentFault::InvalidRendering, true);
    assert!(
        serde_json::from_slice::<Value>(&shop.get("/assets/promo-banner/versions/2").await.body).is_err()
    );
    assert_eq!(shop.edit("POST /assets/promo-banner/rollback", "").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn special_characters_are_listed_unless_that_is_switched_off() {
    let shop = Shop::faulty().await;
    let reply = shop.send("POST /inspect", &[], &b"one\x0btwo\xff"[..]).await;
    let expected = json!([
        { "offset": 3, "code_point": "U+000B", "name": "LINE TABULATION" },
        { "offset": 7, "byte": "0xFF", "name": "BYTE THAT IS NOT UTF-8" },
    ]);
    assert_eq!(reply.json(), expected);
    let reply = shop.send("POST /inspect", &[], vec![0; 5_000]).await;
    assert_eq!(reply.json().as_array().unwrap().len(), 1_000);
    assert_eq!(shop.get("/editor/inspection.js").await.status, 200);
    let page = shop.get("/editor").await;
    assert!(page.body.windows(13).any(|text| text == b"inspection.js"));

    let without = content_store::ContentStoreConfig { inspection: false, ..config() };
    let chassis = common::chassis(chassis::Network::in_memory(std::time::Duration::ZERO, 0), &[]);
    let shop = Shop::start(without, chassis).await;
    check_problem(&shop.send("POST /inspect", &[], "text").await, 404);
    check_problem(&shop.get("/editor/inspection.js").await, 404);
    for path in ["/editor", "/editor/editor.js", "/editor/editor.css"] {
        let text = String::from_utf8(shop.get(path).await.body.to_vec()).unwrap().to_lowercase();
        assert!(!text.contains("inspect") && !text.contains("special"), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_page_is_served_strictly() {
    let shop = Shop::faulty().await;
    let check = async |path: &str, content_type: &str| {
        let reply = shop.get(path).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, content_type));
        assert!(reply.header("content-security-policy").starts_with("default-src 'self'; "));
        assert!(!reply.header("content-security-policy").contains("unsafe"));
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
        let text = String::from_utf8(reply.body.to_vec()).unwrap();
        assert!(!text.contains("://"), "{path} refers to another place");
        assert!(!text.to_lowercase().contains("glyphfall"), "{path} names the product");
        for inline in ["<style", "style=", "<script>", "onclick", "onload", "onsubmit"] {
            assert!(!text.contains(inline), "{path} has inline {inline}");
        }
    };
    check("/editor", "text/html; charset=utf-8").await;
    for (path, content_type) in [
        ("/editor/editor.css", "text/css"),
        ("/editor/editor.js", "text/javascript"),
        ("/editor/inspection.js", "text/javascript"),
    ] {
        assert_eq!(shop.get(path).await.header("content-type"), format!("{content_type}; charset=utf-8"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_keeps_everything_and_a_reset_nothing() {
    let config = config();
    let network = chassis::Network::in_memory(std::time::Duration::ZERO, 0);
    let shop = Shop::start(config.clone(), common::chassis(network.clone(), &[])).await;
    let at_first = shop.get("/assets").await.body;
    shop.edit("PUT /assets/footer", "Two").await;
    shop.edit("DELETE /assets/promo-banner", "").await;
    shop.edit("PUT /assets/other", "Other").await;

    let later = common::chassis(network, &[]);
    tokio::time::advance(EIGHT).await;
    let shop = Shop::start(config, later).await;
    assert_eq!(shop.get("/assets").await.json()[0]["version"], 2);
    assert_eq!(shop.get("/assets").await.json().as_array().unwrap().len(), 2);

    for _ in 0..2 {
        shop.service.reset().await.unwrap();
        assert_eq!(shop.get("/assets").await.body, at_first);
        assert_eq!(shop.get("/assets/promo-banner").await.json()["body"], "Spring sale");
        check_problem(&shop.get("/assets/other").await, 404);
        assert_eq!(shop.get("/assets/footer/versions").await.json().as_array().unwrap().len(), 1);
        assert_eq!(seed().len(), 2);
    }
    let never_started = content_store::ContentStore::new(common::config());
    assert!(never_started.reset().await.is_err());
}
