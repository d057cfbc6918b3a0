//! What a developer and the build machine run: `cargo xtask test`.
//!
//! The build machine has no script of its own: it runs this same command, so what is green on a laptop is green there.
//! Nothing can be skipped, and a missing tool fails: a check that people can switch off is soon no check.
//!
//! # Layout
//! - `steps`: runs the steps of a task one after the other and says what each took.
//! - `cargo`: one call of cargo, printed exactly as one would type it.
//! - `tests`: runs the test programs, as many at once as there are processors.
//! - `tools`: the programs that tests need and cargo cannot bring.
//! - `dist`: static binaries, and the container image made of them.
//! - `dependencies`: licences and duplicates of everything that comes from outside.

mod cargo;
mod dependencies;
mod dist;
mod steps;
mod tests;
mod tools;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{cargo::Cargo, dist::Build, steps::Step};

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "Checks, measures and builds the workspace.")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every check: tools, format, clippy, docs, build, tests, licences
    Test {
        /// Passed on to the tests, for instance a filter: cargo xtask test -- publish
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Run the test programs alone, as many at once as there are processors
    Tests {
        /// Passed on to each of them, for instance a filter: cargo xtask tests -- publish
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Run the quick checks before a commit: format, clippy, unit tests
    Check,
    /// Measure the project beside what people would otherwise use, into target/bench/table.md: a quarter of an hour
    Bench {
        /// What to measure: front, load, evidence, start, growth [default: everything]
        parts: Vec<String>,
    },
    /// Play the session anew that `glyphfall room --example` shows: a quarter of an hour
    Example,
    /// Build static binaries that need nothing from the system they run on
    Dist,
    /// Build the container image from static binaries, without pulling anything
    Image {
        /// Name and tag of the image
        #[arg(long, default_value = "glyphfall:dev")]
        tag: String,
        /// Also build NAME-postgres:TAG on top of it, whose content store keeps its assets in PostgreSQL
        #[arg(long)]
        postgres: bool,
        /// From the programs that the tests run, rather than from those made for size
        #[arg(long)]
        tested: bool,
    },
    /// Take the documents' pictures anew from the running product: two minutes
    Pictures,
    /// Print the slides for a class, docs/slides.md, as a page and as PDF
    Slides,
    /// Check, and where possible install, the tools that the tests need
    Tools,
    /// Check the licences and duplicates of all dependencies against deny.toml
    Licences,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Test { arguments } => test(arguments),
        Task::Tests { arguments } => tests::run(&dist::variables_of_tests(), &arguments),
        Task::Check => check(),
        Task::Bench { parts } => bench(parts),
        Task::Example => play("record"),
        Task::Pictures => play("pictures"),
        Task::Dist => dist::build(Build::Shipped).map(|_| ()),
        Task::Image { tag, postgres, tested } => {
            dist::image(&tag, if tested { Build::Tested } else { Build::Shipped })
                .and_then(|()| if postgres { dist::image_with_postgres(&tag) } else { Ok(()) })
        }
        Task::Slides => play("slides"),
        Task::Tools => tools::ensure(),
        Task::Licences => dependencies::check(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{} {error:#}", console::style("error:").for_stderr().red().bold());
            ExitCode::FAILURE
        }
    }
}

/// The part of `test` that takes minutes rather than half an hour: no browser, no containers, no other processes.
fn check() -> Result<()> {
    steps::run(vec![
        format(),
        clippy(),
        Step::cargo("unit tests", Cargo::new("test --release --locked --workspace --lib")),
    ])
}

fn format() -> Step {
    Step::cargo("format", Cargo::new("fmt --all --check"))
}

fn clippy() -> Step {
    Step::cargo("clippy", Cargo::new("clippy --release --locked --workspace --all-targets -- -D warnings"))
}

/// Cheap steps come first, so that a slip shows in seconds. All share the release profile; the image is made of the programs that
/// are tested.
fn test(arguments: Vec<String>) -> Result<()> {
    let variables = dist::variables_of_tests();
    let mut steps = vec![
        Step::new("tools", "cargo xtask tools", tools::ensure),
        format(),
        clippy(),
        Step::cargo(
            "docs",
            Cargo::new("doc --release --locked --workspace --no-deps").variable("RUSTDOCFLAGS", "-Dwarnings"),
        ),
        Step::cargo("build", Cargo::new(dist::TESTED).variables(variables.clone())),
    ];
    if !variables.is_empty() {
        let image = || dist::image("glyphfall:dev", Build::Tested);
        steps.push(Step::new("image", "cargo xtask image --tested", image));
    }
    steps.extend([
        tests(variables, arguments),
        Step::new("licences", "cargo xtask licences", dependencies::check),
    ]);
    steps::run(steps)
}

fn tests(variables: Vec<(&'static str, &'static str)>, arguments: Vec<String>) -> Step {
    let repeat = Cargo::new("xtask tests").pass_on(arguments.clone()).to_string();
    Step::new("tests", repeat, move || tests::run(&variables, &arguments))
}

/// Runs a program that plays with the product, or prints it, in the browser that tests have.
fn play(example: &str) -> Result<()> {
    Cargo::new(&format!("run --release --locked --package glyphfall-tests --example {example}")).run()
}

/// The programs are those that are tested. Built with the benchmark, and so with the same features, of everything else nothing is compiled
/// again.
fn bench(parts: Vec<String>) -> Result<()> {
    tools::ensure_for_bench()?;
    let variables = dist::variables_of_tests();
    let build = Cargo::new("build --release --locked --workspace --bins --bench peers");
    build.variables(variables.clone()).run()?;
    Cargo::new("bench --locked --workspace --bench peers").variables(variables).pass_on(parts).run()
}
