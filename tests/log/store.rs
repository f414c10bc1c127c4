//! Stores: batches, large updates, refused updates, log clocks and unknown outcomes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use y_dynamodb::codec::sort_key::{LogClock, UpdateKey};
use y_dynamodb::error::{Code, Error};
use y_dynamodb::limits::MAX_ITEM_BYTES;
use y_dynamodb::persistence::Options;
use y_dynamodb::queue::Order::{Outside, Queued};
use y_dynamodb::table::Operation;
use y_dynamodb::table::memory::{Fault, Hook, HookFuture, MemoryTable, Request};
use y_dynamodb::update;

use crate::support::*;

#[tokio::test]
async fn an_update_is_stored_byte_for_byte_and_costs_one_put() {
    let table = MemoryTable::new();
    let persistence = open(&table);
    assert_eq!(persistence.store_update(doc("d"), update(1, 3), Queued).await.unwrap(), Some(LogClock(0)));
    let before = table.meter().snapshot();
    assert_eq!(persistence.store_update(doc("d"), update(2, 3), Outside).await.unwrap(), Some(LogClock(1)));
    let cost = (table.meter().snapshot() - before).total();
    assert_eq!((cost.requests, cost.write_units, cost.read_units), (1, 1.0, 0.0));
    let values: Vec<_> = table.items(&doc("d")).into_iter().map(|item| item.value.unwrap()).collect();
    assert_eq!(values, [update(1, 3), update(2, 3)]);
}

#[tokio::test]
async fn an_update_with_nothing_in_it_writes_nothing() {
    let table = MemoryTable::new();
    let persistence = open(&table);
    assert_eq!(persistence.store_update(doc("d"), vec![0, 0], Queued).await.unwrap(), None);
    assert_eq!(table.items(&doc("d")), []);
    persistence.store_update(doc("d"), update(1, 1), Queued).await.unwrap();
    let calls = [0; 3].map(|_| persistence.store_update(doc("d"), vec![0, 0], Queued));
    for call in calls {
        assert_eq!(call.await.unwrap(), Some(LogClock(0)));
    }
    assert_eq!(table.items(&doc("d")).len(), 1);
}

#[tokio::test]
async fn updates_that_wait_side_by_side_go_out_as_one_item() {
    let table = MemoryTable::new();
    let persistence = open(&table);
    let calls: Vec<_> = (0..100).map(|n| persistence.store_update(doc("d"), update(n, 1), Queued)).collect();
    let mut clocks = Vec::new();
    for call in calls {
        clocks.push(call.await.unwrap());
    }
    assert!(clocks.is_sorted());
    assert!(table.items(&doc("d")).len() <= 3, "{} items", table.items(&doc("d")).len());
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set(0..100));
}

#[tokio::test]
async fn a_batch_stays_under_the_item_limit_and_a_large_update_goes_in_parts_beside_it() {
    let table = MemoryTable::new();
    let persistence = open(&table);
    let lengths = [200_000, 200_000, 1_000_000, 150_000, 100];
    let calls: Vec<_> = (0..5)
        .zip(lengths)
        .map(|(n, length)| persistence.store_update(doc("d"), update(n, length), Queued))
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    let items = table.items(&doc("d"));
    let heads = items.iter().filter(|item| item.head.as_ref().is_some_and(|head| head.sealed)).count();
    let parts =
        items.iter().filter(|item| matches!(item.key.parse_update(&doc("d")), Some(UpdateKey::Part(..))));
    assert_eq!((heads, parts.count()), (1, 3));
    assert!(items.iter().all(|item| item.value.as_ref().unwrap().len() < MAX_ITEM_BYTES));
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set(0..5));
}

#[tokio::test]
async fn an_invalid_update_is_refused_and_its_neighbours_are_stored() {
    let table = MemoryTable::new();
    let persistence = open(&table);
    let first = persistence.store_update(doc("d"), update(1, 1), Queued);
    let bad = persistence.store_update(doc("d"), vec![1, 2, 3], Queued);
    let last = persistence.store_update(doc("d"), update(2, 1), Queued);
    assert_eq!(bad.await.unwrap_err().code(), Code::InvalidUpdate);
    first.await.unwrap();
    last.await.unwrap();
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([1, 2]));
}

