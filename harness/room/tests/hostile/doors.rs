//! Every door of the room, tried with bad requests: wrong methods, unknown paths, lists in place of objects, pages of other sites, invisible
//! names. And what people other than the facilitator may read.

use http::Method;
use serde_json::{Value, json};

use crate::hall::{Answer, Ask, FACILITATOR, Hall};

#[tokio::test]
async fn every_refusal_is_problem_details() {
    let hall = Hall::open(2).await;
    let token = hall.token(1);
    let array = json!(["ABC", 1, "Kim"]);
    let check = async |expected: u16, ask: Ask, what: &str| {
        let answer = hall.send(ask).await;
        assert_eq!(answer.status.as_u16(), expected, "{what}: {}", answer.text);
        assert!(answer.is_problem(), "{what}: {answer:?}");
    };
    // Methods that the paths do not allow.
    let paths = [
        "/api/open",
        "/api/seat",
        "/api/team",
        "/api/desk",
        "/api/openapi.json",
        "/",
        "/team",
        "/desk",
        "/tokens.css",
    ];
    for path in paths.into_iter().chain([
        "/pages/lib.js",
        "/evidence/logs",
        "/metrics",
        "/team/debrief",
        "/desk/debrief",
        "/s/key/",
    ]) {
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::TRACE] {
            check(405, Ask::new(method.clone(), path), &format!("{method} {path}")).await;
        }
    }
    check(405, Ask::get("/api/join"), "GET /api/join").await;
    check(405, Ask::get("/api/team/guess"), "GET /api/team/guess").await;
    // Paths that do not exist.
    for path in [
        "/nothing",
        "/api",
        "/api/nothing",
        "/api/team/nothing",
        "/pages/nothing",
        "/pages/%FF",
        "/s/key/",
        "/pages/a/b",
    ] {
        let answer = hall.send(Ask::get(path)).await;
        assert!(matches!(answer.status.as_u16(), 400 | 404) && answer.is_problem(), "{path}: {answer:?}");
    }
    for (path, status) in
        [("/evidence/nothing", 409), ("/api/team/seats/x/let-in", 405), ("/api/team/assets/%FF", 400)]
    {
        check(status, Ask::get(path).bearer(&token), path).await;
    }
    // Bad bodies: a list in place of an object, also inside one; no JSON; an empty body; a body that is too large.
    for path in ["/api/join", "/api/desk/sign-in"] {
        check(422, Ask::post(path).json(&array), path).await;
    }
    for path in [
        "guess",
        "hypotheses",
        "remedies",
        "claims",
        "answer",
        "pins",
        "repair",
        "notes",
        "argument",
        "command/offer",
        "proposals/r1",
        "feedback",
        "lead",
    ] {
        check(422, Ask::post(&format!("/api/team/{path}")).bearer(&token).json(&json!(["x", 1])), path).await;
    }
    for path in
        ["message", "mark", "level", "hint", "extend", "joining", "plan", "teams/1/forward", "invitations"]
    {
        check(422, Ask::post(&format!("/api/desk/{path}")).bearer(FACILITATOR).json(&json!([1, "x"])), path)
            .await;
    }
    let row = json!([1, "special-character", "logs"]);
    let plan =
        json!({ "operating_model": "you-build-it", "speed": 10.0, "minutes": 5.0, "teams": [row, row] });
    check(422, Ask::post("/api/desk/plan").bearer(FACILITATOR).json(&plan), "a list within").await;
    let twice = r#"{"code":"A","code":"B","team":1,"alias":"Kim"}"#;
    let object = Ask::post("/api/join").text(twice).header("content-type", "application/json");
    check(422, object, "a field twice").await;
    check(415, Ask::post("/api/join").text("{}"), "no JSON").await;
    check(400, Ask::post("/api/join").text("{").header("content-type", "application/json"), "half").await;
    let large = json!({ "code": "x".repeat(70_000), "team": 1, "alias": "Kim" });
    check(413, Ask::post("/api/join").json(&large), "too much").await;
    // Requests without credentials.
    for path in
        ["/api/team", "/api/team/events", "/api/desk", "/api/desk/events", "/evidence/logs", "/metrics"]
    {
        check(401, Ask::get(path), path).await;
    }
    hall.room.close().await.unwrap();
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let hall = Hall::open(1).await;
    let seat = hall.join(1, "Kim", std::net::Ipv4Addr::LOCALHOST, None).await.unwrap();
    let code = hall.room.read(|session| session.code.clone());
    let doors = [
        ("/api/join-test", Value::Null),
        ("/api/join", json!({ "code": code, "team": 1, "alias": "Eve" })),
        ("/api/desk/sign-in", json!({ "token": FACILITATOR })),
        ("/api/leave", Value::Null),
        ("/api/team/guess", json!({ "kind": null })),
        ("/api/desk/start", Value::Null),
    ];
    for (door, body) in &doors {
        for (name, value) in [
            ("origin", "http://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let ask = Ask::post(door).json(body).cookie(&seat).header(name, value);
            let answer = hall.send(ask).await;
            assert!(answer.status == 403 && answer.is_problem(), "{door} with {name}: {value}: {answer:?}");
            let mut names = answer.headers.keys().map(http::HeaderName::as_str);
            assert!(!names.any(|name| name.starts_with("access-control")), "{door}: {answer:?}");
        }
    }
    // Reporting a visit needs no credentials, but a header that no form of another site can send; our own page sends it.
    let own = || Ask::post("/api/join-test").header("origin", "http://room:9000");
    assert_eq!(hall.status(own()).await, 403);
    assert_eq!(hall.status(own().header("x-requested-with", "room")).await, 204);
    assert_eq!(hall.room.reached().len(), 1);
    assert_eq!(hall.room.read(|session| session.seats.len()), 1, "nobody came or went");
    hall.room.close().await.unwrap();
}

