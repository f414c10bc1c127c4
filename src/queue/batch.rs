//! A batch of updates on its way out of the queue, and who stores it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::access::Order;
use super::document::Document;
use super::pending_update::PendingUpdate;
use super::state::State;
use crate::error::Error;

/// The updates that are stored next. They gather until the batch is taken.
pub struct Batch<D: State> {
    updates: Updates<D>,
    /// Set when they have left the queue.
    taken: Arc<AtomicBool>,
}

enum Updates<D: State> {
    /// Those in front of the document's queue.
    Queued(Arc<Document<D>>),
    /// One from outside the queue.
    Outside(PendingUpdate),
}

impl<D: State> Batch<D> {
    pub(super) fn queued(doc: Arc<Document<D>>, taken: Arc<AtomicBool>) -> Self {
        Batch { updates: Updates::Queued(doc), taken }
    }

    pub(super) fn outside(update: PendingUpdate) -> Self {
        Batch { updates: Updates::Outside(update), taken: Arc::default() }
    }

    /// Whether the updates come from the document's queue.
    pub fn order(&self) -> Order {
        match self.updates {
            Updates::Queued(_) => Order::Queued,
            Updates::Outside(_) => Order::Outside,
        }
    }

    /// Takes the updates. A dropped one rejects its callers.
    pub async fn take(self) -> Vec<PendingUpdate> {
        match self.updates {
            Updates::Queued(doc) => {
                let updates = doc.calls.take_batch().await;
                self.taken.store(true, Ordering::Relaxed);
                updates
            }
            Updates::Outside(update) => vec![update],
        }
    }
}

/// A batch that was not stored.
pub struct FailedBatch {
    /// Why.
    pub error: Error,
    /// The updates whose callers have no answer yet. A dropped one rejects its callers.
    pub updates: Vec<PendingUpdate>,
}

impl FailedBatch {
    /// Rejects the callers.
    pub fn reject(self) {
        self.updates.into_iter().for_each(|pending| pending.answer(Err(self.error.clone())));
    }
}

/// Stores the batches of a queue.
pub trait StoreBatch: Send + Sync + 'static {
    /// What it keeps for each document.
    type State: State;

    /// Stores a batch and answers each of its updates. Requests that must come first delay nothing: the batch grows until it
    /// is taken. An update that is invalid does not fail the others.
    ///
    /// # Errors
    /// If the table did not take the batch. The queue rejects its callers, not the storer: a call that follows a rejection
    /// must not be rejected with the same error.
    fn store_batch(
        &self,
        doc: &Arc<Document<Self::State>>,
        batch: Batch<Self::State>,
    ) -> impl Future<Output = Result<(), FailedBatch>> + Send;

    /// Merges adjacent updates of one document; answers those that are invalid. `None` where none is left.
    fn coalesce(&self, updates: Vec<PendingUpdate>) -> Option<PendingUpdate>;
}
