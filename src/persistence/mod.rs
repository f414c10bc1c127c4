//! One method per call of the public API.
//!
//! Each method is a plain function: it takes the call's place in its document's queue at once and returns a future for
//! the result, so that the order of effects is the order of calls whether or not they are awaited. Every future fails
//! with `ERR_CLOSED` after [`Persistence::close`], with `ERR_INTERNAL` for a bug of ours, and with what the table says:
//! `ERR_TABLE`, `ERR_ACCESS`, `ERR_THROTTLED`, `ERR_UNAVAILABLE`.

mod engine;
mod inspect;
mod listing;
mod meta;
mod ready;

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::codec::sort_key::{DocName, LogClock};
use crate::compaction::{Compactor, Document, FlushedDocument, Thresholds};
use crate::defaults;
use crate::error::{Code, Error, Result};
#[cfg(feature = "break-rules")]
use crate::log::Rule;
use crate::log::{
    Entry, Host, Log, LogOptions, Merged, OnCorrupt, Sizes, SystemHost, WriteStateVector, off_the_loop,
};
use crate::monitor::{Counts, Deaf, Monitor, Observer};
use crate::queue::{Access, Depth, Order, Pending, Queue};
use crate::table::{Connections, Snapshot, Table};
use crate::update;

use engine::Engine;
pub use inspect::{Released, Repaired};
pub use listing::{Cursor, DocState, Listing};
pub use meta::Metas;
use ready::Ready;

/// How a persistence works.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Take the table as it is: no check, no creation, no request (default false).
    pub skip_create_table: bool,
    /// How long a store waits for more updates of its document before it is sent (default 0).
    pub batch_delay: Duration,
    /// Updates that wait are merged when they and their calls take so many bytes (default 64 KiB).
    pub coalesce_bytes: usize,
    /// Drop the content of deleted items when merging (default true).
    pub gc: bool,
    /// What a read does about an item that is not an update (default: fail).
    pub on_corrupt: OnCorrupt,
    /// When documents are compacted in the background.
    pub compaction: Thresholds,
    /// Where updates are cut into sets; simulations cut them small.
    pub sizes: Sizes,
    /// The rule that a simulation leaves out.
    #[cfg(feature = "break-rules")]
    pub broken: Option<Rule>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            skip_create_table: false,
            batch_delay: defaults::BATCH_DELAY,
            coalesce_bytes: defaults::COALESCE_BYTES,
            gc: defaults::GC,
            on_corrupt: OnCorrupt::default(),
            compaction: Thresholds::default(),
            sizes: Sizes::default(),
            #[cfg(feature = "break-rules")]
            broken: None,
        }
    }
}

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
    queue: Queue<Engine<T>>,
    engine: Arc<Engine<T>>,
}

impl<T: Table> Clone for Persistence<T> {
    fn clone(&self) -> Self {
        Persistence { queue: self.queue.clone(), engine: self.engine.clone() }
    }
}

impl<T: Table> Persistence<T> {
    /// Opens the documents of `table`. Returns at once; unless `skip_create_table` is set, the table is checked, and
    /// created if it is missing, behind the first calls.
    pub fn new(table: T, options: Options, runtime: Handle) -> Self {
        Self::observed(table, options, runtime, Arc::new(SystemHost), Arc::new(Deaf))
    }

    /// The same, telling `observer` of background compactions, on a given machine.
    pub fn observed(
        table: T,
        options: Options,
        runtime: Handle,
        host: Arc<dyn Host>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let table = Arc::new(table);
        let log_options = LogOptions {
            gc: options.gc,
            on_corrupt: options.on_corrupt,
            sizes: options.sizes,
            #[cfg(feature = "break-rules")]
            broken: options.broken,
        };
        let monitor = Arc::new(Monitor::new(observer));
        let skip = options.skip_create_table;
        let ready = Ready::new(table.clone(), skip, runtime.clone(), monitor.clone());
        ready.begin();
        let log = Log::new(table, log_options, host.clone());
        let compactor =
            Compactor::new(log.clone(), options.compaction, runtime.clone(), host, monitor.clone());
        let engine = Arc::new(Engine { log, ready, compactor, monitor });
        let queue = Queue::new(engine.clone(), options.batch_delay, options.coalesce_bytes, runtime);
        Persistence { queue, engine }
    }

    /// Stores an update and resolves with its log clock when it is durable. Updates that wait side by side are stored
    /// as one. An update with nothing in it is not stored: the document's largest log clock, `None` where it is missing.
    ///
    /// Cost: 1 WCU per KiB of the batch; 1 Query (0.5 RCU or more) at the first store to a document.
    ///
    /// # Errors
    /// `ERR_INVALID_ARGUMENT` for a name too long to be written, `ERR_INVALID_UPDATE` for bytes that are no update.
    pub fn store_update(
        &self,
        doc: DocName,
        update: Vec<u8>,
        order: Order,
    ) -> Pending<Result<Option<LogClock>>> {
        match doc.writable() {
            Ok(doc) => self.queue.store(doc, update, order),
            Err(error) => failed(error),
        }
    }

    /// All of a document as one update; the empty update where it is missing.
    ///
    /// Cost: 1 RCU per 4 KiB stored, a request per 1 MB. Writes nothing.
    ///
    /// # Errors
    /// `ERR_CORRUPT` where an item is not an update.
    pub fn read(&self, doc: DocName, order: Order) -> Pending<Result<Vec<u8>>> {
        self.with_merged(doc, order, Ok)
    }

