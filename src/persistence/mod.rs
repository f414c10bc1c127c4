//! One method per call of the public API.
//!
//! Each method is a plain function: it takes the call's place in its document's queue at once and returns a future for
//! the result, so that the order of effects is the order of calls whether or not they are awaited. Every future fails
//! with `ERR_CLOSED` after [`Persistence::close`], with `ERR_INTERNAL` for a bug of ours, and with the errors of the table:
//! `ERR_TABLE`, `ERR_ACCESS`, `ERR_THROTTLED`, `ERR_UNAVAILABLE`.

mod inspect;
mod listing;
mod meta;
mod options;
mod ready;
mod updates;
mod worker;

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::codec::sort_key::DocName;
use crate::compaction::{Compactor, Document};
use crate::error::{Error, Result};
use crate::log::{Host, Log, LogOptions, SystemHost};
use crate::monitor::{Counts, Monitor, NoObserver, Observer};
use crate::queue::{Access, CallFuture, Depth, Order, Queue, QueueOptions};
use crate::table::{Connections, Snapshot, Table};

pub use inspect::{QuarantinedItem, Repaired};
pub use listing::{Cursor, DocState, Listing};
pub use meta::Metas;
pub use options::Options;
use ready::Ready;
use worker::Worker;

/// What a persistence has done, what it has cost, and what waits.
#[derive(Debug, Clone, Copy)]
pub struct Stats {
    /// Batches and compactions.
    pub counts: Counts,
    /// Requests and capacity units by operation.
    pub cost: Snapshot,
    /// Requests in flight, and those that wait for a connection.
    pub connections: Connections,
    /// The queues.
    pub depth: Depth,
}

/// Yjs documents in one table. Cheap to clone.
pub struct Persistence<T: Table> {
    queue: Queue<Worker<T>>,
    worker: Arc<Worker<T>>,
}

impl<T: Table> Clone for Persistence<T> {
    fn clone(&self) -> Self {
        Persistence { queue: self.queue.clone(), worker: self.worker.clone() }
    }
}

impl<T: Table> Persistence<T> {
    /// Opens the documents of `table`. Returns at once. Unless `skip_create_table` is set, the table is checked in the
    /// background, and created if it is missing; calls wait for that.
    pub fn new(table: T, options: Options, runtime: Handle) -> Self {
        Self::observed(table, options, runtime, Arc::new(SystemHost), Arc::new(NoObserver))
    }

    /// The same with an observer of events, on a given host.
    pub fn observed(
        table: T,
        options: Options,
        runtime: Handle,
        host: Arc<dyn Host>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let table = Arc::new(table);
        let log_options = LogOptions { gc: options.gc, on_corrupt: options.on_corrupt, sizes: options.sizes };
        let monitor = Arc::new(Monitor::new(observer));
        let skip = options.skip_create_table;
        let ready = Ready::new(table.clone(), skip, runtime.clone(), monitor.clone());
        ready.begin();
        let log = Log::new(table, log_options, host.clone());
        let compactor =
            Compactor::new(log.clone(), options.compaction, runtime.clone(), host, monitor.clone());
        let worker = Arc::new(Worker { log, ready, compactor, monitor });
        let queue_options = QueueOptions {
            batch_delay: options.batch_delay,
            coalesce_bytes: options.coalesce_bytes,
            remember_bytes: options.remember_bytes,
        };
        let queue = Queue::new(worker.clone(), queue_options, runtime);
        Persistence { queue, worker }
    }

    /// What this persistence has done so far, what it has cost, and what waits. Makes no request.
    pub fn stats(&self) -> Stats {
        let table = self.worker.log.table();
        Stats {
            counts: self.worker.monitor.counts(),
            cost: table.meter().snapshot(),
            connections: table.connections(),
            depth: self.queue.depth(),
        }
    }

    /// Sends delayed batches, and all later ones, without `batch_delay`.
    pub fn stop_delaying(&self) {
        self.queue.stop_delaying();
    }

    /// Refuses further calls; resolves when all earlier ones have ended and the table is closed. That cuts off background
    /// compactions, which is as safe as a crash.
    pub fn close(&self) -> CallFuture<()> {
        self.worker.compactor.close();
        let (calls, worker) = (self.queue.close(), self.worker.clone());
        Box::pin(async move {
            calls.await;
            worker.log.close().await;
            worker.log.table().close().await;
        })
    }

    /// Queues `work`, to run when the table is ready.
    fn call<R, F>(
        &self,
        doc: DocName,
        access: Access,
        order: Order,
        work: impl FnOnce(Arc<Worker<T>>, Arc<Document>) -> F + Send + 'static,
    ) -> CallFuture<Result<R>>
    where
        R: Send + 'static,
        F: Future<Output = Result<R>> + Send + 'static,
    {
        let worker = self.worker.clone();
        self.queue.run(doc, access, order, move |doc| async move {
            worker.ready.wait().await?;
            work(worker, doc).await
        })
    }

    /// As [`Persistence::call`], but on all documents.
    fn call_all<R, F>(
        &self,
        access: Access,
        work: impl FnOnce(Arc<Worker<T>>) -> F + Send + 'static,
    ) -> CallFuture<Result<R>>
    where
        R: Send + 'static,
        F: Future<Output = Result<R>> + Send + 'static,
    {
        let worker = self.worker.clone();
        self.queue.run_on_all(access, async move {
            worker.ready.wait().await?;
            work(worker).await
        })
    }
}

fn failed<R: Send + 'static>(error: Error) -> CallFuture<Result<R>> {
    Box::pin(async { Err(error) })
}
