//! When documents are compacted, and how much of each at a time. The log knows how.
//!
//! A process runs one compaction of a document at a time, and paces those in the background. A background compaction never
//! delays a store or a read, and its failure fails no call. It starts a random time after it is due, so that servers of one
//! document rarely race; when they do, the slower one stops.

mod state;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::codec::sort_key::LogClock;
use crate::defaults;
use crate::error::{Code, Result};
use crate::log::{
    Budget, Compacted, Flushed, Host, Idle, Log, LogSize, Outcome, RemainingEntry, Scope, Threshold,
    WriteStateVector,
};
use crate::monitor::{CompactionDone, Monitor};
use crate::queue;
use crate::table::Table;

pub use state::{DocumentRecord, DocumentState};

/// A document with its queue and its state.
pub type Document = queue::Document<DocumentState>;

/// When background compactions run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Compact at this many items that no compaction wrote (default 24); 0: never.
    pub items: usize,
    /// Compact when the entries of one tier, without the largest, have this many bytes (default 64 KiB).
    pub bytes: usize,
    /// The most WCU a second for the compactions of one document (default 250). All documents together use at most four
    /// times as much.
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

impl Thresholds {
    fn tier(&self) -> Threshold {
        Threshold { items: self.items, bytes: self.bytes }
    }
}

/// A document after a flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlushedDocument {
    /// Its log clock.
    pub clock: LogClock,
    /// The size of its log before the flush.
    pub before: LogSize,
    /// The size of the one entry that it has now.
    pub after: LogSize,
    /// Whether entries were merged or items deleted. A merge of small updates can leave as many items as there were.
    pub is_changed: bool,
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
    /// How many background compactions may run at once.
    permits: Arc<Semaphore>,
    budget: Arc<Budget>,
}

impl<T> Clone for Compactor<T> {
    fn clone(&self) -> Self {
        Compactor { inner: self.inner.clone() }
    }
}

impl<T: Table> Compactor<T> {
    /// Compacts documents of `log` when `thresholds` say so.
    pub fn new(
        log: Log<T>,
        thresholds: Thresholds,
        runtime: Handle,
        host: Arc<dyn Host>,
        monitor: Arc<Monitor>,
    ) -> Self {
        let permits = Arc::new(Semaphore::new(defaults::COMPACTIONS_AT_ONCE));
        let budget = Budget::new(thresholds.wcu_per_second);
        Compactor { inner: Arc::new(Inner { log, thresholds, runtime, host, monitor, permits, budget }) }
    }

    /// Schedules a compaction of the document in the background, if one is due and none is scheduled.
    pub fn schedule_if_due(&self, doc: &Arc<Document>) {
        let is_writable = doc.name().clone().writable().is_ok();
        let is_due = || doc.state.hints().is_due(self.inner.thresholds.tier());
        if !is_writable || !is_due() || !doc.state.schedule() {
            return;
        }
        let (inner, doc) = (self.inner.clone(), doc.clone());
        self.inner.runtime.spawn(async move {
            let scheduled = Scheduled(&doc.state);
            let result = inner.compact_in_background(&doc).await;
            doc.state.compaction_ended(result.is_ok());
            // A close ends a compaction at any request: no failure.
            if let Err(error) = result
                && error.code() != Code::Closed
            {
                inner.monitor.compaction_failed(doc.name(), &error);
            }
            drop(scheduled);
        });
    }

    /// Compacts all of a document, now, and writes the state vector for the original's reader as `state_vector` says. Returns
    /// `None` if the document is missing. A background compaction of the document ends first.
    ///
    /// # Errors
    /// As [`Log::flush`].
    pub async fn flush(
        &self,
        doc: &Document,
        state_vector: WriteStateVector,
    ) -> Result<Option<FlushedDocument>> {
        self.inner.flush(doc, state_vector).await
    }

    /// Starts no more background compactions.
    pub fn close(&self) {
        self.inner.permits.close();
    }
}

