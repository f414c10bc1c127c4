//! Writes the records as one update. Items are split where deletions begin and end, collected, and joined.
//!
//! Clients descend, clocks ascend, a gap becomes a Skip. No section begins with a Skip. The delete set is last.

use super::content::{kind, skip_content, skip_elements};
use super::delete_set::{self, Range};
use super::invalid_update::InvalidUpdate;
use super::item_header::{Id, ItemHeader};
use super::options::MergeOptions;
use super::placeholder::Placeholder;
use super::reader::{Reader, refuse_all};
use super::record::{Piece, Record, mark};
use super::records::Records;
use super::squash::{Run, has_no_key};
use super::text::Position;
use crate::codec::varint::write_varuint;

/// The update with all records and all deletions.
pub(super) fn write<U: AsRef<[u8]>>(
    records: &mut Records<'_, U>,
    options: MergeOptions,
) -> Result<Vec<u8>, InvalidUpdate> {
    let largest = records.inputs.iter().map(|input| input.as_ref().len()).max().unwrap_or_default();
    let mut out = Vec::with_capacity(largest + 64);
    let deleted = std::mem::take(&mut records.deleted);
    let clients: u32 = records.clients.len() as u32;
    let sections = Placeholder::new(&mut out, u64::from(clients));
    let mut written = 0;
    let mut rest = deleted.as_slice();
    for client in 0..clients {
        let (own, next) = rest.split_at(rest.partition_point(|d| d.client <= client));
        let (from, to) = records.clients.records(client);
        if from < to {
            Section { records, options, out: &mut out, deleted: own, client, run: None, structs: 0 }
                .write(from, to)?;
            written += 1;
        }
        rest = next;
    }
    sections.fill(&mut out, written);
    delete_set::write(&mut out, &deleted, &records.clients);
    Ok(out)
}

/// The structs of one client.
struct Section<'s, 'a, U> {
    records: &'s mut Records<'a, U>,
    options: MergeOptions,
    out: &'s mut Vec<u8>,
    /// The deletions that end after the last clock that was written.
    deleted: &'s [Range],
    client: u32,
    run: Option<Run>,
    structs: u64,
}

/// An item that is being written.
struct Item<'a> {
    /// The index of its record.
    index: usize,
    kind: u8,
    clock: u64,
    end: u64,
    header: ItemHeader<'a>,
    content: Content<'a>,
}

