//! What a document's queue does: one step after another, each in a task of its own, so that a panic ends that step alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::document::{Document, Pushed, Step};
use super::store::{Store, StoreBatch};
use super::waiting::Job;
use super::{Inner, Queue};
use crate::error::Result;

impl<S: StoreBatch> Queue<S> {
    pub(super) fn enqueue(&self, doc: Arc<Document>, job: Job) {
        let barrier = self.lock_barrier().clone();
        let Pushed { is_driven, is_large } = doc.push(barrier, job);
        if is_large {
            let (inner, doc) = (self.inner.clone(), doc.clone());
            self.inner
                .runtime
                .spawn(async move { while doc.gather(|stores| inner.store.gather(stores)).await {} });
        }
        if !is_driven {
            let queue = self.clone();
            self.inner.runtime.spawn(async move { queue.drive(doc).await });
        }
    }

    /// Runs the steps of one document until none is left.
    async fn drive(&self, doc: Arc<Document>) {
        while let Some(step) = doc.next_step().await {
            match step {
                Step::Stores => self.store_batch(&doc).await,
                Step::Runs(works) => {
                    let running: Vec<_> =
                        works.into_iter().map(|work| self.inner.runtime.spawn(work.run)).collect();
                    for task in running {
                        // A panic was told to its caller by the answer that never came.
                        let _ = task.await;
                    }
                }
            }
        }
    }

    async fn store_batch(&self, doc: &Arc<Document>) {
        let sends_at_once = || self.inner.sends_at_once.load(Ordering::Relaxed);
        if !sends_at_once() {
            doc.wait_for_company(self.inner.batch_delay, sends_at_once).await;
        }
        let inner = self.inner.clone();
        let taken = Arc::new(AtomicBool::new(false));
        let (at, took) = (doc.clone(), taken.clone());
        let task = self.inner.runtime.spawn(async move {
            let take = async {
                let batch = at.take_batch().await;
                took.store(true, Ordering::Relaxed);
                batch
            };
            inner.store_now(&at, take).await
        });
        match task.await {
            Ok(Ok(())) => {}
            // Each would wait for an operation timeout of its own, one after the other.
            Ok(Err(error)) if error.code().is_retryable() => doc.reject_waiting(&error).await,
            Ok(Err(_)) => {}
            // A panic: the dropped stores reject their callers.
            Err(_) if taken.load(Ordering::Relaxed) => {}
            Err(_) => drop(doc.take_batch().await),
        }
    }
}

impl<S: StoreBatch> Inner<S> {
    /// Answers every store that it takes. Fails with what kept the batch from the table.
    pub(super) async fn store_now(
        &self,
        doc: &Arc<Document>,
        take: impl Future<Output = Vec<Store>> + Send,
    ) -> Result<()> {
        let _shared = doc.gate.read().await;
        let prepared = self.store.prepare(doc).await;
        let batch = take.await;
        match prepared {
            Ok(()) => self.store.store(doc, batch).await,
            Err(error) => {
                batch.into_iter().for_each(|store| store.answer(Err(error.clone())));
                Err(error)
            }
        }
    }
}
