use y_dynamodb::codec::SortKey;
use y_dynamodb::error::Code;
use y_dynamodb::log::OnCorrupt;
use y_dynamodb::persistence::Options;
use y_dynamodb::queue::Order::Queued;
use y_dynamodb::table::Item;
use y_dynamodb::table::memory::MemoryTable;

use crate::support::*;

fn damaged() -> [Item; 3] {
    let d = doc("d");
    let not_an_update = original(&d, 7, vec![0xff; 9]);
    let without_value = Item { value: None, ..original(&d, 8, vec![]) };
    let mut key = SortKey::updates(&d).as_bytes().to_vec();
    key.extend(b"\x05junk");
    let strange_key = Item { key: SortKey::from_bytes(key), value: Some(update(9, 1)), head: None, at: None };
    [not_an_update, without_value, strange_key]
}

#[tokio::test]
async fn a_corrupt_item_fails_reads_by_its_name_and_changes_nothing() {
    for item in damaged() {
        let table = MemoryTable::new();
        let persistence = open(&table);
        persistence.store_update(doc("d"), update(1, 1), Queued).await.unwrap();
        persistence.store_update(doc("other"), update(1, 1), Queued).await.unwrap();
        plant(&table, &doc("d"), item.clone());
        let items = table.items(&doc("d"));
        let read = persistence.read(doc("d"), Queued).await.unwrap_err();
        assert_eq!(read.code(), Code::Corrupt);
        assert!(read.message().contains(&item.key.to_string()), "{read}");
        assert_eq!(persistence.flush(doc("d"), Queued).await.unwrap_err().code(), Code::Corrupt);
        assert_eq!(table.items(&doc("d")), items);
        persistence.read(doc("other"), Queued).await.unwrap();
    }
}

#[tokio::test]
async fn a_corrupt_item_can_be_skipped_and_is_never_deleted() {
    for item in damaged() {
        let table = MemoryTable::new();
        plant(&table, &doc("d"), item.clone());
        let persistence = open_with(&table, Options { on_corrupt: OnCorrupt::Skip, ..quiet() });
        for n in 1..4 {
            plant(&table, &doc("d"), original(&doc("d"), n.into(), update(n, 1)));
        }
        assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([1, 2, 3]));
        persistence.flush(doc("d"), Queued).await.unwrap();
        assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([1, 2, 3]));
        assert!(table.items(&doc("d")).contains(&item));
    }
}

#[tokio::test]
async fn nothing_but_corrupt_items_can_be_skipped_stored_beside_and_flushed() {
    let table = MemoryTable::new();
    for item in damaged() {
        plant(&table, &doc("d"), item);
    }
    let persistence = open_with(&table, Options { on_corrupt: OnCorrupt::Skip, ..quiet() });
    assert_eq!(persistence.flush(doc("d"), Queued).await.unwrap(), None);
    persistence.store_update(doc("d"), update(1, 1), Queued).await.unwrap();
    let items = table.items(&doc("d"));
    persistence.flush(doc("d"), Queued).await.unwrap();
    let kept = table.items(&doc("d"));
    assert!(items.iter().all(|item| kept.contains(item)), "one update is not written again");
}
