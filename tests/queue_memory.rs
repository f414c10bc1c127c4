//! What a document takes in memory between its calls (`docs/LIMITS.md`), and that `rememberBytes` bounds it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod update_support;

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use update_support::memory::left_in_use;
use y_dynamodb::codec::SortKey;
use y_dynamodb::codec::sort_key::{DocName, LogClock, WriteId};
use y_dynamodb::compaction::{Document, DocumentState, Thresholds};
use y_dynamodb::log::Extent;
use y_dynamodb::persistence::{Options, Persistence};
use y_dynamodb::queue::{Access, Batch, FailedBatch, Order, PendingUpdate, Queue, QueueOptions, StoreBatch};
use y_dynamodb::table::memory::MemoryTable;

const DOCUMENTS: usize = 100_000;

struct NoTable;

impl StoreBatch for NoTable {
    type State = DocumentState;

    async fn store_batch(&self, _: &Arc<Document>, _: Batch<DocumentState>) -> Result<(), FailedBatch> {
        unreachable!("no stores")
    }

    fn coalesce(&self, _: Vec<PendingUpdate>) -> Option<PendingUpdate> {
        unreachable!("no stores")
    }
}

/// A name of 36 bytes, like a UUID.
fn name(n: usize) -> DocName {
    DocName::new(&format!("{n:0>8}-0000-4000-8000-000000000000")).unwrap()
}

/// The entry that a compaction leaves: a head and a part.
fn compacted(doc: &DocName) -> Extent {
    let (clock, id) = (LogClock(1), WriteId(1, 2));
    Extent {
        first_key: SortKey::update(doc, clock, id),
        last_key: SortKey::part(doc, clock, id, 0),
        bytes: 20_000,
        is_compacted: true,
    }
}

/// The resident memory of this process in bytes; 0 where it is unknown.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * 4_096
}

/// Uses 100,000 documents in turn. Returns how many are remembered, and the memory that they take.
fn use_in_turn(runtime: &Runtime, remember_bytes: usize, is_compacted: bool) -> (usize, usize) {
    let options = QueueOptions { batch_delay: Duration::ZERO, coalesce_bytes: 0, remember_bytes };
    let before = resident();
    let (queue, bytes) = left_in_use(|| {
        let queue = Queue::new(Arc::new(NoTable), options, runtime.handle().clone());
        runtime.block_on(async {
            for n in 0..DOCUMENTS {
                let work = move |doc: Arc<Document>| async move {
                    let mut hints = doc.state.hints();
                    hints.record_clock(Some(LogClock(1)));
                    if is_compacted {
                        hints.record_stored(compacted(doc.name()));
                    }
                    Ok(())
                };
                queue.run(name(n), Access::Write, Order::Queued, work).await.unwrap();
            }
        });
        queue
    });
    let resident = resident().saturating_sub(before);
    let documents = queue.depth().documents;
    println!(
        "remember_bytes {remember_bytes}, compacted: {is_compacted}: {documents} documents, {} bytes each allocated, {} resident",
        bytes / documents.max(1),
        resident / documents.max(1)
    );
    (documents, bytes)
}

/// One test after the other: another one would use resident memory too.
#[test]
fn the_memory_of_idle_documents_is_bounded_and_counted_as_it_is() {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    idle_documents_take_what_is_counted(&runtime);
    open_items_are_forgotten_before_documents(&runtime);
}

fn idle_documents_take_what_is_counted(runtime: &Runtime) {
    const LIMIT: usize = 10_000_000;
    for is_compacted in [false, true] {
        let (documents, bytes) = use_in_turn(runtime, 1 << 30, is_compacted);
        assert_eq!(documents, DOCUMENTS);
        assert!(bytes < 350 * DOCUMENTS, "{} bytes a document", bytes / DOCUMENTS);

        let (documents, bytes) = use_in_turn(runtime, LIMIT, is_compacted);
        assert!(documents > 20_000, "{documents} documents");
        assert!((LIMIT / 10 * 6..LIMIT).contains(&bytes), "{bytes} bytes of {LIMIT}");
    }
}

/// An update of 600 letters.
fn long_update() -> Vec<u8> {
    let mut update = vec![1, 1, 1, 0, 4, 1, 1, b't', 0xd8, 4];
    update.extend([b'x'; 600]);
    update.push(0);
    update
}

/// Stores to 20,000 documents in turn. Returns how many are remembered, and the memory of persistence and table.
fn store_in_turn(runtime: &Runtime, remember_bytes: usize) -> (usize, usize) {
    let thresholds = Thresholds { items: 0, ..Thresholds::default() };
    let options = Options { remember_bytes, compaction: thresholds, ..Options::default() };
    let (persistence, bytes) = left_in_use(|| {
        let persistence = Persistence::new(MemoryTable::new(), options, runtime.handle().clone());
        runtime.block_on(async {
            for n in 0..20_000 {
                persistence.store_update(name(n), long_update(), Order::Queued).await.unwrap();
            }
        });
        persistence
    });
    (persistence.stats().depth.documents, bytes)
}

fn open_items_are_forgotten_before_documents(runtime: &Runtime) {
    let (_, without) = store_in_turn(runtime, 0);
    let (documents, with_content) = store_in_turn(runtime, 1 << 30);
    assert!(documents >= 20_000, "{documents} documents");
    let each = (with_content - without) / documents;
    println!("{each} bytes a document with an open item of {} bytes", long_update().len());
    assert!((700..1_100).contains(&each), "{each} bytes a document");

    let (documents, bytes) = store_in_turn(runtime, 10_000_000);
    let each = (bytes - without) / documents;
    println!("{each} bytes a document when open items are forgotten");
    assert!(documents >= 20_000, "{documents} documents");
    assert!(each < 500, "{each} bytes a document");
}
