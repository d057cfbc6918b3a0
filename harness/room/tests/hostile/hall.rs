//! A room in this process, and requests to it.

use std::net::{Ipv4Addr, SocketAddr};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
};
use http::{HeaderMap, Method, Request, StatusCode, header};
use room::{Room, RoomOptions};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

/// The facilitator's token.
pub(crate) const FACILITATOR: &str = "a-token-of-the-facilitator";

/// The limit for an answer: far more than these tests request.
const ANSWER_BYTES_MAX: usize = 64 * 1_024 * 1_024;

/// An open room.
pub(crate) struct Hall {
    pub(crate) room: Room,
    pub(crate) router: Router,
    pub(crate) folder: TempDir,
}

/// A request under construction.
pub(crate) struct Ask {
    request: http::request::Builder,
    body: Body,
    from: Ipv4Addr,
}

/// The room's answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Hall {
    pub(crate) async fn open(teams: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let room = Room::open(options(&folder, teams)).await.unwrap();
        // The same layer as in the accept loop: it turns a router's bare refusals into problem details.
        let router = chassis::problem::explained(room::router(room.clone()));
        Self { room, router, folder }
    }

    pub(crate) async fn send(&self, ask: Ask) -> Answer {
        let mut request = ask.request.body(ask.body).unwrap();
        let from = SocketAddr::new(ask.from.into(), 50_000);
        request.extensions_mut().insert(ConnectInfo(from));
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let bytes = to_bytes(body, ANSWER_BYTES_MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: head.status, headers: head.headers, text }
    }

    pub(crate) async fn status(&self, ask: Ask) -> u16 {
        self.send(ask).await.status.as_u16()
    }

    /// Joins like a browser that has this cookie, or none. Returns the cookie that the room sets.
    pub(crate) async fn join(
        &self,
        team: u32,
        alias: &str,
        from: Ipv4Addr,
        cookie: Option<&str>,
    ) -> Result<String, Answer> {
        let code = self.room.read(|session| session.code.clone());
        let body = serde_json::json!({ "code": code, "team": team, "alias": alias });
        let ask = Ask::post("/api/join").json(&body).from(from);
        let answer = self.send(if let Some(cookie) = cookie { ask.cookie(cookie) } else { ask }).await;
        if answer.status != StatusCode::OK {
            return Err(answer);
        }
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        Ok(cookie.split(';').next().unwrap().to_owned())
    }

    pub(crate) async fn desk(&self, ask: Ask) -> Answer {
        self.send(ask.bearer(FACILITATOR)).await
    }

    /// A team's token for programs.
    pub(crate) fn token(&self, team: u32) -> String {
        self.room.read(|session| session.team(team).unwrap().token.clone())
    }
}

pub(crate) fn options(folder: &TempDir, teams: u32) -> RoomOptions {
    RoomOptions {
        teams,
        seed: 3,
        folder: folder.path().to_owned(),
        address: ([127, 0, 0, 1], 0).into(),
        facilitator_token: Some(FACILITATOR.to_owned()),
        seen: std::collections::BTreeSet::new(),
        fresh: false,
        views: 1.0,
        pages: None,
    }
}

impl Ask {
    pub(crate) fn new(method: Method, path: &str) -> Self {
        let request = Request::builder().method(method).uri(path).header(header::HOST, "room:9000");
        Self { request, body: Body::empty(), from: Ipv4Addr::LOCALHOST }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: &str) -> Self {
        Self::new(Method::POST, path)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.text(&body.to_string()).header("content-type", "application/json")
    }

    pub(crate) fn text(mut self, body: &str) -> Self {
        self.body = Body::from(body.to_owned());
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// A cookie, with the header that our own pages send.
    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie).header("x-requested-with", "room")
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn from(mut self, from: Ipv4Addr) -> Self {
        self.from = from;
        self
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Whether the answer is problem details with the same status and a detail text.
    pub(crate) fn is_problem(&self) -> bool {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        kind == Some("application/problem+json")
            && self.json()["status"] == self.status.as_u16()
            && self.json()["detail"].as_str().is_some_and(|detail| !detail.is_empty())
    }
}
