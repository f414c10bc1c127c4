//! Compactions in the background and by a flush: when they run, what they keep, and how they fail.

use std::time::Duration;

use y_dynamodb::codec::SortKey;
use y_dynamodb::codec::sort_key::LogClock;
use y_dynamodb::compaction::Thresholds;
use y_dynamodb::error::{Code, Error};
use y_dynamodb::log::UNSEALED_SET_LIFETIME_MS;
use y_dynamodb::persistence::Options;
use y_dynamodb::queue::Order::{Outside, Queued};
use y_dynamodb::table::Item;
use y_dynamodb::table::memory::{Fault, MemoryTable, Request};
use y_dynamodb::update;

use crate::support::*;

fn now_ms() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64
}

fn head_of(parts: u32, age_ms: u64) -> Item {
    head(&doc("d"), 50, parts, now_ms() - age_ms, false)
}

fn part_of(n: u32, value: Vec<u8>) -> Item {
    part(&doc("d"), 50, n, value)
}

#[tokio::test]
async fn a_flush_leaves_one_set_and_the_state_vector() {
    let table = MemoryTable::new();
    let persistence = open(&table);
    assert_eq!(persistence.flush(doc("d"), Queued).await.unwrap(), None);
    for n in 0..60 {
        persistence.store_update(doc("d"), update(n, 1), Outside).await.unwrap();
    }
    assert_eq!(persistence.flush(doc("d"), Queued).await.unwrap(), Some(LogClock(60)));
    let items = table.items(&doc("d"));
    assert_eq!(items.len(), 3);
    assert_eq!(items.iter().filter(|item| item.key == SortKey::state_vector(&doc("d"))).count(), 1);
    let updates = persistence.updates(doc("d"), Queued).await.unwrap();
    assert_eq!(updates.len(), 1);
    assert_eq!(numbers(&updates[0].update), set(0..60));
    let before = table.meter().snapshot();
    assert_eq!(persistence.flush(doc("d"), Queued).await.unwrap(), Some(LogClock(60)));
    assert_eq!((table.meter().snapshot() - before).total().write_units, 1.0, "only the state vector");
    assert_eq!(persistence.store_update(doc("d"), update(99, 1), Queued).await.unwrap(), Some(LogClock(61)));
}

#[tokio::test]
async fn copies_that_contradict_each_other_do_not_keep_a_document_from_being_compacted() {
    // Two items for the ids (1, 0) to (1, 2). Merged with collecting, the last id of one would be collected as a child of the
    // deleted other, although neither update proves that it is deleted.
    let first = vec![1, 2, 1, 0, 7, 1, 1, b'a', 1, 4, 0, 1, 0, 2, b'a', b'b', 0];
    let second = vec![1, 1, 1, 0, 1, 1, 1, b't', 4, 0];
    let logs = [vec![first.clone(), second.clone()], vec![second, first]];
    for updates in logs {
        let merged = update::merge(&updates, update::MergeOptions::default()).unwrap();
        assert!(update::verify(&updates, &merged).is_err(), "the check has nothing to refuse here any more");
        let table = MemoryTable::new();
        let persistence = open(&table);
        for update in &updates {
            persistence.store_update(doc("d"), update.clone(), Queued).await.unwrap();
        }
        persistence.flush(doc("d"), Queued).await.unwrap();
        let stored = persistence.updates(doc("d"), Queued).await.unwrap();
        assert_eq!(stored.len(), 1);
        update::verify(&updates, &stored[0].update).unwrap();
    }
}

#[tokio::test]
async fn compaction_keeps_updates_stored_meanwhile() {
    let table = MemoryTable::new();
    let (inner, mut late) = (table.clone(), 0);
    let busy = Faults::on(&table, move |request| {
        if request.is_write() {
            late += 1;
            plant(&inner, &doc("d"), original(&doc("d"), late, update(100 + late as u8, 1)));
        }
        Fault::None
    });
    for n in 0..10 {
        open(&table).store_update(doc("d"), update(n, 1), Queued).await.unwrap();
    }
    open(&busy).flush(doc("d"), Queued).await.unwrap();
    let found = numbers(&open(&table).read(doc("d"), Queued).await.unwrap());
    assert!(found.is_superset(&set(0..10)) && found.contains(&101), "{found:?}");
}

