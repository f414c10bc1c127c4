//! One pass over an update: its structure is checked completely, and a visitor sees what is in it.
//!
//! What the visitor gets has been checked: clocks do not pass 2^53 − 1, those of items not 2^52 − 1, text is UTF-8, JSON
//! is JSON, content ends inside the update, and no item names its own or a later clock of its client, which Yjs looks up
//! without checking. What breaks these rules and can be passed over goes to [`Visit::refuse`], which ends the pass unless a
//! visitor says otherwise. Source: yjs `utils/encoding.js`, `utils/updates.js`, `structs/Item.js`.

use super::InvalidUpdate;
use super::content::{kind, skip_content};
use super::head::Id;
use super::read::{MAX_SAFE, Reader, Refuse};
use super::store::push;

/// A struct as it stands in an update.
#[derive(Clone, Copy)]
pub(crate) struct Struct {
    /// See [`kind`].
    pub(crate) kind: u8,
    /// The whole info byte.
    pub(crate) info: u8,
    /// Names its parent by id (not by the name of a root type, not through a neighbour).
    pub(crate) in_item: bool,
    /// Its origin, if it has one.
    pub(crate) origin: Option<Id>,
    /// Its right origin, if it has one.
    pub(crate) right: Option<Id>,
    /// Its first clock.
    pub(crate) clock: u64,
    /// Its length in clock units; may be 0.
    pub(crate) len: u64,
    /// Where it begins in the update.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
}

impl Struct {
    /// The info byte as Yjs writes it: no key bit where the key is inherited, no bits on GC and Skip.
    #[inline(always)]
    pub(crate) fn plain_info(&self) -> u8 {
        match self.kind {
            kind::GC | kind::SKIP => self.kind,
            _ if self.info & (bit::ORIGIN | bit::RIGHT) != 0 => self.info & !bit::SUB,
            _ => self.info,
        }
    }
}

/// The part of an update that is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// What stands before the content of the struct that is visited next.
    Head,
    /// The content of the struct that is visited next.
    Content,
    /// The deletion that is visited next, with as much of its length as there are clocks.
    Deletion,
    /// What follows the delete set.
    Rest,
}

/// Sees the parts of an update in their order.
pub(crate) trait Visit {
    /// Something that Yjs cannot apply and that can be passed over: goes on if this gives no error.
    fn refuse(&mut self, _part: Part, e: InvalidUpdate) -> Result<(), InvalidUpdate> {
        Err(e)
    }
    /// A section of so many structs begins at this offset.
    fn count(&mut self, _structs: u64, _at: usize) {}
    /// The structs of a client follow, from `clock` on. The client is named at this offset.
    fn section(&mut self, _client: u64, _clock: u64, _at: usize) {}
    /// A struct of the last named client.
    fn visit(&mut self, _s: Struct) {}
    /// The delete set begins at this offset.
    fn delete_set(&mut self, _at: usize) {}
    /// A client of the delete set, with the number of its ranges.
    fn deletions_of(&mut self, _client: u64, _ranges: u64) {}
    /// A range of the delete set, and its offset.
    fn deleted(&mut self, _clock: u64, _len: u64, _at: usize) {}
}

/// Sees nothing: for the checks alone.
pub(crate) struct Nothing;

impl Visit for Nothing {}

/// The largest clock of an item. What waits for a gap is kept by Yjs in a format that doubles the difference of clocks.
const MAX_ITEM_CLOCK: u64 = (1 << 52) - 1;

/// The info bits of an item.
pub(crate) mod bit {
    /// Has an origin.
    pub(crate) const ORIGIN: u8 = 0x80;
    /// Has a right origin.
    pub(crate) const RIGHT: u8 = 0x40;
    /// Has a key in its parent (written only where there is neither origin).
    pub(crate) const SUB: u8 = 0x20;
    /// What the struct is.
    pub(crate) const KIND: u8 = 0x1f;
}

/// Passes over the whole update.
pub(crate) fn scan(bytes: &[u8], visitor: &mut impl Visit) -> Result<(), InvalidUpdate> {
    match scan_sections(bytes, visitor)? {
        true => Ok(()),
        false => unique_clients(bytes),
    }
}

/// [`scan`], but a client may have several sections; tells whether surely none has.
#[inline(always)]
pub(crate) fn scan_sections(bytes: &[u8], visitor: &mut impl Visit) -> Result<bool, InvalidUpdate> {
    scan_v1(bytes, visitor).map_err(|e| if looks_like_v2(bytes) { v2(e) } else { e })
}

