//! The size of an item and the capacity that it costs, as DynamoDB counts them. Source: the DynamoDB developer guide,
//! "DynamoDB item sizes and formats" and "DynamoDB read and write operations".

use super::Item;
use super::schema::{AT, COMPACTED, HASH_KEY, PARTS, RANGE_KEY, SEALED, STATE_VECTOR, VALUE, VERSION};
use crate::codec::sort_key::{DocName, SortKey, Version};
use crate::error::{Code, Error, Result};
use crate::limits::{
    MAX_BATCH_WRITES, MAX_ITEM_BYTES, MAX_PARTITION_KEY_BYTES, MAX_SORT_KEY_BYTES, WRITE_UNIT_BYTES,
};

const BYTES_PER_READ_UNIT: usize = 4_096;

/// The bytes that DynamoDB counts for `item` of `doc`: names and values of all attributes.
pub fn item_bytes(doc: &DocName, item: &Item) -> usize {
    let keys = keys_bytes(doc, &item.key);
    let value = item.value.as_ref().map_or(0, |value| VALUE.len() + value.len());
    let head = item.head.as_ref().map_or(0, |head| {
        let state_vector = head.state_vector.as_ref().map_or(0, |sv| STATE_VECTOR.len() + sv.len());
        let compacted = if head.compacted { COMPACTED.len() + 1 } else { 0 };
        let flags = SEALED.len() + 1 + compacted;
        PARTS.len() + number_bytes(head.parts.into()) + at_bytes(head.at) + flags + state_vector
    });
    let version = item.version.map_or(0, |Version(bytes)| VERSION.len() + bytes.len());
    keys + value + head + version + item.at.map_or(0, at_bytes)
}

/// The bytes of the two key attributes of an item.
pub fn keys_bytes(doc: &DocName, key: &SortKey) -> usize {
    HASH_KEY.len() + doc.as_str().len() + RANGE_KEY.len() + key.as_bytes().len()
}

fn at_bytes(at: u64) -> usize {
    AT.len() + number_bytes(at)
}

/// One byte, plus one for each pair of digits. Pairs are counted from the decimal point, without pairs of zeros at
/// the end.
fn number_bytes(mut n: u64) -> usize {
    while n != 0 && n.is_multiple_of(100) {
        n /= 100;
    }
    let digits = n.checked_ilog10().map_or(0, |log| log as usize + 1);
    1 + digits.div_ceil(2)
}

/// The write units of an item of `bytes` bytes: one per started KiB, at least one.
pub fn write_units(bytes: usize) -> f64 {
    bytes.div_ceil(WRITE_UNIT_BYTES).max(1) as f64
}

/// The read units of a strongly consistent read of `bytes` bytes in total: one per started 4 KiB, at least one.
pub fn read_units(bytes: usize) -> f64 {
    bytes.div_ceil(BYTES_PER_READ_UNIT).max(1) as f64
}

/// Checks an item against DynamoDB's limits before it is sent.
///
/// # Errors
/// `ERR_TOO_LARGE` for an item over 409,600 bytes; `ERR_INVALID_ARGUMENT` for a key that DynamoDB would refuse.
pub fn check_item(doc: &DocName, item: &Item) -> Result<()> {
    check_keys(doc, &item.key)?;
    let bytes = item_bytes(doc, item);
    if bytes > MAX_ITEM_BYTES {
        return Err(Error::new(
            Code::TooLarge,
            format!("item {} of document '{doc}' is {bytes} bytes, limit {MAX_ITEM_BYTES}", item.key),
        ));
    }
    Ok(())
}

/// Checks both keys against DynamoDB's limits.
///
/// # Errors
/// `ERR_INVALID_ARGUMENT` if one is empty or too long.
pub fn check_keys(doc: &DocName, key: &SortKey) -> Result<()> {
    check_key("document name", doc.as_str().len(), MAX_PARTITION_KEY_BYTES)?;
    check_key("sort key", key.as_bytes().len(), MAX_SORT_KEY_BYTES)
}

/// Checks a batch of deletes against DynamoDB's limits. DynamoDB refuses a batch with duplicate keys.
///
/// # Errors
/// `ERR_INVALID_ARGUMENT` for more than 25 keys, a duplicate key, or a key that DynamoDB would refuse.
pub fn check_batch(doc: &DocName, keys: &[SortKey]) -> Result<()> {
    if keys.len() > MAX_BATCH_WRITES {
        return Err(Error::new(
            Code::InvalidArgument,
            format!("batch of {} deletes, limit {MAX_BATCH_WRITES}", keys.len()),
        ));
    }
    for (n, key) in keys.iter().enumerate() {
        check_keys(doc, key)?;
        if keys.iter().take(n).any(|earlier| earlier == key) {
            return Err(Error::new(Code::InvalidArgument, format!("batch deletes {key} twice")));
        }
    }
    Ok(())
}

fn check_key(what: &str, bytes: usize, limit: usize) -> Result<()> {
    if bytes == 0 || bytes > limit {
        return Err(Error::new(
            Code::InvalidArgument,
            format!("the {what} has {bytes} bytes; 1 to {limit} are allowed"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::SetHead;

    #[test]
    fn an_item_counts_names_and_values_of_all_attributes() {
        let doc = DocName::new("doc").unwrap();
        let key = SortKey::from_bytes(vec![1; 10]);
        let mut item = Item::plain(key, vec![0; 100]);
        assert_eq!(item_bytes(&doc, &item), 8 + 3 + 8 + 10 + 5 + 100);
        item.head = Some(SetHead {
            parts: 3,
            at: 1_700_000_000_123,
            sealed: false,
            compacted: false,
            state_vector: None,
        });
        assert_eq!(item_bytes(&doc, &item), 134 + (5 + 2) + (2 + 8) + (6 + 1));
        item.value = None;
        assert_eq!(item_bytes(&doc, &item), 29 + 24);
        item.head = None;
        item.at = Some(1_700_000_000_123);
        assert_eq!(item_bytes(&doc, &item), 29 + 10);
        item.version = Some(Version([7; 8]));
        assert_eq!(item_bytes(&doc, &item), 29 + 10 + 7 + 8);
    }

    #[test]
    fn capacity_is_counted_per_started_unit_and_at_least_one() {
        assert_eq!([0, 1, 1_024, 1_025].map(write_units), [1.0, 1.0, 1.0, 2.0]);
        assert_eq!([0, 1, 4_096, 4_097].map(read_units), [1.0, 1.0, 1.0, 2.0]);
    }

    #[test]
    fn numbers_are_counted_by_pairs_of_digits() {
        assert_eq!([0, 9, 99, 100, 101, 1_000].map(number_bytes), [1, 2, 2, 2, 3, 2]);
        assert_eq!([1_700_000_000_000, 1_700_000_000_123].map(number_bytes), [3, 8]);
    }
}
