//! Assembles items, which arrive page by page in key order, into entries.
//!
//! The items of one write are adjacent: an update alone, or the head of a set and then its parts.

use super::OnCorrupt;
use super::corruption::{Corruption, update_key, value};
use super::entry::{Entry, Incomplete, LogRead};
use super::item_info::Parts;
use crate::codec::sort_key::{DocName, LogClock, SortKey, UpdateKey, Version, WriteId};
use crate::error::Result;
use crate::table::{Item, SetHead};

/// Assembles all update items of a document, in key order.
///
/// # Errors
/// `ERR_CORRUPT` if an item is not one of an update (with [`OnCorrupt::Fail`]).
pub(super) fn assemble(doc: &DocName, items: Vec<Item>, on_corrupt: OnCorrupt) -> Result<LogRead> {
    let mut assembly = Assembly::new(doc, on_corrupt);
    for item in items {
        assembly.push(item)?;
    }
    Ok(assembly.finish())
}

/// The items of one write.
struct Group {
    clock: LogClock,
    id: WriteId,
    keys: Vec<SortKey>,
    /// `Some(None)` for an update, `Some(Some(_))` for the head of a set.
    first: Option<Option<SetHead>>,
    /// Of an update: its version and when it was written.
    version: Option<Version>,
    at: Option<u64>,
    bytes: Vec<u8>,
    parts: Parts,
}

/// The items that have arrived so far.
pub(super) struct Assembly<'a> {
    doc: &'a DocName,
    on_corrupt: OnCorrupt,
    read: LogRead,
    group: Option<Group>,
}

impl<'a> Assembly<'a> {
    pub fn new(doc: &'a DocName, on_corrupt: OnCorrupt) -> Self {
        Assembly { doc, on_corrupt, read: LogRead::default(), group: None }
    }

    pub fn push(&mut self, item: Item) -> Result<()> {
        let Item { key, value: given, head, at, version } = item;
        let parsed = match update_key(self.doc, &key) {
            Ok(parsed) => parsed,
            Err(reason) => return self.corrupt(key, reason),
        };
        self.read.largest = self.read.largest.max(Some(parsed.clock()));
        let value = match value(given) {
            Ok(value) => value,
            Err(reason) => return self.corrupt(key, reason),
        };
        let (clock, id, part) = match parsed {
            UpdateKey::Original(clock) => {
                self.close_group();
                self.read.entries.push(Entry {
                    clock,
                    id: None,
                    keys: vec![key],
                    update: value,
                    is_compacted: false,
                    version,
                    at,
                });
                return Ok(());
            }
            UpdateKey::Update(clock, id) => (clock, id, None),
            UpdateKey::Part(clock, id, n) => (clock, id, Some(n)),
        };
        if self.group.as_ref().is_none_or(|group| (group.clock, group.id) != (clock, id)) {
            self.close_group();
        }
        let group = self.group.get_or_insert_with(|| Group::new(clock, id));
        if part.is_none() {
            (group.version, group.at) = (version, at);
        }
        group.push(key, value, head, part);
        Ok(())
    }

    fn corrupt(&mut self, key: SortKey, reason: Corruption) -> Result<()> {
        self.read.add_corrupt(self.doc, key, reason, self.on_corrupt)
    }

    fn close_group(&mut self) {
        let Some(group) = self.group.take() else { return };
        if group.is_complete() {
            let Group { clock, id, keys, bytes, first, version, at, .. } = group;
            let is_compacted = first.flatten().is_some_and(|head| head.compacted);
            let id = Some(id);
            self.read.entries.push(Entry { clock, id, keys, update: bytes, is_compacted, version, at });
            return;
        }
        let Group { clock, id, first, parts, .. } = group;
        let found = parts.found();
        let reason = match first {
            Some(Some(SetHead { parts, sealed: true, .. })) => Corruption::MissingParts { found, parts },
            Some(None) => Corruption::NotAHead { found },
            Some(Some(head)) => {
                let began = Some(head.at).filter(|_| head.compacted);
                self.read.compacting_at = self.read.compacting_at.max(began);
                return self.read.unfinished.push((clock, id));
            }
            None => return self.read.unfinished.push((clock, id)),
        };
        self.read.incomplete.push(Incomplete { clock, id, reason });
    }

    pub fn finish(mut self) -> LogRead {
        self.close_group();
        self.read
    }
}

impl Group {
    fn new(clock: LogClock, id: WriteId) -> Self {
        Group {
            clock,
            id,
            keys: Vec::new(),
            first: None,
            version: None,
            at: None,
            bytes: Vec::new(),
            parts: Parts::default(),
        }
    }

    fn push(&mut self, key: SortKey, value: Vec<u8>, head: Option<SetHead>, part: Option<u32>) {
        self.keys.push(key);
        match part {
            // The value of a head is the empty update, for the original's reader.
            None if head.is_some() => self.first = Some(head),
            None => {
                self.first = Some(None);
                self.bytes = value;
            }
            Some(n) => {
                self.parts.push(n);
                if self.bytes.is_empty() {
                    self.bytes = value;
                } else {
                    self.bytes.extend_from_slice(&value);
                }
            }
        }
    }

    /// An update is complete; a set is if it is sealed and all its parts are there.
    fn is_complete(&self) -> bool {
        match &self.first {
            Some(None) => self.parts.found() == 0,
            Some(Some(head)) => self.parts.make_whole(head.sealed, head.parts),
            None => false,
        }
    }
}
