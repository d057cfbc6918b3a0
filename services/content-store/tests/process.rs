//! The store as a process of its own: killed in the middle of publishes, and started where it cannot work.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use chassis::{Chassis, Clock, Network, Peer, Wait};
use futures_util::future::join_all;
use http::{Request, StatusCode};

const ROUNDS: usize = 200;
const PUBLISHERS: usize = 4;

/// An answer that has not come by then will not come. hyper loses a request that is sent at the very moment at which its connection
/// closes (hyperium/hyper#4122): its caller waits for ever.
const ANSWERS_WITHIN: Wait = Wait::AtMost(Duration::from_secs(10));

/// A store in a process of its own, which ends with this value, also when a test fails.
struct Running {
    process: Child,
    address: String,
}

impl Running {
    /// SIGKILL: no chance to finish anything.
    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

fn start(data: &Path) -> Running {
    let mut process = Command::new(env!("CARGO_BIN_EXE_content-store"))
        .args(["--bind", "127.0.0.1:0", "--editor-token", "secret", "--data"])
        .arg(data)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let address = lines.by_ref().find_map(|line| {
        let line = line.expect("the store says where it listens");
        line.split_once("http://").map(|(_, address)| address.to_owned())
    });
    // Nobody may block on a full pipe: the rest is read and forgotten.
    std::thread::spawn(move || lines.for_each(drop));
    Running { process, address: address.expect("the store says where it listens") }
}

fn client() -> Chassis {
    Chassis::of_caller("test", Network::Tcp, Clock::real(), 0)
}

/// Publishes until the store is gone; the versions that were acknowledged, with their bodies.
async fn publish_until_killed(peer: &Peer, kill_after: usize, acknowledged: &Acknowledged, label: String) {
    for number in 0.. {
        let body = format!("{label}, publish {number}");
        let request = Request::put("/assets/news").header("authorization", "Bearer secret");
        let request = request.body(Bytes::from(body.clone())).unwrap();
        let Ok(answer) = peer.send(request, ANSWERS_WITHIN).await else { return };
        assert!(answer.status.is_success(), "{answer:?}");
        let published: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let mut acknowledged = acknowledged.lock().unwrap();
        acknowledged.versions.push((published["version"].as_u64().unwrap(), body));
        if acknowledged.versions.len() > kill_after {
            // The other publishers are somewhere in the middle.
            acknowledged.store.kill();
        }
    }
}

type Acknowledged = std::sync::Mutex<Round>;

struct Round {
    store: Running,
    versions: Vec<(u64, String)>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_loses_no_acknowledged_version() {
    let folder = tempfile::tempdir().unwrap();
    let client = client();
    let mut expected: Vec<(u64, String)> = Vec::new();
    for round in 0..ROUNDS {
        let store = start(folder.path());
        let peer = Peer::new(&client, store.address.parse().unwrap());
        for (version, body) in &expected {
            let answer =
                peer.get(&format!("/assets/news/versions/{version}/body"), ANSWERS_WITHIN).await.unwrap();
            assert_eq!(
                (answer.status, answer.body),
                (StatusCode::OK, Bytes::from(body.clone())),
                "round {round}"
            );
        }
        let acknowledged = Acknowledged::new(Round { store, versions: Vec::new() });
        join_all((0..PUBLISHERS).map(|publisher| {
            publish_until_killed(
                &peer,
                round % 7,
                &acknowledged,
                format!("round {round}, publisher {publisher}"),
            )
        }))
        .await;
        let round = acknowledged.into_inner().unwrap();
        // All of the last round, and the newest of all rounds before it.
        expected = expected.into_iter().max().into_iter().chain(round.versions).collect();
    }
    assert!(expected.iter().map(|(version, _)| version).max() >= Some(&(ROUNDS as u64 * 3)));
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("in-the-way");
    fs::write(&file, "").unwrap();
    let check = |data: &Path, expected: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_content-store")).arg("--data").arg(data).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        for expected in expected.iter().chain(&["--data", data.to_str().unwrap()]) {
            assert!(error.contains(expected), "{error}");
        }
    };
    check(&file.join("below"), &["cannot keep assets"]);
    check(Path::new("/proc/nothing"), &["cannot keep assets"]);

    let _running = start(folder.path());
    check(folder.path(), &["already open"]);
}
