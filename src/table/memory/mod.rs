//! An in-memory [`super::Table`] that enforces the limits of DynamoDB and counts what DynamoDB would bill.
//!
//! For tests and simulations. It is deterministic: it has neither a clock nor randomness of its own. A [`Hook`] is
//! awaited before and after every request. It can delay a request, fail it, lose its answer, cut its page, or leave
//! keys unprocessed. Clones share the items, so each clone can stand for a process.

mod item_map;
mod request;
mod table;

use std::sync::{Arc, Mutex, MutexGuard};

use item_map::ItemMap;
pub use request::{Fault, Hook, HookFuture, Request};

use super::{DeleteIf, Item, LateWrites, Meter, Page, ScanPage};
use crate::codec::sort_key::{DocName, SortKey};
use crate::error::{Code, Error, Result};
use crate::sync::lock;

/// A table in memory. A clone is another handle on the same items.
#[derive(Clone, Default)]
pub struct MemoryTable {
    shared: Arc<Mutex<State>>,
    meter: Arc<Meter>,
    late: Arc<LateWrites>,
    hook: Option<Arc<dyn Hook>>,
    replicas: usize,
}

#[derive(Default)]
struct State {
    keys: Keys,
    items: ItemMap,
    page_items: Option<u32>,
}

/// The key schema that DescribeTable reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Keys {
    #[default]
    Ours,
    Missing,
    Foreign,
}

impl MemoryTable {
    /// An empty table that exists.
    pub fn new() -> Self {
        Self::default()
    }

    /// A table that is missing until [`super::Table::prepare`] creates it.
    pub fn missing() -> Self {
        let table = Self::default();
        table.state().keys = Keys::Missing;
        table
    }

    /// A table with a wrong key schema.
    pub fn with_foreign_keys() -> Self {
        let table = Self::default();
        table.state().keys = Keys::Foreign;
        table
    }

    /// A handle on the same items whose requests go through `hook`. It records its own late writes.
    #[must_use]
    pub fn with_hook(&self, hook: Arc<dyn Hook>) -> Self {
        MemoryTable { hook: Some(hook), late: Arc::default(), ..self.clone() }
    }

    /// A handle on the same items that reports asynchronous replicas.
    #[must_use]
    pub fn with_replicas(&self, replicas: usize) -> Self {
        MemoryTable { replicas, ..self.clone() }
    }

    /// A handle on the same items with its own meter.
    #[must_use]
    pub fn with_own_meter(&self) -> Self {
        MemoryTable { meter: Arc::default(), ..self.clone() }
    }

    /// Limits every page of every handle to `items` items. `None` removes the limit.
    pub fn set_page_items(&self, items: Option<u32>) {
        self.state().page_items = items;
    }

    /// Counts what this handle, its clones and its [`MemoryTable::with_hook`] handles cost.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// All items of a document in key order, without a request.
    pub fn items(&self, doc: &DocName) -> Vec<Item> {
        self.state().items.document(doc).map_or_else(Vec::new, |items| items.values().cloned().collect())
    }

    /// All items of the table, without a request.
    pub fn all_items(&self) -> Vec<(DocName, Item)> {
        self.state().items.iter().map(|(doc, item)| (doc.clone(), item.clone())).collect()
    }

    /// Applies a write again, without hook, count or answer: a duplicate of the request that the network delayed.
    pub fn apply_late(&self, request: &Request) {
        let mut state = self.state();
        let items = &mut state.items;
        match request.clone() {
            Request::PutNew { doc, item } => {
                items.put_new(&doc, item);
            }
            Request::PutOver { doc, item, replaced } => {
                items.put_over(&doc, item, replaced);
            }
            Request::Put { doc, item } => {
                items.put(&doc, item);
            }
            Request::Seal { doc, key } => {
                items.seal(&doc, &key);
            }
            Request::Renew { doc, key, at } => {
                items.renew(&doc, &key, at);
            }
            Request::Delete { doc, key, condition } => {
                items.delete(&doc, &key, &condition);
            }
            Request::DeleteRaw { doc, key, raw } => {
                items.delete_raw(&doc, &key, &raw);
            }
            Request::DeleteBatch { doc, keys } => {
                for key in &keys {
                    items.delete(&doc, key, &DeleteIf::Always);
                }
            }
            _ => (),
        }
    }

    /// A poisoned lock is safe to use: every change is a single call, so a panic leaves no partial change.
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.shared)
    }

    /// Runs one request: hook, apply, count, hook, answer.
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
            return Err(Error::new(Code::Table, "the table is missing or has the wrong keys"));
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
            Ok(state.items.query(query, state.page_limit(query.limit, fault)))
        })
        .await
    }

    async fn find_all(&self, request: Request) -> Result<ScanPage<Item>> {
        self.request(request, |state, request, fault| {
            let (Request::Scan { limit, after } | Request::ScanKeys { limit, after }) = request else {
                return mismatch();
            };
            Ok(state.items.scan(state.page_limit(*limit, fault), after.as_ref()))
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
    Err(Error::new(Code::Internal, "the table in memory was called with another request"))
}
