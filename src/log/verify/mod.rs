//! Checks every item of a document: finds damage, which a repair can quarantine, and signs of lost updates, which cannot be
//! recovered. Writes nothing.
//!
//! A finding is what makes a read fail, or what a read skips. Missing dependencies of updates are not found here: a `Y.Doc`
//! reports them.

mod checks;

use super::item_info::{ItemInfo, Kind};
use super::pages::Pages;
use super::{Log, blocking_if_large};
use crate::codec::sort_key::{DocName, SortKey};
use crate::error::Result;
use crate::table::{Item, Table};
use checks::check;

/// The kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingKind {
    /// An update item whose key or value is not one of an update.
    CorruptUpdate,
    /// A meta whose key or value is not one of a meta.
    CorruptMeta,
    /// A sealed set without all its parts.
    IncompleteSet,
    /// A set whose head has lost the attributes of a head.
    DamagedHead,
    /// Parts without a head, left by a writer that crashed.
    OrphanParts,
    /// A set that was not sealed for an hour, left by a writer that crashed.
    UnsealedSet,
    /// A younger set that is not sealed: another process may still be writing it.
    UnsealedYet,
    /// Log clocks are missing between adjacent updates of the original package.
    ClockGap,
    /// The state vector item is malformed.
    CorruptStateVector,
    /// The state vector item claims structs that are not stored.
    StateVectorAhead,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its kind.
    pub kind: FindingKind,
    /// Where in the table, for a person.
    pub place: String,
    /// The details, for a person.
    pub detail: String,
    /// The items that a repair quarantines, in key order; none if that would not help.
    pub items: Vec<Item>,
}

/// The result of a check of a document.
#[derive(Debug, Default)]
pub struct Verification {
    /// All its items, quarantined ones included.
    pub items: Vec<ItemInfo>,
    /// The problems.
    pub findings: Vec<Finding>,
    /// All readable updates, merged.
    pub update: Vec<u8>,
}

impl<T: Table> Log<T> {
    /// Checks all items of a document. Cost: 1 RCU per 4 KiB of all its items.
    ///
    /// # Errors
    /// Those of the table; damage is a finding, not an error.
    pub async fn verify(&self, doc: &DocName) -> Result<Verification> {
        let verification = self.verify_once(doc).await?;
        if verification.findings.iter().all(|finding| finding.kind != FindingKind::StateVectorAhead) {
            return Ok(verification);
        }
        // A concurrent flush can have written a state vector of updates that this read had already passed.
        self.verify_once(doc).await
    }

    async fn verify_once(&self, doc: &DocName) -> Result<Verification> {
        let mut items = Vec::new();
        let mut bytes = 0;
        let mut pages = Pages::new(doc, SortKey::any());
        while let Some(query) = pages.query() {
            let page = self.table.query(query).await?;
            for item in pages.take(page) {
                bytes += item.value.as_ref().map_or(0, Vec::len);
                items.push(item);
            }
        }
        let (doc, now_ms) = (doc.clone(), self.host.now_ms());
        let mut verification = blocking_if_large(bytes, {
            let doc = doc.clone();
            move || check(&doc, items, now_ms)
        })
        .await??;
        // Sets are deleted head first: if the head is gone now, the set was being deleted.
        let mut found = Vec::with_capacity(verification.findings.len());
        for finding in verification.findings {
            let head = finding.items.first().filter(|_| finding.kind == FindingKind::IncompleteSet);
            let is_being_deleted = match head {
                Some(head) => self.is_being_deleted(&doc, &head.key).await?,
                None => false,
            };
            if !is_being_deleted {
                found.push(finding);
            }
        }
        verification.findings = found;
        Ok(verification)
    }
}

impl Verification {
    /// The items in the quarantine.
    pub fn quarantined(&self) -> impl Iterator<Item = &ItemInfo> {
        self.items.iter().filter(|item| item.kind == Kind::Quarantined)
    }
}
