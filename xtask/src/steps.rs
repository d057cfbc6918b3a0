//! Runs the steps of a task one after the other and prints their durations.
//!
//! The first failure ends the run and prints the one command that repeats the failed step. The table of durations is printed in either
//! case: people notice a slower build only if every run prints its times.

use std::time::Duration;

use anyhow::{Context, Result};
use console::style;

use crate::cargo::{Cargo, now};

pub(crate) struct Step {
    name: &'static str,
    command: String,
    work: Box<dyn FnOnce() -> Result<()>>,
}

impl Step {
    /// A step, and the command that repeats it alone.
    pub(crate) fn new(
        name: &'static str,
        command: impl Into<String>,
        work: impl FnOnce() -> Result<()> + 'static,
    ) -> Self {
        Self { name, command: command.into(), work: Box::new(work) }
    }

    /// A step that is one call of cargo.
    pub(crate) fn cargo(name: &'static str, cargo: Cargo) -> Self {
        Self::new(name, cargo.to_string(), move || cargo.run())
    }
}

/// Runs the steps in order until one fails.
pub(crate) fn run(steps: Vec<Step>) -> Result<()> {
    let mut rows = Vec::new();
    let mut outcome = Ok(());
    for Step { name, command, work } in steps {
        if outcome.is_err() {
            rows.push(Row { name, time: None, passed: false });
            continue;
        }
        eprintln!(
            "\n{} {}",
            style(format!("== {name}:")).for_stderr().bold(),
            style(&command).for_stderr().dim()
        );
        let start = now();
        outcome = work().with_context(|| format!("step {name} failed; repeat it with\n  {command}\nbecause"));
        rows.push(Row { name, time: Some(start.elapsed()), passed: outcome.is_ok() });
    }
    eprintln!("\n{}", table(&rows));
    outcome
}

struct Row {
    name: &'static str,
    /// `None` if an earlier step failed.
    time: Option<Duration>,
    passed: bool,
}

fn table(rows: &[Row]) -> String {
    let line =
        |name: &str, time: Duration, remark| format!("{name:<10}{:>8.1} s{remark}\n", time.as_secs_f64());
    let total = rows.iter().filter_map(|row| row.time).sum();
    let steps = rows.iter().map(|row| match row.time {
        Some(time) => line(row.name, time, if row.passed { "" } else { "  FAILED" }),
        None => format!("{:<10}   not run\n", row.name),
    });
    steps.chain([line("total", total, "")]).collect()
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use anyhow::bail;

    use super::*;

    #[test]
    fn the_first_failure_ends_the_run_and_names_its_command() {
        let ran = Rc::new(RefCell::new(Vec::new()));
        let step = |name: &'static str, passes: bool| {
            let ran = Rc::clone(&ran);
            Step::new(name, format!("repeat {name}"), move || {
                ran.borrow_mut().push(name);
                if passes { Ok(()) } else { bail!("it broke") }
            })
        };
        let error = run(vec![step("one", true), step("two", false), step("three", true)]).unwrap_err();
        assert_eq!(*ran.borrow(), ["one", "two"]);
        assert_eq!(format!("{error:#}"), "step two failed; repeat it with\n  repeat two\nbecause: it broke");
    }

    #[test]
    fn the_table_tells_passed_failed_and_not_run_apart() {
        let rows = [
            Row { name: "build", time: Some(Duration::from_millis(61_540)), passed: true },
            Row { name: "tests", time: Some(Duration::from_secs(2)), passed: false },
            Row { name: "licences", time: None, passed: false },
        ];
        let expected = "build         61.5 s\n\
                        tests          2.0 s  FAILED\n\
                        licences     not run\n\
                        total         63.5 s\n";
        assert_eq!(table(&rows), expected);
    }
}
