//! Converts items and keys to attribute values and back. Stored data is not trusted: an attribute of another type
//! counts as missing and never causes a panic.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::codec::sort_key::{DocName, SortKey, Version};
use crate::error::{Code, Error, Result};
use crate::table::schema::{AT, COMPACTED, HASH_KEY, PARTS, RANGE_KEY, SEALED, STATE_VECTOR, VALUE, VERSION};
use crate::table::{Item, SetHead, VersionedKey};

/// An item or a key as the SDK represents it.
pub(super) type Attributes = HashMap<String, AttributeValue>;

/// The largest integer that every number format in use represents exactly.
const MAX_EXACT: f64 = 9_007_199_254_740_991.0;

pub(super) fn name_value(doc: &DocName) -> AttributeValue {
    AttributeValue::S(doc.as_str().to_owned())
}

pub(super) fn key_value(key: &SortKey) -> AttributeValue {
    AttributeValue::B(Blob::new(key.as_bytes()))
}

pub(super) fn version_value(Version(bytes): Version) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

pub(super) fn key_attributes(doc: &DocName, key: &SortKey) -> Attributes {
    HashMap::from([(HASH_KEY.to_owned(), name_value(doc)), (RANGE_KEY.to_owned(), key_value(key))])
}

pub(super) fn item_attributes(doc: &DocName, item: Item) -> Attributes {
    let mut attributes = key_attributes(doc, &item.key);
    let mut set = |name: &str, value| attributes.insert(name.to_owned(), value);
    if let Some(value) = item.value {
        set(VALUE, AttributeValue::B(Blob::new(value)));
    }
    if let Some(at) = item.at {
        set(AT, AttributeValue::N(at.to_string()));
    }
    if let Some(version) = item.version {
        set(VERSION, version_value(version));
    }
    if let Some(head) = item.head {
        set(PARTS, AttributeValue::N(head.parts.to_string()));
        set(AT, AttributeValue::N(head.at.to_string()));
        set(SEALED, AttributeValue::Bool(head.sealed));
        if head.compacted {
            set(COMPACTED, AttributeValue::Bool(true));
        }
        if let Some(state_vector) = head.state_vector {
            set(STATE_VECTOR, AttributeValue::B(Blob::new(state_vector)));
        }
    }
    attributes
}

/// # Errors
/// `ERR_TABLE` if the attributes lack our keys.
pub(super) fn read_item(mut attributes: Attributes) -> Result<Item> {
    let (_, key) = read_key(&mut attributes)?;
    Ok(item_of(key, attributes))
}

/// # Errors
/// `ERR_TABLE` if the attributes lack our keys.
pub(super) fn read_named_item(mut attributes: Attributes) -> Result<(DocName, Item)> {
    let (doc, key) = read_key(&mut attributes)?;
    Ok((doc, item_of(key, attributes)))
}

/// # Errors
/// `ERR_TABLE` if the attributes lack our keys.
pub(super) fn read_key(attributes: &mut Attributes) -> Result<(DocName, SortKey)> {
    match (attributes.remove(HASH_KEY), attributes.remove(RANGE_KEY)) {
        (Some(AttributeValue::S(name)), Some(AttributeValue::B(key))) => {
            Ok((DocName::stored(&name), SortKey::from_bytes(key.into_inner())))
        }
        _ => Err(Error::new(
            Code::Table,
            format!("the table's keys are not '{HASH_KEY}' (string) and '{RANGE_KEY}' (binary)"),
        )),
    }
}

/// # Errors
/// `ERR_TABLE` if the attributes lack our keys.
pub(super) fn read_versioned_key(mut attributes: Attributes) -> Result<VersionedKey> {
    let (_, key) = read_key(&mut attributes)?;
    Ok(VersionedKey { key, version: read_version(&attributes) })
}

fn item_of(key: SortKey, mut attributes: Attributes) -> Item {
    let head = read_head(&attributes);
    let (at, version) = match head {
        None => (attributes.get(AT).and_then(number), read_version(&attributes)),
        Some(_) => (None, None),
    };
    Item { key, value: attributes.remove(VALUE).and_then(binary), head, at, version }
}

pub(super) fn read_version(attributes: &Attributes) -> Option<Version> {
    let bytes = attributes.get(VERSION)?.as_b().ok()?;
    bytes.as_ref().try_into().ok().map(Version)
}

