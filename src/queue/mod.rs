//! The order of calls: those on one document take effect one after another, in call order; documents do not wait for each
//! other.
//!
//! A call takes its place in the synchronous part of the API call, so the order is the caller's even if nothing is
//! awaited. Adjacent stores form a batch: while a put is in flight, the next batch gathers (group commit). Adjacent reads
//! run concurrently. The queue knows neither what an update is nor how one is stored: its owner does ([`StoreBatch`]), and
//! keeps a state of its own for each document.
//!
//! Each step runs in a task of its own: a panic rejects the calls of that step, and the document goes on. If a batch fails and
//! may succeed later, the stores behind it are rejected together with it.
//!
//! # Layout
//! * `all_documents`, and this file: how calls enter. `access`: what they wait for. `open_calls`: accepts, counts and answers.
//! * `call_queue`, `queued_calls`: the calls that wait on a document. `pending_update`: a store among them.
//! * `run`: takes them in steps, each a `batch` or other work. `gate`, `barrier`: hold calls back during a clear.
//! * `document`, `state`, `records`: documents in use, what their owner keeps, and what is remembered of the others.

mod access;
mod all_documents;
mod barrier;
mod batch;
mod call_queue;
mod document;
mod gate;
mod open_calls;
mod pending_update;
mod queued_calls;
mod records;
mod run;
mod state;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::codec::sort_key::{DocName, LogClock};
use crate::error::Result;
use crate::sync::lock;

pub use access::{Access, Order};
use barrier::Barrier;
pub use batch::{Batch, FailedBatch, StoreBatch};
pub use document::Document;
use document::Documents;
use open_calls::OpenCalls;
pub use pending_update::PendingUpdate;
use queued_calls::{QueuedCall, Work};
pub use state::{Record, State, allocated};

/// The answer to a call. The caller may await it anywhere.
pub type CallFuture<R> = Pin<Box<dyn Future<Output = R> + Send>>;

/// What waits in the queues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Documents in use or remembered.
    pub documents: usize,
    /// Calls that have not ended.
    pub open_calls: usize,
    /// Updates that wait to be taken into a batch.
    pub waiting_updates: usize,
    /// Their bytes.
    pub waiting_bytes: usize,
}

/// How the queues of a persistence work.
#[derive(Debug, Clone, Copy)]
pub struct QueueOptions {
    /// A batch is sent this long after its first update.
    pub batch_delay: Duration,
    /// From how many bytes on pending updates are coalesced.
    pub coalesce_bytes: usize,
    /// The most memory for the records of idle documents, in bytes.
    pub remember_bytes: usize,
}

/// The queues of all documents of one persistence.
pub struct Queue<S: StoreBatch> {
    inner: Arc<Inner<S>>,
}

impl<S: StoreBatch> Clone for Queue<S> {
    fn clone(&self) -> Self {
        Queue { inner: self.inner.clone() }
    }
}

struct Inner<S: StoreBatch> {
    storer: Arc<S>,
    runtime: Handle,
    batch_delay: Duration,
    /// Whether batches are sent without the delay from now on.
    is_undelayed: AtomicBool,
    documents: Arc<Documents<S::State>>,
    /// Queued calls made from now on wait until it opens.
    barrier: Mutex<Option<Barrier>>,
    calls: OpenCalls,
}

impl<S: StoreBatch> Queue<S> {
    /// Empty queues.
    pub fn new(storer: Arc<S>, options: QueueOptions, runtime: Handle) -> Self {
        let QueueOptions { batch_delay, coalesce_bytes, remember_bytes } = options;
        let inner = Inner {
            storer,
            runtime,
            batch_delay,
            is_undelayed: AtomicBool::new(batch_delay.is_zero()),
            documents: Documents::new(coalesce_bytes, remember_bytes),
            barrier: Mutex::default(),
            calls: OpenCalls::default(),
        };
        Queue { inner: Arc::new(inner) }
    }

    /// Queues a store. The future resolves when the update is durable.
    pub fn store(
        &self,
        name: DocName,
        update: Vec<u8>,
        order: Order,
    ) -> CallFuture<Result<Option<LogClock>>> {
        self.inner.calls.accept(|answer| {
            let pending = PendingUpdate::new(update, answer);
            let doc = self.document(name);
            match order {
                Order::Queued => self.enqueue(doc, QueuedCall::Store(pending)),
                Order::Outside => {
                    let storer = self.inner.storer.clone();
                    self.inner.runtime.spawn(async move {
                        let _shared = doc.gate.shared().await;
                        if let Err(failed) = storer.store_batch(&doc, Batch::outside(pending)).await {
                            failed.reject();
                        }
                    });
                }
            }
        })
    }

    /// Queues any other call: `work` runs when it is its turn.
    pub fn run<R, F>(
        &self,
        name: DocName,
        access: Access,
        order: Order,
        work: impl FnOnce(Arc<Document<S::State>>) -> F + Send + 'static,
    ) -> CallFuture<Result<R>>
    where
        R: Send + 'static,
        F: Future<Output = Result<R>> + Send + 'static,
    {
        self.inner.calls.accept(|answer| {
            let doc = self.document(name);
            let (at, runtime) = (doc.clone(), self.inner.runtime.clone());
            let run = Box::pin(async move {
                match access {
                    Access::Clear => {
                        let _alone = at.gate.alone().await;
                        answer.send(work(at.clone()).await);
                    }
                    Access::Read | Access::Write => {
                        let _shared = at.gate.shared().await;
                        answer.send(work(at.clone()).await);
                    }
                    Access::Detached => {
                        let shared = at.gate.shared().await;
                        runtime.spawn(async move {
                            // The document stays in use until the gate is open: its gate is the one that a clear takes.
                            answer.send(work(at.clone()).await);
                            drop(shared);
                        });
                    }
                }
            });
            match order {
                Order::Queued => {
                    self.enqueue(doc, QueuedCall::Other(Work { shared: access == Access::Read, run }));
                }
                Order::Outside => drop(self.inner.runtime.spawn(run)),
            }
        })
    }

    /// Refuses further calls from now on; resolves when all earlier ones have ended. Delayed batches are sent at once.
    pub fn close(&self) -> CallFuture<()> {
        self.inner.calls.close();
        self.stop_delaying();
        let inner = self.inner.clone();
        Box::pin(async move { inner.calls.ended().await })
    }

    /// Sends delayed batches, and all later ones, at once.
    pub fn stop_delaying(&self) {
        self.inner.is_undelayed.store(true, Ordering::Relaxed);
        self.inner.documents.for_each_in_use(|doc| doc.calls.send_now());
    }

    /// What waits at this moment. Linear in the documents in use.
    pub fn depth(&self) -> Depth {
        let mut depth = Depth {
            documents: self.inner.documents.len(),
            open_calls: self.inner.calls.count(),
            ..Depth::default()
        };
        self.inner.documents.for_each_in_use(|doc| {
            let (updates, bytes) = doc.calls.waiting_updates();
            depth.waiting_updates += updates;
            depth.waiting_bytes += bytes;
        });
        depth
    }

    /// The document, for work outside its queue.
    pub fn document(&self, name: DocName) -> Arc<Document<S::State>> {
        self.inner.documents.get(name)
    }

    /// The documents with calls or background work in progress.
    pub fn in_use(&self) -> Vec<DocName> {
        let mut in_use = Vec::new();
        self.inner.documents.for_each_in_use(|doc| in_use.push(doc.name().clone()));
        in_use
    }

    fn barrier(&self) -> MutexGuard<'_, Option<Barrier>> {
        lock(&self.inner.barrier)
    }
}
