//! An in-memory [`Table`] that keeps the limits of DynamoDB and counts what DynamoDB would bill.
//!
//! For tests and simulations: deterministic, without a clock or randomness of its own. A [`Hook`] is awaited before and
//! after every request; it may delay a request, fail it, lose its answer, cut its page, or leave keys unprocessed.
//! Clones share the items, so that each can stand for a process.

mod request;
mod store;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use request::{Fault, Hook, HookFuture, Request};
use store::Store;

use super::size::{check_batch, check_item, check_keys};
use super::{DeleteIf, Item, LateWrites, Meter, Page, Query, ScanPage, Table};
use crate::codec::sort_key::{DocName, SortKey};
use crate::error::{Code, Error, Result};

/// A table in memory. A clone is another handle on the same items.
#[derive(Clone, Default)]
pub struct MemoryTable {
    shared: Arc<Mutex<State>>,
    meter: Arc<Meter>,
    late: Arc<LateWrites>,
    hook: Option<Arc<dyn Hook>>,
}

#[derive(Default)]
struct State {
    keys: Keys,
    store: Store,
    page_items: Option<u32>,
}

/// What DescribeTable would find.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Keys {
    #[default]
    Ours,
    Missing,
    Foreign,
}

impl MemoryTable {
    /// An empty table that is there.
    pub fn new() -> Self {
        Self::default()
    }

    /// A table that is not there until [`Table::prepare`] creates it.
    pub fn missing() -> Self {
        let table = Self::default();
        table.state().keys = Keys::Missing;
        table
    }

    /// A table with another key schema than ours.
    pub fn with_foreign_keys() -> Self {
        let table = Self::default();
        table.state().keys = Keys::Foreign;
        table
    }

    /// Another handle on the same items, whose requests go through `hook`. It remembers its own late writes.
    #[must_use]
    pub fn with_hook(&self, hook: Arc<dyn Hook>) -> Self {
        MemoryTable { hook: Some(hook), late: Arc::default(), ..self.clone() }
    }

    /// Another handle on the same items, whose requests are counted by themselves.
    #[must_use]
    pub fn with_own_meter(&self) -> Self {
        MemoryTable { meter: Arc::default(), ..self.clone() }
    }

    /// Ends every page of every handle after `items` items; `None` takes that back.
    pub fn set_page_items(&self, items: Option<u32>) {
        self.state().page_items = items;
    }

    /// What this handle, its clones and [`MemoryTable::with_hook`] children have cost.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// All items of a document in key order, without a request.
    pub fn items(&self, doc: &DocName) -> Vec<Item> {
        self.state().store.document(doc).map_or_else(Vec::new, |items| items.values().cloned().collect())
    }

    /// All items of the table, without a request.
    pub fn all_items(&self) -> Vec<(DocName, Item)> {
        self.state().store.iter().map(|(doc, item)| (doc.clone(), item.clone())).collect()
    }

    /// Applies a write once more, without hook, count or answer: the duplicate of a request that the network held back.
    pub fn apply_late(&self, request: &Request) {
        let mut state = self.state();
        let store = &mut state.store;
        match request.clone() {
            Request::PutNew { doc, item } => {
                store.put_new(&doc, item);
            }
            Request::Put { doc, item } => {
                store.put(&doc, item);
            }
            Request::Seal { doc, key } => {
                store.seal(&doc, &key);
            }
            Request::Renew { doc, key, at } => {
                store.renew(&doc, &key, at);
            }
            Request::Delete { doc, key, condition } => {
                store.delete(&doc, &key, &condition);
            }
            Request::DeleteRaw { doc, key, raw } => {
                store.delete_raw(&doc, &key, &raw);
            }
            Request::DeleteBatch { doc, keys } => {
                for key in &keys {
                    store.delete(&doc, key, &DeleteIf::Always);
                }
            }
            _ => (),
        }
    }

    /// A panic of a test while it held the lock leaves whole items behind: every change is a single call.
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request: hook, apply, count, hook, answer.
    async fn request<T>(
        &self,
        request: Request,
        apply: impl FnOnce(&mut State, &Request, &Fault) -> Result<(T, f64)> + Send,
    ) -> Result<T> {
        let fault = match &self.hook {
            Some(hook) => hook.before(&request).await,
            None => Fault::None,
        };
        let (operation, loses_an_attempt) = (request.operation(), fault.loses_an_attempt());
        self.meter.request(operation);
        let answer = match &fault {
            Fault::Fail(error) => Err(error.clone()),
            _ => {
                let applied = self.apply(&request, &fault, apply);
                if let Some(hook) = &self.hook {
                    hook.after(&request).await;
                }
                match fault {
                    Fault::ApplyThenFail(error) => Err(error),
                    _ => applied,
                }
            }
        };
        if loses_an_attempt {
            request.record(&self.late);
        }
        answer.inspect_err(|_| self.meter.failure(operation))
    }

    fn apply<T>(
        &self,
        request: &Request,
        fault: &Fault,
        apply: impl FnOnce(&mut State, &Request, &Fault) -> Result<(T, f64)>,
    ) -> Result<T> {
        let mut state = self.state();
        if !matches!(request, Request::Prepare { .. }) && state.keys != Keys::Ours {
            return Err(Error::new(Code::Table, "the table is missing, or its keys are not ours"));
        }
        let (answer, units) = apply(&mut state, request, fault)?;
        self.meter.units(request.operation(), units);
        Ok(answer)
    }

