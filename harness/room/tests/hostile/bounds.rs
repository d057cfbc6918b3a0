//! A room under attack: what guessing costs other people, what one client can take, how large a session grows, and what streams carry.
//! The tests measure counts and bytes, not times.

use std::{net::Ipv4Addr, time::Duration};

use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;
use http::{Method, Request, header};
use room::{
    Room,
    feeds::STREAMS_PER_PERSON_MAX,
    limits::{
        LOOKS_BYTES_MAX, NOTES_BYTES_MAX, PLAYED_BYTES_MAX, REST_OF_SESSION_BYTES_MAX, SEATS_PER_CLIENT_MAX,
        SEATS_PER_TEAM_MAX, json_bytes,
    },
    played::{Look, Moment, Played},
    rate_limits::JOINS,
};
use serde_json::{Value, json};
use tokio::time::timeout;
use tower::ServiceExt;

use crate::hall::{Answer, Ask, FACILITATOR, Hall, options};

const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// The timeout: longer than anything that these tests wait for.
const BOUND: Duration = Duration::from_secs(60);

fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, last)
}

#[tokio::test]
async fn guesses_are_few_and_hold_up_nobody_who_is_right() {
    let hall = Hall::open(4).await;
    let wrong_code = || Ask::post("/api/join").json(&json!({ "code": "WRONG", "team": 1, "alias": "Eve" }));
    let wrong_token = || Ask::post("/api/desk/sign-in").json(&json!({ "token": "wrong" }));
    let mut answered = [0; 2];
    for _ in 0..300 {
        for ask in [wrong_code(), wrong_token()] {
            match hall.status(ask).await {
                403 => answered[0] += 1,
                429 => answered[1] += 1,
                other => panic!("{other}"),
            }
        }
    }
    assert!(answered[0] < 60 && answered[0] + answered[1] == 600, "{answered:?}");
    // Meanwhile, right credentials from the same address are let in. Each second allows one more guess, and the loop uses it up at once.
    for person in 0..38 {
        let mut free = 0;
        while hall.status(wrong_code()).await == 403 {
            free += 1;
            assert!(free < 20, "guesses are no longer refused");
        }
        hall.join(person % 4 + 1, "Kim", HERE, None).await.unwrap();
        let signed_in = Ask::post("/api/desk/sign-in").json(&json!({ "token": FACILITATOR }));
        assert_eq!(hall.status(signed_in).await, 204);
        assert_eq!(hall.status(Ask::get("/api/team").bearer(&hall.token(1))).await, 200);
    }
    // A mistyped code from another address still gets its own answer, not a rate limit.
    assert_eq!(hall.status(wrong_code().from(address(2))).await, 403);
    hall.room.close().await.unwrap();
}

#[tokio::test]
async fn credentials_that_are_made_up_leave_nothing_behind() {
    let hall = Hall::open(1).await;
    let large = "x".repeat(380_000);
    for number in 0..3_000 {
        let token = if number % 10 == 0 { format!("{number}{large}") } else { format!("made-up-{number}") };
        let ask = Ask::get("/api/team").bearer(&token).from(address(u8::try_from(number % 200).unwrap()));
        let status = hall.status(ask).await;
        assert!(matches!(status, 401 | 429), "{status}");
        let shop = Ask::get(&format!("/s/{number}/")).from(address(u8::try_from(number % 200).unwrap()));
        assert!(matches!(hall.status(shop).await, 404 | 429));
        let ask = Ask::get("/api/desk").header("cookie", &format!("desk={number}")).from(address(1));
        assert!(matches!(hall.status(ask).await, 401 | 429));
    }
    // The room stores only addresses, and no more of them than could guess.
    assert!(hall.room.rate_limits().keys() <= 300, "{}", hall.room.rate_limits().keys());
    hall.room.close().await.unwrap();
}

