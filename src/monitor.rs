//! What a persistence has done, as counts and as events for an observer.
//!
//! Counts are atomics without a lock and are always collected. This module does not know how the work is done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::codec::sort_key::{DocName, LogClock};
use crate::error::Error;

/// A batch became durable.
#[derive(Debug, Clone)]
pub struct BatchStored {
    /// The document of the batch.
    pub doc: DocName,
    /// The log clock of the batch.
    pub clock: LogClock,
    /// The number of updates in the batch.
    pub updates: usize,
    /// The bytes of these updates, as the callers passed them.
    pub update_bytes: usize,
    /// The stored bytes.
    pub bytes: usize,
    /// The time from the start of the put to its answer.
    pub elapsed: Duration,
}

/// A compaction replaced several entries by one, in the background or in a flush.
#[derive(Debug, Clone)]
pub struct CompactionDone {
    /// The document.
    pub doc: DocName,
    /// The number of merged entries.
    pub entries: usize,
    /// The bytes of their updates.
    pub bytes_before: usize,
    /// The bytes of the update that contains them.
    pub bytes_after: usize,
    /// The duration of the compaction, including its reads and deletes.
    pub elapsed: Duration,
}

/// Receives events on the threads that do the work, so it must not block.
pub trait Observer: Send + Sync + 'static {
    /// A batch became durable.
    fn batch_stored(&self, _event: BatchStored) {}

    /// A compaction replaced several entries by one.
    fn compacted(&self, _event: CompactionDone) {}

    /// A background compaction failed. Nothing is lost. It is retried when the document is due again.
    fn compaction_failed(&self, _doc: &DocName, _error: &Error) {}

    /// The table has replicas in other regions: a document belongs to one region.
    fn has_replicas(&self, _replicas: usize) {}
}

/// Ignores all events.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {}

/// The counts so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Batches that became durable.
    pub batches: u64,
    /// Batches that failed after all attempts.
    pub failed_batches: u64,
    /// Updates in the durable batches.
    pub updates: u64,
    /// The bytes of these updates, as the callers passed them.
    pub update_bytes: u64,
    /// The bytes that were stored for these updates.
    pub batch_bytes: u64,
    /// The largest number of updates in one batch.
    pub largest_batch: u64,
    /// Compactions that replaced several entries by one.
    pub compactions: u64,
    /// Compactions that had nothing to do, or found that another process or a clear was faster.
    pub idle_compactions: u64,
    /// Background compactions that failed.
    pub failed_compactions: u64,
    /// Entries that were merged.
    pub compacted_entries: u64,
    /// The bytes of their updates.
    pub compacted_bytes_before: u64,
    /// The bytes of the updates that contain them.
    pub compacted_bytes_after: u64,
}

/// Counts, and passes events to the observer.
pub struct Monitor {
    observer: Arc<dyn Observer>,
    batches: AtomicU64,
    failed_batches: AtomicU64,
    updates: AtomicU64,
    update_bytes: AtomicU64,
    batch_bytes: AtomicU64,
    largest_batch: AtomicU64,
    compactions: AtomicU64,
    idle_compactions: AtomicU64,
    failed_compactions: AtomicU64,
    compacted_entries: AtomicU64,
    compacted_bytes_before: AtomicU64,
    compacted_bytes_after: AtomicU64,
}

fn add(counter: &AtomicU64, n: usize) {
    counter.fetch_add(n as u64, Relaxed);
}

impl Monitor {
    /// Creates a monitor whose counts are 0.
    pub fn new(observer: Arc<dyn Observer>) -> Self {
        Monitor {
            observer,
            batches: AtomicU64::default(),
            failed_batches: AtomicU64::default(),
            updates: AtomicU64::default(),
            update_bytes: AtomicU64::default(),
            batch_bytes: AtomicU64::default(),
            largest_batch: AtomicU64::default(),
            compactions: AtomicU64::default(),
            idle_compactions: AtomicU64::default(),
            failed_compactions: AtomicU64::default(),
            compacted_entries: AtomicU64::default(),
            compacted_bytes_before: AtomicU64::default(),
            compacted_bytes_after: AtomicU64::default(),
        }
    }

    /// A batch became durable.
    pub fn batch_stored(&self, event: BatchStored) {
        add(&self.batches, 1);
        add(&self.updates, event.updates);
        add(&self.update_bytes, event.update_bytes);
        add(&self.batch_bytes, event.bytes);
        self.largest_batch.fetch_max(event.updates as u64, Relaxed);
        self.observer.batch_stored(event);
    }

    /// A batch failed, and its callers get the error.
    pub fn batch_failed(&self) {
        add(&self.failed_batches, 1);
    }

    /// A compaction replaced several entries by one.
    pub fn compacted(&self, event: CompactionDone) {
        add(&self.compactions, 1);
        add(&self.compacted_entries, event.entries);
        add(&self.compacted_bytes_before, event.bytes_before);
        add(&self.compacted_bytes_after, event.bytes_after);
        self.observer.compacted(event);
    }

    /// A compaction had nothing to do, or another process or a clear was faster.
    pub fn compaction_idle(&self) {
        add(&self.idle_compactions, 1);
    }

    /// A background compaction failed.
    pub fn compaction_failed(&self, doc: &DocName, error: &Error) {
        add(&self.failed_compactions, 1);
        self.observer.compaction_failed(doc, error);
    }

    /// The table has replicas in other regions.
    pub fn has_replicas(&self, replicas: usize) {
        self.observer.has_replicas(replicas);
    }

    /// The current counts. Each is exact, but they are read one after another.
    pub fn counts(&self) -> Counts {
        let of = |counter: &AtomicU64| counter.load(Relaxed);
        Counts {
            batches: of(&self.batches),
            failed_batches: of(&self.failed_batches),
            updates: of(&self.updates),
            update_bytes: of(&self.update_bytes),
            batch_bytes: of(&self.batch_bytes),
            largest_batch: of(&self.largest_batch),
            compactions: of(&self.compactions),
            idle_compactions: of(&self.idle_compactions),
            failed_compactions: of(&self.failed_compactions),
            compacted_entries: of(&self.compacted_entries),
            compacted_bytes_before: of(&self.compacted_bytes_before),
            compacted_bytes_after: of(&self.compacted_bytes_after),
        }
    }
}
