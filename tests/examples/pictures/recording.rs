//! The demonstration as a terminal shows it, as one animated SVG. It has no script, so code hosts show it too, and it stands still for
//! readers who prefer reduced motion.
//!
//! This code knows nothing of the demonstration's text. The program runs on a terminal so high that nothing scrolls off. Each line that
//! stays for a while becomes one text of the picture, shown from its appearance until its next change. The whole moves up as a terminal's
//! window would.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::Read,
    num::NonZeroU16,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use glyphfall_tests::process::program;
use vt100::{Cell, Color, Parser};

/// The file's name.
const NAME: &str = "demonstration.svg";

/// Columns, and enough rows for the whole output.
const COLUMNS: u16 = 80;
const ROWS: u16 = 400;

/// Visible rows.
const SHOWN_ROWS: usize = 27;

/// Playback speed relative to the run.
const TIMES: f64 = 3.0;

/// The longest time without a new line, and the shortest time between two changes of one line, in seconds of the picture.
const STILL_S_MAX: f64 = 4.0;
const CHANGE_S_MIN: f64 = 0.4;

/// How long the last frame stays, in seconds.
const END_S: f64 = 8.0;

/// Width of a letter, height of a line, and the margin, in pixels.
const WIDTH: f64 = 8.43;
const HEIGHT: f64 = 19.0;
const EDGE: f64 = 16.0;

/// A part of a line in one style.
#[derive(Clone, Debug, PartialEq)]
struct Run {
    column: u16,
    columns: u16,
    text: String,
    look: String,
}

type Line = Vec<Run>;

/// The versions of each row: a start time in seconds of the picture, and the line shown from then until the row's next version.
type Rows = BTreeMap<usize, Vec<(f64, Line)>>;

/// Runs the demonstration and draws it.
pub(crate) fn make(folder: &Path) {
    let frames = run();
    let (rows, end) = played(&frames);
    let picture = drawn(&rows, end);
    fs::write(folder.join(NAME), picture).unwrap();
}

/// All frames of the terminal: the time in seconds of the run, and the lines.
fn run() -> Vec<(f64, Vec<Line>)> {
    let out = tempfile::tempdir().unwrap();
    let line = format!(
        "stty rows {ROWS} columns {COLUMNS} && exec {} demo --seed 7 --out {}",
        program("glyphfall").display(),
        out.path().display()
    );
    // `script` runs the program on a pseudo-terminal.
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--flush", "--command", &line, "/dev/null"]);
    command.env("TERM", "xterm-256color").env("COLORTERM", "").env_remove("NO_COLOR");
    let mut script = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = script.stdout.take().unwrap();
    let mut terminal = Parser::new(NonZeroU16::new(ROWS).unwrap(), NonZeroU16::new(COLUMNS).unwrap(), 0);
    let (began, mut bytes, mut frames) = (now(), [0; 8_192], Vec::new());
    while let Ok(count @ 1..) = said.read(&mut bytes) {
        terminal.process(&bytes[..count]);
        frames.push((began.elapsed().as_secs_f64(), (0..ROWS).map(|row| line_of(&terminal, row)).collect()));
    }
    assert!(script.wait().unwrap().success(), "the demonstration comes to its end");
    frames
}

#[expect(clippy::disallowed_methods, reason = "a recording takes time on the wall clock")]
fn now() -> Instant {
    Instant::now()
}

fn line_of(terminal: &Parser, row: u16) -> Line {
    let mut line: Line = Vec::new();
    for column in 0..COLUMNS {
        let Some(cell) = terminal.screen().cell(row, column).filter(|cell| !cell.is_wide_continuation())
        else {
            continue;
        };
        let text = if cell.has_contents() { cell.contents() } else { " " };
        let look = look_of(cell);
        match line.last_mut() {
            Some(run) if run.look == look => {
                run.text += text;
                run.columns = column + 1 - run.column;
            }
            _ => line.push(Run { column, columns: 1, text: text.to_owned(), look }),
        }
    }
    for run in &mut line {
        let kept = run.text.trim_end_matches(' ').chars().count();
        run.columns -= u16::try_from(run.text.chars().count() - kept).unwrap();
        run.text.truncate(run.text.trim_end_matches(' ').len());
    }
    line.retain(|run| !run.text.is_empty());
    line
}

/// The CSS classes of a cell.
fn look_of(cell: &Cell) -> String {
    let colour = match cell.fgcolor() {
        Color::Idx(index @ 0..=15) => format!("c{} ", index % 8),
        _ => String::new(),
    };
    let weight = if cell.bold() { "b " } else { "" };
    let shade = if cell.dim() { "d " } else { "" };
    format!("{colour}{weight}{shade}").trim_end().to_owned()
}

