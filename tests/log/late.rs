//! Attempts that got no answer and arrive later: after the retry, after a clear, after the next write of a meta.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use y_dynamodb::codec::MetaKey;
use y_dynamodb::error::{Code, Error};
use y_dynamodb::persistence::Persistence;
use y_dynamodb::queue::Order::{Outside, Queued};
use y_dynamodb::table::late::LATE_WRITE;
use y_dynamodb::table::memory::{Fault, MemoryTable, Request};

use crate::support::*;

/// A table whose first write of each item loses an attempt, which the network delays.
struct Holding {
    table: MemoryTable,
    faulty: MemoryTable,
    held: Arc<Mutex<Vec<Request>>>,
}

impl Holding {
    fn new(fault: Fault, is_held: impl Fn(&Request) -> bool + Send + 'static) -> Self {
        let (table, held) = (MemoryTable::new(), Arc::<Mutex<Vec<Request>>>::default());
        let holds = held.clone();
        let faulty = Faults::on(&table, move |request| {
            let mut held = holds.lock().unwrap();
            if !is_held(request) || held.contains(request) {
                return Fault::None;
            }
            held.push(request.clone());
            fault.clone()
        });
        Holding { table, faulty, held }
    }

    /// From now on the network delivers the delayed attempts, after `delay`.
    fn deliver_after(&self, delay: Duration) {
        let (table, held) = (self.table.clone(), self.held.clone());
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            held.lock().unwrap().iter().for_each(|request| table.apply_late(request));
        });
    }

    fn open(&self) -> Persistence<MemoryTable> {
        open(&self.faulty)
    }
}

fn unavailable() -> Error {
    Error::new(Code::Unavailable, "injected")
}

fn is_put(request: &Request) -> bool {
    matches!(request, Request::PutNew { .. } | Request::Put { .. })
}

