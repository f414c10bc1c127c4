//! The table of one process, which breaks one rule of the protocol: it changes the request that should keep the rule, or lies
//! about the answer. The code under test is the real one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use y_dynamodb::codec::SortKey;
use y_dynamodb::codec::sort_key::{DocName, LogClock, UpdateKey, Version, WriteId};
use y_dynamodb::error::Result;
use y_dynamodb::table::memory::MemoryTable;
use y_dynamodb::table::{DeleteIf, Item, LateWrites, Meter, Page, Query, ScanPage, Table, VersionedKey};

use crate::model::is_whole_but_seal;
use crate::overwrites::OpenItemSeen;
use crate::rules::Rule;

/// A table that breaks a rule, or none.
pub struct BrokenTable {
    pub table: MemoryTable,
    rule: Option<Rule>,
    no_late_writes: LateWrites,
    seen: Mutex<Seen>,
}

/// Where a write of the log is.
type Place = (LogClock, WriteId);

/// What the table remembers of the requests of its process.
#[derive(Default)]
pub struct Seen {
    pub open_item: OpenItemSeen,
    /// The head of the set that a compaction has written and not sealed yet.
    candidate: Option<SortKey>,
    /// How many inputs the compaction has checked.
    checks: usize,
    /// Heads that the process takes for sealed.
    pretended: BTreeSet<SortKey>,
    /// Writes that are elsewhere than the process thinks.
    moved: BTreeMap<Place, Place>,
    /// The heads of the sets of large updates.
    heads: BTreeMap<SortKey, Item>,
    /// The set of a large update whose store failed.
    half_written: Option<Place>,
    /// Heads that are deleted after parts.
    held: Vec<SortKey>,
    /// Whether the last Query of a clear found something.
    has_cleared: bool,
}

fn place(doc: &DocName, key: &SortKey) -> Option<Place> {
    match key.parse_update(doc)? {
        UpdateKey::Update(clock, id) | UpdateKey::Part(clock, id, _) => Some((clock, id)),
        UpdateKey::Original(_) => None,
    }
}

fn is_part(doc: &DocName, key: &SortKey) -> bool {
    matches!(key.parse_update(doc), Some(UpdateKey::Part(..)))
}

impl BrokenTable {
    pub fn new(table: MemoryTable, rule: Option<Rule>) -> Self {
        BrokenTable { table, rule, no_late_writes: LateWrites::default(), seen: Mutex::default() }
    }

