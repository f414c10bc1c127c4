//! Background compaction: when, and how much of a document at a time. How it is done is the log's business.
//!
//! One at a time per document and process, a few over the process, paced; it never delays a store or a read, and a
//! failure of it fails nobody's call. It begins a random moment after it is due, so that servers of one document do not
//! race; where they do, the slower one stops.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::codec::sort_key::LogClock;
use crate::defaults;
use crate::error::{Code, Result};
use crate::log::{
    Budget, Compacted, Flushed, Host, Idle, Log, LogSize, Outcome, Scope, Summary, Threshold,
    WriteStateVector,
};
use crate::monitor::{CompactionDone, Monitor};
use crate::queue::Document;
use crate::table::Table;

/// When background compactions run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Compact when there are so many items that no compaction wrote (default 120); 0: never.
    pub items: usize,
    /// Compact when entries of one tier have so many bytes besides the largest of them (default 128 KiB).
    pub bytes: usize,
    /// The most WCU that compactions of one document spend in a second (default 250); those of all documents together
    /// spend at most four times as much.
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
    running: Arc<Semaphore>,
    budget: Arc<Budget>,
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
        let budget = Budget::new(thresholds.wcu_per_second);
        Compactor { inner: Arc::new(Inner { log, thresholds, runtime, host, monitor, running, budget }) }
    }

    /// Starts a compaction of the document behind the caller's back, if it is due and none runs.
    pub fn consider(&self, doc: &Arc<Document>) {
        let can_be_written = doc.name().clone().writable().is_ok();
        if !can_be_written || !self.inner.is_due(doc) || !doc.begin_compaction() {
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

    /// Merges all of a document, now, and writes the state vector for the original's reader as `state_vector` says; `None`
    /// where the document is missing. A background compaction of it ends first.
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

    /// Begins no more compactions.
    pub fn close(&self) {
        self.inner.running.close();
    }
}

impl<T: Table> Inner<T> {
    fn is_due(&self, doc: &Document) -> bool {
        doc.knowledge().is_due(self.thresholds.tier())
    }

    async fn compact(&self, doc: &Document) -> Result<()> {
        let longest = defaults::COMPACTION_JITTER.as_millis() as u64;
        let random = u64::from(self.host.write_id()?.1);
        tokio::time::sleep(Duration::from_millis(random % (longest + 1))).await;
        // Closed: the persistence was closed meanwhile.
        let Ok(_permit) = self.running.acquire().await else { return Ok(()) };
        let _shared = doc.gate.read().await;
        // A flush runs: it does all that there is to do.
        let Ok(_compaction) = doc.compaction.try_lock() else { return Ok(()) };
        let Some(plan) = doc.knowledge().plan(self.thresholds.tier()) else { return Ok(()) };
        let begun = Instant::now();
        let pace = self.budget.pace(doc.waiters.clone());
        let outcome = match self.probe_after_failure(doc).await {
            Ok(()) => {
                let scope = Scope::Due(&plan.kept, self.thresholds.tier());
                self.log.compact(doc.name(), scope, &pace).await
            }
            Err(error) => Err(error),
        };
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                doc.knowledge().restore(plan);
                return Err(error);
            }
        };
        match outcome {
            Outcome::Done(Compacted { entry, inputs, input_bytes, mut others, .. }) => {
                self.monitor.compacted(CompactionDone {
                    doc: doc.name().clone(),
                    entries: inputs,
                    bytes_before: input_bytes,
                    bytes_after: entry.extent.bytes,
                    elapsed: begun.elapsed(),
                });
                others.push(entry.extent);
                doc.knowledge().settle(plan, Some(entry.clock), others);
            }
            Outcome::Idle(Idle { entries, largest, .. }) => {
                doc.knowledge().settle(plan, largest, entries);
                self.monitor.compaction_idle();
            }
            Outcome::Raced(largest) => {
                doc.knowledge().settle(plan, largest, Vec::new());
                self.monitor.compaction_idle();
            }
        }
        Ok(())
    }

    /// Where the last compaction failed, one that may not seal or delete fails before it has written a copy.
    async fn probe_after_failure(&self, doc: &Document) -> Result<()> {
        if doc.has_failed() { self.log.probe(doc.name()).await } else { Ok(()) }
    }

    async fn flush(&self, doc: &Document, state_vector: WriteStateVector) -> Result<Option<FlushedDocument>> {
        let _compaction = {
            let _waiter = doc.waiters.join();
            doc.compaction.lock().await
        };
        let begun = Instant::now();
        let plan = doc.knowledge().plan_all();
        let flushed = match self.probe_after_failure(doc).await {
            Ok(()) => self.log.flush(doc.name(), state_vector).await,
            Err(error) => Err(error),
        };
        doc.compaction_ended(flushed.is_ok());
        let Flushed { entry, merged, before } = match flushed {
            Ok(flushed) => flushed,
            Err(error) => {
                doc.knowledge().restore(plan);
                return Err(error);
            }
        };
        let Some(Summary { clock, items, extent, .. }) = entry else { return Ok(None) };
        let is_merged = merged.is_some();
        if let Some((entries, bytes_before)) = merged {
            self.monitor.compacted(CompactionDone {
                doc: doc.name().clone(),
                entries,
                bytes_before,
                bytes_after: extent.bytes,
                elapsed: begun.elapsed(),
            });
        }
        let after = LogSize { items, bytes: extent.bytes };
        doc.knowledge().settle(plan, Some(clock), vec![extent]);
        Ok(Some(FlushedDocument { clock, before, after, is_changed: is_merged || before != after }))
    }
}

/// Ends the document's compaction, after a panic too.
struct EndsCompaction<'a>(&'a Document);

impl Drop for EndsCompaction<'_> {
    fn drop(&mut self) {
        self.0.end_compaction();
    }
}
