//! Open items: the item of a writer grows with each keystroke, and whoever deletes it deletes the version it read.

use std::time::Duration;

use tokio::time::sleep;
use y_dynamodb::codec::SortKey;
use y_dynamodb::codec::sort_key::{LogClock, Version};
use y_dynamodb::compaction::Thresholds;
use y_dynamodb::error::{Code, Error};
use y_dynamodb::persistence::{Options, Persistence};
use y_dynamodb::queue::Order::{Outside, Queued};
use y_dynamodb::table::memory::{Fault, MemoryTable, Request};
use y_dynamodb::table::meter::Cost;
use y_dynamodb::table::{DeleteIf, Item};

use crate::support::*;

/// The update items of a document, without the state vector item.
fn items(table: &MemoryTable, name: &str) -> Vec<Item> {
    let d = doc(name);
    table.items(&d).into_iter().filter(|item| item.key.is_update_of(&d)).collect()
}

async fn store(persistence: &Persistence<MemoryTable>, number: u8) -> Option<LogClock> {
    persistence.store_update(doc("d"), update(number, 1), Queued).await.unwrap()
}

async fn stored(table: &MemoryTable) -> Vec<u64> {
    numbers(&open(table).read(doc("d"), Queued).await.unwrap()).into_iter().collect()
}

fn spent(table: &MemoryTable, before: Cost) -> (u64, f64, f64) {
    let now = table.meter().snapshot().total();
    let of = |cost: Cost| (cost.requests, cost.write_units, cost.read_units);
    let ((requests, writes, reads), (requests_0, writes_0, reads_0)) = (of(now), of(before));
    (requests - requests_0, writes - writes_0, reads - reads_0)
}

#[tokio::test]
async fn a_keystroke_costs_one_request_and_one_write_unit() {
    let table = MemoryTable::new();
    let persistence = open(&table);
    let mut typist = Typist::default();
    let first = persistence.store_update(doc("d"), typist.key(), Queued).await.unwrap();
    let before = table.meter().snapshot().total();
    let mut versions = vec![items(&table, "d")[0].version.unwrap()];
    for _ in 0..400 {
        let clock = persistence.store_update(doc("d"), typist.key(), Queued).await.unwrap();
        assert_eq!(clock, first, "stores share the item and its log clock");
        versions.push(items(&table, "d")[0].version.unwrap());
    }
    assert_eq!(spent(&table, before), (400, 400.0, 0.0));
    assert_eq!(items(&table, "d").len(), 1);
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions.len(), 401, "each write draws a version");
}

#[tokio::test]
async fn no_store_costs_more_write_units_than_its_batch_alone_whatever_the_length_of_the_name() {
    for length in [1, 470, 989] {
        let name = "n".repeat(length);
        let mut units = Vec::new();
        for grows in [true, false] {
            let table = MemoryTable::new();
            let mut persistence = open(&table);
            let mut typist = Typist::default();
            let mut total = 0.0;
            for _ in 0..600 {
                if !grows {
                    persistence = open(&table);
                }
                let before = table.meter().snapshot().total();
                persistence.store_update(doc(&name), typist.key(), Queued).await.unwrap();
                total += spent(&table, before).1;
            }
            let found = items(&table, &name).len();
            assert!(if grows { found < 10 } else { found == 600 }, "{found} items");
            let read = open(&table).state_vector(doc(&name), Queued).await.unwrap();
            assert_eq!(read, typist.state_vector_at(600));
            units.push(total);
        }
        assert!(units[0] <= units[1], "name of {length} bytes: {units:?} WCU");
    }
}

