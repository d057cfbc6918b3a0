//! A chart of the hour: a column for each process, a row for each count, and the line fitted to the second half.

use debrief::plot::{
    Scale,
    svg::{Anchor, Svg},
    ticks::figures,
};

use crate::{
    level::{Verdict, points},
    samples::{MEASURES, Sample},
};

/// Width and height of a panel, including its labels.
const PANEL: (f64, f64) = (480.0, 170.0);
/// Margins of the plot area: at the left, and around it.
const LEFT: f64 = 56.0;
const AROUND: f64 = 34.0;

const STYLE: &str = "<style>text { font: 12px sans-serif; fill: #222 } .axis { stroke: #999 } .seen { fill: none; stroke: #1f6feb } \
    .fit { stroke: #c2410c; stroke-width: 2 } .half { stroke: #999; stroke-dasharray: 4 }</style>\
    <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>";

/// The chart as a whole SVG file.
pub(crate) fn drawn(samples: &[Sample], verdicts: &[Verdict]) -> String {
    let columns = verdicts.len().div_ceil(MEASURES.len());
    let mut svg =
        Svg::new(PANEL.0 * columns as f64, "Memory, descriptors, threads and tasks of both processes");
    for (place, verdict) in verdicts.iter().enumerate() {
        let corner = ((place / MEASURES.len()) as f64 * PANEL.0, verdict.measure as f64 * PANEL.1);
        panel(&mut svg, corner, verdict, &points(samples, verdict.process, verdict.measure));
    }
    let svg = svg.finish(PANEL.1 * MEASURES.len() as f64);
    let svg = svg.replacen("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 1);
    svg.replacen(">\n", &format!(">{STYLE}\n"), 1)
}

fn panel(svg: &mut Svg, (x, y): (f64, f64), verdict: &Verdict, points: &[(f64, f64)]) {
    let Some((end, _)) = points.last() else { return };
    let (name, unit) = MEASURES[verdict.measure];
    let across = Scale { figures: (0.0, end / 60.0), places: (x + LEFT, x + PANEL.0 - 12.0) };
    let up =
        Scale { figures: (0.0, verdict.most.max(1.0) * 1.1), places: (y + PANEL.1 - AROUND, y + AROUND) };
    let title = format!("{}: {name} {unit}, {:+.1} over the second half", verdict.process, verdict.rise);
    svg.text("title", (x + 8.0, y + 20.0), Anchor::Start, &title);
    for mark in figures(&up, 40.0) {
        svg.line("axis", (across.places.0, up.at(mark)), (across.places.1, up.at(mark)));
        svg.text("quiet", (across.places.0 - 6.0, up.at(mark) + 4.0), Anchor::End, &format!("{mark}"));
    }
    for mark in figures(&across, 60.0) {
        svg.text("quiet", (across.at(mark), up.places.0 + 16.0), Anchor::Middle, &format!("{mark} min"));
    }
    let half = across.at(end / 120.0);
    svg.line("half", (half, up.places.0), (half, up.places.1));
    let steps: Vec<String> = points
        .iter()
        .enumerate()
        .map(|(place, (at_s, count))| {
            let command = if place == 0 { 'M' } else { 'L' };
            format!("{command}{} {}", across.at(at_s / 60.0), up.at(*count))
        })
        .collect();
    svg.path("seen", &steps.join(" "));
    let ends =
        [verdict.mean - verdict.rise / 2.0, verdict.mean + verdict.rise / 2.0].map(|count| up.at(count));
    svg.line("fit", (half, ends[0]), (across.places.1, ends[1]));
}
