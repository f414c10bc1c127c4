//! Deletes items, with several requests in flight: heads before parts (`ARCHITECTURE.md`, Damage).

use std::future::Future;
use std::mem;

use tokio::task::JoinSet;

use super::Log;
use super::backoff::Backoff;
use super::entry::Entry;
use super::pace::Pace;
use crate::codec::sort_key::{DocName, SortKey, UpdateKey, Version};
use crate::error::{Code, Error, Result};
use crate::limits::MAX_BATCH_WRITES;
use crate::table::size::write_units;
use crate::table::{DeleteIf, Table, VersionedKey};

/// The most deletes of one call in flight.
const MAX_IN_FLIGHT: usize = 16;

/// One request.
enum Delete {
    /// Items that never change, and whose keys are never used again.
    Keys(Vec<SortKey>),
    /// An item that is deleted only if it is what was read: an open item of this version; or an item of the original package
    /// with this value, because its key can be used again.
    If(SortKey, DeleteIf),
}

impl Delete {
    fn open_item(key: SortKey, version: Version) -> (Delete, f64) {
        (Delete::If(key, DeleteIf::VersionIs(version)), 1.0)
    }
}

impl<T: Table> Log<T> {
    /// Deletes items whose keys are never used again. 1 WCU per KiB of each, one request for 25 of them.
    pub(super) async fn delete_all(&self, doc: &DocName, keys: Vec<SortKey>) -> Result<()> {
        let keys = keys.into_iter().map(|key| (key, 1.0)).collect();
        self.delete_in_order(doc, keys, Vec::new(), &Pace::unpaced()).await.map(drop)
    }

    /// Deletes items as they were read: open items only if they have not grown. For a clear, which looks again.
    pub(super) async fn delete_as_read(&self, doc: &DocName, items: Vec<VersionedKey>) -> Result<()> {
        let (mut keys, mut open) = (Vec::new(), Vec::new());
        for VersionedKey { key, version } in items {
            match version {
                Some(version) => open.push(Delete::open_item(key, version)),
                None => keys.push((key, 1.0)),
            }
        }
        self.delete_in_order(doc, keys, open, &Pace::unpaced()).await.map(drop)
    }

    /// Deletes exactly the keys of these entries, as they were read. Returns how many items stay because they have changed.
    pub(super) async fn delete_entries(
        &self,
        doc: &DocName,
        entries: Vec<Entry>,
        pace: &Pace,
    ) -> Result<usize> {
        let (mut keys, mut conditional) = (Vec::new(), Vec::new());
        for mut entry in entries {
            let units = write_units(entry.update.len() / entry.keys.len().max(1));
            if entry.id.is_some() && entry.version.is_none() {
                keys.extend(entry.keys.into_iter().map(|key| (key, units)));
            } else if let Some(key) = entry.keys.pop() {
                conditional.push(match entry.version {
                    Some(version) => Delete::open_item(key, version),
                    None => (Delete::If(key, DeleteIf::ValueIs(entry.update)), units),
                });
            }
        }
        self.delete_in_order(doc, keys, conditional, pace).await
    }

    async fn delete_in_order(
        &self,
        doc: &DocName,
        keys: Vec<(SortKey, f64)>,
        mut first: Vec<(Delete, f64)>,
        pace: &Pace,
    ) -> Result<usize> {
        let is_part = |(key, _): &(SortKey, f64)| matches!(key.parse_update(doc), Some(UpdateKey::Part(..)));
        let (parts, others) = keys.into_iter().partition(is_part);
        first.extend(batches(others, pace));
        let left = self.delete_at_once(doc, first, pace).await?;
        Ok(left + self.delete_at_once(doc, batches(parts, pace), pace).await?)
    }

    /// Returns how many items stay because their condition did not hold.
    async fn delete_at_once(&self, doc: &DocName, deletes: Vec<(Delete, f64)>, pace: &Pace) -> Result<usize> {
        let mut left = 0;
        let mut running = JoinSet::new();
        for (delete, units) in deletes {
            if running.len() >= MAX_IN_FLIGHT {
                left += ended(running.join_next()).await?;
            }
            let (log, doc) = (self.clone(), doc.clone());
            running.spawn(async move { log.send_delete(&doc, delete).await });
            pace.book(units).await;
        }
        while !running.is_empty() {
            left += ended(running.join_next()).await?;
        }
        Ok(left)
    }

    /// Returns how many items stay because their condition did not hold.
    async fn send_delete(&self, doc: &DocName, delete: Delete) -> Result<usize> {
        match delete {
            Delete::Keys(keys) => self.delete_batch(doc, keys).await.map(|()| 0),
            Delete::If(key, condition) => {
                let is_gone = self.table.delete(doc, &key, condition).await?;
                Ok(usize::from(!is_gone))
            }
        }
    }

    /// Up to 25 keys, until none is left unprocessed.
    async fn delete_batch(&self, doc: &DocName, mut keys: Vec<SortKey>) -> Result<()> {
        let mut retries = Backoff::default();
        while !keys.is_empty() {
            let unprocessed = self.table.delete_batch(doc, &keys).await?;
            if unprocessed.len() >= keys.len() {
                retries.wait(self.host.as_ref(), "BatchWriteItem left all deletes unprocessed").await?;
            } else {
                retries = Backoff::default();
            }
            keys = unprocessed;
        }
        Ok(())
    }
}

/// Batches of at most 25 keys and of the units that one request may cost.
fn batches(keys: Vec<(SortKey, f64)>, pace: &Pace) -> Vec<(Delete, f64)> {
    let mut batches = Vec::new();
    let (mut batch, mut units) = (Vec::new(), 0.0);
    for (key, cost) in keys {
        let is_full = batch.len() == MAX_BATCH_WRITES || units + cost > pace.max_request_units();
        if is_full && !batch.is_empty() {
            batches.push((Delete::Keys(mem::take(&mut batch)), mem::take(&mut units)));
        }
        batch.push(key);
        units += cost;
    }
    if !batch.is_empty() {
        batches.push((Delete::Keys(batch), units));
    }
    batches
}

/// The result of the next request that ends.
async fn ended(
    next: impl Future<Output = Option<std::result::Result<Result<usize>, tokio::task::JoinError>>>,
) -> Result<usize> {
    match next.await {
        None => Ok(0),
        Some(Ok(result)) => result,
        Some(Err(panic)) => {
            Err(Error::new(Code::Internal, "a delete panicked; please report it")
                .with_cause(panic.to_string()))
        }
    }
}
