//! The structs of all inputs as records, and their deletions.
//!
//! Clients are numbered. After [`Records::sort`] the numbers follow the order of the output (highest client first), and the
//! records are sorted by client, clock and preference.

use super::clients::Clients;
use super::conflict_filter::ConflictFilter;
use super::content::kind;
use super::delete_set::{self, Range};
use super::growth::{SMALL, push};
use super::invalid_update::InvalidUpdate;
use super::item_header::{Id, ItemHeader};
use super::reader::Reader;
use super::record::{Piece, Record, Source, mark};
use super::scan::{Struct, Visitor, scan};
use super::text::Position;

/// The structs and deletions of all inputs.
pub(super) struct Records<'a, U> {
    pub(super) inputs: &'a [U],
    pub(super) clients: Clients,
    pub(super) list: Vec<Record>,
    pieces: Vec<Piece>,
    pub(super) deleted: Vec<Range>,
    /// The ids of items of which another input has a GC copy.
    pub(super) gc_copies: Vec<Range>,
    /// The part of `deleted` for which a GC copy is the only reason.
    pub(super) deleted_by_gc: Vec<Range>,
    /// Some struct is GC.
    pub(super) any_gc: bool,
    /// Some item names its parent by id.
    pub(super) any_child: bool,
    pub(super) conflict_filter: ConflictFilter,
    input: u32,
    client: u32,
    deleted_client: u32,
    /// Kind and right origin of the struct before the one being read.
    before: Option<(u8, Option<Id>)>,
}

impl<'a, U: AsRef<[u8]>> Records<'a, U> {
    /// Scans all inputs.
    pub(super) fn read(inputs: &'a [U]) -> Result<Self, InvalidUpdate> {
        let mut records = Records {
            inputs,
            clients: Clients::default(),
            list: Vec::new(),
            pieces: Vec::new(),
            deleted: Vec::new(),
            gc_copies: Vec::new(),
            deleted_by_gc: Vec::new(),
            any_gc: false,
            any_child: false,
            conflict_filter: ConflictFilter::default(),
            input: 0,
            client: 0,
            deleted_client: 0,
            before: None,
        };
        for (i, input) in inputs.iter().enumerate() {
            let bytes = input.as_ref();
            let too_large = InvalidUpdate { update: i, offset: 0, reason: "more than 4 GiB" };
            records.input = u32::try_from(i).map_err(|_| too_large.clone())?;
            u32::try_from(bytes.len()).map_err(|_| too_large)?;
            scan(bytes, &mut records).map_err(|e| InvalidUpdate { update: i, ..e })?;
        }
        Ok(records)
    }

