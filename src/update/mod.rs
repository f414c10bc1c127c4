//! The Yjs update engine: V1 update bytes in, V1 update bytes out. Pure: no async, no DynamoDB, no Node.
//!
//! # Layout
//! A file imports only files of earlier lines (`tests/layers.rs` checks that there are no cycles).
//! * `invalid_update`, `limits`, `options`: the error, what Yjs can read, how to merge.
//! * `reader`, `placeholder`, `text`, `json`, `growth`: bytes, varints, UTF-16 lengths, JSON, lists.
//! * `content`, `item_header`: the parts of a struct.
//! * `scan`: one checked pass over an update. Everything below reads updates through it, except `second_reader`.
//! * `clients`, `delete_set`, `record`, `conflict_filter`, `records`: the structs and deletions of all inputs.
//! * `dedup` → `integration` → `conflicts`, `collect` → `squash` → `write`: the steps of a merge. `merge`: all of them.
//! * `state_vector`, `diff`: what an update contains, what a peer lacks.
//! * `validate`: what Yjs applies without throwing. `sections` → `salvage`: an update without what `validate` refuses.
//! * `id_set`, `second_reader`, `proof`, `verify`: a second reader, which shares no code with the first, to check a merge.
//!
//! All functions are safe on hostile bytes: they check what they read, do not recurse on it, and allocate only in
//! proportion to its length. Content is copied, never decoded and encoded again.

mod clients;
mod collect;
mod conflict_filter;
mod conflicts;
mod content;
mod dedup;
mod delete_set;
mod diff;
mod growth;
mod id_set;
mod integration;
mod invalid_update;
mod item_header;
mod json;
mod limits;
mod merge;
mod options;
mod placeholder;
mod proof;
mod reader;
mod record;
mod records;
mod salvage;
mod scan;
mod second_reader;
mod sections;
mod squash;
mod state_vector;
mod text;
mod validate;
mod verify;
mod write;

pub use diff::diff;
pub use id_set::IdSet;
pub use invalid_update::InvalidUpdate;
pub use merge::{merge, merge_readable, unreadable};
pub use options::MergeOptions;
pub use salvage::{Salvaged, salvage};
pub use second_reader::{Contents, contents};
pub use state_vector::{Claim, claims_beyond, state_vector, validate_state_vector};
pub use validate::validate;
pub use verify::{Mismatch, verify};