    async fn find(&self, request: Request) -> Result<Page<Item>> {
        self.request(request, |state, request, fault| {
            let (Request::Query(query) | Request::QueryKeys(query)) = request else { return mismatch() };
            let begins_with_prefix = |key: &SortKey| key.as_bytes().starts_with(query.prefix.as_bytes());
            if !query.after.iter().chain(&query.until).all(begins_with_prefix) {
                return Err(Error::new(Code::Internal, "the query begins or ends outside its prefix"));
            }
            Ok(state.store.query(query, state.page_limit(query.limit, fault)))
        })
        .await
    }

    async fn find_all(&self, request: Request) -> Result<ScanPage<Item>> {
        self.request(request, |state, request, fault| {
            let (Request::Scan { limit, after } | Request::ScanKeys { limit, after }) = request else {
                return mismatch();
            };
            Ok(state.store.scan(state.page_limit(*limit, fault), after.as_ref()))
        })
        .await
    }
}

impl State {
    fn page_limit(&self, asked: u32, fault: &Fault) -> u32 {
        let limit = asked.min(self.page_items.unwrap_or(u32::MAX));
        if let Fault::PageItems(items) = fault { limit.min(*items) } else { limit }
    }
}

fn mismatch<T>() -> Result<T> {
    Err(Error::new(Code::Internal, "the double was called with another request"))
}

impl Table for MemoryTable {
    /// The item without its key.
    type Raw = Item;

    fn meter(&self) -> &Meter {
        &self.meter
    }

    fn late(&self) -> &LateWrites {
        &self.late
    }

    async fn prepare(&self, create: bool) -> Result<()> {
        self.request(Request::Prepare { create }, |state, _, _| {
            match state.keys {
                Keys::Ours => (),
                Keys::Missing if create => state.keys = Keys::Ours,
                Keys::Missing => return Err(Error::new(Code::Table, "the table does not exist")),
                Keys::Foreign => return Err(Error::new(Code::Table, "the table's keys are not ours")),
            }
            Ok(((), 0.0))
        })
        .await
    }

    async fn put_new(&self, doc: &DocName, item: Item) -> Result<()> {
        check_item(doc, &item)?;
        self.request(Request::PutNew { doc: doc.clone(), item }, |state, request, _| {
            let Request::PutNew { doc, item } = request else { return mismatch() };
            let (_, units) = state.store.put_new(doc, item.clone());
            Ok(((), units))
        })
        .await
    }

    async fn put(&self, doc: &DocName, item: Item) -> Result<()> {
        check_item(doc, &item)?;
        self.request(Request::Put { doc: doc.clone(), item }, |state, request, _| {
            let Request::Put { doc, item } = request else { return mismatch() };
            Ok(state.store.put(doc, item.clone()))
        })
        .await
    }

    async fn get(&self, doc: &DocName, key: &SortKey) -> Result<Option<Item>> {
        check_keys(doc, key)?;
        self.request(Request::Get { doc: doc.clone(), key: key.clone() }, |state, _, _| {
            Ok(state.store.get(doc, key))
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
        self.request(request, |state, _, _| Ok(state.store.delete_raw(doc, key, raw))).await
    }

    async fn seal(&self, doc: &DocName, key: &SortKey) -> Result<bool> {
        check_keys(doc, key)?;
        self.request(Request::Seal { doc: doc.clone(), key: key.clone() }, |state, _, _| {
            Ok(state.store.seal(doc, key))
        })
        .await
    }

    async fn renew(&self, doc: &DocName, key: &SortKey, at: u64) -> Result<bool> {
        check_keys(doc, key)?;
        let request = Request::Renew { doc: doc.clone(), key: key.clone(), at };
        self.request(request, |state, _, _| Ok(state.store.renew(doc, key, at))).await
    }

    async fn delete(&self, doc: &DocName, key: &SortKey, condition: DeleteIf) -> Result<bool> {
        check_keys(doc, key)?;
        let request = Request::Delete { doc: doc.clone(), key: key.clone(), condition };
        self.request(request, |state, request, _| {
            let Request::Delete { condition, .. } = request else { return mismatch() };
            Ok(state.store.delete(doc, key, condition))
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
            let units = now.iter().map(|key| state.store.delete(doc, key, &DeleteIf::Always).1).sum();
            Ok((later.to_vec(), units))
        })
        .await
    }

    async fn query(&self, query: &Query) -> Result<Page<Item>> {
        check_keys(&query.doc, &query.prefix)?;
        self.find(Request::Query(query.clone())).await
    }

    async fn query_keys(&self, query: &Query) -> Result<Page<SortKey>> {
        check_keys(&query.doc, &query.prefix)?;
        let page = self.find(Request::QueryKeys(query.clone())).await?;
        let entries = page.entries.into_iter().map(|item| item.key).collect();
        Ok(Page { entries, next: page.next })
    }

    async fn scan(&self, limit: u32, after: Option<&(DocName, SortKey)>) -> Result<ScanPage<Item>> {
        self.find_all(Request::Scan { limit, after: after.cloned() }).await
    }

    async fn scan_keys(&self, limit: u32, after: Option<&(DocName, SortKey)>) -> Result<ScanPage<SortKey>> {
        let page = self.find_all(Request::ScanKeys { limit, after: after.cloned() }).await?;
        let entries = page.entries.into_iter().map(|(doc, item)| (doc, item.key)).collect();
        Ok(ScanPage { entries, next: page.next })
    }
}
