//! The reference model of a simulation, and the invariants that must hold after every step.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use y_dynamodb::codec::SortKey;
use y_dynamodb::codec::sort_key::{DocName, LogClock, UpdateKey, Version, WriteId};
use y_dynamodb::table::memory::MemoryTable;
use y_dynamodb::table::{Item, SetHead};
use y_dynamodb::update;

/// The content of a document: the numbers of its updates, each of a client of its own.
pub type Content = BTreeSet<u64>;

/// A clear: its process, the step at which it succeeded, the one at which it ended in any way, and the updates acknowledged
/// before its call.
pub struct Clear {
    pub process: usize,
    pub succeeded: Option<u64>,
    pub ended: Option<u64>,
    pub acked_before: Content,
}

#[derive(Default)]
pub struct Model {
    /// The step at which each store was called.
    pub called: HashMap<u64, u64>,
    pub acked: Content,
    pub clears: Vec<Clear>,
    /// Updates that may be back after a clear: a put of them arrived late.
    pub excused: Content,
    values: HashMap<SortKey, (Option<Version>, Vec<u8>)>,
    sealed: BTreeSet<SortKey>,
}

impl Model {
    /// Whether an update may be gone: a clear had not ended when its store was called.
    pub fn may_be_gone(&self, update: u64) -> bool {
        let called = self.called[&update];
        self.clears.iter().any(|clear| clear.ended.is_none_or(|ended| ended > called))
    }

    /// Whether a put that `process` sent at `step` may still arrive: not during or after a clear of another process, which
    /// cannot know of it. That is the exception of I5.
    pub fn may_arrive(&self, process: usize, step: u64) -> bool {
        let is_later = |clear: &Clear| clear.succeeded.is_none_or(|ended| ended >= step);
        !self.clears.iter().any(|clear| clear.process != process && is_later(clear))
    }

    /// The updates of `must` that a read has not found, unless they may be gone.
    pub fn missing_from(&self, must: &Content, found: &Content) -> Vec<u64> {
        must.difference(found).copied().filter(|&update| !self.may_be_gone(update)).collect()
    }

    /// Checks the table; with `immutable`, also that no item has changed.
    pub fn check(&mut self, table: &MemoryTable, doc: &DocName, immutable: bool) -> Result<(), String> {
        let items = table.items(doc);
        if immutable {
            self.check_immutable(doc, &items)?;
        }
        let live = live(doc, &items);
        let lost = self.missing_from(&self.acked, &live);
        if !lost.is_empty() {
            return Err(format!("acknowledged {lost:?} lost"));
        }
        for clear in self.clears.iter().filter(|clear| clear.succeeded.is_some()) {
            let back = clear.acked_before.intersection(&live);
            let back: Vec<_> = back.filter(|update| !self.excused.contains(update)).collect();
            if !back.is_empty() {
                return Err(format!("cleared {back:?} came back"));
            }
        }
        Ok(())
    }

    /// A late attempt has put an item again that had been deleted: a head is not sealed, an open item as it was at first.
    pub fn is_put_again(&mut self, key: &SortKey) {
        self.sealed.remove(key);
        self.values.remove(key);
    }

    /// The clears of a process that has crashed end.
    pub fn crashed(&mut self, process: usize, step: u64) {
        for clear in self.clears.iter_mut().filter(|clear| clear.process == process) {
            clear.ended.get_or_insert(step);
        }
    }