#[tokio::test]
async fn an_item_of_the_original_that_changed_meanwhile_is_not_deleted() {
    let table = MemoryTable::new();
    for n in 0..3 {
        plant(&table, &doc("d"), original(&doc("d"), n, update(n as u8, 1)));
    }
    let inner = table.clone();
    let racing = Faults::on(&table, move |request| {
        if let Request::Seal { doc, .. } = request {
            plant(&inner, doc, original(doc, 1, update(77, 1)));
        }
        Fault::None
    });
    open(&racing).flush(doc("d"), Queued).await.unwrap();
    assert_eq!(numbers(&open(&table).read(doc("d"), Queued).await.unwrap()), set([0, 1, 2, 77]));
}

#[tokio::test]
async fn a_set_that_reads_back_differently_deletes_nothing_and_is_reported() {
    let table = MemoryTable::new();
    for n in 0..3 {
        open(&table).store_update(doc("d"), update(n, 1), Queued).await.unwrap();
    }
    let inputs = table.items(&doc("d"));
    let (inner, mut last_part) = (table.clone(), None);
    let tampering = Faults::on(&table, move |request| {
        match request {
            Request::PutNew { item, .. } => last_part = Some(item.clone()),
            Request::Query(query) => {
                if let Some(mut part) = last_part.take() {
                    part.value = Some(update(50, 1));
                    plant(&inner, &query.doc, part);
                }
            }
            _ => {}
        }
        Fault::None
    });
    let error = open(&tampering).flush(doc("d"), Queued).await.unwrap_err();
    assert_eq!(error.code(), Code::Internal);
    let items = table.items(&doc("d"));
    assert!(inputs.iter().all(|input| items.contains(input)));
}

#[tokio::test]
async fn a_compaction_that_meets_a_clear_stops_and_brings_nothing_back() {
    let table = MemoryTable::new();
    for n in 0..3 {
        open(&table).store_update(doc("d"), update(n, 1), Queued).await.unwrap();
    }
    let inner = table.clone();
    let cleared = Faults::on(&table, move |request| {
        if let Request::Get { doc, .. } = request {
            let keys = inner.items(doc).into_iter().map(|item| item.key).collect();
            inner.apply_late(&Request::DeleteBatch { doc: doc.clone(), keys });
        }
        Fault::None
    });
    assert_eq!(open(&cleared).flush(doc("d"), Queued).await.unwrap(), None);
    assert_eq!(table.items(&doc("d")), []);
}

#[tokio::test]
async fn a_sweep_deletes_abandoned_sets_and_keeps_those_being_written() {
    let hour = UNSEALED_SET_LIFETIME_MS;
    let young = [head_of(2, hour - 60_000), part_of(0, vec![1])];
    let abandoned = [
        vec![part_of(0, vec![1]), part_of(1, vec![2])],
        vec![head_of(2, hour + 60_000), part_of(0, vec![1])],
        vec![head_of(1, hour + 60_000)],
    ];
    for (is_abandoned, items) in
        abandoned.into_iter().map(|items| (true, items)).chain([(false, young.to_vec())])
    {
        let table = MemoryTable::new();
        let persistence = open(&table);
        persistence.store_update(doc("d"), update(1, 1), Queued).await.unwrap();
        for item in &items {
            plant(&table, &doc("d"), item.clone());
        }
        assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([1]));
        persistence.flush(doc("d"), Queued).await.unwrap();
        let left = table.items(&doc("d")).iter().filter(|item| items.contains(item)).count();
        assert_eq!(left, if is_abandoned { 0 } else { items.len() }, "{items:?}");
        assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([1]));
    }
}

#[tokio::test]
async fn a_flush_that_fails_half_way_loses_nothing_and_the_next_one_cleans_up() {
    for failing in 0..12 {
        let table = MemoryTable::new();
        for n in 0..5 {
            open(&table).store_update(doc("d"), update(n, 1), Queued).await.unwrap();
        }
        let mut count = 0;
        let faulty = Faults::on(&table, move |_| {
            count += 1;
            if count > failing { Fault::Fail(Error::new(Code::Unavailable, "injected")) } else { Fault::None }
        });
        let options = Options { skip_create_table: true, ..quiet() };
        let flushed = open_with(&faulty, options).flush(doc("d"), Queued).await;
        assert!(flushed.is_ok() || flushed.unwrap_err().code() == Code::Unavailable);
        let persistence = open(&table);
        assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set(0..5));
        persistence.flush(doc("d"), Queued).await.unwrap();
        assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set(0..5));
    }
}

#[tokio::test(start_paused = true)]
async fn a_document_that_is_typed_in_all_day_stays_a_few_items() {
    let table = MemoryTable::new();
    let thresholds = Thresholds { items: 20, ..Thresholds::default() };
    let persistence = open_with(&table, Options { compaction: thresholds, ..Options::default() });
    let mut most = 0;
    for n in 0..2_000_u32 {
        persistence.store_update(doc("d"), update((n % 120) as u8, 1), Queued).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        most = most.max(table.items(&doc("d")).len());
    }
    assert!(most <= 40, "{most} items");
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set(0..120));
}

