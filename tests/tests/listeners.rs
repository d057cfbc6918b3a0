//! Every port of a running shop under difficult clients: silent ones in numbers, unfinished requests, names that are not its own. One
//! shop serves all of it, with as few descriptors as some shells give.

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

/// What a shell of old gives to a process, and what macOS still does.
const DESCRIPTORS: u32 = 256;

/// Connections that say nothing: more than the process has descriptors.
const SILENT: usize = 300;

/// How many of them a listener can keep: its share of the descriptors, of which a connection takes up to three.
const KEPT_AT_MOST: usize = DESCRIPTORS as usize / 3 / 9;

const WAIT: Wait = Wait::AtMost(Duration::from_secs(5));

/// A shop with few descriptors, and what each of its ports is called.
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
        command.args(["up", "--seed", "3", "--views", "5"]).args(ports.options()).args(ports.doors());
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

    /// A page, a publish, a look at the evidence, and every health check; each over a connection of its own.
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

/// The status line that raw bytes are answered with; nothing if the connection just ends.
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

/// Waits until the listener has met all of them, and only those are left that it keeps.
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

/// What cannot be finished is begun at every port at once, and cut off in time.
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
    chassis::run::raise_descriptor_limit();
    let shop = Shop::start().await;
    shop.serves("at first").await;

    // RFC 9112, section 3.2: who is asked is named once, and rightly. A page whose name was made to point here is not us.
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

    for (name, port) in shop.ports {
        for bytes in ["", "POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999\r\n\r\nhalf"] {
            let mut silent = Vec::new();
            for _ in 0..SILENT {
                let mut connection = connect(port).await;
                // Those that had to give way are closed already.
                let _ = connection.write_all(bytes.as_bytes()).await;
                silent.push(connection);
            }
            until_all_have_come(&silent, name).await;
            shop.serves(&format!("{SILENT} clients that sent {bytes:?} to {name}")).await;
        }
    }
    unfinished(&shop).await;
    shop.serves("afterwards").await;
}
