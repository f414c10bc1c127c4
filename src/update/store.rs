//! The structs of all inputs as compact records that point into the inputs.
//!
//! 24 bytes a struct, whatever it holds. Clients are numbered; once [`Store::arrange`] has run, the numbers follow the
//! order of the output (highest client first) and the records lie in the order (client, clock, better copy first).

use super::InvalidUpdate;
use super::clients::Clients;
use super::content::kind;
use super::delete_set::{self, Range};
use super::head::Id;
use super::readable::Suspects;
use super::scan::{Struct, Visit, scan};
use super::text::Place;

/// Where a struct stands: which input, and the offset in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Source {
    pub(crate) input: u32,
    pub(crate) offset: u32,
}

/// A struct or a piece of one. The clock takes 53 bits of `word`, kind and marks the rest.
#[derive(Clone, Copy)]
pub(crate) struct Record {
    word: u64,
    len: u32,
    pub(crate) client: u32,
    /// Where it stands, or, with [`EXTENDED`], the index of its [`Piece`] in `input`.
    source: Source,
}

const KIND_SHIFT: u32 = 53;
const CLOCK_MASK: u64 = (1 << KIND_SHIFT) - 1;
/// The record is described by a [`Piece`].
const EXTENDED: u64 = 1 << 57;
/// Marks that collect and squash make.
pub(crate) mod mark {
    /// Looked at: whether it lies below a deleted parent.
    pub(crate) const BELOW_KNOWN: u64 = 1 << 58;
    /// Lies below a deleted parent.
    pub(crate) const BELOW: u64 = 1 << 59;
    /// Becomes GC.
    pub(crate) const GONE: u64 = 1 << 62;
    /// Looked at: whether its key is known to be none.
    pub(crate) const KEY_KNOWN: u64 = 1 << 60;
    /// Surely not the entry of a map.
    pub(crate) const NO_KEY: u64 = 1 << 61;
    /// Stands in its input right behind the struct with the clocks before, cannot be joined with it as they are, and is
    /// written as Yjs would.
    pub(crate) const APART: u64 = 1 << 63;
}

impl Record {
    #[inline(always)]
    pub(crate) fn clock(&self) -> u64 {
        self.word & CLOCK_MASK
    }

    #[inline(always)]
    pub(crate) fn kind(&self) -> u8 {
        (self.word >> KIND_SHIFT) as u8 & 0xf
    }

    #[inline(always)]
    pub(crate) fn has(&self, mark: u64) -> bool {
        self.word & mark != 0
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, marks: u64) {
        self.word |= marks;
    }

    #[inline(always)]
    pub(crate) fn unset(&mut self, marks: u64) {
        self.word &= !marks;
    }

    /// Makes an item a tombstone: it has no content, and is not copied from its input.
    pub(crate) fn bury(&mut self) {
        self.word &= !(0xf << KIND_SHIFT | mark::APART);
        self.word |= u64::from(kind::DELETED) << KIND_SHIFT;
    }

    /// Items in full win over deleted ones, those over GC.
    #[inline(always)]
    pub(crate) fn rank(&self) -> u8 {
        match self.kind() {
            kind::GC => 2,
            kind::DELETED => 1,
            _ => 0,
        }
    }
}

/// What does not fit a record: a piece that was cut out of a struct, or a length above 32 bits.
#[derive(Clone, Copy)]
pub(crate) struct Piece {
    pub(crate) source: Source,
    pub(crate) len: u64,
    /// Units of the struct before this piece.
    pub(crate) skipped: u64,
    /// Where in the content (text, or the elements) the piece begins.
    pub(crate) place: Place,
    /// Clocks in [`Store::spoilt`] of pairs that must become two U+FFFD.
    pub(crate) spoilt: (u32, u32),
}

/// How many records may be sorted with as much memory again: less than 1 MB.
pub(super) const SMALL: usize = 1 << 15;

