//! Runs random fault schedules against the shop, and against deliberately broken shops. Teaches that a check which has never failed has not
//! been checked: each mutant breaks one invariant in a copy of the sources, and the check must detect it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{
    cargo::{self, Cargo, now, root},
    dist,
    mutants::{MUTANTS, Mutant, VARIABLE},
};

/// The folder of the copied sources. It shares the target folder, so that dependencies are not built again.
const COPY: &str = "target/mutants";

/// Seeds to try before a mutant counts as undetected.
const SEEDS_MAX: u64 = 2_000;

/// A name that activates no mutant, and the number of seeds for that run.
const NONE: &str = "none";
const SEEDS_WITHOUT: u64 = 20;

/// Each mutant starts at this seed, so that the table is reproducible.
const FIRST_SEED: &str = "1";

/// Runs the soak program. Its own help lists the options.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    cargo::run(Command::new(program(root())?).args(arguments).current_dir(root()))
        .context("an invariant does not hold")
}

/// Builds all mutants in a copy of the sources. For each whose name contains `filter`, counts the seeds until it is detected.
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
        if let Some((seeds, seconds, by)) = found {
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

/// Runs seeds with one mutant active. Returns the number of seeds and seconds until detection, and the violated invariant.
fn find(program: &Path, alive: &str) -> Result<Option<(u64, f64, String)>> {
    // Without a mutant, a few seeds show that the copy works.
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
    // A line such as `Seed 7 failed, after 7 seeds. Not so: ... .`
    let line = said.lines().find(|line| line.starts_with("Seed ") && line.contains("Not so: "));
    let line = line.with_context(|| format!("it ended otherwise: {said}"))?;
    let seeds = line.split("after ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
    let by = line.split("Not so: ").nth(1).and_then(|rest| rest.split(". At ").next());
    let (seeds, by) = seeds.zip(by).with_context(|| format!("it said otherwise: {line}"))?;
    Ok(Some((seeds, seconds, by.to_owned())))
}

/// Copies the files that git tracks, without build output, and inserts all mutants.
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
        // Keep an unchanged file, or cargo would rebuild it.
        if fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        fs::create_dir_all(to.parent().context("a file lies in a folder")?)?;
        fs::write(&to, bytes)?;
    }
    Ok(copy)
}

/// The soak program built from the sources in `folder`, with the settings of the tests.
fn program(folder: &Path) -> Result<PathBuf> {
    let build = Cargo::new("build --release --locked --workspace --example soak --message-format=json");
    build.variables(dist::variables_of_tests()).within(folder).program("soak")
}
