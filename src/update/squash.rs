//! Joining neighbours: the run of structs that is being written, and what may be appended to it.
//!
//! Run-length encoding of the same unit structs: nothing of their meaning changes. Live values join only where they are
//! surely not entries of a map, because there each value stands for itself.

use super::InvalidUpdate;
use super::collect::{find_near, head_of};
use super::content::kind;
use super::head::{Head, Id, Parent};
use super::hole::Hole;
use super::store::{Record, Store, mark};
use crate::codec::varint::write_varuint;

/// A struct whose length is still open.
pub(crate) struct Run {
    kind: u8,
    deleted: bool,
    right: Option<Id>,
    /// Where its length or count goes; none where it stands at the end, or is fixed.
    hole: Option<Hole>,
    /// Clock units so far.
    units: u64,
}

impl Run {
    /// Writes the begin of a struct; `guess` is the expected number in front of the content.
    #[inline(always)]
    pub(crate) fn open(
        out: &mut Vec<u8>,
        kind: u8,
        deleted: bool,
        head: Option<&Head<'_>>,
        guess: u64,
    ) -> Self {
        match head {
            Some(head) => head.write(out, kind),
            None => out.push(kind),
        }
        let counted = matches!(kind, kind::STRING | kind::ANY | kind::JSON);
        let hole = if counted { Some(Hole::new(out, guess)) } else { None };
        Run { kind, deleted, right: head.and_then(|h| h.right), hole, units: 0 }
    }

    /// What it holds.
    #[inline(always)]
    pub(crate) fn kind(&self) -> u8 {
        self.kind
    }

    /// Whether a struct that begins where this one ends may be appended. Live values need a look at their keys besides.
    #[inline(always)]
    pub(crate) fn takes(&self, kind: u8, deleted: bool, before: Id, head: &Head<'_>) -> bool {
        self.kind == kind
            && self.deleted == deleted
            && matches!(kind, kind::STRING | kind::ANY | kind::JSON | kind::DELETED)
            && head.origin == Some(before)
            && head.right == self.right
    }

    /// Whether GC may be appended.
    #[inline(always)]
    pub(crate) fn takes_gc(&self) -> bool {
        self.kind == kind::GC
    }

    /// Counts what was appended.
    #[inline(always)]
    pub(crate) fn add(&mut self, units: u64) {
        self.units += units;
    }

    /// Writes what was left open.
    #[inline(always)]
    pub(crate) fn close(self, out: &mut Vec<u8>) {
        match (self.kind, self.hole) {
            (kind::STRING, Some(hole)) => {
                let bytes = hole.filled(out) as u64;
                hole.fill(out, bytes);
            }
            (_, Some(hole)) => hole.fill(out, self.units),
            (kind::GC | kind::DELETED, None) => write_varuint(out, self.units),
            _ => {}
        }
    }
}

/// Whether values stand in a list for sure: an entry of a map holds one.
pub(crate) fn is_list<U: AsRef<[u8]>>(store: &Store<'_, U>, r: &Record) -> bool {
    matches!(r.kind(), kind::ANY | kind::JSON) && store.len(r) > 1
}

/// Whether a record is surely not the entry of a map: its chain ends at a parent without a key.
pub(crate) fn has_no_key<U: AsRef<[u8]>>(
    store: &mut Store<'_, U>,
    start: usize,
) -> Result<bool, InvalidUpdate> {
    let mut path: Vec<u32> = Vec::new();
    let mut i = start;
    let no_key = loop {
        let Some(r) = store.records.get_mut(i) else { break false };
        if r.has(mark::KEY_KNOWN) {
            break r.has(mark::NO_KEY);
        }
        r.set(mark::KEY_KNOWN);
        path.push(i as u32);
        let Some(r) = store.records.get(i) else { break false };
        if is_list(store, r) {
            break true;
        }
        let Some(head) = head_of(store, r)? else { break false };
        let Some(neighbour) = head.origin.or(head.right) else {
            break head.key.is_none() && head.parent != Parent::Inherited;
        };
        match find_near(store, neighbour, i) {
            Some(next) => i = next,
            None => break false,
        }
    };
    for i in path {
        if let Some(r) = store.records.get_mut(i as usize).filter(|_| no_key) {
            r.set(mark::NO_KEY);
        }
    }
    Ok(no_key)
}
