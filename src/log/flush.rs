//! Flush: compacts all of a document and writes its state vector for the original's reader. `ARCHITECTURE.md`, Flush.

use super::backoff::Backoff;
use super::entry::LogSize;
use super::outcome::{Compacted, Idle, Outcome, RemainingEntry, Scope};
use super::{Log, OpenItem, Pace};
use crate::codec::sort_key::{DocName, SortKey};
use crate::codec::state_vector_item::write_state_vector;
use crate::error::{Code, Error, Result};
use crate::limits::MAX_ITEM_BYTES;
use crate::table::size::item_bytes;
use crate::table::{DeleteIf, Item, Table};

/// How often a flush starts again after another compaction or a clear was faster.
const MAX_ATTEMPTS: u32 = 10;

/// When a flush writes the state vector item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteStateVector {
    /// Each time.
    Always,
    /// After a merge, and if the table has an outdated one. So a flush that merges nothing usually writes nothing.
    IfOutdated,
}

/// The result of a flush.
#[derive(Debug)]
pub struct Flushed {
    /// The one entry of the document; `None` if it is missing.
    pub entry: Option<RemainingEntry>,
    /// How many entries were merged into it, and the bytes of their updates; `None` if there was nothing to merge.
    pub merged: Option<(usize, usize)>,
    /// The size of the log before.
    pub before: LogSize,
}

impl<T: Table> Log<T> {
    /// Compacts the document until it is one entry, and writes its state vector item if `state_vector` says so. `closed` is
    /// the last open item of this process, which grows no more.
    ///
    /// While open items of others may grow, the document gets no state vector item, and loses the one that it has: they keep
    /// their log clock, so the original could not notice that it is outdated.
    ///
    /// # Errors
    /// As [`Log::compact_once`]; `ERR_UNAVAILABLE` (retryable) if others compact or clear it again and again.
    pub async fn flush(
        &self,
        doc: &DocName,
        state_vector: WriteStateVector,
        closed: Option<&OpenItem>,
    ) -> Result<Flushed> {
        let mut backoff = Backoff::default();
        for _ in 0..MAX_ATTEMPTS {
            let (flushed, left) = match self.compact_once(doc, Scope::All, &Pace::unpaced()).await? {
                Outcome::Overtaken(_) => {
                    backoff.wait(self.host.as_ref(), "others compact or clear the document").await?;
                    continue;
                }
                Outcome::Idle(Idle { only, before, left, .. }) => {
                    (Flushed { entry: only, merged: None, before }, left)
                }
                Outcome::Done(Compacted { entry, inputs, input_bytes, before, left, .. }) => {
                    (Flushed { entry: Some(entry), merged: Some((inputs, input_bytes)), before }, left)
                }
            };
            let grows = |entry: &RemainingEntry| {
                left > 0 || entry.open.is_some_and(|open| closed.is_none_or(|item| item.version() != open))
            };
            match flushed.entry.as_ref() {
                Some(entry) if grows(entry) => self.delete_state_vector(doc).await?,
                Some(entry) => {
                    let always = state_vector == WriteStateVector::Always || flushed.merged.is_some();
                    self.write_state_vector(doc, entry, always).await?;
                }
                None => (),
            }
            return Ok(flushed);
        }
        Err(Error::new(
            Code::Unavailable,
            format!("document '{doc}' was compacted or cleared by others {MAX_ATTEMPTS} times in a row"),
        ))
    }

    /// Deletes the `v1_sv` item if there is one.
    async fn delete_state_vector(&self, doc: &DocName) -> Result<()> {
        let key = SortKey::state_vector(doc);
        if self.table.get(doc, &key).await?.is_some() {
            self.table.delete(doc, &key, DeleteIf::Always).await?;
        }
        Ok(())
    }

    /// Writes the `v1_sv` item; unless `always`, only if the table has another one. Deletes it again if its entry is gone: a
    /// clear in between must stay in effect.
    async fn write_state_vector(&self, doc: &DocName, entry: &RemainingEntry, always: bool) -> Result<()> {
        let value = write_state_vector(entry.clock, &entry.state_vector);
        let key = SortKey::state_vector(doc);
        let item = Item::plain(key.clone(), value);
        if item_bytes(doc, &item) > MAX_ITEM_BYTES {
            // The original computes the state vector itself if the item is missing or outdated.
            return Ok(());
        }
        if !always && self.table.get(doc, &key).await?.is_none_or(|stored| stored.value == item.value) {
            return Ok(());
        }
        self.table.put(doc, item).await?;
        if self.table.get(doc, &entry.extent.first_key).await?.is_none() {
            self.table.delete(doc, &key, DeleteIf::Always).await?;
        }
        Ok(())
    }
}