#[tokio::test]
async fn names_and_texts_that_cannot_be_seen_are_refused_at_every_door() {
    let hall = Hall::open(1).await;
    let token = hall.token(1);
    let seat = hall.join(1, "Kim", std::net::Ipv4Addr::LOCALHOST, None).await.unwrap();
    assert_eq!(hall.desk(Ask::post("/api/desk/start")).await.status, 204);
    let refused = async |ask: Ask, what: &str| {
        let answer = hall.send(ask).await;
        assert!(answer.status == 422 && answer.is_problem(), "{what}: {answer:?}");
        assert!(
            !answer.text.chars().any(|c| matches!(c, '\u{200b}' | '\u{202e}')),
            "{what}: {}",
            answer.text
        );
    };
    let code = hall.room.read(|session| session.code.clone());
    for name in [
        "",
        "  ",
        "\u{200b}",
        "\u{202e}miK",
        "Ki\nm",
        "facilitator",
        "Program",
        "\u{2028}",
        "x".repeat(25).as_str(),
    ] {
        let what = format!("{name:?}");
        refused(Ask::post("/api/join").json(&json!({ "code": code, "team": 1, "alias": name })), &what).await;
        let rename =
            Ask::new(Method::PUT, "/api/desk/teams/1").bearer(FACILITATOR).json(&json!({ "name": name }));
        refused(rename, &what).await;
        let invitation = json!({ "name": name, "rights": "note_taker" });
        refused(Ask::post("/api/desk/invitations").bearer(FACILITATOR).json(&invitation), &what).await;
    }
    for text in ["", "\u{200b}", "\u{202e}txt", "a\u{b}b", "\u{1b}[2J", "x".repeat(501).as_str()] {
        let what = format!("{text:?}");
        let team = |path: &str, body: &Value| Ask::post(path).cookie(&seat).json(body);
        refused(team("/api/team/hypotheses", &json!({ "text": text })), &what).await;
        refused(team("/api/team/answer", &json!({ "text": text })), &what).await;
        refused(team("/api/team/notes", &json!({ "text": text })), &what).await;
        refused(team("/api/team/command/offer", &json!({ "to": 1, "words": text })), &what).await;
        refused(
            team("/api/team/argument", &json!({ "repair": "x", "expects": "back", "because": text })),
            &what,
        )
        .await;
        refused(team("/api/team/claims", &json!({ "about": "cause", "words": text, "pins": [] })), &what)
            .await;
        let desk = |path: &str, body: &Value| Ask::post(path).bearer(FACILITATOR).json(body);
        refused(desk("/api/desk/message", &json!({ "team": null, "text": text })), &what).await;
        refused(desk("/api/desk/mark", &json!({ "text": text })), &what).await;
    }
    let long = json!({ "endpoint": format!("http://a/{}", "x".repeat(600)) });
    refused(Ask::post("/api/desk/teams/1/forward").bearer(FACILITATOR).json(&long), "a long address").await;
    // Visible text stays unchanged, line breaks included.
    let body = json!({ "text": "U+000B in the banner?\nLook at the cache." });
    assert_eq!(hall.status(Ask::post("/api/team/hypotheses").bearer(&token).json(&body)).await, 201);
    let view = hall.send(Ask::get("/api/team").bearer(&token)).await.json();
    assert_eq!(view["hypotheses"][0]["text"], body["text"]);
    assert_eq!(view["members"], json!(["Kim"]));
    hall.room.close().await.unwrap();
}

/// Words that give away what only the facilitator may know about.
const OF_DESK: [&str; 8] = [
    "/api/desk/",
    "scenario",
    "ladder",
    "next hint",
    "hints_given",
    "show the answer",
    "prepared message",
    "crossover",
];

