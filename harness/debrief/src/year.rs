//! A year, or the story's clock, as a page: its tables, and how often the story's incident took how long.

use askama::Template;
use report::year::YearReport;

use crate::{
    block::Block,
    chart::Table,
    figures::unbroken,
    plot::{
        Scale, WIDE, WIDTH,
        svg::{Anchor, Svg},
    },
};

/// The page.
///
/// # Errors
///
/// If the page cannot be written.
pub fn page(report: &YearReport) -> Result<String, askama::Error> {
    let blocks = report.tables.iter().map(|table| {
        let rows = table.rows.iter().map(|(what, cells)| {
            std::iter::once(what.clone()).chain(cells.iter().map(|cell| unbroken(&cell.text()))).collect()
        });
        let shown = Table { columns: table.columns.clone(), rows: rows.collect() };
        Block { depth: 2, ..Block::new(unbroken(&table.title), unbroken(&table.about), shown) }
    });
    let plots = if report.mornings.is_empty() {
        vec![]
    } else {
        [WIDE, WIDTH].map(|width| histogram(&report.mornings, width)).into()
    };
    Page { report, blocks: blocks.collect(), plots }.render()
}

#[derive(Template)]
#[template(path = "year.html")]
struct Page<'a> {
    report: &'a YearReport,
    blocks: Vec<Block>,
    plots: Vec<String>,
}

/// The story is over after so many minutes.
const UNTIL: f64 = 300.0;

/// Minutes of a bar.
const STEP: f64 = 15.0;

/// The share of mornings restored in each quarter of an hour after the loss; those that were not stand aside.
fn histogram(mornings: &[Option<f64>], width: f64) -> String {
    const TOP: f64 = 150.0;
    const EDGE: f64 = 8.0;
    let from = |place: usize| place as f64 * STEP;
    let bars = (0..).take_while(|place| from(*place) < UNTIL);
    let within = |from: f64| move |minutes: &f64| (from..from + STEP).contains(minutes);
    let mut shares: Vec<(f64, f64)> = bars
        .map(|place| {
            (
                from(place),
                mornings.iter().flatten().filter(|minutes| within(from(place))(minutes)).count() as f64,
            )
        })
        .collect();
    shares.push((UNTIL + 2.0 * STEP, mornings.iter().filter(|minutes| minutes.is_none()).count() as f64));
    for (_, share) in &mut shares {
        *share *= 100.0 / mornings.len() as f64;
    }
    let most = shares.iter().map(|(_, share)| *share).fold(1.0, f64::max);
    let x = Scale { figures: (0.0, UNTIL + 3.0 * STEP), places: (EDGE, width - EDGE) };
    let y = Scale { figures: (0.0, most), places: (TOP, 34.0) };
    let mut svg =
        Svg::new(width, "Mornings by minutes from the loss to the restoration. The table holds the deciles.");
    svg.text("strong", (EDGE, 10.0), Anchor::Start, "% of mornings, by quarter of an hour after the loss");
    for hour in 0..=5_u8 {
        let (at, anchor) =
            (x.at(f64::from(hour) * 60.0), if hour == 0 { Anchor::Start } else { Anchor::Middle });
        svg.line("axis", (at, 20.0), (at, TOP));
        svg.text("quiet", (at, TOP + 15.0), anchor, &format!("{hour} h"));
    }
    for (from, share) in shares.into_iter().filter(|(_, share)| *share > 0.0) {
        let (left, right, top) = (x.at(from) + 0.5, x.at(from + STEP) - 0.5, y.at(share));
        svg.rect("level-dark", (left, top), (right, TOP));
        let share = if share < 0.5 { String::new() } else { format!("{share:.0}") };
        svg.text("quiet", (f64::midpoint(left, right), top - 4.0), Anchor::Middle, &share);
    }
    svg.text("quiet", (width - EDGE, TOP + 15.0), Anchor::End, "later");
    svg.finish(TOP + 22.0)
}