#[tokio::test]
async fn a_batch_drops_nothing_that_was_never_stored() {
    // These two contradict each other: a merge with collecting would drop the text "ab".
    let updates = [
        vec![1, 2, 1, 0, 7, 1, 1, b'a', 1, 4, 0, 1, 0, 2, b'a', b'b', 0],
        vec![1, 1, 1, 0, 1, 1, 1, b't', 4, 0],
    ];
    let persistence = open(&MemoryTable::new());
    let calls = updates.clone().map(|update| persistence.store_update(doc("d"), update, Queued));
    for call in calls {
        call.await.unwrap();
    }
    let stored = persistence.updates(doc("d"), Queued).await.unwrap();
    assert_eq!(stored.len(), 1, "one batch");
    update::verify(&updates, &stored[0].update).unwrap();
    assert!(stored[0].update.windows(2).any(|pair| pair == b"ab"));
}

/// Puts wait until the gate opens.
struct Gate(Arc<Notify>);

impl Hook for Gate {
    fn before<'a>(&'a self, request: &'a Request) -> HookFuture<'a, Fault> {
        let waits = matches!(request, Request::PutNew { .. });
        Box::pin(async move {
            if waits {
                self.0.notified().await;
                self.0.notify_one();
            }
            Fault::None
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn updates_that_wait_for_a_slow_table_are_coalesced() {
    const CALLS: usize = 20_000;
    let (table, gate) = (MemoryTable::new(), Arc::new(Notify::new()));
    let persistence = open(&table.with_hook(Arc::new(Gate(gate.clone()))));
    let mut typist = Typist::default();
    let mut calls = vec![persistence.store_update(doc("d"), typist.key(), Queued)];
    let mut reads = Vec::new();
    for n in 1..CALLS {
        if n % 5_000 == 0 {
            reads.push((n, persistence.read(doc("d"), Queued)));
        }
        if n % 4_000 == 0 {
            let refused = persistence.store_update(doc("d"), vec![1, 2, 3], Queued);
            calls.push(Box::pin(async move {
                assert_eq!(refused.await.unwrap_err().code(), Code::InvalidUpdate);
                Ok(None)
            }));
        }
        calls.push(persistence.store_update(doc("d"), typist.key(), Queued));
    }
    let waiting = || persistence.stats().depth;
    for _ in 0..1_000 {
        // About 13 bytes per update; merged, one per key.
        if waiting().waiting_bytes <= CALLS + 64 * 1_024 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let depth = waiting();
    assert!(depth.waiting_updates > CALLS / 2 && depth.waiting_bytes <= CALLS + 64 * 1_024, "{depth:?}");
    gate.notify_one();
    for call in calls {
        call.await.unwrap();
    }
    for (n, read) in reads {
        assert_eq!(update::state_vector(&read.await.unwrap()).unwrap(), typist.state_vector_at(n));
    }
    assert_eq!((waiting().waiting_updates, waiting().waiting_bytes), (0, 0));
    let stored: usize = table.items(&doc("d")).into_iter().map(|item| item.value.unwrap().len()).sum();
    assert!(stored < 2 * CALLS, "{stored} bytes");
    assert_eq!(persistence.stats().counts.updates as usize, CALLS);
}

#[tokio::test]
async fn a_failed_put_rejects_its_updates_and_the_next_one_works() {
    let table = MemoryTable::new();
    let mut failures = 1;
    let faulty = Faults::on(&table, move |request| match request {
        Request::PutNew { .. } if failures > 0 => {
            failures -= 1;
            Fault::Fail(Error::new(Code::Throttled, "injected"))
        }
        _ => Fault::None,
    });
    let persistence = open(&faulty);
    let refused = persistence.store_update(doc("d"), update(1, 1), Queued).await.unwrap_err();
    assert_eq!(refused.code(), Code::Throttled);
    persistence.store_update(doc("d"), update(2, 1), Queued).await.unwrap();
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([2]));
}

#[tokio::test]
async fn an_unknown_outcome_of_a_seal_is_read_from_the_head() {
    let table = MemoryTable::new();
    let lost = Faults::on(&table, |request| match request {
        Request::Seal { .. } => Fault::ApplyThenFail(Error::new(Code::Unavailable, "response lost")),
        _ => Fault::None,
    });
    let persistence = open(&lost);
    persistence.store_update(doc("d"), update(1, 500_000), Queued).await.unwrap();
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([1]));
}

#[tokio::test]
async fn a_set_whose_head_was_cleared_away_is_written_again() {
    let table = MemoryTable::new();
    let (inner, mut once) = (table.clone(), true);
    let cleared = Faults::on(&table, move |request| {
        if let Request::Seal { doc, key } = request
            && std::mem::take(&mut once)
        {
            inner.apply_late(&Request::DeleteBatch { doc: doc.clone(), keys: vec![key.clone()] });
        }
        Fault::None
    });
    let persistence = open(&cleared);
    persistence.store_update(doc("d"), update(1, 500_000), Queued).await.unwrap();
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([1]));
    assert_eq!(table.items(&doc("d")).len(), 3, "the items of the first attempt are gone");
}

#[tokio::test]
async fn nothing_fits_behind_the_largest_log_clock() {
    let table = MemoryTable::new();
    plant(&table, &doc("d"), original(&doc("d"), u32::MAX, update(1, 1)));
    let persistence = open(&table);
    let refused = persistence.store_update(doc("d"), update(2, 1), Queued).await.unwrap_err();
    assert_eq!(refused.code(), Code::Corrupt);
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([1]));
}

#[tokio::test(start_paused = true)]
async fn a_batch_delay_gathers_updates_until_a_read_wants_them() {
    let table = MemoryTable::new();
    let delay = Duration::from_secs(1);
    let persistence = open_with(&table, Options { batch_delay: delay, ..quiet() });
    let begin = tokio::time::Instant::now();
    let mut calls = Vec::new();
    for n in 0..5 {
        calls.push(persistence.store_update(doc("d"), update(n, 1), Queued));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(begin.elapsed().as_millis() / 10, 100);
    assert_eq!(table.items(&doc("d")).len(), 1);

    let begin = tokio::time::Instant::now();
    let stored = persistence.store_update(doc("d"), update(9, 1), Queued);
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([0, 1, 2, 3, 4, 9]));
    stored.await.unwrap();
    assert!(begin.elapsed() < delay);
}

#[tokio::test]
async fn stores_outside_the_queue_are_all_kept() {
    let table = MemoryTable::new();
    let persistence = open(&table);
    let calls: Vec<_> = (0..100)
        .map(|n| persistence.store_update(doc("d"), update(n, 1), if n % 2 == 0 { Outside } else { Queued }))
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set(0..100));
}

