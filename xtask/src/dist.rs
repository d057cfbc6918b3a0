//! The deliverables: static programs, the archives of a release, and the container image. Teaches that an image needs only the programs,
//! and that the test of an archive is a machine that has nothing else.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use cargo_metadata::TargetKind;

use crate::{
    cargo::{self, Cargo, root},
    sbom, tools,
};

/// The build target. Cargo keeps build scripts and macros dynamic only if the target is named, even if it is the machine's own. The target
/// is Linux on this machine's kind of processor, as for containers.
pub(crate) const TARGET: &str = if cfg!(target_arch = "aarch64") { ARM } else { "x86_64-unknown-linux-gnu" };

/// The cargo profile for shipped programs, in the workspace's `Cargo.toml`.
const PROFILE: &str = "dist";

/// Variables for a static build. If a container engine is present, the tests use such a build too: the containers then hold the tested
/// programs, and nothing is compiled twice.
const STATIC: [(&str, &str); 2] =
    [("CARGO_BUILD_TARGET", TARGET), ("RUSTFLAGS", "-C target-feature=+crt-static")];

/// The other Linux platform, and its cross-linker on Debian for a machine of another kind.
const ARM: &str = "aarch64-unknown-linux-gnu";
const ARM_LINKER: (&str, &str) = ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc");

/// Builds programs and tests in one call: separate calls would build the same crates with different features.
pub(crate) const TESTED: &str = "build --release --locked --workspace --bins --tests";

/// Name and tag of a locally built image.
pub(crate) const IMAGE: &str = "glyphfall:dev";

/// An optional storage service, left out of the main image to keep it small. A second image adds it on top.
const ON_TOP: &str = "glyphfall-content-store-postgres";

/// The folder for releases, within cargo's target folder.
const RELEASE: &str = "archives";

/// Files of the repository that an archive includes.
const BESIDE: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// Documents that the program prints about itself, with their paths below a system's `/usr/local`.
const PRINTED: [(&str, &str); 4] = [
    ("man", "share/man/man1/glyphfall.1"),
    ("completions bash", "share/bash-completion/completions/glyphfall"),
    ("completions fish", "share/fish/vendor_completions.d/glyphfall.fish"),
    ("completions zsh", "share/zsh/site-functions/_glyphfall"),
];

/// Folders that the containers' volumes start from.
const STATE: [&str; 2] = ["data", "tokens"];