fn read_head(attributes: &Attributes) -> Option<SetHead> {
    let parts = u32::try_from(number(attributes.get(PARTS)?)?).ok()?;
    let at = number(attributes.get(AT)?)?;
    let sealed = *attributes.get(SEALED)?.as_bool().ok()?;
    let state_vector = match attributes.get(STATE_VECTOR) {
        Some(value) => Some(binary(value.clone())?),
        None => None,
    };
    let compacted = match attributes.get(COMPACTED) {
        Some(value) => *value.as_bool().ok()?,
        None => false,
    };
    Some(SetHead { parts, at, sealed, compacted, state_vector })
}

fn binary(value: AttributeValue) -> Option<Vec<u8>> {
    if let AttributeValue::B(blob) = value { Some(blob.into_inner()) } else { None }
}

/// Accepts only whole numbers. DynamoDB may return a large one with an exponent.
fn number(value: &AttributeValue) -> Option<u64> {
    let text = value.as_n().ok()?;
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        let is_exact = number.fract() == 0.0 && (0.0..=MAX_EXACT).contains(&number);
        is_exact.then_some(number as u64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(extra: Vec<(&str, AttributeValue)>) -> Attributes {
        let doc = DocName::new("doc").unwrap();
        let mut attributes = key_attributes(&doc, &SortKey::from_bytes(vec![1, 0xff]));
        attributes.extend(extra.into_iter().map(|(name, value)| (name.to_owned(), value)));
        attributes
    }

    fn n(text: &str) -> AttributeValue {
        AttributeValue::N(text.to_owned())
    }

    #[test]
    fn a_head_survives_the_way_there_and_back() {
        let doc = DocName::new("doc").unwrap();
        let sv = Some(vec![0]);
        let head =
            SetHead { parts: 3, at: 1_700_000_000_000, sealed: true, compacted: true, state_vector: sv };
        let item = Item {
            key: SortKey::from_bytes(vec![1, 0xff]),
            value: Some(vec![0, 0]),
            head: Some(head),
            at: None,
            version: None,
        };
        assert_eq!(read_named_item(item_attributes(&doc, item.clone())).unwrap(), (doc, item));
    }

    #[test]
    fn an_update_may_say_when_it_was_written() {
        let doc = DocName::new("doc").unwrap();
        let mut item = Item {
            key: SortKey::from_bytes(vec![1]),
            value: Some(vec![0]),
            head: None,
            at: Some(1_700),
            version: None,
        };
        assert_eq!(read_item(item_attributes(&doc, item.clone())).unwrap(), item);
        let mut attributes = item_attributes(&doc, item.clone());
        attributes.insert("at".to_owned(), n("-1"));
        item.at = None;
        assert_eq!(read_item(attributes).unwrap(), item);
        item.version = Some(Version([1, 2, 3, 4, 5, 6, 7, 8]));
        assert_eq!(read_item(item_attributes(&doc, item.clone())).unwrap(), item);
        let mut attributes = item_attributes(&doc, item.clone());
        attributes.insert("version".to_owned(), AttributeValue::B(Blob::new([1, 2, 3])));
        item.version = None;
        assert_eq!(read_item(attributes).unwrap(), item);
    }

    #[test]
    fn attributes_of_another_type_count_as_missing() {
        let text = || AttributeValue::S("7".into());
        assert_eq!(read_item(stored(vec![("value", text())])).unwrap().value, None);
        assert_eq!(read_item(stored(vec![])).unwrap().value, None);
        let yes = AttributeValue::Bool(true);
        let malformed = [
            vec![("parts", text()), ("at", n("1")), ("sealed", yes.clone())],
            vec![("parts", n("-1")), ("at", n("1")), ("sealed", yes.clone())],
            vec![("parts", n("1.5")), ("at", n("1")), ("sealed", yes.clone())],
            vec![("parts", n("4294967296")), ("at", n("1")), ("sealed", yes.clone())],
            vec![("parts", n("1")), ("at", n("1e99")), ("sealed", yes.clone())],
            vec![("parts", n("1")), ("at", n("1")), ("sealed", n("1"))],
            vec![("parts", n("1")), ("at", n("1")), ("sealed", yes.clone()), ("sv", text())],
            vec![("parts", n("1")), ("at", n("1")), ("sealed", yes.clone()), ("compacted", text())],
            vec![("at", n("1")), ("sealed", yes.clone())],
        ];
        for attributes in malformed {
            assert_eq!(read_item(stored(attributes.clone())).unwrap().head, None, "{attributes:?}");
        }
        let exponent = vec![("parts", n("1")), ("at", n("1.7E12")), ("sealed", yes)];
        assert_eq!(read_item(stored(exponent)).unwrap().head.unwrap().at, 1_700_000_000_000);
    }

    #[test]
    fn an_item_without_our_keys_is_another_table_s() {
        assert_eq!(read_item(Attributes::new()).unwrap_err().code(), Code::Table);
    }
}
