//! Counts the calls that have not ended, so that a close can wait for them.

use std::sync::Arc;

use tokio::sync::watch;

#[derive(Debug, Clone, Copy, Default)]
struct State {
    open: usize,
    closed: bool,
}

/// The open calls of one persistence.
#[derive(Debug)]
pub(super) struct OpenCalls(Arc<watch::Sender<State>>);

/// A call that was accepted and has not ended. Ends when dropped.
#[derive(Debug)]
pub(super) struct OpenCall(Arc<watch::Sender<State>>);

impl Default for OpenCalls {
    fn default() -> Self {
        OpenCalls(Arc::new(watch::Sender::new(State::default())))
    }
}

impl OpenCalls {
    /// Accepts a call; `None` after [`OpenCalls::close`].
    pub fn open(&self) -> Option<OpenCall> {
        let accepted = self.0.send_if_modified(|state| {
            if !state.closed {
                state.open += 1;
            }
            !state.closed
        });
        accepted.then(|| OpenCall(self.0.clone()))
    }

    pub fn close(&self) {
        self.0.send_modify(|state| state.closed = true);
    }

    pub fn count(&self) -> usize {
        self.0.borrow().open
    }

    /// Resolves when no call is open.
    pub async fn ended(&self) {
        // The sender lives as long as `self`: waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|state| state.open == 0).await;
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.0.send_modify(|state| state.open = state.open.saturating_sub(1));
    }
}
