//! What a request may say beside its path: conditions, the type of its text, a body that is no object. Without any network.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Shop, TOKEN};
use serde_json::{Value, json};

/// Sends as the editor, with further headers.
async fn edit(shop: &Shop, request: &str, headers: &[&str], body: &'static str) -> common::Reply {
    let auth = format!("authorization: Bearer {TOKEN}");
    let all: Vec<_> = headers.iter().copied().chain([auth.as_str()]).collect();
    shop.send(request, &all, body).await
}

#[tokio::test(start_paused = true)]
async fn a_reader_who_has_the_current_version_is_not_sent_it_again() {
    let shop = Shop::faulty().await;
    shop.edit("PUT /assets/footer", "Two").await;
    // `footer` is at version 2.
    for (request, condition, expected) in [
        ("GET /assets/footer", "if-none-match: \"2\"", 304),
        ("GET /assets/footer", "if-none-match: W/\"2\"", 304),
        ("GET /assets/footer", "if-none-match: \"1\", \"2\"", 304),
        ("GET /assets/footer", "if-none-match: *", 304),
        ("GET /assets/footer", "if-none-match: \"1\"", 200),
        ("GET /assets/footer", "if-match: \"2\"", 200),
        ("GET /assets/footer", "if-match: \"1\"", 412),
        ("GET /assets/footer", "if-modified-since: Sat, 28 Nov 2026 08:00:00 GMT", 200),
        ("HEAD /assets/footer", "if-none-match: \"2\"", 304),
        ("HEAD /assets/footer", "if-none-match: \"1\"", 200),
        ("HEAD /assets/footer", "if-match: \"1\"", 412),
        ("GET /assets/footer/versions/1", "if-none-match: \"1\"", 304),
        ("GET /assets/footer/versions/1", "if-none-match: \"2\"", 200),
        ("GET /assets/footer/versions/1/body", "if-none-match: \"1\"", 304),
        ("GET /assets/footer/versions/1/body", "if-none-match: \"2\"", 200),
        // Of what is not there, no condition is judged.
        ("GET /assets/nothing", "if-none-match: *", 404),
        ("GET /assets/nothing", "if-match: *", 404),
    ] {
        let reply = shop.send(request, &[condition], "").await;
        assert_eq!(reply.status, expected, "{request}, {condition}");
        if expected == 304 {
            let version = if request.contains("versions/1") { "\"1\"" } else { "\"2\"" };
            assert_eq!((reply.header("etag"), reply.body.len()), (version, 0), "{request}, {condition}");
            assert_ne!(reply.header("cache-control"), "", "{request}, {condition}");
            assert_eq!(reply.header("content-type"), "", "{request}, {condition}");
        } else if expected >= 400 {
            assert_eq!(reply.header("content-type"), "application/problem+json", "{request}, {condition}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_happens_only_under_its_conditions() {
    for (request, conditions, expected) in [
        ("DELETE /assets/footer", &["if-match: \"1\""][..], 412),
        ("DELETE /assets/footer", &["if-match: W/\"2\""], 412),
        ("DELETE /assets/footer", &["if-none-match: *"], 412),
        ("DELETE /assets/footer", &["if-none-match: \"2\""], 412),
        ("DELETE /assets/footer", &["if-match: 2"], 400),
        ("DELETE /assets/footer", &["if-match: \"2\""], 204),
        ("DELETE /assets/footer", &["if-match: *"], 204),
        ("DELETE /assets/footer", &["if-match: \"7\", \"2\""], 204),
        ("DELETE /assets/footer", &["if-none-match: \"1\""], 204),
        ("DELETE /assets/footer", &[], 204),
        ("DELETE /assets/nothing", &["if-match: \"1\""], 404),
        ("PUT /assets/footer", &["if-match: \"1\""], 412),
        ("PUT /assets/footer", &["if-match: W/\"2\""], 412),
        ("PUT /assets/footer", &["if-match: \"2\"", "if-none-match: *"], 412),
        ("PUT /assets/footer", &["if-none-match: *"], 412),
        ("PUT /assets/footer", &["if-none-match: \"2\""], 412),
        ("PUT /assets/footer", &["if-none-match: W/\"2\""], 412),
        ("PUT /assets/footer", &["if-match: \"1\", \"2\""], 200),
        ("PUT /assets/footer", &["if-match: \"1\"", "if-match: \"2\""], 200),
        ("PUT /assets/footer", &["if-match: *"], 200),
        ("PUT /assets/footer", &["if-match: \"2\"", "if-none-match: \"1\""], 200),
        ("PUT /assets/footer", &["if-none-match: \"1\""], 200),
        ("PUT /assets/new", &["if-match: *"], 412),
        ("PUT /assets/new", &["if-match: \"2\""], 412),
        ("PUT /assets/new", &["if-none-match: *"], 201),
        ("PUT /assets/new", &["if-none-match: \"1\""], 201),
        ("POST /assets/footer/rollback", &["if-match: \"1\""], 412),
        ("POST /assets/footer/rollback", &["if-none-match: *"], 412),
        ("POST /assets/footer/rollback", &["if-match: *"], 200),
        ("POST /assets/footer/rollback", &["if-match: \"2\", \"3\""], 200),
        ("POST /assets/footer/rollback", &["if-none-match: \"1\""], 200),
        ("POST /assets/nothing/rollback", &["if-match: *"], 404),
    ] {
        let shop = Shop::faulty().await;
        shop.edit("PUT /assets/footer", "Two").await;
        let before = shop.get("/assets").await.body;
        let reply = edit(&shop, request, conditions, "").await;
        assert_eq!(reply.status, expected, "{request}, {conditions:?}: {reply:?}");
        let is_as_before = shop.get("/assets").await.body == before;
        assert_eq!(is_as_before, expected >= 400, "{request}, {conditions:?}");
        if expected == 412 {
            let current = if request.contains("footer") { json!(2) } else { Value::Null };
            assert_eq!(reply.json()["current_version"], current, "{request}, {conditions:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_roll_back_is_asked_for_by_an_object() {
    let shop = Shop::faulty().await;
    shop.edit("PUT /assets/footer", "Two").await;
    for body in ["[1]", "[]", "[null]", "null", "1", "\"1\"", "{\"to\": [1]}", "{\"to\": {}}", "{} {}"] {
        let reply = shop.edit("POST /assets/footer/rollback", body).await;
        assert_eq!(reply.status, 400, "{body}");
        assert_eq!(reply.header("content-type"), "application/problem+json", "{body}");
    }
    let reply = shop.edit("POST /assets/footer/rollback", "[1]").await;
    assert!(reply.json()["detail"].as_str().unwrap().contains("expected an object"), "{reply:?}");
    assert_eq!(shop.get("/assets/footer").await.header("etag"), "\"2\"");
}

#[tokio::test(start_paused = true)]
async fn a_text_in_another_charset_is_refused_by_the_name_of_the_charset() {
    let shop = Shop::repaired().await;
    for (content_type, body, refused) in [
        ("text/plain; charset=windows-1252", &b"\x93sale\x94"[..], Some("windows-1252")),
        ("text/plain; charset=windows-1252", b"sale", Some("windows-1252")),
        ("text/plain;charset=\"windows-1252\"", b"sale", Some("windows-1252")),
        ("text/plain; CHARSET=Windows-1252", b"sale", Some("indows-1252")),
        ("text/html; charset=ISO-8859-1", b"sale", Some("8859-1")),
        ("text/plain; format=flowed; charset=utf-16", b"s\0a\0", Some("utf-16")),
        ("text/plain; charset=utf-8; charset=latin1", b"sale", Some("latin1")),
        ("text/plain; charset=us-ascii", b"caf\xc3\xa9", Some("us-ascii")),
        ("text/plain; charset=utf-8", b"caf\xc3\xa9", None),
        ("text/plain;charset=UTF-8", b"caf\xc3\xa9", None),
        ("text/plain; charset=\"utf-8\"", b"caf\xc3\xa9", None),
        ("text/plain; charset=\"Utf-8\"; format=flowed", b"caf\xc3\xa9", None),
        ("text/plain; charset=utf8", b"caf\xc3\xa9", None),
        ("text/plain; charset=US-ASCII", b"sale", None),
        ("text/plain", b"caf\xc3\xa9", None),
    ] {
        let auth = format!("authorization: Bearer {TOKEN}");
        let header = format!("content-type: {content_type}");
        let reply = shop.send("PUT /assets/promo-banner", &[&auth, &header], body).await;
        match refused {
            None => assert_eq!(reply.status, 200, "{content_type}: {reply:?}"),
            Some(charset) => {
                assert_eq!(reply.status, 415, "{content_type}: {reply:?}");
                let detail = reply.json()["detail"].as_str().unwrap().to_owned();
                assert!(detail.contains("charset") && detail.contains(charset), "{content_type}: {detail}");
                assert!(detail.contains("Convert the text to UTF-8"), "{content_type}: {detail}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_charset_that_was_declared_before_the_repair_is_told_too() {
    let shop = Shop::faulty().await;
    let declared = ["content-type: text/plain; charset=windows-1252"];
    assert_eq!(edit(&shop, "PUT /assets/footer", &declared, "Two").await.status, 200);
    shop.edit("PUT /assets/footer", "Three").await;
    shop.switches.set(chassis::LatentFault::InvalidRendering, false);
    // A publish without a type would go on under the old one, and a rollback brings it back.
    for request in ["PUT /assets/footer", "POST /assets/footer/rollback"] {
        let reply = edit(&shop, request, &[], "").await;
        assert_eq!((reply.status.as_u16(), &reply.json()["charset"]), (415, &json!("windows-1252")));
    }
    let declared = ["content-type: text/plain; charset=utf-8"];
    assert_eq!(edit(&shop, "PUT /assets/footer", &declared, "Four").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn only_a_whole_text_is_published() {
    let shop = Shop::faulty().await;
    for (header, status, says) in [
        ("content-type: text", 415, "'text/plain; charset=utf-8'"),
        ("content-type: text plain", 415, "is no content type"),
        ("content-type: text/plain; charset=\"\"", 415, "is no content type"),
        ("content-type: multipart/form-data; boundary=x", 415, "-T FILE"),
        ("content-encoding: gzip", 415, "compressed"),
        ("content-encoding: identity, br", 415, "compressed"),
        ("content-range: bytes 0-3/10", 400, "whole"),
    ] {
        let reply = edit(&shop, "PUT /assets/footer", &[header], "text").await;
        assert_eq!(reply.status, status, "{header}: {reply:?}");
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(says), "{header}: {detail}");
    }
    assert_eq!(shop.get("/assets/footer").await.header("etag"), "\"1\"");
    for header in ["content-encoding: identity", "content-type: application/x-www-form-urlencoded"] {
        assert_eq!(edit(&shop, "PUT /assets/footer", &[header], "text").await.status, 200, "{header}");
    }
    let envelope = shop.get("/assets/footer").await.json();
    assert_eq!(envelope["content_type"], "text/plain; charset=utf-8", "no asset is a form");
}

#[tokio::test(start_paused = true)]
async fn what_editors_wrote_is_inert_wherever_it_is_read() {
    let shop = Shop::faulty().await;
    edit(&shop, "PUT /assets/page", &["content-type: text/html"], "<script>alert(1)</script>").await;
    for path in ["", "/versions/1", "/versions/1/body", "/versions/1/difference"]
        .map(|of| format!("/assets/page{of}"))
    {
        let reply = shop.get(&path).await;
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("content-security-policy"), "default-src 'none'; sandbox", "{path}");
        assert!(!reply.header("content-type").contains("html"), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_mistyped_name_is_told_and_a_wrong_method_names_the_right_ones() {
    let shop = Shop::faulty().await;
    let reply = shop.edit("PUT /assets/promo-baner", "Two for one").await;
    assert_eq!(reply.status, 201);
    assert_eq!(reply.json()["notice"], "This is a new asset: there was no 'promo-baner' before.");
    assert_eq!(shop.edit("PUT /assets/promo-banner", "Two for one").await.json()["notice"], Value::Null);
    for (request, takes) in [
        // What `curl -d` sends.
        ("POST /assets/promo-banner", "It takes GET, HEAD, PUT and DELETE."),
        ("OPTIONS /assets", "It takes GET and HEAD."),
        ("GET /assets/promo-banner/rollback", "It takes POST."),
        ("PATCH /inspect", "It takes POST."),
    ] {
        let reply = shop.edit(request, "").await;
        assert_eq!(reply.status, 405, "{request}");
        assert_eq!(reply.header("content-type"), "application/problem+json", "{request}");
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(takes), "{request}: {detail}");
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_may_name_their_scheme_in_any_case() {
    let shop = Shop::faulty().await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let header = format!("authorization: {scheme} {TOKEN}");
        assert_eq!(shop.send("GET /session", &[&header], "").await.status, 204, "{scheme}");
    }
}
