//! Work that takes longer than a person waits without a word: a bar on a terminal that can draw one, now and then a line elsewhere.

use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Context;
use experiment::sweep::Watch;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use world::whole_file::{READABLE, replace};

use crate::{
    done::CANNOT,
    output::{self, plain},
    stop,
};

/// Work shorter than this shows no progress. Where lines cannot change in place, each further one comes after twice the time.
const TOLD_AFTER: Duration = Duration::from_secs(2);

/// The longest pause between two progress lines: a log should show that the work goes on.
const TOLD_EVERY_MAX: Duration = Duration::from_secs(60);

/// How often the bar on a terminal is drawn.
const MOVES_EVERY: Duration = Duration::from_millis(120);

/// Does it, with a bar of so many steps, until it is done or the program is told to stop.
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

/// How far some work is, shown until it is dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    lines: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Begins to show it, in so many steps, if they can be counted.
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
            // A line that was begun is ended before the next one is printed.
            let _ = thread.join();
        } else {
            output::keep_below(None);
            self.bar.finish_and_clear();
        }
    }
}

/// Ends the program: what computes without end in virtual time cannot be ended otherwise.
pub(crate) fn stalled(what: &str) {
    output::error_line(&format!(
        "error: virtual time stands still, because something computes and never waits, in {}",
        plain(what)
    ));
    std::process::exit(CANNOT.into());
}

/// Makes sure, before any long work, that these files can be written into the folder; makes the folder.
pub(crate) fn can_write<'a>(folder: &Path, files: impl IntoIterator<Item = &'a str>) -> anyhow::Result<()> {
    // A name of its own: two programs may try at once.
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

/// Where the page and the data of a report go.
pub(crate) struct ReportFiles<'a> {
    out: &'a Path,
    name: String,
}

impl<'a> ReportFiles<'a> {
    /// Makes sure, before any long work, that they can be written.
    pub(crate) fn new(out: &'a Path, name: String) -> anyhow::Result<Self> {
        can_write(out, [&*format!("{name}.html"), &*format!("{name}.json")])?;
        Ok(Self { out, name })
    }

    /// Writes them, and says where they are.
    pub(crate) fn write(&self, page: &str, json: &str) -> anyhow::Result<String> {
        for (ending, text) in [("html", page), ("json", json)] {
            let file = self.out.join(format!("{}.{ending}", self.name));
            replace(&file, text.as_bytes(), READABLE).with_context(|| cannot_write(&file))?;
        }
        Ok(plain(&self.out.join(format!("{}.{{html,json}}", self.name)).display().to_string()))
    }
}

/// What to do about a file that cannot be written.
pub(crate) fn cannot_write(path: &Path) -> String {
    format!("cannot write {}; choose another folder with --out", plain(&path.display().to_string()))
}
