//! The content store's assets in PostgreSQL, where several content stores share them.
//!
//! Everything else about the service (routes, editor's page, rendering) is the content store's own. What changes is only who
//! keeps the promise of its storage trait: one publish, one durable transaction, and of two updates one wins, also when
//! they come through two stores on two machines.
//!
//! # Layout
//!
//! - [`connections`]: the few connections, and how long anybody waits for one or for an answer.
//! - [`schema`]: the tables, made at the first start.
//! - [`storage`]: the trait's methods as transactions.

pub mod connections;
pub mod schema;
pub mod storage;

pub use storage::PostgresStorage;
