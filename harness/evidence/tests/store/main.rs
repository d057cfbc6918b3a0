//! The evidence store, fed with OTLP and asked. One program, because each would link the same again.

mod support;

mod api;
mod counted;
mod exposition;
mod structures;
mod json;
mod logs;
mod metrics;
mod receivers;
mod senders;
mod traces;