#[tokio::test]
async fn a_weak_token_of_the_facilitator_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for weak in ["1", "secret", "fifteen-letters"] {
        let options = room::RoomOptions { facilitator_token: Some(weak.to_owned()), ..options(&folder, 1) };
        let error = Room::open(options).await.err().unwrap().to_string();
        assert!(error.contains("of them different"), "{error}");
    }
}

#[tokio::test]
async fn a_browser_has_one_seat_and_no_client_fills_a_team() {
    let hall = Hall::open(2).await;
    let mut cookie = hall.join(1, "Kim", HERE, None).await.unwrap();
    for time in 0..34 {
        let name = format!("Kim {time}");
        let next = hall.join(1, &name, HERE, Some(&cookie)).await.unwrap();
        let with_the_old = Ask::get("/api/team").cookie(&cookie).from(address(time));
        assert_eq!(hall.status(with_the_old).await, 401, "the old seat is given up");
        cookie = next;
    }
    assert_eq!(hall.room.read(|session| session.members(1)), ["Kim 33"]);
    // The same browser joins another team: it has one seat, in that team.
    cookie = hall.join(2, "Kim", HERE, Some(&cookie)).await.unwrap();
    let members = |team: u32| hall.room.read(|session| session.members(team));
    assert!(members(1).is_empty());
    assert_eq!(members(2), ["Kim"]);

    // One client can take at most half of a team's seats; others still find seats.
    let taken = {
        let mut taken = 0;
        while taken < 100 && hall.join(1, "Eve", address(9), None).await.is_ok() {
            taken += 1;
        }
        taken
    };
    assert_eq!(taken, SEATS_PER_CLIENT_MAX);
    let refused = hall.join(1, "Eve", address(9), None).await.unwrap_err();
    assert!(refused.status == 409 && refused.is_problem(), "{refused:?}");
    // Refusals of that client do not count against others behind the same router who join another team.
    for _ in 0..2 * JOINS.1 {
        assert_eq!(hall.join(1, "Eve", address(9), None).await.unwrap_err().status, 409);
    }
    hall.join(2, "Ada", address(9), None).await.unwrap();
    for person in taken..SEATS_PER_TEAM_MAX {
        hall.join(1, "Ada", address(u8::try_from(person).unwrap() + 100), None).await.unwrap();
    }
    let full = hall.join(1, "Bo", address(3), None).await.unwrap_err();
    assert!(full.status == 409 && full.text.contains("full"), "{full:?}");

    // The facilitator removes a seat, and closes joining. Members keep their seats.
    let desk = hall.desk(Ask::get("/api/desk")).await.json();
    let seat = desk["teams"][0]["seats"][0]["id"].clone();
    let (token, away) = (hall.token(1), format!("/api/desk/seats/{seat}"));
    assert_eq!(hall.desk(Ask::new(Method::DELETE, &away)).await.status, 204);
    assert_ne!(hall.token(1), token, "who was removed knows the old token");
    assert_eq!(hall.status(Ask::get("/api/team").bearer(&token)).await, 401);
    hall.join(1, "Bo", address(3), None).await.unwrap();
    let joining = |open: bool| Ask::post("/api/desk/joining").json(&json!({ "open": open }));
    assert_eq!(hall.desk(joining(false)).await.status, 204);
    assert_eq!(hall.send(Ask::get("/api/open")).await.json()["joining_open"], false);
    let closed = hall.join(2, "Late", address(4), None).await.unwrap_err();
    assert!(closed.status == 409 && closed.text.contains("closed"), "{closed:?}");
    assert_eq!(hall.status(Ask::get("/api/team").cookie(&cookie)).await, 200);
    assert_eq!(hall.desk(joining(true)).await.status, 204);
    // After a new code, the old one lets nobody in.
    let old = hall.room.read(|session| session.code.clone());
    assert_eq!(hall.desk(Ask::post("/api/desk/code")).await.status, 204);
    let with_old = Ask::post("/api/join").json(&json!({ "code": old, "team": 2, "alias": "Late" }));
    assert_eq!(hall.status(with_old.from(address(4))).await, 403);
    hall.join(2, "Late", address(4), None).await.unwrap();
    hall.room.close().await.unwrap();
}

