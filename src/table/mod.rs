//! The few DynamoDB operations that the log needs, as a trait.
//!
//! An adapter sends one request per call, with the retries of its client. It enforces the limits of [`crate::limits`]
//! and decides nothing about the log. It does not know what an update is. All reads are strongly consistent.

use std::future::Future;

use crate::codec::SortKey;
use crate::codec::sort_key::{DocName, Version};
use crate::error::Result;

pub mod late;
pub mod memory;
pub mod meter;
pub mod schema;
pub mod size;

pub use late::{LateWrites, Write};
pub use meter::{Cost, Meter, Operation, Snapshot};

#[cfg(feature = "aws")]
pub mod dynamo;

/// One item of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The sort key (`ykeysort`); the partition key is the document's name.
    pub key: SortKey,
    /// `value`; `None` if the attribute is missing or not binary.
    pub value: Option<Vec<u8>>,
    /// The attributes that make this item the head of a set.
    pub head: Option<SetHead>,
    /// `at` of an update item that is not a head: the time of the write, in milliseconds since the epoch, by the
    /// writer's clock. `None` if the item has none.
    pub at: Option<u64>,
    /// `version` of an open item: its writer may replace it by one that contains it. Never of a head.
    pub version: Option<Version>,
}

impl Item {
    /// An item with `value` and nothing else.
    pub fn plain(key: SortKey, value: Vec<u8>) -> Self {
        Item { key, value: Some(value), head: None, at: None, version: None }
    }

    /// Its key and its version.
    pub fn versioned_key(&self) -> VersionedKey {
        VersionedKey { key: self.key.clone(), version: self.version }
    }
}

/// The key of an item, with the version that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionedKey {
    /// The sort key.
    pub key: SortKey,
    /// The version of an open item; `None` for every other item.
    pub version: Option<Version>,
}

/// The attributes of the head of a set: `parts`, `at`, `sealed`, `compacted`, `sv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetHead {
    /// The number of parts.
    pub parts: u32,
    /// The time when the head was written or last renewed, in milliseconds since the epoch, by the writer's clock.
    pub at: u64,
    /// Whether the set is sealed: all its parts were acknowledged. Readers skip a set that is not sealed.
    pub sealed: bool,
    /// Whether a compaction wrote the set.
    pub compacted: bool,
    /// The state vector of the set's update, if a compaction wrote the set and the head with it costs one write unit.
    pub state_vector: Option<Vec<u8>>,
}

/// One page of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items or keys, in the order of the query.
    pub items: Vec<T>,
    /// `after` of the next page; `None` on the last page. A page can be empty without being the last one.
    pub next: Option<SortKey>,
}

/// One page of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanPage<T> {
    /// The items or keys, grouped by document, each with the document's name.
    pub items: Vec<(DocName, T)>,
    /// `after` of the next page; `None` on the last page.
    pub next: Option<(DocName, SortKey)>,
}

/// A query over the items of one document whose sort key begins with `prefix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The document.
    pub doc: DocName,
    /// The bytes that the sort keys begin with.
    pub prefix: SortKey,
    /// Whether the order is descending.
    pub reverse: bool,
    /// The maximum number of items on the page, at least 1.
    pub limit: u32,
    /// The query starts after this key: `next` of the previous page.
    pub after: Option<SortKey>,
    /// The last key that the query returns, which has the prefix. `None`: the last key with the prefix.
    pub until: Option<SortKey>,
}

/// The condition of a delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeleteIf {
    /// No condition.
    Always,
    /// `value` equals this. For items of the original package, whose keys can be reused.
    ValueIs(Vec<u8>),
    /// The item is not a sealed head.
    NotSealed,
    /// The item is a head that is not sealed, and its `at` equals this.
    NotRenewed(u64),
    /// `version` equals this: the open item has not grown since it was read.
    VersionIs(Version),
}

/// The number of requests of a table at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Connections {
    /// Requests in flight, each on its own connection.
    pub in_flight: usize,
    /// Requests that wait for a free connection.
    pub waiting: usize,
}

