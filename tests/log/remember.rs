//! What a persistence remembers of documents that no call uses, and what it costs to forget them.

use std::time::Duration;

use tokio::time::sleep;
use y_dynamodb::compaction::Thresholds;
use y_dynamodb::persistence::{Options, Persistence};
use y_dynamodb::queue::Order::Queued;
use y_dynamodb::table::memory::MemoryTable;

use crate::support::*;

/// Stores a key in each of the documents, one after another. Returns the number of requests.
async fn store_in_turn(persistence: &Persistence<MemoryTable>, documents: usize) -> u64 {
    store_each(persistence, documents, update(1, 1)).await
}

async fn store_each(persistence: &Persistence<MemoryTable>, documents: usize, update: Vec<u8>) -> u64 {
    let before = persistence.stats().cost;
    for n in 0..documents {
        persistence.store_update(doc(&format!("document {n}")), update.clone(), Queued).await.unwrap();
    }
    (persistence.stats().cost - before).total().requests
}

#[tokio::test]
async fn a_hundred_thousand_documents_in_turn_cost_no_query_after_the_first_round() {
    let persistence = open(&MemoryTable::new());
    assert_eq!(store_in_turn(&persistence, 100_000).await, 200_001, "the table is checked once");
    assert_eq!(store_in_turn(&persistence, 100_000).await, 100_000);
    assert_eq!(persistence.stats().depth.documents, 100_000);
}

#[tokio::test(start_paused = true)]
async fn documents_that_take_turns_are_compacted() {
    let thresholds = Thresholds { items: 5, ..Thresholds::default() };
    let persistence =
        open_with(&MemoryTable::new(), Options { compaction: thresholds, ..Options::default() });
    for round in 0..6 {
        // Two of these do not fit into one open item.
        store_each(&persistence, 12_000, update(round, 600)).await;
    }
    sleep(Duration::from_secs(3_600)).await;
    assert_eq!(persistence.stats().counts.compactions, 12_000);
}

#[tokio::test]
async fn a_store_to_a_forgotten_document_costs_a_query() {
    for (remember_bytes, second_round) in [(0, 200), (1, 200), (1_000, 200), (100_000, 100)] {
        let persistence = open_with(&MemoryTable::new(), Options { remember_bytes, ..quiet() });
        store_in_turn(&persistence, 100).await;
        let requests = store_in_turn(&persistence, 100).await;
        assert_eq!(requests, second_round, "with {remember_bytes} bytes");
    }
}

#[tokio::test]
async fn the_least_recently_used_documents_are_forgotten_one_at_a_time() {
    let persistence = open_with(&MemoryTable::new(), Options { remember_bytes: 100_000, ..quiet() });
    let store = async |name: &str| {
        let before = persistence.stats().cost;
        persistence.store_update(doc(name), update(1, 1), Queued).await.unwrap();
        (persistence.stats().cost - before).total().requests
    };
    let remembered = || persistence.stats().depth.documents;
    store("unused").await;
    store("used").await;
    let mut before = remembered();
    for n in 0..1_000 {
        store(&format!("other {n}")).await;
        // Up to two documents are in use and not counted in bytes.
        assert!(remembered() + 2 >= before, "{before} documents, then {}", remembered());
        before = remembered();
        assert_eq!(store("used").await, 1, "after {n} others");
    }
    assert!((200..600).contains(&before), "{before} documents in 100,000 bytes");
    assert_eq!(store("unused").await, 2, "its largest clock is asked for again");
}

#[tokio::test]
async fn nothing_is_remembered_of_a_document_that_was_cleared() {
    let persistence = open(&MemoryTable::new());
    store_in_turn(&persistence, 1).await;
    persistence.clear(doc("document 0"), Queued).await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(persistence.stats().depth.documents, 0);
    assert_eq!(store_in_turn(&persistence, 1).await, 2, "its largest clock is asked for again");
}
