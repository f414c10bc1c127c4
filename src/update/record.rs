//! A struct, or a piece of one, as a record of 24 bytes that points into an input.

use super::content::kind;
use super::text::Position;

/// The place of a struct: the index of the input, and the offset in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source {
    pub(super) input: u32,
    pub(super) offset: u32,
}

/// A struct or a piece of one.
#[derive(Clone, Copy)]
pub(super) struct Record {
    /// The clock in 53 bits, the kind in 4, the marks in the others.
    word: u64,
    len: u32,
    pub(super) client: u32,
    /// The place of the struct. With [`EXTENDED`], `input` is the index of its [`Piece`].
    source: Source,
}

const KIND_SHIFT: u32 = 53;
const CLOCK_MASK: u64 = (1 << KIND_SHIFT) - 1;
/// The record is described by a [`Piece`].
const EXTENDED: u64 = 1 << 57;

/// Marks on records.
pub(super) mod mark {
    /// Collect has checked whether the item is below a deleted parent.
    pub(crate) const ANCESTORS_CHECKED: u64 = 1 << 58;
    /// The item is below a deleted parent.
    pub(crate) const ANCESTOR_DELETED: u64 = 1 << 59;
    /// Squash has checked whether the item is a map entry.
    pub(crate) const KEY_CHECKED: u64 = 1 << 60;
    /// The item is certainly not a map entry.
    pub(crate) const NO_KEY: u64 = 1 << 61;
    /// The item becomes GC.
    pub(crate) const COLLECTED: u64 = 1 << 62;
    /// The struct follows the struct with the preceding clocks in its input, the two cannot be joined, and it is encoded as
    /// Yjs would encode it.
    pub(crate) const COPYABLE: u64 = 1 << 63;
}

/// What does not fit a record: a piece of a struct that was split, or a length above 32 bits.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    pub(super) source: Source,
    pub(super) len: u64,
    /// The units of the struct before this piece.
    pub(super) skipped: u64,
    /// Where the piece begins in the text, or in the values.
    pub(super) start: Position,
}

impl Record {
    pub(super) fn new(kind: u8, clock: u64, len: u32, client: u32, source: Source) -> Self {
        Record { word: clock | u64::from(kind) << KIND_SHIFT, len, client, source }
    }

    /// A record with the kind, client and marks of this one, from `clock` on, described by the piece with this index.
    pub(super) fn extended(&self, clock: u64, piece: u32) -> Self {
        let word = (self.word & !CLOCK_MASK) | clock | EXTENDED;
        Record { word, len: 0, client: self.client, source: Source { input: piece, offset: 0 } }
    }

    /// The index of the piece that describes this record.
    #[inline(always)]
    pub(super) fn piece(&self) -> Option<usize> {
        if self.has(EXTENDED) { Some(self.source.input as usize) } else { None }
    }

    /// The length, unless a piece describes the record.
    #[inline(always)]
    pub(super) fn own_len(&self) -> u64 {
        u64::from(self.len)
    }

    /// The place, unless a piece describes the record.
    #[inline(always)]
    pub(super) fn own_source(&self) -> Source {
        self.source
    }

    #[inline(always)]
    pub(super) fn clock(&self) -> u64 {
        self.word & CLOCK_MASK
    }

    #[inline(always)]
    pub(super) fn kind(&self) -> u8 {
        (self.word >> KIND_SHIFT) as u8 & 0xf
    }

    #[inline(always)]
    pub(super) fn has(&self, mark: u64) -> bool {
        self.word & mark != 0
    }

    #[inline(always)]
    pub(super) fn set(&mut self, marks: u64) {
        self.word |= marks;
    }

    #[inline(always)]
    pub(super) fn unset(&mut self, marks: u64) {
        self.word &= !marks;
    }

    /// Changes the kind to one without content.
    pub(super) fn drop_content(&mut self, kind: u8) {
        self.word &= !(0xf << KIND_SHIFT | mark::COPYABLE);
        self.word |= u64::from(kind) << KIND_SHIFT;
    }

    /// The order of preference among copies of an id: items with content, items without, GC.
    #[inline(always)]
    pub(super) fn rank(&self) -> u8 {
        match self.kind() {
            kind::GC => 2,
            kind::DELETED => 1,
            _ => 0,
        }
    }

    /// Whether this record can be copied together with `before`, its predecessor among the records, as both are encoded.
    #[inline(always)]
    pub(super) fn is_copyable_after(&self, before: &Record) -> bool {
        self.has(mark::COPYABLE)
            && (before.word | self.word) & EXTENDED == 0
            && before.source.input == self.source.input
            && before.client == self.client
            && before.clock() + u64::from(before.len) == self.clock()
    }
}
