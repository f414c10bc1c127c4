//! Open items: puts, deletes and queries by version.

use y_dynamodb::codec::sort_key::Version;
use y_dynamodb::error::Code;
use y_dynamodb::limits::{MAX_ITEM_BYTES, MAX_SORT_KEY_BYTES};
use y_dynamodb::table::meter::Cost;
use y_dynamodb::table::size::item_bytes;
use y_dynamodb::table::{DeleteIf, Item, Operation, VersionedKey};

use crate::table_support::tables::Metered;
use crate::table_support::{doc, head, item, key, updates};

pub fn version(n: u8) -> Version {
    Version([n; 8])
}

pub fn open(clock: u32, value: &[u8], n: u8) -> Item {
    Item { at: Some(1_700_000_000_000), version: Some(version(n)), ..item(&doc("doc"), clock, value) }
}

pub async fn an_open_item_is_replaced_in_the_version_that_its_writer_names(table: &impl Metered) {
    let d = doc("doc");
    table.put_new(&d, open(1, b"a", 1)).await.unwrap();
    let later = Item { at: Some(1_700_000_000_123), ..open(1, b"ab", 2) };
    assert!(table.put_over(&d, later.clone(), version(1)).await.unwrap());
    assert_eq!(table.query(&updates(&d)).await.unwrap().items, [later]);
    assert!(table.put_over(&d, open(1, b"abc", 3), version(2)).await.unwrap());
    assert_eq!(table.get(&d, &key(&d, 1)).await.unwrap(), Some(open(1, b"abc", 3)));
}

pub async fn what_is_missing_or_of_another_version_is_not_replaced(table: &impl Metered) {
    let d = doc("doc");
    let sealed = head(&d, 3, true);
    let items = [open(1, b"open", 1), item(&d, 2, b"plain"), sealed];
    for item in items.clone() {
        table.put_new(&d, item).await.unwrap();
    }
    for clock in [1, 2, 3, 4] {
        assert!(!table.put_over(&d, open(clock, b"new", 9), version(7)).await.unwrap(), "{clock}");
    }
    assert_eq!(table.query(&updates(&d)).await.unwrap().items, items, "nothing has changed");
    // The same key in another document.
    assert!(!table.put_over(&doc("other"), open(1, b"new", 9), version(1)).await.unwrap());
    assert!(table.query(&updates(&doc("other"))).await.unwrap().items.is_empty());
}

pub async fn a_replacement_that_is_there_already_has_succeeded(table: &impl Metered) {
    let d = doc("doc");
    table.put_new(&d, open(1, b"a", 1)).await.unwrap();
    for _ in 0..3 {
        assert!(table.put_over(&d, open(1, b"ab", 2), version(1)).await.unwrap());
    }
    assert_eq!(table.get(&d, &key(&d, 1)).await.unwrap(), Some(open(1, b"ab", 2)));
    // A late attempt after the next one changes nothing.
    assert!(table.put_over(&d, open(1, b"abc", 3), version(2)).await.unwrap());
    assert!(!table.put_over(&d, open(1, b"ab", 2), version(1)).await.unwrap());
    assert_eq!(table.get(&d, &key(&d, 1)).await.unwrap(), Some(open(1, b"abc", 3)));
    // Nor does one after a delete.
    assert!(table.delete(&d, &key(&d, 1), DeleteIf::Always).await.unwrap());
    assert!(!table.put_over(&d, open(1, b"abc", 3), version(2)).await.unwrap());
    assert!(table.query(&updates(&d)).await.unwrap().items.is_empty());
}

pub async fn an_open_item_is_deleted_only_in_the_version_that_was_read(table: &impl Metered) {
    let d = doc("doc");
    table.put_new(&d, open(1, b"a", 1)).await.unwrap();
    table.put_new(&d, item(&d, 2, b"plain")).await.unwrap();
    assert!(table.put_over(&d, open(1, b"ab", 2), version(1)).await.unwrap());
    let delete =
        async |clock, n| table.delete(&d, &key(&d, clock), DeleteIf::VersionIs(version(n))).await.unwrap();
    assert!(!delete(1, 1).await, "it has grown");
    assert!(!delete(2, 1).await, "it was never open");
    assert_eq!(table.query(&updates(&d)).await.unwrap().items, [open(1, b"ab", 2), item(&d, 2, b"plain")]);
    assert!(delete(1, 2).await);
    assert!(delete(1, 2).await, "what is not there is deleted already");
    assert_eq!(table.query(&updates(&d)).await.unwrap().items, [item(&d, 2, b"plain")]);
}

