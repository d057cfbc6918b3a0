//! The programs that tests need and cargo cannot bring.
//!
//! A test never passes because its tool is missing. Where it can be installed without asking, it is; everywhere else the
//! run ends here, before anything slow, and says what to install.

use std::{env, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

/// A program found in `PATH`.
struct Tool {
    binary: &'static str,
    /// Debian's name for what holds it.
    package: &'static str,
    purpose: &'static str,
}

const TOOLS: [Tool; 2] = [
    Tool { binary: "chromium", package: "chromium", purpose: "the browser tests look at pages in it" },
    Tool {
        binary: "chromedriver",
        package: "chromium-driver",
        purpose: "the browser tests steer Chromium with it",
    },
];

/// Makes sure that every tool is there.
///
/// # Errors
/// When one is missing and cannot be installed.
pub(crate) fn ensure() -> Result<()> {
    let missing = missing();
    if !missing.is_empty() && in_path("apt-get").is_some() && is_root() {
        install(&missing)?;
    }
    for tool in &TOOLS {
        match in_path(tool.binary) {
            Some(path) => eprintln!("{}: {}", tool.binary, path.display()),
            None => eprintln!("{}: missing; {}", tool.binary, tool.purpose),
        }
    }
    let packages: Vec<_> = self::missing().iter().map(|tool| tool.package).collect();
    if !packages.is_empty() {
        let packages = packages.join(" ");
        bail!(
            "install what is missing, so that it stands in PATH; on Debian: sudo apt-get install {packages}"
        );
    }
    Ok(())
}

fn missing() -> Vec<&'static Tool> {
    TOOLS.iter().filter(|tool| in_path(tool.binary).is_none()).collect()
}

fn in_path(binary: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(binary)).find(|path| path.is_file())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn install(tools: &[&Tool]) -> Result<()> {
    apt_get(&["update"])?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(tools.iter().map(|tool| tool.package));
    apt_get(&arguments)
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    eprintln!("apt-get {}", arguments.join(" "));
    let mut command = Command::new("apt-get");
    // Nobody is there to answer a package's questions.
    command.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet").args(arguments);
    let status = command.status().context("apt-get cannot be started")?;
    if !status.success() {
        bail!("apt-get {} failed ({status})", arguments.join(" "));
    }
    Ok(())
}
