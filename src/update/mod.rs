//! The Yjs update engine: V1 update bytes in, V1 update bytes out. Pure: no async, no DynamoDB, no Node.

mod interim;

use std::fmt;

pub use interim::{Mismatch, diff, merge, state_vector, validate, validate_state_vector, verify};

/// How updates are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeOptions {
    /// Join neighbouring structs where that changes nothing (default true).
    pub squash: bool,
    /// Drop the content of deleted items, as a `Y.Doc` with `gc: true` does (default true).
    pub gc: bool,
    /// The input is the whole log of a document from its base, not a tail of it (default false): lets `gc` go further.
    pub whole_log: bool,
}

impl Default for MergeOptions {
    fn default() -> Self {
        MergeOptions { squash: true, gc: true, whole_log: false }
    }
}

/// Why bytes are not a V1 update (or not a state vector).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidUpdate {
    /// Where in the bytes.
    pub offset: usize,
    /// What is wrong there.
    pub reason: &'static str,
}

impl fmt::Display for InvalidUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.reason, self.offset)
    }
}

impl std::error::Error for InvalidUpdate {}
