//! Seeds of faults against the shop, and against shops that are broken on purpose. Teaches that a check which has never failed has not been
//! checked: each mutant breaks one promise in a copy of the sources, and must be found.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use cargo_metadata::Message;

use crate::{
    cargo::{Cargo, root},
    dist,
    mutants::{MUTANTS, Mutant, VARIABLE},
};

/// Where the copy lies. It shares the folder of what was built, so that libraries are not built again.
const COPY: &str = "target/mutants";

/// Seeds after which a mutant counts as not found.
const SEEDS_MAX: u64 = 2_000;

/// No mutant's name, and seeds that are played so.
const NONE: &str = "none";
const SEEDS_WITHOUT: u64 = 20;

/// The first seed of each mutant, so that a table can be repeated.
const FIRST_SEED: &str = "1";

/// Plays seeds; the program says with what options.
///
/// # Errors
/// When it does not build, or an invariant does not hold.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let status = Command::new(program(root())?).args(arguments).current_dir(root()).status()?;
    if !status.success() {
        bail!("an invariant does not hold");
    }
    Ok(())
}

/// Builds all mutants in a copy of the sources, and counts for each whose name holds `filter` the seeds until it is found.
///
/// # Errors
/// When a mutant no longer fits the sources, does not build, or is not found.
#[expect(clippy::print_stdout, reason = "the table is what this command is for")]
pub(crate) fn mutants(filter: Option<&str>) -> Result<()> {
    let copy = copy()?;
    let program = program(&copy)?;
    if find(&program, NONE)?.is_some() {
        bail!("the copy fails without any mutant");
    }
    println!("| mutant | what it breaks | found after | since not |\n|---|---|---|---|");
    let mut missed = Vec::new();
    for Mutant { name, breaks, .. } in MUTANTS {
        if filter.is_some_and(|filter| !name.contains(filter)) {
            continue;
        }
        let found = find(&program, name).with_context(|| format!("mutant {name}"))?;
        if let Some(Found { seeds, seconds, by }) = found {
            println!("| {name} | {breaks} | {seeds} seeds, {seconds:.0} s | {by} |");
        } else {
            println!("| {name} | {breaks} | **not after {SEEDS_MAX} seeds** | |");
            missed.push(name);
        }
    }
    if !missed.is_empty() {
        bail!("not found: {}", missed.join(", "));
    }
    Ok(())
}

struct Found {
    seeds: u64,
    seconds: f64,
    by: String,
}

/// Plays seeds while one mutant is alive.
fn find(program: &Path, alive: &str) -> Result<Option<Found>> {
    // Without any, it is enough to see that the copy works.
    let seeds = if alive == NONE { SEEDS_WITHOUT } else { SEEDS_MAX };
    let start = now();
    let output = Command::new(program)
        .args(["--from", FIRST_SEED, "--seeds", &seeds.to_string(), "--failures", "1", "--threads", "1"])
        .env(VARIABLE, alive)
        .stderr(Stdio::null())
        .output()?;
    let seconds = start.elapsed().as_secs_f64();
    if output.status.success() {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&output.stdout);
    // Seed 7 failed, after 7 seeds. Not so: ... .
    let line = said.lines().find(|line| line.starts_with("Seed ") && line.contains("Not so: "));
    let line = line.with_context(|| format!("it ended otherwise: {said}"))?;
    let seeds = line.split("after ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
    let by = line.split("Not so: ").nth(1).and_then(|rest| rest.split(". At ").next());
    let (seeds, by) = seeds.zip(by).with_context(|| format!("it said otherwise: {line}"))?;
    Ok(Some(Found { seeds, seconds, by: by.to_owned() }))
}

/// The sources as git knows them, without what was built, with all mutants in them.
fn copy() -> Result<PathBuf> {
    let copy = root().join(COPY);
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    let listed = listed.context("git says which files are sources")?;
    let listed = String::from_utf8(listed.stdout).context("files have plain names")?;
    let files: Vec<&str> = listed.split('\0').filter(|name| !name.is_empty()).collect();
    if files.is_empty() {
        bail!("{} is no git repository: its sources cannot be told from all else", root().display());
    }
    for name in files {
        let (from, to) = (root().join(name), copy.join(name));
        let Ok(mut bytes) = fs::read(&from) else { continue };
        for mutant in MUTANTS.iter().filter(|mutant| mutant.file == name) {
            bytes = mutant.enter(std::str::from_utf8(&bytes)?)?.into_bytes();
        }
        // Left as it is if nothing has changed, or cargo would build it again.
        if fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        fs::create_dir_all(to.parent().context("a file lies in a folder")?)?;
        fs::write(&to, bytes)?;
    }
    Ok(copy)
}

/// The program of the sources in `folder`, built as the tests are.
fn program(folder: &Path) -> Result<PathBuf> {
    let build = Cargo::new("build --release --locked --workspace --example soak --message-format=json");
    let said = build.variables(dist::variables_of_tests()).within(folder).output()?;
    for message in Message::parse_stream(said.as_slice()) {
        if let Message::CompilerArtifact(artifact) = message.context("cargo says what it compiled")?
            && artifact.target.name == "soak"
            && let Some(executable) = artifact.executable
        {
            return Ok(executable.into());
        }
    }
    bail!("cargo says nothing of the program")
}

#[expect(clippy::disallowed_methods, reason = "people wait for it")]
fn now() -> Instant {
    Instant::now()
}
