//! Writes, seals and deletes sets: updates that do not fit one item, and all results of compactions.
//!
//! Head first, then the parts, then the seal. A reader uses only a sealed set with all its parts, so a writer can crash at any
//! point. A head is put once: if it is gone, its set was deleted.

use tokio::time::timeout;

use super::Log;
use super::entry::Extent;
use super::pace::Pace;
use super::pages::Pages;
use crate::codec::sort_key::{DocName, LogClock, SortKey, UpdateKey, WriteId};
use crate::defaults::RENEW_HEAD_AFTER;
use crate::error::{Error, Result};
use crate::limits::WRITE_UNIT_BYTES;
use crate::table::size::{item_bytes, write_units};
use crate::table::{DeleteIf, Item, SetHead, Table};

/// A set that this process writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Set {
    pub clock: LogClock,
    pub id: WriteId,
    pub parts: u32,
}

impl Set {
    pub fn head(&self, doc: &DocName) -> SortKey {
        SortKey::update(doc, self.clock, self.id)
    }

    /// Its keys and its size.
    pub fn extent(&self, doc: &DocName, bytes: usize, is_compacted: bool) -> Extent {
        let last_key = SortKey::part(doc, self.clock, self.id, self.parts.saturating_sub(1));
        Extent { first_key: self.head(doc), last_key, bytes, is_compacted }
    }

    /// How many items it has: the head and its parts.
    pub fn items(&self) -> usize {
        1 + self.parts as usize
    }

    fn part_keys(&self, doc: &DocName) -> Vec<SortKey> {
        (0..self.parts).map(|n| SortKey::part(doc, self.clock, self.id, n)).collect()
    }
}

/// How much of a set is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    pub set: Set,
    /// Whether the put of the head was sent. It is sent only once.
    has_begun: bool,
    /// The `at` of the head; `None` if the outcome of its put is unknown.
    at: Option<u64>,
    /// The first part whose put was not acknowledged.
    next_part: u32,
    /// Whether the outcome of a seal is unknown.
    pub may_be_sealed: bool,
}

impl Progress {
    pub fn new(set: Set) -> Self {
        Progress { set, has_begun: false, at: None, next_part: 0, may_be_sealed: false }
    }

    pub fn has_begun(&self) -> bool {
        self.has_begun
    }
}

/// The update without structs and deletions. It is also the value of a head, for the original's reader.
pub const EMPTY_UPDATE: [u8; 2] = [0, 0];

impl<T: Table> Log<T> {
    /// A set for an update, not written yet.
    pub(super) fn new_set(&self, clock: LogClock, update: &[u8]) -> Result<Set> {
        let parts = u32::try_from(update.len().div_ceil(self.options.sizes.part)).unwrap_or(u32::MAX);
        Ok(Set { clock, id: self.host.write_id()?, parts })
    }

    /// Puts head and parts. `state_vector` is that of the update, if a compaction writes the set. Stops early if the head is
    /// gone: the seal will report it.
    pub(super) async fn write_set(
        &self,
        doc: &DocName,
        set: &Set,
        update: &[u8],
        state_vector: Option<&[u8]>,
        pace: &Pace,
    ) -> Result<()> {
        let mut progress = Progress::new(*set);
        self.put_head(doc, &mut progress, state_vector).await?;
        self.put_parts(doc, &mut progress, update, pace).await?;
        Ok(())
    }

    pub(super) async fn put_head(
        &self,
        doc: &DocName,
        progress: &mut Progress,
        state_vector: Option<&[u8]>,
    ) -> Result<()> {
        let at = self.host.now_ms();
        let head = new_head(doc, &progress.set, at, state_vector);
        progress.has_begun = true;
        self.table.put_new(doc, head).await?;
        progress.at = Some(at);
        Ok(())
    }

