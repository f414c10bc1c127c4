//! The parts of a persistence behind its queue, and what calls do with them: stores batches, reads, clears.

use std::mem;
use std::sync::Arc;
use std::time::Instant;

use super::ready::Ready;
use crate::codec::sort_key::LogClock;
use crate::compaction::{Compactor, Document, DocumentState};
use crate::error::{Code, Error, Result};
use crate::log::{EMPTY_UPDATE, Growth, KEEP_ALL, LargestClock, Log, LogRead, Merged, blocking_if_large};
use crate::monitor::{BatchStored, Monitor};
use crate::queue::{Batch, FailedBatch, Order, PendingUpdate, StoreBatch};
use crate::table::Table;
use crate::update;

/// The parts of a persistence behind its queue.
pub(super) struct Worker<T> {
    pub log: Log<T>,
    pub ready: Ready<T>,
    pub compactor: Compactor<T>,
    pub monitor: Arc<Monitor>,
}

impl<T: Table> StoreBatch for Worker<T> {
    type State = DocumentState;

    async fn store_batch(&self, doc: &Arc<Document>, batch: Batch<DocumentState>) -> Result<(), FailedBatch> {
        if let Err(error) = self.prepare(doc).await {
            return Err(FailedBatch { error, updates: batch.take().await });
        }
        let order = batch.order();
        let updates = batch.take().await;
        let bytes = updates.iter().map(|pending| pending.update.len()).sum();
        let merged = match blocking_if_large(bytes, move || merge_valid(updates)).await {
            Ok(merged) => merged,
            // A panic: the dropped updates have already rejected their callers.
            Err(error) => return Err(FailedBatch { error, updates: Vec::new() }),
        };
        let result = match merged {
            Ok(Some(merged)) => self.put(doc, merged, order).await,
            Ok(None) => return Ok(()),
            Err(failed) => Err(failed),
        };
        if result.is_err() {
            self.monitor.batch_failed();
        }
        result
    }

    fn coalesce(&self, updates: Vec<PendingUpdate>) -> Option<PendingUpdate> {
        merge_valid(updates).unwrap_or_else(|failed| {
            failed.reject();
            None
        })
    }
}

impl<T: Table> Worker<T> {
    /// Reads a document; schedules a compaction if the read finds that one is due.
    pub async fn read(&self, doc: &Arc<Document>) -> Result<Vec<u8>> {
        let Merged { log: read, update } = self.log.read_merged(doc.name()).await?;
        self.record_read(doc, &read);
        Ok(update)
    }

    /// Records what a read found as hints, and schedules a compaction if one is due.
    pub fn record_read(&self, doc: &Arc<Document>, read: &LogRead) {
        doc.state.hints().record_log(read, self.log.now_ms());
        self.compactor.schedule_if_due(doc);
    }

    /// Clears a document. No other call of this process may run on it.
    pub async fn clear(&self, doc: &Document) -> Result<()> {
        doc.state.hints().forget();
        drop(doc.state.take_open_item());
        self.log.clear(doc.name()).await
    }

    /// Waits for the table, and finds out the largest log clock if no earlier call has.
    async fn prepare(&self, doc: &Document) -> Result<()> {
        self.ready.wait().await?;
        if doc.state.hints().clock() == LargestClock::Unknown {
            let found = self.log.largest_clock(doc.name()).await?;
            doc.state.hints().record_clock(found);
        }
        Ok(())
    }

    /// Stores an update and answers its callers. After an error they have no answer yet.
    async fn put(
        &self,
        doc: &Arc<Document>,
        mut pending: PendingUpdate,
        order: Order,
    ) -> Result<(), FailedBatch> {
        let update = mem::take(&mut pending.update);
        let result = if update == EMPTY_UPDATE {
            Ok(doc.state.hints().clock().known())
        } else {
            self.put_update(doc, update, &pending, order).await.map(Some)
        };
        match result {
            Ok(clock) => {
                pending.answer(Ok(clock));
                Ok(())
            }
            Err(error) => Err(FailedBatch { error, updates: vec![pending] }),
        }
    }

    async fn put_update(
        &self,
        doc: &Arc<Document>,
        update: Vec<u8>,
        pending: &PendingUpdate,
        order: Order,
    ) -> Result<LogClock> {
        let begun = Instant::now();
        let bytes = update.len();
        let clock = if order == Order::Queued && self.log.may_be_open(doc.name(), &update) {
            self.put_into_open_item(doc, update).await?
        } else {
            let clock = doc.state.hints().take_clock(doc.name())?;
            let (clock, stored) = self.log.store(doc.name(), clock, update).await?;
            doc.state.hints().record_stored(stored);
            clock
        };
        self.monitor.batch_stored(BatchStored {
            doc: doc.name().clone(),
            clock,
            updates: pending.calls(),
            update_bytes: pending.given_bytes,
            bytes,
            elapsed: begun.elapsed(),
        });
        self.compactor.schedule_if_due(doc);
        Ok(clock)
    }

    /// Lets the open item grow, or opens the next one.
    async fn put_into_open_item(&self, doc: &Document, batch: Vec<u8>) -> Result<LogClock> {
        if let Some(open) = doc.state.take_open_item() {
            let closed = open.closed(doc.name());
            match self.log.grow(doc.name(), open, &batch).await {
                Ok(Growth::Grown(grown)) => {
                    let clock = grown.clock();
                    doc.state.set_open_item(grown);
                    return Ok(clock);
                }
                Ok(Growth::Full) => doc.state.hints().record_closed(closed),
                Ok(Growth::Gone) => {}
                Err(error) => {
                    doc.state.hints().record_closed(closed);
                    return Err(error);
                }
            }
        }
        let clock = doc.state.hints().take_clock(doc.name())?;
        doc.state.set_open_item(self.log.open_item(doc.name(), clock, batch).await?);
        Ok(clock)
    }
}

/// Merges the valid updates into one, and rejects the callers of the others. A single update stays as it is, byte for byte.
/// `None` if none is valid. After an error the callers of the valid ones have no answer yet.
fn merge_valid(updates: Vec<PendingUpdate>) -> Result<Option<PendingUpdate>, FailedBatch> {
    let mut valid = reject_invalid(updates);
    if valid.len() < 2 {
        return Ok(valid.pop());
    }
    let bytes: Vec<_> = valid.iter_mut().map(|pending| mem::take(&mut pending.update)).collect();
    match update::merge(&bytes, KEEP_ALL) {
        Ok(merged) => Ok(Some(PendingUpdate::coalesced(valid, merged))),
        Err(reason) => {
            let what = format!("valid updates do not merge: {reason}; please report it");
            Err(FailedBatch { error: Error::new(Code::Internal, what), updates: valid })
        }
    }
}

fn reject_invalid(updates: Vec<PendingUpdate>) -> Vec<PendingUpdate> {
    let mut valid = Vec::with_capacity(updates.len());
    for pending in updates {
        if pending.is_coalesced {
            valid.push(pending);
            continue;
        }
        match update::validate(&pending.update) {
            Ok(()) => valid.push(pending),
            Err(reason) => pending.answer(Err(Error::new(
                Code::InvalidUpdate,
                format!("not a Yjs update in V1 format: {reason}; nothing was stored"),
            ))),
        }
    }
    valid
}
