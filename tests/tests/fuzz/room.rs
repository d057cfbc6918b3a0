//! The incident room: all requests to its API, and the session file in its folder.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use axum::{Router, extract::ConnectInfo};
use bytes::Bytes;
use chassis::problem;
use http::{HeaderValue, Method, Request, header};
use room::{
    Room, RoomOptions, api,
    session::{Phase, Session},
    store::{SESSION_FILE, Store},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::{
    requests::{Answer, read, send, with_token, written},
    shop::runtime,
};

const FACILITATOR: &str = "a-token-of-the-facilitator";

/// Placeholders in valid messages: the join code, and the cookie of a participant.
const CODE: &str = "THE-CODE";
const SEAT: &str = "seat=somebody";

/// After this many changes the target opens a new room, so that a long run tests rooms of every age.
const CHANGES_MAX: usize = 300;

/// Virtual time between two requests: with this pause the rate limit never applies.
const BETWEEN: Duration = Duration::from_secs(1);

/// This path reveals the answers and starts minutes of computation, too much between two requests.
const COMPUTES: &str = "/api/desk/reveal";

/// A folder in memory, where there is one: other tests are about disks.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn options(folder: &Path) -> RoomOptions {
    RoomOptions {
        teams: 2,
        seed: 3,
        folder: folder.to_owned(),
        address: ([127, 0, 0, 1], 0).into(),
        facilitator_token: Some(FACILITATOR.to_owned()),
        seen: std::collections::BTreeSet::new(),
        fresh: false,
        views: 1.0,
        pages: None,
    }
}

/// A room with a round under way and one participant.
struct Hall {
    room: Room,
    router: Router,
    team_token: String,
    cookie: HeaderValue,
    code: String,
    changes: usize,
    _folder: TempDir,
}

impl Hall {
    async fn open() -> Self {
        let folder = folder();
        let room = Room::open(options(folder.path())).await.unwrap();
        let router = problem::explained(room::router(room.clone()));
        let (team_token, code) =
            room.read(|session| (session.team(1).unwrap().token.clone(), session.code.clone()));
        let mut hall = Self {
            room,
            router,
            team_token,
            cookie: HeaderValue::from_static(SEAT),
            code,
            changes: 0,
            _folder: folder,
        };
        let teams = [1, 2].map(|team| json!({ "team": team, "scenario": "false-alarm", "level": "changes" }));
        let round = json!({ "practice": false, "operating_model": "you-build-it", "speed": 10.0, "minutes": 60.0, "teams": teams });
        let json = "content-type: application/json";
        let joining = json!({ "code": CODE, "team": 1, "alias": "Kim" });
        for message in [
            written("PUT /api/desk/plan/0", &[json], round.to_string()),
            written("POST /api/join", &[json], joining.to_string()),
            written("POST /api/desk/start", &[], ""),
        ] {
            let answer = hall.ask(read(&message).unwrap()).await;
            assert!(answer.status.is_success(), "{}: {:?}", answer.status, answer.body);
            if let Some(cookie) = answer.headers.get(header::SET_COOKIE) {
                let seat = cookie.to_str().unwrap().split(';').next().unwrap();
                hall.cookie = seat.parse().unwrap();
            }
        }
        hall
    }

    /// Sends a request with the credentials that its path needs.
    async fn ask(&self, request: Request<Bytes>) -> Answer {
        let is_desk =
            request.uri().path().starts_with("/api/desk") || request.uri().path().starts_with("/desk");
        let is_somebody = request.headers().get(header::COOKIE).is_some_and(|cookie| cookie == SEAT);
        let mut request = if is_somebody {
            let mut request = request;
            request.headers_mut().insert(header::COOKIE, self.cookie.clone());
            request
        } else {
            with_token(request, if is_desk { FACILITATOR } else { &self.team_token })
        };
        let from = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 50_000);
        request.extensions_mut().insert(ConnectInfo(from));
        if let Some(place) = request.body().windows(CODE.len()).position(|part| part == CODE.as_bytes()) {
            let body = request.body();
            let body = [&body[..place], self.code.as_bytes(), &body[place + CODE.len()..]].concat();
            *request.body_mut() = body.into();
        }
        send(&self.router, request).await
    }
}

/// The session as its file would hold it.
fn kept(session: &Session) -> Value {
    serde_json::to_value(session).unwrap()
}

/// An example value for a schema of the room's API description.
fn example(schema: &Value, all: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return example(&all["components"]["schemas"][name], all);
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(choices) = schema[several].as_array() {
            let choice = choices.iter().find(|choice| choice["type"] != "null");
            return choice.map_or(Value::Null, |choice| example(choice, all));
        }
    }
    if let Some(first) = schema["enum"].as_array().and_then(|words| words.first()) {
        return first.clone();
    }
    let kind = schema["type"]
        .as_array()
        .and_then(|kinds| kinds.iter().find(|kind| *kind != "null"))
        .unwrap_or(&schema["type"]);
    match kind.as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties.map(|(name, schema)| (name.clone(), example(schema, all))).collect()
        }
        Some("array") => json!([example(&schema["items"], all)]),
        Some("integer") => json!(1),
        Some("number") => json!(1.5),
        Some("boolean") => json!(true),
        Some("string") => json!("promo-banner"),
        _ => Value::Null,
    }
}