pub async fn keys_come_with_versions(table: &impl Metered) {
    let d = doc("doc");
    for item in [open(1, b"a", 1), item(&d, 2, b"plain"), open(3, b"c", 3), head(&d, 4, true)] {
        table.put_new(&d, item).await.unwrap();
    }
    assert!(table.put_over(&d, open(3, b"cd", 4), version(3)).await.unwrap());
    let found = table.query_keys(&updates(&d)).await.unwrap().items;
    let versions = [Some(version(1)), None, Some(version(4)), None];
    let expected = (1..).zip(versions).map(|(clock, version)| VersionedKey { key: key(&d, clock), version });
    assert_eq!(found, expected.collect::<Vec<_>>());
}

pub async fn a_replacement_costs_one_request_and_its_kibibytes(table: &impl Metered) {
    let d = doc("doc");
    table.put_new(&d, open(1, b"a", 1)).await.unwrap();
    let cost = |write_units| Cost { requests: 1, write_units, ..Cost::default() };
    for (n, bytes, units) in [(2, 10, 1.0), (3, 1_500, 2.0), (4, 10, 2.0), (5, 10, 1.0)] {
        let before = table.meter_of().snapshot();
        assert!(table.put_over(&d, open(1, &vec![7; bytes], n), version(n - 1)).await.unwrap());
        let spent = table.meter_of().snapshot() - before;
        // The larger one of the item before and the item after.
        assert_eq!(spent.of(Operation::PutItem), cost(units), "{bytes} bytes");
        assert_eq!(spent.total(), cost(units));
    }
    let before = table.meter_of().snapshot();
    table.delete(&d, &key(&d, 1), DeleteIf::VersionIs(version(5))).await.unwrap();
    assert_eq!((table.meter_of().snapshot() - before).total(), cost(1.0));
}

pub async fn a_replacement_over_a_limit_is_refused(table: &impl Metered) {
    let d = doc("doc");
    table.put_new(&d, open(1, b"a", 1)).await.unwrap();
    let before = table.meter_of().snapshot();
    let room = MAX_ITEM_BYTES - item_bytes(&d, &open(1, b"", 2));
    let refused = table.put_over(&d, open(1, &vec![7; room + 1], 2), version(1)).await.unwrap_err();
    assert_eq!(refused.code(), Code::TooLarge);
    let long = y_dynamodb::codec::SortKey::from_bytes(vec![1; MAX_SORT_KEY_BYTES + 1]);
    let refused = table.put_over(&d, Item { key: long, ..open(1, b"", 2) }, version(1)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!((table.meter_of().snapshot() - before).total().requests, 0);
    assert!(table.put_over(&d, open(1, &vec![7; room], 2), version(1)).await.unwrap());
    assert_eq!(table.get(&d, &key(&d, 1)).await.unwrap(), Some(open(1, &vec![7; room], 2)));
}

pub async fn one_of_two_replacements_of_a_version_wins(table: &impl Metered) {
    let d = doc("doc");
    table.put_new(&d, open(1, b"a", 1)).await.unwrap();
    let over = |n| table.put_over(&d, open(1, &[n], n), version(1));
    let results = tokio::join!(over(2), over(3), over(4));
    let won: Vec<_> = [(2, results.0), (3, results.1), (4, results.2)]
        .into_iter()
        .filter_map(|(n, result)| result.unwrap().then_some(n))
        .collect();
    assert_eq!(won.len(), 1);
    assert_eq!(table.get(&d, &key(&d, 1)).await.unwrap(), Some(open(1, &[won[0]], won[0])));
}

pub async fn an_open_item_is_moved_as_it_is(table: &impl Metered) {
    let d = doc("doc");
    table.put_new(&d, open(1, b"a", 1)).await.unwrap();
    let (there, raw) = table.get_raw(&d, &key(&d, 1)).await.unwrap().unwrap();
    assert_eq!(there, open(1, b"a", 1));
    table.put_raw(&d, &key(&d, 9), &raw).await.unwrap();
    assert_eq!(table.get(&d, &key(&d, 9)).await.unwrap(), Some(open(9, b"a", 1)));
    // It grows while it is moved: it stays.
    assert!(table.put_over(&d, open(1, b"ab", 2), version(1)).await.unwrap());
    assert!(!table.delete_raw(&d, &key(&d, 1), &raw).await.unwrap());
    assert_eq!(table.get(&d, &key(&d, 1)).await.unwrap(), Some(open(1, b"ab", 2)));
}
