//! The options of a persistence.

use std::time::Duration;

use crate::compaction::Thresholds;
use crate::defaults;
use crate::log::{OnCorrupt, Sizes};

/// How a persistence works.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Make no request before the first call: neither check nor create the table (default false).
    pub skip_create_table: bool,
    /// How long a store waits for more updates of its document before it is sent (default 0).
    pub batch_delay: Duration,
    /// From how many bytes on pending updates are merged while they wait (default 64 KiB).
    pub coalesce_bytes: usize,
    /// The most memory for what is remembered of documents that no call uses, in bytes (default 64 MiB).
    pub remember_bytes: usize,
    /// Drop the content of deleted items when merging (default true).
    pub gc: bool,
    /// What a read does about an item that is not an update (default: fail).
    pub on_corrupt: OnCorrupt,
    /// When documents are compacted in the background.
    pub compaction: Thresholds,
    /// Where updates are cut into sets; simulations cut them small.
    pub sizes: Sizes,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            skip_create_table: false,
            batch_delay: defaults::BATCH_DELAY,
            coalesce_bytes: defaults::COALESCE_BYTES,
            remember_bytes: defaults::REMEMBER_BYTES,
            gc: defaults::GC,
            on_corrupt: OnCorrupt::default(),
            compaction: Thresholds::default(),
            sizes: Sizes::default(),
        }
    }
}
