//! The store on PostgreSQL as a process of its own, over HTTP: edited through two stores, without its server, and started
//! where it cannot work.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod server;

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use chassis::{Answer, Chassis, Clock, Network, Peer, Wait};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use server::{PASSWORD, Server};

/// A store in a process of its own, which ends with this value, also when a test fails.
struct Running {
    process: Child,
    peer: Peer,
    printed: Arc<Mutex<Vec<String>>>,
}

impl Running {
    fn start(url: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_content-store-postgres"))
            .args(["--bind", "127.0.0.1:0", "--editor-token", "secret", "--level", "changes"])
            .env("GLYPHFALL_POSTGRES", url)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines.by_ref().find_map(|line| {
            let line = line.expect("the store says where it listens");
            line.split_once("http://").map(|(_, address)| address.to_owned())
        });
        let printed = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&printed);
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| kept.lock().unwrap().push(line));
        });
        let client = Chassis::of_caller("test", Network::tcp(0), Clock::real(), 0);
        let peer = Peer::new(&client, address.expect("the store says where it listens").parse().unwrap());
        Self { process, peer, printed }
    }

    async fn send(&self, request: &str, header: (&str, &str), body: &str) -> Answer {
        let (method, path) = request.split_once(' ').unwrap();
        let request = Request::builder().method(method).uri(path).header(header.0, header.1);
        let request = request.header("authorization", "Bearer secret");
        let request = request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
        self.peer.send(request, Wait::Forever).await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.peer.get(path, Wait::Forever).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
        json_of(&answer)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn an_asset_is_edited_through_two_stores() {
    let server = Server::shared().await;
    let url = server.database().await;
    let (one, other) = (Running::start(&url), Running::start(&url));
    let published = one.send("PUT /assets/news", ("if-none-match", "*"), "one\u{b}line").await;
    assert_eq!((published.status, &json_of(&published)["version"]), (StatusCode::CREATED, &json!(1)));
    let published = other.send("PUT /assets/news", ("if-match", "\"1\""), "two").await;
    assert_eq!((published.status, &json_of(&published)["version"]), (StatusCode::OK, &json!(2)));
    let late = one.send("PUT /assets/news", ("if-match", "\"1\""), "also two").await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(json_of(&late)["current_version"], 2);
    let rolled_back = one.send("POST /assets/news/rollback", ("if-match", "\"2\""), "").await;
    assert_eq!((rolled_back.status, &json_of(&rolled_back)["version"]), (StatusCode::OK, &json!(3)));

    // A store keeps nothing itself: one that starts anew has it all.
    drop(other);
    let anew = Running::start(&url);
    let history = anew.get("/assets/news/versions").await;
    let versions: Vec<_> = history.as_array().unwrap().iter().map(|version| &version["version"]).collect();
    assert_eq!(versions, [3, 2, 1]);
    let bodies = [("1", "one\u{b}line"), ("2", "two"), ("3", "one\u{b}line")]
        .map(|(version, body)| (format!("/assets/news/versions/{version}/body"), body));
    for (path, body) in bodies {
        assert_eq!(anew.peer.get(&path, Wait::Forever).await.unwrap().body, body);
    }
    assert_eq!(anew.send("DELETE /assets/news", ("accept", "*/*"), "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(one.get("/assets").await, json!([]));
}

#[tokio::test]
async fn without_its_server_a_store_says_so_and_goes_on_when_it_is_back() {
    let mut server = Server::start().await;
    let store = Running::start(&server.database().await);
    assert_eq!(store.send("PUT /assets/news", ("accept", "*/*"), "one").await.status, StatusCode::CREATED);
    server.kill();
    for request in ["PUT /assets/news", "GET /assets/news", "GET /assets", "POST /assets/news/rollback"] {
        let answer = store.send(request, ("accept", "*/*"), "").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{request}: {answer:?}");
        let problem = json_of(&answer);
        assert_eq!(problem["status"], 503, "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("Read what is current"), "{problem}");
        assert!(!problem.to_string().contains("127.0.0.1"), "nothing internal is shown: {problem}");
    }
    server.restart().await;
    assert_eq!(store.get("/assets/news").await["body"], "one");
    assert_eq!(store.send("PUT /assets/news", ("if-match", "\"1\""), "two").await.status, StatusCode::OK);
    let printed = store.printed.lock().unwrap().join("\n");
    assert!(printed.contains("the storage failed"), "{printed}");
    assert!(!printed.contains(PASSWORD), "{printed}");
}

#[tokio::test]
async fn a_start_that_cannot_work_says_why() {
    let check = |url: &str, expected: &[&str]| {
        let store = Command::new(env!("CARGO_BIN_EXE_content-store-postgres"))
            .args(["--bind", "127.0.0.1:0", "--postgres", url])
            .output()
            .unwrap();
        let error = String::from_utf8(store.stderr).unwrap();
        assert_eq!(store.status.code(), Some(2), "{error}");
        for expected in expected {
            assert!(error.contains(expected), "{expected}: {error}");
        }
        for secret in [PASSWORD, "hunter"] {
            assert!(!error.contains(secret), "{error}");
        }
    };
    check("postgresql://shop:hunter@2@db/shop", &["postgresql://USER:PASSWORD@HOST:PORT/DATABASE", "%40"]);
    let server = Server::shared().await;
    let url = server.database().await;
    let place = ["cannot keep assets in PostgreSQL at 127.0.0.1:", "--postgres"];
    check(&url.replace(PASSWORD, "hunter3"), &["password authentication failed", place[0], place[1]]);
    check(&server.url("nothing"), &["database \"nothing\" does not exist", place[0], place[1]]);
    check(&format!("{url}?sslmode=require"), &["TLS", place[0], place[1]]);
    let own = Server::start().await;
    let gone = own.url("postgres");
    drop(own);
    check(&gone, &["Connection refused", place[0], place[1]]);
}
