//! Records and results as pages that people read: one file each, with its style and its plots inside, and
//! nothing loaded from elsewhere. Teaches that a report is a function of its data: a page is made of the JSON
//! that the experiment wrote, so whoever has the file can make it again, and no figure on it was typed in.
//!
//! # Layout
//!
//! - [`mod@incident`]: the debrief of one incident, and its post-incident review.
//! - [`mod@chain`]: the sixteen combinations of the latent faults.
//! - [`mod@compare`]: the same incidents at every telemetry level, and what stands between such figures and doubt.
//! - [`session`]: a session of the incident room: a page for each team, one for the facilitator, and the files that can be taken home.
//! - [`board`]: programs on the same incidents, of several comparisons.
//! - [`year`]: a simulated year of incidents, by who is called.
//! - [`chart`]: a plot with its table and its data. [`plot`]: where a figure stands in a plot. [`figures`]: figures in
//!   words, the same on every page.
//!
//! Templates stand in `templates/`. `report.html` is the frame of every report; `tokens.css` holds the
//! colours and sizes that reports and the incident room share.

pub mod incident;
pub mod chain;
pub mod compare;
pub mod session;
pub mod board;
pub mod year;
pub mod chart;
mod block;
mod grid;
pub mod figures;
pub mod plot;

/// The custom properties that all pages of the harness share: colours for light and dark, and sizes.
pub const TOKENS_CSS: &str = include_str!("../templates/tokens.css");

/// How plots look, on reports and in the incident room.
pub const PLOTS_CSS: &str = include_str!("../templates/plots.css");

#[cfg(test)]
mod tests {
    use incident::Level;

    #[test]
    fn every_level_has_its_colours() {
        for level in Level::ALL {
            let in_both_schemes = format!("--level-{level}:");
            assert_eq!(super::TOKENS_CSS.matches(&in_both_schemes).count(), 2, "{level}");
            assert_eq!(super::PLOTS_CSS.matches(&format!(".level-{level} {{")).count(), 2, "{level}");
            let compare = include_str!("../templates/compare.css");
            assert!(compare.contains(&format!(".of-{level} {{")), "{level}");
            let desk = include_str!("../../room/pages/desk.css");
            assert!(desk.contains(&format!(".of-{level} {{")), "{level}");
        }
    }
}
