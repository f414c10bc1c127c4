//! Counts what a long editing session costs in DynamoDB: requests, WCU, RCU, items and bytes.
//!
//! Stores a recorded trace at 5 keystrokes a second in a persistence on the table in memory, with background compaction. Time
//! is virtual, and each request takes 5 ms. The benchmark measures no time.
//!
//! `cargo bench --no-default-features --bench b4_cost [-- --json]`
//!
//! Environment: `Y_DYNAMODB_TRACE` (a gzipped trace, see `trace`; without it the trace is synthetic), `KEYSTROKES` (how many to
//! store), `BATCH_DELAY_MS` (measures only this delay), `COMPACTION_ITEMS` and `COMPACTION_BYTES` (the thresholds).

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
mod virtual_host;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep, sleep_until};
use y_dynamodb::codec::SortKey;
use y_dynamodb::codec::sort_key::DocName;
use y_dynamodb::compaction::Thresholds;
use y_dynamodb::monitor::NoObserver;
use y_dynamodb::persistence::{Options, Persistence};
use y_dynamodb::queue::Order;
use y_dynamodb::table::Operation;
use y_dynamodb::table::memory::{Fault, Hook, HookFuture, MemoryTable, Request};
use y_dynamodb::table::meter::{Cost, Snapshot};
use y_dynamodb::table::size::{item_bytes, read_units};
use y_dynamodb::update::{self, MergeOptions};

use virtual_host::VirtualHost;

const KEYSTROKE_INTERVAL: Duration = Duration::from_millis(200);
const REQUEST_DURATION: Duration = Duration::from_millis(5);
/// The wait after the last keystroke. It is longer than any delay, so that all due compactions have run.
const FINAL_WAIT: Duration = Duration::from_secs(60);

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    let (name, mut updates) = trace::load();
    if let Some(limit) = number("KEYSTROKES") {
        updates.truncate(limit);
    }
    for delay in number("BATCH_DELAY_MS").map_or(vec![1_000, 0], |only| vec![only]) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let cost = runtime.block_on(session(&updates, Duration::from_millis(delay as u64)));
        if json { cost.print_json(name) } else { cost.print(name) }
    }
}

/// The cost of a session.
struct SessionCost {
    keystrokes: usize,
    batch_delay: Duration,
    compaction: Thresholds,
    /// Until a minute after the last keystroke.
    spent: Snapshot,
    /// Of one read after that.
    load: Cost,
    most_items: usize,
    /// The most RCU of a load over those of the compact state, of samples at every 500th keystroke.
    excess: f64,
    items: usize,
    bytes: usize,
    /// After a flush.
    compact_bytes: usize,
}

