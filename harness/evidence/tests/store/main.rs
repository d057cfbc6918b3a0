//! The evidence store, fed with OTLP and queried. All tests are one program, because separate ones would each link the same code.

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