/// The versions of each row in the picture's time, and the time of the last change.
fn played(frames: &[(f64, Vec<Line>)]) -> (Rows, f64) {
    let (mut rows, mut shown_s, mut before_s, mut still_s, mut known) = (Rows::new(), 0.0_f64, 0.0, 0.0, 0);
    for (at_s, lines) in frames {
        let height = height_of(lines);
        let step = ((at_s - before_s) / TIMES).min((STILL_S_MAX - still_s).max(0.0));
        shown_s += step;
        still_s += step;
        before_s = *at_s;
        if height > known {
            (known, still_s) = (height, 0.0);
        }
        for (row, line) in lines.iter().enumerate() {
            let versions = rows.entry(row).or_default();
            match versions.last_mut() {
                Some((_, last)) if last == line => {}
                // A line that changes faster than one can read is replaced in place.
                Some((from_s, last)) if shown_s - *from_s < CHANGE_S_MIN => last.clone_from(line),
                None if line.is_empty() => {}
                _ => versions.push((shown_s, line.clone())),
            }
        }
    }
    (rows, shown_s)
}

fn height_of(lines: &[Line]) -> usize {
    lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1)
}

/// Draws the picture. Without animation it shows the end.
fn drawn(rows: &Rows, end_s: f64) -> String {
    let whole_s = end_s + END_S;
    let share = |at_s: f64| format!("{:.2}%", at_s / whole_s * 100.0);
    let (mut texts, mut moments) = (String::new(), BTreeMap::new());
    let mut heights = vec![(0.0, 0)];
    for (row, versions) in rows {
        for (place, (from_s, line)) in versions.iter().enumerate() {
            if line.is_empty() {
                continue;
            }
            let until_s = versions.get(place + 1).map(|(next_s, _)| *next_s);
            let count = moments.len();
            let moment = (share(*from_s), until_s.map(share));
            let number = *moments.entry(moment).or_insert(count);
            let past = if until_s.is_some() { " p" } else { "" };
            let y = HEIGHT.mul_add(*row as f64, HEIGHT * 0.75);
            let _ = write!(texts, "<text y=\"{y:.0}\" class=\"m{number}{past}\">");
            for run in line {
                let (x, width) = (WIDTH * f64::from(run.column), WIDTH * f64::from(run.columns));
                let look =
                    if run.look.is_empty() { String::new() } else { format!(" class=\"{}\"", run.look) };
                let text = run.text.replace('&', "&amp;").replace('<', "&lt;");
                let _ = write!(texts, "<tspan x=\"{x:.0}\" textLength=\"{width:.0}\"{look}>{text}</tspan>");
            }
            texts += "</text>\n";
            heights.push((*from_s, row + 1));
        }
    }
    let mut style = String::new();
    for ((from, until), number) in &moments {
        let ends = until.as_ref().map_or(String::new(), |until| format!("{until},to{{visibility:hidden}}"));
        let _ = writeln!(
            style,
            ".m{number}{{animation-name:m{number}}}@keyframes m{number}{{0%{{visibility:hidden}}{from}{{visibility:visible}}{ends}}}"
        );
    }
    let (moves, last) = moved(heights, share);
    let (inner, rows_high) = (WIDTH * f64::from(COLUMNS), HEIGHT * SHOWN_ROWS as f64);
    let (width, height) = (EDGE.mul_add(2.0, inner), EDGE.mul_add(3.0, rows_high) + HEIGHT);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" role="img" aria-labelledby="t">
<title id="t">A recording of the demonstration in a terminal, {TIMES} times as fast as it runs</title>
<style>
text{{font:14px ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#dfe4ea;white-space:pre}}
.k{{fill:#8f99a5}}
.b{{font-weight:700}}.d{{fill:#9aa4af}}
.c0{{fill:#8f99a5}}.c1{{fill:#ff8a5c}}.c2{{fill:#4fd1a5}}.c3{{fill:#f0c25a}}.c4{{fill:#6cbcec}}.c5{{fill:#d9a0e0}}.c6{{fill:#6cd0d8}}.c7{{fill:#ffffff}}
.p{{visibility:hidden}}
.s{{transform:translateY(-{last:.0}px);animation-name:s}}
.s,.s text{{animation-duration:{whole_s:.1}s;animation-timing-function:step-end;animation-iteration-count:infinite}}
@media (prefers-reduced-motion:reduce){{.s,.s text{{animation:none}}}}
@keyframes s{{{moves}}}
{style}</style>
<rect width="100%" height="100%" rx="10" fill="#14181d"/>
<text x="{EDGE}" y="{top:.0}" class="k">$ glyphfall</text><text x="{right:.0}" y="{top:.0}" class="k" text-anchor="end">plays {TIMES} times as fast</text>
<svg x="{EDGE}" y="{below:.0}" width="{inner:.0}" height="{rows_high:.0}"><g class="s">
{texts}</g></svg>
</svg>
"##,
        top = EDGE + HEIGHT * 0.6,
        right = width - EDGE,
        below = EDGE * 2.0 + HEIGHT,
    )
}

/// Keyframes that move the window up, and the total shift in pixels.
fn moved(mut heights: Vec<(f64, usize)>, share: impl Fn(f64) -> String) -> (String, f64) {
    heights.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut moves, mut known) = (String::from("0%{transform:none}"), 0);
    for (at_s, height) in heights {
        let above = height.saturating_sub(SHOWN_ROWS);
        if above > known {
            known = above;
            let _ = write!(moves, "{}{{transform:translateY(-{:.0}px)}}", share(at_s), HEIGHT * known as f64);
        }
    }
    let last = HEIGHT * known as f64;
    let _ = write!(moves, "to{{transform:translateY(-{last:.0}px)}}");
    (moves, last)
}
