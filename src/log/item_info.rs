//! Describes the items of a document, for the command line. Reads no value.

use crate::codec::sort_key::{DocName, LogClock, SortKey, UpdateKey, WriteId};
use crate::table::Item;
use crate::table::size::item_bytes;

/// What an item is, by its key and, for a head, by its attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An update of the original package: no id.
    Original,
    /// An update.
    Update,
    /// The head of a set.
    Head,
    /// A part of a set.
    Part,
    /// A meta.
    Meta,
    /// The state vector for the original's reader.
    StateVector,
    /// An item that a repair has quarantined.
    Quarantined,
    /// An item in the range of updates or metas whose key is malformed.
    Strange,
    /// An item of another application.
    Foreign,
}

/// The head of a set, without its state vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadInfo {
    /// How many parts the set has.
    pub parts: u32,
    /// Whether it is sealed.
    pub is_sealed: bool,
    /// Whether a compaction wrote it.
    pub is_compacted: bool,
}

/// The parts of a set that were found, in key order.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Parts {
    found: u32,
    has_gap: bool,
}

impl Parts {
    /// Part `n` was found.
    pub(super) fn push(&mut self, n: u32) {
        self.has_gap |= n != self.found;
        self.found += 1;
    }

    /// How many were found.
    pub(super) fn found(self) -> u32 {
        self.found
    }

    /// Whether the set counts: its head is sealed, and the parts 0 … `parts` - 1 are there and no other.
    pub(super) fn make_whole(self, is_sealed: bool, parts: u32) -> bool {
        is_sealed && !self.has_gap && self.found == parts
    }
}

/// What [`count_sets`] needs of an item: the write that it belongs to, and its role there.
#[derive(Debug, Clone)]
pub struct WriteItem<W> {
    /// The items of one write have the same.
    pub write: W,
    /// The number of a part.
    pub part: Option<u32>,
    /// Of a head: how many parts the set has, and whether it is sealed.
    pub head: Option<(u32, bool)>,
}

/// The sets of a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SetCounts {
    /// The sets that count.
    pub whole: usize,
    /// The items of the writes that do not count.
    pub remains: usize,
}

/// Counts the sets among the items of a document, in key order. The rule is that of a read.
pub fn count_sets<W: PartialEq>(items: &[WriteItem<W>]) -> SetCounts {
    let mut counts = SetCounts::default();
    for write in items.chunk_by(|a, b| a.write == b.write) {
        let mut parts = Parts::default();
        write.iter().filter_map(|item| item.part).for_each(|n| parts.push(n));
        let first = write.iter().find(|item| item.part.is_none());
        match first.map(|first| first.head) {
            Some(None) if parts.found() == 0 => (),
            Some(Some((count, is_sealed))) if parts.make_whole(is_sealed, count) => counts.whole += 1,
            _ => counts.remains += write.len(),
        }
    }
    counts
}

/// An item without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemInfo {
    /// Its sort key.
    pub key: SortKey,
    /// What it is.
    pub kind: Kind,
    /// The log clock of an update, a head or a part.
    pub clock: Option<LogClock>,
    /// Its size in DynamoDB, in bytes, without foreign attributes.
    pub bytes: usize,
    /// When it was written, in milliseconds since the epoch, if it has that attribute.
    pub at: Option<u64>,
    /// The attributes of a head.
    pub head: Option<HeadInfo>,
    /// Of an update with an id, a head or a part: which write it belongs to.
    pub write: Option<(LogClock, WriteId)>,
    /// The number of a part.
    pub part: Option<u32>,
}

impl ItemInfo {
    /// Describes an item of `doc`.
    pub fn of(doc: &DocName, item: &Item) -> Self {
        let update = item.key.parse_update(doc);
        let head = item.head.as_ref().filter(|_| matches!(update, Some(UpdateKey::Update(..))));
        ItemInfo {
            key: item.key.clone(),
            kind: kind_of(doc, &item.key, update, head.is_some()),
            clock: update.map(|key| key.clock()),
            bytes: item_bytes(doc, item),
            write: match update {
                Some(UpdateKey::Update(clock, id) | UpdateKey::Part(clock, id, _)) => Some((clock, id)),
                _ => None,
            },
            part: match update {
                Some(UpdateKey::Part(_, _, n)) => Some(n),
                _ => None,
            },
            at: head.map(|head| head.at).or(item.at),
            head: head.map(|head| HeadInfo {
                parts: head.parts,
                is_sealed: head.sealed,
                is_compacted: head.compacted,
            }),
        }
    }
}

fn kind_of(doc: &DocName, key: &SortKey, update: Option<UpdateKey>, is_head: bool) -> Kind {
    match update {
        Some(UpdateKey::Original(_)) => Kind::Original,
        Some(UpdateKey::Update(..)) if is_head => Kind::Head,
        Some(UpdateKey::Update(..)) => Kind::Update,
        Some(UpdateKey::Part(..)) => Kind::Part,
        None if key.parse_meta(doc).is_some() => Kind::Meta,
        None if *key == SortKey::state_vector(doc) => Kind::StateVector,
        None if key.former_key(doc).is_some() => Kind::Quarantined,
        None if key.is_data_of(doc) => Kind::Strange,
        None => Kind::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(write: u8, parts: u32, is_sealed: bool) -> WriteItem<u8> {
        WriteItem { write, part: None, head: Some((parts, is_sealed)) }
    }

    fn part(write: u8, n: u32) -> WriteItem<u8> {
        WriteItem { write, part: Some(n), head: None }
    }

    #[test]
    fn a_set_counts_only_sealed_and_with_exactly_its_parts() {
        let plain = WriteItem { write: 9, part: None, head: None };
        let count = |items: &[WriteItem<u8>]| {
            let counts = count_sets(items);
            (counts.whole, counts.remains)
        };
        assert_eq!(count(&[plain.clone(), head(1, 2, true), part(1, 0), part(1, 1)]), (1, 0));
        assert_eq!(count(&[head(1, 1, true), part(1, 0), head(2, 1, true), part(2, 0)]), (2, 0));
        assert_eq!(count(&[head(1, 1, false), part(1, 0)]), (0, 2));
        assert_eq!(count(&[head(1, 2, true), part(1, 0)]), (0, 2));
        assert_eq!(count(&[head(1, 2, true), part(1, 0), part(1, 2)]), (0, 3));
        assert_eq!(count(&[part(1, 0), part(1, 1), plain.clone()]), (0, 2));
        assert_eq!(count(&[plain, part(9, 0)]), (0, 2));
    }
}
