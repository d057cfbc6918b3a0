//! Bad input over real sockets: a clear error with the right status, and no loss of data.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{process::Command, time::Duration};

use bytes::Bytes;
use chassis::{Chassis, Clock, Network, Peer, Wait, run::loopback};
use glyphfall_tests::process::{Process, free_port, output, program, token};
use http::Request;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

const WAIT: Wait = Wait::AtMost(Duration::from_secs(10));

struct Store {
    _process: Process,
    peer: Peer,
    port: u16,
    token: String,
    _folder: tempfile::TempDir,
}

impl Store {
    async fn start() -> Self {
        let (port, token, folder) = (free_port(), token(), tempfile::tempdir().unwrap());
        let mut command = Command::new(program("content-store"));
        command.arg("--data").arg(folder.path()).args(["--bind", &format!("127.0.0.1:{port}")]);
        let mut process = Process::start(command.env("GLYPHFALL_EDITOR_TOKEN", &token));
        process.until_listening(port).await;
        let caller = Chassis::of_caller("tests", Network::tcp(0), Clock::real(), 0);
        Self { _process: process, peer: Peer::new(&caller, loopback(port)), port, token, _folder: folder }
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        credentials: Option<&str>,
        body: impl Into<Bytes>,
    ) -> (u16, String) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(credentials) = credentials {
            request = request.header("authorization", credentials);
        }
        let answer = self.peer.send(request.body(body.into()).unwrap(), WAIT).await.unwrap();
        if !answer.status.is_success() {
            assert_eq!(answer.headers["content-type"], "application/problem+json", "{method} {path}");
        }
        (answer.status.as_u16(), String::from_utf8_lossy(&answer.body).into_owned())
    }
}

#[tokio::test]
async fn the_content_store_refuses_what_is_wrong_and_keeps_what_is_there() {
    let store = Store::start().await;
    // The name of the authentication scheme is case-insensitive.
    let right = format!("bearer {}", store.token);
    let right = Some(right.as_str());
    assert_eq!(store.ask("PUT", "/assets/page", right, "first").await.0, 201);
    let long_id = format!("/assets/{}", "a".repeat(65));
    for (method, path, credentials, body, expected, says) in [
        ("GET", "/assets/unknown", None, "", 404, "no such asset"),
        ("GET", "/assets/page/versions/9", None, "", 404, "no such version"),
        ("GET", "/assets/page/versions/none", None, "", 400, ""),
        ("PUT", "/assets/Bad_Id", right, "x", 400, "lower-case letters"),
        ("PUT", long_id.as_str(), right, "x", 400, "1 to 64"),
        ("PUT", "/assets/page", None, "x", 401, "needs credentials"),
        ("PUT", "/assets/page", Some("Bearer wrong"), "x", 401, "needs credentials"),
        ("PUT", "/assets/page", Some("Basic abc"), "x", 401, "needs credentials"),
        ("DELETE", "/assets/page", None, "", 401, "needs credentials"),
        ("POST", "/assets/page/rollback", right, "{\"to\":", 400, "to"),
        ("POST", "/assets/page/rollback", right, "{\"to\": 7}", 404, "no such version"),
        ("POST", "/assets/page/rollback", right, "", 409, "no earlier version"),
        ("POST", "/assets/page/rollback", right, "[1]", 400, "expected an object"),
        ("PATCH", "/assets/page", right, "", 405, "method"),
        // The method that `curl -d` uses.
        ("POST", "/assets/page", right, "text", 405, "GET, HEAD, PUT and DELETE"),
        ("OPTIONS", "/editor", None, "", 405, "GET and HEAD"),
        ("DELETE", "/healthz", None, "", 405, "GET and HEAD"),
        ("GET", "/assets/%FF", None, "", 400, "UTF-8"),
        ("GET", "/%FF", None, "", 404, "nothing at this path"),
        ("GET", "/nowhere", None, "", 404, "nothing at this path"),
    ] {
        let (status, body) = store.ask(method, path, credentials, body).await;
        assert!(status == expected && body.contains(says), "{method} {path}: {status} {body}");
    }
    let (status, body) = store.ask("GET", "/assets/page/versions/1/body", None, "").await;
    assert_eq!((status, body.as_str()), (200, "first"));
    assert_eq!(store.ask("GET", "/assets/page/versions", None, "").await.1.matches("\"version\"").count(), 1);
}

#[tokio::test]
async fn a_body_of_20_mib_is_refused_before_it_fills_memory() {
    let store = Store::start().await;
    let mut connection = TcpStream::connect(("127.0.0.1", store.port)).await.unwrap();
    let head = format!(
        "PUT /assets/page HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-length: 20971520\r\n\r\n",
        store.token
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    // The server answers from the headers alone, before any of the body is sent.
    let mut answer = vec![0; 512];
    let count = connection.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn slow_clients_are_cut_off_while_others_are_served() {
    let store = Store::start().await;
    let began = Instant::now();
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut connection = TcpStream::connect(("127.0.0.1", store.port)).await.unwrap();
        connection.write_all(b"GET /assets HTTP/1.1\r\nx-slow: ").await.unwrap();
        slow.push(connection);
    }
    assert_eq!(store.ask("GET", "/assets", None, "").await.0, 200);
    for mut connection in slow {
        let mut rest = Vec::new();
        let _ = connection.read_to_end(&mut rest).await;
    }
    let waited = began.elapsed();
    assert!(waited < chassis::serve::HEAD_TIMEOUT * 2, "{waited:?}");
}

#[test]
fn a_service_that_cannot_start_says_why_and_what_to_do() {
    let port = free_port();
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let taken = format!("127.0.0.1:{port}");
    let data = folder.path().to_str().unwrap();
    for (name, arguments, says) in [
        ("content-store", vec!["--bind", &taken, "--data", data], "another program holds that port"),
        ("cache", vec!["--bind", &taken], "another program holds that port"),
        ("web-front", vec!["--bind", &taken], "another program holds that port"),
        (
            "content-store",
            vec!["--data", "/proc/nowhere"],
            "choose a folder that you may write to with --data",
        ),
        ("cache", vec!["--bind", "not an address"], "invalid value"),
    ] {
        let (code, _, error) = output(Command::new(program(name)).args(&arguments));
        assert!(code == 2 && error.contains(says), "{name} {arguments:?}: {code} {error}");
    }
}
