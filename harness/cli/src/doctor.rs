//! `glyphfall doctor`: what this machine has and lacks, what each thing is needed for, and how to get it. Only what the demonstration
//! cannot do without decides about the exit code.

use std::{
    fs,
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, SystemTime},
};

use chassis::Clock;
use clap::Args;
use console::style;
use listeners::{Protocol, get_process_by_port};
use serde::Serialize;

use crate::{args::Format, done::Done, output::plain, screen, work::can_write};

#[derive(Clone, Debug, Args)]
pub(crate) struct DoctorArgs {
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Folder that records would be written to
    #[arg(long, value_name = "DIR", default_value = "glyphfall-out")]
    out: PathBuf,
}

/// The standard ports, and what listens there.
const PORTS: [(u16, &str); 10] = [
    (8080, "web front"),
    (8081, "cache"),
    (8082, "content store"),
    (8091, "operators"),
    (8092, "operators"),
    (8093, "operators"),
    (8094, "operators"),
    (9000, "evidence and room"),
    (4317, "OTLP over gRPC"),
    (4318, "OTLP over HTTP"),
];

/// An address that nobody has (RFC 5737): asked for the way there, the system names its own address, and nothing is sent.
const NOBODY: &str = "192.0.2.1:9";

/// Assumed: the demonstration's memory, and its record with its debrief, several times over.
const MEMORY_MB_MIN: u64 = 256;
const DISK_MB_MIN: u64 = 100;

/// How long a program may take to say which version it is.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// How far the clock may run from the steady one while it is watched.
const CLOCK_WATCHED: Duration = Duration::from_millis(100);
const CLOCK_OFF_MAX: Duration = Duration::from_millis(50);

/// No machine that runs this release lives before its year: 1 January 2026, in seconds.
const RELEASED_S: u64 = 1_767_225_600;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Ok,
    /// Something else than the demonstration lacks it.
    Warning,
    /// The demonstration lacks it.
    Missing,
}

#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    found: String,
    needed_for: &'static str,
    /// What to do about it; nothing if there is nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    todo: Option<String>,
}

pub(crate) fn run(args: &DoctorArgs) -> Done {
    let mut findings = vec![
        loopback("loopback", Ipv4Addr::LOCALHOST.into(), State::Missing),
        loopback("IPv6", Ipv6Addr::LOCALHOST.into(), State::Warning),
        folder(&args.out),
    ];
    findings.extend(disk(&args.out));
    findings.extend(memory());
    findings.push(clock());
    findings.push(network());
    findings.extend(ports());
    let [engine, compose] = docker();
    let [browser, driver] = chromium();
    findings.extend([engine, compose, browser, driver]);
    let can_run = findings.iter().all(|finding| finding.state != State::Missing);
    match args.format {
        Format::Json => {
            screen::line(&serde_json::json!({ "can_run": can_run, "findings": findings }).to_string());
        }
        Format::Text => findings.iter().flat_map(Finding::lines).for_each(|line| screen::line(&line)),
    }
    if args.format == Format::Text {
        let warnings = findings.iter().filter(|finding| finding.state == State::Warning).count();
        screen::paragraph(&match (can_run, warnings) {
            (false, _) => "\nThe demonstration cannot run here before what is missing is there.".to_owned(),
            (true, 0) => "\nEverything can run here.".to_owned(),
            (true, _) => format!(
                "\nThe demonstration can run here: glyphfall. Warnings: {warnings}, about other commands."
            ),
        });
    }
    can_run.into()
}

impl Finding {
    fn ok(what: &'static str, found: impl Into<String>, needed_for: &'static str) -> Self {
        Self { what, state: State::Ok, found: plain(&found.into()), needed_for, todo: None }
    }

    fn lacks(self, state: State, todo: impl Into<String>) -> Self {
        Self { state, todo: Some(todo.into()), ..self }
    }

    fn lines(&self) -> Vec<String> {
        let state = match self.state {
            State::Ok => style("ok     ").green(),
            State::Warning => style("warning").yellow(),
            State::Missing => style("missing").red(),
        };
        let told = [
            Some(self.found.clone()),
            self.todo.as_ref().map(|_| format!("needed for {}", self.needed_for)),
            self.todo.as_ref().map(|todo| format!("to do: {todo}")),
        ];
        let told = told.iter().flatten().flat_map(|text| screen::broken(text, 55));
        told.enumerate()
            .map(|(place, text)| match place {
                0 => format!("  {state}  {:<12}  {text}", self.what),
                _ => format!("{:25}{text}", ""),
            })
            .collect()
    }
}

