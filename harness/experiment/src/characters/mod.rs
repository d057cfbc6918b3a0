//! Measures what special characters break. Teaches that every place through which text passes has its own rules for it, and
//! that text which survives one place may break in the next.
//!
//! Each specimen of the [`table`] is published inside an otherwise ordinary text, in a shop with all four latent faults and
//! in one whose rendering is repaired. The experiment fetches the results from outside, over HTTP, and third-party parsers
//! judge them: `serde_json`, html5ever, roxmltree.
//!
//! # Layout
//!
//! - [`table`]: the specimens; [`find()`] selects those that a user asks for.
//! - [`mod@measure`]: sends one text through the shop.
//! - [`parsers`]: how each reader parses the answers; [`document`]: the page as html5ever sees it.
//! - [`report`]: all specimens, measured and counted; [`words`]: the table that people read.

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
