//! Entries: the updates of a log as a read finds them, and what is wrong with the items that are none.

use super::OnCorrupt;
use crate::codec::sort_key::{DocName, LogClock, SortKey, WriteId};
use crate::error::{Code, Error, Result};

/// How long a background compaction leaves a document alone whose set another process has begun to write.
const COMPACTION_GRACE_MS: u64 = 60_000;

/// One update of the log: an item, or a whole sealed set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands in the log.
    pub clock: LogClock,
    /// The id of its write; `None` for an item of the original package.
    pub id: Option<WriteId>,
    /// The keys of all its items, ascending.
    pub keys: Vec<SortKey>,
    /// The update.
    pub update: Vec<u8>,
    /// Whether a compaction wrote it.
    pub is_compacted: bool,
}

impl Entry {
    /// How it looks from outside.
    pub fn extent(&self) -> Option<Extent> {
        Some(Extent {
            first_key: self.keys.first()?.clone(),
            last_key: self.keys.last()?.clone(),
            bytes: self.update.len(),
            is_compacted: self.is_compacted,
        })
    }

    /// The bytes of its first item's value: a head has none worth counting.
    pub(super) fn first_item_bytes(&self) -> usize {
        if self.keys.len() > 1 { 0 } else { self.update.len() }
    }

    /// Its lowest key: that of the item, or of the head.
    pub fn first_key(&self, doc: &DocName) -> SortKey {
        match self.keys.first() {
            Some(key) => key.clone(),
            None => SortKey::updates(doc),
        }
    }
}

impl AsRef<[u8]> for Entry {
    fn as_ref(&self) -> &[u8] {
        &self.update
    }
}

/// What one read of a document found.
#[derive(Debug, Default)]
pub struct LogRead {
    /// All updates that count, in log order.
    pub entries: Vec<Entry>,
    /// Sets that do not count: not sealed, or parts without a head.
    pub(super) unfinished: Vec<(LogClock, WriteId)>,
    /// Sets that are not whole though they were: they are being deleted, or damaged.
    pub(super) incomplete: Vec<Incomplete>,
    /// When the latest set was begun or renewed that a compaction is writing, in milliseconds since the epoch.
    pub(super) compacting_at: Option<u64>,
    /// The largest log clock of any item.
    pub largest: Option<LogClock>,
    /// Items that are not updates; only with [`OnCorrupt::Skip`].
    pub corrupt: Vec<SortKey>,
}

impl LogRead {
    /// Whether another process is merging the document, or was a moment ago.
    pub(super) fn is_being_compacted(&self, now_ms: u64) -> bool {
        self.compacting_at.is_some_and(|at| now_ms.abs_diff(at) < COMPACTION_GRACE_MS)
    }

    /// How many items the entries have, and the bytes of their updates.
    pub(super) fn size(&self) -> LogSize {
        LogSize {
            items: self.entries.iter().map(|entry| entry.keys.len()).sum(),
            bytes: self.entries.iter().map(|entry| entry.update.len()).sum(),
        }
    }

    /// How the entries look from outside.
    pub fn extents(&self) -> Vec<Extent> {
        self.entries.iter().filter_map(Entry::extent).collect()
    }
}

/// The size of a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogSize {
    /// How many items it has.
    pub items: usize,
    /// The bytes of its updates.
    pub bytes: usize,
}

/// An entry of the log, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// Its first key.
    pub first_key: SortKey,
    /// Its last key.
    pub last_key: SortKey,
    /// The size of its update in bytes.
    pub bytes: usize,
    /// Whether a compaction wrote it.
    pub is_compacted: bool,
}

/// A set that is not whole though it was.
#[derive(Debug)]
pub(super) struct Incomplete {
    pub clock: LogClock,
    pub id: WriteId,
    /// What is wrong if it is not just being deleted.
    pub what: String,
}

/// Fails, or skips the item: as the option says.
pub(super) fn damaged(
    skipped: &mut Vec<SortKey>,
    on_corrupt: OnCorrupt,
    error: Error,
    key: SortKey,
) -> Result<()> {
    match on_corrupt {
        OnCorrupt::Fail => Err(error),
        OnCorrupt::Skip => {
            skipped.push(key);
            Ok(())
        }
    }
}

/// `ERR_CORRUPT`, naming the item.
pub(crate) fn corrupt(doc: &DocName, key: &SortKey, what: &str) -> Error {
    Error::new(
        Code::Corrupt,
        format!("item {key} of document '{doc}' is corrupt: {what}; nothing was changed"),
    )
}
