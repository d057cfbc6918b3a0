//! The real programs, started and stopped.

use std::{
    io::{BufRead, BufReader, Read},
    net::{IpAddr, Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tempfile::NamedTempFile;
use tokio::time::{sleep, timeout};

/// How long a program may take to become ready.
const READY_TIMEOUT: Duration = Duration::from_secs(20);

/// The repository's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the repository")
}

/// Cargo, in the repository's folder.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    // This variable makes the test harness print times. Build scripts would take it for another toolchain, and cargo would rebuild
    // everything.
    cargo.env_remove("RUSTC_BOOTSTRAP").current_dir(root());
    cargo
}

/// The path of one of the repository's programs, built with the settings of the tests.
///
/// # Panics
///
/// When it cannot be built.
pub fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(|| {
        // Build the tests too: otherwise cargo selects other features, and builds nearly everything twice.
        let arguments = ["build", "--quiet", "--release", "--locked", "--workspace", "--bins", "--tests"];
        let built = cargo().args(arguments).status().expect("cargo runs");
        assert!(built.success(), "the programs do not build");
        // The test's own executable is in a subfolder of theirs.
        let test = std::env::current_exe().expect("a running program has a path");
        test.parent().and_then(Path::parent).expect("cargo puts tests into deps").to_owned()
    });
    folder.join(name)
}

/// The path of a program in the peers' Python environment.
///
/// # Panics
///
/// When it is missing.
pub fn peer_program(name: &str) -> PathBuf {
    let path = root().join("target/peers/bin").join(name);
    assert!(path.exists(), "{} is missing: 'cargo xtask tools' makes it", path.display());
    path
}

/// Ports for the programs of tests, below the system's range for outgoing connections: one of those could take a port between its choice
/// and its use.
const PORTS: std::ops::Range<u16> = 10_000..30_000;

/// A port on loopback that is free right now.
///
/// # Panics
///
/// When the machine has none.
pub fn free_port() -> u16 {
    free_ports(1)
}

/// The first of `count` consecutive free ports on loopback. No two calls overlap, and concurrent test programs start far apart, by their
/// process ids.
///
/// # Panics
///
/// When the machine has none.
pub fn free_ports(count: u16) -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(307);
    let places = u32::from(PORTS.end - PORTS.start - count);
    for _ in PORTS {
        let place = begin.wrapping_add(NEXT.fetch_add(count.into(), Ordering::Relaxed)) % places;
        let first = PORTS.start + u16::try_from(place).expect("a place within the ports is small");
        if (first..first + count).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return first;
        }
    }
    panic!("no {count} ports are free");
}

/// A running program. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    said: Option<NamedTempFile>,
}

impl Process {
    /// Starts a program, and keeps its output for error messages.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> Self {
        let said = NamedTempFile::new().expect("a file can be made");
        let writes = || {
            let file = std::fs::OpenOptions::new().append(true).open(said.path());
            Stdio::from(file.expect("it can be opened again"))
        };
        let command = command.stdin(Stdio::null()).stdout(writes()).stderr(writes());
        Self { child: command.spawn().expect("the program starts"), said: Some(said) }
    }

    /// Waits until it listens at `port` on loopback.
    ///
    /// # Panics
    ///
    /// When it ends instead, or takes too long. The message includes its output.
    pub async fn until_listening(&mut self, port: u16) {
        self.until_listening_at((Ipv4Addr::LOCALHOST.into(), port)).await;
    }

    /// The same, not only on loopback.
    ///
    /// # Panics
    ///
    /// As [`until_listening`](Self::until_listening).
    pub async fn until_listening_at(&mut self, address: (IpAddr, u16)) {
        let listening = async {
            while tokio::net::TcpStream::connect(address).await.is_err() {
                if let Some(status) = self.child.try_wait().expect("it is our child") {
                    return Some(status);
                }
                sleep(Duration::from_millis(5)).await;
            }
            None
        };
        let Ok(ended) = timeout(READY_TIMEOUT, listening).await else {
            panic!("the program does not listen in time and said:\n{}", self.said());
        };
        if let Some(status) = ended {
            panic!("the program ended ({status}) and said:\n{}", self.said());
        }
    }

    /// Its output so far.
    ///
    /// # Panics
    ///
    /// When it cannot be read.
    pub fn said(&self) -> String {
        let said = self.said.as_ref().map(|file| std::fs::read(file.path()).expect("the file is there"));
        String::from_utf8_lossy(&said.unwrap_or_default()).into_owned()
    }

    /// Waits until it has printed these words.
    ///
    /// # Panics
    ///
    /// When it does not in time. The message includes its output.
    pub async fn until_said(&self, words: &str) {
        let says = async {
            while !self.said().contains(words) {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let in_time = timeout(READY_TIMEOUT, says).await;
        assert!(in_time.is_ok(), "the program does not say '{words}', but:\n{}", self.said());
    }

    /// Starts a program whose standard output nobody reads beyond its first line.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn start_and_leave(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program starts");
        let mut told = BufReader::new(child.stdout.take().expect("it is piped"));
        told.read_line(&mut String::new()).expect("its standard output can be read");
        Self { child, said: None }
    }

    /// Starts a program and waits for the first line of its standard error.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn start_and_read_line(command: &mut Command) -> (Self, String) {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut errors = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut line = String::new();
        errors.read_line(&mut line).expect("its standard error can be read");
        (Self { child, said: None }, line)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, as `kill -9` does, and waits until it has ended.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends it a signal by name, as `kill` does.
    ///
    /// # Panics
    ///
    /// When the signal cannot be sent.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([&format!("-{signal}"), &self.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits until it has ended, and returns whether it succeeded.
    ///
    /// # Panics
    ///
    /// When it does not end in time.
    pub async fn ended(&mut self, within: Duration) -> bool {
        let ended = async {
            loop {
                if let Some(status) = self.child.try_wait().expect("it is our child") {
                    return status.success();
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(within, ended).await.expect("the program ends in time")
    }

    /// Its resident memory in megabytes, as the kernel counts it.
    ///
    /// # Panics
    ///
    /// When it has ended.
    pub fn memory_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the kernel counts it");
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number of kilobytes");
        kilobytes / 1_000.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() && self.said.is_some() {
            eprintln!("a program of the test that failed said:\n{}", self.said());
        }
    }
}

/// Waits until something listens at `port` on loopback.
///
/// # Panics
///
/// When nothing does in time.
pub async fn until_listening(port: u16) {
    until_listening_at((Ipv4Addr::LOCALHOST.into(), port)).await;
}

/// The same, not only on loopback.
///
/// # Panics
///
/// When nothing does in time.
pub async fn until_listening_at(address: (IpAddr, u16)) {
    let listening = async {
        while tokio::net::TcpStream::connect(address).await.is_err() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(READY_TIMEOUT, listening).await.expect("the program listens in time");
}

/// Runs a program to its end. Returns exit code, standard output and standard error.
///
/// # Panics
///
/// When it cannot be started or was killed by a signal.
pub fn output(command: &mut Command) -> (i32, String, String) {
    let output = command.stdin(Stdio::null()).output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("it ends by itself"), text(&output.stdout), text(&output.stderr))
}

/// A random token that no test can guess.
///
/// # Panics
///
/// When the system has none.
pub fn token() -> String {
    let mut bytes = [0; 16];
    let mut source = std::fs::File::open("/dev/urandom").expect("the system has a source of chance");
    source.read_exact(&mut bytes).expect("it can be read");
    format!("{:032x}", u128::from_be_bytes(bytes))
}
