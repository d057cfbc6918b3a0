//! The programs that tests need and cargo cannot bring.
//!
//! A test never passes because its tool is missing. Where it can be installed without asking, it is; everywhere else the
//! run ends here, before anything slow, and says what to install.

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// A program found in `PATH`, or where Debian keeps PostgreSQL's.
struct Tool {
    binary: &'static str,
    /// Debian's name for what holds it.
    package: &'static str,
    purpose: &'static str,
}

const TOOLS: [Tool; 15] = [
    Tool { binary: "chromium", package: "chromium", purpose: "the browser tests look at pages in it" },
    Tool {
        binary: "chromedriver",
        package: "chromium-driver",
        purpose: "the browser tests steer Chromium with it",
    },
    Tool { binary: "prometheus", package: "prometheus", purpose: "a test lets it scrape the running shop" },
    Tool { binary: "promtool", package: "prometheus", purpose: "a test checks rules and alerts with it" },
    Tool { binary: "nginx", package: "nginx-light", purpose: "a test puts it in front of a room" },
    Tool { binary: "postgres", package: "postgresql", purpose: "a test keeps assets in it" },
    Tool { binary: "ip", package: "iproute2", purpose: "a test joins the room from a second device" },
    Tool { binary: "bash", package: "bash", purpose: "a test pastes printed lines into it" },
    Tool { binary: "zsh", package: "zsh", purpose: "a test pastes printed lines into it" },
    Tool { binary: "dash", package: "dash", purpose: "a test pastes printed lines into it" },
    Tool { binary: "curl", package: "curl", purpose: "the printed lines call it" },
    Tool {
        binary: "tsc",
        package: "node-typescript",
        purpose: "a test checks the types of the room's pages with it",
    },
    Tool {
        binary: "eslint",
        package: "eslint",
        purpose: "a test looks for mistakes in the room's pages with it",
    },
    Tool { binary: "kubectl", package: "kubernetes-client", purpose: "a test reads the manifests with it" },
    Tool { binary: COMPOSE, package: "docker-compose", purpose: "a test reads the compose files with it" },
];

/// What the benchmark is held against, beside `wrk`, which asks all of them; only it needs these.
const PEERS_OF_BENCH: [Tool; 3] = [
    Tool { binary: "wrk", package: "wrk", purpose: "it asks every server that is measured" },
    Tool { binary: "nginx", package: "nginx-light", purpose: "the cache is measured beside it" },
    Tool { binary: "varnishd", package: "varnish", purpose: "the cache is measured beside it" },
];

/// Compose's own program, which need not be there where docker has it as a plugin.
const COMPOSE: &str = "docker-compose";

/// Where Debian keeps servers, which an ordinary user's `PATH` leaves out.
const SERVERS: &str = "/usr/sbin";

/// Debian installs several releases of PostgreSQL beside each other, outside `PATH`.
const POSTGRESQL: &str = "/usr/lib/postgresql";

/// Where the peers' own Python environment is made, and what marks it as complete.
const PEERS: &str = "target/peers";

/// What goes into it.
const PEERS_REQUIREMENTS: &str = "tests/peers/requirements.txt";

/// The same for the benchmark.
const BENCH_PYTHON: &str = "target/bench/python";
const BENCH_REQUIREMENTS: &str = "tests/benches/peers/requirements.txt";

/// Makes sure that every tool is there.
///
/// # Errors
/// When one is missing and cannot be installed.
pub(crate) fn ensure() -> Result<()> {
    ensure_all(&TOOLS)?;
    ensure_python(PEERS, PEERS_REQUIREMENTS)
}

/// The same for what the benchmark measures beside the project.
///
/// # Errors
/// As [`ensure`].
pub(crate) fn ensure_for_bench() -> Result<()> {
    ensure_all(&PEERS_OF_BENCH)?;
    ensure_python(BENCH_PYTHON, BENCH_REQUIREMENTS)
}

fn ensure_all(tools: &[Tool]) -> Result<()> {
    let lacking = missing(tools);
    if !lacking.is_empty() && in_path("apt-get").is_some() && is_root() {
        install(&lacking)?;
    }
    for tool in tools {
        match in_path(tool.binary) {
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

/// Makes a Python environment of real peers (OpenTelemetry's exporters, a collector, k6) and of what reads the files of a release, unless it
/// is there.
fn ensure_python(folder: &str, requirements: &str) -> Result<()> {
    let marker = PathBuf::from(folder).join("requirements.txt");
    if fs::read(&marker).ok() == Some(fs::read(requirements)?) {
        eprintln!("peers: {folder}");
        return Ok(());
    }
    run("python3", &["-m", "venv", "--clear", folder])?;
    let pip = format!("{folder}/bin/pip");
    run(&pip, &["install", "--quiet", "--disable-pip-version-check", "--requirement", requirements])?;
    fs::copy(requirements, marker).context("the environment cannot be marked as complete")?;
    Ok(())
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    eprintln!("{program} {}", arguments.join(" "));
    let status = Command::new(program).args(arguments).status().with_context(|| {
        format!("{program} cannot be started; on Debian: sudo apt-get install python3-venv")
    })?;
    if !status.success() {
        bail!("{program} {} failed ({status})", arguments.join(" "));
    }
    Ok(())
}

fn missing(tools: &[Tool]) -> Vec<&Tool> {
    tools.iter().filter(|tool| in_path(tool.binary).is_none() && !is_plugin(tool)).collect()
}

fn is_plugin(tool: &Tool) -> bool {
    let mut plugin = Command::new("docker");
    let plugin = plugin.args(["compose", "version"]).stdout(Stdio::null()).stderr(Stdio::null());
    tool.binary == COMPOSE && plugin.status().is_ok_and(|status| status.success())
}

/// Whether a program can be started by its name.
pub(crate) fn is_there(binary: &str) -> bool {
    find(binary).is_some()
}

/// Where a program is, if it is installed.
pub(crate) fn find(binary: &str) -> Option<PathBuf> {
    in_path(binary)
}

fn in_path(binary: &str) -> Option<PathBuf> {
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
    apt_get(&["update"])?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(tools.iter().map(|tool| tool.package));
    apt_get(&arguments)
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    eprintln!("apt-get {}", arguments.join(" "));
    let mut command = Command::new("apt-get");
    // Nobody is there to answer a package's questions.
    command.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet").args(arguments);
    let status = command.status().context("apt-get cannot be started")?;
    if !status.success() {
        bail!("apt-get {} failed ({status})", arguments.join(" "));
    }
    Ok(())
}
