//! Metas: small values beside a document, each under its own key. Their bytes are opaque.

use super::{Persistence, failed};
use crate::codec::MetaKey;
use crate::codec::sort_key::{DocName, SortKey};
use crate::error::{Code, Error, Result};
use crate::limits::MAX_ITEM_BYTES;
use crate::log::Pages;
use crate::log::corruption::{meta_key, value};
use crate::queue::{Access, CallFuture, Order};
use crate::table::size::item_bytes;
use crate::table::{DeleteIf, Item, Table};

/// Keys and values.
pub type Metas = Vec<(String, Vec<u8>)>;

impl<T: Table> Persistence<T> {
    /// Writes a meta. 1 WCU per KiB. Waits, at most 15 s, until no earlier write of it by this persistence can arrive.
    ///
    /// # Errors
    /// `ERR_TOO_LARGE` if it does not fit an item of 409,600 bytes; `ERR_INVALID_ARGUMENT` for a name or key that is too long.
    pub fn set_meta(
        &self,
        doc: DocName,
        key: MetaKey,
        value: Vec<u8>,
        order: Order,
    ) -> CallFuture<Result<()>> {
        let item = Item::plain(SortKey::meta(&doc, key.as_str()), value);
        let bytes = item_bytes(&doc, &item);
        if bytes > MAX_ITEM_BYTES {
            let what =
                format!("meta '{}' makes an item of {bytes} bytes, limit {MAX_ITEM_BYTES}", key.as_str());
            return failed(Error::new(Code::TooLarge, what));
        }
        match doc.writable() {
            Ok(doc) => self.call(doc, Access::Write, order, |worker, doc| async move {
                let log = &worker.log;
                log.wait_for_late_writes(doc.name(), &item.key).await;
                log.table().put(doc.name(), item).await
            }),
            Err(error) => failed(error),
        }
    }

    /// Reads a meta; `None` if it is missing. 1 RCU per 4 KiB.
    ///
    /// # Errors
    /// `ERR_CORRUPT` if its item has no binary value.
    pub fn meta(&self, doc: DocName, key: MetaKey, order: Order) -> CallFuture<Result<Option<Vec<u8>>>> {
        self.call(doc, Access::Read, order, move |worker, doc| async move {
            let log = &worker.log;
            let sort_key = SortKey::meta(doc.name(), key.as_str());
            match log.table().get(doc.name(), &sort_key).await? {
                None => Ok(None),
                Some(item) => value_of(doc.name(), item).map(Some),
            }
        })
    }

    /// Reads all metas of a document, with their keys. 1 RCU per 4 KiB, a request per 1 MB.
    ///
    /// # Errors
    /// `ERR_CORRUPT` if an item has no binary value or a malformed key.
    pub fn metas(&self, doc: DocName, order: Order) -> CallFuture<Result<Metas>> {
        self.call(doc, Access::Read, order, |worker, doc| async move {
            let log = &worker.log;
            let name = doc.name();
            let mut metas = Vec::new();
            let mut pages = Pages::new(name, SortKey::metas(name));
            while let Some(query) = pages.query() {
                let page = log.table().query(query).await?;
                for item in pages.take(page) {
                    let key = meta_key(name, &item.key).map_err(|reason| reason.error(name, &item.key))?;
                    metas.push((key.to_owned(), value_of(name, item)?));
                }
            }
            Ok(metas)
        })
    }

    /// Deletes a meta, if it exists. 1 WCU per KiB of it. Waits as [`Persistence::set_meta`] does.
    pub fn delete_meta(&self, doc: DocName, key: MetaKey, order: Order) -> CallFuture<Result<()>> {
        self.call(doc, Access::Write, order, move |worker, doc| async move {
            let log = &worker.log;
            let sort_key = SortKey::meta(doc.name(), key.as_str());
            log.wait_for_late_writes(doc.name(), &sort_key).await;
            log.table().delete(doc.name(), &sort_key, DeleteIf::Always).await?;
            Ok(())
        })
    }
}

fn value_of(doc: &DocName, item: Item) -> Result<Vec<u8>> {
    value(item.value).map_err(|reason| reason.error(doc, &item.key))
}
