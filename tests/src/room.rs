//! A room that `glyphfall room` runs, and programs that play in it.

use std::{
    process::Command,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use chassis::{Answer, Peer, Wait};
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    process::{Process, free_port, program, token},
    up::peer,
};

/// Words that must not reach a participant, or a responding program, before the answers are revealed.
pub const FORBIDDEN: [&str; 11] = [
    "glyphfall",
    "special-character",
    "nul-in-the-frame",
    "stopped-store",
    "suspended-",
    "windows-1252",
    "invalid-rendering",
    "poor-error-handling",
    "missing-health-check",
    "inadequate-telemetry",
    "latent",
];

/// Timeout of the room's answers.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Timeout for a condition on a session.
pub const BOUND: Duration = Duration::from_secs(90);

/// A running room.
#[derive(Debug)]
pub struct RunningRoom {
    /// The process.
    pub process: Process,
    /// Its port.
    pub port: u16,
    /// The facilitator's token.
    pub facilitator: String,
    /// The folder of its session.
    pub folder: TempDir,
    options: Vec<String>,
}

/// A client of the room, with or without a token.
#[derive(Debug)]
pub struct Client {
    peer: Peer,
    /// The bearer token that it sends, if any.
    pub token: Option<String>,
    /// All received headers and bodies.
    pub heard: Mutex<Vec<String>>,
}

impl RunningRoom {
    /// Opens a room and waits until it listens.
    ///
    /// # Panics
    ///
    /// When it does not listen in time.
    pub async fn open(options: &[&str]) -> Self {
        Self::open_in(tempfile::tempdir().expect("a folder can be made"), options).await
    }

    /// Opens a room with a folder that keeps the session.
    ///
    /// # Panics
    ///
    /// When it does not listen in time.
    pub async fn open_in(folder: TempDir, options: &[&str]) -> Self {
        let out = folder.path().to_str().expect("its name is plain").to_owned();
        let options = ["--out", &out].iter().chain(options).map(|option| (*option).to_owned()).collect();
        Self::started(folder, options).await
    }

    /// Opens the recorded example, which makes its own folder.
    ///
    /// # Panics
    ///
    /// When it does not listen in time.
    pub async fn example() -> Self {
        let unused = tempfile::tempdir().expect("a folder can be made");
        Self::started(unused, vec!["--example".to_owned()]).await
    }

    async fn started(folder: TempDir, options: Vec<String>) -> Self {
        let (port, facilitator) = (free_port(), token());
        let process = start(port, &facilitator, &options).await;
        Self { process, port, facilitator, folder, options }
    }

    /// Kills the room, as `kill -9` does, and opens it again with the same command. Returns the time of death.
    pub async fn kill_and_open_again(&mut self) -> Instant {
        self.process.kill();
        let died = Instant::now();
        self.process = start(self.port, &self.facilitator, &self.options).await;
        died
    }

    /// A client without credentials.
    pub fn stranger(&self) -> Client {
        self.client(None)
    }

    /// The facilitator's client.
    pub fn desk(&self) -> Client {
        self.client(Some(self.facilitator.clone()))
    }

    /// A program that joins a team with the code, and then sends the team's token.
    ///
    /// # Panics
    ///
    /// When the room refuses it.
    pub async fn team(&self, number: u32) -> Client {
        let code = self.desk().get("/api/desk").await["code"].clone();
        let joining = json!({ "code": code, "team": number, "alias": format!("Player {number}") });
        let stranger = self.stranger();
        let joined = stranger.send(Method::POST, "/api/join", Some(&joining)).await;
        assert_eq!(joined.status, StatusCode::OK, "{}", text(&joined));
        let cookie = joined.headers[header::SET_COOKIE].to_str().expect("cookies are plain");
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        let seat = cookie.split(['=', ';']).nth(1).expect("a cookie has a value");
        let client = self.client(Some(seat.to_owned()));
        let view = client.get("/api/team").await;
        assert_eq!(view["you"], format!("Player {number}"));
        let token = view["token"].as_str().expect("a team has a token").to_owned();
        self.client(Some(token))
    }

    fn client(&self, token: Option<String>) -> Client {
        Client::at(self.port, token)
    }
}

async fn start(port: u16, facilitator: &str, options: &[String]) -> Process {
    let mut command = Command::new(program("glyphfall"));
    command.args(["room", "--room-port", &port.to_string()]).args(options);
    let mut process = Process::start(command.env("GLYPHFALL_FACILITATOR_TOKEN", facilitator));
    process.until_listening(port).await;
    process
}

impl Client {
    /// A client with this token of a room at a port on loopback.
    pub fn at(port: u16, token: Option<String>) -> Self {
        Self { peer: peer(port), token, heard: Mutex::default() }
    }

    /// Sends a request and returns the answer, whatever its status.
    ///
    /// # Panics
    ///
    /// When there is no answer.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
        let request = request.body(body).expect("paths of tests are plain");
        let answer = self.peer.send(request, Wait::AtMost(ANSWER_TIMEOUT)).await.expect("the room answers");
        let heard = format!("{path}\n{:?}\n{}", answer.headers, text(&answer));
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
        answer
    }

    /// Waits until the room answers. A port forwarded by a container engine accepts connections before the room listens.
    ///
    /// # Panics
    ///
    /// When it does not in time.
    pub async fn until_open(&self, path: &str) {
        let opens = async {
            while self.peer.get(path, Wait::AtMost(ANSWER_TIMEOUT)).await.is_err() {
                sleep(Duration::from_millis(200)).await;
            }
        };
        timeout(BOUND, opens).await.expect("the room opens in time");
    }

    /// Gets JSON.
    ///
    /// # Panics
    ///
    /// When the answer is anything else.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.send(Method::GET, path, None).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", text(&answer));
        serde_json::from_slice(&answer.body).expect("it is JSON")
    }

    /// Posts JSON, and returns the JSON answer.
    ///
    /// # Panics
    ///
    /// When it is refused.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let body = (!body.is_null()).then_some(body);
        let answer = self.send(Method::POST, path, body).await;
        assert!(answer.status.is_success(), "{path}: {} {}", answer.status, text(&answer));
        serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
    }

    /// The status of a request.
    pub async fn status(&self, method: Method, path: &str, body: Option<&Value>) -> StatusCode {
        self.send(method, path, body).await.status
    }

    /// Polls a path until its answer meets the condition, and returns the answer.
    ///
    /// # Panics
    ///
    /// When the condition is not met in time.
    pub async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let comes = async {
            loop {
                let value = self.get(path).await;
                if wanted(&value) {
                    return value;
                }
                sleep(Duration::from_millis(200)).await;
            }
        };
        match timeout(BOUND, comes).await {
            Ok(value) => value,
            Err(elapsed) => panic!("{path} did not come to it ({elapsed}): {}", self.get(path).await),
        }
    }
}

/// An answer's body as text.
pub fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}
