//! The responder's rule: its choices in a toy shop, and what must hold whatever is believed. One program, because each would link the
//! same again.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod toy;
mod choices;
mod properties;
