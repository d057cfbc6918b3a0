//! Somebody from outside who responds in a world: a program with a protocol of its own. It is given the hands of a responder and nothing
//! else. Teaches that whoever can be exchanged must fit through the same door.

use std::{fmt, pin::Pin};

use crate::hands::WorldHands;

/// A responder that this crate does not know.
pub trait Guest: Send + Sync {
    /// Responds from the call on, until they are done.
    fn respond<'a>(&'a self, hands: &'a WorldHands<'a>) -> Pin<Box<dyn Future<Output = ()> + 'a>>;
}

impl fmt::Debug for dyn Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guest")
    }
}

impl PartialEq for dyn Guest {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::addr_eq(self, other)
    }
}
