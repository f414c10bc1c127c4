//! The order of calls: those on one document take effect one after another, in call order; documents do not wait for each
//! other.
//!
//! A call takes its place in the synchronous part of the API call, so the order is the caller's even where nothing is
//! awaited. Stores that wait side by side go out as one batch: while a put is in flight, the next batch gathers (group
//! commit). Reads that wait side by side run at once. What an update or a key is, is not known here.
//!
//! Each step runs in a task of its own: a panic rejects the calls of that step, and the document goes on.

mod access;
mod barrier;
mod calls;
mod document;
mod steps;
mod store;
mod waiting;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::codec::sort_key::{DocName, LogClock};
use crate::error::{Code, Error, Result};

pub use access::{Access, Order};
use barrier::Barrier;
use calls::Calls;
pub use document::Document;
pub use store::{Store, StoreBatch};
use waiting::{Job, Work};

/// How many documents are remembered beside the busy ones before half of them, the longest unused, are forgotten. A forgotten document costs
/// one Query more at its next store, and its items are counted anew towards a compaction.
const MAX_IDLE_DOCUMENTS: usize = 10_000;

/// A future that the caller may await anywhere.
pub type Pending<R> = Pin<Box<dyn Future<Output = R> + Send>>;

/// What waits in the queues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Documents remembered, idle ones included.
    pub documents: usize,
    /// Calls that have not ended.
    pub open_calls: usize,
    /// Updates that wait to be taken into a batch.
    pub waiting_updates: usize,
    /// Their bytes.
    pub waiting_bytes: usize,
}

/// The queues of all documents of one persistence.
pub struct Queue<S> {
    inner: Arc<Inner<S>>,
}

impl<S> Clone for Queue<S> {
    fn clone(&self) -> Self {
        Queue { inner: self.inner.clone() }
    }
}

struct Inner<S> {
    store: Arc<S>,
    runtime: Handle,
    batch_delay: Duration,
    /// Whether batches go out without the delay from now on.
    sends_at_once: AtomicBool,
    gather_bytes: usize,
    /// How often a document was asked for.
    uses: AtomicU64,
    documents: Mutex<HashMap<DocName, Arc<Document>>>,
    /// At how many documents the idle ones are looked for.
    most_documents: AtomicUsize,
    /// Queued calls made from now on wait for its end.
    barrier: Mutex<Option<Barrier>>,
    calls: Calls,
}

impl<S: StoreBatch> Queue<S> {
    /// Empty queues. `batch_delay` is how long a store waits for company; `gather_bytes`, of what size waiting updates are
    /// merged before it is their turn.
    pub fn new(store: Arc<S>, batch_delay: Duration, gather_bytes: usize, runtime: Handle) -> Self {
        let inner = Inner {
            store,
            runtime,
            batch_delay,
            sends_at_once: AtomicBool::new(batch_delay.is_zero()),
            gather_bytes,
            uses: AtomicU64::default(),
            documents: Mutex::default(),
            most_documents: AtomicUsize::new(MAX_IDLE_DOCUMENTS),
            barrier: Mutex::default(),
            calls: Calls::default(),
        };
        Queue { inner: Arc::new(inner) }
    }

    /// The runtime that the queues run on.
    pub fn runtime(&self) -> &Handle {
        &self.inner.runtime
    }

    /// Takes the place of a store. The future resolves when it is durable.
    pub fn store(&self, name: DocName, update: Vec<u8>, order: Order) -> Pending<Result<Option<LogClock>>> {
        let Some(open) = self.inner.calls.open() else { return Box::pin(async { Err(closed()) }) };
        let (store, answered) = Store::new(update, open);
        let doc = self.document(name);
        match order {
            Order::Queued => self.enqueue(doc, Job::Store(store)),
            Order::Outside => {
                let inner = self.inner.clone();
                self.inner.runtime.spawn(async move {
                    // The caller has the error: `store_now` answers every store.
                    let _ = inner.store_now(&doc, async { vec![store] }).await;
                });
            }
        }
        Box::pin(answer_of(answered))
    }

    /// Takes the place of any other call: `work` runs when it is its turn.
    pub fn run<R, F>(
        &self,
        name: DocName,
        access: Access,
        order: Order,
        work: impl FnOnce(Arc<Document>) -> F + Send + 'static,
    ) -> Pending<Result<R>>
    where
        R: Send + 'static,
        F: Future<Output = Result<R>> + Send + 'static,
    {
        let Some(open) = self.inner.calls.open() else { return Box::pin(async { Err(closed()) }) };
        let (answer, answered) = oneshot::channel();
        let doc = self.document(name);
        let (at, runtime) = (doc.clone(), self.inner.runtime.clone());
        let run = Box::pin(async move {
            // The caller may have gone: a terminated worker. The work is done all the same.
            let end = move |result| {
                let _ = answer.send(result);
                drop(open);
            };
            match access {
                Access::Clear => {
                    let _alone = at.alone().await;
                    end(work(at.clone()).await);
                }
                Access::Read | Access::Write => {
                    let _shared = at.gate.read().await;
                    end(work(at.clone()).await);
                }
                Access::Beside => {
                    let shared = at.gate.clone().read_owned().await;
                    runtime.spawn(async move {
                        end(work(at).await);
                        drop(shared);
                    });
                }
            }
        });
        match order {
            Order::Queued => self.enqueue(doc, Job::Run(Work { shared: access == Access::Read, run })),
            Order::Outside => drop(self.inner.runtime.spawn(run)),
        }
        Box::pin(answer_of(answered))
    }

