//! The calls on the updates of a document.

use super::{Persistence, failed};
use crate::codec::sort_key::{DocName, LogClock};
use crate::compaction::FlushedDocument;
use crate::error::{Code, Error, Result};
use crate::log::{Entry, WriteStateVector, blocking_if_large};
use crate::queue::{Access, CallFuture, Order};
use crate::table::Table;
use crate::update::{self, InvalidUpdate};

impl<T: Table> Persistence<T> {
    /// Stores an update and resolves with its log clock when it is durable. Updates that wait together are stored as one. An
    /// empty update is not stored: resolves with the document's largest log clock, `None` if the document is missing.
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
    ) -> CallFuture<Result<Option<LogClock>>> {
        match doc.writable() {
            Ok(doc) => self.queue.store(doc, update, order),
            Err(error) => failed(error),
        }
    }

    /// All of a document as one update; the empty update if it is missing.
    ///
    /// Cost: 1 RCU per 4 KiB stored, a request per 1 MB. Writes nothing.
    ///
    /// # Errors
    /// `ERR_CORRUPT` if an item is not an update.
    pub fn read(&self, doc: DocName, order: Order) -> CallFuture<Result<Vec<u8>>> {
        self.call(doc, Access::Read, order, |worker, doc| async move { worker.read(&doc).await })
    }

    /// The state vector of a document; `[0]` if it is missing. Cost and errors as [`Persistence::read`].
    pub fn state_vector(&self, doc: DocName, order: Order) -> CallFuture<Result<Vec<u8>>> {
        self.call(doc, Access::Read, order, |worker, doc| async move {
            let update = worker.read(&doc).await?;
            let computed = blocking_if_large(update.len(), move || update::state_vector(&update)).await?;
            computed.map_err(|reason| unreadable(&reason))
        })
    }

    /// What a peer with `state_vector` lacks. Cost and errors as [`Persistence::read`].
    ///
    /// # Errors
    /// `ERR_INVALID_ARGUMENT` if `state_vector` is malformed.
    pub fn diff(&self, doc: DocName, state_vector: Vec<u8>, order: Order) -> CallFuture<Result<Vec<u8>>> {
        if let Err(reason) = update::validate_state_vector(&state_vector) {
            return failed(Error::new(Code::InvalidArgument, format!("not a state vector: {reason}")));
        }
        self.call(doc, Access::Read, order, |worker, doc| async move {
            let update = worker.read(&doc).await?;
            let computed =
                blocking_if_large(update.len(), move || update::diff(&update, &state_vector)).await?;
            computed.map_err(|reason| unreadable(&reason))
        })
    }

    /// The updates of a document as they are stored, in log order; a set as one.
    ///
    /// # Errors
    /// `ERR_CORRUPT` if an item's key is not one of an update.
    pub fn updates(&self, doc: DocName, order: Order) -> CallFuture<Result<Vec<Entry>>> {
        self.call(doc, Access::Read, order, |worker, doc| async move {
            let read = worker.log.read(doc.name()).await?;
            worker.record_read(&doc, &read);
            Ok(read.entries)
        })
    }

    /// Compacts all of a document, now, and writes its state vector for the original's reader. Resolves with the document's
    /// log clock; `None` if it is missing.
    ///
    /// Cost: a read, 1 WCU per KiB of the result and of each item deleted, 6 requests more.
    ///
    /// # Errors
    /// `ERR_CORRUPT` as a read; `ERR_UNAVAILABLE` if others compact or clear the document again and again.
    pub fn flush(&self, doc: DocName, order: Order) -> CallFuture<Result<Option<LogClock>>> {
        let flushed = self.flush_as(doc, WriteStateVector::Always, order);
        Box::pin(async move { Ok(flushed.await?.map(|flushed| flushed.clock)) })
    }

    pub(super) fn flush_as(
        &self,
        doc: DocName,
        state_vector: WriteStateVector,
        order: Order,
    ) -> CallFuture<Result<Option<FlushedDocument>>> {
        match doc.writable() {
            Ok(doc) => self.call(doc, Access::Detached, order, move |worker, doc| async move {
                worker.compactor.flush(&doc, state_vector).await
            }),
            Err(error) => failed(error),
        }
    }

    /// Deletes updates, metas, quarantine and state vector of a document.
    ///
    /// Cost: a read of the document, 1 WCU per KiB of each item.
    ///
    /// # Errors
    /// `ERR_UNAVAILABLE` if other processes store so often that it does not become empty.
    pub fn clear(&self, doc: DocName, order: Order) -> CallFuture<Result<()>> {
        self.call(doc, Access::Clear, order, |worker, doc| async move { worker.clear(&doc).await })
    }
}

/// An update that this package has merged is malformed.
pub(super) fn unreadable(reason: &InvalidUpdate) -> Error {
    Error::new(Code::Internal, format!("a merged update cannot be read: {reason}; please report it"))
}
