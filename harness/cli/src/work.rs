//! Progress of long work: a bar on a terminal that can draw one, and an occasional line elsewhere.

use std::{
    fs,
    future::poll_fn,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    task::Poll,
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Context;
use clap::Args;
use experiment::sweep::Watch;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use world::{
    play::{PlayOptions, Played, play_until},
    scenario::Scenario,
    virtual_time::{self, STALLED_AFTER},
    whole_file::{READABLE, replace},
};

use crate::{
    args::Format,
    output::{self, plain},
    screen::Screen,
    stop::{self, CANNOT},
};

/// Work shorter than this shows no progress. Where lines cannot be redrawn, the interval doubles from line to line.
const TOLD_AFTER: Duration = Duration::from_secs(2);

/// The longest interval between two progress lines: a log should show that the work continues.
const TOLD_EVERY_MAX: Duration = Duration::from_secs(60);

const MOVES_EVERY: Duration = Duration::from_millis(120);

/// Does the work, with a bar of `steps` steps, until it is done or the program is told to stop.
pub(crate) fn watched<T>(
    steps: usize,
    what: &str,
    work: impl FnOnce(Watch<'_>) -> io::Result<T>,
) -> anyhow::Result<T> {
    let progress = Progress::begin(Some(steps), what)?;
    let done = || progress.bar.inc(1);
    let outcome = work(Watch { stop: stop::flag(), done: &done, stalled });
    drop(progress);
    Ok(outcome?)
}

/// The progress of some work. Dropping it removes the display.
pub(crate) struct Progress {
    bar: ProgressBar,
    lines: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Begins to show progress, with the number of steps if it is known.
    pub(crate) fn begin(steps: Option<usize>, what: &str) -> io::Result<Self> {
        let steps = steps.map(|steps| steps as u64);
        if !output::is_live() {
            let bar = ProgressBar::with_draw_target(steps, ProgressDrawTarget::hidden());
            let (ended, told) = mpsc::channel();
            let (shown, what) = (bar.clone(), what.to_owned());
            let tell = move || {
                let (mut wait, mut since_s) = (TOLD_AFTER, 0);
                while told.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                    since_s += wait.as_secs();
                    let so_far = match shown.length() {
                        Some(steps) => format!("{} of {steps} {what}", shown.position()),
                        None => what.clone(),
                    };
                    output::error_line(&format!("{so_far}, {since_s} s so far"));
                    wait = (wait * 2).min(TOLD_EVERY_MAX);
                }
            };
            let thread = thread::Builder::new().name("progress".to_owned()).spawn(tell)?;
            return Ok(Self { bar, lines: Some((ended, thread)) });
        }
        let template = match steps {
            Some(_) => format!("{{bar:24}} {{pos}} of {{len}} {what}, {{eta}} to go"),
            None => format!("{{spinner}} {what}"),
        };
        let style = ProgressStyle::with_template(&template).expect("the template names what there is");
        let target = ProgressDrawTarget::stderr();
        let bar = ProgressBar::with_draw_target(steps, target).with_style(style);
        bar.enable_steady_tick(MOVES_EVERY);
        output::keep_below(Some(&bar));
        Ok(Self { bar, lines: None })
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((ended, thread)) = self.lines.take() {
            drop(ended);
            // Wait for the thread, so that its last line is complete before anything else is printed.
            let _ = thread.join();
        } else {
            output::keep_below(None);
            self.bar.finish_and_clear();
        }
    }
}

/// Ends the process: nothing else can stop an endless computation in virtual time.
pub(crate) fn stalled(what: &str) {
    output::error_line(&format!(
        "error: virtual time has stopped, because something computes and never waits, in {}",
        plain(what)
    ));
    std::process::exit(CANNOT.into());
}

/// Checks, before any long work, that these files can be written into the folder. Creates the folder.
pub(crate) fn can_write<'a>(folder: &Path, files: impl IntoIterator<Item = &'a str>) -> anyhow::Result<()> {
    // A random name: two programs may try at the same time.
    let draft = folder.join(format!(".glyphfall-{:016x}", rand::random::<u64>()));
    fs::create_dir_all(folder)
        .and_then(|()| fs::OpenOptions::new().write(true).create_new(true).open(&draft))
        .and_then(|_| fs::remove_file(&draft))
        .with_context(|| cannot_write(folder))?;
    for file in files {
        let file = folder.join(file);
        match fs::OpenOptions::new().append(true).open(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| cannot_write(&file));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Plays an incident in virtual time, until it ends or the program is told to stop. `again` is the command that repeats it.
pub(crate) fn played(scenario: &Scenario, options: &PlayOptions, again: &str) -> anyhow::Result<Played> {
    let progress = Progress::begin(None, "playing the morning")?;
    let again = again.to_owned();
    // Virtual time polls this future each second, so it needs no timer of its own.
    let stopped = poll_fn(|_| if stop::is_told() { Poll::Ready(()) } else { Poll::Pending });
    let playing = play_until(scenario, options, Box::pin(stopped));
    let played = virtual_time::run(playing, STALLED_AFTER, move || stalled(&again))?;
    drop(progress);
    Ok(played?)
}

/// How a report is written, and where.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReportArgs {
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Folder for the report: a page, and its data as JSON
    #[arg(long, value_name = "DIR", default_value = "glyphfall-out")]
    pub(crate) out: PathBuf,
}

/// Writes a report to the screen and to the files of its page and its data.
pub(crate) struct Publisher<'a> {
    out: &'a Path,
    name: String,
    screen: Screen,
}

impl<'a> Publisher<'a> {
    pub(crate) fn new(args: &'a ReportArgs, name: String) -> anyhow::Result<Self> {
        can_write(&args.out, [&*format!("{name}.html"), &*format!("{name}.json")])?;
        Ok(Self { out: &args.out, name, screen: Screen::new(args.format) })
    }

    pub(crate) fn say(&self, text: &str) {
        self.screen.say(text);
    }

    /// Prints a report, writes its page and its data, and says where the files are and which command repeats it.
    pub(crate) fn publish(
        &self,
        report: &impl Serialize,
        lines: &[String],
        page: &str,
        command: Option<&str>,
    ) -> anyhow::Result<()> {
        let json = serde_json::to_string(report)?;
        self.screen.print(&json, lines);
        for (ending, text) in [("html", page), ("json", &json)] {
            write(&self.out.join(format!("{}.{ending}", self.name)), text.as_bytes())?;
        }
        let files = shown(&self.out.join(format!("{}.{{html,json}}", self.name)));
        let again = command.map_or(String::new(), |command| format!("\nAgain: {}", plain(command)));
        self.say(&format!("\nPage and data: {files}{again}"));
        Ok(())
    }
}

/// Writes a file atomically, and creates its folder.
pub(crate) fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)
        .and_then(|()| replace(file, bytes, READABLE))
        .with_context(|| cannot_write(file))
}

/// Checks, before any long work, that the file named by this option can be written.
pub(crate) fn can_write_file(file: &Path, option: &str) -> anyhow::Result<()> {
    let name = file.file_name().with_context(|| format!("{option} takes the name of a file"))?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    can_write(folder.unwrap_or(Path::new(".")), [&*name.to_string_lossy()])
}

/// What to do about a file that cannot be written.
pub(crate) fn cannot_write(path: &Path) -> String {
    format!("cannot write {}; choose another folder with --out", shown(path))
}

/// A path, escaped for printing.
pub(crate) fn shown(path: &Path) -> String {
    plain(&path.display().to_string())
}
