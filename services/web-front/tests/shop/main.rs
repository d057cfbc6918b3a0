//! The web front against a cache and a content store that do as they are told, in virtual time.

mod faults;
mod pages;
mod support;
