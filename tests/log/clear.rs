//! Clears of one document and of all: what they delete and spare, and what happens if one stops half-way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use y_dynamodb::codec::MetaKey;
use y_dynamodb::codec::SortKey;
use y_dynamodb::codec::sort_key::{LogClock, UpdateKey};
use y_dynamodb::error::Code;
use y_dynamodb::queue::Order::{Outside, Queued};
use y_dynamodb::table::memory::{Fault, Hook, HookFuture, MemoryTable, Request};

use crate::support::*;

#[tokio::test]
async fn a_clear_takes_updates_metas_and_state_vector_and_nothing_else() {
    let table = MemoryTable::new();
    table.set_page_items(Some(7));
    let persistence = open(&table);
    for name in ["doc", "doc1"] {
        persistence.store_update(doc(name), update(1, 1_000_000), Queued).await.unwrap();
        for n in 2..60 {
            persistence.store_update(doc(name), update(n, 1), Queued).await.unwrap();
        }
        persistence.flush(doc(name), Queued).await.unwrap();
        for n in 0..30 {
            let key = MetaKey::new(&doc(name), &format!("key{n}")).unwrap();
            persistence.set_meta(doc(name), key, vec![0; 1_000], Queued).await.unwrap();
        }
    }
    let other = table.items(&doc("doc1"));
    persistence.clear(doc("doc"), Queued).await.unwrap();
    assert_eq!(table.items(&doc("doc")), []);
    assert_eq!(table.items(&doc("doc1")), other);
    assert_eq!(persistence.read(doc("doc"), Queued).await.unwrap(), [0, 0]);
    assert_eq!(persistence.store_update(doc("doc"), update(9, 1), Queued).await.unwrap(), Some(LogClock(0)));
}

#[tokio::test]
async fn a_clear_that_stops_half_way_leaves_no_sealed_head_without_its_parts() {
    let table = MemoryTable::new();
    let (inner, split) = (table.clone(), Arc::new(AtomicBool::new(false)));
    let seen = split.clone();
    let watched = Faults::on(&table, move |request| {
        if let Request::DeleteBatch { doc, keys } = request {
            let items = inner.items(doc);
            let has_head = |key: &SortKey| match key.parse_update(doc) {
                Some(UpdateKey::Part(clock, id, _)) => {
                    items.iter().any(|item| item.key == SortKey::update(doc, clock, id))
                }
                _ => false,
            };
            seen.fetch_or(keys.iter().any(has_head), Ordering::Relaxed);
        }
        Fault::None
    });
    let persistence = open(&watched);
    for n in 0..3 {
        persistence.store_update(doc("d"), update(n, 800_000), Queued).await.unwrap();
    }
    persistence.clear(doc("d"), Queued).await.unwrap();
    assert_eq!(table.items(&doc("d")), []);
    assert!(!split.load(Ordering::Relaxed), "parts were deleted while their head was there");
}

#[tokio::test]
async fn a_clear_goes_on_until_a_query_is_empty() {
    let table = MemoryTable::new();
    let (inner, mut late) = (table.clone(), 5);
    let steady = Faults::on(&table, move |request| {
        let Request::DeleteBatch { doc, keys } = request else { return Fault::None };
        if late > 0 {
            late -= 1;
            plant(&inner, doc, original(doc, 100 - late, update(1, 1)));
        }
        Fault::Unprocessed(keys.len() / 2)
    });
    let persistence = open(&steady);
    for n in 0..30 {
        persistence.store_update(doc("d"), update(n, 1), Queued).await.unwrap();
    }
    persistence.clear(doc("d"), Queued).await.unwrap();
    assert_eq!(table.items(&doc("d")), []);
}

#[tokio::test]
async fn a_clear_against_a_steady_writer_gives_up_and_says_so() {
    let table = MemoryTable::new();
    let inner = table.clone();
    let steady = Faults::on(&table, move |request| {
        if let Request::DeleteBatch { doc, .. } = request {
            plant(&inner, doc, original(doc, 0, update(1, 1)));
            plant(&inner, doc, original(doc, fastrand::u32(1..), update(1, 1)));
        }
        Fault::None
    });
    let persistence = open(&steady);
    persistence.store_update(doc("d"), update(1, 1), Outside).await.unwrap();
    let error = persistence.clear(doc("d"), Queued).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.code().is_retryable());
}

#[tokio::test]
async fn clearing_all_spares_foreign_items_and_what_is_stored_afterwards() {
    let table = MemoryTable::new();
    let persistence = open(&table);
    let foreign = y_dynamodb::table::Item {
        key: y_dynamodb::codec::SortKey::from_bytes(b"theirs".to_vec()),
        value: Some(vec![1]),
        head: None,
        at: None,
        version: None,
    };
    plant(&table, &doc("theirs"), foreign);
    let mut calls = Vec::new();
    for n in 0..20 {
        calls.push(persistence.store_update(doc(&format!("doc{n}")), update(n, 1), Queued));
    }
    let key = MetaKey::new(&doc("only metas"), "k").unwrap();
    persistence.set_meta(doc("only metas"), key, vec![1], Queued).await.unwrap();
    let cleared = persistence.clear_all();
    let later = persistence.store_update(doc("doc3"), update(99, 1), Queued);
    let fresh = persistence.store_update(doc("fresh"), update(98, 1), Queued);
    cleared.await.unwrap();
    later.await.unwrap();
    fresh.await.unwrap();
    for call in calls {
        call.await.unwrap();
    }
    let mut names = persistence.doc_names(None).await.unwrap().results;
    names.sort();
    assert_eq!(names, [doc("doc3"), doc("fresh")]);
    assert_eq!(numbers(&persistence.read(doc("doc3"), Queued).await.unwrap()), set([99]));
    assert_eq!(table.items(&doc("theirs")).len(), 1);
    assert_eq!(table.items(&doc("only metas")), []);
}

#[tokio::test(start_paused = true)]
async fn a_clear_of_all_waits_for_a_store_outside_the_queue() {
    let table = MemoryTable::new();
    let slow = table.with_hook(Arc::new(SlowPuts));
    let persistence = open(&slow);
    persistence.store_update(doc("other"), update(1, 1), Queued).await.unwrap();
    let outside = persistence.store_update(doc("d"), update(1, 1), Outside);
    tokio::time::sleep(Duration::from_millis(100)).await;
    persistence.clear_all().await.unwrap();
    outside.await.unwrap();
    assert_eq!((table.items(&doc("d")), table.items(&doc("other"))), (vec![], vec![]));
}

/// A put takes a second.
struct SlowPuts;

impl Hook for SlowPuts {
    fn before<'a>(&'a self, request: &'a Request) -> HookFuture<'a, Fault> {
        let is_put = matches!(request, Request::PutNew { .. });
        Box::pin(async move {
            if is_put {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Fault::None
        })
    }
}