/// The content that is still to be written.
enum Content<'a> {
    /// Text that is written as a whole.
    Text(&'a [u8]),
    /// Text that is split: the whole text, and the position in it.
    SplitText(&'a [u8], Position),
    /// The values of ANY or JSON content.
    Values(Reader<'a>),
    /// Any other content.
    Opaque(&'a [u8]),
}

impl<'a, U: AsRef<[u8]>> Section<'_, 'a, U> {
    fn write(mut self, from: usize, to: usize) -> Result<(), InvalidUpdate> {
        let count = Placeholder::new(self.out, (to - from) as u64);
        let Some(first) = self.records.list.get(from) else { return Ok(()) };
        let mut clock = first.clock();
        write_varuint(self.out, self.records.clients.value(self.client));
        write_varuint(self.out, clock);
        let mut i = from;
        while i < to {
            let Some(&r) = self.records.list.get(i) else { break };
            if r.clock() > clock {
                self.skip(r.clock() - clock);
            }
            let end = self.records.end(&r);
            if r.kind() == kind::GC || r.has(mark::COLLECTED) {
                self.gc(end - r.clock());
            } else {
                self.item(i, &r, end)?;
            }
            clock = end;
            i += 1;
            if let Some(last) = self.copy(i, to) {
                // `last` itself was not copied.
                clock = self.records.list.get(last).map_or(clock, Record::clock);
                i = last;
            }
        }
        self.close();
        count.fill(self.out, self.structs);
        Ok(())
    }

    #[inline(always)]
    fn close(&mut self) {
        if let Some(run) = self.run.take() {
            run.close(self.out);
        }
    }

    fn skip(&mut self, len: u64) {
        self.close();
        self.out.push(kind::SKIP);
        write_varuint(self.out, len);
        self.structs += 1;
    }

    fn gc(&mut self, len: u64) {
        if !(self.options.squash && self.run.as_ref().is_some_and(Run::can_append_gc)) {
            self.close();
            self.run = Some(Run::open(self.out, kind::GC, true, None, 0));
            self.structs += 1;
        }
        if let Some(run) = &mut self.run {
            run.add(len);
        }
    }

    /// Copies the records from `i` on that are contiguous in their input and do not change, except the last one, to which
    /// something may be appended. Returns the index of that one, or `None` if nothing was copied.
    #[inline(always)]
    fn copy(&mut self, i: usize, to: usize) -> Option<usize> {
        let list = self.records.list.get(i.checked_sub(1)?..to)?;
        let [first, second, ..] = list else { return None };
        // If the struct before has just lost its content, it may be joined with one that has none.
        if !second.is_copyable_after(first) || self.run.as_ref()?.kind() != first.kind() {
            return None;
        }
        let (records, gc, mut deleted) = (&*self.records, self.options.gc, self.deleted);
        let pairs = list.windows(2).take_while(|pair| match pair {
            [before, r] => r.is_copyable_after(before) && is_unchanged(records, r, &mut deleted, gc),
            _ => false,
        });
        let last = i + pairs.count().checked_sub(1).filter(|&n| n > 0)?;
        let (from, end) = (records.source(second), records.source(records.list.get(last)?));
        let bytes = records.bytes(from).get(from.offset as usize..end.offset as usize)?;
        self.deleted = deleted;
        self.close();
        self.out.extend_from_slice(bytes);
        self.structs += (last - i) as u64;
        Some(last)
    }

    /// Writes an item, split where a deletion begins or ends in it. If deleted text is kept, it is not split: a split could
    /// fall into a surrogate pair and damage it.
    #[inline(always)]
    fn item(&mut self, index: usize, r: &Record, end: u64) -> Result<(), InvalidUpdate> {
        let mut item = self.read(index, r, end)?;
        if item.kind == kind::STRING && !self.options.gc {
            return self.piece(&mut item, r.clock(), end, false);
        }
        let mut clock = item.clock;
        while clock < end {
            while self.deleted.first().is_some_and(|d| d.end <= clock) {
                self.deleted = self.deleted.get(1..).unwrap_or_default();
            }
            let (deleted, until) = match self.deleted.first() {
                Some(d) if d.start <= clock => (true, d.end.min(end)),
                Some(d) => (false, d.start.min(end)),
                None => (false, end),
            };
            self.piece(&mut item, clock, until, deleted)?;
            clock = until;
        }
        Ok(())
    }

    #[inline(always)]
    fn read(&self, index: usize, r: &Record, end: u64) -> Result<Item<'a>, InvalidUpdate> {
        let source = self.records.source(r);
        let mut reader = Reader::at(self.records.bytes(source), source.offset as usize);
        let info = reader.byte()?;
        let mut header = ItemHeader::read(&mut reader, info)?;
        let piece = self.records.piece(r);
        if piece.is_some_and(|piece| piece.skipped > 0) {
            header = header.split(self.records.clients.value(self.client), r.clock());
        }
        let content = read_content(reader, r.kind(), piece)?;
        Ok(Item { index, kind: r.kind(), clock: r.clock(), end, header, content })
    }

    #[inline(always)]
    fn piece(
        &mut self,
        item: &mut Item<'a>,
        clock: u64,
        until: u64,
        deleted: bool,
    ) -> Result<(), InvalidUpdate> {
        let client = self.records.clients.value(self.client);
        let kind = if deleted && self.options.gc { kind::DELETED } else { item.kind };
        let header = if clock == item.clock { item.header } else { item.header.split(client, clock) };
        let last = Id { client, clock: clock.wrapping_sub(1) };
        let joins = self.options.squash
            && self.run.as_ref().is_some_and(|run| run.can_append(kind, deleted, last, &header))
            && (deleted || !matches!(kind, kind::ANY | kind::JSON) || has_no_key(self.records, item.index)?);
        let units = until - clock;
        if !joins {
            self.close();
            let guess = match item.content {
                Content::Text(text) if units == item.end - item.clock => text.len() as u64,
                _ => units,
            };
            self.run = Some(Run::open(self.out, kind, deleted, Some(&header), guess));
            self.structs += 1;
        }
        if let Some(run) = &mut self.run {
            run.add(units);
        }
        self.append(item, clock, until, kind)
    }

    /// Writes the content from `clock` to `until`, or skips it if `kind` is `DELETED`.
    #[inline(always)]
    fn append(&mut self, item: &mut Item<'a>, clock: u64, until: u64, kind: u8) -> Result<(), InvalidUpdate> {
        let drop = kind == kind::DELETED;
        let whole = clock == item.clock && until == item.end;
        if whole && drop {
            return Ok(());
        }
        if let (Content::Text(text), false) = (&item.content, whole) {
            item.content = Content::SplitText(text, Position::default());
        }
        match &mut item.content {
            Content::Text(text) => self.out.extend_from_slice(text),
            Content::SplitText(text, position) if drop => position.skip(text, until - clock),
            Content::SplitText(text, position) => {
                position.walk(text, until - clock, |bytes| self.out.extend_from_slice(bytes));
            }
            Content::Values(reader) => {
                let start = reader.pos();
                skip_elements(reader, item.kind, until - clock)?;
                if !drop {
                    self.out.extend_from_slice(reader.since(start));
                }
            }
            Content::Opaque(bytes) if !drop => self.out.extend_from_slice(bytes),
            Content::Opaque(_) => {}
        }
        Ok(())
    }
}

/// Whether a record is written as it is encoded. Drops the deletions that end before it.
#[inline(always)]
fn is_unchanged<U: AsRef<[u8]>>(
    records: &Records<'_, U>,
    r: &Record,
    deleted: &mut &[Range],
    gc: bool,
) -> bool {
    while deleted.first().is_some_and(|d| d.end <= r.clock()) {
        *deleted = deleted.get(1..).unwrap_or_default();
    }
    if matches!(r.kind(), kind::GC | kind::DELETED) {
        return r.kind() == kind::GC || !r.has(mark::COLLECTED);
    }
    let end = records.end(r);
    !r.has(mark::COLLECTED)
        && deleted.first().is_none_or(|d| d.start >= end || (!gc && d.start <= r.clock() && end <= d.end))
}

#[inline(always)]
fn read_content<'a>(
    mut reader: Reader<'a>,
    kind: u8,
    piece: Option<&Piece>,
) -> Result<Content<'a>, InvalidUpdate> {
    Ok(match (kind, piece) {
        (kind::STRING, None) => Content::Text(reader.text_unchecked()?),
        (kind::STRING, Some(piece)) => Content::SplitText(reader.text_unchecked()?, piece.start),
        (kind::ANY | kind::JSON, piece) => {
            reader.uint()?;
            Content::Values(reader.advanced(piece.map_or(0, |piece| piece.start.byte)))
        }
        (kind::DELETED, _) => Content::Opaque(&[]),
        _ => {
            let start = reader.pos();
            skip_content(&mut reader, kind, &mut refuse_all)?;
            Content::Opaque(reader.since(start))
        }
    })
}
