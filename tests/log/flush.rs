//! A flush runs beside the queue. A compaction by hand is a flush that writes nothing if nothing is to be merged.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use y_dynamodb::codec::SortKey;
use y_dynamodb::codec::sort_key::{DocName, Version};
use y_dynamodb::compaction::FlushedDocument;
use y_dynamodb::error::{Code, Error};
use y_dynamodb::log::LogSize;
use y_dynamodb::persistence::Persistence;
use y_dynamodb::queue::Order::{Outside, Queued};
use y_dynamodb::table::memory::{Fault, Hook, HookFuture, MemoryTable, Request};
use y_dynamodb::table::{DeleteIf, Item, Operation};

use crate::support::*;

/// Every request takes 5 ms.
struct Distant;

impl Hook for Distant {
    fn before<'a>(&'a self, _: &'a Request) -> HookFuture<'a, Fault> {
        Box::pin(async {
            sleep(Duration::from_millis(5)).await;
            Fault::None
        })
    }
}

/// A document of `items` items of the original package, on a table with a latency of 5 ms.
fn long_log(items: u32) -> (MemoryTable, Persistence<MemoryTable>, DocName) {
    let (table, d) = (MemoryTable::new(), doc("d"));
    for n in 0..items {
        plant(&table, &d, original(&d, n, update((n % 100) as u8, 1)));
    }
    let persistence = open(&table.with_hook(std::sync::Arc::new(Distant)));
    (table, persistence, d)
}

#[tokio::test(start_paused = true)]
async fn calls_behind_a_flush_of_a_long_log_of_the_original_do_not_wait_for_it() {
    let (_, persistence, d) = long_log(5_000);
    persistence.read(d.clone(), Queued).await.unwrap();
    let before = persistence.store_update(d.clone(), update(100, 1), Queued);
    let begun = Instant::now();
    let flushed = persistence.flush(d.clone(), Queued);
    let stored = persistence.store_update(d.clone(), update(101, 1), Queued);
    let read = persistence.read(d.clone(), Queued);
    before.await.unwrap();
    stored.await.unwrap();
    assert_eq!(numbers(&read.await.unwrap()), set(0..102));
    let waited = begun.elapsed();
    flushed.await.unwrap().unwrap();
    println!("waited {waited:?}, flushed after {:?}", begun.elapsed());
    assert!(waited <= Duration::from_secs(1), "{waited:?}");
    assert!(begun.elapsed() <= Duration::from_secs(4), "deletes go side by side");
    let items = persistence.updates(d.clone(), Queued).await.unwrap();
    assert!(items.len() <= 2 && numbers(&items[0].update).contains(&100), "what was stored before is in it");
    assert_eq!(numbers(&persistence.read(d, Queued).await.unwrap()), set(0..102));
}

#[tokio::test(start_paused = true)]
async fn a_clear_behind_a_flush_waits_for_it_and_nothing_comes_back() {
    let (_, persistence, d) = long_log(500);
    let flushed = persistence.flush(d.clone(), Queued);
    let cleared = persistence.clear(d.clone(), Queued);
    let stored = persistence.store_update(d.clone(), update(7, 1), Queued);
    flushed.await.unwrap();
    cleared.await.unwrap();
    stored.await.unwrap();
    assert_eq!(numbers(&persistence.read(d, Queued).await.unwrap()), set([7]));
}

#[tokio::test(start_paused = true)]
async fn a_persistence_closes_when_its_flushes_have_ended() {
    let (table, persistence, d) = long_log(500);
    let flushed = persistence.flush(d.clone(), Queued);
    persistence.close().await;
    assert_eq!(table.items(&d).len(), 3);
    flushed.await.unwrap();
}

/// The requests and write units of a compaction of `d`, with its result.
async fn compacted(table: &MemoryTable) -> (Option<FlushedDocument>, f64) {
    let before = table.meter().snapshot();
    let flushed = open(table).flush_if_needed(doc("d"), Queued).await.unwrap();
    (flushed, (table.meter().snapshot() - before).total().write_units)
}

#[tokio::test]
async fn a_compaction_that_merges_nothing_writes_nothing() {
    let table = MemoryTable::new();
    assert_eq!(compacted(&table).await, (None, 0.0));
    open(&table).store_update(doc("d"), update(1, 10), Queued).await.unwrap();
    let size = LogSize { items: 1, bytes: update(1, 10).len() };
    let (flushed, written) = compacted(&table).await;
    let flushed = flushed.unwrap();
    assert_eq!((flushed.before, flushed.after, flushed.is_changed, written), (size, size, false, 0.0));
    assert_eq!(table.items(&doc("d")).len(), 1);
}

