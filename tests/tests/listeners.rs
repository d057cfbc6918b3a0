//! Every port of a running shop with difficult clients: many silent ones, unfinished requests, foreign host names, and ambiguous requests.
//! One shop serves all of them, with as few descriptors as some shells allow.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{io::ErrorKind, process::Command, time::Duration};

use chassis::{
    Answer, CallError, Wait,
    serve::limits::{HEAD_BYTES_MAX, HEAD_TIMEOUT},
};
use glyphfall_tests::{
    process::{Process, program, token},
    up::{Ports, peer},
};
use http::{Request, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

/// The descriptor limit of older systems, and still of macOS.
const DESCRIPTORS: u32 = 256;

/// Silent connections: more than the process has descriptors.
const SILENT: usize = 300;

/// The most connections that a listener keeps: its share of the descriptors, at up to three for each connection.
const KEPT_AT_MOST: usize = DESCRIPTORS as usize / 3 / 9;

/// A connection that is silent for this long counts as left open. An answer to a small request takes milliseconds.
const SILENCE: Duration = Duration::from_secs(3);

const WAIT: Wait = Wait::AtMost(Duration::from_secs(5));

/// A shop with few descriptors, and the names of its ports.
struct Shop {
    _process: Process,
    ports: [(&'static str, u16); 9],
    editor_token: String,
    _folder: tempfile::TempDir,
}

impl Shop {
    async fn start() -> Self {
        let (ports, folder, editor_token) = (Ports::free(), tempfile::tempdir().unwrap(), token());
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("ulimit -n {DESCRIPTORS}; exec \"$@\""), "sh"])
            .arg(program("glyphfall"));
        command
            .args(["up", "--seed", "3", "--views", "5", "--level", "changes"])
            .args(ports.options())
            .args(ports.doors());
        command.env("XDG_RUNTIME_DIR", folder.path()).env("GLYPHFALL_EDITOR_TOKEN", &editor_token);
        let mut process = Process::start(&mut command);
        process.until_listening(ports.front).await;
        let ports = [
            ("web front", ports.front),
            ("cache", ports.cache),
            ("content store", ports.store),
            ("cache's operator", ports.operators),
            ("content store's operator", ports.operators + 1),
            ("web front's operator", ports.operators + 2),
            ("evidence", ports.room),
            ("OTLP over gRPC", ports.otlp[0]),
            ("OTLP over HTTP", ports.otlp[1]),
        ];
        Self { _process: process, ports, editor_token, _folder: folder }
    }

    fn port(&self, wanted: &str) -> u16 {
        self.ports.iter().find(|(name, _)| *name == wanted).unwrap().1
    }

    /// Checks a page, a publish, an evidence query and every health check, each over a separate connection.
    async fn serves(&self, under: &str) {
        let get =
            async |name: &str, path: &str| status(peer(self.port(name)).get(path, WAIT).await, under, name);
        assert_eq!(get("web front", "/").await, StatusCode::OK, "{under}");
        assert_eq!(get("evidence", "/evidence/usage").await, StatusCode::OK, "{under}");
        let publish =
            Request::put("/assets/footer").header("authorization", format!("Bearer {}", self.editor_token));
        let published =
            peer(self.port("content store")).send(publish.body("Open all week".into()).unwrap(), WAIT).await;
        assert!(status(published, under, "content store").is_success(), "{under}");
        for (name, port) in self.ports {
            let health = status(peer(port).get("/healthz", WAIT).await, under, name);
            assert_eq!(health, StatusCode::OK, "{under}: {name}");
        }
    }
}

fn status(answer: Result<Answer, CallError>, under: &str, name: &str) -> StatusCode {
    answer.unwrap_or_else(|error| panic!("{under}: {name} does not answer: {error}")).status
}

async fn connect(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).await.unwrap()
}