#[tokio::test]
async fn who_joins_while_a_round_is_under_way_is_let_in_by_the_team_or_the_desk() {
    let hall = Hall::open(2).await;
    let ada = hall.join(1, "Ada", address(1), None).await.unwrap();
    assert_eq!(hall.desk(Ask::post("/api/desk/start")).await.status, 204);
    let view = async || hall.send(Ask::get("/api/team").cookie(&ada)).await.json();
    let late = async |alias: &str, last: u8| {
        let cookie = hall.join(1, alias, address(last), None).await.unwrap();
        let seat = hall.send(Ask::get("/api/seat").cookie(&cookie)).await.json();
        assert_eq!((&seat["waiting"], &seat["you"]), (&json!(true), &json!(alias)));
        for path in ["/api/team", "/api/team/events", "/evidence/logs", "/team/debrief"] {
            let answer = hall.send(Ask::get(path).cookie(&cookie)).await;
            assert!(
                answer.status == 403 && answer.is_problem() && !answer.text.contains(&hall.token(1)),
                "{path}: {answer:?}"
            );
        }
        let id = view().await["waiting"].as_array().unwrap().last().unwrap()["id"].as_u64().unwrap();
        (cookie, id)
    };
    // The team lets one in and turns one away; the facilitator lets one in.
    let (bo, id) = late("Bo", 2).await;
    assert_eq!(view().await["members"], json!(["Ada"]));
    let other = Ask::post(&format!("/api/team/seats/{id}/let-in")).bearer(&hall.token(2));
    assert_eq!(hall.status(other).await, 404, "another team has no say");
    let own = Ask::post(&format!("/api/team/seats/{id}/let-in")).cookie(&bo);
    assert_eq!(hall.status(own).await, 403, "nor has who waits");
    assert_eq!(hall.status(Ask::post(&format!("/api/team/seats/{id}/let-in")).cookie(&ada)).await, 204);
    assert_eq!(hall.status(Ask::get("/api/team").cookie(&bo)).await, 200);
    let (eve, id) = late("Eve", 3).await;
    assert_eq!(
        hall.status(Ask::new(Method::DELETE, &format!("/api/team/seats/{id}")).cookie(&ada)).await,
        204
    );
    assert_eq!(hall.status(Ask::get("/api/seat").cookie(&eve)).await, 401);
    let (cy, id) = late("Cy", 4).await;
    assert_eq!(hall.desk(Ask::post(&format!("/api/desk/seats/{id}/let-in"))).await.status, 204);
    assert_eq!(hall.status(Ask::get("/api/team").cookie(&cy)).await, 200);
    // A team cannot turn a member away. Joining an empty team needs no consent, and neither does coming back.
    let ada_id = hall.desk(Ask::get("/api/desk")).await.json()["teams"][0]["seats"][0]["id"].clone();
    assert_eq!(
        hall.status(Ask::new(Method::DELETE, &format!("/api/team/seats/{ada_id}")).cookie(&bo)).await,
        404
    );
    let first = hall.join(2, "Dee", address(5), None).await.unwrap();
    assert_eq!(hall.status(Ask::get("/api/team").cookie(&first)).await, 200);
    let again = hall.join(1, "Bob", address(2), Some(&bo)).await.unwrap();
    assert_eq!(hall.status(Ask::get("/api/team").cookie(&again)).await, 200);
    hall.room.close().await.unwrap();
}

/// A client's event stream.
struct Following {
    body: BodyDataStream,
    bytes: usize,
    events: usize,
    state: Value,
}

impl Following {
    async fn open(hall: &Hall, path: &str, name: header::HeaderName, value: &str) -> Self {
        let request = Request::get(path).header(name, value).body(Body::empty()).unwrap();
        let answer = hall.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        Self { body: answer.into_body().into_data_stream(), bytes: 0, events: 0, state: Value::Null }
    }