    /// The bytes of an input.
    #[inline(always)]
    pub(super) fn bytes(&self, source: Source) -> &'a [u8] {
        self.inputs.get(source.input as usize).map(AsRef::as_ref).unwrap_or_default()
    }

    #[inline(always)]
    pub(super) fn piece(&self, r: &Record) -> Option<&Piece> {
        self.pieces.get(r.piece()?)
    }

    #[inline(always)]
    pub(super) fn len(&self, r: &Record) -> u64 {
        self.piece(r).map_or(r.own_len(), |piece| piece.len)
    }

    #[inline(always)]
    pub(super) fn end(&self, r: &Record) -> u64 {
        r.clock() + self.len(r)
    }

    #[inline(always)]
    pub(super) fn source(&self, r: &Record) -> Source {
        self.piece(r).map_or(r.own_source(), |piece| piece.source)
    }

    /// The piece of `r` from `clock` on, as `piece` describes it.
    pub(super) fn extended(&mut self, r: &Record, clock: u64, piece: Piece) -> Record {
        let index = u32::try_from(self.pieces.len()).unwrap_or(u32::MAX);
        self.pieces.push(piece);
        r.extended(clock, index)
    }

    /// Adds a deletion of the client with this number.
    #[inline(always)]
    fn delete(&mut self, client: u32, clock: u64, len: u64) {
        delete_set::add(&mut self.deleted, Range { client, start: clock, end: clock + len });
    }

    /// Adds the deletions of the GC copies.
    pub(super) fn delete_gc_copies(&mut self) {
        if self.gc_copies.is_empty() {
            return;
        }
        delete_set::normalise(&mut self.gc_copies);
        self.deleted_by_gc.clone_from(&self.gc_copies);
        delete_set::subtract(&mut self.deleted_by_gc, &self.deleted);
        self.deleted.extend_from_slice(&self.deleted_by_gc);
        delete_set::normalise(&mut self.deleted);
    }

    /// Sorts clients and records. Returns whether any two records share an id.
    pub(super) fn sort(&mut self) -> bool {
        if let Some(numbers) = self.clients.sort() {
            for r in &mut self.list {
                r.client = numbers.get(r.client as usize).copied().unwrap_or_default();
            }
            delete_set::renumber(&mut self.deleted, &numbers);
        }
        delete_set::normalise(&mut self.deleted);
        if !self.is_sorted() {
            let mut list = std::mem::take(&mut self.list);
            let key = |r: &Record| (r.client, r.clock(), r.rank(), self.source(r));
            if list.len() <= SMALL {
                // Faster than the unstable sort if most of the list is sorted, but takes memory.
                list.sort_by_key(key);
            } else {
                list.sort_unstable_by_key(key);
            }
            self.list = list;
        }
        self.list.windows(2).any(|pair| match pair {
            [a, b] => a.client == b.client && b.clock() < self.end(a),
            _ => false,
        })
    }

    fn is_sorted(&self) -> bool {
        self.list.windows(2).all(|pair| match pair {
            [a, b] => a.client < b.client || (a.client == b.client && self.end(a) <= b.clock()),
            _ => true,
        })
    }

    /// The index of the record that contains an id.
    pub(super) fn find(&self, client: u32, clock: u64) -> Option<usize> {
        let (from, to) = self.clients.records(client);
        let list = self.list.get(from..to)?;
        let i = list.partition_point(|r| r.clock() <= clock).checked_sub(1)?;
        let r = list.get(i)?;
        (clock < self.end(r)).then_some(from + i)
    }

    /// The index of the record that contains an id. Fast if that is the record before `near`, which is often so.
    pub(super) fn find_near(&self, id: Id, near: usize) -> Option<usize> {
        if let Some(before) = near.checked_sub(1)
            && let Some(r) = self.list.get(before)
            && self.clients.value(r.client) == id.client
            && (r.clock()..self.end(r)).contains(&id.clock)
        {
            return Some(before);
        }
        self.find(self.clients.find(id.client)?, id.clock)
    }

    /// The header of an item; `None` for GC.
    pub(super) fn header(&self, r: &Record) -> Result<Option<ItemHeader<'a>>, InvalidUpdate> {
        if r.kind() == kind::GC {
            return Ok(None);
        }
        let source = self.source(r);
        let mut reader = Reader::at(self.bytes(source), source.offset as usize);
        let info = reader.byte()?;
        let header = ItemHeader::read(&mut reader, info)?;
        let is_split = self.piece(r).is_some_and(|piece| piece.skipped > 0);
        Ok(Some(if is_split { header.split(self.clients.value(r.client), r.clock()) } else { header }))
    }

    /// Makes an item a record without content: a tombstone or GC.
    pub(super) fn drop_content(&mut self, i: usize, kind: u8) {
        if let Some(r) = self.list.get_mut(i) {
            r.drop_content(kind);
        }
        // The next record may be joined with this one now.
        if let Some(next) = self.list.get_mut(i + 1) {
            next.unset(mark::COPYABLE);
        }
    }

    /// Whether the record holds several values, so that it is certainly in a list: a map entry holds one.
    pub(super) fn is_list(&self, r: &Record) -> bool {
        matches!(r.kind(), kind::ANY | kind::JSON) && self.len(r) > 1
    }

    /// Indexes the records of each client. To be called when the list is final.
    pub(super) fn index(&mut self) {
        self.clients.index(self.list.iter().map(|r| r.client));
    }
}

impl<U: AsRef<[u8]>> Visitor for Records<'_, U> {
    #[inline(always)]
    fn section(&mut self, client: u64, _clock: u64, _offset: usize) {
        self.client = self.clients.number(client);
        self.before = None;
    }

    #[inline(always)]
    fn visit(&mut self, s: Struct) {
        if s.kind == kind::SKIP || s.len == 0 {
            self.before = None;
            return;
        }
        match s.kind {
            kind::GC => self.any_gc = true,
            kind::DELETED => self.delete(self.client, s.clock, s.len),
            _ => {}
        }
        self.any_child |= s.has_parent_id;
        self.conflict_filter.add(&s);
        let source = Source { input: self.input, offset: s.start as u32 };
        let mut record = Record::new(s.kind, s.clock, s.len as u32, self.client, source);
        if let Some((kind, right_origin)) = self.before.replace((s.kind, s.right_origin)) {
            let last = Id { client: self.clients.last(), clock: s.clock.wrapping_sub(1) };
            let follows = s.origin == Some(last) && s.right_origin == right_origin;
            let can_join = kind == s.kind && (kind == kind::GC || follows);
            if !can_join && s.info == s.canonical_info() {
                record.set(mark::COPYABLE);
            }
        }
        if s.len >= u64::from(u32::MAX) {
            let piece = Piece { source, len: s.len, skipped: 0, start: Position::default() };
            record = self.extended(&record, s.clock, piece);
        }
        push(&mut self.list, record);
    }

    #[inline(always)]
    fn deletions_of(&mut self, client: u64, _ranges: u64) {
        self.deleted_client = self.clients.number(client);
    }

    #[inline(always)]
    fn deleted(&mut self, clock: u64, len: u64, _offset: usize) {
        self.delete(self.deleted_client, clock, len);
    }
}
