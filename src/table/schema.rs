//! The names of the table's attributes: the original package's, and ours beside them. Source: `docs/FORMAT.md`.

/// The partition key, a string: the document's name.
pub const HASH_KEY: &str = "ydocname";

/// The sort key, binary.
pub const RANGE_KEY: &str = "ykeysort";

/// What the item carries, binary.
pub const VALUE: &str = "value";

/// Of a head: how many parts the set has; a number.
pub const PARTS: &str = "parts";

/// Of an update or a head: when it was written, in milliseconds since the epoch; a number.
pub const AT: &str = "at";

/// Of a head: whether the set counts; a boolean.
pub const SEALED: &str = "sealed";

/// Of a head: whether a compaction wrote the set; a boolean.
pub const COMPACTED: &str = "compacted";

/// Of a head: the state vector of the set's update; binary.
pub const STATE_VECTOR: &str = "sv";
