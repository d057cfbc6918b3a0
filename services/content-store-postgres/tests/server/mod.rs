//! A real PostgreSQL server in a folder of its own, ended with the value that stands for it. Whatever other server the machine has does not matter.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(dead_code, reason = "each test binary uses its part")]

use std::{
    fs::{self, File},
    net::TcpListener,
    os::unix::fs::{MetadataExt, chown},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Weak},
    time::Duration,
};

use chassis::{Chassis, Clock, Network};
use tempfile::TempDir;
use tokio::{
    sync::Mutex,
    time::{sleep, timeout},
};
use tokio_postgres::{Client, NoTls};

/// The password of the server's one user. It must show up nowhere.
pub(crate) const PASSWORD: &str = "hunter2-and-more";

/// How long the server may take to be ready. After a kill it first recovers, and waits for what the killed one left running.
const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// Where Debian keeps programs that are not in `PATH`.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The server that the tests of one binary share.
static SHARED: Mutex<Weak<Server>> = Mutex::const_new(Weak::new());

/// A server, ended when it is dropped.
pub(crate) struct Server {
    /// Removed after the process has ended: fields are dropped in order.
    process: Option<Child>,
    folder: TempDir,
    port: u16,
}

impl Server {
    /// The server of this test binary; it ends with the last test that uses it.
    pub(crate) async fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().await;
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let server = Arc::new(Self::start().await);
        *shared = Arc::downgrade(&server);
        server
    }

    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let password = folder.path().join("password");
        fs::write(&password, PASSWORD).unwrap();
        if is_root() {
            // The server refuses to run as root, so Debian's user for it does.
            let [user, group] = ["-u", "-g"].map(user_id);
            for path in [folder.path(), &password] {
                chown(path, Some(user), Some(group)).unwrap();
            }
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { process: None, folder, port };
        let mut initdb = program("initdb");
        initdb.args([
            "--username=shop",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        let made = initdb.arg("--pwfile").arg(&password).arg("-D").arg(server.data()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server.restart().await;
        server
    }

    /// Starts the server again where it ended, and waits until it answers.
    pub(crate) async fn restart(&mut self) {
        let ready = async {
            // What a killed server left running may keep a new one from starting for a moment.
            loop {
                if self.process.as_mut().is_none_or(|process| process.try_wait().unwrap().is_some()) {
                    self.process = Some(self.spawn());
                } else if self.client("postgres").await.is_some() {
                    return;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        let ready = timeout(READY_TIMEOUT, ready).await;
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        assert!(ready.is_ok(), "the server does not start: {log}");
    }

    fn spawn(&self) -> Child {
        let log = File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let mut postgres = program("postgres");
        postgres.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        postgres.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        postgres.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    /// As `kill -9`: no chance to finish anything, not for the processes of open connections either.
    pub(crate) fn kill(&mut self) {
        self.signal_all("KILL");
        self.end("KILL");
    }

    /// Suspends the server, or lets it go on: `STOP`, `CONT`. Its processes for connections are suspended with it.
    pub(crate) fn signal_all(&self, signal: &str) {
        let server = self.process.as_ref().unwrap().id().to_string();
        let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children")).unwrap();
        for process in [server.as_str()].into_iter().chain(children.split_whitespace()) {
            // A connection may have ended in between.
            Command::new("kill").args([&format!("-{signal}"), process]).status().unwrap();
        }
    }

    fn end(&mut self, signal: &str) {
        if let Some(mut process) = self.process.take() {
            Command::new("kill").args([&format!("-{signal}"), &process.id().to_string()]).status().unwrap();
            process.wait().unwrap();
        }
    }

    /// A new, empty database; its URL.
    pub(crate) async fn database(&self) -> String {
        let client = self.client("postgres").await.unwrap();
        // The server counts transactions, and no two get the same number.
        let number: i64 =
            client.query_one("SELECT pg_current_xact_id()::text::bigint", &[]).await.unwrap().get(0);
        client.batch_execute(&format!("CREATE DATABASE shop_{number}")).await.unwrap();
        self.url(&format!("shop_{number}"))
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgresql://shop:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// A connection, if the server takes any.
    async fn client(&self, database: &str) -> Option<Client> {
        connect(&self.url(database)).await
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An immediate end: the server ends its processes for connections, too, and leaves nothing running.
        self.end("QUIT");
    }
}

/// A connection that no storage knows of.
pub(crate) async fn connect(url: &str) -> Option<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.ok()?;
    Chassis::of_caller("test", Network::tcp(0), Clock::real(), 0).tasks.spawn(connection);
    Some(client)
}

/// A program of the newest PostgreSQL that is installed, as a user whom it accepts.
fn program(name: &str) -> Command {
    #[expect(clippy::disallowed_methods, reason = "where programs are is what the environment is for")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path);
    let mut releases: Vec<_> = fs::read_dir(DEBIAN).into_iter().flatten().flatten().collect();
    releases.sort_by_key(|release| release.file_name().to_string_lossy().parse::<u32>().unwrap_or(0));
    let in_debian = releases.into_iter().rev().map(|release| release.path().join("bin"));
    let found = in_path.chain(in_debian).map(|folder| folder.join(name)).find(|file| file.is_file());
    let found = found.unwrap_or_else(|| panic!("{name} is missing; on Debian: apt-get install postgresql"));
    if !is_root() {
        return Command::new(found);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(found);
    // The tests' own folder may be closed to that user.
    command.current_dir("/");
    command
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn user_id(kind: &str) -> u32 {
    let output = Command::new("id").args([kind, "postgres"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().expect("Debian's package makes that user")
}
