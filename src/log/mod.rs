//! The update log of one document: how updates are stored, read, compacted and cleared.
//!
//! This folder makes all decisions of the protocol. The queue decides the order of calls, the table sends requests. Updates
//! commute and are idempotent, so the log needs neither an order of its items nor transactions.
//!
//! `ARCHITECTURE.md`, The log, has the invariants and the protocol in numbered steps, and says what happens if a step fails.
//!
//! # Layout
//! * `open_item`, `store`, `large_update`: a store, by the size of its batch. `set`: items of a set, for stores and compactions.
//! * `pages` → `assembly` → `read`: a Query, its entries (`entry`), and what they merge to. `corruption`: what cannot be read.
//! * `compact`: a compaction. `contained`, `checked_merge`, `sweep`: its parts. `outcome`: its scope and its result.
//! * `hints`, `tiers`: which entries it takes. `pace`: how fast it writes. `flush`: a compaction of all entries.
//! * `clear`, `delete`: deletes. `late`: writes that may still arrive.
//! * `verify`, `quarantine`, `item_info`: for the command line.
//! * `host`, `backoff`, `blocking`: the clock and random ids, pauses, long computations.

mod assembly;
mod backoff;
mod blocking;
mod checked_merge;
mod clear;
mod compact;
mod contained;
pub(crate) mod corruption;
mod delete;
mod entry;
mod flush;
mod hints;
mod host;
pub mod item_info;
mod large_update;
mod late;
mod open_item;
mod outcome;
mod pace;
mod pages;
mod quarantine;
mod read;
mod set;
mod store;
mod sweep;
pub mod tiers;
pub mod verify;

use std::sync::Arc;

use large_update::HalfWritten;

use crate::defaults::MAX_VALUE_BYTES;
use crate::limits::MAX_ITEM_BYTES;
use crate::table::Table;
use crate::update::MergeOptions;

pub(crate) use blocking::blocking_if_large;
pub use entry::{Entry, Extent, LogRead, LogSize};
pub use flush::{Flushed, WriteStateVector};
pub use hints::{LargestClock, LogHints, LogRecord, Plan};
pub use host::{Host, SystemHost};
pub use open_item::{ClosedItem, Growth, OpenItem};
pub use outcome::{Compacted, Idle, Outcome, RemainingEntry, Scope};
pub use pace::{Budget, Pace};
pub use pages::{FIRST_LIMIT, Pages, next_limit};
pub use quarantine::Quarantined;
pub use read::Merged;
pub use set::EMPTY_UPDATE;
pub use store::next_clock;
pub use tiers::Threshold;

/// Merges without collecting. For updates that were never stored, for open items, and for inputs of a compaction if the check
/// refuses the collected merge.
pub(crate) const KEEP_ALL: MergeOptions = MergeOptions { gc: false, squash: true, whole_log: false };

/// How long after its last renewal an unsealed set counts as abandoned, in milliseconds.
pub const UNSEALED_SET_LIFETIME_MS: u64 = 3_600_000;

/// How often a set is written that a clear or a sweep deletes before it is sealed.
const MAX_SET_ATTEMPTS: u32 = 3;

/// What a read does about an item that is not an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnCorrupt {
    /// Fail with `ERR_CORRUPT`, naming the item.
    #[default]
    Fail,
    /// Skip it. Only a clear deletes it, and `repair` moves it.
    Skip,
}

/// The options of a log.
#[derive(Debug, Clone, Copy)]
pub struct LogOptions {
    /// Drop the content of deleted items when merging.
    pub gc: bool,
    /// What a read does about an item that is not an update.
    pub on_corrupt: OnCorrupt,
    /// Where updates are cut; simulations make sets of small updates.
    pub sizes: Sizes,
}

/// Where updates are cut into sets, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// The largest item (default [`MAX_ITEM_BYTES`]).
    pub item: usize,
    /// The largest part (default [`MAX_VALUE_BYTES`]).
    pub part: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Sizes { item: MAX_ITEM_BYTES, part: MAX_VALUE_BYTES }
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

    /// Milliseconds since the epoch, by this process's clock.
    pub fn now_ms(&self) -> u64 {
        self.host.now_ms()
    }

    /// The table.
    pub fn table(&self) -> &Arc<T> {
        &self.table
    }
}
