//! An update without what `validate` refuses: each refused struct becomes a tombstone, and everything else is copied.
//!
//! The rules are those of [`super::scan`], [`super::validate`] and [`super::readable`]; here is only what takes the place of
//! what they refuse. A struct whose end is unknown ends the work.

use super::clients::Clients;
use super::content::kind;
use super::delete_set::{self, Range};
use super::head::content_of;
use super::hole::Hole;
use super::read::Reader;
use super::scan::{Part, Struct, Visit, looks_like_v2, scan_sections, unique_clients};
use super::store::{Source, push};
use super::validate::{Deletions, NO_DELETION, NO_LENGTH, conflicts, validate};
use super::{InvalidUpdate, MergeOptions, Salvaged, merge};
use crate::codec::varint::write_varuint;

pub(crate) fn salvage(update: &[u8]) -> Result<Salvaged, InvalidUpdate> {
    if validate(update).is_ok() {
        return Ok(Salvaged { update: update.to_vec(), refused: Vec::new() });
    }
    let mut rewritten = rewrite(update, &[])?;
    if let Some(second) = second_section(&rewritten.out) {
        rewritten.refused.push(rewritten.in_input(second));
        rewritten.out = unite_sections(&rewritten.out)?;
    }
    let conflicts = conflicts(&rewritten.out)?;
    let mut refused = std::mem::take(&mut rewritten.refused);
    refused.extend(conflicts.iter().map(|e| rewritten.in_input(e.clone())));
    refused.sort_by_key(|e| e.offset);
    let update = match conflicts.as_slice() {
        [] => rewritten.out,
        found => rewrite(&rewritten.out, found)?.out,
    };
    Ok(Salvaged { update, refused })
}

/// An update that was copied, without what was refused.
struct Rewritten {
    out: Vec<u8>,
    refused: Vec<InvalidUpdate>,
    /// Where copying went on after a tombstone: in the output, and in the input.
    joints: Vec<(usize, usize)>,
    /// The length of the input.
    len: usize,
}

impl Rewritten {
    /// The place in the input, of a place in the output.
    fn in_input(&self, e: InvalidUpdate) -> InvalidUpdate {
        let before = self.joints.partition_point(|&(out, _)| out <= e.offset).checked_sub(1);
        let (out, input) = before.and_then(|i| self.joints.get(i)).copied().unwrap_or_default();
        InvalidUpdate { offset: (input + e.offset - out).min(self.len), ..e }
    }
}

/// Copies an update, without what is refused and what `conflicts` name by the offsets of structs, in their order.
fn rewrite(bytes: &[u8], conflicts: &[InvalidUpdate]) -> Result<Rewritten, InvalidUpdate> {
    let mut rewrite = Rewrite {
        bytes,
        conflicts,
        out: Vec::with_capacity(bytes.len()),
        copied: 0,
        joints: Vec::new(),
        refused: Vec::new(),
        part: None,
        section: None,
        empty_skip: None,
        clients: Clients::default(),
        client: 0,
        deleted: Vec::new(),
        deletions: Deletions::default(),
    };
    scan_sections(bytes, &mut rewrite)?;
    Ok(rewrite.finish())
}

struct Rewrite<'a> {
    bytes: &'a [u8],
    /// What is still to come of the structs that are in conflict.
    conflicts: &'a [InvalidUpdate],
    out: Vec<u8>,
    /// Up to where the input was copied or replaced.
    copied: usize,
    joints: Vec<(usize, usize)>,
    refused: Vec<InvalidUpdate>,
    /// What was refused of the struct that is being read.
    part: Option<Part>,
    section: Option<Section>,
    /// Where the struct before begins, if it is a Skip of no length.
    empty_skip: Option<usize>,
    clients: Clients,
    /// The number of the client of what is being read.
    client: u32,
    deleted: Vec<Range>,
    deletions: Deletions,
}

/// The section that is being copied.
struct Section {
    count: Hole,
    /// How many structs are left.
    structs: u64,
    /// How many joints there were before.
    joints: usize,
}

