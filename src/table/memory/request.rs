//! A request as the hook of a [`super::MemoryTable`] sees it, and the faults that the hook can inject.

use std::future::Future;
use std::pin::Pin;

use tokio::time::Instant;

use crate::codec::sort_key::{DocName, SortKey, Version};
use crate::error::{Code, Error};
use crate::table::{DeleteIf, Item, LateWrites, Operation, Query, Write};

/// One request with its arguments. There is one variant per kind of request of [`crate::table::Table`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the methods of `Table` say what they are")]
pub enum Request {
    Prepare { create: bool },
    PutNew { doc: DocName, item: Item },
    PutOver { doc: DocName, item: Item, replaced: Version },
    Put { doc: DocName, item: Item },
    Get { doc: DocName, key: SortKey },
    Seal { doc: DocName, key: SortKey },
    Renew { doc: DocName, key: SortKey, at: u64 },
    Delete { doc: DocName, key: SortKey, condition: DeleteIf },
    DeleteRaw { doc: DocName, key: SortKey, raw: Item },
    DeleteBatch { doc: DocName, keys: Vec<SortKey> },
    Query(Query),
    QueryKeys(Query),
    Scan { limit: u32, after: Option<(DocName, SortKey)> },
    ScanKeys { limit: u32, after: Option<(DocName, SortKey)> },
}

impl Request {
    /// The DynamoDB operation of the request.
    pub fn operation(&self) -> Operation {
        match self {
            Request::Prepare { .. } => Operation::DescribeTable,
            Request::PutNew { .. } | Request::PutOver { .. } | Request::Put { .. } => Operation::PutItem,
            Request::Get { .. } => Operation::GetItem,
            Request::Seal { .. } | Request::Renew { .. } => Operation::UpdateItem,
            Request::Delete { .. } | Request::DeleteRaw { .. } => Operation::DeleteItem,
            Request::DeleteBatch { .. } => Operation::BatchWriteItem,
            Request::Query(_) | Request::QueryKeys(_) => Operation::Query,
            Request::Scan { .. } | Request::ScanKeys { .. } => Operation::Scan,
        }
    }

    /// Records the request as a write of which an attempt may still arrive.
    pub(super) fn record(&self, late: &LateWrites) {
        let now = Instant::now();
        match self {
            Request::PutNew { doc, item } | Request::Put { doc, item } => {
                late.record(doc, std::slice::from_ref(&item.key), Write::Put, now);
            }
            Request::Delete { doc, key, .. } | Request::DeleteRaw { doc, key, .. } => {
                late.record(doc, std::slice::from_ref(key), Write::Delete, now);
            }
            Request::DeleteBatch { doc, keys } => late.record(doc, keys, Write::Delete, now),
            _ => (),
        }
    }

    /// Whether the request can change the table.
    pub fn is_write(&self) -> bool {
        !matches!(self.operation(), Operation::GetItem | Operation::Query | Operation::Scan)
    }
}

/// What the hook does to a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// No fault: the request is applied and answered.
    None,
    /// The request is not applied, and the caller gets the error. With `ERR_UNAVAILABLE`, an attempt may still
    /// arrive.
    Fail(Error),
    /// A lost response: the request is applied, and the caller gets the error. With `ERR_UNAVAILABLE`, an attempt may
    /// arrive again.
    ApplyThenFail(Error),
    /// The request is applied and answered after a lost attempt, which may still arrive.
    LostAttempt,
    /// A batch reports its last n keys as unprocessed. Other requests are not affected.
    Unprocessed(usize),
    /// The page of a Query or Scan ends after n items (at least 1). Other requests are not affected.
    PageItems(u32),
}

impl Fault {
    /// Whether an attempt of the request may still arrive.
    pub(super) fn loses_an_attempt(&self) -> bool {
        match self {
            Fault::LostAttempt => true,
            Fault::Fail(error) | Fault::ApplyThenFail(error) => error.code() == Code::Unavailable,
            _ => false,
        }
    }
}

/// The future of a [`Hook`].
pub type HookFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Called before and after every request. It can await, and a simulation interleaves its processes there.
///
/// If the caller drops the future of a request during `before`, the request is not applied; during `after`, it is.
pub trait Hook: Send + Sync + 'static {
    /// Awaited before the request is applied. Decides what happens to it.
    fn before<'a>(&'a self, request: &'a Request) -> HookFuture<'a, Fault>;

    /// Awaited after the request is applied and before it is answered. Not called after [`Fault::Fail`].
    fn after<'a>(&'a self, _request: &'a Request) -> HookFuture<'a, ()> {
        Box::pin(async {})
    }
}