#[tokio::test(start_paused = true)]
async fn a_read_of_a_long_log_has_it_compacted_afterwards() {
    let table = MemoryTable::new();
    for n in 0..500 {
        plant(&table, &doc("d"), original(&doc("d"), n, update((n % 100) as u8, 1)));
    }
    let persistence = open_with(&table, Options::default());
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set(0..100));
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(table.items(&doc("d")).len(), 2);
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set(0..100));
}

#[tokio::test(start_paused = true)]
async fn a_listing_of_the_updates_of_a_long_log_has_it_compacted_afterwards() {
    let table = MemoryTable::new();
    for n in 0..500 {
        plant(&table, &doc("d"), original(&doc("d"), n, update((n % 100) as u8, 1)));
    }
    let persistence = open_with(&table, Options::default());
    assert_eq!(persistence.updates(doc("d"), Queued).await.unwrap().len(), 500);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(table.items(&doc("d")).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn large_updates_are_compacted_too() {
    let table = MemoryTable::new();
    let persistence = open_with(&table, Options::default());
    for n in 0..20 {
        persistence.store_update(doc("d"), update(n % 2, 500_000 + usize::from(n)), Queued).await.unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let items = table.items(&doc("d")).len();
    assert!(items <= 12, "{items} items");
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([0, 1]));
}

#[tokio::test(start_paused = true)]
async fn a_compaction_that_is_denied_leaves_nothing_and_backs_off_before_it_retries() {
    let table = MemoryTable::new();
    let seals = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = seals.clone();
    let refusing = Faults::on(&table, move |request| match request {
        Request::Seal { .. } => {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Fault::Fail(Error::new(Code::Access, "injected"))
        }
        _ => Fault::None,
    });
    let thresholds = Thresholds { items: 5, ..Thresholds::default() };
    let persistence = open_with(&refusing, Options { compaction: thresholds, ..Options::default() });
    for n in 0..120 {
        persistence.store_update(doc("d"), update(n, 1), Outside).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let tried = seals.load(std::sync::atomic::Ordering::Relaxed);
    assert!((2..=8).contains(&tried), "{tried} tries in two minutes");
    assert_eq!(table.items(&doc("d")).len(), 120, "no unfinished set");
}

#[tokio::test(start_paused = true)]
async fn a_clear_and_a_flush_do_not_wait_for_the_pace_of_a_compaction() {
    for clears in [true, false] {
        let table = MemoryTable::new();
        for n in 0..300 {
            plant(&table, &doc("d"), original(&doc("d"), n, update((n % 100) as u8, 1_000)));
        }
        let thresholds = Thresholds { wcu_per_second: 1, ..Thresholds::default() };
        let persistence = open_with(&table, Options { compaction: thresholds, ..Options::default() });
        persistence.read(doc("d"), Queued).await.unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
        let begin = tokio::time::Instant::now();
        if clears {
            persistence.clear(doc("d"), Queued).await.unwrap();
            assert_eq!(table.items(&doc("d")), []);
        } else {
            assert!(persistence.flush(doc("d"), Queued).await.unwrap().is_some());
            assert_eq!(table.items(&doc("d")).len(), 3);
        }
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_with_a_stale_clock_still_compacts() {
    let table = MemoryTable::new();
    let thresholds = Thresholds { items: 10, ..Thresholds::default() };
    let options = Options { compaction: thresholds, ..Options::default() };
    let (stale, busy) = (open_with(&table, options), open_with(&table, options));
    stale.store_update(doc("d"), update(0, 1), Queued).await.unwrap();
    for n in 1..100 {
        busy.store_update(doc("d"), update(n, 1), Queued).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    for n in 100..120 {
        stale.store_update(doc("d"), update(n, 1), Queued).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let items = table.items(&doc("d")).len();
    assert!(items < 25, "{items} items");
    assert_eq!(numbers(&stale.read(doc("d"), Queued).await.unwrap()), set(0..120));
}

#[tokio::test]
async fn a_name_too_long_to_be_written_is_not_compacted() {
    let table = MemoryTable::new();
    let long = doc(&"x".repeat(1_000));
    for n in 0..200 {
        plant(&table, &long, original(&long, n, update((n % 100) as u8, 1)));
    }
    let persistence = open_with(&table, Options::default());
    persistence.read(long.clone(), Queued).await.unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(persistence.stats().counts.failed_compactions, 0);
    assert_eq!(table.items(&long).len(), 200);
}
