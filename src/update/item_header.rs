//! The header of an item: what precedes its content. Its neighbours, or its parent and key.
//!
//! Reads structs that a scan has checked; writes them as Yjs does.

use super::invalid_update::InvalidUpdate;
use super::reader::Reader;
use crate::codec::varint::write_varuint;

/// The info byte of a struct.
pub(super) mod info {
    /// Has an origin.
    pub(crate) const ORIGIN: u8 = 0x80;
    /// Has a right origin.
    pub(crate) const RIGHT_ORIGIN: u8 = 0x40;
    /// Has a key in its parent. Meaningful only without an origin and a right origin.
    pub(crate) const KEY: u8 = 0x20;
    /// The bits of the kind.
    pub(crate) const KIND: u8 = 0x1f;
}

/// An id: a client and one of its clocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Id {
    pub(super) client: u64,
    pub(super) clock: u64,
}

impl Id {
    #[inline(always)]
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, InvalidUpdate> {
        Ok(Id { client: r.uint()?, clock: r.uint()? })
    }

    #[inline(always)]
    fn write(self, out: &mut Vec<u8>) {
        write_varuint(out, self.client);
        write_varuint(out, self.clock);
    }
}

/// The parent of an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Parent<'a> {
    /// That of a neighbour.
    Inherited,
    /// A root type, by its name.
    Root(&'a [u8]),
    /// The type in an item.
    Item(Id),
}

/// The header of an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ItemHeader<'a> {
    pub(super) origin: Option<Id>,
    pub(super) right_origin: Option<Id>,
    pub(super) parent: Parent<'a>,
    pub(super) key: Option<&'a [u8]>,
}

impl<'a> ItemHeader<'a> {
    /// Reads what follows the info byte.
    #[inline(always)]
    pub(super) fn read(r: &mut Reader<'a>, info: u8) -> Result<Self, InvalidUpdate> {
        let origin = if info & info::ORIGIN != 0 { Some(Id::read(r)?) } else { None };
        let right_origin = if info & info::RIGHT_ORIGIN != 0 { Some(Id::read(r)?) } else { None };
        if info & (info::ORIGIN | info::RIGHT_ORIGIN) != 0 {
            return Ok(ItemHeader { origin, right_origin, parent: Parent::Inherited, key: None });
        }
        let parent =
            if r.uint()? == 1 { Parent::Root(r.text_unchecked()?) } else { Parent::Item(Id::read(r)?) };
        let key = if info & info::KEY != 0 { Some(r.text_unchecked()?) } else { None };
        Ok(ItemHeader { origin, right_origin, parent, key })
    }

    /// The header of the right piece, if the item is split before `clock`.
    #[inline(always)]
    pub(super) fn split(&self, client: u64, clock: u64) -> Self {
        let origin = Some(Id { client, clock: clock.saturating_sub(1) });
        ItemHeader { origin, right_origin: self.right_origin, parent: Parent::Inherited, key: None }
    }

    /// Writes the info byte and the header.
    #[inline(always)]
    pub(super) fn write(&self, out: &mut Vec<u8>, kind: u8) {
        let mut info = kind;
        info |= if self.origin.is_some() { info::ORIGIN } else { 0 };
        info |= if self.right_origin.is_some() { info::RIGHT_ORIGIN } else { 0 };
        info |= if self.key.is_some() { info::KEY } else { 0 };
        out.push(info);
        if let Some(id) = self.origin {
            id.write(out);
        }
        if let Some(id) = self.right_origin {
            id.write(out);
        }
        match self.parent {
            Parent::Inherited => {}
            Parent::Root(name) => {
                out.push(1);
                write_length_prefixed(out, name);
            }
            Parent::Item(id) => {
                out.push(0);
                id.write(out);
            }
        }
        if let Some(key) = self.key {
            write_length_prefixed(out, key);
        }
    }
}

fn write_length_prefixed(out: &mut Vec<u8>, bytes: &[u8]) {
    write_varuint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// The content of the struct that begins at `offset`.
#[inline]
pub(super) fn content_at(bytes: &[u8], offset: usize) -> Result<Reader<'_>, InvalidUpdate> {
    let mut r = Reader::at(bytes, offset);
    let info = r.byte()?;
    if info & info::KIND != 0 {
        ItemHeader::read(&mut r, info)?;
    }
    Ok(r)
}