fn loopback(what: &'static str, host: IpAddr, otherwise: State) -> Finding {
    match TcpListener::bind((host, 0)) {
        Ok(_) => Finding::ok(what, format!("{host} can be listened at"), "everything"),
        Err(error) => {
            let needed_for = if otherwise == State::Missing { "everything" } else { "'--bind ::1' alone" };
            Finding::ok(what, format!("{host}: {error}"), needed_for)
                .lacks(otherwise, format!("give the loopback interface the address {host}, or leave it"))
        }
    }
}

fn folder(out: &Path) -> Finding {
    let existed = out.exists();
    let written = can_write(out, []);
    if !existed {
        // What was made for this question goes again.
        let _ = fs::remove_dir(out);
    }
    let needed_for = "the record of an incident, and its debrief";
    match written {
        Ok(()) => Finding::ok("folder", format!("{} can be written", out.display()), needed_for),
        Err(error) => Finding::ok("folder", format!("{}: {}", out.display(), error.root_cause()), needed_for)
            .lacks(State::Missing, "choose a folder that you may write to with --out"),
    }
}

fn disk(out: &Path) -> Option<Finding> {
    let out = std::path::absolute(out).ok()?;
    // A file system without blocks, such as /proc, keeps nothing.
    let on_disk = |folder| rustix::fs::statvfs(folder).ok().filter(|about| about.f_blocks > 0);
    let about = out.ancestors().find_map(on_disk)?;
    let free_mb = about.f_bavail.saturating_mul(about.f_frsize) >> 20;
    let finding = Finding::ok("disk", format!("{free_mb} MB are free"), "records and reports");
    let todo = format!("free {DISK_MB_MIN} MB, or choose a folder on another disk with --out");
    Some(if free_mb < DISK_MB_MIN { finding.lacks(State::Missing, todo) } else { finding })
}

/// What Linux says is to be had, or what a container may have; other systems are not asked.
fn memory() -> Option<Finding> {
    let about = fs::read_to_string("/proc/meminfo").ok()?;
    let free_kb: u64 = about
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    let most =
        fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|most| most.trim().parse::<u64>().ok());
    let free_mb = (free_kb >> 10).min(most.map_or(u64::MAX, |most| most >> 20));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let found = format!("{free_mb} MB can be had, and {cores} processor cores");
    let finding = Finding::ok("memory", found, "the shop and its customers");
    let todo = format!("end other programs, or give the container {MEMORY_MB_MIN} MB");
    Some(if free_mb < MEMORY_MB_MIN { finding.lacks(State::Missing, todo) } else { finding })
}

/// Whether the clock is set, and steady: dashboards and traces place what they show by it.
fn clock() -> Finding {
    let (wall, steady) = (wall(), Clock::real().now());
    let (_held, waits) = mpsc::channel::<()>();
    let _ = waits.recv_timeout(CLOCK_WATCHED);
    let steady = Clock::real().now().duration_since(steady);
    let passed = self::wall().duration_since(wall).unwrap_or_default();
    let since = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let needed_for = "dashboards and traces, which place what they show by it";
    if since < RELEASED_S {
        return Finding::ok("clock", "shows a year before this release", needed_for).lacks(
            State::Warning,
            "set it: timedatectl set-ntp true; on macOS: sudo sntp -sS time.apple.com",
        );
    }
    if passed.abs_diff(steady) > CLOCK_OFF_MAX {
        return Finding::ok("clock", "jumps while it is watched", needed_for)
            .lacks(State::Warning, "let one program alone set it; in a virtual machine, its host or NTP");
    }
    Finding::ok("clock", "is set, and runs steadily", needed_for)
}

#[expect(clippy::disallowed_methods, reason = "the machine's own clock is what is asked about")]
fn wall() -> SystemTime {
    SystemTime::now()
}

/// The address at which others could reach a room.
fn network() -> Finding {
    let needed_for = "a room whose teams sit at other machines";
    let own = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect(NOBODY)?;
        socket.local_addr()
    });
    match own {
        Ok(own) => Finding::ok(
            "network",
            format!("others reach this machine at {}, with --bind 0.0.0.0", own.ip()),
            needed_for,
        ),
        Err(error) => Finding::ok("network", format!("no way out of this machine: {error}"), needed_for)
            .lacks(State::Warning, "join a network; for a class in one room, a phone's hotspot will do"),
    }
}

