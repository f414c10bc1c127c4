//! Open items: the item that a writer lets grow, so that a keystroke costs one write unit and nothing is deleted.
//! `ARCHITECTURE.md`, Open items.

use super::entry::Extent;
use super::{KEEP_ALL, Log};
use crate::codec::sort_key::{DocName, LogClock, SortKey, Version, WriteId};
use crate::error::Result;
use crate::limits::WRITE_UNIT_BYTES;
use crate::table::size::{item_bytes, keys_bytes, write_units};
use crate::table::{Item, Table};
use crate::update;

/// An update item that this process wrote last, and may replace by one that contains it. Only its owner has it: if a request
/// fails, it is dropped, and the item is never touched again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenItem {
    clock: LogClock,
    id: WriteId,
    version: Version,
    update: Box<[u8]>,
}

/// An item that was open.
#[derive(Debug, Clone)]
pub struct ClosedItem {
    /// The id of its key.
    pub id: WriteId,
    /// Its key and its size.
    pub extent: Extent,
}

/// What becomes of a batch for an open item.
#[derive(Debug)]
pub enum Growth {
    /// The item holds the batch: it is durable.
    Grown(OpenItem),
    /// The batch does not fit. Nothing was written.
    Full,
    /// The item was compacted or cleared. Nothing was written. Only the batch may be stored: what the item held would undo a
    /// clear.
    Gone,
}

impl OpenItem {
    /// Its log clock.
    pub fn clock(&self) -> LogClock {
        self.clock
    }

    /// Its version.
    pub(super) fn version(&self) -> Version {
        self.version
    }

    /// The bytes of its update.
    pub fn bytes(&self) -> usize {
        self.update.len()
    }

    /// What remains of it when it grows no more.
    pub fn closed(&self, doc: &DocName) -> ClosedItem {
        let key = self.key(doc);
        let extent =
            Extent { first_key: key.clone(), last_key: key, bytes: self.bytes(), is_compacted: false };
        ClosedItem { id: self.id, extent }
    }

    fn key(&self, doc: &DocName) -> SortKey {
        SortKey::update(doc, self.clock, self.id)
    }

    fn item(&self, doc: &DocName, at: u64) -> Item {
        Item { at: Some(at), version: Some(self.version), ..Item::plain(self.key(doc), self.update.to_vec()) }
    }
}

impl<T: Table> Log<T> {
    /// Whether a batch may be stored in an open item: it needs one write unit beside its keys. Where another region may write
    /// at the same time, the later of two writes wins, whatever its condition: no item may grow there.
    pub fn may_be_open(&self, doc: &DocName, batch: &[u8]) -> bool {
        batch.len() <= WRITE_UNIT_BYTES && self.table.replicas() == 0 && {
            let (clock, id) = (LogClock(0), WriteId(0, 0));
            let open = OpenItem { clock, id, version: id.into(), update: batch.into() };
            self.is_small(doc, &open.item(doc, self.host.now_ms()))
        }
    }

    /// Puts a batch, which may be open, into a new open item. When this returns, the batch is durable.
    ///
    /// Cost: 1 WCU per KiB of the item, with its keys.
    ///
    /// # Errors
    /// Those of the table.
    pub async fn open_item(&self, doc: &DocName, clock: LogClock, batch: Vec<u8>) -> Result<OpenItem> {
        let id = self.host.write_id()?;
        let version = self.host.write_id()?.into();
        let open = OpenItem { clock, id, version, update: batch.into() };
        self.table.put_new(doc, open.item(doc, self.host.now_ms())).await?;
        Ok(open)
    }

    /// Replaces an open item by one that contains it and a batch, which may be open.
    ///
    /// Cost: as many WCU as the batch in a new item; 1 RCU if the item is gone.
    ///
    /// # Errors
    /// Those of the table. Then the outcome is unknown, and the item is not open any longer.
    pub async fn grow(&self, doc: &DocName, open: OpenItem, batch: &[u8]) -> Result<Growth> {
        let replaced = open.version;
        let Ok(merged) = update::merge(&[&*open.update, batch], KEEP_ALL) else { return Ok(Growth::Full) };
        let Some((grown, item)) = self.grown(doc, open, batch, merged)? else { return Ok(Growth::Full) };
        let is_written = self.table.put_over(doc, item, replaced).await?;
        Ok(if is_written { Growth::Grown(grown) } else { Growth::Gone })
    }

    /// The item with `merged`, the merge of its update and the batch. `None` if it would cost more than the batch alone, or if
    /// the second scan finds that `merged` is not exactly that (I4).
    fn grown(
        &self,
        doc: &DocName,
        open: OpenItem,
        batch: &[u8],
        merged: Vec<u8>,
    ) -> Result<Option<(OpenItem, Item)>> {
        if update::verify(&[&*open.update, batch], &merged).is_err() {
            return Ok(None);
        }
        let at = self.host.now_ms();
        let units = |item: &Item| write_units(item_bytes(doc, item));
        let alone = OpenItem { update: batch.into(), ..open };
        let units_alone = units(&alone.item(doc, at));
        let grown = OpenItem { version: self.host.write_id()?.into(), update: merged.into(), ..alone };
        let item = grown.item(doc, at);
        let fits = units(&item) <= units_alone && self.is_small(doc, &item);
        Ok(fits.then_some((grown, item)))
    }

    fn is_small(&self, doc: &DocName, item: &Item) -> bool {
        let bytes = item_bytes(doc, item);
        bytes - keys_bytes(doc, &item.key) <= WRITE_UNIT_BYTES && bytes <= self.options.sizes.item
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::log::{LogOptions, OnCorrupt, Sizes, SystemHost};
    use crate::table::memory::MemoryTable;

    /// A letter of this client, which deletes the letter `deleted` if it is not 0.
    fn letter(client: u8, deleted: u8) -> Vec<u8> {
        let mut update = vec![1, 1, client, 0, 4, 1, 1, b't', 1, b'x'];
        update.extend(if deleted == 0 { vec![0] } else { vec![1, deleted, 1, 0, 1] });
        update
    }

    #[test]
    fn an_item_is_replaced_only_by_the_content_of_itself_and_the_batch() {
        let options = LogOptions { gc: true, on_corrupt: OnCorrupt::Fail, sizes: Sizes::default() };
        let log = Log::new(Arc::new(MemoryTable::new()), options, Arc::new(SystemHost));
        let doc = DocName::new("d").unwrap();
        let (held, batch) = (letter(1, 0), letter(2, 1));
        let grown = |merged: &[u8]| {
            let open = OpenItem {
                clock: LogClock(0),
                id: WriteId(1, 2),
                version: Version([1; 8]),
                update: held.clone().into(),
            };
            log.grown(&doc, open, &batch, merged.to_vec()).unwrap().map(|(grown, _)| grown.update)
        };
        let merge = |updates: &[Vec<u8>]| update::merge(updates, KEEP_ALL).unwrap();
        let right = merge(&[held.clone(), batch.clone()]);
        assert_eq!(grown(&right).as_deref(), Some(&*right));
        let without_the_deletion = merge(&[held.clone(), letter(2, 0)]);
        let with_another_letter = merge(&[right, letter(3, 0)]);
        for wrong in [&held, &batch, &without_the_deletion, &with_another_letter, &vec![0, 0], &vec![]] {
            assert_eq!(grown(wrong), None, "{wrong:?}");
        }
    }
}
