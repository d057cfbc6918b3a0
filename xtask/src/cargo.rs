//! One call of cargo, printed exactly as one would type it.
//!
//! What is shown and what is run come from the same value, so that a failed step can be repeated by copying its line.

use std::{
    env, fmt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand};

const CANNOT_START: &str = "cargo cannot be started";

/// A cargo command line with the environment variables set for it.
pub(crate) struct Cargo {
    variables: Vec<(&'static str, &'static str)>,
    arguments: Vec<String>,
    folder: Option<PathBuf>,
}

impl Cargo {
    /// A command from arguments separated by spaces.
    pub(crate) fn new(arguments: &str) -> Self {
        let arguments = arguments.split_whitespace().map(String::from).collect();
        Self { variables: Vec::new(), arguments, folder: None }
    }

    /// In another folder than the workspace's root. What was built is shared.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    pub(crate) fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    pub(crate) fn variables(
        mut self,
        variables: impl IntoIterator<Item = (&'static str, &'static str)>,
    ) -> Self {
        self.variables.extend(variables);
        self
    }

    /// Adds one argument, which may hold spaces.
    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Adds arguments for the program that cargo starts.
    pub(crate) fn pass_on(mut self, arguments: Vec<String>) -> Self {
        if !arguments.is_empty() {
            self.arguments.push("--".to_owned());
            self.arguments.extend(arguments);
        }
        self
    }

    /// Runs it in the workspace's root, with this process's streams.
    ///
    /// # Errors
    /// When cargo cannot be started, or says that it failed.
    pub(crate) fn run(&self) -> Result<()> {
        let status = self.command().status().context(CANNOT_START)?;
        self.judge(status)
    }

    /// Runs it likewise, and returns what it prints to standard output.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(crate) fn output(&self) -> Result<Vec<u8>> {
        let output = self.command().stderr(Stdio::inherit()).output().context(CANNOT_START)?;
        self.judge(output.status).map(|()| output.stdout)
    }

    fn command(&self) -> Command {
        // The cargo that started us: a toolchain given as `cargo +nightly xtask` holds for the steps too.
        #[expect(
            clippy::disallowed_methods,
            reason = "this is a program of its own, and cargo tells it in no other way"
        )]
        let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(program);
        command.args(&self.arguments).envs(self.variables.iter().copied());
        match &self.folder {
            Some(folder) => command.current_dir(folder).env("CARGO_TARGET_DIR", root().join("target")),
            None => command.current_dir(root()),
        };
        command
    }

    fn judge(&self, status: ExitStatus) -> Result<()> {
        if !status.success() {
            bail!("cargo {} failed ({status})", self.arguments[0]);
        }
        Ok(())
    }
}

impl fmt::Display for Cargo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.variables {
            write!(formatter, "{name}={} ", quoted(value))?;
        }
        write!(formatter, "cargo")?;
        self.arguments.iter().try_for_each(|argument| write!(formatter, " {}", quoted(argument)))
    }
}

/// The workspace's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace")
}

/// The members of the workspace, without what they depend on.
///
/// # Errors
/// When cargo cannot read the workspace.
pub(crate) fn members() -> Result<Metadata> {
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec();
    metadata.context("the workspace cannot be read")
}

/// The argument as a shell reads it.
fn quoted(argument: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_=./:,+".contains(letter);
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::Cargo;

    #[test]
    fn a_command_prints_as_one_would_type_it() {
        fn check(command: &Cargo, expected: &str) {
            assert_eq!(command.to_string(), expected);
        }
        check(&Cargo::new("fmt --all  --check"), "cargo fmt --all --check");
        check(&Cargo::new("doc").variable("RUSTDOCFLAGS", "-Dwarnings"), "RUSTDOCFLAGS=-Dwarnings cargo doc");
        check(&Cargo::new("build").variable("RUSTFLAGS", "-C a=+b"), "RUSTFLAGS='-C a=+b' cargo build");
        check(&Cargo::new("test").pass_on(vec![]), "cargo test");
        check(&Cargo::new("test").pass_on(vec!["it's".into()]), r"cargo test -- 'it'\''s'");
        check(&Cargo::new("bench --bench *"), "cargo bench --bench '*'");
    }
}