async fn session(updates: &[Vec<u8>], batch_delay: Duration) -> SessionCost {
    let items = Arc::new(Items::default());
    let table = MemoryTable::new().with_hook(items.clone());
    let meter = table.meter().clone();
    let defaults = Thresholds::default();
    let compaction = Thresholds {
        items: number("COMPACTION_ITEMS").unwrap_or(defaults.items),
        bytes: number("COMPACTION_BYTES").unwrap_or(defaults.bytes),
        ..defaults
    };
    let start = Instant::now();
    let persistence = Persistence::observed(
        table.clone(),
        Options { batch_delay, compaction, ..Options::default() },
        Handle::current(),
        Arc::new(VirtualHost(start)),
        Arc::new(NoObserver),
    );
    let doc = DocName::new("b4").unwrap();
    let mut stores = Vec::new();
    let mut excess = 0.0_f64;
    for (nth, update) in updates.iter().enumerate() {
        sleep_until(start + KEYSTROKE_INTERVAL * nth as u32).await;
        if nth % 500 == 499 {
            excess = excess.max(excess_of_load(&table, &doc));
        }
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
    sleep(FINAL_WAIT).await;

    let spent = meter.snapshot();
    let (bytes_left, items_left) = (bytes(&table, &doc), table.items(&doc).len());
    persistence.read(doc.clone(), Order::Queued).await.unwrap();
    let load = (meter.snapshot() - spent).total();
    persistence.flush(doc.clone(), Order::Queued).await.unwrap();
    SessionCost {
        keystrokes: updates.len(),
        batch_delay,
        compaction,
        spent,
        load,
        most_items: items.most(),
        excess,
        items: items_left,
        bytes: bytes_left,
        compact_bytes: bytes(&table, &doc),
    }
}

impl SessionCost {
    fn print(&self, trace: &str) {
        let total = self.spent.total();
        let each = |count: f64| count / self.keystrokes as f64;
        println!(
            "\n{} keystrokes of {trace}, batchDelayMs {}",
            self.keystrokes,
            self.batch_delay.as_millis()
        );
        println!("  compaction at    {} items or {} bytes", self.compaction.items, self.compaction.bytes);
        println!("  WCU              {} = {:.4} per keystroke", total.write_units, each(total.write_units));
        println!("  RCU              {} = {:.4} per keystroke", total.read_units, each(total.read_units));
        println!("  requests         {} = {:.4} per keystroke", total.requests, each(total.requests as f64));
        for operation in Operation::ALL {
            let Cost { requests, write_units, read_units, .. } = self.spent.of(operation);
            if requests > 0 {
                let name = operation.name();
                println!("    {name:<16} {requests:>7} requests {write_units:>9} WCU {read_units:>9} RCU");
            }
        }
        println!("  items            {} at most, {} at the end", self.most_items, self.items);
        println!("  a load           at most {} RCU over the compact state", self.excess);
        let share = self.bytes as f64 / self.compact_bytes as f64;
        println!("  bytes at the end {} = {share:.3} × {} (compact)", self.bytes, self.compact_bytes);
        let Cost { requests, read_units, write_units, .. } = self.load;
        println!("  a read           {requests} requests, {read_units} RCU, {write_units} WCU");
    }

    fn print_json(&self, trace: &str) {
        let total = self.spent.total();
        println!(
            "{{\"trace\":\"{trace}\",\"keystrokes\":{},\"batchDelayMs\":{},\"writeUnits\":{},\"readUnits\":{},\
             \"requests\":{},\"mostItems\":{},\"excess\":{},\"bytes\":{},\"compactBytes\":{}}}",
            self.keystrokes,
            self.batch_delay.as_millis(),
            total.write_units,
            total.read_units,
            total.requests,
            self.most_items,
            self.excess,
            self.bytes,
            self.compact_bytes,
        );
    }
}

/// The RCU of a load at this moment over those of the compact state alone.
fn excess_of_load(table: &MemoryTable, doc: &DocName) -> f64 {
    let items = table.items(doc);
    let values: Vec<_> = items
        .iter()
        .filter(|item| item.head.as_ref().is_none_or(|head| head.sealed))
        .filter_map(|item| item.value.as_ref())
        .collect();
    let bytes = items.iter().map(|item| item_bytes(doc, item)).sum();
    let compact =
        update::merge(&values, MergeOptions { whole_log: true, ..MergeOptions::default() }).unwrap();
    read_units(bytes) - read_units(compact.len())
}

/// The size of all stored updates.
fn bytes(table: &MemoryTable, doc: &DocName) -> usize {
    table.items(doc).iter().filter_map(|item| item.value.as_ref()).map(Vec::len).sum()
}

fn number(name: &str) -> Option<usize> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

/// Delays every request and tracks which items exist.
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
            sleep(REQUEST_DURATION).await;
            Fault::None
        })
    }

    fn after<'a>(&'a self, request: &'a Request) -> HookFuture<'a, ()> {
        let mut items = self.0.lock().unwrap();
        let (existing, most) = &mut *items;
        match request {
            Request::PutNew { item, .. } | Request::PutOver { item, .. } | Request::Put { item, .. } => {
                existing.insert(item.key.clone());
            }
            Request::Delete { key, .. } => {
                existing.remove(key);
            }
            Request::DeleteBatch { keys, .. } => keys.iter().for_each(|key| {
                existing.remove(key);
            }),
            _ => (),
        }
        *most = existing.len().max(*most);
        Box::pin(async {})
    }
}
