//! Sort keys of quarantined items: the original key with another first element of the same length.
//!
//! `['v1', doc, …]` becomes `['q0', doc, …]`. It has the same length, so every item fits. It is outside the ranges that reads
//! and the original package query. `q1` … `q9` are for items whose key has been used again.

use super::doc_name::DocName;
use super::sort_key::SortKey;

/// The first element of a document's updates and metas.
const LIVE: &[u8] = b"\x00\x02v1";

/// The first element of a quarantined item, without its digit.
const QUARANTINE: &[u8] = b"\x00\x02q";

/// The prefix of the keys of updates, metas and quarantined items: a first element of any two bytes.
const DATA: &[u8] = b"\x00\x02";

impl SortKey {
    /// The prefix of the keys of all items in the partition of a document: updates, metas, quarantined items, but not the
    /// state vector. Foreign keys may have it too: see [`SortKey::is_data_of`].
    pub fn data() -> SortKey {
        SortKey::from_bytes(DATA.to_vec())
    }

    /// The prefix of all keys that this package or the original one writes: a string.
    pub fn any() -> SortKey {
        SortKey::from_bytes(vec![0])
    }

    /// The prefix of the keys of quarantined items.
    pub fn quarantine() -> SortKey {
        SortKey::from_bytes(QUARANTINE.to_vec())
    }

    /// Whether this is an update, a meta or a quarantined item of `doc`, by its first elements.
    pub fn is_data_of(&self, doc: &DocName) -> bool {
        let live = SortKey::document(doc);
        self.as_bytes().starts_with(live.as_bytes()) || self.former_key(doc).is_some()
    }

    /// The keys in the quarantine for an item with this key, the first choice first. Empty if this is not the key of an
    /// update or a meta.
    pub fn quarantined(&self) -> impl Iterator<Item = SortKey> {
        let rest = self.as_bytes().strip_prefix(LIVE).map(<[u8]>::to_vec);
        rest.into_iter().flat_map(|rest| {
            (b'0'..=b'9').map(move |slot| SortKey::from_bytes([QUARANTINE, &[slot], &rest].concat()))
        })
    }

    /// The former key of a quarantined item of `doc`; `None` if this is not the key of one.
    pub fn former_key(&self, doc: &DocName) -> Option<SortKey> {
        let (slot, rest) = self.as_bytes().strip_prefix(QUARANTINE)?.split_first()?;
        let key = SortKey::from_bytes([LIVE, rest].concat());
        let is_of_doc = key.as_bytes().starts_with(SortKey::document(doc).as_bytes());
        (slot.is_ascii_digit() && is_of_doc).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::sort_key::{LogClock, MAX_DOC_NAME_BYTES, WriteId};
    use crate::limits::MAX_SORT_KEY_BYTES;

    #[test]
    fn a_quarantined_key_is_as_long_and_leads_back() {
        let doc = DocName::new(&"x".repeat(MAX_DOC_NAME_BYTES)).unwrap();
        let key = SortKey::part(&doc, LogClock(7), WriteId(1, 2), u32::MAX);
        let slots: Vec<_> = key.quarantined().collect();
        assert_eq!(slots.len(), 10);
        for slot in slots {
            assert_eq!(slot.as_bytes().len(), MAX_SORT_KEY_BYTES);
            assert_eq!(slot.former_key(&doc), Some(key.clone()));
            assert!(slot.is_data_of(&doc) && slot.as_bytes().starts_with(SortKey::data().as_bytes()));
            assert_eq!((slot.parse_update(&doc), slot.parse_meta(&doc)), (None, None));
        }
    }

    #[test]
    fn keys_of_others_have_no_former_key() {
        let (a, b) = (DocName::new("a").unwrap(), DocName::new("ab").unwrap());
        let slot = SortKey::meta(&b, "k").quarantined().next().unwrap();
        assert_eq!(slot.to_string(), "['q0', 'ab', 'meta', 'k']");
        assert!(slot.is_data_of(&b) && !slot.is_data_of(&a));
        assert_eq!(SortKey::state_vector(&a).quarantined().count(), 0);
        assert!(!SortKey::state_vector(&a).is_data_of(&a));
        assert_eq!(SortKey::from_bytes(b"\x00\x02qx\x00\x01a".to_vec()).former_key(&a), None);
        assert_eq!(SortKey::from_bytes(b"\x00\x02q".to_vec()).former_key(&a), None);
    }
}
