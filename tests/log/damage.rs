//! Damaged items and sets: how a read reports or skips them, and how it recognises a set that is being deleted.

use y_dynamodb::codec::SortKey;
use y_dynamodb::codec::sort_key::UpdateKey;
use y_dynamodb::error::Code;
use y_dynamodb::log::OnCorrupt;
use y_dynamodb::persistence::Options;
use y_dynamodb::queue::Order::Queued;
use y_dynamodb::table::Item;
use y_dynamodb::table::memory::{Fault, MemoryTable, Request};

use crate::support::*;

fn damaged() -> [Item; 3] {
    let d = doc("d");
    let not_an_update = original(&d, 7, vec![0xff; 9]);
    let without_value = Item { value: None, ..original(&d, 8, vec![]) };
    let mut key = SortKey::updates(&d).as_bytes().to_vec();
    key.extend(b"\x05junk");
    let strange_key = Item::plain(SortKey::from_bytes(key), update(9, 1));
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

/// Damaged sets: one of two parts is left, and a head without its attributes.
fn incomplete_sets() -> [Vec<Item>; 2] {
    let d = doc("d");
    let parts = [part(&d, 50, 0, vec![1]), part(&d, 50, 1, vec![2])];
    let headless = Item { head: None, ..head(&d, 50, 2, 5, true) };
    [vec![head(&d, 50, 2, 5, true), parts[1].clone()], [vec![headless], parts.to_vec()].concat()]
}

#[tokio::test]
async fn a_set_that_lacks_parts_fails_reads_by_its_name_and_nothing_of_it_is_deleted() {
    for items in incomplete_sets() {
        let table = MemoryTable::new();
        let persistence = open(&table);
        for n in 0..3 {
            persistence.store_update(doc("d"), update(n, 1), Queued).await.unwrap();
        }
        items.iter().for_each(|item| plant(&table, &doc("d"), item.clone()));
        let before = table.items(&doc("d"));
        let read = persistence.read(doc("d"), Queued).await.unwrap_err();
        assert_eq!(read.code(), Code::Corrupt);
        assert!(read.message().contains(&items[0].key.to_string()), "{read}");
        assert!(read.message().contains(" parts "), "{read}");
        assert_eq!(persistence.flush(doc("d"), Queued).await.unwrap_err().code(), Code::Corrupt);
        assert_eq!(persistence.doc_states(None).await.unwrap_err().code(), Code::Corrupt);
        assert_eq!(table.items(&doc("d")), before);

        let skipping = open_with(&table, Options { on_corrupt: OnCorrupt::Skip, ..quiet() });
        assert_eq!(numbers(&skipping.read(doc("d"), Queued).await.unwrap()), set(0..3));
        skipping.flush(doc("d"), Queued).await.unwrap();
        assert_eq!(numbers(&skipping.read(doc("d"), Queued).await.unwrap()), set(0..3));
        let left = table.items(&doc("d"));
        assert!(items.iter().all(|item| left.contains(item)), "nothing of the set is swept");

        let repaired = persistence.repair(doc("d"), Queued).await.unwrap();
        assert_eq!(repaired.verification.findings.len(), 1);
        assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set(0..3));
        assert_eq!(persistence.quarantined(doc("d"), Queued).await.unwrap().len(), items.len());
    }
}

#[tokio::test]
async fn a_set_that_is_just_being_deleted_is_no_damage() {
    let table = MemoryTable::new();
    let d = doc("d");
    let big = update(1, 500_000);
    open(&table).store_update(d.clone(), big, Queued).await.unwrap();
    open(&table).store_update(d.clone(), update(2, 1), Queued).await.unwrap();
    // Between the pages of a read another process deletes the set: the head, then a part that the read has not reached yet.
    let (inner, mut queries) = (table.clone(), 0);
    let racing = Faults::on(&table, move |request| {
        if let Request::Query(query) = request {
            queries += 1;
            if queries == 2 {
                let keys: Vec<_> = inner.items(&query.doc).into_iter().map(|item| item.key).take(3).collect();
                inner.apply_late(&Request::DeleteBatch { doc: query.doc.clone(), keys });
            }
        }
        if matches!(request, Request::Query(_)) { Fault::PageItems(2) } else { Fault::None }
    });
    assert_eq!(numbers(&open(&racing).read(d.clone(), Queued).await.unwrap()), set([2]));
    assert_eq!(open(&racing).verify(d, Queued).await.unwrap().findings, []);
}

#[tokio::test]
async fn heads_are_deleted_before_parts() {
    for clears in [true, false] {
        let table = MemoryTable::new();
        let d = doc("d");
        for n in 0..40 {
            open(&table).store_update(d.clone(), update(n, 390_000), Queued).await.unwrap();
        }
        let inner = table.clone();
        let watched = Faults::on(&table, move |request| {
            if let Request::DeleteBatch { doc, keys } = request {
                let there = inner.items(doc);
                for key in
                    keys.iter().filter(|key| matches!(key.parse_update(doc), Some(UpdateKey::Part(..))))
                {
                    let is_of =
                        |item: &Item| key.as_bytes().starts_with(item.key.as_bytes()) && item.key != *key;
                    assert!(!there.iter().any(is_of), "a part goes while its head is there");
                }
            }
            Fault::None
        });
        if clears {
            open(&watched).clear(d.clone(), Queued).await.unwrap();
        } else {
            open(&watched).flush(d.clone(), Queued).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_head_and_a_seal_that_arrive_late_look_like_damage_and_a_repair_resolves_it() {
    let (table, d) = (MemoryTable::new(), doc("d"));
    let late = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let held = late.clone();
    let recording = Faults::on(&table, move |request| {
        let is_head = matches!(request, Request::PutNew { item, .. } if item.head.is_some());
        if is_head || matches!(request, Request::Seal { .. }) {
            held.lock().unwrap().push(request.clone());
        }
        Fault::None
    });
    let persistence = open(&recording);
    for n in 0..4 {
        persistence.store_update(d.clone(), update(n, 1), Queued).await.unwrap();
        persistence.flush(d.clone(), Queued).await.unwrap();
    }
    // The first set was compacted into the second one and deleted.
    late.lock().unwrap().iter().take(2).for_each(|request| table.apply_late(request));
    assert_eq!(persistence.read(d.clone(), Queued).await.unwrap_err().code(), Code::Corrupt);
    let repaired = persistence.repair(d.clone(), Queued).await.unwrap();
    assert_eq!(repaired.verification.findings.len(), 1);
    assert!(
        repaired.verification.findings[0].detail.contains("0 of its 1 parts"),
        "{:?}",
        repaired.verification.findings
    );
    assert_eq!(numbers(&persistence.read(d, Queued).await.unwrap()), set(0..4));
}
