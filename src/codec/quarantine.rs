//! Sort keys of the quarantine: the key that the item had, with another first element of the same length.
//!
//! `['v1', doc, …]` becomes `['q0', doc, …]`: as long, so that every item fits there, and outside the range that reads
//! and the original package look at. `q1` … `q9` are for items whose key was used again.

use super::SortKey;
use super::sort_key::DocName;

/// The first element of a document's updates and metas.
const LIVE: &[u8] = b"\x00\x02v1";

/// The first element of a quarantined item, without its digit.
const QUARANTINE: &[u8] = b"\x00\x02q";

/// What the keys of updates, metas and quarantined items of every document begin with: any first element of two bytes.
const OWN: &[u8] = b"\x00\x02";

impl SortKey {
    /// What the keys of all items of a document begin with, in its own partition: updates, metas, quarantine. The state
    /// vector alone is not among them. A key that is found there may still be foreign: see [`SortKey::is_own`].
    pub fn own() -> SortKey {
        SortKey::from_bytes(OWN.to_vec())
    }

    /// What the keys of all items begin with that this package or the original writes: a string.
    pub fn any() -> SortKey {
        SortKey::from_bytes(vec![0])
    }

    /// What the keys of quarantined items begin with.
    pub fn quarantine() -> SortKey {
        SortKey::from_bytes(QUARANTINE.to_vec())
    }

    /// Whether this is an update, a meta or a quarantined item of `doc`, by its first elements.
    pub fn is_own(&self, doc: &DocName) -> bool {
        let live = SortKey::document(doc);
        self.as_bytes().starts_with(live.as_bytes()) || self.released(doc).is_some()
    }

    /// The keys under which an item with this key can be kept in the quarantine, the first choice first. None where this
    /// is not the key of an update or a meta.
    pub fn quarantined(&self) -> impl Iterator<Item = SortKey> {
        let rest = self.as_bytes().strip_prefix(LIVE).map(<[u8]>::to_vec);
        rest.into_iter().flat_map(|rest| {
            (b'0'..=b'9').map(move |slot| SortKey::from_bytes([QUARANTINE, &[slot], &rest].concat()))
        })
    }

    /// The key that a quarantined item of `doc` had; `None` where this is none.
    pub fn released(&self, doc: &DocName) -> Option<SortKey> {
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
            assert_eq!(slot.released(&doc), Some(key.clone()));
            assert!(slot.is_own(&doc) && slot.as_bytes().starts_with(SortKey::own().as_bytes()));
            assert_eq!((slot.parse_update(&doc), slot.parse_meta(&doc)), (None, None));
        }
    }

    #[test]
    fn keys_of_others_are_not_released() {
        let (a, b) = (DocName::new("a").unwrap(), DocName::new("ab").unwrap());
        let slot = SortKey::meta(&b, "k").quarantined().next().unwrap();
        assert_eq!(slot.to_string(), "['q0', 'ab', 'meta', 'k']");
        assert!(slot.is_own(&b) && !slot.is_own(&a));
        assert_eq!(SortKey::state_vector(&a).quarantined().count(), 0);
        assert!(!SortKey::state_vector(&a).is_own(&a));
        assert_eq!(SortKey::from_bytes(b"\x00\x02qx\x00\x01a".to_vec()).released(&a), None);
        assert_eq!(SortKey::from_bytes(b"\x00\x02q".to_vec()).released(&a), None);
    }
}
