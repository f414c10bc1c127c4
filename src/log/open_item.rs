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
        let Some((grown, item)) = self.grown(doc, open, batch)? else { return Ok(Growth::Full) };
        let is_written = self.table.put_over(doc, item, replaced).await?;
        Ok(if is_written { Growth::Grown(grown) } else { Growth::Gone })
    }

    /// The item with the batch. `None` if it would cost more than the batch alone, or if the check finds that it lacks something
    /// (I4).
    fn grown(&self, doc: &DocName, open: OpenItem, batch: &[u8]) -> Result<Option<(OpenItem, Item)>> {
        let inputs = [&*open.update, batch];
        let Ok(merged) = update::merge(&inputs, KEEP_ALL) else { return Ok(None) };
        if update::verify(&inputs, &merged).is_err() {
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
