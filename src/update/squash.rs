//! Joins neighbours: the struct that is being written, and what may be appended to it.
//!
//! A run-length encoding of the same ids that changes nothing in a document. Values that are not deleted are joined only if
//! they are certainly not map entries, because a map entry has one value.

use super::content::kind;
use super::invalid_update::InvalidUpdate;
use super::item_header::{Id, ItemHeader, Parent};
use super::placeholder::Placeholder;
use super::record::mark;
use super::records::Records;
use crate::codec::varint::write_varuint;

/// A struct that is being written. Its length is not known yet.
pub(super) struct Run {
    kind: u8,
    deleted: bool,
    right_origin: Option<Id>,
    /// The length that precedes the content; `None` if the length follows the header at the end, or is fixed.
    len: Option<Placeholder>,
    /// The clock units so far.
    units: u64,
}

impl Run {
    /// Begins a struct. `guess` is the expected length before the content.
    #[inline(always)]
    pub(super) fn open(
        out: &mut Vec<u8>,
        kind: u8,
        deleted: bool,
        header: Option<&ItemHeader<'_>>,
        guess: u64,
    ) -> Self {
        match header {
            Some(header) => header.write(out, kind),
            None => out.push(kind),
        }
        let has_len = matches!(kind, kind::STRING | kind::ANY | kind::JSON);
        let len = if has_len { Some(Placeholder::new(out, guess)) } else { None };
        Run { kind, deleted, right_origin: header.and_then(|h| h.right_origin), len, units: 0 }
    }

    #[inline(always)]
    pub(super) fn kind(&self) -> u8 {
        self.kind
    }

    /// Whether the struct that follows the id `last` may be appended. For values that are not deleted, [`has_no_key`] must
    /// hold as well.
    #[inline(always)]
    pub(super) fn can_append(&self, kind: u8, deleted: bool, last: Id, header: &ItemHeader<'_>) -> bool {
        self.kind == kind
            && self.deleted == deleted
            && matches!(kind, kind::STRING | kind::ANY | kind::JSON | kind::DELETED)
            && header.origin == Some(last)
            && header.right_origin == self.right_origin
    }

    /// Whether GC may be appended.
    #[inline(always)]
    pub(super) fn can_append_gc(&self) -> bool {
        self.kind == kind::GC
    }

    /// Counts what was appended.
    #[inline(always)]
    pub(super) fn add(&mut self, units: u64) {
        self.units += units;
    }

    /// Writes the length.
    #[inline(always)]
    pub(super) fn close(self, out: &mut Vec<u8>) {
        match (self.kind, self.len) {
            (kind::STRING, Some(len)) => {
                let bytes = len.bytes_after(out) as u64;
                len.fill(out, bytes);
            }
            (_, Some(len)) => len.fill(out, self.units),
            (kind::GC | kind::DELETED, None) => write_varuint(out, self.units),
            _ => {}
        }
    }
}

/// Whether a record is certainly not a map entry: its neighbours lead to an item that names its parent without a key.
pub(super) fn has_no_key<U: AsRef<[u8]>>(
    records: &mut Records<'_, U>,
    start: usize,
) -> Result<bool, InvalidUpdate> {
    let mut path: Vec<u32> = Vec::new();
    let mut i = start;
    let no_key = loop {
        let Some(r) = records.list.get_mut(i) else { break false };
        if r.has(mark::KEY_CHECKED) {
            break r.has(mark::NO_KEY);
        }
        r.set(mark::KEY_CHECKED);
        path.push(i as u32);
        let Some(r) = records.list.get(i) else { break false };
        if records.is_list(r) {
            break true;
        }
        let Some(header) = records.header(r)? else { break false };
        let Some(neighbour) = header.origin.or(header.right_origin) else {
            break header.key.is_none() && header.parent != Parent::Inherited;
        };
        match records.find_near(neighbour, i) {
            Some(next) => i = next,
            None => break false,
        }
    };
    for i in path {
        if let Some(r) = records.list.get_mut(i as usize).filter(|_| no_key) {
            r.set(mark::NO_KEY);
        }
    }
    Ok(no_key)
}