    /// Takes the next event; none at the end of the stream.
    async fn next(&mut self) -> Option<()> {
        let bytes = timeout(BOUND, self.body.next()).await.expect("something comes in time")?.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let data = |kind: &str| {
            text.strip_prefix(&format!("event: {kind}\ndata: "))
                .map(|data| serde_json::from_str(data.trim()).unwrap())
        };
        if let Some(state) = data("state") {
            self.state = state;
        } else if let Some(change) = data("change") {
            let patch: json_patch::Patch = serde_json::from_value(change).unwrap();
            json_patch::patch(&mut self.state, &patch).unwrap();
        }
        (self.bytes, self.events) = (self.bytes + bytes.len(), self.events + 1);
        Some(())
    }

    async fn until(&mut self, is_so: impl Fn(&Value) -> bool) {
        while !is_so(&self.state) {
            self.next().await.expect("the stream goes on");
        }
    }
}

#[tokio::test]
async fn a_team_that_writes_all_it_can_is_bounded_loses_nothing_and_wakes_no_neighbour() {
    let hall = Hall::open(2).await;
    let mut seats = Vec::new();
    for person in 0..16 {
        seats.push(hall.join(1, "\u{1f33f}".repeat(24).as_str(), address(person), None).await.unwrap());
    }
    assert_eq!(hall.desk(Ask::post("/api/desk/start")).await.status, 204);
    let bearer = |token: String| format!("Bearer {token}");
    let mut own = Following::open(&hall, "/api/team/events", header::COOKIE, &seats[0]).await;
    let mut neighbour =
        Following::open(&hall, "/api/team/events", header::AUTHORIZATION, &bearer(hall.token(2))).await;
    own.until(|state| state["phase"] == "running").await;
    neighbour.until(|state| state["phase"] == "running").await;
    let guess = json!({ "kind": null });
    assert_eq!(hall.status(Ask::post("/api/team/guess").cookie(&seats[0]).json(&guess)).await, 200);

    let began = tokio::time::Instant::now();
    let (before, neighbours) = (own.bytes, neighbour.events);
    let words = "\u{1f33f}".repeat(500);
    let (mut kept, mut written, mut full) = (Vec::new(), 0, 0);
    'all: for seat in &seats {
        for _ in 0..50 {
            let claim = json!({ "about": "factor", "words": words, "pins": [] });
            let answer = hall.send(Ask::post("/api/team/claims").cookie(seat).json(&claim)).await;
            match answer.status.as_u16() {
                201 => {
                    kept.push(answer.json()["id"].clone());
                    written += words.len();
                }
                413 => {
                    assert!(answer.is_problem() && answer.text.contains("kilobytes"), "{answer:?}");
                    full += 1;
                }
                429 => break,
                other => panic!("{other}: {}", answer.text),
            }
            if full == 5 {
                break 'all;
            }
        }
    }
    assert!(full == 5 && kept.len() > 70, "{} kept, {full} refused", kept.len());
    own.until(|state| state["claims"].as_array().unwrap().len() == kept.len()).await;
    let ids: Vec<Value> =
        own.state["claims"].as_array().unwrap().iter().map(|claim| claim["id"].clone()).collect();
    assert_eq!(ids, kept, "what was acknowledged is there");
    // The stream carries each claim once, and a few thousand bytes a second at most for clock, loss and curve.
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap() + 2;
    assert!(
        own.bytes - before < written + kept.len() * 400 + seconds * 4_000,
        "{} bytes of {written} written",
        own.bytes - before
    );
    // The neighbour's stream carried its own clock, and nothing of this.
    neighbour
        .until(|state| {
            state["clock"]["shop_s"].as_f64().unwrap() >= own.state["clock"]["shop_s"].as_f64().unwrap() - 1.0
        })
        .await;
    assert!(
        neighbour.events - neighbours <= 2 * seconds,
        "{} events in {seconds} s",
        neighbour.events - neighbours
    );
    assert!(!neighbour.state.to_string().contains('\u{1f33f}'));
    // Deleting a claim is possible, and makes room again.
    let away = Ask::new(Method::DELETE, &format!("/api/team/claims/{}", kept[0].as_str().unwrap()))
        .cookie(&seats[15]);
    assert_eq!(hall.status(away).await, 204);

    // Looks with long, differing queries are stored in short form, and the room keeps answering them.
    for number in 0..60 {
        let path = format!("/evidence/logs?text={number}{}", "x".repeat(60_000));
        let status = hall.status(Ask::get(&path).cookie(&seats[1])).await;
        assert!(matches!(status, 200 | 400 | 414 | 422), "{status}");
    }
    hall.room.close().await.unwrap();
    let file = hall.folder.path().join("session.json");
    let bytes = usize::try_from(std::fs::metadata(&file).unwrap().len()).unwrap();
    assert!(
        bytes < 2 * PLAYED_BYTES_MAX + REST_OF_SESSION_BYTES_MAX && bytes > NOTES_BYTES_MAX / 2,
        "{bytes}"
    );
    let records = hall.folder.path().join("records").join("round-0-team-1.json");
    let record = std::fs::metadata(records).unwrap().len();
    assert!(record < 256 * 1_024, "{record}");
    // The session opens again, with everything that the room had acknowledged.
    let again = Room::open(options(&hall.folder, 2)).await.unwrap();
    assert_eq!(again.read(|session| session.played(1).unwrap().claims.len()), kept.len() - 1);
    assert_eq!(again.read(|session| session.members(1)).len(), 16);
    again.close().await.unwrap();
}

