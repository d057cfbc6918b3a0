//! All output of a command goes through here, onto a terminal or into a pipe. Teaches three duties of a program towards its readers. The
//! terminal obeys no text from outside ([`plain()`]). A failed write is an error, because a truncated file looks complete. A reader that
//! closes the pipe, as `head` does, ends the program silently.
//!
//! Standard output and the terminal belong to the whole process, so their state here is static.

use std::io::{self, ErrorKind, Write};

pub(crate) use chassis::plain;
use clap::error::ContextValue;
use indicatif::ProgressBar;
use parking_lot::Mutex;

use crate::stop::{self, Reason};

/// Text width on a wider terminal, or without a terminal.
const COLUMNS: usize = 80;

/// A terminal that claims to be narrower is ignored: no word would fit.
const COLUMNS_MIN: usize = 20;

/// Escape sequences around headings. Apart from those of live lines, the program emits no others.
const BOLD: [&str; 2] = ["\u{1b}[1m", "\u{1b}[0m"];

/// The error with which standard output failed, if it did.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// The live lines, which stay in place and change, if there are any. All other output is printed above them.
static LIVE: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Prints the program's own lines on standard output. Text from outside must pass through [`plain()`] first, which escapes its line ends.
pub(crate) fn line(text: &str) {
    if lost().is_none() {
        let text = shown(text);
        let written = above_live_lines(|| {
            let mut out = io::stdout().lock();
            writeln!(out, "{text}").and_then(|()| out.flush())
        });
        keep_in_mind(written);
    }
}

/// Prints clap's help text or error, in its colours. It may repeat words of the command line, which can come from anywhere; those are kept
/// on their line.
pub(crate) fn help(mut told: clap::Error) {
    let repeated = told.context().filter_map(|(kind, value)| match value {
        ContextValue::String(text) => Some((kind, ContextValue::String(plain(text)))),
        _ => None,
    });
    for (kind, value) in repeated.collect::<Vec<_>>() {
        told.insert(kind, value);
    }
    let text = told.render().to_string();
    if text.lines().any(|line| plain(line) != line) {
        error_line(text.trim_end());
    } else {
        keep_in_mind(told.print().and_then(|()| io::stdout().flush()));
    }
}

/// Prints the program's own text for another program, such as a script: tabs stay, and no line end is added.
pub(crate) fn text(text: &str) {
    let mut out = io::stdout().lock();
    keep_in_mind(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Records a failed write to standard output. Later writes are skipped, and the program is told to stop.
fn keep_in_mind(written: io::Result<()>) {
    let Err(error) = written else { return };
    let reason = format!("error: standard output cannot be written: {error}");
    let is_error = error.kind() != ErrorKind::BrokenPipe;
    LOST.lock().get_or_insert(error);
    stop::stop(Reason::NobodyReads);
    if is_error {
        error_line(&reason);
    }
}

/// Standard output itself, for a protocol between programs: no person and no terminal reads it.
pub(crate) fn protocol() -> io::Stdout {
    io::stdout()
}

/// Prints text from outside on standard output, always as one line.
pub(crate) fn record(text: &str) {
    line(&plain(text));
}

/// Prints the program's own lines on standard error. If that fails, nobody is left to tell.
pub(crate) fn error_line(text: &str) {
    let text = shown(text);
    above_live_lines(|| {
        let _ = writeln!(io::stderr(), "{text}");
    });
}

/// Prints an error with its causes. Further lines, which may quote a file, are indented so that they cannot pass for the program's own.
pub(crate) fn error(error: &anyhow::Error) {
    error_line(&format!("error: {error:#}").trim_end().replace('\n', "\n  "));
}

/// Standard error, for the services' log lines.
pub(crate) struct LogLines;

impl Write for LogLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        error_line(String::from_utf8_lossy(line).trim_end_matches('\n'));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How standard output failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    NobodyReads,
    Unwritable,
}

pub(crate) fn lost() -> Option<Lost> {
    LOST.lock().as_ref().map(|error| match error.kind() {
        ErrorKind::BrokenPipe => Lost::NobodyReads,
        _ => Lost::Unwritable,
    })
}

/// Keeps these live lines below all other output; `None` ends them.
pub(crate) fn keep_below(lines: Option<&ProgressBar>) {
    *LIVE.lock() = lines.cloned();
}

/// Whether lines on standard error can change in place: a terminal that can move its cursor back.
#[expect(
    clippy::disallowed_methods,
    reason = "the terminal belongs to the process, and what it prints changes no result"
)]
pub(crate) fn is_live() -> bool {
    let draws = std::env::var("TERM").is_ok_and(|terminal| !terminal.is_empty() && terminal != "dumb");
    draws && console::Term::stderr().features().is_attended()
}

/// Text width for standard output, in columns.
pub(crate) fn columns() -> usize {
    columns_of(&console::Term::stdout())
}

/// Text width for a terminal, in columns: its own width, or else `COLUMNS` from the environment, and at most eighty.
#[expect(
    clippy::disallowed_methods,
    reason = "the terminal belongs to the process, and what it prints changes no result"
)]
pub(crate) fn columns_of(terminal: &console::Term) -> usize {
    let own = terminal.size_checked().map(|(_, columns)| columns);
    let said = || std::env::var("COLUMNS").ok()?.parse().ok();
    let columns = own.or_else(said).filter(|columns| *columns > 0).map_or(COLUMNS, usize::from);
    columns.clamp(COLUMNS_MIN, COLUMNS)
}

/// Makes the program's own lines safe to print: only line ends and bold headings survive as control sequences.
fn shown(text: &str) -> String {
    let safe = |text: &str| text.split('\n').map(plain).collect::<Vec<_>>().join("\n");
    let [begin, end] = BOLD;
    let headings = text.split(begin).map(|part| part.split(end).map(safe).collect::<Vec<_>>().join(end));
    headings.collect::<Vec<_>>().join(begin)
}

fn above_live_lines<T>(print: impl FnOnce() -> T) -> T {
    match &*LIVE.lock() {
        Some(lines) => lines.suspend(print),
        None => print(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ends_of_lines_and_headings_are_ours() {
        fn check(text: &str, expected: &str) {
            assert_eq!(shown(text), expected);
        }
        check("one\ntwo", "one\ntwo");
        check("\u{1b}[1mheading\u{1b}[0m  text", "\u{1b}[1mheading\u{1b}[0m  text");
        check("\u{1b}[2Jgone \u{1b}]0;title\u{7}", "\\u001b[2Jgone \\u001b]0;title\\u0007");
        check("\u{202e}reversed\rback", "\\u202ereversed\\rback");
    }
}
