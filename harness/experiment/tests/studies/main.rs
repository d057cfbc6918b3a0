//! The experiments, small, on the real chain. One program, because each would link the same again.

mod chain;
mod characters;
mod compare;
mod factors;
mod rendering;
mod responder;
