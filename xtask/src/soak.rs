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
    cargo::{self, Cargo, root},
    mutants::{MUTANTS, Mutant},
};

/// Where the copy lies. It shares the folder of what was built, so that libraries are not built again.
const COPY: &str = "target/mutants";

/// Seeds after which a mutant counts as not found.
const SEEDS_MAX: u64 = 2_000;

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

/// Builds each mutant whose name holds `filter` in a copy of the sources, and counts the seeds until it is found.
///
/// # Errors
/// When a mutant no longer fits the sources, does not build, or is not found.
#[expect(clippy::print_stdout, reason = "the table is what this command is for")]
pub(crate) fn mutants(filter: Option<&str>) -> Result<()> {
    let wanted: Vec<&Mutant> =
        MUTANTS.iter().filter(|mutant| filter.is_none_or(|filter| mutant.name.contains(filter))).collect();
    // All of them first: half an hour later would be late.
    for mutant in &wanted {
        mutant.apply(&root().join(mutant.file))?;
    }
    let copy = copy()?;
    println!("| mutant | what it breaks | found after | by |\n|---|---|---|---|");
    let mut missed = Vec::new();
    for mutant in wanted {
        let file = copy.join(mutant.file);
        let (whole, broken) = mutant.apply(&file)?;
        fs::write(&file, broken)?;
        let found = find(&copy).with_context(|| format!("mutant {}", mutant.name));
        fs::write(&file, whole)?;
        let Mutant { name, breaks, .. } = mutant;
        match found? {
            Some(Found { seeds, seconds, by }) => {
                println!("| {name} | {breaks} | {seeds} seeds, {seconds:.0} s | {by} |");
            }
            None => {
                println!("| {name} | {breaks} | **not after {SEEDS_MAX} seeds** | |");
                missed.push(*name);
            }
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

fn find(copy: &Path) -> Result<Option<Found>> {
    let program = program(copy)?;
    let start = now();
    let output = Command::new(program)
        .args(["--from", FIRST_SEED, "--seeds", &SEEDS_MAX.to_string(), "--failures", "1", "--threads", "1"])
        .current_dir(copy)
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

/// The sources as git knows them, without what was built.
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
        let Ok(bytes) = fs::read(&from) else { continue };
        // Left as it is if nothing has changed, or cargo would build it again.
        if fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        fs::create_dir_all(to.parent().context("a file lies in a folder")?)?;
        fs::write(&to, bytes)?;
    }
    Ok(copy)
}

/// The program of the sources in `folder`, built with the features that tests have.
fn program(folder: &Path) -> Result<PathBuf> {
    let build = Cargo::new("build --release --locked --workspace --example soak --message-format=json");
    let said = build.within(folder).output()?;
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
