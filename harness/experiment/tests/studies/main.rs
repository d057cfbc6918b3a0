//! Small experiments on the real chain. They share one test program, because each of its own would link the same code again.

mod chain;
mod characters;
mod compare;
mod factors;
mod rendering;
mod responder;

// As in the program itself: small allocations limit the speed of virtual time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
