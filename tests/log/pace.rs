//! How fast background compactions write, for one document and for many, in virtual time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use y_dynamodb::compaction::Thresholds;
use y_dynamodb::persistence::Options;
use y_dynamodb::queue::Order::Queued;
use y_dynamodb::table::memory::{Fault, MemoryTable, Request};
use y_dynamodb::table::size::item_bytes;

use crate::support::*;

/// The WCU of each write, and when it was sent.
type Spent = Arc<Mutex<Vec<(Instant, usize)>>>;

fn metered(table: &MemoryTable) -> (MemoryTable, Spent) {
    let spent = Spent::default();
    let (log, inner) = (spent.clone(), table.clone());
    let units = |bytes: usize| bytes.div_ceil(1_024).max(1);
    let metered = Faults::on(table, move |request| {
        let cost = match request {
            Request::PutNew { doc, item } | Request::Put { doc, item } => units(item_bytes(doc, item)),
            Request::Delete { doc, key, .. } => inner
                .items(doc)
                .iter()
                .find(|item| item.key == *key)
                .map_or(1, |item| units(item_bytes(doc, item))),
            Request::DeleteBatch { keys, .. } => keys.len(),
            _ => 0,
        };
        log.lock().unwrap().push((Instant::now(), cost));
        Fault::None
    });
    (metered, spent)
}

/// The most WCU within any `window`.
fn peak(spent: &Spent, window: Duration) -> usize {
    let spent = spent.lock().unwrap();
    let within = |from: Instant| spent.iter().filter(move |(at, _)| *at >= from && *at < from + window);
    spent.iter().map(|(from, _)| within(*from).map(|(_, units)| units).sum()).max().unwrap_or(0)
}

fn fill(table: &MemoryTable, name: &str, items: u32) {
    for n in 0..items {
        plant(table, &doc(name), original(&doc(name), n, update((n % 100) as u8, 900)));
    }
}

fn paced(wcu_per_second: u32) -> Options {
    Options { compaction: Thresholds { wcu_per_second, ..Thresholds::default() }, ..Options::default() }
}

#[tokio::test(start_paused = true)]
async fn the_compactions_of_many_documents_share_one_budget() {
    let table = MemoryTable::new();
    let (metered, spent) = metered(&table);
    let persistence = open_with(&metered, paced(250));
    for n in 0..64 {
        let name = format!("doc{n}");
        fill(&table, &name, 150);
        persistence.read(doc(&name), Queued).await.unwrap();
    }
    let begin = Instant::now();
    while persistence.stats().counts.compactions < 64 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(begin.elapsed() < Duration::from_secs(60), "too slow");
    }
    let peak = peak(&spent, Duration::from_secs(5));
    // 1,000 a second, and the writes that started together.
    assert!(peak <= 6_000, "{peak} WCU in 5 s");
    assert!(peak >= 4_000, "the budget is not used: {peak} WCU in 5 s");
}

#[tokio::test(start_paused = true)]
async fn one_document_has_a_share_of_the_budget() {
    let table = MemoryTable::new();
    let (metered, spent) = metered(&table);
    let persistence = open_with(&metered, paced(100));
    fill(&table, "d", 1_500);
    persistence.read(doc("d"), Queued).await.unwrap();
    let begin = Instant::now();
    while persistence.stats().counts.compactions == 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(begin.elapsed() < Duration::from_secs(60), "too slow");
    }
    let peak = peak(&spent, Duration::from_secs(5));
    assert!((400..=650).contains(&peak), "{peak} WCU in 5 s");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_a_compaction_does_not_wait_for_the_budget() {
    let table = MemoryTable::new();
    let persistence = open_with(&table, paced(2));
    for n in 0..20 {
        let name = format!("doc{n}");
        fill(&table, &name, 150);
        persistence.read(doc(&name), Queued).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let begin = Instant::now();
    for n in 0..20 {
        persistence.clear(doc(&format!("doc{n}")), Queued).await.unwrap();
    }
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    assert_eq!(table.all_items(), []);
}
