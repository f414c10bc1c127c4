//! Calls on all documents.

use std::future::Future;

use tokio::sync::oneshot;

use super::access::Access;
use super::barrier::Barrier;
use super::batch::StoreBatch;
use super::open_calls::Answer;
use super::queued_calls::{QueuedCall, Work};
use super::{CallFuture, Queue};
use crate::error::Result;

impl<S: StoreBatch> Queue<S> {
    /// Runs work on all documents when every earlier queued call has ended. With [`Access::Clear`], later queued calls wait
    /// for its end.
    pub fn run_on_all<R: Send + 'static>(
        &self,
        access: Access,
        work: impl Future<Output = Result<R>> + Send + 'static,
    ) -> CallFuture<Result<R>> {
        self.inner.calls.accept(|answer| self.start_on_all(access, work, answer))
    }

    fn start_on_all<R: Send + 'static>(
        &self,
        access: Access,
        work: impl Future<Output = Result<R>> + Send + 'static,
        answer: Answer<R>,
    ) {
        let busy = self.inner.documents.busy();
        // A call in each busy queue: when it runs, the earlier ones have ended.
        let mut earlier_calls = Vec::with_capacity(busy.len());
        for doc in busy {
            let (end, ended) = oneshot::channel();
            earlier_calls.push(ended);
            let run = Box::pin(async move {
                let _ = end.send(());
            });
            self.enqueue(doc, QueuedCall::Other(Work { shared: false, run }));
        }
        let (hold, earlier_clear) = match access {
            Access::Clear => {
                let (hold, barrier) = Barrier::new();
                (Some(hold), self.barrier().replace(barrier))
            }
            Access::Read | Access::Write | Access::Detached => (None, self.barrier().clone()),
        };
        self.inner.runtime.spawn(async move {
            if let Some(earlier_clear) = earlier_clear {
                earlier_clear.opened().await;
            }
            for ended in earlier_calls {
                // An error is a step that panicked: it has ended too.
                let _ = ended.await;
            }
            let result = work.await;
            drop(hold);
            answer.send(result);
        });
    }
}
