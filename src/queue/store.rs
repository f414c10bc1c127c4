//! Updates that wait to be stored, each with the calls that it answers.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::calls::OpenCall;
use super::document::Document;
use crate::codec::sort_key::LogClock;
use crate::error::Result;

/// An update that waits to be stored, for one call or, gathered, for several.
pub struct Store {
    /// The update.
    pub update: Vec<u8>,
    /// The bytes of the updates that it was made of.
    pub given_bytes: usize,
    /// Whether it was made of valid updates. Such an update is not judged again: what is valid by itself may not be together,
    /// and the others must not be refused for it.
    pub is_gathered: bool,
    calls: Vec<Call>,
}

struct Call {
    answer: oneshot::Sender<Result<Option<LogClock>>>,
    _open: OpenCall,
}

impl Store {
    /// The store of one call; it is answered through the receiver.
    pub(super) fn new(
        update: Vec<u8>,
        open: OpenCall,
    ) -> (Self, oneshot::Receiver<Result<Option<LogClock>>>) {
        let (answer, answered) = oneshot::channel();
        let store = Store {
            given_bytes: update.len(),
            update,
            is_gathered: false,
            calls: vec![Call { answer, _open: open }],
        };
        (store, answered)
    }

    /// One store in place of several; `update` contains theirs.
    pub fn gathered(stores: Vec<Store>, update: Vec<u8>) -> Self {
        let given_bytes = stores.iter().map(|store| store.given_bytes).sum();
        let calls = stores.into_iter().flat_map(|store| store.calls).collect();
        Store { update, given_bytes, is_gathered: true, calls }
    }

    /// How many calls wait for it.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Answers the callers. They may have gone: a terminated worker. The update is stored all the same.
    pub fn answer(self, result: Result<Option<LogClock>>) {
        for call in self.calls {
            let _ = call.answer.send(result.clone());
        }
    }
}

/// Stores the updates of one batch and answers each of them.
pub trait StoreBatch: Send + Sync + 'static {
    /// Does what must be done before a batch is taken from the queue: updates gather meanwhile. A failure rejects the
    /// batch.
    fn prepare(&self, doc: &Arc<Document>) -> impl Future<Output = Result<()>> + Send;

    /// Stores a batch and answers each of its stores. Fails with what kept the batch from the table; an update that is
    /// invalid is no failure of its batch.
    fn store(&self, doc: &Arc<Document>, batch: Vec<Store>) -> impl Future<Output = Result<()>> + Send;

    /// Makes one store of several that wait side by side; answers those that cannot be stored. `None` where none is left.
    fn gather(&self, stores: Vec<Store>) -> Option<Store>;
}
