//! What a long editing session costs in DynamoDB: requests, WCU, RCU, items and bytes, counted exactly.
//!
//! A recorded trace is typed at 5 keystrokes a second into a persistence on the table in memory, in virtual time, with
//! background compaction on. Nothing here measures time. The requests take 5 ms each.
//!
//! `cargo bench --no-default-features --bench b4_cost`
//!
//! Environment: `B4_UPDATES` (a gzipped trace: each update behind its length, u32 little-endian; default
//! `../shared/data/b4-updates.bin.gz`, and where that is missing, typing made up here), `KEYSTROKES` (stop after so many),
//! `BATCH_DELAY_MS` (only this delay), `COMPACTION_ITEMS`, `COMPACTION_BYTES` (other thresholds).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark"
)]
#![allow(missing_docs, reason = "a benchmark")]

mod trace;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep, sleep_until};
use y_dynamodb::codec::SortKey;
use y_dynamodb::codec::sort_key::DocName;
use y_dynamodb::compaction::Thresholds;
use y_dynamodb::persistence::{Options, Persistence};
use y_dynamodb::queue::Order;
use y_dynamodb::table::Operation;
use y_dynamodb::table::memory::{Fault, Hook, HookFuture, MemoryTable, Request};
use y_dynamodb::table::meter::Snapshot;

const BETWEEN_KEYSTROKES: Duration = Duration::from_millis(200);
const REQUEST: Duration = Duration::from_millis(5);
/// After the last keystroke: longer than any delay, so that what is due has been done.
const QUIET: Duration = Duration::from_secs(60);

fn main() {
    let (name, mut updates) = trace::load();
    if let Some(limit) = number("KEYSTROKES") {
        updates.truncate(limit);
    }
    println!("{name}: {} keystrokes, 5 a second, {} ms a request", updates.len(), REQUEST.as_millis());
    for delay in number("BATCH_DELAY_MS").map_or(vec![1_000, 0], |only| vec![only]) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(session(&updates, Duration::from_millis(delay as u64)));
    }
}

async fn session(updates: &[Vec<u8>], batch_delay: Duration) {
    let items = Arc::new(Items::default());
    let table = MemoryTable::new().with_hook(items.clone());
    let meter = table.meter().clone();
    let usual = Thresholds::default();
    let compaction = Thresholds {
        items: number("COMPACTION_ITEMS").unwrap_or(usual.items),
        bytes: number("COMPACTION_BYTES").unwrap_or(usual.bytes),
        ..usual
    };
    let persistence = Persistence::new(
        table.clone(),
        Options { batch_delay, compaction, ..Options::default() },
        Handle::current(),
    );
    let doc = DocName::new("b4").unwrap();
    let start = Instant::now();
    let mut stores = Vec::new();
    for (nth, update) in updates.iter().enumerate() {
        sleep_until(start + BETWEEN_KEYSTROKES * nth as u32).await;
        stores.push(tokio::spawn(persistence.store_update(doc.clone(), update.clone(), Order::Queued)));
        if stores.len() == 1_000 {
            for store in stores.drain(..) {
                store.await.unwrap().unwrap();
            }
        }
    }
    for store in stores {
        store.await.unwrap().unwrap();
    }
    sleep(QUIET).await;

    let typed = meter.snapshot();
    let left = bytes(&table, &doc);
    let at_end = table.items(&doc).len();
    persistence.read(doc.clone(), Order::Queued).await.unwrap();
    let load = (meter.snapshot() - typed).total();
    persistence.flush(doc.clone(), Order::Queued).await.unwrap();
    let compact = bytes(&table, &doc);
    report(updates.len(), batch_delay, &compaction, &typed);
    println!("  items            {} at most, {at_end} at the end", items.most());
    println!("  bytes at the end {left}, {:.3} of the compact {compact}", left as f64 / compact as f64);
    println!(
        "  a load then      {} requests, {} RCU, {} WCU",
        load.requests, load.read_units, load.write_units
    );
}

fn report(keystrokes: usize, batch_delay: Duration, compaction: &Thresholds, spent: &Snapshot) {
    let per_keystroke = |count: f64| count / keystrokes as f64;
    let total = spent.total();
    println!(
        "\nbatchDelayMs {}, compaction at {} items or {} bytes",
        batch_delay.as_millis(),
        compaction.items,
        compaction.bytes
    );
    println!(
        "  WCU              {} = {:.4} per keystroke",
        total.write_units,
        per_keystroke(total.write_units)
    );
    println!(
        "  RCU              {} = {:.4} per keystroke",
        total.read_units,
        per_keystroke(total.read_units)
    );
    println!(
        "  requests         {} = {:.4} per keystroke",
        total.requests,
        per_keystroke(total.requests as f64)
    );
    for operation in Operation::ALL {
        let cost = spent.of(operation);
        if cost.requests > 0 {
            println!(
                "    {:<16} {:>7} requests {:>9} WCU {:>9} RCU",
                operation.name(),
                cost.requests,
                cost.write_units,
                cost.read_units
            );
        }
    }
}

/// Bytes of updates that are stored.
fn bytes(table: &MemoryTable, doc: &DocName) -> usize {
    table.items(doc).iter().filter_map(|item| item.value.as_ref()).map(Vec::len).sum()
}

fn number(name: &str) -> Option<usize> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

/// Delays every request, and follows which items are there.
#[derive(Default)]
struct Items(Mutex<(HashSet<SortKey>, usize)>);

impl Items {
    fn most(&self) -> usize {
        self.0.lock().unwrap().1
    }
}

impl Hook for Items {
    fn before<'a>(&'a self, _request: &'a Request) -> HookFuture<'a, Fault> {
        Box::pin(async {
            sleep(REQUEST).await;
            Fault::None
        })
    }

    fn after<'a>(&'a self, request: &'a Request) -> HookFuture<'a, ()> {
        let mut items = self.0.lock().unwrap();
        let (there, most) = &mut *items;
        match request {
            Request::PutNew { item, .. } | Request::Put { item, .. } => {
                there.insert(item.key.clone());
            }
            Request::Delete { key, .. } => {
                there.remove(key);
            }
            Request::DeleteBatch { keys, .. } => keys.iter().for_each(|key| {
                there.remove(key);
            }),
            _ => (),
        }
        *most = there.len().max(*most);
        Box::pin(async {})
    }
}
