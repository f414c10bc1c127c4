//! Persists Yjs documents in AWS DynamoDB.
//!
//! # Layout
//! * [`codec`]: sort keys and varints: how names and clocks become bytes. Pure.
//! * [`update`]: the Yjs update engine: merge, diff, state vector, validate, on the bytes. Pure.
//! * [`monitor`]: counts and events of what was done.
//! * [`table`]: the few DynamoDB operations the log needs, as a trait, and its adapters.
//! * [`log`]: the update log of one document: store, read, compact, clear; all protocol decisions.
//! * [`queue`]: the order of calls: documents in parallel, calls on one document one after another.
//! * [`compaction`]: when documents are compacted in the background.
//! * [`persistence`]: one method per call of the public API.
//! * `bindings`: the Node.js face of it, with the feature `node`.
//!
//! Imports point upwards in this list only (`tests/layers.rs` holds that). Beneath all of them lie [`error`], [`limits`]
//! (DynamoDB's) and [`defaults`] (ours).

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
pub mod table;
pub mod update;
