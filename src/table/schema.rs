//! The names of the table's attributes: those of the original package, and our additions. Source: `docs/FORMAT.md`.

/// The partition key, a string: the document's name.
pub const HASH_KEY: &str = "ydocname";

/// The sort key, binary.
pub const RANGE_KEY: &str = "ykeysort";

/// The content of the item, binary.
pub const VALUE: &str = "value";

/// In an open item: 8 random bytes, new with each write, binary.
pub const VERSION: &str = "version";

/// In a head: the number of parts, a number.
pub const PARTS: &str = "parts";

/// In an update or a head: the time of the write, in milliseconds since the epoch, a number.
pub const AT: &str = "at";

/// In a head: whether the set is sealed, a boolean.
pub const SEALED: &str = "sealed";

/// In a head: whether a compaction wrote the set, a boolean.
pub const COMPACTED: &str = "compacted";

/// In a head: the state vector of the set's update, binary.
pub const STATE_VECTOR: &str = "sv";
