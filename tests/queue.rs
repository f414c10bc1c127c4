//! The queue with an owner of its own, without log and table: it needs neither.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use y_dynamodb::codec::sort_key::{DocName, LogClock};
use y_dynamodb::error::{Code, Error, Result};
use y_dynamodb::queue::{
    Access, Batch, CallFuture, Document, FailedBatch, Order, PendingUpdate, Queue, QueueOptions, Record,
    State, StoreBatch,
};

/// Stores batches in the state of the document, one for each permit.
struct Storer {
    permits: Semaphore,
    /// The answer to each batch, the last one first; then success.
    errors: Mutex<Vec<Error>>,
}

/// The batches of a document: the updates of each.
#[derive(Default)]
struct Batches(Mutex<Vec<Vec<Vec<u8>>>>);

/// The same, of an idle document.
struct Idle(Vec<Vec<Vec<u8>>>);

impl Record for Idle {}

impl State for Batches {
    type Record = Idle;

    fn from_record(_: &DocName, Idle(batches): Idle) -> Self {
        Batches(Mutex::new(batches))
    }

    fn take_record(&self, _: &DocName) -> Option<Idle> {
        Some(Idle(std::mem::take(&mut self.0.lock().unwrap())))
    }
}

impl StoreBatch for Storer {
    type State = Batches;

    async fn store_batch(
        &self,
        doc: &Arc<Document<Batches>>,
        batch: Batch<Batches>,
    ) -> Result<(), FailedBatch> {
        self.permits.acquire().await.unwrap().forget();
        let updates = batch.take().await;
        let error = self.errors.lock().unwrap().pop();
        let stored = updates.iter().map(|pending| pending.update.clone()).collect();
        assert_ne!(stored, [b"panic".to_vec()], "a panic on purpose");
        let clock = {
            let mut batches = doc.state.0.lock().unwrap();
            batches.push(stored);
            LogClock(batches.len() as u32 - 1)
        };
        if let Some(error) = error {
            return Err(FailedBatch { error, updates });
        }
        updates.into_iter().for_each(|pending| pending.answer(Ok(Some(clock))));
        Ok(())
    }

    fn coalesce(&self, updates: Vec<PendingUpdate>) -> Option<PendingUpdate> {
        let all = updates.iter().flat_map(|pending| pending.update.clone()).collect();
        Some(PendingUpdate::coalesced(updates, all))
    }
}

fn queue_with(permits: usize, errors: Vec<Error>, coalesce_bytes: usize) -> (Arc<Storer>, Queue<Storer>) {
    let storer = Arc::new(Storer { permits: Semaphore::new(permits), errors: Mutex::new(errors) });
    let options = QueueOptions { batch_delay: Duration::ZERO, coalesce_bytes, remember_bytes: 1_000_000 };
    (storer.clone(), Queue::new(storer, options, Handle::current()))
}

fn d() -> DocName {
    DocName::new("d").unwrap()
}

