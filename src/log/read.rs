//! Read: one ascending, strongly consistent Query over the update keys, all pages. `ARCHITECTURE.md`, Read.

use std::collections::BTreeMap;
use std::mem;

use super::assembly::{Assembly, assemble};
use super::corruption::Corruption;
use super::entry::{Entry, Extent, Incomplete, LogRead};
use super::pages::Pages;
use super::{Log, OnCorrupt, blocking_if_large};
use crate::codec::sort_key::{DocName, SortKey};
use crate::error::{Code, Error, Result};
use crate::table::{Item, Table};
use crate::update::{self, InvalidUpdate, MergeOptions};

/// A document's updates, merged.
#[derive(Debug)]
pub struct Merged {
    /// What they were merged from.
    pub log: LogRead,
    /// One update that contains them all; the empty update for a missing document.
    pub update: Vec<u8>,
}

impl<T: Table> Log<T> {
    /// Reads all updates of a document. 1 RCU per 4 KiB of its items, one request per 1 MB.
    ///
    /// # Errors
    /// `ERR_CORRUPT` if an item in the range of update keys is not one of an update (with [`OnCorrupt::Fail`]).
    pub async fn read(&self, doc: &DocName) -> Result<LogRead> {
        self.read_around(doc, &[]).await
    }

    /// Reads the ranges of keys around `kept`, entries in log order. One request more for each of them.
    pub(super) async fn read_around(&self, doc: &DocName, kept: &[Extent]) -> Result<LogRead> {
        let all = || Pages::new(doc, SortKey::updates(doc));
        let mut ranges = Vec::with_capacity(kept.len() + 1);
        let mut after = None;
        for Extent { first_key, last_key, .. } in kept {
            ranges.push(all().behind(after).until(Some(first_key.below())));
            after = Some(last_key);
        }
        ranges.push(all().behind(after));
        self.read_pages(doc, ranges).await
    }

    pub(super) async fn read_pages(&self, doc: &DocName, ranges: Vec<Pages>) -> Result<LogRead> {
        let mut assembly = Assembly::new(doc, self.options.on_corrupt);
        for mut pages in ranges {
            while let Some(query) = pages.query() {
                let page = self.table.query(query).await?;
                for item in pages.take(page) {
                    assembly.push(item)?;
                }
            }
        }
        let mut log = assembly.finish();
        self.find_damage(doc, &mut log).await?;
        Ok(log)
    }

    /// Distinguishes damaged sets from those that are being deleted (`ARCHITECTURE.md`, Damage). 1 RCU for each.
    ///
    /// # Errors
    /// `ERR_CORRUPT` naming the head (with [`OnCorrupt::Fail`]).
    async fn find_damage(&self, doc: &DocName, log: &mut LogRead) -> Result<()> {
        for Incomplete { clock, id, reason } in mem::take(&mut log.incomplete) {
            let head = SortKey::update(doc, clock, id);
            if self.is_being_deleted(doc, &head).await? {
                log.unfinished.push((clock, id));
                continue;
            }
            log.add_corrupt(doc, head, reason, self.options.on_corrupt)?;
        }
        Ok(())
    }

    /// Whether an incomplete set is being deleted, not damaged: sets are deleted head first, so its head is gone by now. 1 RCU.
    pub(super) async fn is_being_deleted(&self, doc: &DocName, head: &SortKey) -> Result<bool> {
        Ok(self.table.get(doc, head).await?.is_none())
    }

    /// Reads a document and merges its updates.
    ///
    /// # Errors
    /// `ERR_CORRUPT` naming the item, if one is not an update (with [`OnCorrupt::Fail`]).
    pub async fn read_merged(&self, doc: &DocName) -> Result<Merged> {
        let log = self.read(doc).await?;
        self.merge(doc, log, true, Purpose::Read).await
    }

    /// Merges all update items of a document, in key order.
    ///
    /// # Errors
    /// As [`Log::read_merged`].
    pub async fn merged_from(&self, doc: &DocName, items: Vec<Item>) -> Result<Merged> {
        let mut log = assemble(doc, items, self.options.on_corrupt)?;
        self.find_damage(doc, &mut log).await?;
        self.merge(doc, log, true, Purpose::Read).await
    }

    /// Removes the entries that are not updates.
    ///
    /// # Errors
    /// `ERR_CORRUPT` naming the first of them (with [`OnCorrupt::Fail`]).
    pub(super) async fn readable(&self, doc: &DocName, mut log: LogRead) -> Result<LogRead> {
        let on_corrupt = self.options.on_corrupt;
        let bytes = log.size().bytes;
        let doc = doc.clone();
        blocking_if_large(bytes, move || drop_corrupt(&doc, &mut log, on_corrupt).map(|()| log)).await?
    }

    /// Merges what a read found. `is_whole_log`: the read kept nothing out.
    pub(super) async fn merge(
        &self,
        doc: &DocName,
        log: LogRead,
        is_whole_log: bool,
        purpose: Purpose,
    ) -> Result<Merged> {
        let whole_log = is_whole_log && log.corrupt.is_empty();
        let options = MergeOptions { gc: self.options.gc, squash: true, whole_log };
        let on_corrupt = self.options.on_corrupt;
        let bytes = log.size().bytes;
        let doc = doc.clone();
        blocking_if_large(bytes, move || merge_checked(&doc, log, options, purpose, on_corrupt)).await?
    }
}

/// What a merged update is for.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// To be applied: content that makes Yjs throw is replaced.
    Read,
    /// To replace the entries: nothing is left out.
    Store,
}

fn merge_checked(
    doc: &DocName,
    mut log: LogRead,
    mut options: MergeOptions,
    purpose: Purpose,
    on_corrupt: OnCorrupt,
) -> Result<Merged> {
    let merge = match purpose {
        Purpose::Read => update::merge_readable::<Entry>,
        Purpose::Store => update::merge::<Entry>,
    };
    if let Ok(update) = merge(&log.entries, options) {
        return Ok(Merged { log, update });
    }
    drop_corrupt(doc, &mut log, on_corrupt)?;
    options.whole_log = false;
    match merge(&log.entries, options) {
        Ok(update) => Ok(Merged { log, update }),
        Err(reason) => Err(not_mergeable(doc, &reason)),
    }
}

/// Removes the unreadable entries, or fails on the first of them.
fn drop_corrupt(doc: &DocName, log: &mut LogRead, on_corrupt: OnCorrupt) -> Result<()> {
    let mut unreadable = unreadable(&log.entries);
    let mut valid = Vec::with_capacity(log.entries.len());
    for (i, entry) in mem::take(&mut log.entries).into_iter().enumerate() {
        match unreadable.remove(&i) {
            None => valid.push(entry),
            Some(reason) => log.add_corrupt(doc, entry.first_key(doc), reason, on_corrupt)?,
        }
    }
    log.entries = valid;
    Ok(())
}

/// The unreadable entries, by index.
pub(super) fn unreadable(entries: &[Entry]) -> BTreeMap<usize, Corruption> {
    let found = update::unreadable(entries).into_iter();
    found.map(|reason| (reason.update, Corruption::UpdateValue(reason))).collect()
}

/// Readable updates do not merge: a bug.
pub(super) fn not_mergeable(doc: &DocName, reason: &InvalidUpdate) -> Error {
    Error::new(Code::Internal, format!("readable updates of document '{doc}' do not merge: {reason}"))
}
