//! The queue of one document: calls enter at the end, one task takes them from the front.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, Notify};
use tokio::time::Instant;

use super::barrier::Barrier;
use super::pending_update::PendingUpdate;
use super::queued_calls::{QueuedCall, QueuedCalls, Work};
use crate::defaults::MAX_VALUE_BYTES;
use crate::sync::lock;

/// What the task does next.
pub(super) enum Step {
    /// Store a batch: updates are in front.
    Batch,
    /// Run these calls, all at once.
    Run(Vec<Work>),
}

/// What [`CallQueue::push`] asks of its caller.
pub(super) struct Pushed {
    /// No task runs the queue: start one.
    pub must_run: bool,
    /// Many bytes have arrived: call [`CallQueue::coalesce`].
    pub must_coalesce: bool,
}

/// The calls that wait on one document.
pub(super) struct CallQueue {
    queued: Mutex<QueuedCalls>,
    /// Held while calls leave the queue, and while some of them are coalesced.
    leaving: AsyncMutex<()>,
    /// Ends a batch delay early.
    send_now: Notify,
    /// From how many bytes on pending updates are coalesced.
    coalesce_bytes: usize,
}

impl CallQueue {
    pub fn new(coalesce_bytes: usize) -> Self {
        CallQueue {
            queued: Mutex::default(),
            leaving: AsyncMutex::default(),
            send_now: Notify::new(),
            coalesce_bytes,
        }
    }

    /// The updates that wait to be taken into a batch: how many calls passed them, and their bytes.
    pub fn waiting_updates(&self) -> (usize, usize) {
        let queued = self.lock();
        (queued.update_calls, queued.update_bytes)
    }

    /// Whether calls wait or run.
    pub fn is_busy(&self) -> bool {
        self.lock().is_running
    }

    /// Ends a batch delay early.
    pub fn send_now(&self) {
        self.send_now.notify_one();
    }

    /// Queues a call, behind the barrier if it is closed.
    pub fn push(&self, barrier: Option<Barrier>, call: QueuedCall) -> Pushed {
        let mut queued = self.lock();
        if let Some(barrier) = barrier.filter(|barrier| barrier.is_closed() && !queued.has(barrier)) {
            queued.barrier = Some(barrier.clone());
            let run = Box::pin(barrier.opened());
            queued.calls.push_back(QueuedCall::Other(Work { shared: false, run }));
        }
        if let QueuedCall::Store(update) = &call {
            queued.count(update);
            queued.new_bytes += update.update.len() + size_of::<QueuedCall>();
            queued.since.get_or_insert_with(Instant::now);
        }
        queued.calls.push_back(call);
        if queued.must_send() {
            self.send_now();
        }
        let must_coalesce = queued.new_bytes >= self.coalesce_bytes;
        if must_coalesce {
            queued.new_bytes = 0;
        }
        Pushed { must_run: !std::mem::replace(&mut queued.is_running, true), must_coalesce }
    }

    /// Merges adjacent updates into one, up to a batch, so that a backlog behind a slow table takes no more memory than the
    /// document that it becomes. `false` if there was nothing to merge.
    ///
    /// `merge` runs without the lock that [`CallQueue::push`] takes: callers do not wait for it.
    pub async fn coalesce(&self, merge: impl FnOnce(Vec<PendingUpdate>) -> Option<PendingUpdate>) -> bool {
        // No call leaves meanwhile and new ones enter at the end, so the position stays valid.
        let _leaving = self.leaving.lock().await;
        let taken = self.lock().take_adjacent(self.coalesce_bytes);
        let Some((at, updates)) = taken else { return false };
        if let Some(merged) = merge(updates) {
            let mut queued = self.lock();
            queued.count(&merged);
            queued.calls.insert(at, QueuedCall::Store(merged));
            if queued.must_send() {
                self.send_now();
            }
        }
        true
    }

    /// The next step. `None` where no call waits: the task must end.
    pub async fn next_step(&self) -> Option<Step> {
        let _leaving = self.leaving.lock().await;
        let mut queued = self.lock();
        let mut works = Vec::new();
        loop {
            match queued.calls.pop_front() {
                Some(QueuedCall::Other(work)) if works.is_empty() || work.shared => {
                    let alone = !work.shared;
                    works.push(work);
                    if alone {
                        break;
                    }
                }
                Some(call) => {
                    let is_store = matches!(call, QueuedCall::Store(_));
                    queued.calls.push_front(call);
                    if works.is_empty() && is_store {
                        return Some(Step::Batch);
                    }
                    break;
                }
                None => break,
            }
        }
        if works.is_empty() {
            queued.is_running = false;
            return None;
        }
        Some(Step::Run(works))
    }

    /// Takes the updates in front, up to a batch. An update that is too large for a batch is taken alone.
    pub async fn take_batch(&self) -> Vec<PendingUpdate> {
        let _leaving = self.leaving.lock().await;
        let mut queued = self.lock();
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(QueuedCall::Store(update)) = queued.calls.front() {
            bytes += update.update.len();
            if !batch.is_empty() && bytes > MAX_VALUE_BYTES {
                break;
            }
            if let Some(QueuedCall::Store(update)) = queued.calls.pop_front() {
                queued.discount(&update);
                batch.push(update);
            }
        }
        queued.new_bytes = 0;
        queued.since = (queued.updates > 0).then(Instant::now);
        batch
    }

    /// Takes all updates, wherever they are in the queue.
    pub async fn take_all(&self) -> Vec<PendingUpdate> {
        let _leaving = self.leaving.lock().await;
        self.lock().take_updates()
    }

    /// Waits until the oldest update has waited for `delay`, or until the batch must be sent: it is full, another call
    /// waits behind it, or `is_closing`.
    pub async fn batch_delay(&self, delay: Duration, is_closing: impl Fn() -> bool) {
        let until = self.lock().since.unwrap_or_else(Instant::now) + delay;
        while !is_closing() && !self.lock().must_send() {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return,
                () = self.send_now.notified() => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, QueuedCalls> {
        lock(&self.queued)
    }
}
