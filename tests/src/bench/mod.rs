//! What the benchmark beside peers computes and draws: everything in it that needs no clock and no process.
//!
//! - [`figures`]: the middle of several runs, quantiles. [`growth`]: how a cost grows, and where that changes.
//! - [`table`]: one row for each comparison. [`chart`]: growth, drawn.

pub mod figures;
pub mod growth;
pub mod table;
pub mod chart;
