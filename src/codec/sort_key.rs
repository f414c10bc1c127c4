//! Sort keys (`ykeysort`): a list of elements, each a string (`00`, varuint byte length, UTF-8) or a uint32 (`01`, four
//! bytes big-endian). The order of the bytes is the order of the log. Source: `docs/FORMAT.md`.
//!
//! Names are checked when they are made (`doc_name`, `meta_key`), so every key built here fits DynamoDB.

use std::fmt;

pub use super::doc_name::{DocName, MAX_DOC_NAME_BYTES, MAX_READABLE_DOC_NAME_BYTES};
use super::varint::{read_varuint, write_varuint};
use crate::limits::MAX_SORT_KEY_BYTES;

const STRING: u8 = 0;
const UINT32: u8 = 1;

/// A log clock: the uint32 in the sort key of an update item, its position in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogClock(pub u32);

/// The random id of one write: 64 bits, so that no key is ever used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId(pub u32, pub u32);

/// The version of an open item: 8 random bytes, drawn anew for each write of the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub [u8; 8]);

impl From<WriteId> for Version {
    fn from(WriteId(high, low): WriteId) -> Self {
        Version((u64::from(high) << 32 | u64::from(low)).to_be_bytes())
    }
}

/// An encoded sort key, or the beginning of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SortKey(Vec<u8>);

/// The sort key of an item of the update log, parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateKey {
    /// An update of the original package, without an id.
    Original(LogClock),
    /// An update or the head of a set. The attributes of the item say which.
    Update(LogClock, WriteId),
    /// Part n of a set.
    Part(LogClock, WriteId, u32),
}

impl UpdateKey {
    /// The log clock.
    pub fn clock(&self) -> LogClock {
        match *self {
            UpdateKey::Original(clock) | UpdateKey::Update(clock, _) | UpdateKey::Part(clock, _, _) => clock,
        }
    }

    /// The sort key that [`SortKey::parse_update`] parses to this.
    pub fn sort_key(&self, doc: &DocName) -> SortKey {
        match *self {
            UpdateKey::Original(clock) => SortKey::updates(doc).uint32(clock.0),
            UpdateKey::Update(clock, id) => SortKey::update(doc, clock, id),
            UpdateKey::Part(clock, id, n) => SortKey::part(doc, clock, id, n),
        }
    }
}