#[test]
fn thousands_of_looks_with_long_texts_stay_within_their_share() {
    let mut played = Played::new(0, incident::Level::Logs, incident::OperatingModel::YouBuildIt);
    for number in 0..4_300 {
        // Too far apart to count as one look.
        let (at_s, text) = (f64::from(number) * 10.0, format!("text={number}{}", "\u{b}".repeat(64_000)));
        let named = (0..500).map(|code| format!("U+{code:04X}")).collect();
        played.look(Look {
            when: Moment { at_s, story_s: at_s },
            at: "logs".to_owned(),
            query: text,
            named,
            line: None,
        });
    }
    assert!(
        json_bytes(&played.looks) <= LOOKS_BYTES_MAX && played.looks.len() > 40,
        "{}",
        played.looks.len()
    );
    assert_eq!(played.looked(), 4_300, "all of them are counted");
    // The log: the room's own lines push out the oldest lines; before that, the room refuses everybody else's lines.
    for number in 0..5_000 {
        let text = format!("{number} {}", "\u{1f33f}".repeat(5_000));
        played.tell(Moment::default(), "note", text, None);
    }
    assert!(played.may_act().is_err() && played.may_be_told().is_err());
    assert!(json_bytes(&played) <= PLAYED_BYTES_MAX, "{}", json_bytes(&played));
}

#[tokio::test]
async fn streams_are_bounded_and_leaving_ends_them() {
    let hall = Hall::open(1).await;
    let kim = hall.join(1, "Kim", HERE, None).await.unwrap();
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = Following::open(&hall, "/api/team/events", header::COOKIE, &kim).await;
        stream.until(|state| state["you"] == "Kim").await;
        streams.push(stream);
    }
    assert_eq!(hall.room.feeds().streams(), STREAMS_PER_PERSON_MAX);
    let newest = streams.split_off(20 - STREAMS_PER_PERSON_MAX);
    for mut ended in streams {
        assert!(ended.next().await.is_none(), "the oldest end");
    }
    let mut desk =
        Following::open(&hall, "/api/desk/events", header::AUTHORIZATION, &format!("Bearer {FACILITATOR}"))
            .await;
    desk.until(|state| state["teams"][0]["members"] == json!(["Kim"])).await;
    let left: Answer = hall.send(Ask::post("/api/leave").cookie(&kim)).await;
    assert_eq!(left.status, 204);
    for mut ended in newest {
        while ended.next().await.is_some() {}
    }
    desk.until(|state| state["teams"][0]["members"] == json!([])).await;
    assert_eq!(hall.room.feeds().streams(), 1);
    hall.room.close().await.unwrap();
}

