//! Processes pinned to one core, and their resource use according to the kernel.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    thread::available_parallelism,
};

use chassis::Blocking;

/// The core of the measured server, and the core of its client.
pub(crate) const SERVER: usize = 0;
pub(crate) const CLIENT: usize = 1;

/// Clock ticks per second in `/proc/PID/stat`, fixed at 100 in Linux's interface to programs.
const TICKS_PER_S: f64 = 100.0;

/// The path of one of the repository's programs, in the folder above this benchmark's.
pub(crate) fn ours(name: &str) -> PathBuf {
    let myself = std::env::current_exe().expect("a running program has a path");
    let path = myself.parent().and_then(Path::parent).expect("cargo puts a benchmark into deps").join(name);
    assert!(path.is_file(), "{} is missing: cargo xtask bench builds it", path.display());
    path
}

/// A command pinned to one core. On a machine with a single core, everything shares it.
pub(crate) fn pinned(core: usize, program: impl AsRef<Path>) -> Command {
    let cores = available_parallelism().map_or(1, usize::from);
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &core.min(cores - 1).to_string()]).arg(program.as_ref());
    command
}

/// A command that runs this program again, pinned to one core.
pub(crate) fn myself(core: usize, arguments: &[&str]) -> Command {
    let mut command = pinned(core, std::env::current_exe().expect("a running program has a path"));
    command.args(arguments);
    command
}

/// Pins this process, all its threads and its later children to one core.
pub(crate) fn pin_myself(core: usize) {
    let cores = available_parallelism().map_or(1, usize::from);
    let mut taskset = Command::new("taskset");
    taskset.args(["--all-tasks", "--cpu-list", "--pid", &core.min(cores - 1).to_string()]);
    let output = taskset.arg(std::process::id().to_string()).output().expect("taskset runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs a program to its end, without blocking this process's other tasks.
pub(crate) async fn output(mut command: Command) -> Output {
    Blocking::Pool.run(move || command.output().expect("the program starts")).await
}

/// Processor time (user and system) of the given processes so far, in seconds.
pub(crate) fn processor_s(processes: &[u32]) -> f64 {
    processes.iter().map(|process| ticks(&format!("/proc/{process}/stat"), 11)).sum::<f64>() / TICKS_PER_S
}

/// Processor time (user and system) of this process's ended children, in seconds.
pub(crate) fn processor_s_of_ended() -> f64 {
    ticks("/proc/self/stat", 13) / TICKS_PER_S
}

/// Processor time (user and system) of this process so far, in seconds.
pub(crate) fn processor_s_of_myself() -> f64 {
    ticks("/proc/self/stat", 11) / TICKS_PER_S
}

fn ticks(stat: &str, place: usize) -> f64 {
    let stat = fs::read_to_string(stat).expect("the process runs");
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name.split_whitespace().skip(place).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum()
}

/// A process's children that serve requests. nginx also has cache manager processes, one of which ends soon.
pub(crate) fn workers(process: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let serves = |child: &u32| {
        let line = fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap_or_default();
        !line.contains("cache loader") && !line.contains("cache manager")
    };
    children.split_whitespace().filter_map(|child| child.parse().ok()).filter(serves).collect()
}

/// Resident memory in megabytes, as the kernel counts it: now, or at its highest.
pub(crate) fn memory_mb(process: &str, row: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(row)).unwrap_or_default();
    line.trim_start_matches(':')
        .split_whitespace()
        .next()
        .and_then(|kb| kb.parse::<f64>().ok())
        .unwrap_or_default()
        / 1_000.0
}