    /// A key never gets another value, but an open item one that contains the last, with another version. A sealed head stays
    /// sealed.
    fn check_immutable(&mut self, doc: &DocName, items: &[Item]) -> Result<(), String> {
        for item in items.iter().filter(|item| item.key.is_update_of(doc)) {
            let value = item.value.clone().unwrap_or_default();
            match self.values.get(&item.key) {
                Some((_, known)) if *known == value => {}
                Some((version, known)) => {
                    let has_grown = version.is_some() && item.version.is_some() && *version != item.version;
                    if !has_grown || !content(&value).is_superset(&content(known)) {
                        return Err(format!("item {} changed", item.key));
                    }
                }
                None => {}
            }
            self.values.insert(item.key.clone(), (item.version, value));
            match item.head.as_ref().map(|head| head.sealed) {
                Some(true) => drop(self.sealed.insert(item.key.clone())),
                Some(false) if self.sealed.contains(&item.key) => {
                    return Err(format!("head {} was unsealed", item.key));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// One write of the log: its head, if it is a set, and its values by part.
type Group = (Option<SetHead>, BTreeMap<Option<u32>, Vec<u8>>);

fn groups(doc: &DocName, items: &[Item]) -> BTreeMap<(u32, u32, u32), Group> {
    let mut groups = BTreeMap::<_, Group>::new();
    for item in items {
        let value = item.value.clone().unwrap();
        let (group, part) = match item.key.parse_update(doc) {
            Some(UpdateKey::Update(clock, id)) => ((clock.0, id.0, id.1), None),
            Some(UpdateKey::Part(clock, id, n)) => ((clock.0, id.0, id.1), Some(n)),
            _ => continue,
        };
        let group = groups.entry(group).or_default();
        group.1.insert(part, value);
        if part.is_none() {
            group.0 = item.head.clone();
        }
    }
    groups
}

fn is_whole(group: &Group) -> bool {
    match &group.0 {
        Some(head) => head.sealed && group.1.len() == head.parts as usize + 1,
        None => group.1.contains_key(&None),
    }
}

/// Whether all parts of a set are there; whether it is sealed does not matter.
pub fn is_whole_but_seal(doc: &DocName, items: &[Item], head: &SortKey) -> bool {
    let Some(UpdateKey::Update(clock, id)) = head.parse_update(doc) else { return false };
    let groups = groups(doc, items);
    let Some((Some(head), values)) = groups.get(&(clock.0, id.0, id.1)) else { return false };
    values.len() == head.parts as usize + 1
}

/// The content of the complete entries. Of the code under test, uses only the parser of updates.
pub fn live(doc: &DocName, items: &[Item]) -> Content {
    groups(doc, items).into_values().filter(is_whole).flat_map(|group| content(&bytes_of(&group))).collect()
}

/// The update of a complete write.
fn bytes_of((head, parts): &Group) -> Vec<u8> {
    let is_set = head.is_some();
    let of_update = parts.iter().filter(|(part, _)| part.is_some() == is_set);
    of_update.flat_map(|(_, value)| value.clone()).collect()
}

/// The highest number of entries that contain the same update.
pub fn most_copies(doc: &DocName, items: &[Item]) -> usize {
    let mut copies = BTreeMap::<u64, usize>::new();
    for number in
        groups(doc, items).into_values().filter(is_whole).flat_map(|group| content(&bytes_of(&group)))
    {
        *copies.entry(number).or_default() += 1;
    }
    copies.into_values().max().unwrap_or_default()
}

/// A sealed set that lacks one of its two parts.
pub fn incomplete_set(doc: &DocName) -> [Item; 2] {
    let (clock, id) = (LogClock(3), WriteId(7, 7));
    let head = SetHead { parts: 2, at: 0, sealed: true, compacted: false, state_vector: None };
    let key = SortKey::update(doc, clock, id);
    let part = Item::plain(SortKey::part(doc, clock, id, 1), vec![1]);
    [Item { key, value: Some(vec![0, 0]), head: Some(head), at: None, version: None }, part]
}

/// How many incomplete writes are left.
pub fn leftovers(doc: &DocName, items: &[Item]) -> usize {
    groups(doc, items).values().filter(|group| !is_whole(group)).count()
}

/// The numbers in an update. An invalid one, which a broken rule can leave, has none.
pub fn content(bytes: &[u8]) -> Content {
    update::contents(bytes)
        .map(|contents| contents.ids().iter().map(|(client, _)| client).collect())
        .unwrap_or_default()
}

/// The update with this number: one string of `length` letters by one client.
pub fn update(number: u64, length: u8) -> Vec<u8> {
    let mut bytes = vec![1, 1];
    y_dynamodb::codec::varint::write_varuint(&mut bytes, number);
    bytes.extend([0, 4, 1, 1, b't', length]);
    bytes.extend(std::iter::repeat_n(b'x', length.into()));
    bytes.push(0);
    bytes
}
