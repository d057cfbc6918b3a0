//! The experiments, small, on the real chain. One program, because each would link the same again.

mod chain;
mod characters;
mod compare;
mod factors;
mod rendering;
mod responder;

// As in the program itself: virtual time is bound by small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
