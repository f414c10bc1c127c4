//! One pass over an update that checks its structure and passes its parts to a visitor.
//!
//! The visitor gets only what has been checked: clocks are at most 2^53 − 1, those of items at most 2^52 − 1, text is UTF-8,
//! JSON is JSON, content ends inside the update, and no item names its own clock or a later one of its client, which Yjs
//! would look up without a check. A value that violates these rules and that can be skipped goes to [`Visitor::refuse`],
//! which stops the pass by default. Source: yjs `utils/encoding.js`, `utils/updates.js`, `structs/Item.js`.

use super::content::{kind, skip_content};
use super::growth::push;
use super::invalid_update::InvalidUpdate;
use super::item_header::{Id, info};
use super::limits::{MAX_ITEM_CLOCK, MAX_SAFE_INTEGER};
use super::reader::{Reader, Refuse};

/// A struct of an update.
#[derive(Clone, Copy)]
pub(super) struct Struct {
    /// See [`kind`].
    pub(super) kind: u8,
    /// The whole info byte.
    pub(super) info: u8,
    /// Names its parent by id, instead of by the name of a root type or through a neighbour.
    pub(super) has_parent_id: bool,
    /// Its origin, if it has one.
    pub(super) origin: Option<Id>,
    /// Its right origin, if it has one.
    pub(super) right_origin: Option<Id>,
    /// Its first clock.
    pub(super) clock: u64,
    /// Its length in clock units; may be 0.
    pub(super) len: u64,
    /// The offset of its first byte in the update.
    pub(super) start: usize,
    /// The offset after its last byte.
    pub(super) end: usize,
}

impl Struct {
    /// The info byte as Yjs writes it: without a key bit if the key is inherited, and without bits on GC and Skip.
    #[inline(always)]
    pub(super) fn canonical_info(&self) -> u8 {
        match self.kind {
            kind::GC | kind::SKIP => self.kind,
            _ if self.info & (info::ORIGIN | info::RIGHT_ORIGIN) != 0 => self.info & !info::KEY,
            _ => self.info,
        }
    }
}

/// Where a refused value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RefusedIn {
    /// The header of the struct that is visited next.
    Header,
    /// The content of the struct that is visited next.
    Content,
    /// The deletion that is visited next, shortened to the last clock.
    Deletion,
    /// The bytes after the delete set.
    Trailing,
}

/// Gets the parts of an update in their order. Offsets are those in the update.
pub(super) trait Visitor {
    /// A value that Yjs cannot apply and that can be skipped. If this returns an error, the pass stops.
    fn refuse(&mut self, _place: RefusedIn, e: InvalidUpdate) -> Result<(), InvalidUpdate> {
        Err(e)
    }
    /// The number of structs in the section that follows, and its offset.
    fn struct_count(&mut self, _structs: u64, _offset: usize) {}
    /// The client and the first clock of the structs that follow, and the offset of the client.
    fn section(&mut self, _client: u64, _clock: u64, _offset: usize) {}
    /// A struct of this client.
    fn visit(&mut self, _s: Struct) {}
    /// The offset of the delete set.
    fn delete_set(&mut self, _offset: usize) {}
    /// A client of the delete set, and the number of its ranges.
    fn deletions_of(&mut self, _client: u64, _ranges: u64) {}
    /// A range of the delete set, and its offset.
    fn deleted(&mut self, _clock: u64, _len: u64, _offset: usize) {}
}

/// Ignores everything: for a scan that only checks.
pub(super) struct Ignore;

impl Visitor for Ignore {}

/// Scans the whole update.
pub(super) fn scan(bytes: &[u8], visitor: &mut impl Visitor) -> Result<(), InvalidUpdate> {
    match scan_sections(bytes, visitor)? {
        true => Ok(()),
        false => check_unique_clients(bytes),
    }
}

/// Like [`scan`], but a client may have several sections. Returns `true` if the order of the clients rules that out.
#[inline(always)]
pub(super) fn scan_sections(bytes: &[u8], visitor: &mut impl Visitor) -> Result<bool, InvalidUpdate> {
    scan_v1(bytes, visitor).map_err(|e| if looks_like_v2(bytes) { v2(e) } else { e })
}

/// Scans the update. Returns whether its clients are in Yjs' order, the highest first, so that none has two sections.
#[inline(always)]
fn scan_v1(bytes: &[u8], visitor: &mut impl Visitor) -> Result<bool, InvalidUpdate> {
    let mut r = Reader::new(bytes);
    let (mut ordered, mut last) = (true, u64::MAX);
    for _ in 0..r.count(3)? {
        let start = r.pos();
        let structs = r.count(2)?;
        visitor.struct_count(structs, start);
        let offset = r.pos();
        let client = r.uint()?;
        ordered &= client < last;
        last = client;
        let mut clock = r.uint()?;
        visitor.section(client, clock, offset);
        for _ in 0..structs {
            let s = read_struct(&mut r, Id { client, clock }, visitor)?;
            clock += s.len;
            visitor.visit(s);
        }
    }
    visitor.delete_set(r.pos());
    scan_delete_set(&mut r, visitor)?;
    if r.remaining() > 0 {
        visitor.refuse(RefusedIn::Trailing, r.error("bytes after the end"))?;
    }
    Ok(ordered)
}

