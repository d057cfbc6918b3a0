//! What special characters break, measured. Teaches that 'text' has other rules in every place it passes through, and that
//! what survives one place is broken by the next.
//!
//! Each specimen of the [`table`] is published inside an otherwise ordinary text, in a shop with all four latent faults and
//! in one whose rendering is repaired. What arrives is fetched from outside, over HTTP, and judged by parsers that other
//! people wrote: `serde_json`, html5ever, roxmltree.
//!
//! # Layout
//!
//! - [`table`]: the specimens; [`find()`] takes those that are asked for.
//! - [`mod@measure`]: one text on its way through the shop.
//! - [`parsers`]: what a reader makes of what arrives; [`document`]: the page as html5ever sees it.
//! - [`report`]: all of them together; [`words`]: the table that people read.

pub mod table;
mod find;
pub mod measure;
pub mod parsers;
pub mod document;
pub mod report;
pub mod words;

pub use find::find;
pub use measure::{Measured, Passage, Places, measure};
pub use parsers::Outcome;
pub use report::{Report, Row, Summary, run};
pub use table::{Group, Specimen, specimens};
