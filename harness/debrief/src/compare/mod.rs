//! The page about a comparison of telemetry levels, and its plots of many incidents side by side. [`page()`] draws what
//! `glyphfall compare` found; its titles are findings, made of the figures below them, whichever sign those have.
//!
//! - `words`: differences in words. `block`: a table with its doubt.
//! - `overview` and `charts`: the levels. `controls` and `doubts`: what stands against them. `certainty`: how sure, and how right.
//!
//! Each plot is a pure function of figures that an experiment computed, in whatever width a page asks for. They show every incident, intervals instead of verdicts, and what was never reached.
//!
//! - [`dots()`]: every incident as a dot, by telemetry level. [`differences()`]: paired differences with their intervals.
//! - [`signs()`]: the same by scenario. [`reliability()`]: what was believed against what came true.
//! - [`trade_off()`]: time against error.
//!
//! A page puts each into a [`Chart`](crate::chart::Chart) with a title, a table and its data. Their colours stand in
//! `templates/compare.css`.

mod page;
mod overview;
mod charts;
mod controls;
mod doubts;
mod certainty;
mod block;
mod words;
mod differences;
mod dots;
mod reliability;
mod signs;
mod trade_off;

pub use differences::{Difference, differences};
pub use dots::{LevelDots, dots};
pub use page::page;
pub use reliability::{Reliability, reliability};
pub use signs::{ScenarioSigns, signs};
pub use trade_off::{Curve, trade_off};

/// The colours of the plots above.
pub const COMPARE_CSS: &str = include_str!("../../templates/compare.css");
