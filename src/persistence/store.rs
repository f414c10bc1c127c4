//! Storing a batch: the updates that waited side by side become one item.

use std::mem;
use std::sync::Arc;
use std::time::Instant;

use super::ready::Ready;
use crate::codec::sort_key::LogClock;
use crate::compaction::Compactor;
use crate::error::{Code, Error, Result};
use crate::log::{EMPTY_UPDATE, Known, Log, next_clock, off_the_loop};
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

    async fn store(&self, doc: &Arc<Document>, batch: Vec<Store>) -> Result<()> {
        let bytes = batch.iter().map(|store| store.update.len()).sum();
        // Where the validation panicked its callers have been answered: by the answers that never come.
        let mut valid = off_the_loop(bytes, move || without_invalid(batch)).await?;
        if valid.is_empty() {
            return Ok(());
        }
        let result = self.put(doc, &mut valid).await;
        if result.is_err() {
            self.monitor.batch_failed();
        }
        valid.into_iter().for_each(|store| store.answer(result.clone()));
        result.map(drop)
    }

    fn gather(&self, stores: Vec<Store>) -> Option<Store> {
        let mut valid = without_invalid(stores);
        if valid.len() < 2 {
            return valid.pop();
        }
        match self.log.merge_batch(&updates_of(&mut valid)) {
            Ok(update) => Some(Store::gathered(valid, update)),
            Err(error) => {
                valid.into_iter().for_each(|store| store.answer(Err(error.clone())));
                None
            }
        }
    }
}

impl<T: Table> Writer<T> {
    /// Makes the updates durable, and says at which log clock.
    async fn put(&self, doc: &Arc<Document>, batch: &mut [Store]) -> Result<Option<LogClock>> {
        let begun = Instant::now();
        let calls = batch.iter().map(Store::calls).sum();
        let given_bytes = batch.iter().map(|store| store.given_bytes).sum();
        let mut updates = updates_of(batch);
        let update = match updates.pop() {
            // One update is stored byte for byte.
            Some(only) if updates.is_empty() => only,
            last => {
                updates.extend(last);
                let log = self.log.clone();
                let bytes = updates.iter().map(Vec::len).sum();
                off_the_loop(bytes, move || log.merge_batch(&updates)).await??
            }
        };
        if update == EMPTY_UPDATE {
            return Ok(doc.knowledge().clock().largest());
        }
        let clock = doc.knowledge().take_clock(doc.name(), next_clock)?;
        let bytes = update.len();
        let (clock, stored) = self.log.store(doc.name(), clock, update).await?;
        doc.knowledge().stored(stored);
        self.monitor.batch_stored(BatchStored {
            doc: doc.name().clone(),
            clock,
            updates: calls,
            update_bytes: given_bytes,
            bytes,
            elapsed: begun.elapsed(),
        });
        self.compactor.consider(doc);
        Ok(Some(clock))
    }
}

fn updates_of(stores: &mut [Store]) -> Vec<Vec<u8>> {
    stores.iter_mut().map(|store| mem::take(&mut store.update)).collect()
}

/// Answers the callers whose update is not one, and goes on with the others.
fn without_invalid(stores: Vec<Store>) -> Vec<Store> {
    let mut valid = Vec::with_capacity(stores.len());
    for store in stores {
        if store.is_gathered {
            valid.push(store);
            continue;
        }
        match update::validate(&store.update) {
            Ok(()) => valid.push(store),
            Err(reason) => store.answer(Err(Error::new(
                Code::InvalidUpdate,
                format!("not a Yjs update in V1 format: {reason}; nothing was stored"),
            ))),
        }
    }
    valid
}
