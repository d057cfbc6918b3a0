//! The room under hostile hands: what its doors refuse, and what is bounded however hard somebody tries. A running room in this process,
//! asked as a client would; measured are counts and bytes, not times.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod hall;
mod doors;
mod bounds;