impl SortKey {
    /// A key from DynamoDB.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        SortKey(bytes)
    }

    /// The encoded bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// `['v1', doc]`: the prefix of all updates and metas of a document.
    pub fn document(doc: &DocName) -> Self {
        SortKey(Vec::with_capacity(64)).string("v1").string(doc.as_str())
    }

    /// `['v1', doc, 'update']`: the prefix of all items of the update log.
    pub fn updates(doc: &DocName) -> Self {
        SortKey::document(doc).string("update")
    }

    /// `['v1', doc, 'update', clock, id₁, id₂]`: an update, or the head of a set.
    pub fn update(doc: &DocName, clock: LogClock, id: WriteId) -> Self {
        SortKey::updates(doc).uint32(clock.0).uint32(id.0).uint32(id.1)
    }

    /// `['v1', doc, 'update', clock, id₁, id₂, n]`: part n of a set.
    pub fn part(doc: &DocName, clock: LogClock, id: WriteId, n: u32) -> Self {
        SortKey::update(doc, clock, id).uint32(n)
    }

    /// `['v1', doc, 'meta']`: the prefix of all metas.
    pub fn metas(doc: &DocName) -> Self {
        SortKey::document(doc).string("meta")
    }

    /// `['v1', doc, 'meta', key]`: a meta.
    pub fn meta(doc: &DocName, key: &str) -> Self {
        SortKey::metas(doc).string(key)
    }

    /// `['v1_sv', doc]`: the state vector, which is written only for readers of the original package.
    pub fn state_vector(doc: &DocName) -> Self {
        SortKey(Vec::with_capacity(32)).string("v1_sv").string(doc.as_str())
    }

    /// The largest possible key that sorts before this one: the inclusive end of a range that excludes this key.
    pub fn below(&self) -> Self {
        let mut bytes = self.0.clone();
        // The key before one that ends with a zero byte is the same key without that byte.
        if let Some(last) = bytes.pop().filter(|last| *last > 0) {
            bytes.push(last - 1);
            bytes.resize(MAX_SORT_KEY_BYTES, u8::MAX);
        }
        SortKey(bytes)
    }

    /// The kind of update item; `None` if this is not an update item of `doc`.
    pub fn parse_update(&self, doc: &DocName) -> Option<UpdateKey> {
        let mut rest = self.0.strip_prefix(SortKey::updates(doc).as_bytes())?;
        let clock = LogClock(take_uint32(&mut rest)?);
        if rest.is_empty() {
            return Some(UpdateKey::Original(clock));
        }
        let id = WriteId(take_uint32(&mut rest)?, take_uint32(&mut rest)?);
        if rest.is_empty() {
            return Some(UpdateKey::Update(clock, id));
        }
        let n = take_uint32(&mut rest)?;
        rest.is_empty().then_some(UpdateKey::Part(clock, id, n))
    }

    /// The key of the meta; `None` if this is not a meta of `doc`.
    pub fn parse_meta(&self, doc: &DocName) -> Option<&str> {
        let mut rest = self.0.strip_prefix(SortKey::metas(doc).as_bytes())?;
        let key = take_string(&mut rest)?;
        rest.is_empty().then_some(key)
    }

    /// Whether this is an item of `doc`'s update log, by its first elements.
    pub fn is_update_of(&self, doc: &DocName) -> bool {
        self.0.starts_with(SortKey::updates(doc).as_bytes())
    }

    fn string(mut self, value: &str) -> Self {
        self.0.push(STRING);
        write_varuint(&mut self.0, value.len() as u64);
        self.0.extend_from_slice(value.as_bytes());
        self
    }

    fn uint32(mut self, value: u32) -> Self {
        self.0.push(UINT32);
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }
}

/// The elements, as in `['v1', 'doc', 'update', 7]`. From the first invalid element on, the bytes in hexadecimal.
impl fmt::Display for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_slice();
        f.write_str("[")?;
        let mut separator = "";
        while !rest.is_empty() {
            f.write_str(separator)?;
            separator = ", ";
            let before = rest;
            if let Some(value) = take_string(&mut rest) {
                write!(f, "'{value}'")?;
                continue;
            }
            rest = before;
            if let Some(value) = take_uint32(&mut rest) {
                write!(f, "{value}")?;
                continue;
            }
            f.write_str("0x")?;
            for byte in before {
                write!(f, "{byte:02x}")?;
            }
            break;
        }
        f.write_str("]")
    }
}

fn take_string<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let mut input = rest.strip_prefix(&[STRING])?;
    let length = usize::try_from(read_varuint(&mut input)?).ok()?;
    let (value, after) = input.split_at_checked(length)?;
    *rest = after;
    std::str::from_utf8(value).ok()
}