impl<T: Table> Inner<T> {
    async fn compact_in_background(&self, doc: &Document) -> Result<()> {
        let longest = defaults::COMPACTION_JITTER.as_millis() as u64;
        let random = u64::from(self.host.write_id()?.1);
        tokio::time::sleep(Duration::from_millis(random % (longest + 1))).await;
        // An error: the persistence was closed meanwhile.
        let Ok(_permit) = self.permits.acquire().await else { return Ok(()) };
        let _shared = doc.gate.shared().await;
        // A flush that runs compacts everything.
        let Ok(_running) = doc.state.running.try_lock() else { return Ok(()) };
        let Some(plan) = doc.state.hints().plan(self.thresholds.tier()) else { return Ok(()) };
        let begun = Instant::now();
        let pace = self.budget.pace(doc.gate.waiting());
        let outcome = match self.probe_after_failure(doc).await {
            Ok(()) => {
                let scope = Scope::Due(&plan, self.thresholds.tier());
                self.log.compact_once(doc.name(), scope, &pace).await
            }
            Err(error) => Err(error),
        };
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                doc.state.hints().restore(plan);
                return Err(error);
            }
        };
        match outcome {
            Outcome::Done(Compacted { entry, inputs, input_bytes, mut others, .. }) => {
                self.report_done(doc, inputs, input_bytes, entry.extent.bytes, begun);
                others.push(entry.extent);
                doc.state.hints().finish(plan, Some(entry.clock), others);
            }
            Outcome::Idle(Idle { entries, largest, .. }) => {
                doc.state.hints().finish(plan, largest, entries);
                self.monitor.compaction_idle();
            }
            Outcome::Overtaken(largest) => {
                doc.state.hints().finish(plan, largest, Vec::new());
                self.monitor.compaction_idle();
            }
        }
        Ok(())
    }

    /// After a failed compaction: fails before anything is written if sealing or deleting is denied.
    async fn probe_after_failure(&self, doc: &Document) -> Result<()> {
        if doc.state.has_failed() { self.log.probe(doc.name()).await } else { Ok(()) }
    }

    async fn flush(&self, doc: &Document, state_vector: WriteStateVector) -> Result<Option<FlushedDocument>> {
        let _running = doc.gate.counted(doc.state.running.lock()).await;
        let begun = Instant::now();
        let plan = doc.state.hints().plan_all();
        let closed = doc.state.take_open_item();
        let flushed = match self.probe_after_failure(doc).await {
            Ok(()) => self.log.flush(doc.name(), state_vector, closed.as_ref()).await,
            Err(error) => Err(error),
        };
        doc.state.compaction_ended(flushed.is_ok());
        let Flushed { entry, merged, before } = match flushed {
            Ok(flushed) => flushed,
            Err(error) => {
                doc.state.hints().restore(plan);
                if let Some(closed) = closed {
                    doc.state.hints().record_closed(closed.closed(doc.name()));
                }
                return Err(error);
            }
        };
        let Some(RemainingEntry { clock, items, extent, .. }) = entry else { return Ok(None) };
        let is_merged = merged.is_some();
        if let Some((entries, bytes_before)) = merged {
            self.report_done(doc, entries, bytes_before, extent.bytes, begun);
        }
        let after = LogSize { items, bytes: extent.bytes };
        doc.state.hints().finish(plan, Some(clock), vec![extent]);
        Ok(Some(FlushedDocument { clock, before, after, is_changed: is_merged || before != after }))
    }

    fn report_done(
        &self,
        doc: &Document,
        entries: usize,
        bytes_before: usize,
        bytes_after: usize,
        begun: Instant,
    ) {
        let (doc, elapsed) = (doc.name().clone(), begun.elapsed());
        self.monitor.compacted(CompactionDone { doc, entries, bytes_before, bytes_after, elapsed });
    }
}

/// A scheduled compaction. Ends when dropped, after a panic too.
struct Scheduled<'a>(&'a DocumentState);

impl Drop for Scheduled<'_> {
    fn drop(&mut self) {
        self.0.unschedule();
    }
}
