//! Looks at every item of a document and says what is wrong: damage that a repair can move out of the way, and signs of
//! updates that are gone, which nobody can bring back. Writes nothing.
//!
//! Findings are what a read would stumble over or pass over in silence. Whether the updates lack dependencies is not told
//! here: a `Y.Doc` says that.

use std::collections::{BTreeMap, BTreeSet};

use super::assembly::assemble;
use super::entry::{Entry, LogRead};
use super::inspect::{ItemInfo, Kind};
use super::pages::Pages;
use super::read::{unreadable, unreadable_value};
use super::{Log, OnCorrupt, UNSEALED_SET_LIFETIME_MS, blocking_if_large};
use crate::codec::any::is_any;
use crate::codec::sort_key::{DocName, LogClock, SortKey, WriteId};
use crate::codec::varint::read_varuint;
use crate::error::{Code, Error, Result};
use crate::table::{Item, Table};
use crate::update::{self, MergeOptions};

/// What is wrong with an item or a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// An update item whose key or value is not one of an update.
    CorruptUpdate,
    /// A meta whose key or value is not one of a meta.
    CorruptMeta,
    /// A sealed set without all its parts.
    IncompleteSet,
    /// A set whose head has lost the attributes of a head.
    DamagedHead,
    /// Parts without a head: the remains of a writer that stopped.
    OrphanParts,
    /// A set that was not sealed for an hour: the remains of a writer that stopped.
    UnsealedSet,
    /// A set that is not sealed yet, and not old: someone may be writing it.
    UnsealedYet,
    /// Neighbouring updates of the original package between which log clocks are missing.
    ClockGap,
    /// The state vector item is not one.
    CorruptStateVector,
    /// The state vector item claims more than is stored.
    StateVectorAhead,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub wrong: Wrong,
    /// Where in the table, for people.
    pub place: String,
    /// What exactly, for people.
    pub detail: String,
    /// The items that a repair moves, in key order: none where moving would not help.
    pub items: Vec<Item>,
}

/// What was found in a document.
#[derive(Debug, Default)]
pub struct Verified {
    /// All its items, quarantined ones included.
    pub items: Vec<ItemInfo>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// All updates that can be read, merged.
    pub update: Vec<u8>,
}

impl<T: Table> Log<T> {
    /// Looks at all items of a document. Cost: a read of all it has, 1 RCU per 4 KiB.
    ///
    /// # Errors
    /// Those of the table; damage is a finding, not an error.
    pub async fn verify(&self, doc: &DocName) -> Result<Verified> {
        let verified = self.verify_once(doc).await?;
        if verified.findings.iter().all(|finding| finding.wrong != Wrong::StateVectorAhead) {
            return Ok(verified);
        }
        // A flush that was faster than this read wrote a state vector of updates that the read had passed by.
        self.verify_once(doc).await
    }

    async fn verify_once(&self, doc: &DocName) -> Result<Verified> {
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
        let mut verified = blocking_if_large(bytes, {
            let doc = doc.clone();
            move || examine(&doc, items, now_ms)
        })
        .await??;
        // A set is deleted head first: where the head is gone now, the set was just being deleted.
        let mut found = Vec::with_capacity(verified.findings.len());
        for finding in verified.findings {
            let head = finding.items.first().filter(|_| finding.wrong == Wrong::IncompleteSet);
            let is_being_deleted = match head {
                Some(head) => self.table.get(&doc, &head.key).await?.is_none(),
                None => false,
            };
            if !is_being_deleted {
                found.push(finding);
            }
        }
        verified.findings = found;
        Ok(verified)
    }
}

fn examine(doc: &DocName, items: Vec<Item>, now_ms: u64) -> Result<Verified> {
    let infos: Vec<_> = items.iter().map(|item| ItemInfo::of(doc, item)).collect();
    let updates: Vec<_> = items.iter().filter(|item| item.key.is_update_of(doc)).cloned().collect();
    let read = assemble(doc, updates, OnCorrupt::Skip)?;
    let by_key = items.into_iter().map(|item| (item.key.clone(), item)).collect();
    let mut examined = Examined { doc, items: by_key, findings: Vec::new(), now_ms };
    examined.metas();
    examined.gaps(&read.entries);
    let update = examined.updates(read)?;
    examined.state_vector(&update);
    Ok(Verified { items: infos, findings: examined.findings, update })
}

