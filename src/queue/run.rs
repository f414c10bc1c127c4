//! Runs the queue of a document, each step in a task of its own: a panic ends that step alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Queue;
use super::batch::{Batch, StoreBatch};
use super::call_queue::{Pushed, Step};
use super::document::Document;
use super::queued_calls::QueuedCall;

impl<S: StoreBatch> Queue<S> {
    pub(super) fn enqueue(&self, doc: Arc<Document<S::State>>, call: QueuedCall) {
        let barrier = self.barrier().clone();
        let Pushed { must_run, must_coalesce } = doc.calls.push(barrier, call);
        if must_coalesce {
            let (inner, doc) = (self.inner.clone(), doc.clone());
            self.inner.runtime.spawn(async move {
                while doc.calls.coalesce(|updates| inner.storer.coalesce(updates)).await {}
            });
        }
        if must_run {
            let queue = self.clone();
            self.inner.runtime.spawn(async move { queue.run_steps(doc).await });
        }
    }

    async fn run_steps(&self, doc: Arc<Document<S::State>>) {
        while let Some(step) = doc.calls.next_step().await {
            match step {
                Step::Batch => self.store_batch(&doc).await,
                Step::Run(works) => {
                    let running: Vec<_> =
                        works.into_iter().map(|work| self.inner.runtime.spawn(work.run)).collect();
                    for task in running {
                        // After a panic the dropped sender has already rejected the caller.
                        let _ = task.await;
                    }
                }
            }
        }
    }

    async fn store_batch(&self, doc: &Arc<Document<S::State>>) {
        let is_undelayed = || self.inner.is_undelayed.load(Ordering::Relaxed);
        if !is_undelayed() {
            doc.calls.batch_delay(self.inner.batch_delay, is_undelayed).await;
        }
        let (storer, stored_doc) = (self.inner.storer.clone(), doc.clone());
        let taken = Arc::new(AtomicBool::new(false));
        let batch = Batch::queued(doc.clone(), taken.clone());
        let task = self.inner.runtime.spawn(async move {
            let _shared = stored_doc.gate.shared().await;
            storer.store_batch(&stored_doc, batch).await
        });
        match task.await {
            Ok(Ok(())) => {}
            Ok(Err(mut failed)) => {
                // Otherwise a backlog would take one operation timeout for each batch. All are taken before the first one is
                // rejected: a store that follows the rejection is sent.
                if failed.error.code().is_retryable() {
                    failed.updates.extend(doc.calls.take_all().await);
                }
                failed.reject();
            }
            // A panic: dropping the batch rejects its callers.
            Err(_) if taken.load(Ordering::Relaxed) => {}
            Err(_) => drop(doc.calls.take_batch().await),
        }
    }
}
