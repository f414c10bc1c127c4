//! Items are returned as they were put, and limits are enforced.

use y_dynamodb::codec::SortKey;
use y_dynamodb::error::Code;
use y_dynamodb::limits::{MAX_ITEM_BYTES, MAX_PARTITION_KEY_BYTES, MAX_SORT_KEY_BYTES};
use y_dynamodb::table::size::item_bytes;
use y_dynamodb::table::{DeleteIf, Item};

use crate::table_support::tables::Metered;
use crate::table_support::{doc, head, item, key, updates};

pub async fn a_new_item_is_written_once(table: &impl Metered) {
    let d = doc("doc");
    table.put_new(&d, item(&d, 1, b"first")).await.unwrap();
    table.put_new(&d, item(&d, 1, b"second")).await.unwrap();
    assert_eq!(table.get(&d, &key(&d, 1)).await.unwrap(), Some(item(&d, 1, b"first")));
}

pub async fn a_put_replaces_what_was_there(table: &impl Metered) {
    let d = doc("doc");
    table.put(&d, head(&d, 1, true)).await.unwrap();
    table.put(&d, item(&d, 1, b"plain")).await.unwrap();
    assert_eq!(table.get(&d, &key(&d, 1)).await.unwrap(), Some(item(&d, 1, b"plain")));
}

pub async fn what_was_put_comes_back_whole(table: &impl Metered) {
    let d = doc("doc");
    let every_byte: Vec<u8> = (0..=255).collect();
    let mut no_state_vector = head(&d, 3, true);
    no_state_vector.head.as_mut().unwrap().state_vector = None;
    let dated = Item { at: Some(1_700_000_000_123), ..item(&d, 4, b"dated") };
    let items = [item(&d, 1, &every_byte), head(&d, 2, false), no_state_vector, dated];
    for item in items.clone() {
        table.put_new(&d, item).await.unwrap();
    }
    assert_eq!(table.query(&updates(&d)).await.unwrap().items, items);
    assert_eq!(table.get(&d, &key(&d, 2)).await.unwrap(), Some(head(&d, 2, false)));
    assert_eq!(table.get(&d, &key(&d, 9)).await.unwrap(), None);
    assert_eq!(table.get(&doc("other"), &key(&d, 2)).await.unwrap(), None);
}

pub async fn values_may_be_empty_or_missing(table: &impl Metered) {
    let d = doc("doc");
    let missing = Item { value: None, ..item(&d, 2, b"") };
    table.put_new(&d, item(&d, 1, b"")).await.unwrap();
    table.put_new(&d, missing.clone()).await.unwrap();
    assert_eq!(table.query(&updates(&d)).await.unwrap().items, [item(&d, 1, b""), missing]);
}

pub async fn names_may_hold_any_character(table: &impl Metered) {
    let names = ["a\0b", "a", "\u{0}", "ünï-çødé/日本語", "👩‍👩‍👧", " ", "\u{ffff}"];
    for (n, name) in names.into_iter().enumerate() {
        let d = doc(name);
        table.put_new(&d, item(&d, 1, &[n as u8])).await.unwrap();
    }
    for (n, name) in names.into_iter().enumerate() {
        let d = doc(name);
        assert_eq!(table.query(&updates(&d)).await.unwrap().items, [item(&d, 1, &[n as u8])], "{name:?}");
    }
}

pub async fn an_item_fits_up_to_its_limit(table: &impl Metered) {
    let d = doc("doc");
    let dated = Item { at: Some(1_700_000_000_123), ..item(&d, 3, b"") };
    for of_limit in [item(&d, 1, b""), head(&d, 2, true), dated] {
        let key = of_limit.key.clone();
        let room = MAX_ITEM_BYTES - item_bytes(&d, &of_limit);
        let with = |bytes| {
            let mut value = of_limit.value.clone().unwrap();
            value.resize(value.len() + bytes, 7);
            Item { value: Some(value), ..of_limit.clone() }
        };
        let before = table.meter_of().snapshot();
        for put in [table.put_new(&d, with(room + 1)).await, table.put(&d, with(room + 1)).await] {
            assert_eq!(put.unwrap_err().code(), Code::TooLarge);
        }
        assert_eq!((table.meter_of().snapshot() - before).total().requests, 0);
        table.put_new(&d, with(room)).await.unwrap();
        assert_eq!(table.get(&d, &key).await.unwrap(), Some(with(room)));
    }
}

