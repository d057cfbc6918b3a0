//! The machine and the peers' versions: a ratio holds only for a machine.

use std::{fs, process::Command};

use super::peers;

/// The machine and the peers, as a list.
pub(crate) fn described() -> String {
    let mut lines = vec![
        format!("- processor: {} x {}", cores(), model()),
        format!("- memory: {:.0} GiB; kernel: {}", memory_gib(), read("/proc/sys/kernel/osrelease")),
        format!("- load of the machine when the table was written: {}", read("/proc/loadavg")),
        format!("- glyphfall {}", env!("CARGO_PKG_VERSION")),
    ];
    lines.extend(peers::versions().into_iter().map(|version| format!("- {version}")));
    lines.join("\n") + "\n"
}

/// How many cores there are.
pub(crate) fn cores() -> usize {
    read("/proc/cpuinfo").lines().filter(|line| line.starts_with("processor")).count()
}

fn model() -> String {
    let processor = read("/proc/cpuinfo");
    let line = processor.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(": ")).map_or("unknown", |(_, model)| model).to_owned()
}

fn memory_gib() -> f64 {
    let memory = read("/proc/meminfo");
    let kilobytes = memory.split_whitespace().nth(1).and_then(|text| text.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1_024.0 / 1_024.0
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

/// The first line of a program's version output.
pub(crate) fn version(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    let output = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
    String::from_utf8_lossy(&output).lines().next().unwrap_or("missing").trim().to_owned()
}
