//! The checks on the items of a document.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, FindingKind, Verification};
use crate::codec::sort_key::{DocName, LogClock, SortKey, WriteId};
use crate::codec::state_vector_item::read_state_vector;
use crate::error::Result;
use crate::log::assembly::assemble;
use crate::log::corruption::{Corruption, of_meta};
use crate::log::entry::{Entry, LogRead};
use crate::log::item_info::ItemInfo;
use crate::log::read::{not_mergeable, unreadable};
use crate::log::{KEEP_ALL, OnCorrupt};
use crate::table::Item;
use crate::update;

/// Checks the items of a document, in key order.
pub(super) fn check(doc: &DocName, items: Vec<Item>, now_ms: u64) -> Result<Verification> {
    let infos: Vec<_> = items.iter().map(|item| ItemInfo::of(doc, item)).collect();
    let updates: Vec<_> = items.iter().filter(|item| item.key.is_update_of(doc)).cloned().collect();
    let read = assemble(doc, updates, OnCorrupt::Skip)?;
    let by_key = items.into_iter().map(|item| (item.key.clone(), item)).collect();
    let mut checks = Checks { doc, items: by_key, findings: Vec::new(), now_ms };
    checks.metas();
    checks.gaps(&read.entries);
    let update = checks.updates(read)?;
    checks.state_vector(&update);
    Ok(Verification { items: infos, findings: checks.findings, update })
}

struct Checks<'a> {
    doc: &'a DocName,
    items: BTreeMap<SortKey, Item>,
    findings: Vec<Finding>,
    now_ms: u64,
}

impl Checks<'_> {
    fn found(&mut self, kind: FindingKind, place: &SortKey, detail: String, keys: &[SortKey]) {
        let items = keys.iter().filter_map(|key| self.items.get(key).cloned()).collect();
        self.findings.push(Finding { kind, place: place.to_string(), detail, items });
    }

    fn metas(&mut self) {
        let metas = SortKey::metas(self.doc);
        let is_meta = |item: &&Item| item.key.as_bytes().starts_with(metas.as_bytes());
        let metas = self.items.values().filter(is_meta);
        let corrupt = metas.filter_map(|item| Some((item.key.clone(), of_meta(self.doc, item)?)));
        for (key, reason) in corrupt.collect::<Vec<_>>() {
            self.found(FindingKind::CorruptMeta, &key, reason.to_string(), std::slice::from_ref(&key));
        }
    }

    /// The original numbers its updates one by one, and its flush deletes from the start: it leaves no gaps.
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
                self.found(FindingKind::ClockGap, &after.first_key(self.doc), detail, &[]);
            }
        }
    }

    /// The log clocks of all update items, unreadable and quarantined ones included.
    fn clocks(&self) -> BTreeSet<LogClock> {
        let update = |key: &SortKey| key.parse_update(self.doc).map(|key| key.clock());
        self.items
            .keys()
            .filter_map(|key| update(key).or_else(|| update(&key.former_key(self.doc)?)))
            .collect()
    }

    /// Finds what is wrong with the updates, and merges the readable ones.
    fn updates(&mut self, read: LogRead) -> Result<Vec<u8>> {
        let LogRead { entries, mut unfinished, incomplete, corrupt, .. } = read;
        unfinished.extend(incomplete.iter().map(|set| (set.clock, set.id)));
        // A damaged item of a set is quarantined with all of the set. Otherwise the next sweep would take the other items for
        // those of a deleted set, and delete them.
        let sets: Vec<_> =
            unfinished.iter().map(|&(clock, id)| SortKey::update(self.doc, clock, id)).collect();
        let is_of_set = |key: &SortKey| sets.iter().any(|head| key.as_bytes().starts_with(head.as_bytes()));
        for (key, reason) in corrupt.into_iter().filter(|(key, _)| !is_of_set(key)) {
            self.found(FindingKind::CorruptUpdate, &key, reason.to_string(), std::slice::from_ref(&key));
        }
        let mut valid = Vec::with_capacity(entries.len());
        let mut unreadable = unreadable(&entries);
        for (i, entry) in entries.into_iter().enumerate() {
            match unreadable.remove(&i) {
                None => valid.push(entry),
                Some(reason) => {
                    let place = entry.first_key(self.doc);
                    self.found(FindingKind::CorruptUpdate, &place, reason.to_string(), &entry.keys);
                }
            }
        }
        let update =
            update::merge_readable(&valid, KEEP_ALL).map_err(|reason| not_mergeable(self.doc, &reason))?;
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
        let found = u32::try_from(parts).unwrap_or(u32::MAX);
        let Some(head) = self.items.get(&head_key) else {
            return self.found(
                FindingKind::OrphanParts,
                &head_key,
                format!("{parts} parts without a head"),
                &keys,
            );
        };
        let Some(head) = &head.head else {
            let detail = Corruption::NotAHead { found }.to_string();
            return self.found(FindingKind::DamagedHead, &head_key, detail, &keys);
        };
        if head.sealed {
            let missing = Corruption::MissingParts { found, parts: head.parts };
            let is_contained = head.state_vector.as_ref().is_some_and(|claimed| {
                update::claims_beyond(claimed, update).is_ok_and(|claims| claims.is_empty())
            });
            let rest = if is_contained { "; other items contain all its insertions" } else { "" };
            let head = if self.is_readable(&head_key) {
                String::new()
            } else {
                format!("; {}", Corruption::NoValue)
            };
            let detail = format!("{missing}{head}{rest}");
            self.found(FindingKind::IncompleteSet, &head_key, detail, &keys);
        } else if head.is_abandoned(self.now_ms) {
            let age_ms = self.now_ms.saturating_sub(head.at);
            let detail = format!("never sealed, {} minutes old", age_ms / 60_000);
            self.found(FindingKind::UnsealedSet, &head_key, detail, &keys);
        } else {
            let detail = "not sealed yet: another process may still be writing it".to_owned();
            self.found(FindingKind::UnsealedYet, &head_key, detail, &[]);
        }
    }

    fn state_vector(&mut self, update: &[u8]) {
        let key = SortKey::state_vector(self.doc);
        let Some(item) = self.items.get(&key) else { return };
        let Some(state_vector) = item.value.as_deref().and_then(read_state_vector) else {
            let detail =
                "not a state vector with its log clock; only the original package reads it".to_owned();
            return self.found(FindingKind::CorruptStateVector, &key, detail, &[]);
        };
        let claims = match update::claims_beyond(state_vector, update) {
            Ok(claims) => claims,
            Err(reason) => {
                let detail = format!("not a state vector: {reason}; only the original package reads it");
                return self.found(FindingKind::CorruptStateVector, &key, detail, &[]);
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
            self.found(FindingKind::StateVectorAhead, &key, detail, &[]);
        }
    }
}
