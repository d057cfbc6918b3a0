//! The computations and charts of the benchmark: everything in it that needs no clock and no process.
//!
//! - [`figures`]: medians and quantiles. [`growth`]: how a cost grows, and where the exponent changes.
//! - [`table`]: one row for each comparison. [`chart`]: charts of growth.

pub mod figures;
pub mod growth;
pub mod table;
pub mod chart;