struct Examined<'a> {
    doc: &'a DocName,
    items: BTreeMap<SortKey, Item>,
    findings: Vec<Finding>,
    now_ms: u64,
}

impl Examined<'_> {
    fn found(&mut self, wrong: Wrong, place: &SortKey, detail: String, keys: &[SortKey]) {
        let items = keys.iter().filter_map(|key| self.items.get(key).cloned()).collect();
        self.findings.push(Finding { wrong, place: place.to_string(), detail, items });
    }

    fn metas(&mut self) {
        let metas = SortKey::metas(self.doc);
        let is_meta = |item: &&Item| item.key.as_bytes().starts_with(metas.as_bytes());
        let corrupt = self.items.values().filter(is_meta).filter_map(|item| {
            let reason = match &item.value {
                _ if item.key.parse_meta(self.doc).is_none() => "its sort key is not one of a meta",
                None => "it has no binary attribute 'value'",
                Some(value) if !is_any(value) => "its value is not one of lib0's",
                Some(_) => return None,
            };
            Some((item.key.clone(), reason))
        });
        for (key, reason) in corrupt.collect::<Vec<_>>() {
            self.found(Wrong::CorruptMeta, &key, reason.to_owned(), std::slice::from_ref(&key));
        }
    }

    /// The original counts its updates one by one, and a flush of it deletes from the beginning: it leaves no gaps.
    fn gaps(&mut self, entries: &[Entry]) {
        let there = self.clocks();
        for pair in entries.windows(2) {
            let [before, after] = pair else { continue };
            if before.id.is_some() || after.id.is_some() || before.clock >= after.clock {
                continue;
            }
            let missing =
                (after.clock.0 - before.clock.0) as usize - there.range(before.clock..after.clock).count();
            if missing > 0 {
                let detail = format!(
                    "{missing} log clocks are missing between {} and {}: updates were lost or deleted",
                    before.clock.0, after.clock.0
                );
                self.found(Wrong::ClockGap, &after.first_key(self.doc), detail, &[]);
            }
        }
    }

    /// The log clocks of all update items, of those that cannot be read and of those in the quarantine too.
    fn clocks(&self) -> BTreeSet<LogClock> {
        let update = |key: &SortKey| key.parse_update(self.doc).map(|key| key.clock());
        self.items.keys().filter_map(|key| update(key).or_else(|| update(&key.released(self.doc)?))).collect()
    }

    /// What is wrong with the updates; and those that can be read, merged.
    fn updates(&mut self, read: LogRead) -> Result<Vec<u8>> {
        let LogRead { entries, mut unfinished, incomplete, corrupt, .. } = read;
        unfinished.extend(incomplete.iter().map(|set| (set.clock, set.id)));
        // Damage of one item of a set is damage of the set, and is moved with it: alone it would leave a rest behind that the
        // next sweep takes for one that is contained elsewhere.
        let sets: Vec<_> =
            unfinished.iter().map(|&(clock, id)| SortKey::update(self.doc, clock, id)).collect();
        let is_of_set = |key: &SortKey| sets.iter().any(|head| key.as_bytes().starts_with(head.as_bytes()));
        for key in corrupt.into_iter().filter(|key| !is_of_set(key)) {
            let reason = match key.parse_update(self.doc) {
                None => "its sort key is not one of an update",
                Some(_) => "it has no binary attribute 'value'",
            };
            self.found(Wrong::CorruptUpdate, &key, reason.to_owned(), std::slice::from_ref(&key));
        }
        let mut valid = Vec::with_capacity(entries.len());
        let mut unreadable = unreadable(&entries);
        for (i, entry) in entries.into_iter().enumerate() {
            match unreadable.remove(&i) {
                None => valid.push(entry),
                Some(reason) => {
                    let place = entry.first_key(self.doc);
                    self.found(Wrong::CorruptUpdate, &place, unreadable_value(reason), &entry.keys);
                }
            }
        }
        let options = MergeOptions { gc: false, squash: true, whole_log: false };
        let update = update::merge_readable(&valid, options).map_err(|reason| {
            let doc = self.doc;
            Error::new(Code::Internal, format!("readable updates of document '{doc}' do not merge: {reason}"))
        })?;
        for (clock, id) in unfinished {
            self.unfinished(clock, id, &update);
        }
        Ok(update)
    }

    fn is_readable(&self, key: &SortKey) -> bool {
        self.items.get(key).is_some_and(|item| item.value.is_some())
    }

    fn unfinished(&mut self, clock: LogClock, id: WriteId, update: &[u8]) {
        let head_key = SortKey::update(self.doc, clock, id);
        let is_of_set = |key: &&SortKey| key.as_bytes().starts_with(head_key.as_bytes());
        let keys: Vec<_> =
            self.items.range(head_key.clone()..).map(|(key, _)| key).take_while(is_of_set).cloned().collect();
        let parts = keys.iter().filter(|key| **key != head_key && self.is_readable(key)).count();
        let Some(head) = self.items.get(&head_key) else {
            return self.found(Wrong::OrphanParts, &head_key, format!("{parts} parts without a head"), &keys);
        };
        let Some(head) = &head.head else {
            let detail = format!("an update with {parts} parts behind it: a head without its attributes");
            return self.found(Wrong::DamagedHead, &head_key, detail, &keys);
        };
        let (wanted, age) = (head.parts, self.now_ms.saturating_sub(head.at));
        if head.sealed {
            let is_contained = head.state_vector.as_ref().is_some_and(|claimed| {
                update::claims_beyond(claimed, update).is_ok_and(|claims| claims.is_empty())
            });
            let rest = if is_contained { ", all of whose insertions are in other items" } else { "" };
            let head =
                if self.is_readable(&head_key) { "" } else { ", its head has no binary attribute 'value'" };
            let detail = format!("{parts} of {wanted} parts of a sealed set are there{head}{rest}");
            self.found(Wrong::IncompleteSet, &head_key, detail, &keys);
        } else if age > UNSEALED_SET_LIFETIME_MS {
            let detail = format!("never sealed, {} minutes old", age / 60_000);
            self.found(Wrong::UnsealedSet, &head_key, detail, &keys);
        } else {
            let detail = "not sealed yet: it may be in writing".to_owned();
            self.found(Wrong::UnsealedYet, &head_key, detail, &[]);
        }
    }

    fn state_vector(&mut self, update: &[u8]) {
        let key = SortKey::state_vector(self.doc);
        let Some(item) = self.items.get(&key) else { return };
        let Some(state_vector) = item.value.as_deref().and_then(read_state_vector) else {
            let detail =
                "not a state vector with its log clock; only the original package reads it".to_owned();
            return self.found(Wrong::CorruptStateVector, &key, detail, &[]);
        };
        let claims = match update::claims_beyond(state_vector, update) {
            Ok(claims) => claims,
            Err(reason) => {
                let detail = format!("not a state vector: {reason}; only the original package reads it");
                return self.found(Wrong::CorruptStateVector, &key, detail, &[]);
            }
        };
        if let Some(first) = claims.first() {
            let detail = format!(
                "it claims more than is stored of {} clients, of client {} up to clock {} where {} are there",
                claims.len(),
                first.client,
                first.claimed,
                first.stored
            );
            self.found(Wrong::StateVectorAhead, &key, detail, &[]);
        }
    }
}

/// `varuint(clock) varbytes(state vector)`.
fn read_state_vector(value: &[u8]) -> Option<&[u8]> {
    let mut rest = value;
    read_varuint(&mut rest)?;
    let length = usize::try_from(read_varuint(&mut rest)?).ok()?;
    (rest.len() == length).then_some(rest)
}

impl Verified {
    /// The items in the quarantine.
    pub fn quarantined(&self) -> impl Iterator<Item = &ItemInfo> {
        self.items.iter().filter(|item| item.kind == Kind::Quarantined)
    }
}