impl Rewrite<'_> {
    fn note(&mut self, e: InvalidUpdate) {
        push(&mut self.refused, e);
    }

    /// What is refused of a struct: its head, or its content only.
    fn refused_part(&mut self, s: &Struct) -> Option<Part> {
        let named = self.conflicts.split_first().filter(|(e, _)| e.offset == s.start);
        if let Some((_, rest)) = named {
            self.conflicts = rest;
        }
        self.part.take().or(named.map(|_| Part::Content))
    }

    fn copy_to(&mut self, end: usize) {
        self.out.extend_from_slice(self.bytes.get(self.copied..end).unwrap_or_default());
        self.copied = end;
    }

    /// Goes on behind what was replaced.
    fn go_on(&mut self, at: usize) {
        self.copied = at;
        push(&mut self.joints, (self.out.len(), at));
    }

    fn end_section(&mut self, at: usize) {
        if let Some(at) = self.empty_skip.take() {
            self.note(Reader::at(self.bytes, at).bad(NO_LENGTH));
        }
        self.copy_to(at);
        let Some(Section { count, structs, joints }) = self.section.take() else { return };
        let before = self.out.len();
        count.fill(&mut self.out, structs);
        // A smaller number may be shorter; a larger one it never is.
        let moved = before.saturating_sub(self.out.len());
        for (out, _) in self.joints.iter_mut().skip(joints) {
            *out = out.saturating_sub(moved);
        }
    }

    /// Leaves out a struct that holds nothing.
    fn drop_empty(&mut self, s: &Struct, refused: bool) {
        if s.kind == kind::SKIP {
            self.empty_skip = Some(s.start);
        } else if !refused {
            self.note(Reader::at(self.bytes, s.start).bad(NO_LENGTH));
        }
        self.copy_to(s.start);
        self.go_on(s.end);
        if let Some(section) = &mut self.section {
            section.structs = section.structs.saturating_sub(1);
        }
    }

    /// Writes what takes the place of a struct.
    fn replace(&mut self, s: &Struct, part: Part) {
        self.copy_to(s.start);
        let head = self.bytes.get(s.start..self.content_start(s)).unwrap_or_default();
        match head.split_first() {
            Some((_, rest)) if part == Part::Content => {
                self.out.push(s.info - s.kind + kind::DELETED);
                self.out.extend_from_slice(rest);
            }
            _ => self.out.push(kind::GC),
        }
        write_varuint(&mut self.out, s.len);
        self.go_on(s.end);
        self.delete(s.clock, s.len);
    }

    fn content_start(&self, s: &Struct) -> usize {
        let source = Source { input: 0, offset: s.start as u32 };
        content_of(self.bytes, source).map_or(s.start, |r| r.pos())
    }

    fn delete(&mut self, clock: u64, len: u64) {
        delete_set::add(&mut self.deleted, Range { client: self.client, start: clock, end: clock + len });
    }

    fn finish(mut self) -> Rewritten {
        if let Some((at, reason)) = self.deletions.refused() {
            self.note(Reader::at(self.bytes, at).bad(reason));
        }
        if let Some(numbers) = self.clients.arrange() {
            delete_set::renumber(&mut self.deleted, &numbers);
        }
        delete_set::normalise(&mut self.deleted);
        delete_set::write(&mut self.out, &self.deleted, &self.clients);
        Rewritten { out: self.out, refused: self.refused, joints: self.joints, len: self.bytes.len() }
    }
}

impl Visit for Rewrite<'_> {
    #[cold]
    fn refuse(&mut self, part: Part, e: InvalidUpdate) -> Result<(), InvalidUpdate> {
        match part {
            Part::Rest if looks_like_v2(self.bytes) => return Err(e),
            Part::Head | Part::Content if self.part.is_some() => {}
            Part::Head | Part::Content => {
                self.part = Some(part);
                self.note(e);
            }
            Part::Deletion | Part::Rest => self.note(e),
        }
        Ok(())
    }

    fn count(&mut self, structs: u64, at: usize) {
        self.end_section(at);
        let joints = self.joints.len();
        self.section = Some(Section { count: Hole::new(&mut self.out, structs), structs, joints });
    }

    fn section(&mut self, client: u64, _clock: u64, at: usize) {
        self.go_on(at);
        self.client = self.clients.number(client);
    }

    fn visit(&mut self, s: Struct) {
        let part = self.refused_part(&s);
        self.empty_skip = None;
        match part {
            _ if s.len == 0 => self.drop_empty(&s, part.is_some()),
            Some(part) => self.replace(&s, part),
            None => {}
        }
    }

    fn delete_set(&mut self, at: usize) {
        self.end_section(at);
    }

    fn deletions_of(&mut self, client: u64, _ranges: u64) {
        self.client = self.clients.number(client);
        self.deletions.of(client);
    }

    fn deleted(&mut self, clock: u64, len: u64, at: usize) {
        if len == 0 {
            self.note(Reader::at(self.bytes, at).bad(NO_DELETION));
        }
        self.deletions.see(clock, len, at);
        self.delete(clock, len);
    }
}

/// The second section of a client, if any client has two.
fn second_section(update: &[u8]) -> Option<InvalidUpdate> {
    unique_clients(update).err()
}

/// The update in which each client has one section with all of its ids.
fn unite_sections(update: &[u8]) -> Result<Vec<u8>, InvalidUpdate> {
    let mut parts = Parts { update, parts: Vec::new(), section: (0, 0, 0) };
    scan_sections(update, &mut parts)?;
    merge(&parts.parts, MergeOptions { squash: false, gc: false, whole_log: false })
}

/// Makes an update of each section, and one of the delete set.
struct Parts<'a> {
    update: &'a [u8],
    parts: Vec<Vec<u8>>,
    /// Of the section being read: where its client is named, where its structs end, how many they are.
    section: (usize, usize, u64),
}

impl Parts<'_> {
    fn close(&mut self) {
        let (from, to, structs) = std::mem::take(&mut self.section);
        if structs > 0 {
            let mut part = vec![1];
            write_varuint(&mut part, structs);
            part.extend_from_slice(self.update.get(from..to).unwrap_or_default());
            part.push(0);
            push(&mut self.parts, part);
        }
    }
}

impl Visit for Parts<'_> {
    fn section(&mut self, _client: u64, _clock: u64, at: usize) {
        self.close();
        self.section = (at, at, 0);
    }

    fn visit(&mut self, s: Struct) {
        let (_, end, structs) = &mut self.section;
        (*end, *structs) = (s.end, *structs + 1);
    }

    fn delete_set(&mut self, at: usize) {
        self.close();
        let mut part = vec![0];
        part.extend_from_slice(self.update.get(at..).unwrap_or_default());
        push(&mut self.parts, part);
    }
}