    /// Runs work on all documents when every queued call made before has ended. With [`Access::Clear`] queued calls made
    /// later wait for its end.
    pub fn run_across<R: Send + 'static>(
        &self,
        access: Access,
        work: impl Future<Output = Result<R>> + Send + 'static,
    ) -> Pending<Result<R>> {
        let Some(open) = self.inner.calls.open() else { return Box::pin(async { Err(closed()) }) };
        let (answer, answered) = oneshot::channel();
        let busy: Vec<_> = self.documents().values().filter(|doc| doc.is_busy()).cloned().collect();
        let mut arrivals = Vec::with_capacity(busy.len());
        for doc in busy {
            let (arrive, arrived) = oneshot::channel();
            arrivals.push(arrived);
            let run = Box::pin(async move {
                let _ = arrive.send(());
            });
            self.enqueue(doc, Job::Run(Work { shared: false, run }));
        }
        let (hold, before) = match access {
            Access::Clear => {
                let (hold, barrier) = Barrier::new();
                (Some(hold), self.lock_barrier().replace(barrier))
            }
            Access::Read | Access::Write | Access::Beside => (None, self.lock_barrier().clone()),
        };
        self.inner.runtime.spawn(async move {
            if let Some(before) = before {
                before.ended().await;
            }
            for arrived in arrivals {
                // A lost arrival is a step that panicked: it has ended too.
                let _ = arrived.await;
            }
            let _ = answer.send(work.await);
            drop((hold, open));
        });
        Box::pin(answer_of(answered))
    }

    /// Refuses further calls from now on; resolves when all earlier ones have ended. Delayed batches go out at once.
    pub fn close(&self) -> Pending<()> {
        self.inner.calls.close();
        self.stop_delaying();
        let inner = self.inner.clone();
        Box::pin(async move { inner.calls.ended().await })
    }

    /// Sends delayed batches, and all that follow, at once.
    pub fn stop_delaying(&self) {
        self.inner.sends_at_once.store(true, Ordering::Relaxed);
        for doc in self.documents().values() {
            doc.hurry.notify_one();
        }
    }

    /// What waits at this moment. Linear in the documents remembered.
    pub fn depth(&self) -> Depth {
        let documents = self.documents();
        let mut depth =
            Depth { documents: documents.len(), open_calls: self.inner.calls.open_now(), ..Depth::default() };
        for doc in documents.values() {
            let (updates, bytes) = doc.waiting_stores();
            depth.waiting_updates += updates;
            depth.waiting_bytes += bytes;
        }
        depth
    }

    /// The document's shared state, for work outside its queue.
    pub fn document(&self, name: DocName) -> Arc<Document> {
        let mut documents = self.documents();
        if documents.len() >= self.inner.most_documents.load(Ordering::Relaxed)
            && !documents.contains_key(&name)
        {
            let busy = forget_half(&mut documents);
            // Busy ones stay: without this each new document would look at all of them again.
            self.inner.most_documents.store(busy + MAX_IDLE_DOCUMENTS, Ordering::Relaxed);
        }
        let doc = documents
            .entry(name.clone())
            .or_insert_with(|| Arc::new(Document::new(name, self.inner.gather_bytes)));
        doc.touch(self.inner.uses.fetch_add(1, Ordering::Relaxed));
        doc.clone()
    }

    /// The documents on which calls are under way.
    pub fn in_use(&self) -> Vec<DocName> {
        let documents = self.documents();
        let in_use = documents.values().filter(|doc| Arc::strong_count(doc) > 1);
        in_use.map(|doc| doc.name().clone()).collect()
    }

    fn documents(&self) -> MutexGuard<'_, HashMap<DocName, Arc<Document>>> {
        self.inner.documents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_barrier(&self) -> MutexGuard<'_, Option<Barrier>> {
        self.inner.barrier.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets the half of the documents whose last call is the longest ago, but for those that are busy. Returns how many are.
fn forget_half(documents: &mut HashMap<DocName, Arc<Document>>) -> usize {
    let mut uses: Vec<_> = documents.values().map(|doc| doc.last_use()).collect();
    let middle = uses.len() / 2;
    let (_, &mut median, _) = uses.select_nth_unstable(middle);
    let mut busy = 0;
    documents.retain(|_, doc| {
        let is_busy = Arc::strong_count(doc) > 1;
        busy += usize::from(is_busy);
        is_busy || doc.last_use() >= median
    });
    busy
}

fn closed() -> Error {
    Error::new(Code::Closed, "the persistence was closed; make a new one")
}

async fn answer_of<R>(answered: oneshot::Receiver<Result<R>>) -> Result<R> {
    match answered.await {
        Ok(result) => result,
        Err(_) => {
            Err(Error::new(Code::Internal, "the call ended without an answer: a panic; please report it"))
        }
    }
}
