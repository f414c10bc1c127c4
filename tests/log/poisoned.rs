//! Updates that Yjs cannot read, by themselves or together, in a log: from an older version, or another writer.

use y_dynamodb::error::Code;
use y_dynamodb::log::OnCorrupt;
use y_dynamodb::log::verify::Wrong;
use y_dynamodb::persistence::Options;
use y_dynamodb::queue::Order::Queued;
use y_dynamodb::table::Item;
use y_dynamodb::table::memory::MemoryTable;
use y_dynamodb::update::validate;

use crate::support::*;

/// Entries of a log, and the index of the one that is left out.
fn logs() -> Vec<(Vec<Vec<u8>>, usize)> {
    let map = vec![1, 1, 200, 1, 0, 7, 1, 1, b'a', 1, 0];
    let entry = vec![1, 1, 201, 1, 0, 40, 0, 200, 1, 0, 1, b'k', 2, 126, 126, 0];
    let divides = vec![1, 1, 202, 1, 0, 136, 201, 1, 0, 1, 126, 0];
    assert!([&map, &entry, &divides].iter().all(|update| validate(update).is_ok()));
    vec![
        (vec![vec![1, 1, 200, 1, 0, 71, 200, 1, 15, 3, 1, b'p', 0]], 0),
        (vec![vec![1, 1, 200, 1, 0, 5, 1, 1, b'a', 1, b'{', 0]], 0),
        (vec![map, entry, divides], 2),
    ]
}

/// Plants the entries between updates of others; gives the item that is left out.
fn planted(table: &MemoryTable, (log, left_out): (Vec<Vec<u8>>, usize)) -> Item {
    let d = doc("d");
    let items: Vec<_> = (10..).zip(log).map(|(clock, update)| original(&d, clock, update)).collect();
    for n in [1u8, 2, 30] {
        plant(table, &d, original(&d, n.into(), update(n, 1)));
    }
    items.iter().for_each(|item| plant(table, &d, item.clone()));
    items[left_out].clone()
}

#[tokio::test]
async fn a_read_fails_by_the_name_of_the_item_and_the_reason() {
    for log in logs() {
        let table = MemoryTable::new();
        let item = planted(&table, log);
        let persistence = open(&table);
        let read = persistence.read(doc("d"), Queued).await.unwrap_err();
        assert_eq!(read.code(), Code::Corrupt);
        assert!(read.message().contains(&item.key.to_string()), "{read}");
        assert!(read.message().contains("is not an update that Yjs can read: "), "{read}");
        assert_eq!(persistence.flush(doc("d"), Queued).await.unwrap_err().code(), Code::Corrupt);
    }
}

#[tokio::test]
async fn the_rest_can_be_read_and_compacted_again_and_again() {
    for log in logs() {
        let table = MemoryTable::new();
        let item = planted(&table, log);
        let persistence = open_with(&table, Options { on_corrupt: OnCorrupt::Skip, ..quiet() });
        let before = numbers(&persistence.read(doc("d"), Queued).await.unwrap());
        assert!(before.is_superset(&set([1, 2, 30])));
        for n in [31, 32] {
            persistence.store_update(doc("d"), update(n, 1), Queued).await.unwrap();
            persistence.flush(doc("d"), Queued).await.unwrap();
            let after = numbers(&persistence.read(doc("d"), Queued).await.unwrap());
            assert!(after.is_superset(&before) && after.contains(&n.into()), "{before:?} {after:?}");
            assert!(table.items(&doc("d")).contains(&item), "a compaction leaves it where it is");
        }
    }
}

#[tokio::test]
async fn verify_finds_it_and_repair_puts_it_aside() {
    for log in logs() {
        let table = MemoryTable::new();
        let item = planted(&table, log);
        let skipping = open_with(&table, Options { on_corrupt: OnCorrupt::Skip, ..quiet() });
        skipping.flush(doc("d"), Queued).await.unwrap();
        let persistence = open(&table);
        persistence.read(doc("d"), Queued).await.unwrap_err();
        let found = persistence.repair(doc("d"), Queued).await.unwrap().verified.findings;
        let [finding] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((finding.wrong, &finding.items), (Wrong::CorruptUpdate, &vec![item.clone()]));
        assert!(finding.detail.contains("is not an update that Yjs can read: "), "{}", finding.detail);
        assert!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()).is_superset(&set([1, 2, 30])));
        assert!(!table.items(&doc("d")).contains(&item));
    }
}
