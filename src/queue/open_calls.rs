//! Accepts and answers calls, and counts those that have not ended, so that a close can wait for them.

use std::sync::Arc;

use tokio::sync::{oneshot, watch};

use super::CallFuture;
use crate::error::{Code, Error, Result};

#[derive(Debug, Clone, Copy, Default)]
struct State {
    open: usize,
    closed: bool,
}

/// The open calls of one persistence.
#[derive(Debug)]
pub(super) struct OpenCalls(Arc<watch::Sender<State>>);

/// Answers a call. The call is open until this is sent or dropped; dropping it (a panic) rejects the caller.
#[derive(Debug)]
pub(super) struct Answer<R> {
    sender: oneshot::Sender<Result<R>>,
    _open: OpenCall,
}

#[derive(Debug)]
struct OpenCall(Arc<watch::Sender<State>>);

impl Default for OpenCalls {
    fn default() -> Self {
        OpenCalls(Arc::new(watch::Sender::new(State::default())))
    }
}

impl OpenCalls {
    /// Accepts a call and gives it to `start`, which must not await; the future resolves with its answer. Fails with
    /// `ERR_CLOSED` after [`OpenCalls::close`].
    pub fn accept<R: Send + 'static>(&self, start: impl FnOnce(Answer<R>)) -> CallFuture<Result<R>> {
        let Some(open) = self.open() else { return Box::pin(async { Err(Error::closed()) }) };
        let (sender, answered) = oneshot::channel();
        start(Answer { sender, _open: open });
        Box::pin(async { answered.await.unwrap_or_else(|_| Err(panicked())) })
    }

    fn open(&self) -> Option<OpenCall> {
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

impl<R> Answer<R> {
    /// The caller may be gone (a terminated worker): what the call did stays done.
    pub fn send(self, result: Result<R>) {
        let _ = self.sender.send(result);
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.0.send_modify(|state| state.open = state.open.saturating_sub(1));
    }
}

fn panicked() -> Error {
    Error::new(Code::Internal, "the call panicked; please report it")
}
