//! Storing a batch: the updates that waited side by side become one item.

use std::mem;
use std::sync::Arc;
use std::time::Instant;

use super::ready::Ready;
use crate::codec::sort_key::LogClock;
use crate::compaction::Compactor;
use crate::error::{Code, Error, Result};
use crate::log::{Known, Log, next_clock, off_the_loop};
use crate::monitor::{BatchStored, Monitor};
use crate::queue::{Document, Store, StoreBatch};
use crate::table::Table;
use crate::update;

/// Stores batches in the log.
pub(super) struct Writer<T> {
    pub log: Log<T>,
    pub ready: Ready<T>,
    pub compactor: Compactor<T>,
    pub monitor: Arc<Monitor>,
}

impl<T: Table> StoreBatch for Writer<T> {
    async fn prepare(&self, doc: &Arc<Document>) -> Result<()> {
        self.ready.wait().await?;
        if doc.knowledge().clock() == Known::Unknown {
            let found = self.log.largest_clock(doc.name()).await?;
            doc.knowledge().saw_clock(found);
        }
        Ok(())
    }

    async fn store(&self, doc: &Arc<Document>, batch: Vec<Store>) {
        // Where the validation panicked its callers have been answered: by the answers that never come.
        let Ok(mut valid) = without_invalid(batch).await else { return };
        if valid.is_empty() {
            return;
        }
        let updates = valid.iter_mut().map(|store| mem::take(&mut store.update)).collect();
        let result = self.put(doc, updates).await;
        if result.is_err() {
            self.monitor.batch_failed();
        }
        valid.into_iter().for_each(|store| store.answer(result.clone()));
    }
}

impl<T: Table> Writer<T> {
    /// Makes the updates durable, and says at which log clock.
    async fn put(&self, doc: &Arc<Document>, mut updates: Vec<Vec<u8>>) -> Result<LogClock> {
        let begun = Instant::now();
        let count = updates.len();
        let update_bytes = updates.iter().map(Vec::len).sum();
        let update = match updates.pop() {
            // One update is stored byte for byte.
            Some(only) if updates.is_empty() => only,
            last => {
                updates.extend(last);
                self.log.merge_tail(updates).await?.map_err(|reason| {
                    Error::new(
                        Code::Internal,
                        format!("valid updates do not merge: {reason}; please report it"),
                    )
                })?
            }
        };
        let clock = doc.knowledge().take_clock(doc.name(), next_clock)?;
        let bytes = update.len();
        self.log.store(doc.name(), clock, update).await?;
        doc.knowledge().stored(bytes);
        self.monitor.batch_stored(BatchStored {
            doc: doc.name().clone(),
            clock,
            updates: count,
            update_bytes,
            bytes,
            elapsed: begun.elapsed(),
        });
        self.compactor.consider(doc);
        Ok(clock)
    }
}

/// Answers the callers whose update is not one, and goes on with the others.
async fn without_invalid(batch: Vec<Store>) -> Result<Vec<Store>> {
    let bytes = batch.iter().map(|store| store.update.len()).sum();
    off_the_loop(bytes, move || {
        let mut valid = Vec::with_capacity(batch.len());
        for store in batch {
            match update::validate(&store.update) {
                Ok(()) => valid.push(store),
                Err(reason) => store.answer(Err(Error::new(
                    Code::InvalidUpdate,
                    format!("not a Yjs update in V1 format: {reason}; nothing was stored"),
                ))),
            }
        }
        valid
    })
    .await
}
