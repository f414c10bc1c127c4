//! How updates are merged.

/// What a merge may change besides taking the union.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeOptions {
    /// Join neighbouring structs where that changes nothing (default true).
    pub squash: bool,
    /// Drop the content of deleted items, as a `Y.Doc` with `gc: true` does (default true).
    pub gc: bool,
    /// The input is the whole log of a document from its first update on, not a tail (default false). Lets `gc` drop more.
    pub whole_log: bool,
}

impl Default for MergeOptions {
    fn default() -> Self {
        MergeOptions { squash: true, gc: true, whole_log: false }
    }
}
