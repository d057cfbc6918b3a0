//! The room under attack: what its doors refuse, and which bounds hold however hard a client tries. Requests go to a running room in this
//! process, like a client's. The tests measure counts and bytes, not times.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod hall;
mod doors;
mod bounds;
