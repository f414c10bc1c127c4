//! Inspects and repairs a table. For the command line; not part of the public API.

use super::listing::begin;
use super::{Cursor, Listing, Persistence};
use crate::codec::sort_key::{DocName, SortKey};
use crate::compaction::FlushedDocument;
use crate::error::Result;
use crate::log::item_info::ItemInfo;
use crate::log::verify::Verification;
use crate::log::{Quarantined, WriteStateVector, next_limit};
use crate::queue::{Access, CallFuture, Order};
use crate::table::{Item, Table};

/// The result of a repair.
#[derive(Debug)]
pub struct Repaired {
    /// The findings.
    pub verification: Verification,
    /// For each finding, whether its items were moved; `None` if it has none.
    pub outcomes: Vec<Option<Quarantined>>,
}

/// A quarantined item and the key that it had.
pub type QuarantinedItem = (SortKey, Item);

impl<T: Table> Persistence<T> {
    /// All items of the table without their values, a page at a time, grouped by document. 1 RCU per 4 KiB of the table.
    pub fn items(&self, cursor: Option<Cursor>) -> CallFuture<Result<Listing<(DocName, ItemInfo)>>> {
        self.call_all(Access::Read, |worker| async move {
            let (after, limit, listed) = begin(cursor);
            let page = worker.log.table().scan(limit, after.as_ref()).await?;
            let limit = next_limit(limit, page.items.len());
            let results = page.items.into_iter().map(|(doc, item)| {
                let info = ItemInfo::of(&doc, &item);
                (doc, info)
            });
            Ok(Listing {
                results: results.collect(),
                next: page.next.map(|after| Cursor { after, limit, listed }),
            })
        })
    }

    /// As [`Persistence::flush`], but writes the state vector item only after a merge, or if the table has an outdated one.
    /// If there is nothing to merge it costs a read and a GetItem.
    ///
    /// # Errors
    /// As [`Persistence::flush`].
    pub fn flush_if_needed(&self, doc: DocName, order: Order) -> CallFuture<Result<Option<FlushedDocument>>> {
        self.flush_as(doc, WriteStateVector::IfOutdated, order)
    }

    /// Checks every item of a document. Writes nothing. 1 RCU per 4 KiB of all its items.
    pub fn verify(&self, doc: DocName, order: Order) -> CallFuture<Result<Verification>> {
        self.call(doc, Access::Read, order, |worker, doc| async move { worker.log.verify(doc.name()).await })
    }

    /// Checks every item of a document, and moves items that no reader can use into its quarantine.
    ///
    /// Cost: that of [`Persistence::verify`], and 4 requests for each item that is moved.
    pub fn repair(&self, doc: DocName, order: Order) -> CallFuture<Result<Repaired>> {
        self.call(doc, Access::Write, order, |worker, doc| async move {
            let log = &worker.log;
            let verification = log.verify(doc.name()).await?;
            let mut outcomes = Vec::with_capacity(verification.findings.len());
            for finding in &verification.findings {
                let has_items = !finding.items.is_empty();
                outcomes.push(if has_items {
                    Some(log.quarantine(doc.name(), finding).await?)
                } else {
                    None
                });
            }
            Ok(Repaired { verification, outcomes })
        })
    }

    /// The items in the quarantine of a document. 1 RCU per 4 KiB of them.
    pub fn quarantined(&self, doc: DocName, order: Order) -> CallFuture<Result<Vec<QuarantinedItem>>> {
        self.call(
            doc,
            Access::Read,
            order,
            |worker, doc| async move { worker.log.quarantined(doc.name()).await },
        )
    }
}
