//! A flush runs beside the queue.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use y_dynamodb::codec::sort_key::DocName;
use y_dynamodb::persistence::Persistence;
use y_dynamodb::queue::Order::Queued;
use y_dynamodb::table::memory::{Fault, Hook, HookFuture, MemoryTable, Request};

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

/// A document of so many items of the original package, on a table that is 5 ms away.
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
