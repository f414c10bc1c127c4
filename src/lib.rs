//! Persists Yjs documents in AWS DynamoDB.
//!
//! # Layout
//! * `bindings`: what Node.js calls, with the feature `node`.
//! * [`persistence`]: one method per call of the public API.
//! * [`compaction`]: when documents are compacted in the background.
//! * [`queue`]: the order of calls: documents in parallel, calls on one document one after another.
//! * [`log`]: the update log of one document: store, read, compact, clear; all protocol decisions.
//! * [`table`]: the few DynamoDB operations the log needs, as a trait, and its adapters.
//! * [`monitor`]: counts and events of what was done.
//! * [`update`]: the Yjs update engine: merge, diff, state vector, validate, on the bytes. Pure.
//! * [`codec`]: sort keys and varints: how names and clocks become bytes. Pure.
//!
//! Imports point downwards in this list only (`tests/layers.rs` checks that). All modules may use [`error`], [`limits`]
//! (DynamoDB's), [`defaults`] (ours) and `sync` (locks).

#[cfg(feature = "node")]
mod bindings;
pub mod codec;
pub mod compaction;
pub mod defaults;
pub mod error;
pub mod limits;
pub mod log;
pub mod monitor;
pub mod persistence;
pub mod queue;
mod sync;
pub mod table;
pub mod update;
