//! Replaces each struct that `validate` refuses by a tombstone, and copies everything else.
//!
//! The rules are those of [`super::scan`], [`super::validate`] and [`super::conflicts`]. A struct whose end is not known
//! cannot be replaced.

use super::clients::Clients;
use super::content::kind;
use super::delete_set::{self, Range};
use super::growth::push;
use super::invalid_update::InvalidUpdate;
use super::item_header::content_at;
use super::placeholder::Placeholder;
use super::reader::Reader;
use super::scan::{RefusedIn, Struct, Visitor, check_unique_clients, looks_like_v2, scan_sections};
use super::sections::merge_sections;
use super::validate::{Deletions, EMPTY_DELETION, EMPTY_STRUCT, conflicts_in, validate};
use crate::codec::varint::write_varuint;

/// An update without what [`validate`] refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvaged {
    /// The update, byte for byte as it was given if nothing was refused.
    pub update: Vec<u8>,
    /// Offset and reason of each refused struct and each refused deletion, in the order of the bytes.
    pub refused: Vec<InvalidUpdate>,
}

/// Replaces each struct that [`validate`] refuses by a tombstone: an item with the same ids, neighbours, parent and key, and
/// without content. So what others wrote next to it stays readable.
///
/// * A struct that names itself or a later id of its client, or whose parent or key cannot be read, becomes GC.
/// * Structs and deletions of no length are dropped. Deletions beyond the last clock are shortened. If anything is refused,
///   the delete set is written sorted, and includes the tombstones.
/// * If a client has several sections, they are merged. Bytes after the end are dropped.
///
/// All other structs are copied. So the result has the ids of `update`, and [`validate`] accepts it. Near-linear. If nothing
/// is refused, costs as much as [`validate`].
///
/// # Errors
/// [`InvalidUpdate`] if the end of a struct is not known (the bytes end too early, a count is too large, the content is
/// unknown), if a clock or a length is above the limits, and for V2 updates.
pub fn salvage(update: &[u8]) -> Result<Salvaged, InvalidUpdate> {
    if validate(update).is_ok() {
        return Ok(Salvaged { update: update.to_vec(), refused: Vec::new() });
    }
    let mut rewritten = rewrite(update, &[])?;
    if let Err(second) = check_unique_clients(&rewritten.out) {
        rewritten.refused.push(rewritten.in_input(second));
        rewritten.out = merge_sections(&rewritten.out)?;
    }
    let conflicts = conflicts_in(&rewritten.out)?;
    let mut refused = std::mem::take(&mut rewritten.refused);
    refused.extend(conflicts.iter().map(|e| rewritten.in_input(e.clone())));
    refused.sort_by_key(|e| e.offset);
    let update = match conflicts.as_slice() {
        [] => rewritten.out,
        found => rewrite(&rewritten.out, found)?.out,
    };
    Ok(Salvaged { update, refused })
}

/// The copy of an update, without what was refused.
struct Rewritten {
    out: Vec<u8>,
    refused: Vec<InvalidUpdate>,
    /// For each copied range its offset in the output and in the input.
    copies: Vec<(usize, usize)>,
    /// The length of the input.
    len: usize,
}

impl Rewritten {
    /// The same error with its offset in the input instead of the output.
    fn in_input(&self, e: InvalidUpdate) -> InvalidUpdate {
        let before = self.copies.partition_point(|&(out, _)| out <= e.offset).checked_sub(1);
        let (out, input) = before.and_then(|i| self.copies.get(i)).copied().unwrap_or_default();
        InvalidUpdate { offset: (input + e.offset - out).min(self.len), ..e }
    }
}

/// Copies an update, without what is refused and without the structs at the offsets of `conflicts`, which are sorted.
fn rewrite(bytes: &[u8], conflicts: &[InvalidUpdate]) -> Result<Rewritten, InvalidUpdate> {
    let mut writer = Writer {
        bytes,
        conflicts,
        out: Vec::with_capacity(bytes.len()),
        copied: 0,
        copies: Vec::new(),
        refused: Vec::new(),
        refused_in: None,
        section: None,
        empty_skip: None,
        clients: Clients::default(),
        client: 0,
        deleted: Vec::new(),
        deletions: Deletions::default(),
    };
    scan_sections(bytes, &mut writer)?;
    Ok(writer.finish())
}

/// Writes the copy while the update is scanned.
struct Writer<'a> {
    bytes: &'a [u8],
    /// The conflicts that have not been reached yet.
    conflicts: &'a [InvalidUpdate],
    out: Vec<u8>,
    /// The input before this offset has been copied or replaced.
    copied: usize,
    copies: Vec<(usize, usize)>,
    refused: Vec<InvalidUpdate>,
    /// The refused part of the struct that is being read.
    refused_in: Option<RefusedIn>,
    section: Option<Section>,
    /// The offset of the struct before, if it is a Skip of no length.
    empty_skip: Option<usize>,
    clients: Clients,
    /// The number of the current client.
    client: u32,
    deleted: Vec<Range>,
    deletions: Deletions,
}

/// The section that is being copied.
struct Section {
    count: Placeholder,
    /// The number of structs that are not dropped.
    structs: u64,
    /// The number of copies before the section.
    copies: usize,
}