pub async fn an_empty_or_too_long_key_is_refused(table: &impl Metered) {
    let d = doc("doc");
    let before = table.meter_of().snapshot();
    for bytes in [0, MAX_SORT_KEY_BYTES + 1] {
        let key = SortKey::from_bytes(vec![1; bytes]);
        let item = Item { key: key.clone(), value: None, head: None, at: None, version: None };
        let failures = [
            table.put_new(&d, item).await.unwrap_err(),
            table.get(&d, &key).await.unwrap_err(),
            table.seal(&d, &key).await.unwrap_err(),
            table.delete(&d, &key, DeleteIf::Always).await.unwrap_err(),
            table.delete_batch(&d, &[key]).await.unwrap_err(),
        ];
        for failure in failures {
            assert_eq!(failure.code(), Code::InvalidArgument);
        }
    }
    assert_eq!((table.meter_of().snapshot() - before).total().requests, 0);

    let longest = SortKey::from_bytes(vec![0xff; MAX_SORT_KEY_BYTES]);
    let name = y_dynamodb::codec::sort_key::DocName::stored(&"n".repeat(MAX_PARTITION_KEY_BYTES));
    let item = Item::plain(longest.clone(), vec![1]);
    table.put_new(&name, item.clone()).await.unwrap();
    assert_eq!(table.get(&name, &longest).await.unwrap(), Some(item));
}

pub async fn an_item_is_moved_as_it_is(table: &impl Metered) {
    let d = doc("doc");
    let dated = Item { at: Some(1_700_000_000_123), ..item(&d, 3, b"dated") };
    let missing = Item { value: None, ..item(&d, 4, b"") };
    for (n, item) in [head(&d, 1, true), item(&d, 2, b"plain"), dated, missing].into_iter().enumerate() {
        table.put_new(&d, item.clone()).await.unwrap();
        let (there, raw) = table.get_raw(&d, &item.key).await.unwrap().unwrap();
        assert_eq!(there, item);
        let to = key(&d, 100 + n as u32);
        table.put_raw(&d, &to, &raw).await.unwrap();
        let (copy, copied) = table.get_raw(&d, &to).await.unwrap().unwrap();
        assert_eq!(copy, Item { key: to.clone(), ..item.clone() });
        assert!(copied == raw);
        assert!(table.delete_raw(&d, &item.key, &raw).await.unwrap());
        assert_eq!(table.get(&d, &item.key).await.unwrap(), None);
    }
    assert!(table.get_raw(&d, &key(&d, 1)).await.unwrap().is_none());
    // An item that exists is not replaced.
    table.put_new(&d, item(&d, 5, b"first")).await.unwrap();
    let (_, raw) = table.get_raw(&d, &key(&d, 100)).await.unwrap().unwrap();
    table.put_raw(&d, &key(&d, 5), &raw).await.unwrap();
    assert_eq!(table.get(&d, &key(&d, 5)).await.unwrap(), Some(item(&d, 5, b"first")));
}

pub async fn an_item_is_deleted_only_as_it_was_read(table: &impl Metered) {
    let d = doc("doc");
    table.put_new(&d, head(&d, 1, false)).await.unwrap();
    let (_, unsealed) = table.get_raw(&d, &key(&d, 1)).await.unwrap().unwrap();
    assert!(table.seal(&d, &key(&d, 1)).await.unwrap());
    assert!(!table.delete_raw(&d, &key(&d, 1), &unsealed).await.unwrap());
    assert_eq!(table.get(&d, &key(&d, 1)).await.unwrap(), Some(head(&d, 1, true)));
    assert!(
        !table.delete_raw(&d, &key(&d, 9), &unsealed).await.unwrap(),
        "what is not there is not as it was"
    );
}