#[tokio::test]
async fn who_is_not_the_facilitator_reads_nothing_of_the_desk() {
    let hall = Hall::open(1).await;
    let seat = hall.join(1, "Kim", std::net::Ipv4Addr::LOCALHOST, None).await.unwrap();
    let words = |text: &str| {
        let lower = text.to_lowercase();
        // Everybody sees the door for signing in, and its page names the desk's description: neither is a secret.
        let lower = lower.replace("/api/desk/sign-in", "").replace("/api/desk/openapi.json", "");
        OF_DESK.into_iter().filter(|word| lower.contains(word)).collect::<Vec<_>>()
    };
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/pages")).unwrap();
    let files: Vec<String> =
        files.map(|file| format!("/pages/{}", file.unwrap().file_name().to_string_lossy())).collect();
    let of_desk = |path: &str| path.starts_with("/pages/desk") || path == "/api/desk/openapi.json";
    let mut told = Vec::new();
    for path in files.iter().map(String::as_str).chain([
        "/",
        "/team",
        "/desk",
        "/api/openapi.json",
        "/api/desk/openapi.json",
    ]) {
        let answer: Answer = hall.send(Ask::get(path).cookie(&seat)).await;
        assert_eq!(answer.status, if of_desk(path) { 401 } else { 200 }, "{path}");
        assert_eq!(words(&answer.text), Vec::<&str>::new(), "{path}");
        let signed_in = hall.desk(Ask::get(path)).await;
        assert_eq!(signed_in.status, 200, "{path}");
        told.extend(words(&signed_in.text));
    }
    // The facilitator's pages contain every one of the words, so none is outdated.
    let unused: Vec<_> = OF_DESK.into_iter().filter(|word| !told.contains(word)).collect();
    assert_eq!(unused, Vec::<&str>::new());
    // Each description has its own doors, and none of the other's.
    let of_team = hall.send(Ask::get("/api/openapi.json")).await.json();
    let desk = hall.desk(Ask::get("/api/desk/openapi.json")).await.json();
    let paths =
        |description: &Value| description["paths"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert!(paths(&of_team).iter().all(|path| !path.starts_with("/api/desk")) && paths(&of_team).len() > 20);
    assert!(paths(&desk).iter().all(|path| path.starts_with("/api/desk")) && paths(&desk).len() > 20);
    hall.room.close().await.unwrap();
}

#[tokio::test]
async fn a_note_taker_reads_the_desk_and_marks_and_is_gone_with_the_invitation() {
    let hall = Hall::open(1).await;
    let invite = |name: &str, rights: &str| {
        Ask::post("/api/desk/invitations").json(&json!({ "name": name, "rights": rights }))
    };
    let made = hall.desk(invite("Noa", "note_taker")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let (id, token) = (made.json()["id"].clone(), made.json()["token"].as_str().unwrap().to_owned());
    assert_eq!(hall.desk(invite("Noa", "facilitator")).await.status, 409, "a name is one person's");
    assert_eq!(hall.status(Ask::get("/api/desk").bearer(&token)).await, 401, "it is only for signing in");
    let enter = async |token: &str| {
        let answer = hall.send(Ask::post("/api/desk/sign-in").json(&json!({ "token": token }))).await;
        let cookie = answer.headers.get("set-cookie").map(|cookie| cookie.to_str().unwrap().to_owned());
        cookie.and_then(|cookie| Some(cookie.split(';').next()?.to_owned()))
    };
    let noa = enter(&token).await.unwrap();
    let view = hall.send(Ask::get("/api/desk").cookie(&noa)).await;
    assert_eq!((&view.json()["you"], &view.json()["rights"]), (&json!("Noa"), &json!("note_taker")));
    assert!(!view.text.contains(&token) && !view.text.contains(FACILITATOR), "no state tells a token");
    // All doors of the desk that change something, except two, refuse a note-taker.
    let description = hall.desk(Ask::get("/api/desk/openapi.json")).await.json();
    let mut doors = 0;
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|method| *method != "get") {
            if ["/api/desk/mark", "/api/desk/sign-in"].contains(&path.as_str()) {
                continue;
            }
            let path = path.replace("{id}", "1").replace("{team}", "1").replace("{number}", "1");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let answer = hall.send(Ask::new(method, &path).cookie(&noa).json(&json!({}))).await;
            assert!(answer.status == 403 && answer.is_problem(), "{path}: {answer:?}");
            doors += 1;
        }
    }
    assert!(doors > 20, "{doors}");
    let mark = || Ask::post("/api/desk/mark").json(&json!({ "text": "they fell silent" }));
    assert_eq!(hall.status(mark().cookie(&noa)).await, 409, "no round has begun");
    // A note-taker who signs in too often displaces only browsers of the same invitation.
    let second = hall.desk(invite("Sam", "facilitator")).await.json()["token"].as_str().unwrap().to_owned();
    let sam = enter(&second).await.unwrap();
    for _ in 0..room::limits::DESKS_MAX {
        enter(&token).await.unwrap();
    }
    assert_eq!(hall.status(Ask::get("/api/desk").cookie(&noa)).await, 401);
    let back = Ask::new(Method::DELETE, &format!("/api/desk/invitations/{id}"));
    assert_eq!(hall.status(back.cookie(&sam)).await, 204, "a second facilitator may do everything");
    assert!(enter(&token).await.is_none());
    let kept = hall.room.read(|session| session.seats.iter().filter(|seat| seat.team.is_none()).count());
    assert_eq!(kept, 1, "who came with it is gone");
    for number in 1..room::limits::INVITATIONS_MAX {
        assert_eq!(hall.desk(invite(&format!("N{number}"), "note_taker")).await.status, 201);
    }
    assert_eq!(hall.desk(invite("Zoe", "note_taker")).await.status, 413);
    hall.room.close().await.unwrap();
}