    /// The state vector of a document; `[0]` where it is missing. Cost and errors as [`Persistence::read`].
    pub fn state_vector(&self, doc: DocName, order: Order) -> Pending<Result<Vec<u8>>> {
        self.with_merged(doc, order, |update| {
            update::state_vector(&update).map_err(|reason| unreadable(&reason))
        })
    }

    /// What a peer with `state_vector` lacks. Cost and errors as [`Persistence::read`].
    ///
    /// # Errors
    /// `ERR_INVALID_ARGUMENT` where `state_vector` is none.
    pub fn diff(&self, doc: DocName, state_vector: Vec<u8>, order: Order) -> Pending<Result<Vec<u8>>> {
        if let Err(reason) = update::validate_state_vector(&state_vector) {
            return failed(Error::new(Code::InvalidArgument, format!("not a state vector: {reason}")));
        }
        self.with_merged(doc, order, move |update| {
            update::diff(&update, &state_vector).map_err(|reason| unreadable(&reason))
        })
    }

    /// The updates of a document as they are stored, in log order; a set as one.
    pub fn updates(&self, doc: DocName, order: Order) -> Pending<Result<Vec<Entry>>> {
        self.call(doc, Access::Read, order, |log, doc| async move {
            let read = log.read(doc.name()).await?;
            doc.state.hints().saw_log(&read);
            Ok(read.entries)
        })
    }

    /// Merges all updates of a document into one, now, and writes its state vector for the original's reader. Resolves
    /// with the document's log clock; `None` where it is missing.
    ///
    /// Cost: a read, 1 WCU per KiB of the result and of each item deleted, 6 requests more.
    ///
    /// # Errors
    /// `ERR_CORRUPT` as a read; `ERR_UNAVAILABLE` where others compact or clear the document again and again.
    pub fn flush(&self, doc: DocName, order: Order) -> Pending<Result<Option<LogClock>>> {
        let flushed = self.flush_as(doc, WriteStateVector::Always, order);
        Box::pin(async move { Ok(flushed.await?.map(|flushed| flushed.clock)) })
    }

    fn flush_as(
        &self,
        doc: DocName,
        state_vector: WriteStateVector,
        order: Order,
    ) -> Pending<Result<Option<FlushedDocument>>> {
        let doc = match doc.writable() {
            Ok(doc) => doc,
            Err(error) => return failed(error),
        };
        let compactor = self.engine.compactor.clone();
        self.call(doc, Access::Beside, order, move |_, doc| async move {
            compactor.flush(&doc, state_vector).await
        })
    }

    /// Deletes updates, metas, quarantine and state vector of a document.
    ///
    /// Cost: a read of the document, 1 WCU per KiB of each item.
    ///
    /// # Errors
    /// `ERR_UNAVAILABLE` where other processes store so steadily that it does not become empty.
    pub fn clear(&self, doc: DocName, order: Order) -> Pending<Result<()>> {
        self.call(doc, Access::Clear, order, |log, doc| async move { clear(&log, &doc).await })
    }

    /// What this persistence has done so far, what it has cost, and what waits. Makes no request.
    pub fn stats(&self) -> Stats {
        let table = self.engine.log.table();
        Stats {
            counts: self.engine.monitor.counts(),
            cost: table.meter().snapshot(),
            connections: table.connections(),
            depth: self.queue.depth(),
        }
    }

    /// Sends from now on at once what `batch_delay` would hold back. Makes no request by itself.
    pub fn stop_delaying(&self) {
        self.queue.stop_delaying();
    }

    /// Refuses further calls from now on; resolves when all earlier ones have ended and the table is closed, which cuts
    /// off background compactions: as safe as a crash in one.
    pub fn close(&self) -> Pending<()> {
        self.engine.compactor.close();
        let (calls, engine) = (self.queue.close(), self.engine.clone());
        Box::pin(async move {
            calls.await;
            engine.log.close().await;
            engine.log.table().close().await;
        })
    }

    fn with_merged(
        &self,
        doc: DocName,
        order: Order,
        view: impl FnOnce(Vec<u8>) -> Result<Vec<u8>> + Send + 'static,
    ) -> Pending<Result<Vec<u8>>> {
        let compactor = self.engine.compactor.clone();
        self.call(doc, Access::Read, order, |log, doc| async move {
            let Merged { log: read, update } = log.read_merged(doc.name()).await?;
            doc.state.hints().saw_log(&read);
            compactor.schedule_if_due(&doc);
            drop(read);
            off_the_loop(update.len(), || view(update)).await?
        })
    }

    /// Queues `work`, to run when the table is ready.
    fn call<R, F>(
        &self,
        doc: DocName,
        access: Access,
        order: Order,
        work: impl FnOnce(Log<T>, Arc<Document>) -> F + Send + 'static,
    ) -> Pending<Result<R>>
    where
        R: Send + 'static,
        F: Future<Output = Result<R>> + Send + 'static,
    {
        let engine = self.engine.clone();
        self.queue.run(doc, access, order, move |doc| async move {
            engine.ready.wait().await?;
            work(engine.log.clone(), doc).await
        })
    }
}

/// The clear itself; nothing else of this process may run on the document.
async fn clear<T: Table>(log: &Log<T>, doc: &Document) -> Result<()> {
    doc.state.hints().forget();
    log.clear(doc.name()).await
}

fn failed<R: Send + 'static>(error: Error) -> Pending<Result<R>> {
    Box::pin(async { Err(error) })
}

fn unreadable(reason: &update::InvalidUpdate) -> Error {
    Error::new(Code::Internal, format!("a merged update cannot be read: {reason}; please report it"))
}