/// Sends raw bytes and returns the status line; empty if the connection just ends.
async fn ask(port: u16, request: &str) -> String {
    let mut connection = connect(port).await;
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = async {
        while !answer.contains(&b'\n') && connection.read_buf(&mut answer).await.unwrap_or(0) > 0 {}
    };
    timeout(Duration::from_secs(5), read).await.expect("an answer comes");
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

/// Sends raw bytes and returns all status lines, and whether the server closes the connection.
async fn answers(port: u16, request: &str) -> (Vec<String>, bool) {
    let mut connection = connect(port).await;
    // After an early refusal, the server may stop reading.
    let _ = connection.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let read = async { while connection.read_buf(&mut answer).await.unwrap_or(0) > 0 {} };
    let is_closed = timeout(SILENCE, read).await.is_ok();
    let text = String::from_utf8_lossy(&answer).into_owned();
    let lines = text.lines().filter(|line| line.starts_with("HTTP/1."));
    (lines.map(str::to_owned).collect(), is_closed)
}

/// Request smuggling: messages that one parser reads as one request and another as two (RFC 9112, section 11.2). A server must never treat
/// the rest as a second request.
const TWO_READINGS: [(&str, &str); 15] = [
    ("content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", ""),
    ("transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n", ""),
    ("content-length: 4\r\ncontent-length: 0\r\n\r\n", "400"),
    ("content-length: +4\r\n\r\nabcd", "400"),
    ("content-length: 4, 4\r\n\r\nabcd", "400"),
    ("content-length: 0x4\r\n\r\nabcd", "400"),
    ("content-length : 4\r\n\r\nabcd", "400"),
    ("transfer-encoding: xchunked\r\n\r\n0\r\n\r\n", "400"),
    ("transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n", "400"),
    ("transfer-encoding: identity, chunked\r\n\r\n0\r\n\r\n", "501"),
    ("x-a: b\r\n content-length: 4\r\n\r\nabcd", "400"),
    ("x-a: b\rcontent-length: 4\r\n\r\nabcd", "400"),
    ("x-a: b\0c\r\n\r\n", "400"),
    ("transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\nx\r\n0\r\n\r\n", ""),
    ("transfer-encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n", ""),
];

/// Checks that no ambiguous message gets a second answer, and that a page of another site learns nothing.
async fn ambiguous_and_foreign(shop: &Shop) {
    let next = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for (rest, status) in TWO_READINGS {
        for (name, port) in shop.ports {
            let request = format!("POST /healthz HTTP/1.1\r\nhost: localhost\r\n{rest}{next}");
            let (lines, is_closed) = answers(port, &request).await;
            assert!(lines.len() == 1 && is_closed, "{name}, {rest:?}: {lines:?}, closed: {is_closed}");
            assert!(lines[0].contains(status) && !lines[0].contains("200"), "{name}, {rest:?}: {lines:?}");
        }
    }
    for (name, port) in shop.ports {
        for method in ["GET", "POST", "OPTIONS"] {
            let asked = Request::builder().method(method).uri("/").header("origin", "http://evil.example");
            let asked = asked.header("access-control-request-method", "PUT");
            let asked =
                asked.header("access-control-request-private-network", "true").body("".into()).unwrap();
            let answer = peer(port).send(asked, WAIT).await.unwrap();
            let open = answer.headers.keys().filter(|header| header.as_str().starts_with("access-control"));
            assert_eq!(open.count(), 0, "{name} lets pages of other sites read it: {:?}", answer.headers);
        }
    }
    // A page of another site can send these content types without a preflight request, so the receiver must refuse them.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
        let sent = Request::post("/v1/logs").header("content-type", kind).body("{}".into()).unwrap();
        let answer = peer(shop.port("OTLP over HTTP")).send(sent, WAIT).await.unwrap();
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind:?}");
    }
}

/// Checks that the shop's evidence contains no token, although every token has been sent to it.
async fn tells_no_token(shop: &Shop) {
    for path in ["/evidence/logs?limit=1000", "/evidence/traces?limit=1000", "/evidence/changes", "/metrics"]
    {
        let told = peer(shop.port("evidence")).get(path, WAIT).await.unwrap();
        assert_eq!(told.status, StatusCode::OK, "{path}");
        assert!(!String::from_utf8_lossy(&told.body).contains(&shop.editor_token), "{path}");
    }
}

