//! The ids in an update, as sets: a second reader of the format, to check the first.
//!
//! Shares no code with the merge: not the cursor, not the scan, not the ranges. It is written for clarity, and is as safe on
//! hostile bytes as the first.

use super::id_set::IdSet;
use super::invalid_update::InvalidUpdate;

/// The sets of ids in one or more updates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Items with content.
    pub full: IdSet,
    /// Items without content.
    pub deleted_items: IdSet,
    /// GC.
    pub gc: IdSet,
    /// The ids in the delete sets.
    pub delete_set: IdSet,
}

impl Contents {
    /// All ids.
    pub fn ids(&self) -> IdSet {
        let mut ids = self.full.clone();
        ids.extend(&self.deleted_items);
        ids.extend(&self.gc);
        ids
    }

    /// All deleted ids: the delete sets, and the items without content.
    pub fn deleted(&self) -> IdSet {
        let mut deleted = self.delete_set.clone();
        deleted.extend(&self.deleted_items);
        deleted
    }

    /// Adds an update. After the last one, [`Contents::normalise`] must be called.
    pub(super) fn read(&mut self, update: &[u8]) -> Result<(), InvalidUpdate> {
        read(update, &mut |found| match found {
            StructOrDeletion::Struct { client, from, to, body: Body::Gc, .. } => {
                self.gc.add(client, from, to)
            }
            StructOrDeletion::Struct { client, from, to, body: Body::Deleted, .. } => {
                self.deleted_items.add(client, from, to);
            }
            StructOrDeletion::Struct { client, from, to, body: Body::Full, .. } => {
                self.full.add(client, from, to)
            }
            StructOrDeletion::Deletion { client, from, to } => self.delete_set.add(client, from, to),
        })
    }

    pub(super) fn normalise(&mut self) {
        for set in [&mut self.full, &mut self.deleted_items, &mut self.gc, &mut self.delete_set] {
            set.normalise();
        }
    }
}

/// Which ids an update contains, and which it says are deleted.
///
/// # Errors
/// [`InvalidUpdate`] if it is not a V1 update.
pub fn contents(update: &[u8]) -> Result<Contents, InvalidUpdate> {
    let mut found = Contents::default();
    found.read(update)?;
    found.normalise();
    Ok(found)
}

/// Whether a struct is GC, or an item with or without content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    Gc,
    Deleted,
    Full,
}

/// The ids that an item names, each as client and clock: one or two neighbours, or a parent.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Links {
    pub(super) origin: Option<(u64, u64)>,
    pub(super) right_origin: Option<(u64, u64)>,
    pub(super) parent: Option<(u64, u64)>,
}

/// A struct or a range of the delete set. Its clocks are `from..to`.
pub(super) enum StructOrDeletion {
    Struct { client: u64, from: u64, to: u64, body: Body, links: Links },
    Deletion { client: u64, from: u64, to: u64 },
}

/// Reads a whole update.
pub(super) fn read(update: &[u8], found: &mut impl FnMut(StructOrDeletion)) -> Result<(), InvalidUpdate> {
    let mut input = Input { rest: update, len: update.len() };
    let sections = input.number()?;
    for _ in 0..sections {
        let structs = input.number()?;
        let client = input.number()?;
        let mut from = input.number()?;
        for _ in 0..structs {
            let (body, len, links) = input.structure()?;
            let to = input.sum(from, len)?;
            if let Some(body) = body
                && len > 0
            {
                found(StructOrDeletion::Struct { client, from, to, body, links });
            }
            from = to;
        }
    }
    let clients = input.number()?;
    for _ in 0..clients {
        let client = input.number()?;
        for _ in 0..input.number()? {
            let from = input.number()?;
            let len = input.number()?;
            let to = input.sum(from, len)?;
            found(StructOrDeletion::Deletion { client, from, to });
        }
    }
    if input.rest.is_empty() { Ok(()) } else { Err(input.error("bytes after the end")) }
}

/// The bytes that are still to be read.
struct Input<'a> {
    rest: &'a [u8],
    len: usize,
}

impl<'a> Input<'a> {
    fn error(&self, reason: &'static str) -> InvalidUpdate {
        InvalidUpdate { update: 0, offset: self.len - self.rest.len(), reason }
    }

    fn byte(&mut self) -> Result<u8, InvalidUpdate> {
        let (&first, rest) = self.rest.split_first().ok_or_else(|| self.error("unexpected end"))?;
        self.rest = rest;
        Ok(first)
    }

