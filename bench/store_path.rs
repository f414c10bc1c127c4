//! Measures the time of a store without the SDK: queue, validation, merge into the open item, check, and the table in memory.
//!
//! Keystrokes of a recorded trace, each awaited before the next, in one document. Prints the fastest of several rounds, because
//! other processes only add to it.
//!
//! `cargo bench --no-default-features --bench store_path`
//!
//! Environment: `Y_DYNAMODB_TRACE` (a gzipped trace, see `trace`; without it the trace is synthetic).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark"
)]
#![allow(missing_docs, reason = "a benchmark")]

mod trace;

use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle};
use y_dynamodb::codec::sort_key::DocName;
use y_dynamodb::persistence::{Options, Persistence};
use y_dynamodb::queue::Order;
use y_dynamodb::table::memory::MemoryTable;

const KEYSTROKES: usize = 20_000;
const ROUNDS: usize = 7;

fn main() {
    let (name, mut updates) = trace::load();
    updates.truncate(KEYSTROKES);
    for (order, what) in [(Order::Queued, "in open items"), (Order::Outside, "in items of their own")] {
        let fastest = (0..ROUNDS).map(|_| round(&updates, order)).min().unwrap();
        let each = fastest.as_secs_f64() * 1e6 / updates.len() as f64;
        println!("{} keystrokes of {name}, {what}: {each:.1} µs each", updates.len());
    }
}

fn round(updates: &[Vec<u8>], order: Order) -> Duration {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let persistence = Persistence::new(MemoryTable::new(), Options::default(), Handle::current());
        let doc = DocName::new("d").unwrap();
        let begun = Instant::now();
        for update in updates {
            persistence.store_update(doc.clone(), update.clone(), order).await.unwrap();
        }
        begun.elapsed()
    })
}
