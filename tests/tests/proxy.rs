//! A room behind a real nginx with default settings: pages load, and events arrive as they happen.

use std::{fs, process::Command, time::Duration};

use glyphfall_tests::{
    process::{Process, free_port},
    room::{Client, RunningRoom},
};
use http::{Method, StatusCode};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Debian's nginx, in a folder outside an ordinary user's `PATH`.
const NGINX: &str = "/usr/sbin/nginx";

/// Far longer than an event takes, but shorter than the room's keep-alive, which would flush an event that the proxy holds back.
const SOON: Duration = Duration::from_secs(5);

/// A minimal configuration: all proxy settings keep their defaults.
fn configuration(folder: &str, port: u16, room: u16) -> String {
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths = kinds.map(|kind| format!("{kind}_temp_path {folder}/{kind};\n")).concat();
    format!(
        "daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}\
         server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{room}; }} }}\n}}\n"
    )
}

#[tokio::test]
async fn behind_a_proxy_with_default_settings_events_arrive_one_by_one() {
    let room = RunningRoom::open(&["--teams", "1"]).await;
    let team = room.team(1).await;
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let file = folder.path().join("nginx.conf");
    fs::write(&file, configuration(folder.path().to_str().unwrap(), port, room.port)).unwrap();
    let mut nginx = Process::start(Command::new(NGINX).arg("-c").arg(&file));
    nginx.until_listening(port).await;

    let through = Client::at(port, Some(room.facilitator.clone()));
    assert_eq!(through.status(Method::GET, "/", None).await, StatusCode::OK, "{}", nginx.said());
    let mut events = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let token = team.token.unwrap();
    let request = format!(
        "GET /api/team/events HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    events.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    for expected in 1..=3 {
        let arrives = async {
            let mut part = [0; 4_096];
            while text.matches("event: ").count() < expected {
                let count = events.read(&mut part).await.unwrap();
                assert!(count > 0, "the stream ended: {text}");
                text.push_str(&String::from_utf8_lossy(&part[..count]));
            }
        };
        timeout(SOON, arrives).await.unwrap_or_else(|_| panic!("event {expected} is held back"));
        match expected {
            1 => drop(through.post("/api/desk/start", &Value::Null).await),
            2 => drop(through.post("/api/desk/abort", &Value::Null).await),
            _ => {}
        }
    }
}