fn take_uint32(rest: &mut &[u8]) -> Option<u32> {
    let (value, after) = rest.strip_prefix(&[UINT32])?.split_first_chunk::<4>()?;
    *rest = after;
    Some(u32::from_be_bytes(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(name: &str) -> DocName {
        DocName::new(name).unwrap()
    }

    #[test]
    fn an_update_key_is_the_original_s_with_an_id_behind() {
        let key = SortKey::update(&doc("doc"), LogClock(258), WriteId(1, 0xdead_beef));
        assert_eq!(
            key.as_bytes(),
            b"\x00\x02v1\x00\x03doc\x00\x06update\x01\x00\x00\x01\x02\x01\x00\x00\x00\x01\x01\xde\xad\xbe\xef"
        );
        assert_eq!(key.to_string(), "['v1', 'doc', 'update', 258, 1, 3735928559]");
        assert_eq!(
            key.parse_update(&doc("doc")),
            Some(UpdateKey::Update(LogClock(258), WriteId(1, 0xdead_beef)))
        );
        assert_eq!(key.parse_update(&doc("doc1")), None);
    }

    #[test]
    fn the_longest_name_gives_the_longest_sort_key() {
        let longest = doc(&"x".repeat(MAX_DOC_NAME_BYTES)).writable().unwrap();
        let part = SortKey::part(&longest, LogClock(u32::MAX), WriteId(u32::MAX, u32::MAX), u32::MAX);
        assert_eq!(part.as_bytes().len(), MAX_SORT_KEY_BYTES);
        assert!(doc(&"x".repeat(MAX_DOC_NAME_BYTES + 1)).writable().is_err());
        let readable = doc(&"x".repeat(MAX_READABLE_DOC_NAME_BYTES));
        assert_eq!(SortKey::updates(&readable).uint32(0).as_bytes().len(), MAX_SORT_KEY_BYTES);
        assert!(DocName::new(&"x".repeat(MAX_READABLE_DOC_NAME_BYTES + 1)).is_err());
    }

    #[test]
    fn keys_sort_by_clock_then_head_then_parts() {
        let d = doc("d");
        let id = WriteId(9, 9);
        let mut keys = [
            SortKey::update(&d, LogClock(256), id),
            SortKey::part(&d, LogClock(255), id, 1),
            SortKey::part(&d, LogClock(255), id, 0),
            SortKey::update(&d, LogClock(255), id),
            SortKey::updates(&d).uint32(255),
        ];
        keys.sort();
        let kinds: Vec<_> = keys.iter().map(|k| k.parse_update(&d).unwrap()).collect();
        assert_eq!(kinds.iter().map(|kind| kind.sort_key(&d)).collect::<Vec<_>>(), keys);
        assert_eq!(
            kinds,
            [
                UpdateKey::Original(LogClock(255)),
                UpdateKey::Update(LogClock(255), id),
                UpdateKey::Part(LogClock(255), id, 0),
                UpdateKey::Part(LogClock(255), id, 1),
                UpdateKey::Update(LogClock(256), id),
            ]
        );
    }

    #[test]
    fn nothing_fits_between_a_key_and_the_one_below_it() {
        let d = doc("d");
        let before = SortKey::part(&d, LogClock(7), WriteId(1, 0xff), u32::MAX);
        let key = SortKey::update(&d, LogClock(7), WriteId(1, 0x100));
        assert_eq!(key.below().as_bytes(), key.as_bytes().strip_suffix(&[0]).unwrap());
        assert!(before < key.below() && key.below() < key);
        let key = SortKey::update(&d, LogClock(7), WriteId(1, 0xff));
        assert!(SortKey::part(&d, LogClock(7), WriteId(1, 0xfe), u32::MAX) < key.below());
        assert!(key.below() < key && key.below().as_bytes().len() == MAX_SORT_KEY_BYTES);
        assert!(key.below().is_update_of(&d));
    }

    #[test]
    fn a_meta_key_is_read_from_its_sort_key() {
        let d = doc("d");
        assert_eq!(SortKey::meta(&d, "").parse_meta(&d), Some(""));
        assert_eq!(SortKey::meta(&d, "schlüssel\0/").parse_meta(&d), Some("schlüssel\0/"));
    }

    #[test]
    fn foreign_keys_are_shown_and_not_parsed() {
        let d = doc("d");
        let foreign = SortKey::from_bytes(b"\x00\x02v1\x07rest".to_vec());
        assert_eq!(foreign.to_string(), "['v1', 0x0772657374]");
        assert_eq!(foreign.parse_update(&d), None);
        assert_eq!(SortKey::updates(&d).parse_update(&d), None);
    }
}
