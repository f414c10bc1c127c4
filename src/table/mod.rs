//! The few DynamoDB operations that the log needs, as a trait.
//!
//! An adapter does one request per call (with the retries of its client), keeps the limits of [`crate::limits`], and decides
//! nothing about the log. It must not know what an update is. All reads are strongly consistent.

use std::future::Future;

use crate::codec::{SortKey, sort_key::DocName};
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
    /// `value`; `None` where the attribute is missing or not binary.
    pub value: Option<Vec<u8>>,
    /// The attributes that make this item the head of a set.
    pub head: Option<SetHead>,
    /// `at` of an update that is no head: when it was written, in milliseconds since the epoch, by the writer's clock.
    /// `None` if its writer recorded none.
    pub at: Option<u64>,
}

/// The attributes of the head of a set: `parts`, `at`, `sealed`, `compacted`, `sv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetHead {
    /// How many parts the set has.
    pub parts: u32,
    /// When the head was written, or last renewed, in milliseconds since the epoch, by the writer's clock.
    pub at: u64,
    /// Whether all parts were acknowledged before: only then does the set count.
    pub sealed: bool,
    /// Whether a compaction wrote the set.
    pub compacted: bool,
    /// The state vector of the set's update, where a compaction wrote the set and the head still costs one write unit.
    pub state_vector: Option<Vec<u8>>,
}

/// One page of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What was found, in the order asked for.
    pub entries: Vec<T>,
    /// Where to go on; `None` on the last page. A page may be empty and still not be the last.
    pub next: Option<SortKey>,
}

/// One page of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanPage<T> {
    /// What was found, grouped by document, each with the document's name.
    pub entries: Vec<(DocName, T)>,
    /// Where to go on; `None` on the last page.
    pub next: Option<(DocName, SortKey)>,
}

/// A query over the items of one document whose sort key begins with `prefix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The document.
    pub doc: DocName,
    /// What the sort keys begin with.
    pub prefix: SortKey,
    /// Descending instead of ascending.
    pub reverse: bool,
    /// The most items of the page (1 or more).
    pub limit: u32,
    /// Begin behind this key: `next` of the page before.
    pub after: Option<SortKey>,
    /// End with this key, which has the prefix and is included; `None`: with the last key that has it.
    pub until: Option<SortKey>,
}

/// What must hold for a conditional delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeleteIf {
    /// Nothing: delete in any case.
    Always,
    /// `value` is exactly this (for items of the original, whose keys can be reused).
    ValueIs(Vec<u8>),
    /// The item is not a sealed head.
    NotSealed,
    /// The item is a head that is not sealed, and its `at` is this.
    NotRenewed(u64),
}

/// The requests of a table at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Connections {
    /// Those that are in flight, each on a connection of its own.
    pub in_flight: usize,
    /// Those that wait until a connection is free.
    pub waiting: usize,
}