/// Appends; a large list grows by a quarter, not to the double, so that memory stays near what is needed.
#[inline(always)]
pub(super) fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() == list.capacity() && list.len() >= 1 << 12 {
        list.reserve_exact(list.len() / 4);
    }
    list.push(item);
}

/// All inputs, read.
pub(crate) struct Store<'a, U> {
    pub(crate) inputs: &'a [U],
    pub(crate) clients: Clients,
    pub(crate) records: Vec<Record>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) spoilt: Vec<u64>,
    pub(crate) deleted: Vec<Range>,
    /// There is a GC struct.
    pub(crate) any_gc: bool,
    /// There is an item that names its parent by id.
    pub(crate) any_child: bool,
    /// Whether Yjs may be unable to read the merge.
    pub(crate) suspects: Suspects,
    input: u32,
    client: u32,
    deleted_client: u32,
    /// The struct before the one being read.
    before: Option<(u8, Option<Id>)>,
}

impl<'a, U: AsRef<[u8]>> Store<'a, U> {
    /// Reads and checks all inputs.
    pub(crate) fn read(inputs: &'a [U]) -> Result<Self, InvalidUpdate> {
        let mut store = Store {
            inputs,
            clients: Clients::default(),
            records: Vec::new(),
            pieces: Vec::new(),
            spoilt: Vec::new(),
            deleted: Vec::new(),
            any_gc: false,
            any_child: false,
            suspects: Suspects::default(),
            input: 0,
            client: 0,
            deleted_client: 0,
            before: None,
        };
        for (i, input) in inputs.iter().enumerate() {
            let bytes = input.as_ref();
            let too_large = InvalidUpdate { update: i, offset: 0, reason: "more than 4 GiB" };
            store.input = u32::try_from(i).map_err(|_| too_large.clone())?;
            u32::try_from(bytes.len()).map_err(|_| too_large)?;
            scan(bytes, &mut store).map_err(|e| InvalidUpdate { update: i, ..e })?;
        }
        Ok(store)
    }