fn meta_key() -> MetaKey {
    MetaKey::new(&doc("d"), "k").unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_put_that_arrives_behind_a_clear_does_not_bring_the_document_back() {
    for fault in [Fault::LostAttempt, Fault::Fail(unavailable()), Fault::ApplyThenFail(unavailable())] {
        let holding = Holding::new(fault, is_put);
        let persistence = holding.open();
        // Acknowledged at the second attempt, or failed: both attempts may still arrive.
        let _ = persistence.store_update(doc("d"), update(1, 1), Queued).await;
        let _ = persistence.store_update(doc("d"), update(2, 500_000), Queued).await;
        let _ = persistence.set_meta(doc("d"), meta_key(), vec![1], Queued).await;
        holding.deliver_after(Duration::from_millis(14_900));
        persistence.clear(doc("d"), Queued).await.unwrap();
        tokio::time::sleep(LATE_WRITE).await;
        assert_eq!(holding.table.items(&doc("d")), []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_clear_of_all_documents_waits_for_puts_that_may_arrive() {
    let holding = Holding::new(Fault::Fail(unavailable()), is_put);
    let persistence = holding.open();
    for name in ["d", "e"] {
        persistence.store_update(doc(name), update(1, 1), Queued).await.unwrap_err();
    }
    holding.deliver_after(Duration::from_secs(14));
    let begin = Instant::now();
    persistence.clear_all().await.unwrap();
    assert!(begin.elapsed() <= LATE_WRITE, "they are waited for together");
    tokio::time::sleep(LATE_WRITE).await;
    assert_eq!(holding.table.all_items(), []);
}

#[tokio::test(start_paused = true)]
async fn a_late_put_that_another_process_has_compacted_does_not_come_back_either() {
    let holding = Holding::new(Fault::LostAttempt, is_put);
    let persistence = holding.open();
    persistence.store_update(doc("d"), update(1, 1), Queued).await.unwrap();
    holding.deliver_after(Duration::from_secs(5));
    let other = open(&holding.table);
    let flushes = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(3)).await;
        other.store_update(doc("d"), update(2, 1), Queued).await.unwrap();
        tokio::time::sleep(Duration::from_secs(3)).await;
        other.flush(doc("d"), Queued).await.unwrap();
        let merged = other.updates(doc("d"), Queued).await.unwrap();
        assert_eq!((merged.len(), numbers(&merged[0].update)), (1, set([1, 2])));
    });
    persistence.clear(doc("d"), Queued).await.unwrap();
    flushes.await.unwrap();
    assert!(!numbers(&persistence.read(doc("d"), Queued).await.unwrap()).contains(&1));
}

#[tokio::test(start_paused = true)]
async fn a_clear_waits_only_for_puts_of_its_document_that_may_still_arrive() {
    let holding = Holding::new(Fault::LostAttempt, is_put);
    let persistence = holding.open();
    let clear = async || {
        let (begin, before) = (Instant::now(), holding.faulty.meter().snapshot());
        persistence.clear(doc("d"), Queued).await.unwrap();
        (begin.elapsed(), (holding.faulty.meter().snapshot() - before).total().requests)
    };
    persistence.store_update(doc("other"), update(1, 1), Queued).await.unwrap();
    let (took, usual) = clear().await;
    assert_eq!((took, usual), (Duration::ZERO, 2), "a Query, and the state vector");

    persistence.store_update(doc("d"), update(2, 1), Queued).await.unwrap();
    tokio::time::sleep(Duration::from_secs(4)).await;
    let (took, requests) = clear().await;
    assert!(took.abs_diff(Duration::from_secs(11)) < Duration::from_millis(10), "{took:?}");
    assert_eq!(requests, 2 + usual + usual, "a Query and a delete, twice what an empty document costs");

    persistence.store_update(doc("d"), update(3, 1), Queued).await.unwrap();
    tokio::time::sleep(LATE_WRITE).await;
    assert_eq!(clear().await.0, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_late_write_of_a_meta_does_not_undo_the_next_one() {
    for clears in [false, true] {
        let holding = Holding::new(Fault::LostAttempt, |request| {
            let is_first = matches!(request, Request::Put { item, .. } if item.value == Some(vec![1]));
            is_first || matches!(request, Request::Delete { .. } | Request::DeleteBatch { .. })
        });
        let persistence = holding.open();
        let meta = async || persistence.meta(doc("d"), meta_key(), Queued).await.unwrap();
        persistence.set_meta(doc("d"), meta_key(), vec![1], Queued).await.unwrap();
        holding.deliver_after(Duration::from_secs(14));
        persistence.set_meta(doc("d"), meta_key(), vec![2], Queued).await.unwrap();
        tokio::time::sleep(LATE_WRITE).await;
        assert_eq!(meta().await, Some(vec![2]), "a late put");

        if clears {
            persistence.clear(doc("d"), Queued).await.unwrap();
        } else {
            persistence.delete_meta(doc("d"), meta_key(), Queued).await.unwrap();
        }
        holding.held.lock().unwrap().retain(|request| !is_put(request));
        holding.deliver_after(Duration::from_secs(14));
        persistence.set_meta(doc("d"), meta_key(), vec![3], Queued).await.unwrap();
        tokio::time::sleep(LATE_WRITE).await;
        assert_eq!(meta().await, Some(vec![3]), "a late delete");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_of_a_meta_waits_for_its_own_key_only() {
    let holding = Holding::new(Fault::LostAttempt, is_put);
    let persistence = holding.open();
    let begin = Instant::now();
    persistence.set_meta(doc("d"), meta_key(), vec![1], Queued).await.unwrap();
    let other = MetaKey::new(&doc("d"), "other").unwrap();
    persistence.set_meta(doc("d"), other, vec![1], Queued).await.unwrap();
    persistence.store_update(doc("d"), update(1, 1), Queued).await.unwrap();
    assert_eq!(begin.elapsed(), Duration::ZERO);
    persistence.set_meta(doc("d"), meta_key(), vec![2], Outside).await.unwrap();
    assert!(begin.elapsed().abs_diff(LATE_WRITE) < Duration::from_millis(10), "{:?}", begin.elapsed());
}
