//! Records and results as pages that people read: one file each, with its style and its plots inside, and
//! nothing loaded from elsewhere. Teaches that a report is a function of its data: a page is made of the JSON
//! that the experiment wrote, so whoever has the file can make it again, and no figure on it was typed in.
//!
//! # Layout
//!
//! - [`mod@chain`]: the sixteen combinations of the latent faults.
//! - [`figures`]: figures in words, the same on every page. [`plot`]: where a figure stands in a plot.
//!
//! Templates stand in `templates/`. `report.html` is the frame of every report; `tokens.css` holds the
//! colours and sizes that reports and the incident room share.

pub mod chain;
pub mod figures;
pub mod plot;

/// The custom properties that all pages of the harness share: colours for light and dark, and sizes.
pub const TOKENS_CSS: &str = include_str!("../templates/tokens.css");