    /// The bytes of an input.
    #[inline(always)]
    pub(crate) fn bytes(&self, source: Source) -> &'a [u8] {
        self.inputs.get(source.input as usize).map(AsRef::as_ref).unwrap_or_default()
    }

    #[inline(always)]
    pub(crate) fn piece(&self, r: &Record) -> Option<&Piece> {
        if r.has(EXTENDED) { self.pieces.get(r.source.input as usize) } else { None }
    }

    /// Whether `r` can be copied behind `before`, its predecessor among the records, as they stand in their input.
    #[inline(always)]
    pub(crate) fn stands_apart(&self, before: &Record, r: &Record) -> bool {
        r.has(mark::APART)
            && (before.word | r.word) & EXTENDED == 0
            && before.source.input == r.source.input
            && before.client == r.client
            && before.clock() + u64::from(before.len) == r.clock()
    }

    #[inline(always)]
    pub(crate) fn len(&self, r: &Record) -> u64 {
        self.piece(r).map_or(u64::from(r.len), |piece| piece.len)
    }

    #[inline(always)]
    pub(crate) fn end(&self, r: &Record) -> u64 {
        r.clock() + self.len(r)
    }

    #[inline(always)]
    pub(crate) fn source(&self, r: &Record) -> Source {
        self.piece(r).map_or(r.source, |piece| piece.source)
    }

    /// The piece of `r` that `piece` describes, beginning at `clock`.
    pub(crate) fn cut(&mut self, r: &Record, clock: u64, piece: Piece) -> Record {
        let index = u32::try_from(self.pieces.len()).unwrap_or(u32::MAX);
        self.pieces.push(piece);
        let word = (r.word & !CLOCK_MASK) | clock | EXTENDED;
        Record { word, len: 0, client: r.client, source: Source { input: index, offset: 0 } }
    }

    /// Adds a deletion of the client with this number.
    #[inline(always)]
    fn delete(&mut self, client: u32, clock: u64, len: u64) {
        delete_set::add(&mut self.deleted, Range { client, start: clock, end: clock + len });
    }

    /// Brings clients and records into the order of the output; tells whether any two records share an id.
    pub(crate) fn arrange(&mut self) -> bool {
        if let Some(numbers) = self.clients.arrange() {
            for r in &mut self.records {
                r.client = numbers.get(r.client as usize).copied().unwrap_or_default();
            }
            delete_set::renumber(&mut self.deleted, &numbers);
        }
        delete_set::normalise(&mut self.deleted);
        if !self.is_sorted() {
            let mut records = std::mem::take(&mut self.records);
            let key = |r: &Record| (r.client, r.clock(), r.rank(), self.source(r));
            if records.len() <= SMALL {
                // Fast where only a part is out of order, at the price of memory.
                records.sort_by_key(key);
            } else {
                records.sort_unstable_by_key(key);
            }
            self.records = records;
        }
        self.records.windows(2).any(|pair| match pair {
            [a, b] => a.client == b.client && b.clock() < self.end(a),
            _ => false,
        })
    }

    fn is_sorted(&self) -> bool {
        self.records.windows(2).all(|pair| match pair {
            [a, b] => a.client < b.client || (a.client == b.client && self.end(a) <= b.clock()),
            _ => true,
        })
    }

    /// The index of the record that holds this id.
    pub(crate) fn find(&self, client: u32, clock: u64) -> Option<usize> {
        let (from, to) = self.clients.records(client);
        let records = self.records.get(from..to)?;
        let i = records.partition_point(|r| r.clock() <= clock).checked_sub(1)?;
        let r = records.get(i)?;
        (clock < self.end(r)).then_some(from + i)
    }

    /// Notes where the records of each client begin. To be called once the records are final.
    pub(crate) fn index(&mut self) {
        self.clients.index(self.records.iter().map(|r| r.client));
    }
}

impl<U: AsRef<[u8]>> Visit for Store<'_, U> {
    #[inline(always)]
    fn section(&mut self, client: u64, _clock: u64, _at: usize) {
        self.client = self.clients.number(client);
        self.before = None;
    }

    #[inline(always)]
    fn visit(&mut self, s: Struct) {
        if s.kind == kind::SKIP || s.len == 0 {
            self.before = None;
            return;
        }
        let mut source = Source { input: self.input, offset: s.start as u32 };
        let mut word = s.clock | u64::from(s.kind) << KIND_SHIFT;
        match s.kind {
            kind::GC => self.any_gc = true,
            kind::DELETED => self.delete(self.client, s.clock, s.len),
            _ => {}
        }
        self.any_child |= s.in_item;
        self.suspects.see(&s);
        if let Some((kind, right)) = self.before.replace((s.kind, s.right)) {
            let own = Id { client: self.clients.current(), clock: s.clock.wrapping_sub(1) };
            let joins = kind == s.kind && (kind == kind::GC || (s.origin == Some(own) && s.right == right));
            word |= if !joins && s.info == s.plain_info() { mark::APART } else { 0 };
        }
        if s.len >= u64::from(u32::MAX) {
            let index = u32::try_from(self.pieces.len()).unwrap_or(u32::MAX);
            let (place, spoilt) = (Place::default(), (0, 0));
            self.pieces.push(Piece { source, len: s.len, skipped: 0, place, spoilt });
            source = Source { input: index, offset: 0 };
            word |= EXTENDED;
        }
        push(&mut self.records, Record { word, len: s.len as u32, client: self.client, source });
    }

    #[inline(always)]
    fn deletions_of(&mut self, client: u64, _ranges: u64) {
        self.deleted_client = self.clients.number(client);
    }

    #[inline(always)]
    fn deleted(&mut self, clock: u64, len: u64, _at: usize) {
        self.delete(self.deleted_client, clock, len);
    }
}
