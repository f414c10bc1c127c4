//! The records of idle documents, bounded by bytes.
//!
//! When there are too many bytes, the least recently used are forgotten, one at a time: first the content of records, down to
//! a share of its own; then whole records. Without that share, many documents that are rarely used would leave no memory to
//! the content of the few that are used often. Every operation takes constant time.

use lru::LruCache;

use super::state::{Record, allocated};
use crate::codec::sort_key::DocName;

/// The share of content: a quarter.
const CONTENT_SHARE: usize = 4;

/// The place of an entry in the hash table of a list, in bytes: two pointers and a byte, at a load of at least 7/16.
const TABLE_BYTES: usize = (2 * size_of::<usize>() + 1) * 16 / 7;

/// The links of an entry in a list, in bytes.
const LINK_BYTES: usize = 2 * size_of::<usize>();

/// The counters of a name, in bytes.
const NAME_BYTES: usize = 2 * size_of::<usize>();

/// The records of idle documents.
pub(super) struct Records<R> {
    all: LruCache<DocName, R>,
    /// The names of those that have content.
    with_content: LruCache<DocName, ()>,
    /// The memory of all, in bytes, with their content.
    bytes: usize,
    content_bytes: usize,
    max_bytes: usize,
}

impl<R: Record> Records<R> {
    /// No records. They take at most `max_bytes`.
    pub fn new(max_bytes: usize) -> Self {
        Records {
            all: LruCache::unbounded(),
            with_content: LruCache::unbounded(),
            bytes: 0,
            content_bytes: 0,
            max_bytes,
        }
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Remembers a record, as the most recently used one.
    pub fn put(&mut self, doc: DocName, record: R) {
        self.forget(&doc);
        let content = content_bytes(&record);
        if content > 0 {
            self.with_content.put(doc.clone(), ());
        }
        self.content_bytes += content;
        self.bytes += record_bytes(&doc, &record) + content;
        self.all.put(doc, record);
        self.forget_excess();
    }

    /// Takes the record of a document.
    pub fn take(&mut self, doc: &DocName) -> Option<R> {
        let record = self.all.pop(doc)?;
        self.discount(doc, &record);
        Some(record)
    }

    fn forget(&mut self, doc: &DocName) {
        self.take(doc);
    }

    fn forget_excess(&mut self) {
        while self.bytes > self.max_bytes {
            let forgotten = if self.content_bytes > self.max_bytes / CONTENT_SHARE {
                self.forget_oldest_content()
            } else {
                self.forget_oldest()
            };
            if !forgotten {
                break;
            }
        }
    }

    /// `false` if no record has content.
    fn forget_oldest_content(&mut self) -> bool {
        let Some((doc, ())) = self.with_content.pop_lru() else { return false };
        if let Some(record) = self.all.peek_mut(&doc) {
            let content = content_bytes(record);
            let before = record_bytes(&doc, record) + content;
            record.forget_content();
            self.content_bytes -= content;
            // What it forgets can leave something to remember.
            self.bytes = self.bytes - before + record_bytes(&doc, record);
        }
        true
    }

    /// `false` if there is no record.
    fn forget_oldest(&mut self) -> bool {
        let Some((doc, record)) = self.all.pop_lru() else { return false };
        self.discount(&doc, &record);
        true
    }

    /// A record has been removed.
    fn discount(&mut self, doc: &DocName, record: &R) {
        let content = content_bytes(record);
        if content > 0 {
            self.with_content.pop(doc);
        }
        self.content_bytes -= content;
        self.bytes -= record_bytes(doc, record) + content;
    }
}

/// The memory of a record, its name and its place in the list, in bytes. Without its content.
fn record_bytes<R: Record>(doc: &DocName, record: &R) -> usize {
    TABLE_BYTES
        + allocated(size_of::<(DocName, R)>() + LINK_BYTES)
        + allocated(NAME_BYTES + doc.as_str().len())
        + record.heap_bytes()
}

/// The memory of its content, and of its place in the list of those that have some, in bytes.
fn content_bytes<R: Record>(record: &R) -> usize {
    match record.content_bytes() {
        0 => 0,
        bytes => bytes + TABLE_BYTES + allocated(size_of::<DocName>() + LINK_BYTES),
    }
}
