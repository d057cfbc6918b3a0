//! The responder's rule: its choices in a toy shop, and properties that hold for every belief. One test program, because several would each
//! link the same code.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod toy;
mod choices;
mod properties;
