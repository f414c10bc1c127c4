//! The update log of one document: how updates are stored, read, compacted and cleared.
//!
//! All protocol decisions are here and nowhere else; the order of calls is the queue's business, requests are the
//! table's. The log needs no order among its items and no transactions, because updates commute and are idempotent:
//!
//! * a key is written once and never reused; an item never changes, except that a head is renewed, and sealed once;
//! * an acknowledged update is contained in a live item or a whole sealed set at every moment;
//! * a compaction deletes exactly the keys that it merged, and only after its set was sealed, read back and verified.
//!
//! `ARCHITECTURE.md` gives the protocol in numbered steps, with what happens when each of them fails.

mod assembly;
mod backoff;
mod clear;
mod compact;
mod contained;
mod delete;
mod entry;
mod flush;
mod hints;
mod host;
pub mod inspect;
mod large;
mod late;
mod pace;
mod pages;
mod quarantine;
mod read;
mod rules;
mod set;
mod sweep;
pub mod tiers;
pub mod verify;

use std::sync::Arc;

use large::HalfWritten;

use crate::codec::sort_key::{DocName, LogClock, SortKey, WriteId};
use crate::error::{Code, Error, Result};
use crate::limits::MAX_ITEM_BYTES;
use crate::table::size::item_bytes;
use crate::table::{Item, Table};

pub use compact::{Compacted, Idle, Outcome, Scope, Summary};
pub(crate) use entry::corrupt;
pub use entry::{Entry, Extent, LogRead, LogSize};
pub use flush::{Flushed, WriteStateVector};
pub use hints::{Known, LogHints, Plan};
pub use host::{Host, SystemHost};
pub use pace::{Budget, Pace};
pub use pages::{FIRST_LIMIT, Pages, next_limit};
pub use quarantine::Quarantined;
pub use read::Merged;
pub use rules::Rule;
pub use set::EMPTY_UPDATE;
pub use tiers::Threshold;

/// The most bytes of one part of a set: a page of 1 MB holds two, and an item has room for its keys.
pub const MAX_PART_BYTES: usize = 380_000;

/// The age after which a set that was never sealed is given up, in milliseconds, counted from the last time that its writer
/// renewed it.
pub const UNSEALED_SET_LIFETIME_MS: u64 = 3_600_000;

/// How often a set that was cleared away or swept while it was written is written anew.
const MAX_SET_ATTEMPTS: u32 = 3;

/// What a read does about an item that is not an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnCorrupt {
    /// Fail with `ERR_CORRUPT`, naming the item.
    #[default]
    Fail,
    /// Read the rest. The item is never deleted, but by a clear.
    Skip,
}

/// How the log merges and what it does about damage.
#[derive(Debug, Clone, Copy)]
pub struct LogOptions {
    /// Drop the content of deleted items when merging.
    pub gc: bool,
    /// What a read does about an item that is not an update.
    pub on_corrupt: OnCorrupt,
    /// Simulations make sets of small updates.
    pub sizes: Sizes,
    /// The rule that a simulation leaves out.
    #[cfg(feature = "break-rules")]
    pub broken: Option<Rule>,
}

/// Where updates are cut into sets, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// The largest item (default [`MAX_ITEM_BYTES`]).
    pub item: usize,
    /// The largest part (default [`MAX_PART_BYTES`]).
    pub part: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Sizes { item: MAX_ITEM_BYTES, part: MAX_PART_BYTES }
    }
}

/// The update logs of one table.
pub struct Log<T> {
    table: Arc<T>,
    options: LogOptions,
    host: Arc<dyn Host>,
    half_written: Arc<HalfWritten>,
}

impl<T> Clone for Log<T> {
    fn clone(&self) -> Self {
        Log {
            table: self.table.clone(),
            options: self.options,
            host: self.host.clone(),
            half_written: self.half_written.clone(),
        }
    }
}

impl<T: Table> Log<T> {
    /// The logs of `table`.
    pub fn new(table: Arc<T>, options: LogOptions, host: Arc<dyn Host>) -> Self {
        Log { table, options, host, half_written: Arc::default() }
    }

