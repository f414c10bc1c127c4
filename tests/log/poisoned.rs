//! Updates that Yjs cannot read, by themselves or together, in a log: from an older version, or another writer.

use y_dynamodb::error::Code;
use y_dynamodb::log::OnCorrupt;
use y_dynamodb::log::verify::FindingKind;
use y_dynamodb::persistence::Options;
use y_dynamodb::queue::Order::Queued;
use y_dynamodb::table::Item;
use y_dynamodb::table::memory::MemoryTable;
use y_dynamodb::update::{contents, validate};

use crate::support::*;

/// Updates that are unreadable alone.
fn unreadable() -> [Vec<u8>; 3] {
    [
        vec![1, 1, 200, 1, 0, 71, 200, 1, 15, 3, 1, b'p', 0],
        vec![1, 1, 200, 1, 0, 5, 1, 1, b'a', 1, b'{', 0],
        vec![1, 1, 200, 1, 0, 9, 1, 1, b'a', 1, b'g', 118, 1, 4, b'g', b'u', b'i', b'd', 126, 0],
    ]
}

/// An unreadable update with ids that another entry has.
const CONTAINED: [u8; 11] = [1, 1, 1, 0, 5, 1, 1, b'a', 1, b'{', 0];

/// Plants updates between readable ones; returns their items.
fn planted(table: &MemoryTable, log: &[Vec<u8>]) -> Vec<Item> {
    let d = doc("d");
    let items: Vec<_> = (10..).zip(log).map(|(clock, update)| original(&d, clock, update.clone())).collect();
    for n in [1u8, 2, 30] {
        plant(table, &d, original(&d, n.into(), update(n, 1)));
    }
    items.iter().for_each(|item| plant(table, &d, item.clone()));
    items
}

#[tokio::test]
async fn a_read_fails_by_the_name_of_the_item_and_the_reason() {
    for update in unreadable() {
        let table = MemoryTable::new();
        let items = planted(&table, &[update]);
        let persistence = open(&table);
        let read = persistence.read(doc("d"), Queued).await.unwrap_err();
        assert_eq!(read.code(), Code::Corrupt);
        assert!(read.message().contains(&items[0].key.to_string()), "{read}");
        assert!(read.message().contains("is not an update that Yjs can read: "), "{read}");
        assert_eq!(persistence.flush(doc("d"), Queued).await.unwrap_err().code(), Code::Corrupt);
    }
}

#[tokio::test]
async fn the_rest_can_be_read_and_compacted_again_and_again() {
    for poison in unreadable().into_iter().chain([CONTAINED.to_vec()]) {
        let table = MemoryTable::new();
        let items = planted(&table, &[poison]);
        let persistence = open_with(&table, Options { on_corrupt: OnCorrupt::Skip, ..quiet() });
        let before = numbers(&persistence.read(doc("d"), Queued).await.unwrap());
        assert!(before.is_superset(&set([1, 2, 30])));
        for n in [31, 32] {
            persistence.store_update(doc("d"), update(n, 1), Queued).await.unwrap();
            persistence.flush(doc("d"), Queued).await.unwrap();
            let after = numbers(&persistence.read(doc("d"), Queued).await.unwrap());
            assert!(after.is_superset(&before) && after.contains(&n.into()), "{before:?} {after:?}");
            assert!(table.items(&doc("d")).contains(&items[0]), "a compaction leaves it where it is");
        }
    }
}

#[tokio::test]
async fn verify_finds_it_and_repair_puts_it_aside() {
    for poison in unreadable() {
        let table = MemoryTable::new();
        let items = planted(&table, &[poison]);
        let skipping = open_with(&table, Options { on_corrupt: OnCorrupt::Skip, ..quiet() });
        skipping.flush(doc("d"), Queued).await.unwrap();
        let persistence = open(&table);
        persistence.read(doc("d"), Queued).await.unwrap_err();
        let found = persistence.repair(doc("d"), Queued).await.unwrap().verification.findings;
        let [finding] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((finding.kind, &finding.items), (FindingKind::CorruptUpdate, &items));
        assert!(finding.detail.contains("is not an update that Yjs can read: "), "{}", finding.detail);
        assert!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()).is_superset(&set([1, 2, 30])));
        assert!(!table.items(&doc("d")).contains(&items[0]));
    }
}

/// A map, an entry with two values in it, and an item that divides the entry.
fn divided_entry() -> Vec<Vec<u8>> {
    vec![
        vec![1, 1, 200, 1, 0, 7, 1, 1, b'a', 1, 0],
        vec![1, 1, 201, 1, 0, 40, 0, 200, 1, 0, 1, b'k', 2, 126, 126, 0],
        vec![1, 1, 202, 1, 0, 136, 201, 1, 0, 1, 126, 0],
    ]
}

/// Nested types of client 9, in two updates.
fn nested_types() -> Vec<Vec<u8>> {
    let types = |from: u16| {
        let mut update = vec![1, 0xd8, 4, 9, from as u8 | 0x80, (from >> 7) as u8];
        for clock in from..from + 600 {
            match clock.checked_sub(1) {
                None => update.extend([7, 1, 1, b'a', 1]),
                Some(parent) => update.extend([7, 0, 9, parent as u8 | 0x80, (parent >> 7) as u8, 1]),
            }
        }
        update.push(0);
        update
    };
    vec![types(0), types(600)]
}

#[tokio::test]
async fn what_cannot_be_read_together_never_fails_a_read_and_is_compacted_as_anything_else() {
    for log in [divided_entry(), nested_types()] {
        assert!(log.iter().all(|update| validate(update).is_ok()));
        for on_corrupt in [OnCorrupt::Fail, OnCorrupt::Skip] {
            let table = MemoryTable::new();
            let planted = planted(&table, &log);
            let persistence = open_with(&table, Options { on_corrupt, ..quiet() });
            let before = persistence.read(doc("d"), Queued).await.unwrap();
            assert_eq!(validate(&before), Ok(()));
            assert!(numbers(&before).is_superset(&set([1, 2, 30])));
            let verification = persistence.verify(doc("d"), Queued).await.unwrap();
            assert_eq!(validate(&verification.update), Ok(()));
            let found = verification.findings;
            assert!(found.iter().all(|finding| finding.kind != FindingKind::CorruptUpdate), "{found:?}");
            persistence.flush(doc("d"), Queued).await.unwrap();
            let items = table.items(&doc("d"));
            assert!(items.iter().all(|item| !planted.contains(item)), "all of it was merged");
            let mut of_set = items.iter().filter(|item| item.key.is_update_of(&doc("d")));
            // Its head has the empty update, its part everything.
            let stored = of_set.next_back().and_then(|item| item.value.clone()).unwrap();
            assert!(
                validate(&stored).is_err() && contents(&stored).unwrap().deleted().is_empty(),
                "nothing is lost"
            );
            let after = persistence.read(doc("d"), Queued).await.unwrap();
            assert_eq!(after, before);
        }
    }
}
