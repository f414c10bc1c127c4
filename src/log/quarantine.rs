//! The quarantine: items that no reader can use are moved out of the log, byte by byte, and never deleted before their
//! copy is durable.
//!
//! 1. The item is read. If it is not what was found before (it was sealed, replaced or deleted meanwhile), it stays.
//! 2. Its copy is put under its key in the quarantine and read back. If that is the place of another item, under the next.
//! 3. When all items of a finding are copied, each is deleted on condition that every attribute is what was copied.
//!
//! A crash leaves items and copies, or copies alone: the next repair goes on. A copy is never taken back: another repair
//! may have deleted the item for it. A clear removes both.

use super::Log;
use super::pages::Pages;
use super::verify::{Finding, FindingKind};
use crate::codec::sort_key::{DocName, SortKey, UpdateKey};
use crate::error::Result;
use crate::table::{Item, Table};

/// What became of the items of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quarantined {
    /// They are in the quarantine, under these keys.
    Moved(Vec<SortKey>),
    /// This one is not what it was when it was found, and stays, and what comes after it.
    Changed(SortKey),
    /// All places of this one are taken by other items: nothing was deleted.
    Full(SortKey),
}

struct Copied<R> {
    from: SortKey,
    to: SortKey,
    raw: R,
}

enum Copying<R> {
    Done(Copied<R>),
    Changed,
    Full,
}

impl<T: Table> Log<T> {
    /// Moves the items of one finding, in key order: of a set all there are, the head first.
    ///
    /// Cost, for each item: 2 GetItem, 1 PutItem, 1 DeleteItem.
    ///
    /// # Errors
    /// Those of the table; the next attempt goes on where this one stopped.
    pub async fn quarantine(&self, doc: &DocName, finding: &Finding) -> Result<Quarantined> {
        if let Some(head) = self.find_head(doc, finding).await? {
            return Ok(Quarantined::Changed(head));
        }
        let mut copies = Vec::with_capacity(finding.items.len());
        for item in &finding.items {
            match self.copy(doc, item).await? {
                Copying::Done(copied) => copies.push(copied),
                Copying::Changed => return Ok(Quarantined::Changed(item.key.clone())),
                Copying::Full => return Ok(Quarantined::Full(item.key.clone())),
            }
        }
        for copied in &copies {
            let is_deleted = self.table.delete_raw(doc, &copied.from, &copied.raw).await?;
            // If it is gone, an earlier attempt of this request or another repair has deleted it.
            if !is_deleted && self.table.get(doc, &copied.from).await?.is_some() {
                return Ok(Quarantined::Changed(copied.from.clone()));
            }
        }
        Ok(Quarantined::Moved(copies.into_iter().map(|copied| copied.to).collect()))
    }

    /// The head of parts that were found without one. A page is no snapshot: head and parts may have been put while it
    /// was read. A head is put first and never again, so where there is none now, nobody is writing.
    async fn find_head(&self, doc: &DocName, finding: &Finding) -> Result<Option<SortKey>> {
        let first = finding.items.first().and_then(|item| item.key.parse_update(doc));
        let (FindingKind::OrphanParts, Some(UpdateKey::Part(clock, id, _))) = (finding.kind, first) else {
            return Ok(None);
        };
        let head = SortKey::update(doc, clock, id);
        Ok(self.table.get(doc, &head).await?.map(|_| head))
    }

    async fn copy(&self, doc: &DocName, item: &Item) -> Result<Copying<T::Raw>> {
        let raw = match self.table.get_raw(doc, &item.key).await? {
            Some((there, raw)) if there == *item => raw,
            _ => return Ok(Copying::Changed),
        };
        for to in item.key.quarantined() {
            self.table.put_raw(doc, &to, &raw).await?;
            if self.table.get_raw(doc, &to).await?.is_some_and(|(_, copy)| copy == raw) {
                return Ok(Copying::Done(Copied { from: item.key.clone(), to, raw }));
            }
        }
        Ok(Copying::Full)
    }

    /// The items in the quarantine of a document, each with the key that it had. 1 RCU per 4 KiB.
    pub async fn quarantined(&self, doc: &DocName) -> Result<Vec<(SortKey, Item)>> {
        let mut found = Vec::new();
        let mut pages = Pages::new(doc, SortKey::quarantine());
        while let Some(query) = pages.query() {
            let page = self.table.query(query).await?;
            let entries = pages.take(page).into_iter();
            found.extend(entries.filter_map(|item| Some((item.key.released(doc)?, item))));
        }
        Ok(found)
    }
}
