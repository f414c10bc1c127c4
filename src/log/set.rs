//! Sets: updates that do not fit one item, and every result of a compaction.
//!
//! A head first, then the parts, then the head is sealed. Only a sealed set with all its parts counts, so a writer may
//! stop anywhere. A head is put once and never again: where it is gone, its set was given up.

use super::Log;
use super::pace::{Pace, write_units};
use super::pages::Pages;
use crate::codec::sort_key::{DocName, LogClock, SortKey, UpdateKey, WriteId};
use crate::error::{Code, Error, Result};
use crate::limits::WRITE_UNIT_BYTES;
use crate::table::size::item_bytes;
use crate::table::{Head, Item, Table};

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

    pub fn last_key(&self, doc: &DocName) -> SortKey {
        SortKey::part(doc, self.clock, self.id, self.parts.saturating_sub(1))
    }

    pub fn keys(&self, doc: &DocName) -> Vec<SortKey> {
        let parts = (0..self.parts).map(|n| SortKey::part(doc, self.clock, self.id, n));
        std::iter::once(self.head(doc)).chain(parts).collect()
    }
}

/// The update without structs and deletions. Also what the original's reader finds in a head.
pub const EMPTY_UPDATE: [u8; 2] = [0, 0];

impl<T: Table> Log<T> {
    /// A set for an update, not written yet.
    pub(super) fn new_set(&self, clock: LogClock, update: &[u8]) -> Result<Set> {
        let parts = u32::try_from(update.len().div_ceil(self.options.sizes.part)).unwrap_or(u32::MAX);
        Ok(Set { clock, id: self.write_id()?, parts })
    }

    /// Puts head and parts, not sealed; `compacted` is the state vector of the update where a compaction writes the set.
    pub(super) async fn write_set(
        &self,
        doc: &DocName,
        set: &Set,
        update: &[u8],
        compacted: Option<&[u8]>,
        pace: &Pace,
    ) -> Result<()> {
        let Set { clock, id, parts } = *set;
        self.put_new(doc, self.new_head(doc, set, compacted)).await?;
        for (n, bytes) in (0..parts).zip(update.chunks(self.options.sizes.part)) {
            let key = SortKey::part(doc, clock, id, n);
            self.put_new(doc, Item { key, value: Some(bytes.to_vec()), head: None, at: None }).await?;
            pace.spent(write_units(bytes.len())).await;
        }
        Ok(())
    }

    /// A head that is not sealed. Its state vector is left out where the head would cost more than one write unit.
    fn new_head(&self, doc: &DocName, set: &Set, compacted: Option<&[u8]>) -> Item {
        let mut head = Head {
            parts: set.parts,
            at: self.host.now_ms(),
            sealed: false,
            compacted: compacted.is_some(),
            state_vector: None,
        };
        let key = set.head(doc);
        let item = |head: &Head| Item {
            key: key.clone(),
            value: Some(EMPTY_UPDATE.to_vec()),
            head: Some(head.clone()),
            at: None,
        };
        let plain = item(&head);
        head.state_vector = compacted.map(<[u8]>::to_vec);
        let complete = item(&head);
        if item_bytes(doc, &complete) <= WRITE_UNIT_BYTES { complete } else { plain }
    }

    /// Seals the head: from now on the set counts. `false` where the head is gone: the set was cleared or swept away.
    ///
    /// Where the outcome of the request is unknown the head tells it.
    pub(super) async fn seal(&self, doc: &DocName, set: &Set) -> Result<bool> {
        let head = set.head(doc);
        let error = match self.table.seal(doc, &head).await {
            Ok(there) => return Ok(there),
            Err(error) => error,
        };
        if !matches!(error.code(), Code::Throttled | Code::Unavailable) {
            return Err(error);
        }
        match self.table.get(doc, &head).await {
            Ok(None) => Ok(false),
            Ok(Some(item)) if item.head.as_ref().is_some_and(|head| head.sealed) => Ok(true),
            Ok(Some(_)) | Err(_) => Err(error),
        }
    }

    /// Deletes what there may be of a set of this process.
    pub(super) async fn remove_set(&self, doc: &DocName, set: &Set) -> Result<()> {
        self.delete_all(doc, set.keys(doc)).await
    }

    /// Deletes what there may be of a set that failed, and gives the failure back. Where this fails too, a later sweep
    /// does it: the failure that counts is the first.
    pub(super) async fn given_up(&self, doc: &DocName, set: &Set, error: Error) -> Error {
        let _ = self.remove_set(doc, set).await;
        error
    }

    /// The keys of all parts that are there.
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
            let parts = pages.take(page).into_iter();
            keys.extend(parts.filter(|key| matches!(key.parse_update(doc), Some(UpdateKey::Part(..)))));
        }
        Ok(keys)
    }
}
