//! Writes the records as one update: cut where deletions begin and end, collected, joined.
//!
//! Clients descending, clocks ascending, gaps as Skip, no Skip at the begin of a section; the delete set last.

use super::content::{kind, skip_content, skip_elements};
use super::delete_set::{self, Range};
use super::head::{Head, Id};
use super::hole::Hole;
use super::read::{Reader, strictly};
use super::squash::{Run, has_no_key};
use super::store::{Piece, Record, Store, mark};
use super::text::Place;
use super::{InvalidUpdate, MergeOptions};
use crate::codec::varint::write_varuint;

/// The update that holds all records of the store and its delete set.
pub(crate) fn write<U: AsRef<[u8]>>(
    store: &mut Store<'_, U>,
    options: MergeOptions,
) -> Result<Vec<u8>, InvalidUpdate> {
    let largest = store.inputs.iter().map(|input| input.as_ref().len()).max().unwrap_or_default();
    let mut out = Vec::with_capacity(largest + 64);
    let deleted = std::mem::take(&mut store.deleted);
    let clients: u32 = store.clients.len() as u32;
    let sections = Hole::new(&mut out, u64::from(clients));
    let mut written = 0;
    let mut rest = deleted.as_slice();
    for client in 0..clients {
        let (own, next) = rest.split_at(rest.partition_point(|d| d.client <= client));
        let (from, to) = store.clients.records(client);
        if from < to {
            Section { store, options, out: &mut out, deleted: own, client, run: None, structs: 0 }
                .write(from, to)?;
            written += 1;
        }
        rest = next;
    }
    sections.fill(&mut out, written);
    delete_set::write(&mut out, &deleted, &store.clients);
    Ok(out)
}

/// The structs of one client.
struct Section<'s, 'a, U> {
    store: &'s mut Store<'a, U>,
    options: MergeOptions,
    out: &'s mut Vec<u8>,
    /// The deletions that end after the clock reached.
    deleted: &'s [Range],
    client: u32,
    run: Option<Run>,
    structs: u64,
}

/// An item as it is being written.
struct Item<'a> {
    /// Its index among the records.
    index: usize,
    kind: u8,
    clock: u64,
    end: u64,
    head: Head<'a>,
    content: Content<'a>,
}