/// Waits until the listener has accepted all clients, and has closed those beyond its limit.
async fn until_all_have_come(clients: &[TcpStream], name: &str) {
    let is_closed = |client: &&TcpStream| match client.try_read(&mut [0; 512]) {
        Ok(bytes) => bytes == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    };
    let began = Instant::now();
    while clients.iter().filter(|client| !is_closed(client)).count() > KEPT_AT_MOST {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{name} keeps more clients than it has places for"
        );
        sleep(Duration::from_millis(5)).await;
    }
}

/// Starts unfinished requests at every port at once, and checks that each is cut off in time.
async fn unfinished(shop: &Shop) {
    let began = Instant::now();
    let mut begun = Vec::new();
    for (name, port) in shop.ports {
        for bytes in ["", "GET /healthz HTTP/1.1\r\nx-slow: "] {
            let mut connection = connect(port).await;
            connection.write_all(bytes.as_bytes()).await.unwrap();
            begun.push((name, bytes, connection));
        }
    }
    for (name, bytes, mut connection) in begun {
        let mut rest = Vec::new();
        let ends = connection.read_to_end(&mut rest);
        let ended = timeout((HEAD_TIMEOUT * 2).saturating_sub(began.elapsed()), ends).await;
        assert!(ended.is_ok(), "{name} still waits for the rest of {bytes:?}");
    }
    assert!(began.elapsed() >= HEAD_TIMEOUT / 2, "nobody is cut off at once: {:?}", began.elapsed());
}

#[tokio::test]
async fn no_port_lets_a_difficult_client_stop_the_shop() {
    chassis::serve::Limits::of_process(1);
    let shop = Shop::start().await;
    shop.serves("at first").await;

    // RFC 9112, section 3.2: a request has exactly one valid host. A name that an attacker's DNS points at this machine is refused.
    let long = "a".repeat(HEAD_BYTES_MAX * 4);
    for (host, expected) in [
        ("host: localhost\r\n", "200"),
        ("host: 127.0.0.1:{port}\r\n", "200"),
        ("host: [::1]:{port}\r\n", "200"),
        ("host: 192.168.1.20:{port}\r\n", "200"),
        ("", "400"),
        ("host: localhost\r\nhost: localhost\r\n", "400"),
        ("host: \r\n", "400"),
        ("host: a b\r\n", "400"),
        ("host: user@localhost\r\n", "400"),
        ("host: evil.example\r\n", "421"),
        ("host: evil.example:{port}\r\n", "421"),
        ("host: localhost\r\nx-long: {long}\r\n", "431"),
    ] {
        for (name, port) in shop.ports {
            let headers = host.replace("{port}", &port.to_string()).replace("{long}", &long);
            let answer = ask(port, &format!("GET /healthz HTTP/1.1\r\n{headers}\r\n")).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{name}, {host:?}: {answer}");
        }
    }
    let answer = ask(
        shop.port("evidence"),
        "GET http://evil.example/evidence/logs HTTP/1.1\r\nhost: localhost\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
    let answer = ask(shop.port("cache"), "POST /notifications HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 29\r\n\r\n{\"id\":\"footer\",\"version\":9999}").await;
    assert!(answer.starts_with("HTTP/1.1 401"), "notifications need a token: {answer}");

    ambiguous_and_foreign(&shop).await;

    for (name, port) in shop.ports {
        for bytes in ["", "POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999\r\n\r\nhalf"] {
            let mut silent = Vec::new();
            for _ in 0..SILENT {
                let mut connection = connect(port).await;
                // The listener may have closed older connections already.
                let _ = connection.write_all(bytes.as_bytes()).await;
                silent.push(connection);
            }
            until_all_have_come(&silent, name).await;
            shop.serves(&format!("{SILENT} clients that sent {bytes:?} to {name}")).await;
        }
    }
    unfinished(&shop).await;
    shop.serves("afterwards").await;
    tells_no_token(&shop).await;
}
