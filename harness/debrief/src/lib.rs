//! Records and results as pages that people read. Each page is one file with its styles and plots inside, and loads
//! nothing from elsewhere. Teaches that a report is a function of its data: a page is made only of the JSON that the
//! experiment wrote. Anybody with that file can make the page again, and nobody typed a figure into it.
//!
//! # Layout
//!
//! - [`mod@incident`]: the debrief of one incident, and its post-incident review.
//! - [`mod@chain`]: the sixteen combinations of the latent faults.
//! - [`mod@compare`]: the same incidents at every telemetry level, and the controls that test those figures.
//! - [`session`]: a session of the incident room: a page for each team, one for the facilitator, and the files to take home.
//! - [`board`]: the leaderboard: programs on the same incidents, from several comparisons.
//! - [`year`]: a simulated year of incidents, by who is called.
//! - [`chart`]: a plot with its table and its data. [`plot`]: scales and shapes of plots. [`figures`]: figures in
//!   words, the same on every page.
//!
//! Templates are in `templates/`. `report.html` is the frame of every report; `tokens.css` holds the
//! colours and sizes that reports and the incident room share.

pub mod incident;
pub mod chain;
pub mod compare;
pub mod session;
pub mod board;
pub mod year;
pub mod chart;
mod grid;
pub mod figures;
pub mod plot;

/// The custom properties that all pages of the harness share: colours for light and dark, and sizes.
pub const TOKENS_CSS: &str = include_str!("../templates/tokens.css");

/// The style sheet of plots, for reports and the incident room.
pub const PLOTS_CSS: &str = include_str!("../templates/plots.css");

#[cfg(test)]
mod tests {
    use incident::Level;

    #[test]
    fn every_level_has_its_colours() {
        for level in Level::ALL {
            assert!(super::TOKENS_CSS.contains(&format!("--level-{level}: light-dark(")), "{level}");
            assert!(super::PLOTS_CSS.contains(&format!(".level-{level} {{")), "{level}");
            let desk = include_str!("../../room/pages/desk.css");
            assert!(desk.contains(&format!(".of-{level} {{")), "{level}");
        }
    }
}
