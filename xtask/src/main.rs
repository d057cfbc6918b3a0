//! The command that developers and the build machine run: `cargo xtask test`.
//!
//! The build machine has no script of its own: it runs this same command, so a build that is green on a laptop is green there. No check can
//! be skipped, and a missing tool fails: a check that people can switch off soon stops being one.
//!
//! # Layout
//! - `steps`: runs the steps of a task one after the other and prints their durations.
//! - `cargo`: one call of cargo, printed exactly as a person would type it.
//! - `tests`: runs the test programs, several at once.
//! - `tools`: programs that the tests need and cargo cannot install.
//! - `dist`: static programs, the archives of a release, and the container image.
//! - `fuzz`: the targets of `tests/tests/fuzz`, at random or by coverage.
//! - `soak`: random fault schedules by seed. `mutants`: deliberately broken shops, which those schedules must expose.
//! - `sbom`: the bill of materials of the shipped programs.

mod cargo;
mod dist;
mod fuzz;
mod mutants;
mod sbom;
mod soak;
mod steps;
mod tests;
mod tools;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{cargo::Cargo, dist::Build, fuzz::FuzzArgs, steps::Step};

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "Checks, measures and builds the workspace.")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every check: format, tools, licences, clippy, docs, build, tests
    Test {
        /// Passed on to the tests, for instance a filter: cargo xtask test -- publish
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Run the test programs alone, several at once
    Tests {
        /// Passed on to each of them, for instance a filter: cargo xtask tests -- publish
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Run the quick checks before a commit: format, clippy, unit tests
    Check,
    /// Measure the project beside what people would otherwise use, into target/bench/table.md
    Bench {
        /// What to measure: front, load, evidence, start, growth [default: everything]
        parts: Vec<String>,
    },
    /// Send everything that comes from outside in every form: a minute for each target, in a run of its own
    Fuzz(FuzzArgs),
    /// Kill, stop and fill up real processes while they write, and look whether anything is lost
    Durability {
        /// Passed on: --rounds COUNT [default: 1000], --seed SEED to repeat a run
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Play the session anew that `glyphfall room --example` shows: a quarter of an hour
    Example,
    /// Play seeds of faults against the shop in virtual time: ten thousand
    Soak {
        /// Instead, break one promise after the other in a copy of the shop, and count the seeds until each is found
        #[arg(long)]
        mutants: bool,
        /// Passed on: --seeds COUNT, --from SEED, --seed SEED to repeat one. With --mutants, a part of a mutant's name
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run incidents, repairs and resets, and rounds of ten teams, for an hour: memory, descriptors, threads and tasks must stay level
    Hour {
        /// Passed on, for instance --minutes 5
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Make target/archives/glyphfall-VERSION-TARGET.tar.gz: static programs, man page, completions, licences; with checksums and bill of materials
    Dist {
        /// For which platform, as rustc names it [default: this machine's]
        #[arg(long)]
        target: Option<String>,
    },
    /// Try that archive in a container that has nothing else: first page, first failing page, demonstration, room
    TryArchive,
    /// Build the container image from static binaries, without pulling anything
    Image {
        /// Name and tag of the image
        #[arg(long, default_value = dist::IMAGE)]
        tag: String,
        /// Also build NAME-postgres:TAG on top of it, whose content store keeps its assets in PostgreSQL
        #[arg(long)]
        postgres: bool,
        /// From the programs that the tests run, rather than from those made for size
        #[arg(long)]
        tested: bool,
    },
    /// Take the documents' pictures anew from the running product: six minutes
    Pictures {
        /// One part alone: pages or recording
        part: Option<String>,
    },
    /// Print the slides for a class, docs/slides.md, as a page and as PDF
    Slides,
    /// Check, and where possible install, the tools that the tests need
    Tools,
    /// Write target/sbom.cdx.json: what the shipped programs are made of, in CycloneDX. `dist` does it too
    Sbom,
    /// Check the licences and duplicates of all dependencies against deny.toml
    Licences,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Test { arguments } => test(arguments),
        Task::Tests { arguments } => tests::run(&dist::variables_of_tests(), &arguments),
        Task::Check => check(),
        Task::Bench { parts } => bench(parts),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Durability { arguments } => example("durability").pass_on(arguments).run(),
        Task::Hour { arguments } => example("hour").pass_on(arguments).run(),
        Task::Example => example("record").run(),
        Task::Pictures { part } => example("pictures").pass_on(part.into_iter().collect()).run(),
        Task::Soak { mutants: true, arguments } => soak::mutants(arguments.first().map(String::as_str)),
        Task::Soak { mutants: false, arguments } => soak::run(&arguments),
        Task::Dist { target } => dist::release(target),
        Task::TryArchive => dist::try_archive(),
        Task::Sbom => sbom::write(dist::TARGET).map(|_| ()),
        Task::Image { tag, postgres, tested } => {
            dist::image(&tag, if tested { Build::Tested } else { Build::Shipped })
                .and_then(|()| if postgres { dist::image_with_postgres(&tag) } else { Ok(()) })
        }
        Task::Slides => example("slides").run(),
        Task::Tools => tools::ensure(),
        Task::Licences => tools::check_licences(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{} {error:#}", console::style("error:").for_stderr().red().bold());
            ExitCode::FAILURE
        }
    }
}

/// The quick part of `test`, which takes minutes rather than half an hour: no browser, no containers, no other processes.
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

/// Cheap steps come first, so that a slip shows within seconds. All steps share the release profile, and the image holds the tested
/// programs.
fn test(arguments: Vec<String>) -> Result<()> {
    let variables = dist::variables_of_tests();
    let mut steps = vec![
        format(),
        Step::new("tools", "cargo xtask tools", tools::ensure),
        Step::new("licences", "cargo xtask licences", tools::check_licences),
        clippy(),
        Step::cargo(
            "docs",
            Cargo::new("doc --release --locked --workspace --no-deps").variable("RUSTDOCFLAGS", "-Dwarnings"),
        ),
        Step::cargo("build", Cargo::new(dist::TESTED).variables(variables.clone())),
    ];
    if !variables.is_empty() {
        let image = || dist::image(dist::IMAGE, Build::Tested);
        steps.push(Step::new("image", "cargo xtask image --tested", image));
    }
    steps.push(tests(variables, arguments));
    steps::run(steps)
}

fn tests(variables: Vec<(&'static str, &'static str)>, arguments: Vec<String>) -> Step {
    let repeat = Cargo::new("xtask tests").pass_on(arguments.clone()).to_string();
    Step::new("tests", repeat, move || tests::run(&variables, &arguments))
}

/// Runs an example program of the tests, which plays with the product, prints it or breaks it.
fn example(name: &str) -> Cargo {
    Cargo::new(&format!("run --release --locked --package glyphfall-tests --example {name}"))
}

/// Benchmarks the tested programs. Programs and benchmark are built in one call, with the same features, so that nothing is compiled again.
fn bench(parts: Vec<String>) -> Result<()> {
    tools::ensure_for_bench()?;
    let variables = dist::variables_of_tests();
    let build = Cargo::new("build --release --locked --workspace --bins --bench peers");
    build.variables(variables.clone()).run()?;
    Cargo::new("bench --locked --workspace --bench peers").variables(variables).pass_on(parts).run()
}