    fn bytes(&mut self, n: u64) -> Result<&'a [u8], InvalidUpdate> {
        let split = usize::try_from(n).ok().and_then(|n| self.rest.split_at_checked(n));
        let (taken, rest) = split.ok_or_else(|| self.error("unexpected end"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u64, InvalidUpdate> {
        let mut value = 0u64;
        for shift in (0..56).step_by(7) {
            let byte = self.byte()?;
            value += u64::from(byte % 128) << shift;
            if byte < 128 {
                return if value >> 53 == 0 { Ok(value) } else { Err(self.error("number too large")) };
            }
        }
        Err(self.error("number too large"))
    }

    fn sum(&self, clock: u64, len: u64) -> Result<u64, InvalidUpdate> {
        let sum = clock + len;
        if sum >> 53 == 0 { Ok(sum) } else { Err(self.error("clock too large")) }
    }

    fn blob(&mut self) -> Result<&'a [u8], InvalidUpdate> {
        let n = self.number()?;
        self.bytes(n)
    }

    fn string(&mut self) -> Result<&'a str, InvalidUpdate> {
        let bytes = self.blob()?;
        std::str::from_utf8(bytes).map_err(|_| self.error("not UTF-8"))
    }

    fn id(&mut self) -> Result<(u64, u64), InvalidUpdate> {
        Ok((self.number()?, self.number()?))
    }

    /// The body of a struct (`None` for Skip), its length, and the ids it names.
    fn structure(&mut self) -> Result<(Option<Body>, u64, Links), InvalidUpdate> {
        let info = self.byte()?;
        let mut links = Links::default();
        match info % 32 {
            0 => return Ok((Some(Body::Gc), self.number()?, links)),
            10 => return Ok((None, self.number()?, links)),
            _ => {}
        }
        if info & 128 > 0 {
            links.origin = Some(self.id()?);
        }
        if info & 64 > 0 {
            links.right_origin = Some(self.id()?);
        }
        if info & 192 == 0 {
            if self.number()? == 1 {
                self.string()?;
            } else {
                links.parent = Some(self.id()?);
            }
            if info & 32 > 0 {
                self.string()?;
            }
        }
        let len = self.content(info % 32)?;
        let body = if info % 32 == 1 { Body::Deleted } else { Body::Full };
        Ok((Some(body), len, links))
    }

    fn content(&mut self, reference: u8) -> Result<u64, InvalidUpdate> {
        match reference {
            1 => return self.number(),
            2 => {
                let n = self.number()?;
                for _ in 0..n {
                    self.string()?;
                }
                return Ok(n);
            }
            3 => self.blob().map(drop)?,
            4 => {
                let text = self.string()?;
                return Ok(if text.is_ascii() { text.len() } else { text.encode_utf16().count() } as u64);
            }
            5 => self.string().map(drop)?,
            6 => {
                self.string()?;
                self.string()?;
            }
            7 => match self.number()? {
                3 | 5 => self.string().map(drop)?,
                0..=6 => {}
                _ => return Err(self.error("no such type")),
            },
            8 => {
                let n = self.number()?;
                for _ in 0..n {
                    self.value()?;
                }
                return Ok(n);
            }
            9 => {
                self.string()?;
                self.value()?;
            }
            _ => return Err(self.error("no such content")),
        }
        Ok(1)
    }

    /// Skips a value and all values inside it.
    fn value(&mut self) -> Result<(), InvalidUpdate> {
        // For each open container the number of values left, and whether they have keys.
        let mut open = vec![(1u64, false)];
        while let Some((left, keyed)) = open.last_mut() {
            if *left == 0 {
                open.pop();
                continue;
            }
            *left -= 1;
            if *keyed {
                self.string()?;
            }
            match self.byte()? {
                120 | 121 | 126 | 127 => {}
                125 => while self.byte()? > 127 {},
                124 => self.bytes(4).map(drop)?,
                122 | 123 => self.bytes(8).map(drop)?,
                119 => self.string().map(drop)?,
                116 => self.blob().map(drop)?,
                reference @ (117 | 118) => {
                    let n = self.number()?;
                    if open.len() > 1_000 {
                        return Err(self.error("nested too deep"));
                    }
                    open.push((n, reference == 118));
                }
                _ => return Err(self.error("no such value")),
            }
        }
        Ok(())
    }
}
