//! Costs stay low after failures and with unusual documents.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::sleep;
use y_dynamodb::codec::varint::write_varuint;
use y_dynamodb::compaction::Thresholds;
use y_dynamodb::error::{Code, Error};
use y_dynamodb::log::OnCorrupt;
use y_dynamodb::persistence::Options;
use y_dynamodb::queue::Order::{Outside, Queued};
use y_dynamodb::table::memory::{Fault, MemoryTable, Request};
use y_dynamodb::table::size::item_bytes;

use crate::support::*;

fn stored_bytes(table: &MemoryTable) -> usize {
    table.items(&doc("d")).iter().map(|item| item_bytes(&doc("d"), item)).sum()
}

#[tokio::test(start_paused = true)]
async fn deletes_that_fail_do_not_add_a_copy_with_each_attempt() {
    for code in [Code::Access, Code::Unavailable] {
        let table = MemoryTable::new();
        let denied = Arc::new(AtomicBool::new(true));
        let is_denied = denied.clone();
        let refusing = Faults::on(&table, move |request| match request {
            Request::DeleteBatch { .. } if is_denied.load(Ordering::Relaxed) => {
                Fault::Fail(Error::new(code, "injected"))
            }
            _ => Fault::None,
        });
        let persistence = open_with(&refusing, Options::default());
        for n in 0..10 {
            persistence.store_update(doc("d"), update(n, 100_000), Queued).await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
        for n in 0..600 {
            persistence.store_update(doc("d"), update(20 + (n % 100) as u8, 1), Outside).await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
        let flushed = persistence.flush(doc("d"), Queued).await.unwrap_err();
        assert_eq!(flushed.code(), code);
        let bytes = stored_bytes(&table);
        assert!(bytes < 2_400_000, "{bytes} bytes of 1 MB");
        let inputs = table.items(&doc("d")).len();

        denied.store(false, Ordering::Relaxed);
        let before = table.meter().snapshot();
        persistence.flush(doc("d"), Queued).await.unwrap();
        assert!(table.items(&doc("d")).len() <= 6 && inputs > 600);
        let wrote = (table.meter().snapshot() - before).total().write_units;
        println!("{code:?}: {bytes} bytes while deletes failed, {wrote} WCU to end it");
        let all = (0..10).chain((0..100).map(|n| 20 + n));
        assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set(all));
    }
}

#[tokio::test(start_paused = true)]
async fn a_seal_that_is_denied_costs_one_copy_and_then_next_to_nothing() {
    let table = MemoryTable::new();
    let refusing = Faults::on(&table, |request| match request {
        Request::Seal { .. } => Fault::Fail(Error::new(Code::Access, "injected")),
        _ => Fault::None,
    });
    let persistence = open_with(&refusing, Options::default());
    for n in 0..10 {
        persistence.store_update(doc("d"), update(n, 100_000), Queued).await.unwrap();
        sleep(Duration::from_millis(1)).await;
    }
    let before = table.meter().snapshot();
    sleep(Duration::from_secs(1)).await;
    for _ in 0..600 {
        persistence.store_update(doc("d"), update(1, 1), Queued).await.unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    let wrote = (table.meter().snapshot() - before).total().write_units;
    println!("{wrote} WCU for 600 keystrokes and a copy of 1 MB that is taken back");
    assert!(wrote < 600.0 + 2.0 * 1_000.0 + 100.0, "{wrote} WCU");
    assert!(stored_bytes(&table) < 1_200_000);
}

#[tokio::test]
async fn a_flush_after_one_whose_deletes_failed_only_deletes() {
    let table = MemoryTable::new();
    let refusing = Faults::on(&table, |request| match request {
        Request::DeleteBatch { .. } => Fault::Fail(Error::new(Code::Access, "injected")),
        _ => Fault::None,
    });
    let persistence = open(&refusing);
    for n in 0..50 {
        persistence.store_update(doc("d"), update(n, 2_000), Queued).await.unwrap();
    }
    assert_eq!(persistence.flush(doc("d"), Queued).await.unwrap_err().code(), Code::Access);
    assert_eq!(table.items(&doc("d")).len(), 52);
    let before = table.meter().snapshot();
    let flushed = open(&table).flush(doc("d"), Queued).await.unwrap();
    let spent = table.meter().snapshot() - before;
    assert_eq!(table.items(&doc("d")).len(), 3);
    assert!(flushed.is_some());
    assert_eq!(spent.total().write_units, 50.0 * 3.0 + 1.0, "50 deletes of 3 WCU and the state vector");
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set(0..50));
}

/// A document of 60,000 clients, one letter each.
fn crowd() -> Vec<u8> {
    let clients = 60_000_u64;
    let mut bytes = Vec::new();
    write_varuint(&mut bytes, clients);
    for client in (1_000_000..1_000_000 + clients).rev() {
        bytes.push(1);
        write_varuint(&mut bytes, client);
        bytes.extend([0, 4, 1, 1, b't', 1, b'x']);
    }
    bytes.push(0);
    bytes
}

#[tokio::test(start_paused = true)]
async fn a_state_vector_of_any_size_costs_nothing_with_each_keystroke() {
    let table = MemoryTable::new();
    let persistence = open_with(&table, Options::default());
    persistence.store_update(doc("d"), crowd(), Queued).await.unwrap();
    persistence.store_update(doc("d"), update(0, 1), Queued).await.unwrap();
    persistence.flush(doc("d"), Queued).await.unwrap();
    let before = table.meter().snapshot();
    for n in 0..10 {
        persistence.store_update(doc("d"), update(n, 1), Queued).await.unwrap();
        persistence.read(doc("d"), Queued).await.unwrap();
        sleep(Duration::from_secs(60)).await;
    }
    assert_eq!((table.meter().snapshot() - before).total().write_units, 10.0);
    let heads: Vec<_> = table.items(&doc("d")).into_iter().filter_map(|item| item.head).collect();
    assert!(heads.iter().any(|head| head.compacted && head.state_vector.is_none()));
}

#[tokio::test(start_paused = true)]
async fn a_compaction_that_fails_before_its_seal_leaves_no_copy() {
    for refused in ["PutNew", "Get"] {
        let table = MemoryTable::new();
        let d = doc("d");
        for n in 0..10 {
            open(&table).store_update(d.clone(), update(n, 100_000), Queued).await.unwrap();
        }
        let before = stored_bytes(&table);
        let mut parts = 0;
        let refusing = Faults::on(&table, move |request| {
            let fails = match request {
                // The last part of three.
                Request::PutNew { item, .. } if refused == "PutNew" && item.head.is_none() => {
                    parts += 1;
                    parts % 3 == 0
                }
                Request::Get { .. } => refused == "Get",
                _ => false,
            };
            if fails { Fault::Fail(Error::new(Code::Throttled, "injected")) } else { Fault::None }
        });
        let persistence = open(&refusing);
        let units = || table.meter().snapshot().total().write_units;
        for attempt in 0..5 {
            let spent = units();
            assert_eq!(persistence.flush(d.clone(), Queued).await.unwrap_err().code(), Code::Throttled);
            assert_eq!(stored_bytes(&table), before, "after attempt {attempt}");
            if refused == "Get" && attempt > 0 {
                assert!(units() - spent <= 2.0, "it asks before it writes again");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_skipped_causes_no_rewrite() {
    let table = MemoryTable::new();
    let d = doc("d");
    let thresholds = Thresholds { items: 10, ..Thresholds::default() };
    let options = Options { compaction: thresholds, on_corrupt: OnCorrupt::Skip, ..Options::default() };
    let persistence = open_with(&table, options);
    for n in 0..2 {
        persistence.store_update(d.clone(), update(n, 450_000), Queued).await.unwrap();
    }
    persistence.flush(d.clone(), Queued).await.unwrap();
    plant(&table, &d, original(&d, 1_000, vec![0xff; 380_000]));
    persistence.read(d.clone(), Queued).await.unwrap();
    let before = table.meter().snapshot();
    let mut typist = Typist::of(9);
    for _ in 0..60 {
        persistence.store_update(d.clone(), typist.key(), Queued).await.unwrap();
        sleep(Duration::from_secs(2)).await;
    }
    let wrote = (table.meter().snapshot() - before).total().write_units;
    println!("{wrote} WCU for 60 keystrokes beside an item that is skipped");
    assert!(wrote <= 60.0 * 3.0, "{wrote} WCU");
}

#[tokio::test(start_paused = true)]
async fn servers_that_find_one_document_due_together_do_not_all_write_it() {
    let table = MemoryTable::new();
    let d = doc("d");
    for n in 0..100 {
        plant(&table, &d, original(&d, n, update(n as u8, 10_000)));
        plant(&table, &d, original(&d, 100 + n, update(n as u8, 10_000)));
    }
    // Two that begin in the same millisecond both write.
    let servers: Vec<_> = (0..6).map(|n| open_with_delay(&table, Options::default(), 400 - 80 * n)).collect();
    for server in &servers {
        server.read(d.clone(), Queued).await.unwrap();
    }
    let before = table.meter().snapshot();
    sleep(Duration::from_secs(120)).await;
    let wrote = (table.meter().snapshot() - before).total().write_units;
    println!("{wrote} WCU for 2 MB of items that become 1 MB, with six servers");
    assert!(wrote <= 2.0 * (2_200.0 + 1_000.0), "{wrote} WCU");
    assert_eq!(table.items(&d).len(), 4);
}