fn batches(queue: &Queue<Storer>) -> Vec<Vec<Vec<u8>>> {
    queue.document(d()).state.0.lock().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn updates_gather_until_their_batch_is_taken() {
    let (storer, queue) = queue_with(0, Vec::new(), 1_000_000);
    let first = queue.store(d(), vec![1], Order::Queued);
    tokio::time::sleep(Duration::from_millis(1)).await;
    let second = queue.store(d(), vec![2], Order::Queued);
    storer.permits.add_permits(1);
    assert_eq!(first.await.unwrap(), Some(LogClock(0)));
    assert_eq!(second.await.unwrap(), Some(LogClock(0)));
    assert_eq!(batches(&queue), [[vec![1], vec![2]]]);
}

#[tokio::test(start_paused = true)]
async fn a_call_between_two_stores_separates_their_batches() {
    let (_, queue) = queue_with(2, Vec::new(), 1_000_000);
    let first = queue.store(d(), vec![1], Order::Queued);
    let seen = queue.run(d(), Access::Read, Order::Queued, |doc: Arc<Document<Batches>>| async move {
        Ok(doc.state.0.lock().unwrap().len())
    });
    let second = queue.store(d(), vec![2], Order::Queued);
    let (first, seen, second) = tokio::join!(first, seen, second);
    assert_eq!((first.unwrap(), seen.unwrap(), second.unwrap()), (Some(LogClock(0)), 1, Some(LogClock(1))));
}

#[tokio::test(start_paused = true)]
async fn a_backlog_is_coalesced_and_all_its_calls_are_answered() {
    let (storer, queue) = queue_with(0, Vec::new(), 1_000);
    let calls: Vec<_> = (0..100).map(|n| queue.store(d(), vec![n; 50], Order::Queued)).collect();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!((queue.depth().waiting_updates, queue.depth().open_calls), (100, 100));
    storer.permits.add_permits(1);
    for call in calls {
        assert_eq!(call.await.unwrap(), Some(LogClock(0)));
    }
    let stored = batches(&queue);
    assert!(stored[0].len() < 100, "{} updates in the batch", stored[0].len());
    assert_eq!(stored[0].concat().len(), 5_000);
}

#[tokio::test(start_paused = true)]
async fn a_retryable_failure_rejects_the_backlog_too() {
    let error = Error::new(Code::Unavailable, "injected");
    let (storer, queue) = queue_with(0, vec![error], 1_000_000);
    let first = queue.store(d(), vec![1; 300_000], Order::Queued);
    let second = queue.store(d(), vec![2; 300_000], Order::Queued);
    storer.permits.add_permits(2);
    assert_eq!(first.await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(second.await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(batches(&queue).len(), 1, "the second one was not sent");
    assert_eq!(queue.store(d(), vec![3], Order::Queued).await.unwrap(), Some(LogClock(1)));
}

/// A caller that stores again at the very moment of an answer.
struct StoreAgain {
    queue: Queue<Storer>,
    stored: Mutex<Vec<CallFuture<Result<Option<LogClock>>>>>,
}

impl Wake for StoreAgain {
    fn wake(self: Arc<Self>) {
        self.stored.lock().unwrap().push(self.queue.store(d(), vec![3], Order::Queued));
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_follows_a_rejection_is_sent() {
    let error = Error::new(Code::Unavailable, "injected");
    let (storer, queue) = queue_with(0, vec![error], 1_000_000);
    let mut first = queue.store(d(), vec![1; 300_000], Order::Queued);
    let mut backlog = queue.store(d(), vec![2; 300_000], Order::Queued);
    let again = Arc::new(StoreAgain { queue: queue.clone(), stored: Mutex::default() });
    let waker = Waker::from(again.clone());
    for call in [&mut first, &mut backlog] {
        assert!(call.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    storer.permits.add_permits(2);
    tokio::time::sleep(Duration::from_millis(1)).await;
    for call in [first, backlog] {
        assert_eq!(call.await.unwrap_err().code(), Code::Unavailable);
    }
    let stored = std::mem::take(&mut *again.stored.lock().unwrap());
    assert_eq!(stored.len(), 2);
    for call in stored {
        assert_eq!(call.await.unwrap(), Some(LogClock(1)));
    }
    assert_eq!(batches(&queue)[1], [[3], [3]]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_rejects_its_own_calls_and_the_document_continues() {
    let (_, queue) = queue_with(2, Vec::new(), 1_000_000);
    let failed = queue.store(d(), b"panic".to_vec(), Order::Queued);
    assert_eq!(failed.await.unwrap_err().code(), Code::Internal);
    assert_eq!(queue.store(d(), vec![1], Order::Queued).await.unwrap(), Some(LogClock(0)));
}

#[tokio::test(start_paused = true)]
async fn a_close_refuses_calls_and_waits_for_the_open_ones() {
    let (storer, queue) = queue_with(0, Vec::new(), 1_000_000);
    let open = queue.store(d(), vec![1], Order::Queued);
    let closing = queue.close();
    for refused in [
        queue.store(d(), vec![2], Order::Queued).await.map(drop),
        queue.run(d(), Access::Read, Order::Outside, |_| async { Ok(()) }).await,
        queue.run_on_all(Access::Read, async { Ok(()) }).await,
    ] {
        assert_eq!(refused.unwrap_err().code(), Code::Closed);
    }
    storer.permits.add_permits(1);
    closing.await;
    assert_eq!(open.await.unwrap(), Some(LogClock(0)));
}

#[tokio::test(start_paused = true)]
async fn the_gate_counts_calls_that_wait_for_background_work() {
    let (_, queue) = queue_with(0, Vec::new(), 1_000_000);
    let doc = queue.document(d());
    let mut waiting = doc.gate.waiting();
    let background = doc.gate.shared().await;
    let clear = queue.run(d(), Access::Clear, Order::Queued, |_| async { Ok(()) });
    waiting.wait_for(|calls| *calls == 1).await.unwrap();
    drop(background);
    clear.await.unwrap();
    assert_eq!(*waiting.borrow(), 0);
}