fn ports() -> Vec<Finding> {
    let needed_for = "'up', 'room' and containers; the demonstration takes others by itself";
    let held: Vec<_> = PORTS
        .iter()
        .filter_map(|(port, whose)| match TcpListener::bind(("127.0.0.1", *port)) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                let who = get_process_by_port(*port, Protocol::TCP)
                    .map_or("a program of another user".to_owned(), |who| {
                        format!("{}, process {}", who.name, who.pid)
                    });
                Some(format!("{port} ({whose}): {}", plain(&who)))
            }
            _ => None,
        })
        .collect();
    if held.is_empty() {
        let all = PORTS.map(|(port, _)| port.to_string()).join(", ");
        return vec![Finding::ok("ports", format!("free: {all}"), needed_for)];
    }
    held.iter()
        .map(|held| {
            Finding::ok("ports", format!("held: {held}"), needed_for)
                .lacks(State::Warning, "stop it, or take others: up --port-offset 100, room --room-port 9100")
        })
        .collect()
}

fn docker() -> [Finding; 2] {
    let needed_for = "the shop in containers, with Grafana, Prometheus and Jaeger";
    let (engine, compose) = ("Docker", "Compose");
    let install = |debian, macos| if cfg!(target_os = "macos") { macos } else { debian };
    let engine_found = match version("docker", &["version", "--format", "{{.Server.Version}}"]) {
        Some(version) => Finding::ok(engine, version, needed_for),
        None if version("docker", &["--version"]).is_some() => {
            Finding::ok(engine, "its daemon does not answer this user", needed_for).lacks(
                State::Warning,
                install(
                    "sudo systemctl start docker; sudo usermod -aG docker $USER, then log in again",
                    "open -a Docker",
                ),
            )
        }
        None => Finding::ok(engine, "is not here", needed_for)
            .lacks(State::Warning, install("sudo apt-get install docker.io", "brew install --cask docker")),
    };
    let found =
        version("docker", &["compose", "version"]).or_else(|| version("docker-compose", &["version"]));
    let compose_found = match found {
        Some(version) => Finding::ok(compose, version, needed_for),
        None => Finding::ok(compose, "is not here", needed_for).lacks(
            State::Warning,
            install(
                "sudo apt-get install docker-compose",
                "it comes with Docker: brew install --cask docker",
            ),
        ),
    };
    [engine_found, compose_found]
}

fn chromium() -> [Finding; 2] {
    let needed_for = "the tests of the pages; any browser shows them";
    let look = |what, program, debian: &str, macos: &str| match version(program, &["--version"]) {
        Some(version) => Finding::ok(what, version, needed_for),
        None => Finding::ok(what, "is not here", needed_for).lacks(
            State::Warning,
            if cfg!(target_os = "macos") {
                format!("brew install --cask {macos}")
            } else {
                format!("sudo apt-get install {debian}")
            },
        ),
    };
    [
        look("Chromium", "chromium", "chromium", "chromium"),
        look("ChromeDriver", "chromedriver", "chromium-driver", "chromedriver"),
    ]
}

/// The first line that a program answers with, if it is there and does so in time.
fn version(program: &str, arguments: &[&str]) -> Option<String> {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let (answer, answered) = mpsc::channel();
    thread::spawn(move || _ = answer.send(child.wait_with_output()));
    let output = answered.recv_timeout(ANSWERS_WITHIN).ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    // Some add the hash of what they were built from, in brackets.
    let first = text.lines().next()?.split(" (").next().map(|line| plain(line.trim()))?;
    (output.status.success() && !first.is_empty()).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_fits_the_terminal_and_says_what_to_do() {
        let finding = Finding::ok("ports", "held: 8080 (web front): ".repeat(4), "a shop")
            .lacks(State::Warning, "stop it, or move all ports with --port-offset 100");
        let lines = finding.lines();
        assert!(lines.iter().all(|line| console::measure_text_width(line) <= 80), "{lines:?}");
        let told = lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        assert!(told.ends_with("to do: stop it, or move all ports with --port-offset 100"), "{told}");
    }

    #[test]
    fn a_port_that_is_held_names_who_holds_it() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = held.local_addr().unwrap().port();
        assert_eq!(get_process_by_port(port, Protocol::TCP).unwrap().pid, std::process::id());
    }

    #[test]
    fn a_program_that_is_not_there_has_no_version() {
        assert_eq!(version("no-such-program-anywhere", &[]), None);
    }
}