/// The build that an image is made from.
#[derive(Clone, Copy)]
pub(crate) enum Build {
    /// Optimized for size.
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

/// Builds static binaries, which need nothing from the system they run on. Lays them out as in an image, and returns the folder.
pub(crate) fn build(build: Build) -> Result<PathBuf> {
    lay_out("image", build, TARGET, is_in_image)
}

fn is_in_image(package: &str) -> bool {
    ![ON_TOP, env!("CARGO_PKG_NAME")].contains(&package)
}

/// Builds for `target` (default: this machine) and packs `glyphfall-VERSION-TARGET.tar.gz`. Adds its bill of materials, and the checksums
/// of all archives in the folder.
pub(crate) fn release(target: Option<String>) -> Result<()> {
    let here = host()?;
    let target = target.unwrap_or_else(|| here.clone());
    let programs = lay_out("image", Build::Shipped, &target, is_in_image)?;
    let metadata = cargo::members()?;
    let name = format!("glyphfall-{}-{target}", env!("CARGO_PKG_VERSION"));
    let release = metadata.target_directory.join(RELEASE).into_std_path_buf();
    let folder = emptied(release.join(&name))?;
    copy_folder(&programs.join("bin"), &folder.join("bin"))?;
    for file in BESIDE {
        fs::copy(root().join(file), folder.join(file)).with_context(|| format!("{file} cannot be copied"))?;
    }
    fs::write(folder.join("THIRD-PARTY.txt"), sbom::notices(&target)?)?;
    // A program for another platform cannot run here, so this machine's build prints the documents. They are the same.
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
    let said = Command::new("rustc").args(["--print", "host-tuple"]).output()?;
    ensure!(said.status.success(), "rustc does not say what it builds for");
    Ok(String::from_utf8(said.stdout)?.trim().to_owned())
}

/// Makes an empty folder, deleting an earlier one.
fn emptied(folder: PathBuf) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be emptied", folder.display()))?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Packs a reproducible archive: sorted, without owners, and dated by the commit.
fn pack(release: &Path, name: &str) -> Result<()> {
    let commit = Command::new("git").args(["log", "-1", "--format=@%ct"]).current_dir(root()).output();
    let time = commit.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned()).unwrap_or_default();
    let time = if time.is_empty() { "@0" } else { &time };
    // macOS ships another tar. GNU tar is installed there as `gtar`.
    let tar = if tools::find("gtar").is_some() { "gtar" } else { "tar" };
    let mut packing = Command::new(tar);
    packing
        .args(["--create", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=u+rw,go=rX"])
        .arg(format!("--mtime={time}"))
        .args(["--use-compress-program=gzip -9n", "--file"])
        .args([&format!("{name}.tar.gz"), name])
        .current_dir(release);
    cargo::run(&mut packing)?;
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
        if tools::find("sha256sum").is_some() { ("sha256sum", &[]) } else { ("shasum", &["-a", "256"]) };
    let said = Command::new(program).args(first).args(files).current_dir(release).output();
    let said = said.with_context(|| format!("{program} cannot be started"))?;
    ensure!(said.status.success(), "{program} failed ({})", said.status);
    fs::write(release.join("SHA256SUMS"), said.stdout)?;
    Ok(())
}

/// Tries the archive in an image that has nothing but busybox: the first page, the first failing page, the demonstration and the room.
/// Prints the time of each.
pub(crate) fn try_archive() -> Result<()> {
    let name = format!("glyphfall-{}-{}", env!("CARGO_PKG_VERSION"), host()?);
    let release = cargo::members()?.target_directory.join(RELEASE).into_std_path_buf();
    let folder = emptied(release.join("empty"))?;
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
    cargo::run(&mut docker).context("the archive does not do in an empty container what it should")
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
            // The machine's own linker cannot link for the other platform.
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
    // Start empty, so that a binary that is no longer built is no longer shipped.
    let image = emptied(metadata.target_directory.join(folder).into_std_path_buf())?;
    fs::create_dir(image.join("bin"))?;
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

/// Builds the image from these binaries alone. A size-optimized image with the usual name also gets the published name, so that Compose
/// finds it before it pulls or builds.
pub(crate) fn image(tag: &str, from: Build) -> Result<()> {
    docker_build(tag, "Dockerfile.prebuilt", &[], &build(from)?)?;
    if let (Build::Shipped, IMAGE) = (from, tag) {
        let settings = fs::read_to_string(root().join(".env"))?;
        let published = settings.lines().find_map(|line| line.strip_prefix("GLYPHFALL_IMAGE="));
        let published = published.context(".env names the published image")?;
        cargo::run(Command::new("docker").args(["tag", tag, published]))?;
        eprintln!("'docker compose up' takes it for {published}");
    }
    Ok(())
}

/// Builds an image on top of the main one, named `NAME-postgres:TAG`, which can also keep the content in PostgreSQL.
pub(crate) fn image_with_postgres(tag: &str) -> Result<()> {
    let folder = lay_out("image-postgres", Build::Shipped, TARGET, |package| package == ON_TOP)?;
    let (name, version) = tag.split_once(':').unwrap_or((tag, "latest"));
    let base = ["--build-arg".to_owned(), format!("GLYPHFALL_IMAGE={tag}")];
    docker_build(&format!("{name}-postgres:{version}"), "Dockerfile.postgres", &base, &folder)
}

/// Compiler flags for shipped programs. Stripping is repeated here because cargo does not strip a program whose package has its own profile
/// settings.
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
    cargo::run(&mut docker).context("no image was built; on Debian: sudo apt-get install docker.io")
}

/// Environment variables for building and running the tests: a static build if a container engine answers, otherwise the default.
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