/// A DynamoDB table in the format of `docs/FORMAT.md`.
///
/// Every method can fail with `ERR_TABLE`, `ERR_ACCESS`, `ERR_THROTTLED`, `ERR_UNAVAILABLE` or `ERR_INTERNAL`. A put
/// of an item over [`crate::limits::MAX_ITEM_BYTES`] fails with `ERR_TOO_LARGE` before any request
/// ([`size::item_bytes`] computes the size). The adapter retries a request whose outcome is unknown (a lost
/// response), so each method is idempotent. Before a put or a delete ends, the adapter records its attempts without
/// an answer in [`Table::late`]. [`Table::put_over`] needs no record: a late attempt of it is harmless.
pub trait Table: Send + Sync + 'static {
    /// All attributes of an item except its keys, including unknown ones. They are copied, never interpreted.
    type Raw: Clone + PartialEq + Send + Sync + 'static;

    /// Counts what the requests cost.
    fn meter(&self) -> &Meter;

    /// The writes of which an attempt may still arrive.
    fn late(&self) -> &LateWrites;

    /// The number of asynchronous replicas in other regions when the table was prepared. With such replicas, strong
    /// reads hold within one region only, and the later of two writes wins. Replicas with strong consistency across
    /// regions do not count. 0 before [`Table::prepare`], and without it.
    fn replicas(&self) -> usize {
        0
    }

    /// The requests in flight and waiting at this moment.
    fn connections(&self) -> Connections {
        Connections::default()
    }

    /// Ends every request with `ERR_CLOSED`, refuses further ones, and closes all connections. If this was the last
    /// table of a database file, it resolves when the file is closed.
    fn close(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Makes sure that the table exists and has our key schema. Creates it if it is missing and `create` is set.
    /// Waits until it is ACTIVE. 1 request on an existing table.
    fn prepare(&self, create: bool) -> impl Future<Output = Result<()>> + Send;

    /// Writes an item whose key was never used before (`attribute_not_exists`). If the key exists, an earlier attempt
    /// of the same write has arrived: success. 1 WCU per KiB.
    fn put_new(&self, doc: &DocName, item: Item) -> impl Future<Output = Result<()>> + Send;

    /// Replaces an open item by `item`, of the same key and another version, if its version is `replaced`. Returns
    /// `false` if the item is missing or of another version. If it has the version of `item`, an earlier attempt of
    /// the same write has arrived: `true`. 1 WCU per KiB; 1 RCU more if the condition does not hold and the answer does
    /// not say which item is there.
    fn put_over(
        &self,
        doc: &DocName,
        item: Item,
        replaced: Version,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Writes an item, and replaces the item with the same key if there is one. 1 WCU per KiB.
    fn put(&self, doc: &DocName, item: Item) -> impl Future<Output = Result<()>> + Send;

    /// Reads one item. 1 RCU per 4 KiB.
    fn get(&self, doc: &DocName, key: &SortKey) -> impl Future<Output = Result<Option<Item>>> + Send;

    /// Reads one item with all its attributes. 1 RCU per 4 KiB.
    fn get_raw(
        &self,
        doc: &DocName,
        key: &SortKey,
    ) -> impl Future<Output = Result<Option<(Item, Self::Raw)>>> + Send;

    /// Writes an item with the attributes of another one, if the key is free. It does not report whether the key was
    /// free; a read does. 1 WCU per KiB.
    fn put_raw(
        &self,
        doc: &DocName,
        key: &SortKey,
        raw: &Self::Raw,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Deletes an item if its attributes equal `raw`. Returns `false` if they differ or the item is missing, and also
    /// if an earlier attempt deleted it and the response was lost. 1 WCU per KiB.
    fn delete_raw(
        &self,
        doc: &DocName,
        key: &SortKey,
        raw: &Self::Raw,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Sets `sealed` on a head, and returns whether the head exists. 1 WCU.
    fn seal(&self, doc: &DocName, key: &SortKey) -> impl Future<Output = Result<bool>> + Send;

    /// Sets `at` of a head that is not sealed, and returns whether there is such a head. 1 WCU.
    fn renew(&self, doc: &DocName, key: &SortKey, at: u64) -> impl Future<Output = Result<bool>> + Send;

    /// Deletes an item if the condition holds. Returns `false` if it does not hold, and `true` if the item is
    /// missing. 1 WCU per KiB of the item.
    fn delete(
        &self,
        doc: &DocName,
        key: &SortKey,
        condition: DeleteIf,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Deletes up to [`crate::limits::MAX_BATCH_WRITES`] items and returns the unprocessed keys.
    fn delete_batch(
        &self,
        doc: &DocName,
        keys: &[SortKey],
    ) -> impl Future<Output = Result<Vec<SortKey>>> + Send;

    /// One page of whole items. 1 RCU per 4 KiB of the page.
    fn query(&self, query: &Query) -> impl Future<Output = Result<Page<Item>>> + Send;

    /// One page of keys and versions. It costs as much as the items.
    fn query_keys(&self, query: &Query) -> impl Future<Output = Result<Page<VersionedKey>>> + Send;

    /// One page of all items of the table, grouped by document.
    fn scan(
        &self,
        limit: u32,
        after: Option<&(DocName, SortKey)>,
    ) -> impl Future<Output = Result<ScanPage<Item>>> + Send;

    /// One page of all keys of the table, grouped by document. It costs as much as the items.
    fn scan_keys(
        &self,
        limit: u32,
        after: Option<&(DocName, SortKey)>,
    ) -> impl Future<Output = Result<ScanPage<SortKey>>> + Send;
}
