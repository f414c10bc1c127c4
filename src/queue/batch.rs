//! A batch of updates on its way out of the queue, and who stores it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::access::Order;
use super::document::Document;
use super::pending_update::{PendingUpdate, reject_all};
use super::state::State;
use crate::error::{Error, Result};

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

    /// Takes the updates; each must be answered. A dropped one rejects its callers.
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

    /// Takes the updates and rejects their callers.
    pub async fn reject(self, error: &Error) {
        reject_all(self.take().await, error);
    }
}

/// Stores the batches of a queue.
pub trait StoreBatch: Send + Sync + 'static {
    /// What it keeps for each document.
    type State: State;

    /// Stores a batch and answers each of its updates. Requests that must come first delay nothing: the batch grows until it
    /// is taken. Fails if the table did not take the batch; an update that is invalid does not fail the others.
    fn store_batch(
        &self,
        doc: &Arc<Document<Self::State>>,
        batch: Batch<Self::State>,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Merges adjacent updates of one document; answers those that are invalid. `None` where none is left.
    fn coalesce(&self, updates: Vec<PendingUpdate>) -> Option<PendingUpdate>;
}
