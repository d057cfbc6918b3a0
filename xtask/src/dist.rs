//! What is given to others: static programs, the archives of a release, and the container image. Teaches that an image needs nothing
//! but the programs, and that an archive is worth what it does on a machine that has nothing.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::TargetKind;

use crate::{
    cargo::{self, Cargo, root},
    sbom, tools,
};

/// Build scripts and macros stay dynamic only if the target is named, even when it is the machine's own.
/// So it is Linux on this machine's kind of processor, which containers run on too.
pub(crate) const TARGET: &str = if cfg!(target_arch = "aarch64") { ARM } else { "x86_64-unknown-linux-gnu" };

/// The profile of what is shipped, in the workspace's `Cargo.toml`.
const PROFILE: &str = "dist";

/// What makes a program static. Tests run in such a build where there is an engine, so that the containers hold the programs that
/// were tested, and nothing is compiled twice for them.
const STATIC: [(&str, &str); 2] =
    [("CARGO_BUILD_TARGET", TARGET), ("RUSTFLAGS", "-C target-feature=+crt-static")];

/// The other Linux platform, and what links for it on Debian where this machine is of another kind.
const ARM: &str = "aarch64-unknown-linux-gnu";
const ARM_LINKER: (&str, &str) = ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc");

/// Builds programs and tests in one go, because each alone would ask for other features of the same crates.
pub(crate) const TESTED: &str = "build --release --locked --workspace --bins --tests";

/// What an image that was built here is called.
pub(crate) const IMAGE: &str = "glyphfall:dev";

/// An exchangeable part, not of the chain: the image is small without it, and another is made with it on top.
const ON_TOP: &str = "glyphfall-content-store-postgres";

/// Where a release is put together, within the folder that cargo builds in.
const RELEASE: &str = "archives";

/// Files of the repository that stand in an archive.
const BESIDE: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// What the program prints about itself, and where systems look for that below their `/usr/local`.
const PRINTED: [(&str, &str); 4] = [
    ("man", "share/man/man1/glyphfall.1"),
    ("completions bash", "share/bash-completion/completions/glyphfall"),
    ("completions fish", "share/fish/vendor_completions.d/glyphfall.fish"),
    ("completions zsh", "share/zsh/site-functions/_glyphfall"),
];

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
    lay_out("image", build, TARGET, is_in_image)
}

fn is_in_image(package: &str) -> bool {
    ![ON_TOP, env!("CARGO_PKG_NAME")].contains(&package)
}

/// Builds for `target`, or for this machine, and packs `glyphfall-VERSION-TARGET.tar.gz`, with its bill of materials and the checksums of all
/// archives that lie there.
///
/// # Errors
/// When something does not build, the program does not print what it should, or a file cannot be written.
pub(crate) fn release(target: Option<String>) -> Result<()> {
    let here = host()?;
    let target = target.unwrap_or_else(|| here.clone());
    let programs = lay_out("image", Build::Shipped, &target, is_in_image)?;
    let metadata = cargo::members()?;
    let name = format!("glyphfall-{}-{target}", env!("CARGO_PKG_VERSION"));
    let release = metadata.target_directory.join(RELEASE).into_std_path_buf();
    let folder = release.join(&name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    copy_folder(&programs.join("bin"), &folder.join("bin"))?;
    for file in BESIDE {
        fs::copy(root().join(file), folder.join(file)).with_context(|| format!("{file} cannot be copied"))?;
    }
    fs::write(folder.join("THIRD-PARTY.txt"), sbom::notices(&target)?)?;
    // What was built for another machine cannot say it; what was built for this one says the same.
    let speaks = metadata.target_directory.join(&here).join(PROFILE).join("glyphfall");
    ensure!(
        speaks.exists(),
        "'cargo xtask dist' for this machine comes first: its program prints the man page"
    );
    for (arguments, file) in PRINTED {
        let printed = Command::new(&speaks).args(arguments.split(' ')).output()?;
        ensure!(printed.status.success(), "'glyphfall {arguments}' failed");
        let file = folder.join(file);
        fs::create_dir_all(file.parent().context("a file lies in a folder")?)?;
        fs::write(file, printed.stdout)?;
    }
    pack(&release, &name)?;
    fs::copy(sbom::write(&target)?, release.join(format!("{name}.cdx.json")))?;
    sum(&release)
}

/// The platform that this machine's compiler builds for.
fn host() -> Result<String> {
    let said = Command::new("rustc").arg("-vV").output().context("rustc cannot be started")?;
    let said = String::from_utf8(said.stdout)?;
    let line = said.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).context("rustc does not say what it builds for")
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

/// An archive of the same files has the same bytes: in order, without owners, at the time of the commit.
fn pack(release: &Path, name: &str) -> Result<()> {
    let commit = Command::new("git").args(["log", "-1", "--format=@%ct"]).current_dir(root()).output();
    let time = commit.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned()).unwrap_or_default();
    let time = if time.is_empty() { "@0" } else { &time };
    // macOS has another tar, and GNU's under this name.
    let tar = if tools::is_there("gtar") { "gtar" } else { "tar" };
    let status = Command::new(tar)
        .args(["--create", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=u+rw,go=rX"])
        .arg(format!("--mtime={time}"))
        .args(["--use-compress-program=gzip -9n", "--file"])
        .args([&format!("{name}.tar.gz"), name])
        .current_dir(release)
        .status()
        .with_context(|| format!("{tar} cannot be started"))?;
    ensure!(status.success(), "{tar} failed ({status})");
    let bytes = fs::metadata(release.join(format!("{name}.tar.gz")))?.len();
    eprintln!("target/{RELEASE}/{name}.tar.gz  {:.1} MB", bytes as f64 / 1e6);
    Ok(())
}

/// Writes `SHA256SUMS`, as `sha256sum --check` reads it.
fn sum(release: &Path) -> Result<()> {
    let files = fs::read_dir(release)?.map(|entry| Ok(entry?.path()));
    let files: Result<Vec<PathBuf>> = files.collect();
    let mut files: Vec<_> = files?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ending| ["gz", "json"].iter().any(|one| ending == *one)))
        .filter_map(|path| path.file_name().map(ToOwned::to_owned))
        .collect();
    files.sort();
    let (program, first): (_, &[&str]) =
        if tools::is_there("sha256sum") { ("sha256sum", &[]) } else { ("shasum", &["-a", "256"]) };
    let said = Command::new(program).args(first).args(files).current_dir(release).output();
    let said = said.with_context(|| format!("{program} cannot be started"))?;
    ensure!(said.status.success(), "{program} failed ({})", said.status);
    fs::write(release.join("SHA256SUMS"), said.stdout)?;
    Ok(())
}

