//! Lets one call at a time run alone on a document: all other calls, and background work on it, share the document.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{OwnedRwLockReadGuard, RwLock, RwLockWriteGuard, watch};

/// The gate of one document.
#[derive(Debug)]
pub struct Gate {
    lock: Arc<RwLock<()>>,
    waiting: watch::Sender<usize>,
}

impl Default for Gate {
    fn default() -> Self {
        Gate { lock: Arc::default(), waiting: watch::Sender::new(0) }
    }
}

impl Gate {
    /// Waits until no call runs alone; none does while the guard is held.
    pub async fn shared(&self) -> OwnedRwLockReadGuard<()> {
        self.lock.clone().read_owned().await
    }

    /// Waits until nothing of this process runs on the document; nothing does while the guard is held.
    pub async fn alone(&self) -> RwLockWriteGuard<'_, ()> {
        self.counted(self.lock.write()).await
    }

    /// Waits for `background`, which depends on background work; the call counts as waiting meanwhile.
    pub async fn counted<F: Future>(&self, background: F) -> F::Output {
        let _waiter = Waiter::new(&self.waiting);
        background.await
    }

    /// How many calls wait for background work on the document to end.
    pub fn waiting(&self) -> watch::Receiver<usize> {
        self.waiting.subscribe()
    }
}

/// A call that waits, until this is dropped.
struct Waiter<'a>(&'a watch::Sender<usize>);

impl<'a> Waiter<'a> {
    fn new(waiting: &'a watch::Sender<usize>) -> Self {
        waiting.send_modify(|waiting| *waiting += 1);
        Waiter(waiting)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting = waiting.saturating_sub(1));
    }
}