    /// Puts the parts that were not acknowledged, and renews the head meanwhile. `false` if the head is gone.
    pub(super) async fn put_parts(
        &self,
        doc: &DocName,
        progress: &mut Progress,
        update: &[u8],
        pace: &Pace,
    ) -> Result<bool> {
        let Set { clock, id, .. } = progress.set;
        let from = progress.next_part;
        for (n, bytes) in (0..).zip(update.chunks(self.options.sizes.part)).skip(from as usize) {
            let may_go_on = pace.book(write_units(bytes.len()));
            tokio::pin!(may_go_on);
            loop {
                if !self.renew_if_due(doc, progress).await? {
                    return Ok(false);
                }
                if timeout(RENEW_HEAD_AFTER, &mut may_go_on).await.is_ok() {
                    break;
                }
            }
            let key = SortKey::part(doc, clock, id, n);
            self.table.put_new(doc, Item::plain(key, bytes.to_vec())).await?;
            progress.next_part = n + 1;
        }
        Ok(true)
    }

    /// Renews the head, so that no sweep takes the set for an abandoned one. `false` if the head is gone.
    async fn renew_if_due(&self, doc: &DocName, progress: &mut Progress) -> Result<bool> {
        let now = self.host.now_ms();
        let is_due = |at| u128::from(now.saturating_sub(at)) >= RENEW_HEAD_AFTER.as_millis();
        if progress.at.is_some_and(|at| !is_due(at)) {
            return Ok(true);
        }
        let is_there = self.table.renew(doc, &progress.set.head(doc), now).await?;
        progress.at = Some(now);
        Ok(is_there)
    }

    /// Seals the head: readers use the set from now on. `false` if the head is gone: a clear or a sweep was faster.
    ///
    /// If the outcome of the request is unknown, reads the head.
    pub(super) async fn seal(&self, doc: &DocName, set: &Set) -> Result<bool> {
        let head = set.head(doc);
        let error = match self.table.seal(doc, &head).await {
            Ok(there) => return Ok(there),
            Err(error) => error,
        };
        if !error.code().is_retryable() {
            return Err(error);
        }
        match self.table.get(doc, &head).await {
            Ok(None) => Ok(false),
            Ok(Some(item)) if item.head.as_ref().is_some_and(|head| head.sealed) => Ok(true),
            Ok(Some(_)) | Err(_) => Err(error),
        }
    }

    /// Deletes a set of this process: the head first, on condition that it is not sealed, then the parts. If an attempt to seal
    /// it has arrived, the set stays.
    pub(super) async fn remove_set(&self, doc: &DocName, set: &Set) -> Result<()> {
        if self.table.delete(doc, &set.head(doc), DeleteIf::NotSealed).await? {
            self.delete_all(doc, set.part_keys(doc)).await?;
        }
        Ok(())
    }

    /// Deletes a set that could not be written, and returns the error. If the delete fails too, a later sweep does it.
    pub(super) async fn abandon(&self, doc: &DocName, set: &Set, error: Error) -> Error {
        let _ = self.remove_set(doc, set).await;
        error
    }

    /// The keys of the parts in the table.
    pub(super) async fn part_keys(
        &self,
        doc: &DocName,
        clock: LogClock,
        id: WriteId,
    ) -> Result<Vec<SortKey>> {
        let mut keys = Vec::new();
        let mut pages = Pages::new(doc, SortKey::update(doc, clock, id));
        while let Some(query) = pages.query() {
            let page = self.table.query_keys(query).await?;
            let parts = pages.take(page).into_iter().map(|found| found.key);
            keys.extend(parts.filter(|key| matches!(key.parse_update(doc), Some(UpdateKey::Part(..)))));
        }
        Ok(keys)
    }
}

/// An unsealed head. Its state vector is left out if the head would cost more than one write unit.
fn new_head(doc: &DocName, set: &Set, at: u64, state_vector: Option<&[u8]>) -> Item {
    let item = |stored| {
        let head = SetHead {
            parts: set.parts,
            at,
            sealed: false,
            compacted: state_vector.is_some(),
            state_vector: stored,
        };
        Item {
            key: set.head(doc),
            value: Some(EMPTY_UPDATE.to_vec()),
            head: Some(head),
            at: None,
            version: None,
        }
    };
    let head = item(state_vector.map(<[u8]>::to_vec));
    if item_bytes(doc, &head) <= WRITE_UNIT_BYTES { head } else { item(None) }
}