/// Unpacks the archive into an image that has nothing else but busybox, and there lives through the first page, the first failing page, the
/// demonstration and the room. Prints what each took.
///
/// # Errors
/// When there is no archive or no engine, or something does not happen.
pub(crate) fn try_archive() -> Result<()> {
    let name = format!("glyphfall-{}-{}", env!("CARGO_PKG_VERSION"), host()?);
    let release = cargo::members()?.target_directory.join(RELEASE).into_std_path_buf();
    let folder = release.join("empty");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let archive = format!("{name}.tar.gz");
    fs::copy(release.join(&archive), folder.join("glyphfall.tar.gz"))
        .with_context(|| format!("there is no {archive}: 'cargo xtask dist' makes it"))?;
    let busybox =
        tools::find("busybox").context("install busybox; on Debian: sudo apt-get install busybox-static")?;
    fs::copy(busybox, folder.join("busybox"))?;
    fs::write(folder.join("try.sh"), include_str!("try-archive.sh"))?;
    fs::write(
        folder.join("Dockerfile"),
        "FROM scratch\nCOPY busybox /bin/\nCOPY glyphfall.tar.gz try.sh /\n",
    )?;
    let tag = "glyphfall-empty";
    docker_build(tag, "target/archives/empty/Dockerfile", &[], &folder)?;
    let mut docker = Command::new("docker");
    docker.args(["run", "--rm", "--network", "none", tag, "/bin/busybox", "sh", "/try.sh"]).arg(&name);
    let status = docker.status()?;
    ensure!(status.success(), "the archive does not do in an empty container what it should");
    Ok(())
}

fn lay_out(folder: &str, build: Build, target: &str, is_wanted: impl Fn(&str) -> bool) -> Result<PathBuf> {
    let metadata = cargo::members()?;
    let wanted = metadata.packages.iter().filter(|package| is_wanted(&package.name));
    let binaries: Vec<_> = wanted
        .flat_map(|package| package.targets.iter().map(move |target| (package, target)))
        .filter(|(_, target)| target.is_kind(TargetKind::Bin))
        .collect();

    let command = match build {
        Build::Tested => Cargo::new(TESTED).variables(STATIC),
        Build::Shipped => {
            let command = Cargo::new("build --locked --bins --profile").argument(PROFILE);
            let command = command.argument("--target").argument(target).variable("RUSTFLAGS", flags(target));
            // The machine's own linker makes no programs for another.
            let command = match target {
                ARM if !cfg!(target_arch = "aarch64") => command.variable(ARM_LINKER.0, ARM_LINKER.1),
                _ => command,
            };
            binaries.iter().fold(command, |command, (package, _)| {
                command.argument("--package").argument(package.name.as_str())
            })
        }
    };
    command.run()?;

    let built = metadata.target_directory.join(target).join(build.profile());
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

/// Builds the image from these binaries alone. Made for size and named as usual, it is also what Compose looks for before it pulls or builds.
///
/// # Errors
/// When they do not build, or the engine does not.
pub(crate) fn image(tag: &str, from: Build) -> Result<()> {
    docker_build(tag, "Dockerfile.prebuilt", &[], &build(from)?)?;
    if let (Build::Shipped, IMAGE) = (from, tag) {
        let settings = fs::read_to_string(root().join(".env"))?;
        let published = settings.lines().find_map(|line| line.strip_prefix("GLYPHFALL_IMAGE="));
        let published = published.context(".env names the published image")?;
        let status = Command::new("docker").args(["tag", tag, published]).status()?;
        ensure!(status.success(), "docker tag failed ({status})");
        eprintln!("'docker compose up' takes it for {published}");
    }
    Ok(())
}

/// Builds an image on top of that one, which can also keep the content in PostgreSQL: `NAME-postgres:TAG`.
///
/// # Errors
/// As [`image`].
pub(crate) fn image_with_postgres(tag: &str) -> Result<()> {
    let folder = lay_out("image-postgres", Build::Shipped, TARGET, |package| package == ON_TOP)?;
    let (name, version) = tag.split_once(':').unwrap_or((tag, "latest"));
    let base = ["--build-arg".to_owned(), format!("GLYPHFALL_IMAGE={tag}")];
    docker_build(&format!("{name}-postgres:{version}"), "Dockerfile.postgres", &base, &folder)
}

/// What a shipped program is compiled with. Stripping is named here too, as cargo strips no program whose package has settings of its own.
fn flags(target: &str) -> &'static str {
    if target.contains("linux") {
        "-C target-feature=+crt-static -C strip=symbols"
    } else {
        "-C strip=symbols"
    }
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
