//! A shop that `glyphfall up` runs, on free ports.

use std::{
    net::{IpAddr, Ipv4Addr},
    process::Command,
    time::Duration,
};

use chassis::{Chassis, Clock, Network, Peer, Wait};
use http::StatusCode;
use incident::IncidentRecord;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::process::{Process, free_ports, output, program, token};

/// Timeout of the home page in tests: far longer than a healthy page takes, far shorter than a hanging one.
const PATIENCE: Duration = Duration::from_secs(3);

/// A running shop.
#[derive(Debug)]
pub struct Up {
    /// The process.
    pub process: Process,
    /// Its ports.
    pub ports: Ports,
    /// The editor's token.
    pub editor_token: String,
    /// The operators' token.
    pub operator_token: String,
    /// The folder in which it leaves its tokens for other commands.
    pub folder: TempDir,
    front: Peer,
}

/// The ports of a shop.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// The web front.
    pub front: u16,
    /// The cache.
    pub cache: u16,
    /// The content store.
    pub store: u16,
    /// The first of four operator ports: cache, content store, web front, and the world.
    pub operators: u16,
    /// The incident room, which answers evidence queries.
    pub room: u16,
    /// OTLP over gRPC and over HTTP.
    pub otlp: [u16; 2],
}

impl Up {
    /// Starts a shop and waits until it is open.
    ///
    /// # Panics
    ///
    /// When it does not open in time.
    pub async fn start(options: &[&str]) -> Self {
        Self::start_on(Ports::free(), options).await
    }

    /// Starts a shop on these ports and waits until it is open.
    ///
    /// # Panics
    ///
    /// When it does not open in time.
    pub async fn start_on(ports: Ports, options: &[&str]) -> Self {
        let (editor_token, operator_token) = (token(), token());
        let folder = tempfile::tempdir().expect("a folder can be made");
        // The tests may run under nohup, which ignores SIGHUP. A shop under test must not inherit that.
        let mut command = Command::new("env");
        command
            .arg("--default-signal=HUP")
            .arg(program("glyphfall"))
            .arg("up")
            .args(options)
            .args(ports.options())
            .args(ports.doors())
            .env("XDG_RUNTIME_DIR", folder.path());
        if !options.contains(&"--out") {
            command.arg("--out").arg(folder.path().join("out"));
        }
        command.env("GLYPHFALL_EDITOR_TOKEN", &editor_token).env("GLYPHFALL_OPERATOR_TOKEN", &operator_token);
        let mut process = Process::start(&mut command);
        process.until_listening(ports.front).await;
        Self { process, ports, editor_token, operator_token, folder, front: peer(ports.front) }
    }

    /// Its standard output so far.
    pub fn told(&self) -> String {
        self.process.said()
    }

    /// The record that it wrote at its end.
    ///
    /// # Panics
    ///
    /// When it wrote none.
    pub fn record(&self) -> IncidentRecord {
        let written = std::fs::read_dir(self.folder.path().join("out")).expect("it made the folder");
        let files = written.map(|file| file.expect("the folder can be read").path());
        let file = files.into_iter().find(|file| file.extension().is_some_and(|ending| ending == "json"));
        let text = std::fs::read_to_string(file.expect("it wrote a record")).expect("the record can be read");
        IncidentRecord::from_json(&text).expect("it is a record")
    }

    /// Runs `glyphfall` against this shop. Returns exit code, standard output and standard error.
    pub fn glyphfall(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(program("glyphfall"));
        command.args(arguments).args(self.ports.options());
        command.env("GLYPHFALL_EDITOR_TOKEN", &self.editor_token);
        output(command.env("GLYPHFALL_OPERATOR_TOKEN", &self.operator_token))
    }

    /// Waits until the home page answers with this status or, for `None`, does not answer within a customer's patience.
    ///
    /// # Panics
    ///
    /// When the condition is not met in time.
    pub async fn until_home_is(&self, wanted: Option<StatusCode>) {
        let home =
            async || self.front.get("/", Wait::AtMost(PATIENCE)).await.ok().map(|answer| answer.status);
        let is_wanted = async {
            while home().await != wanted {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(Duration::from_secs(30), is_wanted).await.expect("the home page comes to that");
    }
}

impl Ports {
    /// Ports that are free right now.
    pub fn free() -> Self {
        let first = free_ports(10);
        let [front, cache, store, room, grpc, http] = [4, 5, 6, 7, 8, 9].map(|place| first + place);
        Self { front, cache, store, operators: first, room, otlp: [grpc, http] }
    }

    /// The same ports, each `count` lower: `--port-offset` moves them up again.
    #[must_use]
    pub fn moved_down(&self, count: u16) -> Self {
        let [grpc, http] = self.otlp;
        Self {
            front: self.front - count,
            cache: self.cache - count,
            store: self.store - count,
            operators: self.operators - count,
            room: self.room - count,
            otlp: [grpc - count, http - count],
        }
    }

    /// The options for the evidence store's ports.
    pub fn doors(&self) -> Vec<String> {
        let [grpc, http] = self.otlp;
        let named = [("--room-port", self.room), ("--otlp-grpc-port", grpc), ("--otlp-http-port", http)];
        named.iter().flat_map(|(name, port)| [(*name).to_owned(), port.to_string()]).collect()
    }

    /// The options for the shop's ports.
    pub fn options(&self) -> Vec<String> {
        let named = [
            ("--web-front-port", self.front),
            ("--cache-port", self.cache),
            ("--content-store-port", self.store),
            ("--operator-port", self.operators),
        ];
        named.iter().flat_map(|(name, port)| [(*name).to_owned(), port.to_string()]).collect()
    }
}

/// A client of a server at `port` on loopback.
pub fn peer(port: u16) -> Peer {
    peer_at((Ipv4Addr::LOCALHOST.into(), port))
}

/// A client of a server at an address.
///
/// # Panics
///
/// Never: an address and a port form an authority.
pub fn peer_at((host, port): (IpAddr, u16)) -> Peer {
    let authority = format!("{host}:{port}").parse().expect("an address and a port form an authority");
    Peer::new(&Chassis::of_caller("tests", Network::tcp(0), Clock::real(), 0), authority)
}
