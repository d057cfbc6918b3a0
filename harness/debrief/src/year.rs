//! A simulated year of incidents, or one incident on many mornings, as a page: its tables, and a histogram of the time to restore.

use askama::Template;
use report::year::YearReport;

use crate::{
    chart::{Block, Table},
    figures::unbroken,
    plot::{
        Scale, WIDE, WIDTH,
        svg::{Anchor, Svg},
    },
    year,
};

pub fn page(report: &YearReport) -> Result<String, askama::Error> {
    Page { report }.render()
}

#[derive(Template)]
#[template(path = "year.html")]
struct Page<'a> {
    report: &'a YearReport,
}

fn block(of: &report::year::Table) -> Block {
    let rows = of.rows.iter().map(|(what, cells)| {
        std::iter::once(what.clone()).chain(cells.iter().map(|cell| unbroken(&cell.text()))).collect()
    });
    let table = Table { columns: of.columns.clone(), rows: rows.collect() };
    Block { depth: 2, ..Block::new(unbroken(&of.title), unbroken(&of.about), table) }
}

/// The last minute after the loss that has a bar of its own: then the story is over.
const UNTIL: f64 = 300.0;

/// The width of a bar, in minutes.
const STEP: f64 = 15.0;

/// A histogram of mornings by the quarter of an hour of the restoration. Mornings that took more than five hours share a bar at the right edge.
fn histogram(mornings: &[Option<f64>], width: f64) -> String {
    const TOP: f64 = 150.0;
    const EDGE: f64 = 8.0;
    let from = |place: u32| f64::from(place) * STEP;
    let bars = (0..).map(from).take_while(|from| *from < UNTIL).map(|from| {
        let within = |minutes: &&f64| (from..from + STEP).contains(*minutes);
        (from, mornings.iter().flatten().filter(within).count())
    });
    let never = mornings.iter().filter(|minutes| minutes.is_none()).count();
    let share = |(from, count): (f64, usize)| (from, count as f64 * (100.0 / mornings.len() as f64));
    let shares: Vec<(f64, f64)> = bars.chain([(UNTIL + 2.0 * STEP, never)]).map(share).collect();
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