/// The content, as far as it was written.
enum Content<'a> {
    /// Text in one piece.
    Text(&'a [u8]),
    /// Text that is cut or spoilt: what was passed, up to which unit of the record; the clocks of spoilt pairs.
    Cut(&'a [u8], Place, (u32, u32)),
    /// The elements of an any or JSON content.
    Elements(Reader<'a>),
    /// Anything else.
    Opaque(&'a [u8]),
}

impl<'a, U: AsRef<[u8]>> Section<'_, 'a, U> {
    fn write(mut self, from: usize, to: usize) -> Result<(), InvalidUpdate> {
        let count = Hole::new(self.out, (to - from) as u64);
        let Some(first) = self.store.records.get(from) else { return Ok(()) };
        let mut clock = first.clock();
        write_varuint(self.out, self.store.clients.value(self.client));
        write_varuint(self.out, clock);
        let mut i = from;
        while i < to {
            let Some(&r) = self.store.records.get(i) else { break };
            if r.clock() > clock {
                self.skip(r.clock() - clock);
            }
            let end = self.store.end(&r);
            if r.kind() == kind::GC || r.has(mark::GONE) {
                self.gc(end - r.clock());
            } else {
                self.item(i, &r, end)?;
            }
            clock = end;
            i += 1;
            if let Some(last) = self.copy(i, to) {
                // The one before `last` was the last that was copied.
                clock = self.store.records.get(last).map_or(clock, Record::clock);
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
        if !(self.options.squash && self.run.as_ref().is_some_and(Run::takes_gc)) {
            self.close();
            self.run = Some(Run::open(self.out, kind::GC, true, None, 0));
            self.structs += 1;
        }
        if let Some(run) = &mut self.run {
            run.add(len);
        }
    }

    /// Copies the records from `i` on that stand in one piece in their input and stay as they are, but for the last of
    /// them, to which something may be joined. Gives the index of that one; nothing if there is nothing to copy.
    #[inline(always)]
    fn copy(&mut self, i: usize, to: usize) -> Option<usize> {
        let records = self.store.records.get(i.checked_sub(1)?..to)?;
        let [first, second, ..] = records else { return None };
        // If the struct before has just lost its content, it may be joined with one that had none.
        if !self.store.stands_apart(first, second) || self.run.as_ref()?.kind() != first.kind() {
            return None;
        }
        let (store, gc, mut deleted) = (&*self.store, self.options.gc, self.deleted);
        let pairs = records.windows(2).take_while(|pair| match pair {
            [before, r] => store.stands_apart(before, r) && stays(store, r, &mut deleted, gc),
            _ => false,
        });
        let last = i + pairs.count().checked_sub(1).filter(|&n| n > 0)?;
        let (from, end) = (store.source(second), store.source(store.records.get(last)?));
        let bytes = store.bytes(from).get(from.offset as usize..end.offset as usize)?;
        self.deleted = deleted;
        self.close();
        self.out.extend_from_slice(bytes);
        self.structs += (last - i) as u64;
        Some(last)
    }

    /// Writes an item, cut where a deletion begins or ends in it; but text that is kept whole, deleted or not: a cut there
    /// could fall into a character, and would be needed again in every later merge.
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
        let source = self.store.source(r);
        let mut reader = Reader::at(self.store.bytes(source), source.offset as usize);
        let info = reader.byte()?;
        let mut head = Head::read(&mut reader, info)?;
        let piece = self.store.piece(r);
        if piece.is_some_and(|piece| piece.skipped > 0) {
            head = head.cut(self.store.clients.value(self.client), r.clock());
        }
        let content = read_content(reader, r.kind(), piece)?;
        Ok(Item { index, kind: r.kind(), clock: r.clock(), end, head, content })
    }

    #[inline(always)]
    fn piece(
        &mut self,
        item: &mut Item<'a>,
        clock: u64,
        until: u64,
        deleted: bool,
    ) -> Result<(), InvalidUpdate> {
        let client = self.store.clients.value(self.client);
        let kind = if deleted && self.options.gc { kind::DELETED } else { item.kind };
        let head = if clock == item.clock { item.head } else { item.head.cut(client, clock) };
        let before = Id { client, clock: clock.wrapping_sub(1) };
        let joins = self.options.squash
            && self.run.as_ref().is_some_and(|run| run.takes(kind, deleted, before, &head))
            && (deleted || !matches!(kind, kind::ANY | kind::JSON) || has_no_key(self.store, item.index)?);
        let units = until - clock;
        if !joins {
            self.close();
            let guess = match item.content {
                Content::Text(text) if units == item.end - item.clock => text.len() as u64,
                _ => units,
            };
            self.run = Some(Run::open(self.out, kind, deleted, Some(&head), guess));
            self.structs += 1;
        }
        if let Some(run) = &mut self.run {
            run.add(units);
        }
        self.append(item, clock, until, kind)
    }

    /// Writes the content from `clock` to `until`, or only passes it where it became `DELETED`.
    #[inline(always)]
    fn append(&mut self, item: &mut Item<'a>, clock: u64, until: u64, kind: u8) -> Result<(), InvalidUpdate> {
        let drop = kind == kind::DELETED;
        let whole = clock == item.clock && until == item.end;
        if whole && drop {
            return Ok(());
        }
        if let (Content::Text(text), false) = (&item.content, whole) {
            item.content = Content::Cut(text, Place::default(), (0, 0));
        }
        match &mut item.content {
            Content::Text(text) => self.out.extend_from_slice(text),
            Content::Cut(text, place, spoilt) => {
                let spoilt = self.store.spoilt.get(spoilt.0 as usize..spoilt.1 as usize).unwrap_or_default();
                let spoils = |unit: u64| !spoilt.is_empty() && spoilt.binary_search(&(clock + unit)).is_ok();
                if drop {
                    place.skip(text, until - clock);
                } else {
                    place.walk(text, until - clock, spoils, |bytes| self.out.extend_from_slice(bytes));
                }
            }
            Content::Elements(reader) => {
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

/// Whether a record is written as it stands. Drops from `deleted` what ends before it.
#[inline(always)]
fn stays<U: AsRef<[u8]>>(store: &Store<'_, U>, r: &Record, deleted: &mut &[Range], gc: bool) -> bool {
    while deleted.first().is_some_and(|d| d.end <= r.clock()) {
        *deleted = deleted.get(1..).unwrap_or_default();
    }
    if matches!(r.kind(), kind::GC | kind::DELETED) {
        return r.kind() == kind::GC || !r.has(mark::GONE);
    }
    let end = store.end(r);
    !r.has(mark::GONE)
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
        (kind::STRING, Some(piece)) => Content::Cut(reader.text_unchecked()?, piece.place, piece.spoilt),
        (kind::ANY | kind::JSON, piece) => {
            reader.uint()?;
            Content::Elements(reader.ahead(piece.map_or(0, |piece| piece.place.byte)))
        }
        (kind::DELETED, _) => Content::Opaque(&[]),
        _ => {
            let start = reader.pos();
            skip_content(&mut reader, kind, &mut strictly)?;
            Content::Opaque(reader.since(start))
        }
    })
}
