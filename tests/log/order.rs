//! The order of calls: on one document, on several at once, on all documents, and at a close.

use std::sync::Arc;
use std::time::Duration;

use y_dynamodb::codec::MetaKey;
use y_dynamodb::error::{Code, Error};
use y_dynamodb::persistence::Options;
use y_dynamodb::queue::Order::Queued;
use y_dynamodb::table::memory::{Fault, Hook, HookFuture, MemoryTable, Request};

use crate::support::*;

#[tokio::test]
async fn a_read_sees_every_store_called_before_it_and_none_called_after_it() {
    let table = MemoryTable::new();
    let persistence = open(&table);
    let mut reads = Vec::new();
    let mut stores = Vec::new();
    for n in 0..50 {
        stores.push(persistence.store_update(doc("d"), update(n, 1), Queued));
        reads.push(persistence.read(doc("d"), Queued));
    }
    for (n, read) in (1..).zip(reads) {
        assert_eq!(numbers(&read.await.unwrap()), set(0..n));
    }
}

/// Requests for the document 'slow' are never answered.
struct Stuck;

impl Hook for Stuck {
    fn before<'a>(&'a self, request: &'a Request) -> HookFuture<'a, Fault> {
        let is_slow = matches!(request, Request::QueryKeys(query) if query.doc.as_str() == "slow");
        Box::pin(async move { if is_slow { std::future::pending().await } else { Fault::None } })
    }
}

#[tokio::test]
async fn documents_do_not_wait_for_each_other() {
    let persistence = open(&MemoryTable::new().with_hook(Arc::new(Stuck)));
    let slow = persistence.store_update(doc("slow"), update(1, 1), Queued);
    persistence.store_update(doc("fast"), update(1, 1), Queued).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(10), slow).await.is_err());
}

#[tokio::test]
async fn a_store_called_at_the_rejection_of_another_is_sent() {
    let requests: [fn(&Request) -> bool; 2] = [
        |request| matches!(request, Request::QueryKeys(_)),
        |request| matches!(request, Request::PutNew { .. }),
    ];
    for fails in requests {
        let mut failures = 1;
        let faulty = Faults::on(&MemoryTable::new(), move |request| {
            if failures > 0 && fails(request) {
                failures -= 1;
                return Fault::Fail(Error::new(Code::Unavailable, "injected"));
            }
            Fault::None
        });
        let persistence = open(&faulty);
        let rejected = persistence.store_update(doc("d"), update(1, 1), Queued);
        // The answer wakes this task before the queue continues.
        let client = tokio::spawn({
            let persistence = persistence.clone();
            async move {
                assert_eq!(rejected.await.unwrap_err().code(), Code::Unavailable);
                persistence.store_update(doc("d"), update(2, 1), Queued).await
            }
        });
        client.await.unwrap().unwrap();
        assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([2]));
    }
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_what_was_called_and_sends_delayed_batches_at_once() {
    let table = MemoryTable::new();
    let persistence = open_with(&table, Options { batch_delay: Duration::from_secs(60), ..quiet() });
    let begin = tokio::time::Instant::now();
    let stored = persistence.store_update(doc("d"), update(1, 1), Queued);
    tokio::time::sleep(Duration::from_secs(1)).await;
    persistence.close().await;
    stored.await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(2));
    let refused = persistence.store_update(doc("d"), update(2, 1), Queued).await.unwrap_err();
    assert_eq!(refused.code(), Code::Closed);
    assert_eq!(persistence.read(doc("d"), Queued).await.unwrap_err().code(), Code::Closed);
    assert_eq!(persistence.doc_names(None).await.unwrap_err().code(), Code::Closed);
    persistence.close().await;
    assert_eq!(table.items(&doc("d")).len(), 1);
}

#[tokio::test]
async fn a_table_that_cannot_be_used_rejects_every_call_until_it_can() {
    let table = MemoryTable::with_foreign_keys();
    let persistence = open(&table);
    for _ in 0..2 {
        assert_eq!(persistence.read(doc("d"), Queued).await.unwrap_err().code(), Code::Table);
        let stored = persistence.store_update(doc("d"), update(1, 1), Queued).await;
        assert_eq!(stored.unwrap_err().code(), Code::Table);
    }
    let missing = MemoryTable::missing();
    let persistence = open(&missing);
    persistence.store_update(doc("d"), update(1, 1), Queued).await.unwrap();
    let skipping = open_with(&MemoryTable::missing(), Options { skip_create_table: true, ..quiet() });
    assert_eq!(skipping.read(doc("d"), Queued).await.unwrap_err().code(), Code::Table);
}

#[tokio::test]
async fn listings_meet_every_document_once_whatever_the_pages() {
    for page_items in [1, 2, 7, 1_000] {
        let table = MemoryTable::new();
        table.set_page_items(Some(page_items));
        let persistence = open(&table);
        for m in 0..10 {
            let key = MetaKey::new(&doc("doc5"), &m.to_string()).unwrap();
            persistence.set_meta(doc("doc5"), key, vec![m], Queued).await.unwrap();
        }
        for n in 0..12 {
            for m in 0..=n {
                let stored = persistence.store_update(doc(&format!("doc{n}")), update(m, 1), Queued);
                stored.await.unwrap();
            }
        }
        let (mut names, mut cursor) = (Vec::new(), None);
        loop {
            let page = persistence.doc_names(cursor).await.unwrap();
            names.extend(page.results);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let (mut states, mut cursor) = (Vec::new(), None);
        loop {
            let page = persistence.doc_states(cursor).await.unwrap();
            states.extend(page.results);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        names.sort();
        states.sort_by(|a, b| a.name.cmp(&b.name));
        let mut expected: Vec<_> = (0..12).map(|n| doc(&format!("doc{n}"))).collect();
        expected.sort();
        assert_eq!(names, expected);
        assert_eq!(states.iter().map(|state| state.name.clone()).collect::<Vec<_>>(), expected);
        for state in states {
            let read = persistence.state_vector(state.name.clone(), Queued).await.unwrap();
            assert_eq!(state.state_vector, read, "{}", state.name);
            let updates = persistence.updates(state.name, Queued).await.unwrap();
            assert_eq!(state.clock, updates.last().unwrap().clock);
        }
    }
}
