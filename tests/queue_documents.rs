//! Documents between their calls: in use they are one object, idle they are a record, which may be forgotten.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, yield_now};
use y_dynamodb::codec::sort_key::{DocName, LogClock};
use y_dynamodb::queue::{
    Access, Batch, Document, FailedBatch, Order, PendingUpdate, Queue, QueueOptions, Record, State,
    StoreBatch,
};

/// How many bytes of content a record has here.
const CONTENT: usize = 1_000;

/// The names of documents that become idle slowly, and in use slowly.
const SLOW: &str = "slow";

thread_local! {
    /// How often the queue has asked for anything about any document. Tests with one thread only.
    static VISITS: Cell<usize> = const { Cell::new(0) };
}

fn visit(doc: &DocName) {
    VISITS.set(VISITS.get() + 1);
    if doc.as_str().starts_with(SLOW) {
        // Others may run meanwhile.
        std::thread::sleep(Duration::from_micros(1));
    }
}

fn doc(name: impl ToString) -> DocName {
    DocName::new(&name.to_string()).unwrap()
}

/// What the owner knows of a document: how many updates were stored, and the last one.
#[derive(Default)]
struct Known {
    stored: AtomicUsize,
    has_content: AtomicUsize,
}

struct KnownRecord {
    stored: usize,
    has_content: bool,
}

impl State for Known {
    type Record = KnownRecord;

    fn from_record(doc: &DocName, record: KnownRecord) -> Self {
        visit(doc);
        Known { stored: record.stored.into(), has_content: usize::from(record.has_content).into() }
    }

    fn take_record(&self, doc: &DocName) -> Option<KnownRecord> {
        visit(doc);
        let (stored, has_content) = (self.stored.load(SeqCst), self.has_content.load(SeqCst) > 0);
        (stored > 0).then_some(KnownRecord { stored, has_content })
    }
}

impl Record for KnownRecord {
    fn content_bytes(&self) -> usize {
        if self.has_content { CONTENT } else { 0 }
    }

    fn forget_content(&mut self) {
        VISITS.set(VISITS.get() + 1);
        self.has_content = false;
    }
}

/// Counts the updates of a document in its state. Not atomically: an update is lost if two batches of a document run at
/// once, or if a state is not the one before.
struct Counter {
    permits: Semaphore,
}

impl StoreBatch for Counter {
    type State = Known;

    async fn store_batch(&self, doc: &Arc<Document<Known>>, batch: Batch<Known>) -> Result<(), FailedBatch> {
        self.permits.acquire().await.unwrap().forget();
        let updates = batch.take().await;
        let stored = doc.state.stored.load(SeqCst);
        yield_now().await;
        doc.state.stored.store(stored + updates.len(), SeqCst);
        doc.state.has_content.store(1, SeqCst);
        updates.into_iter().for_each(|pending| pending.answer(Ok(Some(LogClock(stored as u32)))));
        Ok(())
    }

    fn coalesce(&self, _: Vec<PendingUpdate>) -> Option<PendingUpdate> {
        unreachable!("no backlog")
    }
}

fn queue(permits: usize, remember_bytes: usize) -> (Arc<Counter>, Queue<Counter>) {
    let storer = Arc::new(Counter { permits: Semaphore::new(permits) });
    let options = QueueOptions { batch_delay: Duration::ZERO, coalesce_bytes: 1_000_000, remember_bytes };
    (storer.clone(), Queue::new(storer, options, Handle::current()))
}

async fn store(queue: &Queue<Counter>, name: impl ToString) {
    queue.store(doc(name), vec![0], Order::Queued).await.unwrap();
}

/// A call is answered shortly before its document is idle.
async fn all_idle(queue: &Queue<Counter>) {
    while !queue.in_use().is_empty() {
        yield_now().await;
    }
}

/// How many updates of the document are known, and whether its content is.
fn known(queue: &Queue<Counter>, name: impl ToString) -> (usize, bool) {
    let doc = queue.document(doc(name));
    (doc.state.stored.load(SeqCst), doc.state.has_content.load(SeqCst) > 0)
}

/// What runs on a document: how many calls at once, or -1 for a clear.
#[derive(Default)]
struct Running(AtomicI64);

impl Running {
    async fn shared(&self) {
        assert!(self.0.fetch_add(1, SeqCst) >= 0, "a clear runs alone");
        yield_now().await;
        self.0.fetch_sub(1, SeqCst);
    }

    async fn alone(&self) {
        assert_eq!(self.0.swap(-1, SeqCst), 0, "a clear runs alone");
        yield_now().await;
        self.0.store(0, SeqCst);
    }
}

