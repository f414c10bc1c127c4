//! Describes the items of a document, for the command line. Reads no value.

use crate::codec::sort_key::{DocName, LogClock, SortKey, UpdateKey};
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
        None if key.released(doc).is_some() => Kind::Quarantined,
        None if key.is_own(doc) => Kind::Strange,
        None => Kind::Foreign,
    }
}