/// Refuses a client with two sections: Yjs would lose the first.
#[cold]
pub(super) fn check_unique_clients(bytes: &[u8]) -> Result<(), InvalidUpdate> {
    struct Sections(Vec<(u64, usize)>);
    impl Visitor for Sections {
        fn section(&mut self, client: u64, _clock: u64, offset: usize) {
            push(&mut self.0, (client, offset));
        }
    }
    let mut sections = Sections(Vec::new());
    scan_v1(bytes, &mut sections)?;
    sections.0.sort_unstable();
    for pair in sections.0.windows(2) {
        if let [(a, _), (b, offset)] = pair
            && a == b
        {
            return Err(Reader::at(bytes, *offset).error("two sections of one client"));
        }
    }
    Ok(())
}

#[inline(always)]
fn read_struct(r: &mut Reader<'_>, own: Id, visitor: &mut impl Visitor) -> Result<Struct, InvalidUpdate> {
    let start = *r;
    let clock = own.clock;
    let info = r.byte()?;
    let kind = info & info::KIND;
    let (mut has_parent_id, mut origin, mut right_origin) = (false, None, None);
    let (len, most) = if kind == kind::GC || kind == kind::SKIP {
        (r.uint()?, MAX_SAFE_INTEGER)
    } else {
        let mut refuse = |e| visitor.refuse(RefusedIn::Header, e);
        if info & info::ORIGIN != 0 {
            origin = Some(read_earlier_id(r, own, &mut refuse)?);
        }
        if info & info::RIGHT_ORIGIN != 0 {
            right_origin = Some(read_earlier_id(r, own, &mut refuse)?);
        }
        if info & (info::ORIGIN | info::RIGHT_ORIGIN) == 0 {
            has_parent_id = skip_parent(r, info, own, &mut refuse)?;
        }
        (skip_content(r, kind, &mut |e| visitor.refuse(RefusedIn::Content, e))?, MAX_ITEM_CLOCK + 1)
    };
    if clock > most || len > most - clock {
        return Err(start.error("clock above 2^53 - 1, or of an item above 2^52 - 1"));
    }
    Ok(Struct {
        kind,
        info,
        has_parent_id,
        origin,
        right_origin,
        clock,
        len,
        start: start.pos(),
        end: r.pos(),
    })
}

/// Reads the id of a neighbour or of the parent of the item `own`, which must be an earlier one.
#[inline(always)]
fn read_earlier_id(r: &mut Reader<'_>, own: Id, refuse: &mut impl Refuse) -> Result<Id, InvalidUpdate> {
    let start = *r;
    let id = Id::read(r)?;
    if (id.client == own.client && id.clock >= own.clock) || id.clock > MAX_ITEM_CLOCK {
        refuse(start.error("an item names itself, a later id of its client, or a clock above 2^52 - 1"))?;
    }
    Ok(id)
}

/// Skips parent and key. Returns whether the parent is an item.
#[inline(always)]
fn skip_parent(
    r: &mut Reader<'_>,
    info: u8,
    own: Id,
    refuse: &mut impl Refuse,
) -> Result<bool, InvalidUpdate> {
    let is_root = r.uint()? == 1;
    if is_root {
        r.text(refuse)?;
    } else {
        read_earlier_id(r, own, refuse)?;
    }
    if info & info::KEY != 0 {
        r.text(refuse)?;
    }
    Ok(!is_root)
}

#[inline(always)]
fn scan_delete_set(r: &mut Reader<'_>, visitor: &mut impl Visitor) -> Result<(), InvalidUpdate> {
    for _ in 0..r.count(2)? {
        let client = r.uint()?;
        let ranges = r.count(2)?;
        visitor.deletions_of(client, ranges);
        for _ in 0..ranges {
            let at = *r;
            let clock = r.uint()?;
            let mut len = r.uint()?;
            if len > MAX_SAFE_INTEGER - clock {
                visitor.refuse(RefusedIn::Deletion, at.error("clock above 2^53 - 1"))?;
                len = MAX_SAFE_INTEGER - clock;
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

/// Whether bytes that are not a V1 update have the structure of a V2 update: a zero, then nine length-prefixed columns.
#[cold]
pub(super) fn looks_like_v2(bytes: &[u8]) -> bool {
    let mut r = Reader::new(bytes);
    r.byte() == Ok(0) && (0..9).all(|_| r.length_prefixed().is_ok()) && r.remaining() > 0
}
