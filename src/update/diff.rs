//! The part of an update that a peer with a given state vector lacks.
//!
//! Structs are copied. Only the first one of a client may have to be split. The delete set is always whole. Source: yjs
//! `diffUpdate`.

use super::clients::Clients;
use super::content::{kind, skip_elements};
use super::delete_set::{self, Range};
use super::invalid_update::InvalidUpdate;
use super::item_header::ItemHeader;
use super::placeholder::Placeholder;
use super::reader::Reader;
use super::scan::{Struct, Visitor, scan};
use super::state_vector;
use super::text::Position;
use crate::codec::varint::write_varuint;

/// The part of an update that a peer with this state vector lacks, with the whole delete set.
///
/// # Errors
/// [`InvalidUpdate`] if either input is malformed.
pub fn diff(update: &[u8], state_vector: &[u8]) -> Result<Vec<u8>, InvalidUpdate> {
    let known = state_vector::decode(state_vector)?;
    let mut out = Vec::with_capacity(update.len());
    let sections = Placeholder::new(&mut out, 0);
    let mut writer = Writer {
        update,
        known,
        out,
        sections: 0,
        client: 0,
        clock: 0,
        open: None,
        copy: (0, 0),
        deletions: Deletions { offset: 0, last: None, canonical: true },
        failed: None,
    };
    scan(update, &mut writer)?;
    if let Some(e) = writer.failed {
        return Err(e);
    }
    sections.fill(&mut writer.out, writer.sections);
    if writer.deletions.canonical {
        writer.out.extend_from_slice(update.get(writer.deletions.offset..).unwrap_or_default());
    } else {
        write_delete_set(update, &mut writer.out)?;
    }
    Ok(writer.out)
}

/// Writes the difference while an update is scanned.
struct Writer<'a> {
    update: &'a [u8],
    known: Vec<(u64, u64)>,
    out: Vec<u8>,
    sections: u64,
    client: u64,
    /// The peer has the structs of the client before this clock.
    clock: u64,
    /// The number of structs in the section that is being written, and where it is to be written.
    open: Option<(Placeholder, u64)>,
    /// The range of the update that is to be copied next.
    copy: (usize, usize),
    deletions: Deletions,
    failed: Option<InvalidUpdate>,
}

/// The delete set of the update.
struct Deletions {
    offset: usize,
    last: Option<u64>,
    /// It is encoded as Yjs does, so it can be copied: clients descend, and each has ranges.
    canonical: bool,
}

impl Writer<'_> {
    fn flush(&mut self) {
        self.out.extend_from_slice(self.update.get(self.copy.0..self.copy.1).unwrap_or_default());
        self.copy = (0, 0);
    }

    fn finish(&mut self) {
        self.flush();
        if let Some((placeholder, count)) = self.open.take() {
            placeholder.fill(&mut self.out, count);
            self.sections += 1;
        }
    }

    fn begin(&mut self, s: Struct) {
        let count = Placeholder::new(&mut self.out, 0);
        let clock = s.clock.max(self.clock);
        write_varuint(&mut self.out, self.client);
        write_varuint(&mut self.out, clock);
        self.open = Some((count, 1));
        if clock == s.clock {
            self.add(s);
        } else if let Err(e) = self.split(s, clock) {
            self.failed = Some(e);
        }
    }

    #[inline(always)]
    fn add(&mut self, s: Struct) {
        let info = s.canonical_info();
        if info == s.info && self.copy.1 == s.start {
            self.copy.1 = s.end;
            return;
        }
        self.flush();
        if info == s.info {
            self.copy = (s.start, s.end);
        } else {
            self.out.push(info);
            self.copy = (s.start + 1, s.end);
        }
    }

    /// Writes the piece of a struct from `clock` on.
    fn split(&mut self, s: Struct, clock: u64) -> Result<(), InvalidUpdate> {
        self.flush();
        let (skipped, left) = (clock - s.clock, s.clock + s.len - clock);
        let mut r = Reader::at(self.update, s.start + 1);
        if s.kind == kind::GC {
            self.out.push(kind::GC);
            write_varuint(&mut self.out, left);
            return Ok(());
        }
        ItemHeader::read(&mut r, s.info)?.split(self.client, clock).write(&mut self.out, s.kind);
        match s.kind {
            kind::STRING => {
                let text = r.text_unchecked()?;
                let mut position = Position::default();
                position.skip(text, skipped);
                let len = Placeholder::new(&mut self.out, (text.len() - position.byte) as u64);
                position.walk(text, left, |bytes| self.out.extend_from_slice(bytes));
                let bytes = len.bytes_after(&self.out) as u64;
                len.fill(&mut self.out, bytes);
            }
            kind::ANY | kind::JSON => {
                r.uint()?;
                skip_elements(&mut r, s.kind, skipped)?;
                write_varuint(&mut self.out, left);
                self.copy = (r.pos(), s.end);
            }
            _ => write_varuint(&mut self.out, left),
        }
        Ok(())
    }
}

impl Visitor for Writer<'_> {
    fn section(&mut self, client: u64, _clock: u64, _offset: usize) {
        self.finish();
        self.client = client;
        let known = self.known.binary_search_by_key(&client, |&(client, _)| client);
        self.clock = known.ok().and_then(|i| self.known.get(i)).map_or(0, |&(_, clock)| clock);
    }

    #[inline(always)]
    fn visit(&mut self, s: Struct) {
        if let Some((_, count)) = &mut self.open {
            *count += 1;
            self.add(s);
        } else if s.kind != kind::SKIP && s.clock + s.len > self.clock {
            self.begin(s);
        }
    }

    fn delete_set(&mut self, offset: usize) {
        self.finish();
        self.deletions.offset = offset;
    }

    fn deletions_of(&mut self, client: u64, ranges: u64) {
        let d = &mut self.deletions;
        d.canonical &= ranges > 0 && d.last.is_none_or(|last| last > client);
        d.last = Some(client);
    }
}

/// Writes the delete set as Yjs does.
fn write_delete_set(update: &[u8], out: &mut Vec<u8>) -> Result<(), InvalidUpdate> {
    #[derive(Default)]
    struct Deleted {
        clients: Clients,
        client: u32,
        ranges: Vec<Range>,
    }
    impl Visitor for Deleted {
        fn deletions_of(&mut self, client: u64, _ranges: u64) {
            self.client = self.clients.number(client);
        }
        fn deleted(&mut self, clock: u64, len: u64, _offset: usize) {
            if len > 0 {
                self.ranges.push(Range { client: self.client, start: clock, end: clock + len });
            }
        }
    }
    let mut deleted = Deleted::default();
    scan(update, &mut deleted)?;
    if let Some(numbers) = deleted.clients.sort() {
        delete_set::renumber(&mut deleted.ranges, &numbers);
    }
    delete_set::normalise(&mut deleted.ranges);
    delete_set::write(out, &deleted.ranges, &deleted.clients);
    Ok(())
}
