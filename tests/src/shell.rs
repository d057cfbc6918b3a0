//! An interactive shell, into which a test pastes lines one after the other.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::Duration,
};

use tokio::time::{sleep, timeout};

/// Timeout of a line. It exceeds the ten seconds that a customer waits for a hanging page.
const PATIENCE: Duration = Duration::from_secs(30);

/// Common shells, with the options that make each interactive and skip the user's configuration.
pub const SHELLS: [(&str, &[&str]); 3] =
    [("bash", &["--norc", "--noprofile", "-i"]), ("zsh", &["-f", "-i"]), ("dash", &["-i"])];

/// A shell that waits for lines.
#[derive(Debug)]
pub struct Shell {
    child: Child,
    lines: ChildStdin,
    said: PathBuf,
}

impl Shell {
    /// Starts one of the [`SHELLS`] in `folder`.
    ///
    /// # Panics
    ///
    /// When it cannot be started: `cargo xtask tools` says how to install it.
    pub fn start((name, options): (&str, &[&str]), folder: &Path) -> Self {
        let said = folder.join(format!("{name}.said"));
        let file = File::create(&said).expect("the folder can be written");
        // A new session (setsid): otherwise the shell would take over the tests' terminal.
        let mut command = Command::new("setsid");
        command.arg(name).args(options).current_dir(folder).env("HOME", folder);
        for token in ["GLYPHFALL_EDITOR_TOKEN", "GLYPHFALL_OPERATOR_TOKEN"] {
            command.env_remove(token);
        }
        let errors = file.try_clone().expect("a file can be shared");
        command.stdin(Stdio::piped()).stdout(file).stderr(errors);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        let lines = child.stdin.take().expect("it is piped");
        Self { child, lines, said }
    }

    /// Pastes lines, waits until the shell has run them, and returns their output.
    ///
    /// # Panics
    ///
    /// When they do not finish in time.
    pub async fn paste(&mut self, lines: &[&str]) -> String {
        let before = self.said().len();
        for line in lines {
            writeln!(self.lines, "{line}").expect("the shell reads");
        }
        // The quotes keep the shell's echo of this line from matching its output.
        writeln!(self.lines, "echo do''ne").expect("the shell reads");
        let done = async {
            while !self.said()[before..].contains("done") {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let in_time = timeout(PATIENCE, done).await;
        let said = self.said()[before..].to_owned();
        assert!(in_time.is_ok(), "{lines:?} is not done in time: {said}");
        said
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.said).unwrap_or_default()).into_owned()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