#[tokio::test]
async fn large_batches_and_calls_outside_the_queue_get_items_that_never_change() {
    let table = MemoryTable::new();
    let persistence = open(&table);
    store(&persistence, 1).await;
    persistence.store_update(doc("d"), update(2, 2_000), Queued).await.unwrap();
    persistence.store_update(doc("d"), update(3, 1), Outside).await.unwrap();
    persistence.store_update(doc("d"), update(4, 500_000), Queued).await.unwrap();
    // The open item is still the one of the first store.
    assert_eq!(store(&persistence, 5).await, Some(LogClock(0)));
    let open_items: Vec<_> = items(&table, "d").into_iter().filter(|item| item.version.is_some()).collect();
    assert_eq!(open_items.len(), 1);
    assert_eq!(numbers(open_items[0].value.as_ref().unwrap()), set([1, 5]));
    assert_eq!(stored(&table).await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_table_with_asynchronous_replicas_has_no_open_items() {
    let table = MemoryTable::new().with_replicas(1);
    let persistence = open(&table);
    for n in 0..3 {
        assert_eq!(store(&persistence, n).await, Some(LogClock(n.into())));
    }
    assert!(items(&table, "d").iter().all(|item| item.version.is_none()));
}

#[tokio::test]
async fn what_an_item_held_is_not_stored_again_after_another_process_cleared_or_compacted_it() {
    for clears in [true, false] {
        let table = MemoryTable::new();
        let (typing, other) = (open(&table), open(&table));
        store(&typing, 1).await;
        store(&typing, 2).await;
        other.store_update(doc("d"), update(9, 1), Outside).await.unwrap();
        if clears {
            other.clear(doc("d"), Queued).await.unwrap();
        } else {
            other.flush(doc("d"), Queued).await.unwrap();
        }
        let before = table.meter().snapshot().total();
        store(&typing, 3).await;
        // The overwrite whose condition fails, and the put of the batch alone.
        assert_eq!(spent(&table, before).0, 2);
        let last = items(&table, "d").into_iter().find(|item| item.version.is_some()).unwrap();
        assert_eq!(numbers(last.value.as_ref().unwrap()), set([3]));
        assert_eq!(stored(&table).await, if clears { vec![3] } else { vec![1, 2, 3, 9] });
    }
}

#[tokio::test]
async fn an_item_is_never_touched_again_after_an_overwrite_with_an_unknown_outcome() {
    for arrives in [true, false] {
        let table = MemoryTable::new();
        let mut unknown = None;
        let (sender, overwrites) = std::sync::mpsc::channel();
        let faulty = Faults::on(&table, move |request| {
            let Request::PutOver { .. } = request else { return Fault::None };
            sender.send(request.clone()).unwrap();
            if unknown.replace(()).is_some() {
                return Fault::None;
            }
            Fault::Fail(Error::new(Code::Unavailable, "injected"))
        });
        let persistence = open(&faulty);
        store(&persistence, 1).await;
        let failed = persistence.store_update(doc("d"), update(2, 1), Queued).await.unwrap_err();
        assert!(failed.code().is_retryable());
        let first = items(&table, "d").remove(0);
        if arrives {
            table.apply_late(&overwrites.recv().unwrap());
        }
        for n in 3..6 {
            assert_eq!(store(&persistence, n).await, Some(LogClock(1)), "a new item");
        }
        let there = items(&table, "d").into_iter().find(|item| item.key == first.key).unwrap();
        let expected = if arrives { set([1, 2]) } else { set([1]) };
        assert_eq!(numbers(there.value.as_ref().unwrap()), expected);
        assert_eq!(stored(&table).await, if arrives { vec![1, 2, 3, 4, 5] } else { vec![1, 3, 4, 5] });
    }
}

#[tokio::test]
async fn an_item_that_grows_while_it_is_compacted_or_cleared_stays() {
    for clears in [true, false] {
        let table = MemoryTable::new();
        let typing = open(&table);
        store(&typing, 1).await;
        // The writer's next overwrite arrives just before the delete of what was read.
        let (inner, mut has_grown) = (table.clone(), false);
        let grown = Item {
            value: Some(update(2, 1)),
            version: Some(Version([7; 8])),
            ..items(&table, "d").remove(0)
        };
        let other = Faults::on(&table, move |request| {
            if let Request::Delete { condition: DeleteIf::VersionIs(version), .. } = request
                && !std::mem::replace(&mut has_grown, true)
            {
                let (doc, item) = (doc("d"), grown.clone());
                inner.apply_late(&Request::PutOver { doc, item, replaced: *version });
            }
            Fault::None
        });
        if clears {
            open(&other).clear(doc("d"), Queued).await.unwrap();
            assert_eq!(items(&table, "d"), [], "the next round deletes what it reads then");
        } else {
            open(&other).store_update(doc("d"), update(9, 1), Outside).await.unwrap();
            open(&other).flush(doc("d"), Queued).await.unwrap();
            assert_eq!(stored(&table).await, [1, 2, 9]);
            let found = table.items(&doc("d"));
            assert_eq!(found.iter().filter(|item| item.version.is_some()).count(), 1);
            assert!(
                found.iter().all(|item| item.key != SortKey::state_vector(&doc("d"))),
                "an item that keeps its clock would make the state vector look valid"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_background_compaction_leaves_items_that_others_still_let_grow() {
    let table = MemoryTable::new();
    let writers: Vec<_> = (0..8).map(|_| open(&table)).collect();
    for (n, writer) in (0..).zip(&writers) {
        store(writer, n).await;
    }
    let thresholds = Thresholds { items: 4, ..Thresholds::default() };
    let compacting = open_with(&table, Options { compaction: thresholds, ..Options::default() });
    let before = table.meter().snapshot().total();
    compacting.read(doc("d"), Queued).await.unwrap();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(spent(&table, before).1, 0.0, "they are young");
    assert_eq!(items(&table, "d").len(), 8);
    sleep(Duration::from_secs(60)).await;
    compacting.read(doc("d"), Queued).await.unwrap();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(items(&table, "d").len(), 2, "one set");
    assert_eq!(stored(&table).await, [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test(start_paused = true)]
async fn items_that_this_process_has_closed_are_compacted_however_young_they_are() {
    let table = MemoryTable::new();
    let thresholds = Thresholds { items: 6, ..Thresholds::default() };
    let persistence = open_with(&table, Options { compaction: thresholds, ..Options::default() });
    // Two of these do not fit into one item.
    for n in 0..60 {
        persistence.store_update(doc("d"), update(n, 600), Queued).await.unwrap();
        sleep(Duration::from_millis(200)).await;
    }
    sleep(Duration::from_secs(5)).await;
    assert!(items(&table, "d").len() < 25, "{} items", items(&table, "d").len());
    assert_eq!(stored(&table).await, (0..60).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn two_processes_that_compact_at_two_items_lose_nothing() {
    let table = MemoryTable::new();
    let thresholds = Thresholds { items: 2, ..Thresholds::default() };
    let options = || Options { compaction: thresholds, ..Options::default() };
    let both = [open_with(&table, options()), open_with(&table, options())];
    for n in 0..120 {
        let server = &both[usize::from(n % 2)];
        store(server, n).await;
        if n % 5 == 0 {
            both[usize::from(n % 3 == 0)].read(doc("d"), Queued).await.unwrap();
        }
        sleep(Duration::from_millis(if n % 30 == 0 { 61_000 } else { 400 })).await;
        assert_eq!(stored(&table).await, (0..=u64::from(n)).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn two_processes_in_turn_on_one_document_cost_one_request_a_keystroke() {
    let table = MemoryTable::new();
    let both = [open(&table), open(&table)];
    let mut typists = [Typist::of(1), Typist::of(2)];
    let before = table.meter().snapshot().total();
    for n in 0..2_000 {
        let update = typists[n % 2].key();
        both[n % 2].store_update(doc("d"), update, Queued).await.unwrap();
    }
    let (requests, write_units, _) = spent(&table, before);
    assert!(requests <= 2_004 && write_units == 2_000.0, "{requests} requests, {write_units} WCU");
}

#[tokio::test]
async fn a_reader_of_another_process_sees_each_acknowledged_update_between_the_requests_of_an_overwrite() {
    let table = MemoryTable::new();
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let acknowledged = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let (inner, known) = (table.clone(), acknowledged.clone());
    let watched = Faults::on(&table, move |request| {
        if matches!(request, Request::PutOver { .. } | Request::PutNew { .. }) {
            let stored = inner.items(&doc("d")).into_iter().filter_map(|item| item.value);
            let there: std::collections::BTreeSet<_> = stored.flat_map(|value| numbers(&value)).collect();
            let known = known.load(std::sync::atomic::Ordering::SeqCst);
            sender.send((0..known).all(|number| there.contains(&number))).unwrap();
        }
        Fault::None
    });
    let persistence = open(&watched);
    for n in 0..50 {
        store(&persistence, n).await;
        acknowledged.store(u64::from(n) + 1, std::sync::atomic::Ordering::SeqCst);
    }
    let mut looks = 0;
    while let Ok(has_all) = seen.try_recv() {
        assert!(has_all);
        looks += 1;
    }
    assert!(looks >= 50);
}
