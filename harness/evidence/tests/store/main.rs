//! The evidence store, fed with OTLP and asked. One program, because each would link the same again.

mod support;

mod api;
mod exposition;
mod fuzz;
mod logs;
mod metrics;
mod receivers;
mod traces;
