//! A shop that `glyphfall up` runs, on ports of its own.

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

/// How long a customer of the tests waits for the home page: far longer than it takes, far shorter than it hangs.
const PATIENCE: Duration = Duration::from_secs(3);

/// A running shop.
#[derive(Debug)]
pub struct Up {
    /// The process.
    pub process: Process,
    /// Its ports.
    pub ports: Ports,
    /// What an editor must present.
    pub editor_token: String,
    /// What an operator must present.
    pub operator_token: String,
    /// Where its tokens are left for other commands.
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
    /// The first of four operator ports: cache, content store, web front, and what is around them.
    pub operators: u16,
    /// The incident room, where evidence is asked for.
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

    /// The same on these ports.
    ///
    /// # Panics
    ///
    /// When it does not open in time.
    pub async fn start_on(ports: Ports, options: &[&str]) -> Self {
        let (editor_token, operator_token) = (token(), token());
        let folder = tempfile::tempdir().expect("a folder can be made");
        // Whoever runs the tests may ignore a closed terminal, as nohup does; a shop that is tested must not inherit that.
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

    /// What it has told so far on standard output.
    pub fn told(&self) -> String {
        self.process.said()
    }

    /// The record that it wrote when it ended.
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

    /// Runs `glyphfall` against this shop: exit code, standard output, standard error.
    pub fn glyphfall(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(program("glyphfall"));
        command.args(arguments).args(self.ports.options());
        command.env("GLYPHFALL_EDITOR_TOKEN", &self.editor_token);
        output(command.env("GLYPHFALL_OPERATOR_TOKEN", &self.operator_token))
    }

    /// Waits until the home page answers like this: with a status, or with nothing while a customer would wait.
    ///
    /// # Panics
    ///
    /// When it does not come to that in time.
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

    /// The options that name the doors of the evidence store.
    pub fn doors(&self) -> Vec<String> {
        let [grpc, http] = self.otlp;
        let named = [("--room-port", self.room), ("--otlp-grpc-port", grpc), ("--otlp-http-port", http)];
        named.iter().flat_map(|(name, port)| [(*name).to_owned(), port.to_string()]).collect()
    }

    /// The options that name the ports of the shop.
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

/// Someone who calls what listens at `port` on loopback.
pub fn peer(port: u16) -> Peer {
    peer_at((Ipv4Addr::LOCALHOST.into(), port))
}

/// Someone who calls what listens at an address.
///
/// # Panics
///
/// Never: an address and a port form an authority.
pub fn peer_at((host, port): (IpAddr, u16)) -> Peer {
    let authority = format!("{host}:{port}").parse().expect("an address and a port form an authority");
    Peer::new(&Chassis::of_caller("tests", Network::Tcp, Clock::real(), 0), authority)
}