impl Writer<'_> {
    fn report(&mut self, e: InvalidUpdate) {
        push(&mut self.refused, e);
    }

    /// The refused part of a struct: its header, or only its content.
    fn take_refused(&mut self, s: &Struct) -> Option<RefusedIn> {
        let conflict = self.conflicts.split_first().filter(|(e, _)| e.offset == s.start);
        if let Some((_, rest)) = conflict {
            self.conflicts = rest;
        }
        self.refused_in.take().or(conflict.map(|_| RefusedIn::Content))
    }

    fn copy_to(&mut self, end: usize) {
        self.out.extend_from_slice(self.bytes.get(self.copied..end).unwrap_or_default());
        self.copied = end;
    }

    /// Skips the input up to `offset`, from which it is copied again.
    fn skip_to(&mut self, offset: usize) {
        self.copied = offset;
        push(&mut self.copies, (self.out.len(), offset));
    }

    fn end_section(&mut self, end: usize) {
        if let Some(offset) = self.empty_skip.take() {
            self.report(Reader::at(self.bytes, offset).error(EMPTY_STRUCT));
        }
        self.copy_to(end);
        let Some(Section { count, structs, copies }) = self.section.take() else { return };
        let before = self.out.len();
        count.fill(&mut self.out, structs);
        // The count is not larger than it was guessed, so its varint can only be shorter.
        let moved = before.saturating_sub(self.out.len());
        for (out, _) in self.copies.iter_mut().skip(copies) {
            *out = out.saturating_sub(moved);
        }
    }

    /// Drops a struct of no length.
    fn drop_empty(&mut self, s: &Struct, refused: bool) {
        if s.kind == kind::SKIP {
            self.empty_skip = Some(s.start);
        } else if !refused {
            self.report(Reader::at(self.bytes, s.start).error(EMPTY_STRUCT));
        }
        self.copy_to(s.start);
        self.skip_to(s.end);
        if let Some(section) = &mut self.section {
            section.structs = section.structs.saturating_sub(1);
        }
    }

    /// Writes a tombstone or GC in place of a struct.
    fn replace(&mut self, s: &Struct, refused_in: RefusedIn) {
        self.copy_to(s.start);
        let content = content_at(self.bytes, s.start).map_or(s.start, |r| r.pos());
        let header = self.bytes.get(s.start..content).unwrap_or_default();
        match header.split_first() {
            Some((_, rest)) if refused_in == RefusedIn::Content => {
                self.out.push(s.info - s.kind + kind::DELETED);
                self.out.extend_from_slice(rest);
            }
            _ => self.out.push(kind::GC),
        }
        write_varuint(&mut self.out, s.len);
        self.skip_to(s.end);
        self.delete(s.clock, s.len);
    }

    fn delete(&mut self, clock: u64, len: u64) {
        delete_set::add(&mut self.deleted, Range { client: self.client, start: clock, end: clock + len });
    }

    fn finish(mut self) -> Rewritten {
        if let Some((offset, reason)) = self.deletions.refused() {
            self.report(Reader::at(self.bytes, offset).error(reason));
        }
        if let Some(numbers) = self.clients.sort() {
            delete_set::renumber(&mut self.deleted, &numbers);
        }
        delete_set::normalise(&mut self.deleted);
        delete_set::write(&mut self.out, &self.deleted, &self.clients);
        Rewritten { out: self.out, refused: self.refused, copies: self.copies, len: self.bytes.len() }
    }
}

impl Visitor for Writer<'_> {
    #[cold]
    fn refuse(&mut self, place: RefusedIn, e: InvalidUpdate) -> Result<(), InvalidUpdate> {
        match place {
            RefusedIn::Trailing if looks_like_v2(self.bytes) => return Err(e),
            RefusedIn::Header | RefusedIn::Content if self.refused_in.is_some() => {}
            RefusedIn::Header | RefusedIn::Content => {
                self.refused_in = Some(place);
                self.report(e);
            }
            RefusedIn::Deletion | RefusedIn::Trailing => self.report(e),
        }
        Ok(())
    }

    fn struct_count(&mut self, structs: u64, offset: usize) {
        self.end_section(offset);
        let copies = self.copies.len();
        self.section = Some(Section { count: Placeholder::new(&mut self.out, structs), structs, copies });
    }

    fn section(&mut self, client: u64, _clock: u64, offset: usize) {
        self.skip_to(offset);
        self.client = self.clients.number(client);
    }

    fn visit(&mut self, s: Struct) {
        let refused_in = self.take_refused(&s);
        self.empty_skip = None;
        match refused_in {
            _ if s.len == 0 => self.drop_empty(&s, refused_in.is_some()),
            Some(place) => self.replace(&s, place),
            None => {}
        }
    }

    fn delete_set(&mut self, offset: usize) {
        self.end_section(offset);
    }

    fn deletions_of(&mut self, client: u64, _ranges: u64) {
        self.client = self.clients.number(client);
        self.deletions.begin_client(client);
    }

    fn deleted(&mut self, clock: u64, len: u64, offset: usize) {
        if len == 0 {
            self.report(Reader::at(self.bytes, offset).error(EMPTY_DELETION));
        }
        self.deletions.add(clock, len, offset);
        self.delete(clock, len);
    }
}
