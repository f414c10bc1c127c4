//! The requests of a [`MemoryTable`]: its implementation of [`Table`].

use super::{Fault, Keys, MemoryTable, Request, mismatch};
use crate::codec::sort_key::{DocName, SortKey, Version};
use crate::error::{Code, Error, Result};
use crate::table::size::{check_batch, check_item, check_keys};
use crate::table::{DeleteIf, Item, LateWrites, Meter, Page, Query, ScanPage, Table, VersionedKey};

impl Table for MemoryTable {
    /// The item without its key.
    type Raw = Item;

    fn meter(&self) -> &Meter {
        &self.meter
    }

    fn late(&self) -> &LateWrites {
        &self.late
    }

    fn replicas(&self) -> usize {
        self.replicas
    }

    async fn prepare(&self, create: bool) -> Result<()> {
        self.request(Request::Prepare { create }, |state, _, _| {
            match state.keys {
                Keys::Ours => (),
                Keys::Missing if create => state.keys = Keys::Ours,
                Keys::Missing => return Err(Error::new(Code::Table, "the table does not exist")),
                Keys::Foreign => return Err(Error::new(Code::Table, "the table has the wrong keys")),
            }
            Ok(((), 0.0))
        })
        .await
    }

    async fn put_new(&self, doc: &DocName, item: Item) -> Result<()> {
        check_item(doc, &item)?;
        self.request(Request::PutNew { doc: doc.clone(), item }, |state, request, _| {
            let Request::PutNew { doc, item } = request else { return mismatch() };
            let (_, units) = state.items.put_new(doc, item.clone());
            Ok(((), units))
        })
        .await
    }

    async fn put_over(&self, doc: &DocName, item: Item, replaced: Version) -> Result<bool> {
        check_item(doc, &item)?;
        self.request(Request::PutOver { doc: doc.clone(), item, replaced }, |state, request, _| {
            let Request::PutOver { doc, item, replaced } = request else { return mismatch() };
            Ok(state.items.put_over(doc, item.clone(), *replaced))
        })
        .await
    }

    async fn put(&self, doc: &DocName, item: Item) -> Result<()> {
        check_item(doc, &item)?;
        self.request(Request::Put { doc: doc.clone(), item }, |state, request, _| {
            let Request::Put { doc, item } = request else { return mismatch() };
            Ok(state.items.put(doc, item.clone()))
        })
        .await
    }

    async fn get(&self, doc: &DocName, key: &SortKey) -> Result<Option<Item>> {
        check_keys(doc, key)?;
        self.request(Request::Get { doc: doc.clone(), key: key.clone() }, |state, _, _| {
            Ok(state.items.get(doc, key))
        })
        .await
    }

    async fn get_raw(&self, doc: &DocName, key: &SortKey) -> Result<Option<(Item, Item)>> {
        let item = self.get(doc, key).await?;
        Ok(item.map(|item| (item.clone(), Item { key: SortKey::from_bytes(Vec::new()), ..item })))
    }

    async fn put_raw(&self, doc: &DocName, key: &SortKey, raw: &Item) -> Result<()> {
        self.put_new(doc, Item { key: key.clone(), ..raw.clone() }).await
    }

    async fn delete_raw(&self, doc: &DocName, key: &SortKey, raw: &Item) -> Result<bool> {
        check_keys(doc, key)?;
        let request = Request::DeleteRaw { doc: doc.clone(), key: key.clone(), raw: raw.clone() };
        self.request(request, |state, _, _| Ok(state.items.delete_raw(doc, key, raw))).await
    }

    async fn seal(&self, doc: &DocName, key: &SortKey) -> Result<bool> {
        check_keys(doc, key)?;
        self.request(Request::Seal { doc: doc.clone(), key: key.clone() }, |state, _, _| {
            Ok(state.items.seal(doc, key))
        })
        .await
    }

    async fn renew(&self, doc: &DocName, key: &SortKey, at: u64) -> Result<bool> {
        check_keys(doc, key)?;
        let request = Request::Renew { doc: doc.clone(), key: key.clone(), at };
        self.request(request, |state, _, _| Ok(state.items.renew(doc, key, at))).await
    }

    async fn delete(&self, doc: &DocName, key: &SortKey, condition: DeleteIf) -> Result<bool> {
        check_keys(doc, key)?;
        let request = Request::Delete { doc: doc.clone(), key: key.clone(), condition };
        self.request(request, |state, request, _| {
            let Request::Delete { condition, .. } = request else { return mismatch() };
            Ok(state.items.delete(doc, key, condition))
        })
        .await
    }

    async fn delete_batch(&self, doc: &DocName, keys: &[SortKey]) -> Result<Vec<SortKey>> {
        check_batch(doc, keys)?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let request = Request::DeleteBatch { doc: doc.clone(), keys: keys.to_vec() };
        self.request(request, |state, _, fault| {
            let left = if let Fault::Unprocessed(n) = fault { (*n).min(keys.len()) } else { 0 };
            let (now, later) = keys.split_at(keys.len() - left);
            let units = now.iter().map(|key| state.items.delete(doc, key, &DeleteIf::Always).1).sum();
            Ok((later.to_vec(), units))
        })
        .await
    }

    async fn query(&self, query: &Query) -> Result<Page<Item>> {
        check_keys(&query.doc, &query.prefix)?;
        self.find(Request::Query(query.clone())).await
    }

    async fn query_keys(&self, query: &Query) -> Result<Page<VersionedKey>> {
        check_keys(&query.doc, &query.prefix)?;
        let page = self.find(Request::QueryKeys(query.clone())).await?;
        let items = page.items.iter().map(Item::versioned_key).collect();
        Ok(Page { items, next: page.next })
    }

    async fn scan(&self, limit: u32, after: Option<&(DocName, SortKey)>) -> Result<ScanPage<Item>> {
        self.find_all(Request::Scan { limit, after: after.cloned() }).await
    }

    async fn scan_keys(&self, limit: u32, after: Option<&(DocName, SortKey)>) -> Result<ScanPage<SortKey>> {
        let page = self.find_all(Request::ScanKeys { limit, after: after.cloned() }).await?;
        let items = page.items.into_iter().map(|(doc, item)| (doc, item.key)).collect();
        Ok(ScanPage { items, next: page.next })
    }
}
