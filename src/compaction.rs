//! Background compaction: when, and how much of a document at a time. How it is done is the log's business.
//!
//! One at a time per document and process, a few over the process, paced; it never delays a store or a read, and a
//! failure of it fails nobody's call. It begins a random moment after it is due, so that servers of one document do not
//! race; where they do, the slower one stops.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::defaults;
use crate::error::{Code, Result};
use crate::log::{Compacted, Host, Knowledge, Log, Outcome, Pace, Scope, tiers};
use crate::monitor::{CompactionDone, Monitor};
use crate::queue::Document;
use crate::table::Table;

/// When background compactions run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Compact when so many items were stored behind the last compaction (default 120); 0: never.
    pub items: usize,
    /// Compact when so many bytes of updates were stored behind it (default 128 KiB).
    pub bytes: usize,
    /// The most WCU that one compaction spends in a second (default 250).
    pub wcu_per_second: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds {
            items: defaults::COMPACTION_ITEMS,
            bytes: defaults::COMPACTION_BYTES,
            wcu_per_second: defaults::COMPACTION_WCU_PER_SECOND,
        }
    }
}

/// Starts the background compactions of one persistence.
pub struct Compactor<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    log: Log<T>,
    thresholds: Thresholds,
    runtime: Handle,
    host: Arc<dyn Host>,
    monitor: Arc<Monitor>,
    running: Arc<Semaphore>,
}

impl<T> Clone for Compactor<T> {
    fn clone(&self) -> Self {
        Compactor { inner: self.inner.clone() }
    }
}

impl<T: Table> Compactor<T> {
    /// Compacts documents of `log` as `thresholds` say.
    pub fn new(
        log: Log<T>,
        thresholds: Thresholds,
        runtime: Handle,
        host: Arc<dyn Host>,
        monitor: Arc<Monitor>,
    ) -> Self {
        let running = Arc::new(Semaphore::new(defaults::COMPACTIONS_AT_ONCE));
        Compactor { inner: Arc::new(Inner { log, thresholds, runtime, host, monitor, running }) }
    }

    /// Starts a compaction of the document behind the caller's back, if it is due and none runs.
    pub fn consider(&self, doc: &Arc<Document>) {
        let can_be_written = doc.name().clone().writable().is_ok();
        if !can_be_written || !self.inner.is_due(&doc.knowledge()) || !doc.begin_compaction() {
            return;
        }
        let (inner, doc) = (self.inner.clone(), doc.clone());
        self.inner.runtime.spawn(async move {
            let ended = EndsCompaction(&doc);
            let result = inner.compact(&doc).await;
            doc.compaction_ended(result.is_ok());
            // Closing the persistence cuts a compaction off: no failure.
            if let Err(error) = result
                && error.code() != Code::Closed
            {
                inner.monitor.compaction_failed(doc.name(), &error);
            }
            drop(ended);
        });
    }

    /// Begins no more compactions.
    pub fn close(&self) {
        self.inner.running.close();
    }
}

impl<T: Table> Inner<T> {
    fn is_due(&self, knowledge: &Knowledge) -> bool {
        let (items, bytes) = knowledge.tail();
        self.thresholds.items > 0
            && items >= 2
            && (items >= self.thresholds.items || bytes >= self.thresholds.bytes)
    }

    async fn compact(&self, doc: &Document) -> Result<()> {
        let longest = defaults::COMPACTION_JITTER.as_millis() as u64;
        let random = u64::from(self.host.write_id()?.1);
        tokio::time::sleep(Duration::from_millis(random % (longest + 1))).await;
        // Closed: the persistence was closed meanwhile.
        let Ok(_permit) = self.running.acquire().await else { return Ok(()) };
        let begun = Instant::now();
        let _shared = doc.gate.read().await;
        // A flush runs: it does all that there is to do.
        let Ok(_compaction) = doc.compaction.try_lock() else { return Ok(()) };
        let (tail, kept, behind) = {
            let knowledge = doc.knowledge();
            if !self.is_due(&knowledge) {
                return Ok(());
            }
            let tail = knowledge.tail();
            let base = knowledge.base().unwrap_or_default();
            let kept = tiers::kept(base.iter().map(|extent| extent.bytes), tail.1);
            let behind =
                kept.checked_sub(1).and_then(|last| base.get(last)).map(|extent| extent.last_key.clone());
            (tail, kept, behind)
        };
        let pace = Pace::per_second(self.thresholds.wcu_per_second, doc.rush.clone());
        match self.log.compact(doc.name(), Scope::Tail(behind.as_ref()), &pace).await? {
            Outcome::Done(compacted) => {
                doc.knowledge().saw_compaction(kept, &compacted, tail);
                self.monitor.compacted(done(doc, &compacted, begun.elapsed()));
            }
            Outcome::Single(Some(only)) => {
                doc.knowledge().saw_compaction(kept, &only, tail);
                self.monitor.compaction_idle();
            }
            Outcome::Single(None) => {
                doc.knowledge().saw_race(None, tail);
                self.monitor.compaction_idle();
            }
            Outcome::Raced(largest) => {
                doc.knowledge().saw_race(largest, tail);
                self.monitor.compaction_idle();
            }
        }
        Ok(())
    }
}

/// The event of a compaction that ended well.
pub fn done(doc: &Document, compacted: &Compacted, elapsed: Duration) -> CompactionDone {
    CompactionDone {
        doc: doc.name().clone(),
        entries: compacted.inputs,
        bytes_before: compacted.input_bytes,
        bytes_after: compacted.extent.bytes,
        elapsed,
    }
}

/// Ends the document's compaction, after a panic too.
struct EndsCompaction<'a>(&'a Document);

impl Drop for EndsCompaction<'_> {
    fn drop(&mut self) {
        self.0.end_compaction();
    }
}