/// A DynamoDB table of the form of `docs/FORMAT.md`.
///
/// Every method fails with `ERR_TABLE`, `ERR_ACCESS`, `ERR_THROTTLED`, `ERR_UNAVAILABLE` or `ERR_INTERNAL`; a put of an item
/// over [`crate::limits::MAX_ITEM_BYTES`] with `ERR_TOO_LARGE`, before any request ([`size::item_bytes`] computes the size).
/// A request whose outcome is unknown (a lost response) is repeated by the adapter: each method is idempotent. The attempts of
/// puts and deletes that got no answer are recorded in [`Table::late`] before the call ends.
pub trait Table: Send + Sync + 'static {
    /// All attributes of an item except its keys, also those that are not ours. They are moved, never interpreted.
    type Raw: Clone + PartialEq + Send + Sync + 'static;

    /// What its requests have cost so far.
    fn meter(&self) -> &Meter;

    /// Its writes of which an attempt may still arrive.
    fn late(&self) -> &LateWrites;

    /// How many asynchronous replicas in other regions the table had when it was prepared: there strong reads hold within
    /// one region only, and of two writes the later one wins. Replicas with strong consistency across regions do not count.
    /// 0 before [`Table::prepare`], and without it.
    fn replicas(&self) -> usize {
        0
    }

    /// What is in flight and what waits at this moment.
    fn connections(&self) -> Connections {
        Connections::default()
    }

    /// Ends every request with `ERR_CLOSED`, refuses further ones, and closes all connections. Resolves when a database in
    /// a file is closed, if this was its last table.
    fn close(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Makes sure that the table is there and has our key schema; creates it if it is missing and `create` is set, and
    /// waits until it is ACTIVE. 1 request on an existing table.
    fn prepare(&self, create: bool) -> impl Future<Output = Result<()>> + Send;

    /// Writes an item whose key was never used before (`attribute_not_exists`). An item that is already there is an
    /// earlier attempt of the same write: success. 1 WCU per KiB.
    fn put_new(&self, doc: &DocName, item: Item) -> impl Future<Output = Result<()>> + Send;

    /// Writes an item whatever was there. 1 WCU per KiB.
    fn put(&self, doc: &DocName, item: Item) -> impl Future<Output = Result<()>> + Send;

    /// Reads one item. 1 RCU per 4 KiB.
    fn get(&self, doc: &DocName, key: &SortKey) -> impl Future<Output = Result<Option<Item>>> + Send;

    /// Reads one item and all its other attributes. 1 RCU per 4 KiB.
    fn get_raw(
        &self,
        doc: &DocName,
        key: &SortKey,
    ) -> impl Future<Output = Result<Option<(Item, Self::Raw)>>> + Send;

    /// Writes an item as another one was, if the key is free. Does not report whether it was free: read it back. 1 WCU per KiB.
    fn put_raw(
        &self,
        doc: &DocName,
        key: &SortKey,
        raw: &Self::Raw,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Deletes an item if it is there and its attributes are these; `false` where not (or where a response was lost and it
    /// was deleted before). 1 WCU per KiB.
    fn delete_raw(
        &self,
        doc: &DocName,
        key: &SortKey,
        raw: &Self::Raw,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Sets `sealed` on a head, if the head exists; says whether it does. 1 WCU.
    fn seal(&self, doc: &DocName, key: &SortKey) -> impl Future<Output = Result<bool>> + Send;

    /// Sets `at` of a head that exists and is not sealed; says whether there is one. 1 WCU.
    fn renew(&self, doc: &DocName, key: &SortKey, at: u64) -> impl Future<Output = Result<bool>> + Send;

    /// Deletes an item if the condition holds; `false` where it does not hold. An item that is not there is deleted already:
    /// `true`. 1 WCU per KiB of the item.
    fn delete(
        &self,
        doc: &DocName,
        key: &SortKey,
        condition: DeleteIf,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Deletes up to [`crate::limits::MAX_BATCH_WRITES`] items and returns the keys that were left unprocessed.
    fn delete_batch(
        &self,
        doc: &DocName,
        keys: &[SortKey],
    ) -> impl Future<Output = Result<Vec<SortKey>>> + Send;

    /// One page of whole items. 1 RCU per 4 KiB of the page.
    fn query(&self, query: &Query) -> impl Future<Output = Result<Page<Item>>> + Send;

    /// One page of keys. Costs what the whole items cost.
    fn query_keys(&self, query: &Query) -> impl Future<Output = Result<Page<SortKey>>> + Send;

    /// One page of all items of the table, grouped by document.
    fn scan(
        &self,
        limit: u32,
        after: Option<&(DocName, SortKey)>,
    ) -> impl Future<Output = Result<ScanPage<Item>>> + Send;

    /// One page of all keys of the table, grouped by document. Costs what the whole items cost.
    fn scan_keys(
        &self,
        limit: u32,
        after: Option<&(DocName, SortKey)>,
    ) -> impl Future<Output = Result<ScanPage<SortKey>>> + Send;
}
