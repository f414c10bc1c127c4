//! Why an item of a document is corrupt. Reads, metas and `verify` decide and word it here.

use std::fmt;

use crate::codec::any::is_any;
use crate::codec::sort_key::{DocName, SortKey, UpdateKey};
use crate::error::{Code, Error};
use crate::table::Item;
use crate::update::InvalidUpdate;

/// What is wrong with an item.
#[derive(Debug)]
pub(crate) enum Corruption {
    /// It is in the range of updates, and its key is malformed.
    UpdateKey,
    /// It is in the range of metas, and its key is malformed.
    MetaKey,
    /// Its value is missing or of another type.
    NoValue,
    /// Yjs cannot read its value.
    UpdateValue(InvalidUpdate),
    /// Its value is not in lib0's encoding.
    MetaValue,
    /// It is the head of a sealed set that has `found` of its `parts` parts.
    MissingParts { found: u32, parts: u32 },
    /// `found` parts follow it, and it lacks the attributes of a head.
    NotAHead { found: u32 },
}

/// Parses the key of an update item.
pub(crate) fn update_key(doc: &DocName, key: &SortKey) -> Result<UpdateKey, Corruption> {
    key.parse_update(doc).ok_or(Corruption::UpdateKey)
}

/// Parses the key of a meta.
pub(crate) fn meta_key<'a>(doc: &DocName, key: &'a SortKey) -> Result<&'a str, Corruption> {
    key.parse_meta(doc).ok_or(Corruption::MetaKey)
}

/// The value of an item.
pub(crate) fn value(value: Option<Vec<u8>>) -> Result<Vec<u8>, Corruption> {
    value.ok_or(Corruption::NoValue)
}

/// What is wrong with a meta, if anything.
pub(super) fn of_meta(doc: &DocName, item: &Item) -> Option<Corruption> {
    match (meta_key(doc, &item.key), &item.value) {
        (Err(reason), _) => Some(reason),
        (Ok(_), None) => Some(Corruption::NoValue),
        (Ok(_), Some(value)) => (!is_any(value)).then_some(Corruption::MetaValue),
    }
}

impl Corruption {
    /// `ERR_CORRUPT`, naming the item.
    pub(crate) fn error(&self, doc: &DocName, key: &SortKey) -> Error {
        Error::new(
            Code::Corrupt,
            format!("item {key} of document '{doc}' is corrupt: {self}; nothing was changed"),
        )
    }
}

impl fmt::Display for Corruption {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Corruption::UpdateKey => out.write_str("its sort key is not one of an update"),
            Corruption::MetaKey => out.write_str("its sort key is not one of a meta"),
            Corruption::NoValue => out.write_str("it has no binary attribute 'value'"),
            Corruption::UpdateValue(reason) => {
                // The number of the update in the merge means nothing to the reader of the message.
                let reason = InvalidUpdate { update: 0, ..*reason };
                write!(out, "its value is not an update that Yjs can read: {reason}")
            }
            Corruption::MetaValue => out.write_str("its value is not one of lib0's"),
            Corruption::MissingParts { found, parts } => {
                write!(out, "its set is sealed, and {found} of its {parts} parts are there")
            }
            Corruption::NotAHead { found } => {
                write!(out, "{found} parts follow it, and it lacks the attributes of a head")
            }
        }
    }
}
