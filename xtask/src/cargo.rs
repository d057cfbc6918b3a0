//! One call of cargo, printed exactly as a person would type it.
//!
//! The printed line and the executed command come from the same value, so copying the line repeats a failed step.

use std::{
    env, fmt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use cargo_metadata::{Artifact, Message, Metadata, MetadataCommand};

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

    /// Runs cargo in another folder than the workspace's root, with the workspace's target folder.
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

    /// Adds one argument, which may contain spaces.
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

    /// Runs the command in the workspace's root by default, with this process's streams.
    pub(crate) fn run(&self) -> Result<()> {
        let status = self.command().status().context(CANNOT_START)?;
        self.judge(status)
    }

    /// Runs the command likewise, and returns its standard output.
    pub(crate) fn output(&self) -> Result<Vec<u8>> {
        let output = self.command().stderr(Stdio::inherit()).output().context(CANNOT_START)?;
        self.judge(output.status).map(|()| output.stdout)
    }

    /// The compiled artifacts. The call must use `--message-format=json`.
    pub(crate) fn compiled(&self) -> Result<Vec<Artifact>> {
        let mut compiled = Vec::new();
        for message in Message::parse_stream(self.output()?.as_slice()) {
            if let Message::CompilerArtifact(artifact) = message.context("cargo says what it compiled")? {
                compiled.push(artifact);
            }
        }
        Ok(compiled)
    }

    /// The compiled executable of this name.
    pub(crate) fn program(&self, name: &str) -> Result<PathBuf> {
        let mut named = self.compiled()?.into_iter().filter(|artifact| artifact.target.name == name);
        let program = named.find_map(|artifact| artifact.executable);
        program.map(PathBuf::from).with_context(|| format!("cargo compiled no program {name}"))
    }

    fn command(&self) -> Command {
        // Use the cargo that started this process, so that a toolchain given as `cargo +nightly xtask` also applies to the steps.
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
        ensure!(status.success(), "cargo {} failed ({status})", self.arguments[0]);
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

/// Runs another program, with this process's streams.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{program} cannot be started"))?;
    ensure!(status.success(), "{program} failed ({status})");
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is measured are other processes, and people wait for them"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The workspace's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace")
}

/// The members of the workspace, without their dependencies.
pub(crate) fn members() -> Result<Metadata> {
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec();
    metadata.context("the workspace cannot be read")
}

/// The argument, quoted for a shell.
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
