//! The web front against a cache and a content store that do as they are told, in virtual time.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod faults;
mod pages;
mod support;