#[tokio::test]
async fn no_read_writes() {
    let table = MemoryTable::new();
    let persistence = open(&table);
    for n in 0..3 {
        persistence.store_update(doc("d"), update(n, 1), Queued).await.unwrap();
    }
    let before = table.meter().snapshot();
    persistence.read(doc("d"), Queued).await.unwrap();
    persistence.read(doc("missing"), Queued).await.unwrap();
    assert_eq!(persistence.state_vector(doc("missing"), Queued).await.unwrap(), [0]);
    persistence.diff(doc("d"), vec![0], Queued).await.unwrap();
    persistence.updates(doc("d"), Queued).await.unwrap();
    persistence.metas(doc("d"), Queued).await.unwrap();
    persistence.doc_names(None).await.unwrap();
    persistence.doc_states(None).await.unwrap();
    let cost = table.meter().snapshot() - before;
    let writes =
        [Operation::PutItem, Operation::UpdateItem, Operation::DeleteItem, Operation::BatchWriteItem];
    assert_eq!(writes.map(|operation| cost.of(operation).requests), [0; 4]);
    assert_eq!(cost.total().write_units, 0.0);
}

#[tokio::test]
async fn the_stats_count_batches_requests_and_what_waits() {
    let table = MemoryTable::new();
    let persistence = open(&table);
    let calls: Vec<_> = (0..100).map(|n| persistence.store_update(doc("d"), update(n, 1), Queued)).collect();
    let depth = persistence.stats().depth;
    assert_eq!((depth.documents, depth.open_calls, depth.waiting_updates), (1, 100, 100));
    for call in calls {
        call.await.unwrap();
    }
    persistence.flush(doc("d"), Queued).await.unwrap();
    let stats = persistence.stats();
    assert_eq!(stats.counts.updates, 100);
    assert!((1..=3).contains(&stats.counts.batches));
    assert!(stats.counts.largest_batch >= 34);
    assert!(stats.counts.batch_bytes < stats.counts.update_bytes);
    assert_eq!(
        stats.cost.of(Operation::PutItem).requests,
        table.meter().snapshot().of(Operation::PutItem).requests
    );
    assert_eq!((stats.depth.open_calls, stats.depth.waiting_updates, stats.depth.waiting_bytes), (0, 0, 0));
}
