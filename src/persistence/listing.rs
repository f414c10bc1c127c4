//! Lists the documents of a table: a Scan, page by page.
//!
//! Names and state vectors come from the items of the page. A document that may continue on the next page is read by itself,
//! so that each page can be listed alone.

use super::Persistence;
use crate::codec::sort_key::{DocName, LogClock, SortKey};
use crate::error::Result;
use crate::log::{FIRST_LIMIT, Log, Merged, blocking_if_large, next_limit};
use crate::queue::{Access, CallFuture};
use crate::table::{Item, Table};
use crate::update;

/// Where a listing continues.
#[derive(Debug, Clone)]
pub struct Cursor {
    pub(super) after: (DocName, SortKey),
    pub(super) limit: u32,
    /// The last document listed: the next page may start with more items of it.
    pub(super) listed: Option<DocName>,
}

/// One page of a listing. An empty page need not be the last.
#[derive(Debug)]
pub struct Listing<E> {
    /// What was found.
    pub results: Vec<E>,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<Cursor>,
}

/// A document as `getAllDocStateVectors` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocState {
    /// Its name.
    pub name: DocName,
    /// Its state vector.
    pub state_vector: Vec<u8>,
    /// Its largest log clock.
    pub clock: LogClock,
}

impl<T: Table> Persistence<T> {
    /// The names of the documents that have updates, a page of the table at a time. 1 RCU per 4 KiB of the table.
    pub fn doc_names(&self, cursor: Option<Cursor>) -> CallFuture<Result<Listing<DocName>>> {
        self.call_all(Access::Read, |worker| async move {
            names(&worker.log, cursor, SortKey::is_update_of).await
        })
    }

    /// The state vectors of the documents that have updates, a page of the table at a time. 1 RCU per 4 KiB of the
    /// table, and a read of the document that may continue on the next page.
    ///
    /// # Errors
    /// `ERR_CORRUPT` if an item is not an update.
    pub fn doc_states(&self, cursor: Option<Cursor>) -> CallFuture<Result<Listing<DocState>>> {
        self.call_all(Access::Read, |worker| async move { states(&worker.log, cursor).await })
    }

    /// Clears every document of the table, those that have only metas too. Foreign items stay.
    ///
    /// Cost: a scan, and a clear of each document. If puts of this process may still arrive, up to 15 s in all.
    pub fn clear_all(&self) -> CallFuture<Result<()>> {
        let this = self.clone();
        let in_use = self.queue.in_use();
        self.call_all(Access::Clear, |worker| async move {
            let mut cursor = None;
            loop {
                let page = names(&worker.log, cursor, is_data_or_state_vector).await?;
                for name in page.results {
                    this.clear_alone(name).await?;
                }
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            // The scan does not find requests in flight: late puts, and calls outside the queue.
            for name in worker.log.table().late().documents().into_iter().chain(in_use) {
                this.clear_alone(name).await?;
            }
            Ok(())
        })
    }

    async fn clear_alone(&self, name: DocName) -> Result<()> {
        let doc = self.queue.document(name);
        let _alone = doc.gate.alone().await;
        self.worker.clear(&doc).await
    }
}

fn is_data_or_state_vector(key: &SortKey, doc: &DocName) -> bool {
    key.is_data_of(doc) || *key == SortKey::state_vector(doc)
}

async fn names<T: Table>(
    log: &Log<T>,
    cursor: Option<Cursor>,
    counts: impl Fn(&SortKey, &DocName) -> bool,
) -> Result<Listing<DocName>> {
    let (after, limit, mut listed) = begin(cursor);
    let page = log.table().scan_keys(limit, after.as_ref()).await?;
    let limit = next_limit(limit, page.items.len());
    let mut results = Vec::new();
    for (doc, key) in page.items {
        if listed.as_ref() != Some(&doc) && counts(&key, &doc) {
            listed = Some(doc.clone());
            results.push(doc);
        }
    }
    Ok(Listing { results, next: page.next.map(|after| Cursor { after, limit, listed }) })
}

async fn states<T: Table>(log: &Log<T>, cursor: Option<Cursor>) -> Result<Listing<DocState>> {
    let (after, limit, listed) = begin(cursor);
    let page = log.table().scan(limit, after.as_ref()).await?;
    let limit = next_limit(limit, page.items.len());
    let mut documents: Vec<(DocName, Vec<Item>)> = Vec::new();
    for (doc, item) in page.items {
        if listed.as_ref() == Some(&doc) || !item.key.is_update_of(&doc) {
            continue;
        }
        match documents.last_mut() {
            Some((last, items)) if *last == doc => items.push(item),
            _ => documents.push((doc, vec![item])),
        }
    }
    let crossing = page.next.as_ref().map(|(doc, _)| doc.clone());
    // A document whose updates all are on the next page is not listed yet.
    let listed = documents.last().map(|(name, _)| name.clone()).or(listed);
    let mut results = Vec::new();
    for (name, items) in documents {
        let merged = if crossing.as_ref() == Some(&name) {
            log.read_merged(&name).await?
        } else {
            log.merged_from(&name, items).await?
        };
        let Merged { log: read, update } = merged;
        let Some(clock) = read.largest else { continue };
        let state_vector = blocking_if_large(update.len(), move || update::state_vector(&update))
            .await?
            .map_err(|reason| super::updates::unreadable(&reason))?;
        results.push(DocState { name, state_vector, clock });
    }
    Ok(Listing { results, next: page.next.map(|after| Cursor { after, limit, listed }) })
}

pub(super) fn begin(cursor: Option<Cursor>) -> (Option<(DocName, SortKey)>, u32, Option<DocName>) {
    match cursor {
        None => (None, FIRST_LIMIT, None),
        Some(Cursor { after, limit, listed }) => (Some(after), limit, listed),
    }
}
