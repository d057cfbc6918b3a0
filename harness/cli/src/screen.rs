//! The layout of a run: live on a terminal, plain lines in a pipe, and only JSON on standard output when requested.

use console::style;
use incident::{Route, Usd};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use world::Trade;

pub(crate) use crate::output::line;
use crate::{args::Format, output};

/// The maximum width of a bar; the line for all pages covers as many seconds. And the columns beside a bar, for its name and share.
const BAR_COLUMNS_MAX: usize = 50;
const COLUMNS_BESIDE_BAR: usize = 20;

/// The window over which 'now' is averaged, in seconds before the present: from four to one. More recent visits have hardly had time to be
/// answered.
const NOW_SECONDS: (u32, u32) = (4, 1);

pub(crate) struct Screen {
    format: Format,
    status: ProgressBar,
    is_live: bool,
}

impl Screen {
    /// A screen. Its status lines are live only on a terminal that can redraw them.
    pub(crate) fn new(format: Format) -> Self {
        let is_live = output::is_live();
        let target =
            if is_live { ProgressDrawTarget::stderr_with_hz(4) } else { ProgressDrawTarget::hidden() };
        let status = ProgressBar::with_draw_target(None, target);
        let style =
            ProgressStyle::with_template("{msg}").expect("the template has no parameters but the message");
        status.set_style(style);
        Self { format, status, is_live }
    }

    /// Prints a wrapped text: on standard output for people, or on standard error if standard output carries JSON.
    pub(crate) fn say(&self, text: &str) {
        match self.format {
            Format::Text => paragraph(text),
            Format::Json => output::error_line(&wrapped(text, stderr_columns())),
        }
    }

    /// Prints a text for pasting, without wrapping.
    pub(crate) fn say_as_it_is(&self, text: &str) {
        match self.format {
            Format::Text => line(text),
            Format::Json => output::error_line(text),
        }
    }

    /// Prints the result of a command, as JSON or as lines for people.
    pub(crate) fn print(&self, json: &str, lines: &[String]) {
        match self.format {
            Format::Text => lines.iter().for_each(|line| paragraph(line)),
            Format::Json => line(json),
        }
    }

    /// Shows the shop's state, with a bar for each kind of page. On a terminal the lines are redrawn in place.
    pub(crate) fn show(&self, world: &Trade, health: &str) {
        if self.is_live {
            output::keep_below(Some(&self.status));
            self.status.set_message(bars(world, health, stderr_columns()));
        }
    }

    /// Prints the shop's state as one more line, where lines cannot be redrawn.
    pub(crate) fn show_line(&self, world: &Trade) {
        if !self.is_live {
            self.say(&figures_now(world));
        }
    }

    pub(crate) fn clear(&self) {
        output::keep_below(None);
        self.status.finish_and_clear();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.is_live {
            self.clear();
        }
    }
}

pub(crate) fn paragraph(text: &str) {
    line(&wrapped(text, output::columns()));
}

fn stderr_columns() -> usize {
    output::columns_of(&console::Term::stderr())
}

/// The story's time, the loss, and the current share served for each kind of page.
fn figures_now(world: &Trade) -> String {
    let served = shares_now(world)
        .map(|(route, share)| format!("{} {}", route.name(), share.map_or("  -".into(), percent)));
    let served = served.collect::<Vec<_>>().join(" ");
    let (time, loss) = time_and_loss(world);
    format!("{time} {:>10} lost  {served}", loss.to_string())
}

/// The story's time of day, and the loss so far.
pub(crate) fn time_and_loss(world: &Trade) -> (String, Usd) {
    let at_s = world.at_s();
    let record = world.record();
    let story_s = record.clock().story_at(at_s);
    (record.story().time_at(story_s).to_string(), record.loss_by(at_s))
}

/// For each kind of page, the share of the most recent visits that has been answered well so far.
fn shares_now(world: &Trade) -> impl Iterator<Item = (Route, Option<f64>)> {
    let second = whole_seconds(world.at_s());
    let (from_s, to_s) = (second.saturating_sub(NOW_SECONDS.0), second.saturating_sub(NOW_SECONDS.1));
    Route::ALL.into_iter().map(move |route| (route, served(world, Some(route), from_s, to_s)))
}

/// The share of the visits begun in these seconds, on one route or on all, that has been answered well so far; `None` without visits.
pub(crate) fn served(world: &Trade, route: Option<Route>, from_s: u32, to_s: u32) -> Option<f64> {
    let begun = world.customers().begun(route, from_s, to_s);
    let ended = world.record().tally(route, from_s, to_s);
    (begun > 0).then(|| (ended.served + ended.degraded) as f64 / f64::from(begun))
}

/// The status lines: the story's time and loss, a bar for each kind of page, and the last seconds.
fn bars(world: &Trade, health: &str, columns: usize) -> String {
    let (time, loss) = time_and_loss(world);
    let waiting = world.customers().waiting();
    let mut lines =
        vec![String::new(), wrapped(&format!("  {time}  {loss} lost, {waiting} wait  {health}"), columns)];
    let width = columns.saturating_sub(COLUMNS_BESIDE_BAR).min(BAR_COLUMNS_MAX);
    for (route, share) in shares_now(world) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a few columns"
        )]
        let full = (share.unwrap_or_default() * width as f64).round() as usize;
        let bar = coloured(&"█".repeat(full.min(width)), share.unwrap_or_default());
        let empty = "░".repeat(width.saturating_sub(full));
        lines.push(format!("  {:<9} {bar}{empty} {}", route.name(), share.map_or("   -".into(), percent)));
    }
    lines.push(format!("  all pages {}", sparkline(world, width)));
    lines.join("\n")
}

fn coloured(text: &impl ToString, share: f64) -> String {
    let text = style(text.to_string()).for_stderr();
    if share < 0.5 { text.red().to_string() } else { text.green().to_string() }
}

fn sparkline(world: &Trade, columns: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let now_s = whole_seconds(world.at_s()).saturating_sub(1);
    let seconds = u32::try_from(columns).unwrap_or_default();
    let from_s = now_s.saturating_sub(seconds);
    let bars = (from_s..now_s).map(|second| {
        let share = served(world, None, second, second + 1).unwrap_or(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of eight bars")]
        let bar = BARS[((share * 7.0).round() as usize).min(7)];
        coloured(&bar, share)
    });
    bars.collect()
}

/// A share in whole percent, right-aligned.
pub(crate) fn percent(share: f64) -> String {
    format!("{:>3.0} %", share * 100.0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds of a run, never negative"
)]
pub(crate) fn whole_seconds(at_s: f64) -> u32 {
    at_s as u32
}

/// Wraps each line to the width, keeping its indentation. Rows of tables are not wrapped, because their columns would be lost.
fn wrapped(text: &str, columns: usize) -> String {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let (indent, text) = paragraph.split_at(paragraph.len() - paragraph.trim_start().len());
        if console::measure_text_width(paragraph) <= columns || text.contains("   ") {
            lines.push(paragraph.to_owned());
            continue;
        }
        let room = columns.saturating_sub(indent.len());
        lines.extend(broken(text, room).into_iter().map(|line| format!("{indent}{line}")));
    }
    lines.join("\n")
}

/// Breaks a text between words into lines of at most `width` columns.
pub(crate) fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let last = lines.last_mut().expect("there is a first line");
        if last.is_empty() {
            last.push_str(word);
        } else if console::measure_text_width(last) + 1 + console::measure_text_width(word) <= width {
            *last = format!("{last} {word}");
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
