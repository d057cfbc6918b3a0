//! What a simulated shop is made of besides its services: links that delay, lose and fall silent; workers who are busy; a disk that
//! seeks. Virtual time lets everything be computed in no time at all, so each of them says what its part takes.
//!
//! A service on real sockets and a real disk has none of these; it cannot tell the difference.

pub mod compute;
pub mod disk;
pub mod link;

pub use compute::Compute;
pub use disk::{Disk, DiskSpeed};
pub use link::{Conditions, Connection, Links, Trouble};