#[tokio::test]
async fn what_people_leave_behind_is_asked_once_has_limits_and_bears_no_name() {
    let hall = Hall::open(1).await;
    let (kim, ada) = (
        hall.join(1, "Kim", address(1), None).await.unwrap(),
        hall.join(1, "Ada", address(2), None).await.unwrap(),
    );
    let say = |cookie: &str, words: Value| {
        let said = json!({ "learned": true, "again": false, "words": words });
        Ask::post("/api/team/feedback").cookie(cookie).json(&said)
    };
    let note = |cookie: &str, actions: Value| {
        Ask::new(Method::PUT, "/api/team/parting").cookie(cookie).json(&json!({ "actions": actions }))
    };
    let action = |text: &str, due: &str| json!({ "text": text, "owner": "us", "due": due });
    let fine = action("Ask the cache", "2026-02-28");
    for ask in [
        say(&kim, Value::Null),
        note(&kim, json!([fine])),
        Ask::get("/api/team/debrief/take-home.html").cookie(&kim),
    ] {
        assert_eq!(hall.status(ask).await, 409, "the answers are not open yet");
    }
    for door in ["start", "end", "reveal"] {
        assert_eq!(hall.desk(Ask::post(&format!("/api/desk/{door}"))).await.status, 204, "{door}");
    }
    for words in ["", "two\nlines", "\u{202e}txt", "x".repeat(201).as_str()] {
        assert_eq!(hall.status(say(&kim, json!(words))).await, 422, "{words:?}");
    }
    for wrong in [
        action("", "2026-02-28"),
        action("a\nb", "2026-02-28"),
        action("x", "2026-02-30"),
        action("x", "soon"),
        action(&"x".repeat(161), "2026-02-28"),
    ] {
        let answer = hall.send(note(&kim, json!([wrong]))).await;
        assert!(answer.status == 422 && answer.is_problem(), "{wrong}: {answer:?}");
    }
    assert_eq!(hall.status(note(&kim, json!([fine, fine, fine]))).await, 409, "two are enough");
    assert_eq!(hall.status(note(&kim, json!([fine, fine]))).await, 204);
    // One feedback per person, even after joining again. A program has no seat, so it gives none.
    assert_eq!(hall.status(say(&kim, json!("z: Kim was here"))).await, 204);
    assert_eq!(hall.status(say(&ada, Value::Null)).await, 204);
    let again = hall.join(1, "Kim", address(1), Some(&kim)).await.unwrap();
    assert_eq!(hall.status(say(&again, Value::Null)).await, 409);
    let own = hall.send(Ask::get("/api/team/parting").cookie(&again)).await.json();
    assert!(own["has_said"] == true && own["actions"] == json!([fine, fine]), "{own}");
    let others = hall.send(Ask::get("/api/team/parting").cookie(&ada)).await.json();
    assert_eq!(others["actions"], json!([]));
    let program = Ask::get("/api/team/parting").bearer(&hall.token(1));
    assert_eq!(hall.status(program).await, 403);
    // Only the facilitator reads the feedback, in an order that tells nothing about who wrote it.
    let said = hall.desk(Ask::get("/api/desk/debrief/feedback.csv")).await.text;
    assert_eq!(said.lines().collect::<Vec<_>>()[1..], ["true,false,", "true,false,z: Kim was here"]);
    assert_eq!(hall.status(Ask::get("/api/desk/debrief/feedback.csv").cookie(&ada)).await, 401);
    let home = hall.send(Ask::get("/api/team/debrief/take-home.html").cookie(&again)).await;
    assert!(
        home.status == 200 && home.text.contains("Ask the cache") && home.text.contains("Kim"),
        "{home:?}"
    );
    hall.room.close().await.unwrap();
}
