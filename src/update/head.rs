//! What stands before an item's content: its neighbours, or its parent and key.
//!
//! Reads structs that were checked by a scan before; writes them in the one way Yjs does.

use super::InvalidUpdate;
use super::read::Reader;
use super::scan::bit;
use super::store::Source;
use crate::codec::varint::write_varuint;

/// One id: a client and a clock of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Id {
    pub(crate) client: u64,
    pub(crate) clock: u64,
}

impl Id {
    #[inline(always)]
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, InvalidUpdate> {
        Ok(Id { client: r.uint()?, clock: r.uint()? })
    }

    #[inline(always)]
    fn write(self, out: &mut Vec<u8>) {
        write_varuint(out, self.client);
        write_varuint(out, self.clock);
    }
}

/// What an item without neighbours hangs on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Parent<'a> {
    /// Given through a neighbour.
    Inherited,
    /// A root type, by its name.
    Root(&'a [u8]),
    /// The type in an item.
    Item(Id),
}

/// An item up to its content.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) origin: Option<Id>,
    pub(crate) right: Option<Id>,
    pub(crate) parent: Parent<'a>,
    pub(crate) key: Option<&'a [u8]>,
}

impl<'a> Head<'a> {
    /// Reads what follows the info byte.
    #[inline(always)]
    pub(crate) fn read(r: &mut Reader<'a>, info: u8) -> Result<Self, InvalidUpdate> {
        let origin = if info & bit::ORIGIN != 0 { Some(Id::read(r)?) } else { None };
        let right = if info & bit::RIGHT != 0 { Some(Id::read(r)?) } else { None };
        if info & (bit::ORIGIN | bit::RIGHT) != 0 {
            return Ok(Head { origin, right, parent: Parent::Inherited, key: None });
        }
        let parent =
            if r.uint()? == 1 { Parent::Root(r.text_unchecked()?) } else { Parent::Item(Id::read(r)?) };
        let key = if info & bit::SUB != 0 { Some(r.text_unchecked()?) } else { None };
        Ok(Head { origin, right, parent, key })
    }

    /// The head of the piece of this item that begins at `clock`, its second unit or a later one.
    #[inline(always)]
    pub(crate) fn cut(&self, client: u64, clock: u64) -> Self {
        let origin = Some(Id { client, clock: clock.saturating_sub(1) });
        Head { origin, right: self.right, parent: Parent::Inherited, key: None }
    }

    /// Writes info byte and head.
    #[inline(always)]
    pub(crate) fn write(&self, out: &mut Vec<u8>, kind: u8) {
        let mut info = kind;
        info |= if self.origin.is_some() { bit::ORIGIN } else { 0 };
        info |= if self.right.is_some() { bit::RIGHT } else { 0 };
        info |= if self.key.is_some() { bit::SUB } else { 0 };
        out.push(info);
        if let Some(id) = self.origin {
            id.write(out);
        }
        if let Some(id) = self.right {
            id.write(out);
        }
        match self.parent {
            Parent::Inherited => {}
            Parent::Root(name) => {
                out.push(1);
                write_counted(out, name);
            }
            Parent::Item(id) => {
                out.push(0);
                id.write(out);
            }
        }
        if let Some(key) = self.key {
            write_counted(out, key);
        }
    }
}

fn write_counted(out: &mut Vec<u8>, bytes: &[u8]) {
    write_varuint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// The content of the item that begins at `source`.
#[inline]
pub(crate) fn content_of(bytes: &[u8], source: Source) -> Result<Reader<'_>, InvalidUpdate> {
    let mut r = Reader::at(bytes, source.offset as usize);
    let info = r.byte()?;
    if info & bit::KIND != 0 {
        Head::read(&mut r, info)?;
    }
    Ok(r)
}
