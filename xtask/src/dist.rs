//! Static binaries, and the container image made of them. Teaches that an image needs nothing but the programs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use cargo_metadata::TargetKind;

use crate::cargo::{self, Cargo, root};

/// Build scripts and macros stay dynamic only if the target is named, even when it is the machine's own.
pub(crate) const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The profile of what is shipped, in the workspace's `Cargo.toml`.
const PROFILE: &str = "dist";

/// What makes a program static. Tests run in such a build where there is an engine, so that the containers hold the programs that
/// were tested, and nothing is compiled twice for them.
const STATIC: [(&str, &str); 2] =
    [("CARGO_BUILD_TARGET", TARGET), ("RUSTFLAGS", "-C target-feature=+crt-static")];

/// Builds programs and tests in one go, because each alone would ask for other features of the same crates.
pub(crate) const TESTED: &str = "build --release --locked --workspace --bins --tests";

/// An exchangeable part, not of the chain: the image is small without it, and another is made with it on top.
const ON_TOP: &str = "glyphfall-content-store-postgres";

/// Folders that the containers' volumes are made from.
const STATE: [&str; 2] = ["data", "tokens"];

/// Which build an image is made of.
#[derive(Clone, Copy)]
pub(crate) enum Build {
    /// Made for size.
    Shipped,
    /// The programs that the tests run.
    Tested,
}

impl Build {
    fn profile(self) -> &'static str {
        match self {
            Self::Shipped => PROFILE,
            Self::Tested => "release",
        }
    }
}

/// Builds static binaries that need nothing from the system they run on, lays them out as an image has them, and says where.
///
/// # Errors
/// When something does not build or cannot be laid out.
pub(crate) fn build(build: Build) -> Result<PathBuf> {
    lay_out("image", build, |package| ![ON_TOP, env!("CARGO_PKG_NAME")].contains(&package))
}

fn lay_out(folder: &str, build: Build, is_wanted: impl Fn(&str) -> bool) -> Result<PathBuf> {
    let metadata = cargo::members()?;
    let wanted = metadata.packages.iter().filter(|package| is_wanted(&package.name));
    let binaries: Vec<_> = wanted
        .flat_map(|package| package.targets.iter().map(move |target| (package, target)))
        .filter(|(_, target)| target.is_kind(TargetKind::Bin))
        .collect();

    let command = match build {
        Build::Tested => Cargo::new(TESTED).variables(STATIC),
        Build::Shipped => {
            let command = Cargo::new("build --locked --bins --profile").argument(PROFILE).variables(STATIC);
            // Named here too: cargo strips no program whose package has settings of its own.
            let command = command.variable("RUSTFLAGS", "-C target-feature=+crt-static -C strip=symbols");
            binaries.iter().fold(command, |command, (package, _)| {
                command.argument("--package").argument(package.name.as_str())
            })
        }
    };
    command.run()?;

    let built = metadata.target_directory.join(TARGET).join(build.profile());
    let image = metadata.target_directory.join(folder).into_std_path_buf();
    // A binary that is no longer made must not go on being shipped.
    if image.exists() {
        fs::remove_dir_all(&image).with_context(|| format!("{} cannot be emptied", image.display()))?;
    }
    fs::create_dir_all(image.join("bin"))?;
    for folder in STATE {
        fs::create_dir_all(image.join("state").join(folder))?;
    }
    for (_, target) in &binaries {
        let bytes = fs::copy(built.join(&target.name), image.join("bin").join(&target.name));
        let bytes = bytes.with_context(|| format!("{} was not built", target.name))?;
        eprintln!("target/{folder}/bin/{}  {:.1} MB", target.name, bytes as f64 / 1e6);
    }
    Ok(image)
}

/// Builds the image from these binaries alone.
///
/// # Errors
/// When they do not build, or the engine does not.
pub(crate) fn image(tag: &str, from: Build) -> Result<()> {
    docker_build(tag, "Dockerfile.prebuilt", &[], &build(from)?)
}

/// Builds an image on top of that one, which can also keep the content in PostgreSQL: `NAME-postgres:TAG`.
///
/// # Errors
/// As [`image`].
pub(crate) fn image_with_postgres(tag: &str) -> Result<()> {
    let folder = lay_out("image-postgres", Build::Shipped, |package| package == ON_TOP)?;
    let (name, version) = tag.split_once(':').unwrap_or((tag, "latest"));
    let base = ["--build-arg".to_owned(), format!("GLYPHFALL_IMAGE={tag}")];
    docker_build(&format!("{name}-postgres:{version}"), "Dockerfile.postgres", &base, &folder)
}

fn docker_build(tag: &str, file: &str, arguments: &[String], folder: &Path) -> Result<()> {
    let mut docker = Command::new("docker");
    docker.args(["build", "--quiet", "--tag", tag, "--file"]).arg(root().join(file));
    docker.args(arguments).arg(folder);
    let status =
        docker.status().context("docker cannot be started; on Debian: sudo apt-get install docker.io")?;
    if !status.success() {
        bail!("docker build failed ({status})");
    }
    Ok(())
}

/// The variables that the tests are built and run with: static where an engine answers, and as they are elsewhere.
pub(crate) fn variables_of_tests() -> Vec<(&'static str, &'static str)> {
    let info = Command::new("docker").arg("info").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if cfg!(all(target_arch = "x86_64", target_os = "linux")) && info.is_ok_and(|status| status.success()) {
        return STATIC.to_vec();
    }
    eprintln!(
        "no container engine answers to 'docker info': no image is built, and the tests start no containers"
    );
    Vec::new()
}
