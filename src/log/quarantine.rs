//! Quarantine: moves items that no reader can use out of the log. `ARCHITECTURE.md`, Quarantine, has the numbered steps.

use super::Log;
use super::pages::Pages;
use super::verify::{Finding, FindingKind};
use crate::codec::sort_key::{DocName, SortKey, UpdateKey};
use crate::error::Result;
use crate::table::{Item, Table};

/// The result for the items of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quarantined {
    /// They are in the quarantine, under these keys.
    Moved(Vec<SortKey>),
    /// This one has changed since it was found. It stays, and so do the items after it.
    Changed(SortKey),
    /// Other items have all places of this one. Nothing was deleted.
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
    /// Moves the items of one finding, in key order.
    ///
    /// Cost, for each item: 2 GetItem, 1 PutItem, 1 DeleteItem.
    ///
    /// # Errors
    /// Those of the table. The next repair continues.
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

    /// Step 1: the head of parts that were found without one.
    async fn find_head(&self, doc: &DocName, finding: &Finding) -> Result<Option<SortKey>> {
        let first = finding.items.first().and_then(|item| item.key.parse_update(doc));
        let (FindingKind::OrphanParts, Some(UpdateKey::Part(clock, id, _))) = (finding.kind, first) else {
            return Ok(None);
        };
        let head = SortKey::update(doc, clock, id);
        Ok(self.table.get(doc, &head).await?.map(|_| head))
    }

    /// Steps 2 and 3.
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
            found.extend(entries.filter_map(|item| Some((item.key.former_key(doc)?, item))));
        }
        Ok(found)
    }
}