/// Requests for every operation in the room's API description, as a program and as a browser send them.
fn every_operation() -> Vec<Vec<u8>> {
    let mut honest = Vec::new();
    for all in api::descriptions() {
        for (path, operations) in all["paths"].as_object().unwrap() {
            let path = path
                .replace("{team}", "1")
                .replace("{round}", "0")
                .replace("{version}", "1")
                .replace("{id}", "promo-banner");
            let path = path.replace("{seat}", "1").replace(['{', '}'], "");
            for (method, operation) in operations.as_object().unwrap() {
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                let body = if schema.is_null() { String::new() } else { example(schema, &all).to_string() };
                let line = format!("{} {path}", method.to_uppercase());
                let json = "content-type: application/json";
                honest.push(written(&line, &[json], &body));
                if path.starts_with("/api/team") && method != "get" {
                    honest.push(written(
                        &line,
                        &[json, &format!("cookie: {SEAT}"), "x-requested-with: room"],
                        &body,
                    ));
                }
            }
        }
    }
    let json = "content-type: application/json";
    honest.push(written(
        "POST /api/join",
        &[json],
        format!("{{\"code\":\"{CODE}\",\"team\":2,\"alias\":\"Lee\"}}"),
    ));
    honest.push(written("GET /evidence/logs?text=a&limit=3&from=-5m", &[], ""));
    honest.push(written("GET /", &["accept-language: de", "x-forwarded-for: 10.0.0.1"], ""));
    honest
}

#[test]
fn room_api() {
    let honest = every_operation();
    let runtime = runtime();
    let mut hall = runtime.block_on(Hall::open());
    target!("room-api", &honest, |input| {
        let Some(request) = read(input).filter(|request| request.uri().path() != COMPUTES) else { return };
        let method = request.method().clone();
        runtime.block_on(async {
            sleep(BETWEEN).await;
            let before = hall.room.read(kept);
            let answer = hall.ask(request).await;
            answer.must_be_plain(&method);
            if method.is_safe() {
                return;
            }
            let after = hall.room.read(kept);
            if answer.status.is_success() {
                let again: Session = serde_json::from_value(after.clone()).unwrap();
                assert_eq!(kept(&again), after, "a session that is kept reads back the same");
                again.check().unwrap();
                hall.changes += 1;
            } else {
                assert_eq!(after, before, "{} has changed something", answer.status);
            }
            let is_over =
                hall.room.read(|session| session.phase != Phase::Running && session.phase != Phase::Paused);
            if hall.changes > CHANGES_MAX || is_over {
                hall.room.close().await.unwrap();
                hall = Hall::open().await;
            }
        });
    });
}

#[test]
fn session_file() {
    let runtime = runtime();
    let lobby = serde_json::to_vec(&Session::new(3, 2, &std::collections::BTreeSet::new())).unwrap();
    let under_way = runtime.block_on(async {
        let hall = Hall::open().await;
        let kept = serde_json::to_vec(&hall.room.read(Session::clone)).unwrap();
        hall.room.close().await.unwrap();
        kept
    });
    let older = include_bytes!("../../../harness/room/tests/session-of-version-1/session.json").to_vec();
    let honest = [lobby, under_way, older];
    let folder = folder();
    let file = folder.path().join(SESSION_FILE);
    target!("session-file", &honest, |input| {
        fs::write(&file, input).unwrap();
        let _ = room::store::scenarios_seen(&file);
        let store = Store::kept(folder.path());
        let session = match store.session() {
            Ok(session) => session.unwrap(),
            Err(error) => {
                assert!(error.to_string().contains(SESSION_FILE), "{error}");
                return;
            }
        };
        store.save(&session).unwrap();
        assert_eq!(kept(&store.session().unwrap().unwrap()), kept(&session));
        runtime.block_on(async {
            // The room either refuses the file with a reason, or opens for everybody whom the file names.
            let room = match Room::open(options(folder.path())).await {
                Ok(room) => room,
                Err(error) => return assert!(!error.to_string().is_empty()),
            };
            let router = problem::explained(room::router(room.clone()));
            let team = room.read(|session| session.teams.first().map(|team| team.token.clone()));
            for (path, token) in
                [("/api/desk", Some(FACILITATOR.to_owned())), ("/api/team", team), ("/api/open", None)]
            {
                let request = Request::get(path).body(Bytes::new()).unwrap();
                let request = if let Some(token) = token.filter(|token| HeaderValue::from_str(token).is_ok())
                {
                    with_token(request, &token)
                } else {
                    request
                };
                send(&router, request).await.must_be_plain(&Method::GET);
            }
            room.close().await.unwrap();
        });
    });
}
