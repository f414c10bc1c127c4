//! The faults that the table in memory injects and that no database produces by itself: lost requests and answers,
//! unprocessed keys, short pages, late duplicates. Simulations rely on them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod table_support;

use std::sync::{Arc, Mutex};

use table_support::{doc, head, item, key, updates};
use tokio::sync::Semaphore;
use y_dynamodb::codec::sort_key::DocName;
use y_dynamodb::error::{Code, Error};
use y_dynamodb::table::memory::{Fault, Hook, HookFuture, MemoryTable, Request};
use y_dynamodb::table::{DeleteIf, Operation, Query, Table};

/// Injects one fault into every request, and records the requests.
struct Always(Fault, Mutex<Vec<Request>>);

impl Hook for Always {
    fn before<'a>(&'a self, request: &'a Request) -> HookFuture<'a, Fault> {
        self.1.lock().unwrap().push(request.clone());
        let fault = self.0.clone();
        Box::pin(async { fault })
    }
}

fn always(fault: Fault) -> Arc<Always> {
    Arc::new(Always(fault, Mutex::default()))
}

fn throttled() -> Error {
    Error::new(Code::Throttled, "as asked for")
}

async fn filled(table: &MemoryTable, items: u32) -> DocName {
    let d = doc("doc");
    for clock in 0..items {
        table.put_new(&d, item(&d, clock, b"x")).await.unwrap();
    }
    d
}

#[tokio::test]
async fn a_lost_request_changes_nothing_and_a_lost_answer_does() {
    let table = MemoryTable::new();
    let d = doc("doc");
    let failing = table.with_hook(always(Fault::Fail(throttled())));
    let unanswered = table.with_hook(always(Fault::ApplyThenFail(throttled())));
    assert_eq!(failing.put_new(&d, item(&d, 1, b"x")).await.unwrap_err().code(), Code::Throttled);
    assert_eq!(table.items(&d), []);
    assert_eq!(unanswered.put_new(&d, item(&d, 1, b"x")).await.unwrap_err().code(), Code::Throttled);
    assert_eq!(table.items(&d), [item(&d, 1, b"x")]);

    assert!(failing.delete(&d, &key(&d, 1), DeleteIf::Always).await.is_err());
    assert_eq!(table.items(&d).len(), 1);
    assert!(unanswered.delete_batch(&d, &[key(&d, 1)]).await.is_err());
    assert_eq!(table.items(&d), []);

    let puts = table.meter().snapshot().of(Operation::PutItem);
    assert_eq!((puts.requests, puts.failures, puts.write_units), (2, 2, 1.0));
}

#[tokio::test]
async fn unprocessed_keys_stay() {
    let table = MemoryTable::new();
    let d = filled(&table, 5).await;
    let keys: Vec<_> = (0..5).map(|clock| key(&d, clock)).collect();
    let partial = table.with_hook(always(Fault::Unprocessed(2))).with_own_meter();
    assert_eq!(partial.delete_batch(&d, &keys).await.unwrap(), keys[3..]);
    assert_eq!(table.items(&d), [item(&d, 3, b"x"), item(&d, 4, b"x")]);
    assert_eq!(partial.meter().snapshot().of(Operation::BatchWriteItem).write_units, 3.0);
    let stubborn = table.with_hook(always(Fault::Unprocessed(25)));
    assert_eq!(stubborn.delete_batch(&d, &keys).await.unwrap(), keys);
}

#[tokio::test]
async fn pages_can_be_made_to_end_early() {
    let table = MemoryTable::new();
    let d = filled(&table, 5).await;
    let hooked = table.with_hook(always(Fault::PageItems(2)));
    assert_eq!(hooked.query(&updates(&d)).await.unwrap().items.len(), 2);
    assert_eq!(hooked.scan_keys(10, None).await.unwrap().items.len(), 2);
    table.set_page_items(Some(1));
    let page = hooked.query(&updates(&d)).await.unwrap();
    assert_eq!((page.items.len(), page.next), (1, Some(key(&d, 0))));
    table.set_page_items(None);
    assert_eq!(table.query(&updates(&d)).await.unwrap().items.len(), 5);
}

#[tokio::test]
async fn a_query_that_begins_outside_its_prefix_is_refused() {
    let table = MemoryTable::new();
    let query = Query { after: Some(key(&doc("doc1"), 1)), ..updates(&doc("doc")) };
    assert_eq!(table.query(&query).await.unwrap_err().code(), Code::Internal);
}

