//! Stores an update in an item of its own or in a set, and finds the largest log clock. `ARCHITECTURE.md`, Store.

use super::corruption::update_key;
use super::entry::Extent;
use super::pages::Pages;
use super::{Log, OnCorrupt};
use crate::codec::sort_key::{DocName, LogClock, SortKey};
use crate::error::{Code, Error, Result};
use crate::table::size::item_bytes;
use crate::table::{Item, Table};

impl<T: Table> Log<T> {
    /// The largest log clock of the document; `None` if it has no update items. One reverse Query.
    ///
    /// # Errors
    /// `ERR_CORRUPT` if the last item's key is not one of an update (with [`OnCorrupt::Fail`]).
    pub async fn largest_clock(&self, doc: &DocName) -> Result<Option<LogClock>> {
        let mut pages = Pages::new(doc, SortKey::updates(doc)).last();
        while let Some(query) = pages.query() {
            let page = self.table.query_keys(query).await?;
            match pages.take(page).first().map(|found| (&found.key, update_key(doc, &found.key))) {
                Some((_, Ok(parsed))) => return Ok(Some(parsed.clock())),
                Some((key, Err(reason))) if self.options.on_corrupt == OnCorrupt::Fail => {
                    return Err(reason.error(doc, key));
                }
                Some((_, Err(_))) | None => {}
            }
        }
        Ok(None)
    }

    /// Stores a valid update at `clock`, in an item of its own or in a set. When this returns, the update is durable.
    ///
    /// Returns its log clock: an earlier one if this continues a set that an earlier store left half-written.
    ///
    /// Cost: 1 WCU per KiB; as a set 2 WCU more, and 1 for each 10 minutes that it takes.
    ///
    /// # Errors
    /// `ERR_UNAVAILABLE` if the document was cleared again and again while a set was written; and those of the table.
    pub async fn store(&self, doc: &DocName, clock: LogClock, update: Vec<u8>) -> Result<(LogClock, Extent)> {
        let key = SortKey::update(doc, clock, self.host.write_id()?);
        let bytes = update.len();
        let item = Item { at: Some(self.host.now_ms()), ..Item::plain(key, update) };
        if item_bytes(doc, &item) <= self.options.sizes.item {
            let (first_key, last_key) = (item.key.clone(), item.key.clone());
            self.table.put_new(doc, item).await?;
            return Ok((clock, Extent { first_key, last_key, bytes, is_compacted: false }));
        }
        let set = self.store_set(doc, clock, item.value.unwrap_or_default()).await?;
        Ok((set.clock, set.extent(doc, bytes, false)))
    }
}

/// The clock after `largest`.
///
/// # Errors
/// `ERR_CORRUPT` if `largest` is the largest possible clock: only a foreign item can have it.
pub fn next_clock(doc: &DocName, largest: Option<LogClock>) -> Result<LogClock> {
    match largest {
        None => Ok(LogClock(0)),
        Some(LogClock(clock)) => clock.checked_add(1).map(LogClock).ok_or_else(|| {
            Error::new(
                Code::Corrupt,
                format!("document '{doc}' has an item at log clock {clock}, the largest possible: nothing can be stored behind it"),
            )
        }),
    }
}
