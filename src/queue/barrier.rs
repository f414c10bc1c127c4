//! Holds back the queued calls made after a call on all documents.

use tokio::sync::watch;

/// Closed until its [`Hold`] is dropped.
#[derive(Debug, Clone)]
pub(super) struct Barrier(watch::Receiver<()>);

/// Keeps a barrier closed. A panic drops it too.
#[derive(Debug)]
pub(super) struct Hold(#[expect(dead_code, reason = "held for its drop")] watch::Sender<()>);

impl Barrier {
    pub fn new() -> (Hold, Barrier) {
        let (hold, barrier) = watch::channel(());
        (Hold(hold), Barrier(barrier))
    }

    pub fn is_closed(&self) -> bool {
        self.0.has_changed().is_ok()
    }

    pub fn is(&self, other: &Barrier) -> bool {
        self.0.same_channel(&other.0)
    }

    /// Resolves when the barrier opens.
    pub async fn opened(mut self) {
        while self.0.changed().await.is_ok() {}
    }
}
