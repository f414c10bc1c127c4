//! Counts what compactions cost with other thresholds, and what loads cost between them, in DynamoDB requests.
//!
//! Three ways to write one document of 200 KB, on the table in memory in virtual time: one writer, 50 writers, and processes
//! that load the document, store once and end a second later. A load by a process of its own is counted every minute.
//!
//! `cargo bench --no-default-features --bench compaction_cost`
//!
//! Environment: `ITEMS` and `BYTES` (thresholds to try, separated by commas).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark"
)]
#![allow(missing_docs, reason = "a benchmark")]

mod virtual_host;

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep};
use y_dynamodb::codec::sort_key::DocName;
use y_dynamodb::codec::varint::write_varuint;
use y_dynamodb::compaction::Thresholds;
use y_dynamodb::monitor::NoObserver;
use y_dynamodb::persistence::{Options, Persistence};
use y_dynamodb::queue::Order;
use y_dynamodb::table::memory::MemoryTable;
use y_dynamodb::table::size::read_units;

use virtual_host::VirtualHost;

const DOCUMENT_BYTES: usize = 200_000;
const MINUTES: u32 = 60;

#[derive(Debug, Clone, Copy)]
enum Writers {
    /// One, two keystrokes a second.
    One,
    /// Each a keystroke in two seconds.
    Fifty,
    /// A process a second.
    OneShot,
}

fn main() {
    println!(
        "writers  items   bytes   WCU/store  RCU/store  RCU/load over the compact state: mean, most  items at most"
    );
    for writers in [Writers::One, Writers::Fifty, Writers::OneShot] {
        for items in list("ITEMS", &[8, 16, 24, 40, 80, 120]) {
            for bytes in list("BYTES", &[65_536]) {
                let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
                runtime.block_on(measure(writers, Thresholds { items, bytes, ..Thresholds::default() }));
            }
        }
    }
}

fn list(name: &str, default: &[usize]) -> Vec<usize> {
    let given = std::env::var(name).ok();
    given.map_or(default.to_vec(), |list| list.split(',').map(|n| n.parse().unwrap()).collect())
}

async fn measure(writers: Writers, thresholds: Thresholds) {
    let table = MemoryTable::new();
    let doc = DocName::new("d").unwrap();
    let host = Arc::new(VirtualHost(Instant::now()));
    let open = |table: &MemoryTable| {
        let options = Options { compaction: thresholds, ..Options::default() };
        let observer = Arc::new(NoObserver);
        Persistence::observed(table.clone(), options, Handle::current(), host.clone(), observer)
    };
    let mut number = 1;
    let mut base = Typist { client: 1_000, keys: 0 };
    let persistence = open(&table);
    persistence.store_update(doc.clone(), base.text(DOCUMENT_BYTES), Order::Queued).await.unwrap();
    persistence.flush(doc.clone(), Order::Queued).await.unwrap();

    let before = table.meter().snapshot().total();
    let (mut stores, mut loads, mut load_units, mut most_items) = (0, Vec::new(), 0.0, 0);
    let count = if matches!(writers, Writers::Fifty) { 50 } else { 1 };
    let mut typists: Vec<_> =
        (0..count).map(|client| (open(&table), Typist { client: client + 1, keys: 0 })).collect();
    for second in 0..MINUTES * 60 {
        for (n, (persistence, typist)) in typists.iter_mut().enumerate() {
            match writers {
                Writers::One => {
                    for _ in 0..2 {
                        stores += 1;
                        persistence.store_update(doc.clone(), typist.key(), Order::Queued).await.unwrap();
                    }
                }
                Writers::Fifty if n % 2 == second as usize % 2 => {
                    stores += 1;
                    persistence.store_update(doc.clone(), typist.key(), Order::Queued).await.unwrap();
                }
                Writers::Fifty => {}
                Writers::OneShot => {
                    stores += 1;
                    number += 1;
                    let mut typist = Typist { client: 2_000 + number, keys: 0 };
                    let process = open(&table);
                    load_units += load(&process, &table, &doc).await.0;
                    process.store_update(doc.clone(), typist.text(60), Order::Queued).await.unwrap();
                    let spent = sleep(Duration::from_millis(990));
                    spent.await;
                    process.close().await;
                }
            }
        }
        most_items = most_items.max(table.items(&doc).len());
        sleep(Duration::from_millis(10)).await;
        if !matches!(writers, Writers::OneShot) {
            sleep(Duration::from_millis(990)).await;
        }
        if second % 60 == 59 {
            let server = open(&table);
            let (units, compact_units) = load(&server, &table, &doc).await;
            load_units += units;
            loads.push(units - compact_units);
            tokio::spawn(async move {
                sleep(Duration::from_secs(5)).await;
                server.close().await;
            });
        }
    }
    let after = table.meter().snapshot().total();
    let mean = loads.iter().sum::<f64>() / loads.len() as f64;
    let most = loads.iter().copied().fold(0.0, f64::max);
    let each = |units: f64| units / f64::from(stores);
    println!(
        "{:<8} {:>5} {:>7} {:>10.4} {:>10.4}  {mean:>10.1} {most:>6.1} {most_items:>8}",
        format!("{writers:?}"),
        thresholds.items,
        thresholds.bytes,
        each(after.write_units - before.write_units),
        each(after.read_units - before.read_units - load_units),
    );
}

/// The RCU of a load, and those of the compact state alone.
async fn load(process: &Persistence<MemoryTable>, table: &MemoryTable, doc: &DocName) -> (f64, f64) {
    let before = table.meter().snapshot().total().read_units;
    let compact = process.read(doc.clone(), Order::Queued).await.unwrap();
    (table.meter().snapshot().total().read_units - before, read_units(compact.len()))
}

/// A client that types at the end of a text.
struct Typist {
    client: u64,
    keys: u64,
}

impl Typist {
    fn key(&mut self) -> Vec<u8> {
        self.text(1)
    }

    fn text(&mut self, letters: usize) -> Vec<u8> {
        let mut bytes = vec![1, 1];
        write_varuint(&mut bytes, self.client);
        write_varuint(&mut bytes, self.keys);
        if self.keys == 0 {
            bytes.extend([4, 1, 1, b't']);
        } else {
            bytes.push(0x84);
            write_varuint(&mut bytes, self.client);
            write_varuint(&mut bytes, self.keys - 1);
        }
        write_varuint(&mut bytes, letters as u64);
        bytes.extend(std::iter::repeat_n(b'x', letters));
        bytes.push(0);
        self.keys += letters as u64;
        bytes
    }
}
