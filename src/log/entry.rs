//! Entries: the updates that a read finds, and the items that it cannot use.

use super::OnCorrupt;
use super::corruption::Corruption;
use crate::codec::sort_key::{DocName, LogClock, SortKey, Version, WriteId};
use crate::error::Result;

/// How long background compactions skip a document after another process began to write a result.
const COMPACTION_GRACE_MS: u64 = 60_000;

/// How old an open item must be until a background compaction takes it. With many writers each load would find many open
/// items, and a compaction would delete what is written again at once.
const OPEN_ITEM_REST_MS: u64 = 60_000;

/// One update of the log: an item, or a whole sealed set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its log clock.
    pub clock: LogClock,
    /// The id of its write; `None` for an item of the original package.
    pub id: Option<WriteId>,
    /// The keys of all its items, ascending.
    pub keys: Vec<SortKey>,
    /// The update.
    pub update: Vec<u8>,
    /// Whether a compaction wrote it.
    pub is_compacted: bool,
    /// The version of an open item.
    pub version: Option<Version>,
    /// When an item that is not a set was written, in milliseconds since the epoch, by the writer's clock.
    pub at: Option<u64>,
}

impl Entry {
    /// Whether it is an open item that probably still grows: it is young, and not one of those that this process `closed`.
    pub(super) fn may_grow(&self, now_ms: u64, closed: &[WriteId]) -> bool {
        let is_young = self.at.is_some_and(|at| now_ms.abs_diff(at) < OPEN_ITEM_REST_MS);
        self.version.is_some() && is_young && self.id.is_none_or(|id| !closed.contains(&id))
    }

    /// Its keys and its size.
    pub fn extent(&self) -> Option<Extent> {
        Some(Extent {
            first_key: self.keys.first()?.clone(),
            last_key: self.keys.last()?.clone(),
            bytes: self.update.len(),
            is_compacted: self.is_compacted,
        })
    }

    /// The bytes of its first item's value; 0 for a head.
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
    /// The complete entries, in log order.
    pub entries: Vec<Entry>,
    /// Sets that are not sealed, and parts without a head.
    pub(super) unfinished: Vec<(LogClock, WriteId)>,
    /// Sealed sets that lack parts: they are being deleted, or damaged.
    pub(super) incomplete: Vec<Incomplete>,
    /// When an unsealed set of a compaction was last begun or renewed, in milliseconds since the epoch.
    pub(super) compacting_at: Option<u64>,
    /// The largest log clock of any item.
    pub largest: Option<LogClock>,
    /// Items that are not updates; only with [`OnCorrupt::Skip`].
    pub(super) corrupt: Vec<(SortKey, Corruption)>,
}

impl LogRead {
    /// Fails or skips a corrupt item, as `on_corrupt` says.
    ///
    /// # Errors
    /// `ERR_CORRUPT` naming the item (with [`OnCorrupt::Fail`]).
    pub(super) fn add_corrupt(
        &mut self,
        doc: &DocName,
        key: SortKey,
        reason: Corruption,
        on_corrupt: OnCorrupt,
    ) -> Result<()> {
        match on_corrupt {
            OnCorrupt::Fail => Err(reason.error(doc, &key)),
            OnCorrupt::Skip => {
                self.corrupt.push((key, reason));
                Ok(())
            }
        }
    }

    /// Whether another process compacts the document, or did less than a minute ago.
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

    /// The keys and sizes of the entries.
    pub fn extents(&self) -> Vec<Extent> {
        self.entries.iter().filter_map(Entry::extent).collect()
    }

    /// Removes the open items that probably still grow. Returns whether there were any.
    pub(super) fn leave_growing(&mut self, now_ms: u64, closed: &[WriteId]) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| !entry.may_grow(now_ms, closed));
        self.entries.len() < before
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

/// The keys and the size of an entry.
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

/// A sealed set that lacks parts.
#[derive(Debug)]
pub(super) struct Incomplete {
    pub clock: LogClock,
    pub id: WriteId,
    /// What is wrong, unless it is being deleted.
    pub reason: Corruption,
}
