//! The limits of what Yjs can read, keep and write.

/// The largest integer of the format: 2^53 − 1, as in JavaScript.
pub(super) const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// The largest clock of an item. Yjs keeps structs that wait for a gap in format V2, which doubles clock differences.
pub(super) const MAX_ITEM_CLOCK: u64 = (1 << 52) - 1;

/// The deepest nesting of values and of types. Yjs writes and deletes them by recursion; JavaScript's stack ends at
/// about 4,000.
pub(super) const MAX_NESTING: usize = 1_000;
