//! Programs that the tests need and cargo cannot install.
//!
//! A test never passes because its tool is missing. Tools that need no questions are installed here. For any other missing tool the run
//! ends before anything slow starts, and says what to install.

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::cargo::{self, root};

/// A program in `PATH`, or in Debian's folder for PostgreSQL.
struct Tool {
    binary: &'static str,
    /// Debian's package with the program.
    package: &'static str,
    purpose: &'static str,
}

const fn tool(binary: &'static str, package: &'static str, purpose: &'static str) -> Tool {
    Tool { binary, package, purpose }
}

const TOOLS: [Tool; 15] = [
    tool("chromium", "chromium", "the browser tests look at pages in it"),
    tool("chromedriver", "chromium-driver", "the browser tests steer Chromium with it"),
    tool("prometheus", "prometheus", "a test lets it scrape the running shop"),
    tool("promtool", "prometheus", "a test checks rules and alerts with it"),
    tool("nginx", "nginx-light", "a test puts it in front of a room"),
    tool("postgres", "postgresql", "a test keeps assets in it"),
    tool("ip", "iproute2", "a test joins the room from a second device"),
    tool("bash", "bash", "a test pastes printed lines into it"),
    tool("zsh", "zsh", "a test pastes printed lines into it"),
    tool("dash", "dash", "a test pastes printed lines into it"),
    tool("curl", "curl", "the printed lines call it"),
    tool("tsc", "node-typescript", "a test checks the types of the room's pages with it"),
    tool("eslint", "eslint", "a test looks for mistakes in the room's pages with it"),
    tool("kubectl", "kubernetes-client", "a test reads the manifests with it"),
    tool(COMPOSE, "docker-compose", "a test reads the compose files with it"),
];

/// Programs that only the benchmark needs: the peers to compare with, and `wrk`, which generates the load.
const PEERS_OF_BENCH: [Tool; 3] = [
    tool("wrk", "wrk", "it asks every server that is measured"),
    tool("nginx", "nginx-light", "the cache is measured beside it"),
    tool("varnishd", "varnish", "the cache is measured beside it"),
];

/// The standalone program of Compose, which is not needed if docker has Compose as a plugin.
const COMPOSE: &str = "docker-compose";

/// Debian installs servers here, outside an ordinary user's `PATH`.
const SERVERS: &str = "/usr/sbin";

/// Debian installs several releases of PostgreSQL side by side, outside `PATH`.
const POSTGRESQL: &str = "/usr/lib/postgresql";

/// The peers' Python environment. A copy of its requirements file marks it as complete.
const PEERS: &str = "target/peers";

/// The packages of that environment.
const PEERS_REQUIREMENTS: &str = "tests/peers/requirements.txt";

/// The benchmark's Python environment and its packages.
const BENCH_PYTHON: &str = "target/bench/python";
const BENCH_REQUIREMENTS: &str = "tests/benches/peers/requirements.txt";

/// Makes sure that every tool for the tests is installed.
pub(crate) fn ensure() -> Result<()> {
    ensure_all(&TOOLS)?;
    ensure_python(PEERS, PEERS_REQUIREMENTS)
}

/// Makes sure that every peer of the benchmark is installed.
pub(crate) fn ensure_for_bench() -> Result<()> {
    ensure_all(&PEERS_OF_BENCH)?;
    ensure_python(BENCH_PYTHON, BENCH_REQUIREMENTS)
}

/// Checks every crate's licence, and crates that occur in several versions, against `deny.toml`. An unneeded entry of `deny.toml` fails
/// too.
pub(crate) fn check_licences() -> Result<()> {
    let mut deny = Command::new(root().join(PEERS).join("bin/cargo-deny"));
    deny.args("--locked check --deny unmatched-skip --deny unnecessary-skip licenses bans".split(' '))
        .current_dir(root());
    cargo::run(&mut deny).context("see deny.toml; 'cargo xtask tools' installs cargo-deny")
}

fn ensure_all(tools: &[Tool]) -> Result<()> {
    let lacking = missing(tools);
    if !lacking.is_empty() && find("apt-get").is_some() && is_root() {
        install(&lacking)?;
    }
    for tool in tools {
        match find(tool.binary) {
            Some(path) => eprintln!("{}: {}", tool.binary, path.display()),
            None if is_plugin(tool) => eprintln!("{}: docker has it as a plugin", tool.binary),
            None => eprintln!("{}: missing; {}", tool.binary, tool.purpose),
        }
    }
    let packages: Vec<_> = missing(tools).iter().map(|tool| tool.package).collect();
    if !packages.is_empty() {
        let packages = packages.join(" ");
        bail!(
            "install what is missing, so that it stands in PATH; on Debian: sudo apt-get install {packages}"
        );
    }
    Ok(())
}

/// Creates a Python environment, unless it is complete. It holds real peers (OpenTelemetry's exporters, a collector, k6) and tools that
/// check release files and dependencies.
fn ensure_python(folder: &str, requirements: &str) -> Result<()> {
    let marker = PathBuf::from(folder).join("requirements.txt");
    if fs::read(&marker).ok() == Some(fs::read(requirements)?) {
        eprintln!("peers: {folder}");
        return Ok(());
    }
    run("python3", &["-m", "venv", "--clear", folder])
        .context("on Debian: sudo apt-get install python3-venv")?;
    let pip = format!("{folder}/bin/pip");
    run(&pip, &["install", "--quiet", "--disable-pip-version-check", "--requirement", requirements])?;
    fs::copy(requirements, marker).context("the environment cannot be marked as complete")?;
    Ok(())
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    eprintln!("{program} {}", arguments.join(" "));
    // Nobody is present to answer a Debian package's questions.
    cargo::run(Command::new(program).args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn missing(tools: &[Tool]) -> Vec<&Tool> {
    tools.iter().filter(|tool| find(tool.binary).is_none() && !is_plugin(tool)).collect()
}

fn is_plugin(tool: &Tool) -> bool {
    let mut plugin = Command::new("docker");
    let plugin = plugin.args(["compose", "version"]).stdout(Stdio::null()).stderr(Stdio::null());
    tool.binary == COMPOSE && plugin.status().is_ok_and(|status| status.success())
}

/// The path of an installed program.
pub(crate) fn find(binary: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "where programs are is what the environment is for")]
    let folders = env::var_os("PATH")?;
    let releases = fs::read_dir(POSTGRESQL).into_iter().flatten().flatten();
    let folders = env::split_paths(&folders).chain(releases.map(|release| release.path().join("bin")));
    let folders = folders.chain([PathBuf::from(SERVERS)]);
    folders.map(|folder| folder.join(binary)).find(|path| path.is_file())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn install(tools: &[&Tool]) -> Result<()> {
    run("apt-get", &["--quiet", "update"])?;
    let mut arguments = vec!["--quiet", "install", "--yes", "--no-install-recommends"];
    arguments.extend(tools.iter().map(|tool| tool.package));
    run("apt-get", &arguments)
}