    /// The table.
    pub fn table(&self) -> &Arc<T> {
        &self.table
    }

    /// The largest log clock of the document; `None` where it has no update items. One reverse Query.
    ///
    /// # Errors
    /// `ERR_CORRUPT` where the last item's key is not one of an update.
    pub async fn largest_clock(&self, doc: &DocName) -> Result<Option<LogClock>> {
        let mut pages = pages::Pages::new(doc, SortKey::updates(doc)).last();
        while let Some(query) = pages.query() {
            let page = self.table.query_keys(query).await?;
            match pages.take(page).first().map(|key| assembly::parse(doc, key)) {
                Some(Ok(parsed)) => return Ok(Some(parsed.clock())),
                Some(Err(error)) if self.options.on_corrupt == OnCorrupt::Fail => return Err(error),
                Some(Err(_)) | None => {}
            }
        }
        Ok(None)
    }

    /// Stores a valid update at `clock`: one put, or a set where it does not fit one item. Returns where it stands: at the
    /// log clock of an earlier store where it continues the set which that one left half written. When this returns, the
    /// update is durable.
    ///
    /// Cost: 1 WCU per KiB; as a set 2 WCU more, and 1 for each 10 minutes that it takes.
    ///
    /// # Errors
    /// `ERR_UNAVAILABLE` where the document was cleared again and again while a set was written, and what the table says.
    pub async fn store(&self, doc: &DocName, clock: LogClock, update: Vec<u8>) -> Result<(LogClock, Extent)> {
        let key = SortKey::update(doc, clock, self.write_id()?);
        let bytes = update.len();
        let item = Item { key, value: Some(update), head: None, at: Some(self.host.now_ms()) };
        if item_bytes(doc, &item) <= self.options.sizes.item {
            let (first_key, last_key) = (item.key.clone(), item.key.clone());
            self.put_new(doc, item).await?;
            return Ok((clock, Extent { first_key, last_key, bytes, is_compacted: false }));
        }
        let set = self.store_set(doc, clock, item.value.unwrap_or_default()).await?;
        Ok((set.clock, set.extent(doc, bytes, false)))
    }

    /// Whether the protocol keeps a rule: always, but for simulations.
    #[cfg(feature = "break-rules")]
    fn keeps(&self, rule: Rule) -> bool {
        self.options.broken != Some(rule)
    }

    #[cfg(not(feature = "break-rules"))]
    fn keeps(&self, _rule: Rule) -> bool {
        true
    }

    fn write_id(&self) -> Result<WriteId> {
        if self.keeps(Rule::FreshKeys) { self.host.write_id() } else { Ok(WriteId(0, 0)) }
    }

    async fn put_new(&self, doc: &DocName, item: Item) -> Result<()> {
        if self.keeps(Rule::FreshKeys) {
            self.table.put_new(doc, item).await
        } else {
            self.table.put(doc, item).await
        }
    }
}

/// The clock after `largest`.
///
/// # Errors
/// `ERR_CORRUPT` where the log clock is used up: only a foreign item can have brought it there.
pub fn next_clock(doc: &DocName, largest: Option<LogClock>) -> Result<LogClock> {
    match largest {
        None => Ok(LogClock(0)),
        Some(LogClock(clock)) => clock.checked_add(1).map(LogClock).ok_or_else(|| {
            Error::new(
                Code::Corrupt,
                format!("document '{doc}' has an item at log clock {clock}, the largest there is: nothing fits behind it"),
            )
        }),
    }
}

/// Above this many bytes work on updates leaves the async workers: some 100 µs.
const INLINE_BYTES: usize = 256 * 1024;

/// Runs `work` on `bytes` of updates; on a blocking thread where that takes long.
///
/// # Errors
/// `ERR_INTERNAL` where it panicked there.
pub(crate) async fn off_the_loop<R: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> R + Send + 'static,
) -> Result<R> {
    if bytes <= INLINE_BYTES {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|ended| {
        Error::new(Code::Internal, "work on updates ended early").with_cause(ended.to_string())
    })
}