#[tokio::test]
async fn a_compaction_reports_the_size_of_the_log_before_and_after() {
    let table = MemoryTable::new();
    for n in 0..5 {
        open(&table).store_update(doc("d"), update(n, 10), Queued).await.unwrap();
    }
    plant(&table, &doc("d"), part(&doc("d"), 2, 0, update(9, 1)));
    let (flushed, written) = compacted(&table).await;
    let FlushedDocument { before, after, is_changed, .. } = flushed.unwrap();
    assert!(is_changed);
    assert_eq!(before, LogSize { items: 6, bytes: 5 * update(0, 10).len() }, "with the part that was swept");
    assert_eq!(after.items, 2);
    let items = table.items(&doc("d"));
    assert_eq!(items.len(), 3, "with the state vector item");
    assert!(written > 0.0);
    let (flushed, written) = compacted(&table).await;
    let flushed = flushed.unwrap();
    assert_eq!((flushed.before, flushed.after, flushed.is_changed, written), (after, after, false, 0.0));
    assert_eq!(table.items(&doc("d")), items);
}

#[tokio::test]
async fn a_compaction_replaces_an_outdated_state_vector_item_also_if_it_merges_nothing() {
    let table = MemoryTable::new();
    open(&table).store_update(doc("d"), update(1, 10), Outside).await.unwrap();
    let of_d = |table: &MemoryTable| {
        table.items(&doc("d")).into_iter().find(|item| item.key == SortKey::state_vector(&doc("d")))
    };
    open(&table).flush(doc("d"), Queued).await.unwrap();
    let current = of_d(&table).unwrap();
    let outdated = Item { value: Some(vec![0, 3, 1, 1]), ..current.clone() };
    plant(&table, &doc("d"), outdated);
    let (_, written) = compacted(&table).await;
    assert_eq!((of_d(&table), written), (Some(current), 1.0));
}

#[tokio::test]
async fn a_flush_deletes_the_state_vector_item_while_an_open_item_of_another_process_remains() {
    let table = MemoryTable::new();
    let (typing, other) = (open(&table), open(&table));
    typing.store_update(doc("d"), update(1, 1), Queued).await.unwrap();
    let key = SortKey::state_vector(&doc("d"));
    plant(&table, &doc("d"), Item::plain(key.clone(), vec![5]));
    other.flush(doc("d"), Queued).await.unwrap();
    assert!(table.items(&doc("d")).iter().all(|item| item.key != key));
    // The process that closes the item knows that it grows no more.
    typing.flush(doc("d"), Queued).await.unwrap();
    assert!(table.items(&doc("d")).iter().any(|item| item.key == key));
}

#[tokio::test]
async fn a_flush_writes_no_state_vector_item_if_an_item_that_an_earlier_result_contains_grows_meanwhile() {
    for merges in [false, true] {
        let (table, d) = (MemoryTable::new(), doc("d"));
        open(&table).store_update(d.clone(), update(1, 1), Queued).await.unwrap();
        let open_item = table.items(&d).remove(0);
        open(&table).store_update(d.clone(), update(2, 1), Outside).await.unwrap();
        // A flush that ends between its seal and its deletes.
        let stopped = Faults::on(&table, |request| match request.operation() {
            Operation::DeleteItem | Operation::BatchWriteItem => {
                Fault::Fail(Error::new(Code::Throttled, "injected"))
            }
            _ => Fault::None,
        });
        open(&stopped).flush(d.clone(), Queued).await.unwrap_err();
        if merges {
            open(&table).store_update(d.clone(), update(3, 1), Outside).await.unwrap();
        }
        // The open item grows just before the next flush deletes what it has read of it.
        let inner = table.clone();
        let grown = Item { value: Some(update(4, 1)), version: Some(Version([7; 8])), ..open_item };
        let growing = Faults::on(&table, move |request| {
            if let Request::Delete { doc, condition: DeleteIf::VersionIs(version), .. } = request {
                let (doc, item) = (doc.clone(), grown.clone());
                inner.apply_late(&Request::PutOver { doc, item, replaced: *version });
            }
            Fault::None
        });
        open(&growing).flush(d.clone(), Queued).await.unwrap();
        let found = table.items(&d);
        assert_eq!(found.iter().filter(|item| item.version == Some(Version([7; 8]))).count(), 1);
        assert!(found.iter().all(|item| item.key != SortKey::state_vector(&d)), "merges: {merges}");
        let expected = if merges { set(1..5) } else { set([1, 2, 4]) };
        assert_eq!(numbers(&open(&table).read(d, Queued).await.unwrap()), expected);
    }
}