#[tokio::test]
async fn a_late_duplicate_is_a_write_like_another() {
    let table = MemoryTable::new();
    let d = doc("doc");
    let hook = always(Fault::None);
    let hooked = table.with_hook(hook.clone());
    hooked.put_new(&d, head(&d, 1, false)).await.unwrap();
    hooked.seal(&d, &key(&d, 1)).await.unwrap();
    hooked.delete(&d, &key(&d, 1), DeleteIf::Always).await.unwrap();
    let [put, seal, delete] = hook.1.lock().unwrap().clone().try_into().unwrap();

    table.apply_late(&put);
    assert_eq!(table.items(&d), [head(&d, 1, false)]);
    table.apply_late(&seal);
    table.apply_late(&put);
    assert_eq!(table.items(&d), [head(&d, 1, true)], "the key is taken");
    table.apply_late(&delete);
    table.apply_late(&seal);
    assert_eq!(table.items(&d), []);
}

#[tokio::test]
async fn a_lost_attempt_is_recorded_by_the_handle_that_made_it() {
    let table = MemoryTable::new();
    let d = doc("doc");
    let unavailable = Error::new(Code::Unavailable, "as asked for");
    for fault in [Fault::LostAttempt, Fault::Fail(unavailable.clone()), Fault::ApplyThenFail(unavailable)] {
        let hooked = table.with_hook(always(fault));
        // The result does not matter here.
        let _ = hooked.put_new(&d, item(&d, 1, b"x")).await;
        assert!(hooked.late().puts_until(&d).is_some());
    }
    let throttling = table.with_hook(always(Fault::Fail(throttled())));
    assert!(throttling.put_new(&d, item(&d, 2, b"x")).await.is_err());
    assert!(throttling.late().puts_until(&d).is_none(), "DynamoDB answered");
    assert!(table.late().puts_until(&d).is_none(), "another process");
    assert_eq!(table.items(&d), [item(&d, 1, b"x")]);
}

/// Lets the test decide when requests begin and end.
struct Gate {
    before: Semaphore,
    after: Semaphore,
}

impl Hook for Gate {
    fn before<'a>(&'a self, _: &'a Request) -> HookFuture<'a, Fault> {
        Box::pin(async {
            self.before.acquire().await.unwrap().forget();
            Fault::None
        })
    }

    fn after<'a>(&'a self, _: &'a Request) -> HookFuture<'a, ()> {
        Box::pin(async { self.after.acquire().await.unwrap().forget() })
    }
}

#[tokio::test]
async fn a_request_waits_before_it_is_applied_and_before_it_is_answered() {
    let table = MemoryTable::new();
    let d = doc("doc");
    let gate = Arc::new(Gate { before: Semaphore::new(0), after: Semaphore::new(0) });
    let gated = table.with_hook(gate.clone());
    let put = |clock| {
        let (gated, d) = (gated.clone(), d.clone());
        tokio::spawn(async move { gated.put_new(&d, item(&d, clock, b"x")).await })
    };
    let settle = async || {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    };

    let frozen = put(1);
    settle().await;
    assert_eq!(table.items(&d), []);
    gate.before.add_permits(1);
    settle().await;
    assert_eq!(table.items(&d).len(), 1, "applied");
    assert!(!frozen.is_finished(), "and not answered");
    gate.after.add_permits(1);
    frozen.await.unwrap().unwrap();

    // One process dies before its request is applied, another one after.
    let early = put(2);
    settle().await;
    early.abort();
    assert!(early.await.unwrap_err().is_cancelled());
    gate.before.add_permits(1);
    let late = put(3);
    settle().await;
    late.abort();
    assert!(late.await.unwrap_err().is_cancelled());
    assert_eq!(table.items(&d), [item(&d, 1, b"x"), item(&d, 3, b"x")]);
}

#[tokio::test]
async fn a_table_that_is_missing_or_foreign_serves_nothing_until_it_is_made() {
    let d = doc("doc");
    let missing = MemoryTable::missing();
    assert_eq!(missing.put_new(&d, item(&d, 1, b"x")).await.unwrap_err().code(), Code::Table);
    assert_eq!(missing.prepare(false).await.unwrap_err().code(), Code::Table);
    missing.prepare(true).await.unwrap();
    missing.put_new(&d, item(&d, 1, b"x")).await.unwrap();

    let foreign = MemoryTable::with_foreign_keys();
    assert_eq!(foreign.prepare(true).await.unwrap_err().code(), Code::Table);
    assert_eq!(foreign.query(&updates(&d)).await.unwrap_err().code(), Code::Table);
}
