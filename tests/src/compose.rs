//! The shop in containers: the real compose file, on a real engine, as a separate project.

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
    time::Duration,
};

use chassis::{Peer, Wait};
use http::StatusCode;
use tokio::time::{sleep, timeout};

use crate::{
    process::{cargo, free_port, output, peer_program, root, token},
    up::{Ports, peer},
};

/// Timeout for a condition on the shop.
const WAIT: Duration = Duration::from_secs(90);

/// Poll interval.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The fewest visits for a share.
const VISITS_MIN: f64 = 60.0;

/// Why no container can be started here; `None` if the engine answers.
pub fn no_engine() -> Option<String> {
    let info = Command::new("docker").args(["info", "--format", "{{.ServerVersion}}"]).output();
    match info {
        Ok(info) if info.status.success() => None,
        Ok(info) => Some(String::from_utf8_lossy(&info.stderr).trim().to_owned()),
        Err(error) => Some(format!("docker cannot be started: {error}")),
    }
}

/// The installed Compose: the plugin, or the standalone program of version 1.
pub fn compose() -> Command {
    let plugin = Command::new("docker")
        .args(["compose", "version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let mut command = Command::new("docker");
    if plugin.is_ok_and(|status| status.success()) {
        command.arg("compose");
    } else {
        command = Command::new("docker-compose");
    }
    command.current_dir(root());
    command
}

/// Compose 2, even if another version is installed.
///
/// # Panics
///
/// When it is missing.
pub fn compose_2() -> Command {
    let python = peer_program("python");
    // Call the program itself: its start script hides the exit code.
    let (code, folder, error) =
        output(Command::new(python).args(["-c", "import compose; print(compose.__path__[0])"]));
    assert_eq!(code, 0, "{error}");
    let mut command = Command::new(std::path::Path::new(folder.trim()).join("docker-compose"));
    command.current_dir(root());
    command
}

/// One Compose project. Dropping it removes its containers, volumes and networks.
#[derive(Debug)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// Its ports on loopback.
    pub ports: Ports,
    /// The port of a training session, and its facilitator's token.
    pub session: (u16, String),
    variables: BTreeMap<&'static str, String>,
}

impl Project {
    /// A project on free ports that reports metrics, and is not started yet.
    ///
    /// # Panics
    ///
    /// When the image does not build.
    pub fn new() -> Self {
        let mut image = cargo();
        // These variables would make xtask rebuild itself, only to make an image from an existing build.
        image.env_remove("CARGO_BUILD_TARGET").env_remove("RUSTFLAGS");
        let built = image.args(["xtask", "image", "--tested"]).status();
        assert!(built.expect("cargo runs").success(), "the image does not build");
        let ports = Ports::free();
        let variables = [
            ("WEB_FRONT_PORT", ports.front),
            ("CACHE_PORT", ports.cache),
            ("CONTENT_STORE_PORT", ports.store),
            ("CACHE_OPERATOR_PORT", ports.operators),
            ("CONTENT_STORE_OPERATOR_PORT", ports.operators + 1),
            ("WEB_FRONT_OPERATOR_PORT", ports.operators + 2),
            ("ROOM_PORT", ports.room),
            ("OTLP_GRPC_PORT", ports.otlp[0]),
            ("OTLP_HTTP_PORT", ports.otlp[1]),
        ];
        let mut variables: BTreeMap<_, _> =
            variables.into_iter().map(|(name, port)| (name, port.to_string())).collect();
        let session = (free_port(), token());
        variables.insert("GLYPHFALL_IMAGE", "glyphfall:dev".to_owned());
        variables.insert("GLYPHFALL_LEVEL", "metrics".to_owned());
        variables.insert("SESSION_PORT", session.0.to_string());
        variables.insert("GLYPHFALL_FACILITATOR_TOKEN", session.1.clone());
        Self { name: format!("glyphfall-test-{}", ports.front), ports, session, variables }
    }

    /// Runs compose for this project and returns its output.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub fn compose(&self, arguments: &[&str]) -> String {
        let mut command = compose();
        for token in ["GLYPHFALL_EDITOR_TOKEN", "GLYPHFALL_OPERATOR_TOKEN", "GLYPHFALL_REPAIR"] {
            command.env_remove(token);
        }
        command.envs(&self.variables).args(["-p", &self.name]).args(arguments);
        let (code, text, error) = output(&mut command);
        assert_eq!(code, 0, "compose {arguments:?}: {error}");
        text
    }

    /// The container of a service.
    pub fn container(&self, service: &str) -> String {
        self.compose(&["ps", "-q", service]).trim().to_owned()
    }

    /// The tokens that the containers made: the editor's and the operators'.
    ///
    /// # Panics
    ///
    /// When the harness does not print them.
    pub fn tokens(&self) -> (String, String) {
        let lines = self.compose(&["exec", "-T", "harness", "glyphfall", "tokens"]);
        let token = |name: &str| {
            let line = lines.lines().find_map(|line| line.strip_prefix(&format!("export {name}=")));
            line.expect("both tokens are printed").to_owned()
        };
        (token("GLYPHFALL_EDITOR_TOKEN"), token("GLYPHFALL_OPERATOR_TOKEN"))
    }

    /// A service's health according to the engine.
    pub fn health(&self, service: &str) -> String {
        docker(&["inspect", "--format", "{{.State.Health.Status}}", &self.container(service)])
    }

    /// Kills a service's container, as `kill -9` does, and starts it again.
    pub fn kill_and_start(&self, service: &str) {
        let container = self.container(service);
        docker(&["kill", &container]);
        docker(&["start", &container]);
    }

    /// The existing containers, volumes and networks of this project.
    pub fn remains(&self) -> Vec<String> {
        let label = format!("label=com.docker.compose.project={}", self.name);
        let kinds = [&["ps", "-aq"][..], &["volume", "ls", "-q"], &["network", "ls", "-q"]];
        let listed = kinds.map(|kind| docker(&[kind, &["--filter", &label]].concat()));
        listed.iter().flat_map(|list| list.lines()).map(str::to_owned).collect()
    }

    /// A client of the evidence store.
    pub fn room(&self) -> Peer {
        peer(self.ports.room)
    }

    /// Waits until the share of failed visits, among those that end from now on, meets the condition.
    ///
    /// # Panics
    ///
    /// When the condition is not met in time.
    pub async fn until_failed(&self, wanted: impl Fn(f64) -> bool) {
        let mut last = f64::NAN;
        let reached = async {
            loop {
                last = self.failed_share().await;
                if wanted(last) {
                    return;
                }
            }
        };
        let reached = timeout(WAIT, reached).await;
        assert!(reached.is_ok(), "the share of failed visits does not come to that; it is {last}");
    }

    /// The share of failed visits among the next visits that end.
    pub async fn failed_share(&self) -> f64 {
        let room = self.room();
        let (failed_before, all_before) = visits(&room).await;
        loop {
            sleep(LOOK_EVERY).await;
            let (failed, all) = visits(&room).await;
            if all - all_before >= VISITS_MIN {
                return (failed - failed_before) / (all - all_before);
            }
        }
    }

    /// Waits until the home page answers.
    ///
    /// # Panics
    ///
    /// When it does not in time.
    pub async fn until_open(&self) {
        let front = peer(self.ports.front);
        let home = async || front.get("/", Wait::AtMost(Duration::from_secs(2))).await;
        let is_open = async {
            while !home().await.is_ok_and(|answer| answer.status == StatusCode::OK) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(WAIT, is_open).await.expect("the home page answers in time");
    }
}

impl Default for Project {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let down = compose()
            .envs(&self.variables)
            .args(["-p", &self.name, "--profile", "room", "down", "-v"])
            .output();
        drop(down);
    }
}

/// Runs docker and returns its output.
///
/// # Panics
///
/// When it fails.
pub fn docker(arguments: &[&str]) -> String {
    let (code, text, error) = output(Command::new("docker").args(arguments));
    assert_eq!(code, 0, "docker {arguments:?}: {error}");
    text.trim().to_owned()
}

/// The numbers of failed visits and of all visits so far.
async fn visits(room: &Peer) -> (f64, f64) {
    let page = room.get("/metrics", Wait::AtMost(WAIT)).await.expect("the evidence store answers").body;
    let page = String::from_utf8_lossy(&page).into_owned();
    let lines = page.lines().filter(|line| line.starts_with("shop_customer_visits_total{"));
    let counted = lines.map(|line| {
        let count: f64 = line.rsplit(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0.0);
        (if line.contains("outcome=\"failed\"") { count } else { 0.0 }, count)
    });
    counted.fold((0.0, 0.0), |(failed, all), (more_failed, more)| (failed + more_failed, all + more))
}
