//! What the owner of a queue keeps for each document. The queue knows nothing of its meaning.

use crate::codec::sort_key::DocName;

/// The memory of an allocation of `bytes` with the header and the rounding of a common allocator, in bytes.
pub const fn allocated(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { (bytes + 8).next_multiple_of(16) }
}

/// What the owner keeps for a document while calls use it.
pub trait State: Default + Send + Sync + 'static {
    /// What is remembered of it when no call uses the document any more.
    type Record: Record;

    /// The state of a document that is used again.
    fn from_record(doc: &DocName, record: Self::Record) -> Self;

    /// Ends the state: nothing uses it. `None` if nothing in it is worth remembering.
    fn take_record(&self, doc: &DocName) -> Option<Self::Record>;
}

/// What is remembered of an idle document. It may be forgotten at any time, its content first.
pub trait Record: Send + 'static {
    /// The memory of its allocations in bytes, each as [`allocated`]. Without its own size and without its content.
    fn heap_bytes(&self) -> usize {
        0
    }

    /// The memory of its content in bytes, each allocation as [`allocated`]. 0: it has none.
    fn content_bytes(&self) -> usize {
        0
    }

    /// Forgets its content.
    fn forget_content(&mut self) {}
}
