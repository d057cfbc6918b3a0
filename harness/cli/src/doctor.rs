//! `glyphfall doctor`: what this machine has and lacks, what needs each item, and how to get it. Only the demonstration's own needs decide
//! the exit code.

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

use clap::Args;
use console::style;
use listeners::{Protocol, get_process_by_port};
use serde::Serialize;

use crate::{args::Format, output::plain, screen, stop::Done, work::can_write};

#[derive(Clone, Debug, Args)]
pub(crate) struct DoctorArgs {
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Folder that records would be written to
    #[arg(long, value_name = "DIR", default_value = "glyphfall-out")]
    out: PathBuf,
}

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

/// An unused address (RFC 5737). Connecting a UDP socket to it reveals the machine's own address, and sends nothing.
const NOBODY: &str = "192.0.2.1:9";

/// Assumed: several times the demonstration's memory, and several times its record with debrief.
const MEMORY_MB_MIN: u64 = 256;
const DISK_MB_MIN: u64 = 100;

const IS_MACOS: bool = cfg!(target_os = "macos");

const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// 1 January 2026 as a Unix time: a clock earlier than this release's year is wrong.
const RELEASED_S: u64 = 1_767_225_600;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Ok,
    /// Some other command needs it.
    Warning,
    /// The demonstration needs it.
    Missing,
}

#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    found: String,
    needed_for: &'static str,
    /// What to do about it; `None` if nothing.
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
    findings.extend(programs());
    let can_run = findings.iter().all(|finding| finding.state != State::Missing);
    if args.format == Format::Json {
        screen::line(&serde_json::json!({ "can_run": can_run, "findings": findings }).to_string());
        return can_run.into();
    }
    findings.iter().flat_map(Finding::lines).for_each(|line| screen::line(&line));
    let warnings = findings.iter().filter(|finding| finding.state == State::Warning).count();
    screen::paragraph(&match (can_run, warnings) {
        (false, _) => {
            "\nThe demonstration cannot run here until each item marked 'missing' is fixed.".to_owned()
        }
        (true, 0) => "\nEverything can run here.".to_owned(),
        (true, _) => {
            format!(
                "\nThe demonstration can run here: glyphfall. Warnings: {warnings}, about other commands."
            )
        }
    });
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
        let todo = self
            .todo
            .as_ref()
            .map(|todo| [format!("needed for {}", self.needed_for), format!("to do: {todo}")]);
        let told = std::iter::once(self.found.clone()).chain(todo.into_iter().flatten());
        let told = told.flat_map(|text| screen::broken(&text, 55));
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
        // Remove the folder that this check made.
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
    // A file system without blocks, such as /proc, stores nothing.
    let on_disk = |folder| rustix::fs::statvfs(folder).ok().filter(|about| about.f_blocks > 0);
    let about = out.ancestors().find_map(on_disk)?;
    let free_mb = about.f_bavail.saturating_mul(about.f_frsize) >> 20;
    let finding = Finding::ok("disk", format!("{free_mb} MB are free"), "records and reports");
    let todo = format!("free {DISK_MB_MIN} MB, or choose a folder on another disk with --out");
    Some(if free_mb < DISK_MB_MIN { finding.lacks(State::Missing, todo) } else { finding })
}

/// Available memory according to Linux, or to the container's limit. Other systems are not checked.
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
    let cores = if cores == 1 { "1 processor core".to_owned() } else { format!("{cores} processor cores") };
    let found = format!("{free_mb} MB and {cores} are available");
    let finding = Finding::ok("memory", found, "the shop and its customers");
    let todo = format!("end other programs, or give the container {MEMORY_MB_MIN} MB");
    Some(if free_mb < MEMORY_MB_MIN { finding.lacks(State::Missing, todo) } else { finding })
}

/// Checks that the clock is set: dashboards and traces place their data by it.
fn clock() -> Finding {
    let since = wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let needed_for = "dashboards and traces, which place what they show by it";
    if since >= RELEASED_S {
        return Finding::ok("clock", "is set", needed_for);
    }
    Finding::ok("clock", "shows a year before this release", needed_for)
        .lacks(State::Warning, "set it: timedatectl set-ntp true; on macOS: sudo sntp -sS time.apple.com")
}

#[expect(clippy::disallowed_methods, reason = "the machine's own clock is what is asked about")]
fn wall() -> SystemTime {
    SystemTime::now()
}

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
        Err(error) => {
            Finding::ok("network", format!("this machine cannot reach a network: {error}"), needed_for)
                .lacks(State::Warning, "join a network; for a class in one room, a phone's hotspot will do")
        }
    }
}

fn ports() -> Vec<Finding> {
    let needed_for = "'up', 'room' and containers; the demonstration takes others by itself";
    let is_held = |port| {
        TcpListener::bind(("127.0.0.1", port)).is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
    };
    let held = PORTS.iter().filter(|(port, _)| is_held(*port)).map(|(port, whose)| {
        let who = get_process_by_port(*port, Protocol::TCP);
        let who = who.map(|who| format!("{}, process {}", who.name, who.pid));
        format!("{port} ({whose}): {}", who.as_deref().map_or("a program of another user".into(), plain))
    });
    let held: Vec<_> = held.collect();
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

/// Optional programs, with their packages on Debian and in Homebrew.
fn programs() -> [Finding; 4] {
    let containers = "the shop in containers, with Grafana, Prometheus and Jaeger";
    let pages = "the tests of the pages; any browser shows them";
    let program = |what, commands: &[&str], needed_for, debian, cask| {
        let found = commands.iter().find_map(|command| version(command));
        let is_here = found.is_some();
        let finding = Finding::ok(what, found.unwrap_or_else(|| "is not here".to_owned()), needed_for);
        let todo = if IS_MACOS {
            format!("brew install --cask {cask}")
        } else {
            format!("sudo apt-get install {debian}")
        };
        if is_here { finding } else { finding.lacks(State::Warning, todo) }
    };
    let engine = "docker version --format {{.Server.Version}}";
    let mut docker = program("Docker", &[engine], containers, "docker.io", "docker");
    if docker.todo.is_some() && version("docker --version").is_some() {
        let start = if IS_MACOS {
            "open -a Docker"
        } else {
            "sudo systemctl start docker; sudo usermod -aG docker $USER, then log in again"
        };
        docker = Finding {
            found: "its daemon does not answer this user".to_owned(),
            todo: Some(start.to_owned()),
            ..docker
        };
    }
    let compose = ["docker compose version", "docker-compose version"];
    [
        docker,
        program("Compose", &compose, containers, "docker-compose", "docker"),
        program("Chromium", &["chromium --version"], pages, "chromium", "chromium"),
        program("ChromeDriver", &["chromedriver --version"], pages, "chromium-driver", "chromedriver"),
    ]
}

/// The first line that a program prints, if it exists and answers in time.
fn version(command: &str) -> Option<String> {
    let mut words = command.split(' ');
    let child = Command::new(words.next()?)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let (answer, answered) = mpsc::channel();
    thread::spawn(move || _ = answer.send(child.wait_with_output()));
    let output = answered.recv_timeout(ANSWERS_WITHIN).ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    // Some programs append their commit hash in brackets.
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
        assert_eq!(version("no-such-program-anywhere"), None);
    }
}