    pub fn breaks(&self, rule: Rule) -> bool {
        self.rule == Some(rule)
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    fn item(&self, doc: &DocName, key: &SortKey) -> Option<Item> {
        self.table.items(doc).into_iter().find(|item| item.key == *key)
    }

    /// Where the item is that the process means.
    fn actual(&self, doc: &DocName, key: &SortKey) -> SortKey {
        let actual = place(doc, key).and_then(|place| self.seen().moved.get(&place).copied());
        match (actual, key.parse_update(doc)) {
            (Some((clock, id)), Some(UpdateKey::Part(_, _, n))) => SortKey::part(doc, clock, id, n),
            (Some((clock, id)), _) => SortKey::update(doc, clock, id),
            (None, _) => key.clone(),
        }
    }

    /// Puts the head of a set. With a moved set it is the head of another one, which is there already.
    async fn put_head(&self, doc: &DocName, item: Item, is_compacted: bool) -> Result<()> {
        let place = place(doc, &item.key).unwrap();
        if is_compacted {
            let mut seen = self.seen();
            (seen.candidate, seen.checks) = (Some(item.key.clone()), 0);
            if self.breaks(Rule::SetSortsLast) {
                seen.moved.insert(place, (LogClock(0), place.1));
            }
        } else {
            let half_written = self.seen().half_written.take().filter(|other| *other != place);
            let other = half_written.filter(|&(clock, id)| {
                self.breaks(Rule::ContinuedBytes)
                    && self.item(doc, &SortKey::update(doc, clock, id)).is_some()
            });
            if let Some(other) = other {
                self.seen().moved.insert(place, other);
                return Ok(());
            }
            self.seen().heads.insert(item.key.clone(), item.clone());
        }
        let key = self.actual(doc, &item.key);
        self.written(doc, &key, self.table.put_new(doc, Item { key: key.clone(), ..item }).await)
    }

    /// Remembers the set of a large update that could not be written.
    fn written<V>(&self, doc: &DocName, key: &SortKey, result: Result<V>) -> Result<V> {
        let mut seen = self.seen();
        let place = place(doc, key).filter(|&(clock, id)| {
            result.is_err() && seen.heads.contains_key(&SortKey::update(doc, clock, id))
        });
        if place.is_some() {
            seen.half_written = place;
        }
        drop(seen);
        result
    }

    /// Puts the head of a large update again, where it is gone.
    async fn put_again(&self, doc: &DocName, key: &SortKey) -> Result<bool> {
        let head = self.seen().heads.get(key).cloned();
        match head.filter(|_| self.breaks(Rule::ContinuedHead)) {
            Some(head) => self.table.put_new(doc, head).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Whether to answer that an input is there, although it may be gone.
    fn hides_check(&self, doc: &DocName, key: &SortKey) -> bool {
        let mut seen = self.seen();
        if is_part(doc, key) || seen.candidate.as_ref().is_none_or(|candidate| candidate == key) {
            return false;
        }
        seen.checks += 1;
        match self.rule {
            Some(Rule::InputCheck) => true,
            Some(Rule::LowestInput) => seen.checks == 1,
            Some(Rule::TwoInputs) => seen.checks == 2,
            _ => false,
        }
    }

    /// The item as the process sees it.
    fn shown(&self, doc: &DocName, mut item: Item) -> Item {
        let is_pretended = self.seen().pretended.contains(&item.key);
        let Some(head) = &mut item.head else { return item };
        let counts_unsealed =
            || self.breaks(Rule::SealedSets) && is_whole_but_seal(doc, &self.table.items(doc), &item.key);
        head.sealed |= is_pretended || counts_unsealed();
        head.compacted &= !(self.breaks(Rule::NoSecondCopy) && head.sealed);
        item
    }

    /// Holds heads back until parts were deleted.
    async fn delete_parts_first(&self, doc: &DocName, keys: &[SortKey]) -> Result<Vec<SortKey>> {
        let is_head = |key: &SortKey| self.item(doc, key).is_some_and(|item| item.head.is_some());
        let (heads, others): (Vec<_>, Vec<_>) = keys.iter().cloned().partition(is_head);
        self.seen().held.extend(heads);
        let unprocessed = self.table.delete_batch(doc, &others).await?;
        if others.iter().any(|key| is_part(doc, key)) {
            let held = std::mem::take(&mut self.seen().held);
            for key in &held {
                self.table.delete(doc, key, DeleteIf::Always).await?;
            }
        }
        Ok(unprocessed)
    }
}

impl Table for BrokenTable {
    type Raw = <MemoryTable as Table>::Raw;

    fn meter(&self) -> &Meter {
        self.table.meter()
    }

    fn late(&self) -> &LateWrites {
        if self.breaks(Rule::ClearAfterTimeout) { &self.no_late_writes } else { self.table.late() }
    }

    async fn close(&self) {
        self.table.close().await;
    }

    async fn prepare(&self, create: bool) -> Result<()> {
        self.table.prepare(create).await
    }

    async fn put_new(&self, doc: &DocName, item: Item) -> Result<()> {
        if self.breaks(Rule::FreshKeys) {
            return self.table.put(doc, item).await;
        }
        if let Some(head) = &item.head {
            let is_compacted = head.compacted;
            return self.put_head(doc, item, is_compacted).await;
        }
        if item.version.is_some() {
            return self.open(doc, item).await;
        }
        let key = self.actual(doc, &item.key);
        self.written(doc, &key, self.table.put_new(doc, Item { key: key.clone(), ..item }).await)
    }

    async fn put_over(&self, doc: &DocName, item: Item, replaced: Version) -> Result<bool> {
        self.overwrite(doc, item, replaced).await
    }

    async fn put(&self, doc: &DocName, item: Item) -> Result<()> {
        self.table.put(doc, item).await
    }

    async fn get(&self, doc: &DocName, key: &SortKey) -> Result<Option<Item>> {
        let key = self.actual(doc, key);
        let hides_check = self.hides_check(doc, &key);
        let item = self.table.get(doc, &key).await?;
        if hides_check && item.is_none() {
            return Ok(Some(Item { key, value: None, head: None, at: None, version: None }));
        }
        let is_damage = |item: &Item| {
            let is_sealed = item.head.as_ref().is_some_and(|head| head.sealed);
            is_sealed && !is_whole_but_seal(doc, &self.table.items(doc), &item.key)
        };
        Ok(item.filter(|item| !self.breaks(Rule::DamageStays) || !is_damage(item)))
    }

    async fn get_raw(&self, doc: &DocName, key: &SortKey) -> Result<Option<(Item, Self::Raw)>> {
        self.table.get_raw(doc, key).await
    }

    async fn put_raw(&self, doc: &DocName, key: &SortKey, raw: &Self::Raw) -> Result<()> {
        self.table.put_raw(doc, key, raw).await
    }

    async fn delete_raw(&self, doc: &DocName, key: &SortKey, raw: &Self::Raw) -> Result<bool> {
        if self.breaks(Rule::RepairCondition) {
            return self.table.delete(doc, key, DeleteIf::Always).await;
        }
        self.table.delete_raw(doc, key, raw).await
    }

    async fn seal(&self, doc: &DocName, key: &SortKey) -> Result<bool> {
        let is_candidate = self.seen().candidate.take_if(|candidate| candidate == key).is_some();
        if is_candidate && self.breaks(Rule::SealBeforeDelete) {
            self.seen().pretended.insert(key.clone());
            return Ok(true);
        }
        let key = self.actual(doc, key);
        let is_sealed = self.written(doc, &key, self.table.seal(doc, &key).await)?;
        Ok(is_sealed || self.put_again(doc, &key).await? && self.table.seal(doc, &key).await?)
    }

    async fn renew(&self, doc: &DocName, key: &SortKey, at: u64) -> Result<bool> {
        let key = self.actual(doc, key);
        let is_renewed = self.written(doc, &key, self.table.renew(doc, &key, at).await)?;
        Ok(is_renewed || self.put_again(doc, &key).await?)
    }

    async fn delete(&self, doc: &DocName, key: &SortKey, condition: DeleteIf) -> Result<bool> {
        self.seen().candidate.take_if(|candidate| candidate == key);
        self.table.delete(doc, &self.actual(doc, key), self.condition_of(condition)).await
    }

    async fn delete_batch(&self, doc: &DocName, keys: &[SortKey]) -> Result<Vec<SortKey>> {
        if self.breaks(Rule::HeadsFirst) {
            return self.delete_parts_first(doc, keys).await;
        }
        let keys: Vec<_> = keys.iter().map(|key| self.actual(doc, key)).collect();
        // The probe that follows a failed compaction deletes what is not there.
        if self.breaks(Rule::NoSecondCopy) && keys.iter().all(|key| self.item(doc, key).is_none()) {
            return Ok(Vec::new());
        }
        self.table.delete_batch(doc, &keys).await
    }

    async fn query(&self, query: &Query) -> Result<Page<Item>> {
        self.seen().open_item.is_clearing = false;
        let query = Query { prefix: self.actual(&query.doc, &query.prefix), ..query.clone() };
        let page = self.table.query(&query).await?;
        let items = page.items.into_iter().map(|item| self.shown(&query.doc, item)).collect();
        Ok(Page { items, ..page })
    }

    async fn query_keys(&self, query: &Query) -> Result<Page<VersionedKey>> {
        self.seen().open_item.is_clearing = query.prefix == SortKey::data();
        let begins_round = query.prefix == SortKey::data() && query.after.is_none();
        if begins_round && std::mem::take(&mut self.seen().has_cleared) && self.breaks(Rule::ClearRepeats) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let query = Query { prefix: self.actual(&query.doc, &query.prefix), ..query.clone() };
        let page = self.table.query_keys(&query).await?;
        self.seen().has_cleared |= begins_round && !page.items.is_empty();
        Ok(page)
    }

    async fn scan(&self, limit: u32, after: Option<&(DocName, SortKey)>) -> Result<ScanPage<Item>> {
        self.table.scan(limit, after).await
    }

    async fn scan_keys(&self, limit: u32, after: Option<&(DocName, SortKey)>) -> Result<ScanPage<SortKey>> {
        self.table.scan_keys(limit, after).await
    }
}