/// Passes over the update; tells whether its clients are in Yjs' order, the highest first, so that none can have two
/// sections.
#[inline(always)]
fn scan_v1(bytes: &[u8], visitor: &mut impl Visit) -> Result<bool, InvalidUpdate> {
    let mut r = Reader::new(bytes);
    let (mut ordered, mut last) = (true, u64::MAX);
    for _ in 0..r.count(3)? {
        let start = r.pos();
        let structs = r.count(2)?;
        visitor.count(structs, start);
        let at = r.pos();
        let client = r.uint()?;
        ordered &= client < last;
        last = client;
        let mut clock = r.uint()?;
        visitor.section(client, clock, at);
        for _ in 0..structs {
            let s = read_struct(&mut r, Id { client, clock }, visitor)?;
            clock += s.len;
            visitor.visit(s);
        }
    }
    visitor.delete_set(r.pos());
    scan_delete_set(&mut r, visitor)?;
    if r.remaining() > 0 {
        visitor.refuse(Part::Rest, r.bad("bytes after the end"))?;
    }
    Ok(ordered)
}

/// Looks for a client with two sections: Yjs would lose the first of them.
#[cold]
pub(crate) fn unique_clients(bytes: &[u8]) -> Result<(), InvalidUpdate> {
    struct Sections(Vec<(u64, usize)>);
    impl Visit for Sections {
        fn section(&mut self, client: u64, _clock: u64, at: usize) {
            push(&mut self.0, (client, at));
        }
    }
    let mut sections = Sections(Vec::new());
    scan_v1(bytes, &mut sections)?;
    sections.0.sort_unstable();
    for pair in sections.0.windows(2) {
        if let [(a, _), (b, at)] = pair
            && a == b
        {
            return Err(Reader::at(bytes, *at).bad("two sections of one client"));
        }
    }
    Ok(())
}

#[inline(always)]
fn read_struct(r: &mut Reader<'_>, own: Id, visitor: &mut impl Visit) -> Result<Struct, InvalidUpdate> {
    let start = *r;
    let clock = own.clock;
    let info = r.byte()?;
    let kind = info & bit::KIND;
    let (mut in_item, mut origin, mut right) = (false, None, None);
    let (len, most) = if kind == kind::GC || kind == kind::SKIP {
        (r.uint()?, MAX_SAFE)
    } else {
        let mut head = |e| visitor.refuse(Part::Head, e);
        if info & bit::ORIGIN != 0 {
            origin = Some(earlier(r, own, &mut head)?);
        }
        if info & bit::RIGHT != 0 {
            right = Some(earlier(r, own, &mut head)?);
        }
        if info & (bit::ORIGIN | bit::RIGHT) == 0 {
            in_item = skip_parent(r, info, own, &mut head)?;
        }
        (skip_content(r, kind, &mut |e| visitor.refuse(Part::Content, e))?, MAX_ITEM_CLOCK + 1)
    };
    if clock > most || len > most - clock {
        return Err(start.bad("clock above 2^53 - 1, or of an item above 2^52 - 1"));
    }
    Ok(Struct { kind, info, in_item, origin, right, clock, len, start: start.pos(), end: r.pos() })
}

/// Reads the id of a neighbour or a parent of the item with the id `own`.
#[inline(always)]
fn earlier(r: &mut Reader<'_>, own: Id, refuse: &mut impl Refuse) -> Result<Id, InvalidUpdate> {
    let start = *r;
    let id = Id::read(r)?;
    if (id.client == own.client && id.clock >= own.clock) || id.clock > MAX_ITEM_CLOCK {
        refuse(start.bad("an item names itself, a later id of its client, or a clock above 2^52 - 1"))?;
    }
    Ok(id)
}

/// Passes over parent and key; tells whether the parent is an item.
#[inline(always)]
fn skip_parent(
    r: &mut Reader<'_>,
    info: u8,
    own: Id,
    refuse: &mut impl Refuse,
) -> Result<bool, InvalidUpdate> {
    let named = r.uint()? == 1;
    if named {
        r.text(refuse)?;
    } else {
        earlier(r, own, refuse)?;
    }
    if info & bit::SUB != 0 {
        r.text(refuse)?;
    }
    Ok(!named)
}

#[inline(always)]
fn scan_delete_set(r: &mut Reader<'_>, visitor: &mut impl Visit) -> Result<(), InvalidUpdate> {
    for _ in 0..r.count(2)? {
        let client = r.uint()?;
        let ranges = r.count(2)?;
        visitor.deletions_of(client, ranges);
        for _ in 0..ranges {
            let at = *r;
            let clock = r.uint()?;
            let mut len = r.uint()?;
            if len > MAX_SAFE - clock {
                visitor.refuse(Part::Deletion, at.bad("clock above 2^53 - 1"))?;
                len = MAX_SAFE - clock;
            }
            visitor.deleted(clock, len, at.pos());
        }
    }
    Ok(())
}

#[cold]
fn v2(e: InvalidUpdate) -> InvalidUpdate {
    InvalidUpdate { reason: "V2 update where a V1 update is expected", ..e }
}

/// Whether bytes that are no V1 update have the frame of a V2 update: a zero, then nine counted columns.
#[cold]
pub(crate) fn looks_like_v2(bytes: &[u8]) -> bool {
    let mut r = Reader::new(bytes);
    r.byte() == Ok(0) && (0..9).all(|_| r.counted().is_ok()) && r.remaining() > 0
}