/// Each caller awaits each call, so that the documents become idle and are used again all the time, by several threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_document_is_one_object_however_quickly_it_is_idle_and_used_again() {
    const CALLERS: usize = 8;
    const CALLS: usize = 1_000;
    const NAMES: usize = 3;
    let (_, queue) = queue(CALLERS * CALLS, 1_000_000);
    let running: Arc<Vec<Running>> = Arc::new((0..NAMES).map(|_| Running::default()).collect());
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let (queue, running) = (queue.clone(), running.clone());
        callers.spawn(async move {
            for call in 0..CALLS {
                let n = (caller + call) % NAMES;
                let name = format!("{SLOW} {n}");
                let running = running.clone();
                match call % 4 {
                    0 | 1 => store(&queue, name).await,
                    2 => {
                        let work = move |_| async move {
                            running[n].shared().await;
                            Ok(())
                        };
                        queue.run(doc(name), Access::Read, Order::Outside, work).await.unwrap();
                    }
                    _ => {
                        let work = move |_| async move {
                            running[n].alone().await;
                            Ok(())
                        };
                        queue.run(doc(name), Access::Clear, Order::Queued, work).await.unwrap();
                    }
                }
            }
        });
    }
    callers.join_all().await;
    let stored: usize = (0..NAMES).map(|n| known(&queue, format!("{SLOW} {n}")).0).sum();
    assert_eq!(stored, CALLERS * CALLS / 2);
}

#[tokio::test]
async fn a_new_name_visits_no_other_document() {
    let (storer, queue) = queue(0, 1_000_000);
    let busy: Vec<_> = (0..20_000).map(|n| queue.store(doc(n), vec![0], Order::Queued)).collect();
    yield_now().await;
    VISITS.set(0);
    let more: Vec<_> = (20_000..21_000).map(|n| queue.store(doc(n), vec![0], Order::Queued)).collect();
    assert_eq!((VISITS.get(), queue.depth().documents), (0, 21_000));
    storer.permits.add_permits(30_000);
    for call in busy.into_iter().chain(more) {
        call.await.unwrap();
    }
    all_idle(&queue).await;

    // Now the memory is full: each new document is remembered, and forgets a few others at most.
    let idle = queue.depth().documents;
    VISITS.set(0);
    for n in 0..1_000 {
        store(&queue, format!("new {n}")).await;
    }
    all_idle(&queue).await;
    println!("{} visits for 1,000 new names beside {idle} idle documents", VISITS.get());
    assert!(idle > 2_000 && VISITS.get() <= 3_000, "{} visits beside {idle}", VISITS.get());
}

#[tokio::test]
async fn what_is_forgotten_first_is_content_then_the_least_recently_used_documents() {
    let (_, queue) = queue(100_000, 100_000);
    for n in 0..50 {
        store(&queue, n).await;
    }
    assert_eq!(known(&queue, 0), (1, true), "all fits");
    for n in 50..200 {
        store(&queue, n).await;
        assert_eq!(known(&queue, 0), (1, true), "it is used again and again");
    }
    assert_eq!(known(&queue, 1), (1, false), "its content is forgotten");
    assert_eq!(known(&queue, 199), (1, true));
    for n in 200..2_000 {
        store(&queue, n).await;
    }
    assert_eq!(known(&queue, 2), (0, false), "all of it is forgotten");
    assert_eq!(known(&queue, 1_999), (1, true), "the last ones keep their content, however many there are");
    let remembered = queue.depth().documents;
    let with_content = (0..2_000).filter(|n| known(&queue, n).1).count();
    println!(
        "{remembered} documents in 100,000 bytes, {with_content} of them with {CONTENT} bytes of content"
    );
    assert!((300..600).contains(&remembered), "{remembered} documents");
    assert!((20..25).contains(&with_content), "{with_content} documents with content");
}

#[tokio::test]
async fn without_memory_nothing_is_remembered_of_idle_documents() {
    for remember_bytes in [0, 1, 100] {
        let (_, queue) = queue(1_000, remember_bytes);
        for n in 0..10 {
            store(&queue, n).await;
        }
        all_idle(&queue).await;
        assert_eq!(queue.depth().documents, 0, "{remember_bytes} bytes");
        assert_eq!(known(&queue, 9), (0, false));
    }
}

#[tokio::test]
async fn documents_that_nothing_is_known_of_take_no_memory() {
    let (_, queue) = queue(0, 1_000_000);
    for n in 0..100 {
        queue.run(doc(n), Access::Read, Order::Queued, |_| async { Ok(()) }).await.unwrap();
    }
    all_idle(&queue).await;
    assert_eq!(queue.depth().documents, 0);
}
