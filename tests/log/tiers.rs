//! The cost of compactions: entries are chosen by size, whatever the clocks of their writers.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;
use y_dynamodb::codec::sort_key::DocName;
use y_dynamodb::persistence::{Options, Persistence};
use y_dynamodb::queue::Order::Queued;
use y_dynamodb::table::memory::MemoryTable;
use y_dynamodb::table::meter::Cost;

use crate::support::*;

fn total(table: &MemoryTable) -> Cost {
    table.meter().snapshot().total()
}

async fn store(server: &Persistence<MemoryTable>, d: &DocName, update: Vec<u8>) {
    server.store_update(d.clone(), update, Queued).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_item_before_the_base_causes_no_rewrite_of_the_base() {
    let table = MemoryTable::new();
    let d = doc("d");
    let usual = Options::default;
    let (api, websocket) = (open_with(&table, usual()), open_with(&table, usual()));
    store(&api, &d, update(1, 1)).await;
    store(&websocket, &d, update(2, 2_000_000)).await;
    websocket.flush(d.clone(), Queued).await.unwrap();
    let before = total(&table);
    for n in 3..11 {
        // Its log clock is lower than that of the flushed document.
        store(&api, &d, update(n, 1)).await;
        websocket.read(d.clone(), Queued).await.unwrap();
        sleep(Duration::from_secs(60)).await;
    }
    let after = total(&table);
    // One overwrite finds that the item was compacted.
    assert_eq!(after.write_units - before.write_units, 9.0);
    let reads = after.read_units - before.read_units;
    assert!(reads <= 8.0 * 490.0, "{reads} RCU for eight loads of 2 MB");
}

/// The write units per keystroke, if `rhythm` says which servers store at each step. Some restart, and so have no hints.
async fn write_units_per_keystroke(servers: usize, rhythm: impl Fn(usize, usize) -> bool) -> f64 {
    let table = MemoryTable::new();
    let d = doc("d");
    let all: Vec<_> = (0..servers).map(|_| open_with(&table, Options::default())).collect();
    store(&all[0], &d, update(0, 300_000)).await;
    all[0].flush(d.clone(), Queued).await.unwrap();
    for server in &all {
        server.read(d.clone(), Queued).await.unwrap();
    }
    let before = total(&table).write_units;
    let mut typists: Vec<_> = (0..servers).map(|n| Typist::of(n as u8 + 1)).collect();
    let mut keystrokes = 0;
    for step in 0..3_000 {
        let mut stores = JoinSet::new();
        for (n, server) in all.iter().enumerate().filter(|(n, _)| rhythm(step, *n)) {
            stores.spawn(server.store_update(d.clone(), typists[n].key(), Queued));
            keystrokes += 1;
        }
        while let Some(stored) = stores.join_next().await {
            stored.unwrap().unwrap();
        }
        sleep(Duration::from_millis(200)).await;
    }
    sleep(Duration::from_secs(60)).await;
    (total(&table).write_units - before) / f64::from(keystrokes)
}

#[tokio::test(start_paused = true)]
async fn four_servers_on_one_document_cost_one_write_unit_a_keystroke() {
    let together = write_units_per_keystroke(4, |_, _| true).await;
    let in_turn = write_units_per_keystroke(4, |step, server| step % 4 == server).await;
    let uneven = write_units_per_keystroke(4, |step, server| step % (1 << (2 * server)) == 0).await;
    let in_shifts = write_units_per_keystroke(4, |step, server| step / 500 % 4 == server).await;
    println!(
        "WCU a keystroke: together {together:.3}, in turn {in_turn:.3}, uneven {uneven:.3}, in shifts {in_shifts:.3}"
    );
    for cost in [together, in_turn, uneven, in_shifts] {
        assert!(cost <= 1.03, "{cost} WCU");
    }
}
