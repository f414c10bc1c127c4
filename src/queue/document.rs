//! One document's queue, and what this process knows of its log.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, RwLock};
use tokio::time::Instant;

use super::Store;
use super::barrier::Barrier;
use crate::codec::sort_key::{DocName, LogClock};
use crate::error::Result;

/// The most bytes of updates gathered in one batch: merged, they fit one item beside the longest keys.
pub(super) const MAX_BATCH_BYTES: usize = 380_000;

/// A call that waits.
pub(super) enum Job {
    Store(Store),
    Run(Work),
}

/// Any other call than a store.
pub(super) struct Work {
    /// Whether it may run beside its neighbours of the same kind.
    pub shared: bool,
    pub run: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// What is to be done next.
pub(super) enum Step {
    /// Stores are in front: take a batch.
    Stores,
    /// These calls, side by side.
    Runs(Vec<Work>),
}

/// A document: its waiting calls, in call order.
pub struct Document {
    name: DocName,
    waiting: Mutex<Waiting>,
    clock: Mutex<Known>,
    /// A clear holds it alone; all other calls share it.
    pub(crate) gate: RwLock<()>,
    /// Ends the waiting for company.
    pub(super) hurry: Notify,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// Whether a task takes the steps.
    driven: bool,
    /// When the oldest waiting store came.
    since: Option<Instant>,
    /// The waiting stores: how many, and the bytes of their updates.
    stores: usize,
    store_bytes: usize,
    /// The last barrier that was queued.
    barrier: Option<Barrier>,
}

/// The largest log clock, as far as this process knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Not read yet.
    Unknown,
    /// The document has no items.
    Empty,
    /// The largest log clock seen or given out.
    Largest(LogClock),
}

impl Document {
    pub(super) fn new(name: DocName) -> Self {
        Document {
            name,
            waiting: Mutex::default(),
            clock: Mutex::new(Known::Unknown),
            gate: RwLock::new(()),
            hurry: Notify::new(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &DocName {
        &self.name
    }

    /// The largest log clock that this process knows of. It may be stale: ids keep keys unique.
    pub fn known_clock(&self) -> Known {
        *lock(&self.clock)
    }

    /// Takes note of the largest log clock that a request found, `None` for no items.
    pub fn saw_clock(&self, found: Option<LogClock>) {
        let mut known = lock(&self.clock);
        *known = match (*known, found) {
            (Known::Largest(largest), Some(clock)) => Known::Largest(largest.max(clock)),
            (Known::Largest(largest), None) => Known::Largest(largest),
            (_, Some(clock)) => Known::Largest(clock),
            (_, None) => Known::Empty,
        };
    }

    /// Gives out the next log clock, as `next` computes it from the largest known.
    pub fn take_clock(
        &self,
        next: impl FnOnce(&DocName, Option<LogClock>) -> Result<LogClock>,
    ) -> Result<LogClock> {
        let mut known = lock(&self.clock);
        let largest = match *known {
            Known::Largest(clock) => Some(clock),
            Known::Unknown | Known::Empty => None,
        };
        let clock = next(&self.name, largest)?;
        *known = Known::Largest(clock);
        Ok(clock)
    }

    /// Forgets the log clock: the document was cleared.
    pub fn forget_clock(&self) {
        *lock(&self.clock) = Known::Unknown;
    }

    /// Whether calls wait or run.
    pub(super) fn is_busy(&self) -> bool {
        lock(&self.waiting).driven
    }

    /// Queues a call, behind the barrier if one stands; `true` where the caller must start a task that takes the steps.
    pub(super) fn push(&self, barrier: Option<Barrier>, job: Job) -> bool {
        let mut waiting = lock(&self.waiting);
        if let Some(barrier) = barrier.filter(|barrier| barrier.stands() && !waiting.has(barrier)) {
            waiting.barrier = Some(barrier.clone());
            waiting.jobs.push_back(Job::Run(Work { shared: false, run: Box::pin(barrier.ended()) }));
        }
        if let Job::Store(store) = &job {
            waiting.stores += 1;
            waiting.store_bytes += store.update.len();
            waiting.since.get_or_insert_with(Instant::now);
        }
        waiting.jobs.push_back(job);
        if waiting.is_crowded() {
            self.hurry.notify_one();
        }
        !std::mem::replace(&mut waiting.driven, true)
    }

    /// The next step; `None` where no call waits: the task that takes the steps ends.
    pub(super) fn next_step(&self) -> Option<Step> {
        let mut waiting = lock(&self.waiting);
        let mut works = Vec::new();
        loop {
            match waiting.jobs.pop_front() {
                Some(Job::Run(work)) if works.is_empty() || work.shared => {
                    let alone = !work.shared;
                    works.push(work);
                    if alone {
                        break;
                    }
                }
                Some(job) => {
                    let is_store = matches!(job, Job::Store(_));
                    waiting.jobs.push_front(job);
                    if works.is_empty() && is_store {
                        return Some(Step::Stores);
                    }
                    break;
                }
                None => break,
            }
        }
        if works.is_empty() {
            waiting.driven = false;
            return None;
        }
        Some(Step::Runs(works))
    }

    /// Takes the stores in front, up to a batch. An update too large for a batch goes alone.
    pub(super) fn take_batch(&self) -> Vec<Store> {
        let mut waiting = lock(&self.waiting);
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(Job::Store(store)) = waiting.jobs.front() {
            bytes += store.update.len();
            if !batch.is_empty() && bytes > MAX_BATCH_BYTES {
                break;
            }
            if let Some(Job::Store(store)) = waiting.jobs.pop_front() {
                waiting.stores -= 1;
                waiting.store_bytes -= store.update.len();
                batch.push(store);
            }
        }
        waiting.since = (waiting.stores > 0).then(Instant::now);
        batch
    }

    /// Waits until the oldest store has waited for `delay`, or someone is in a hurry: another call behind the stores, a
    /// full batch, a close.
    pub(super) async fn wait_for_company(&self, delay: Duration, is_closed: impl Fn() -> bool) {
        let until = lock(&self.waiting).since.unwrap_or_else(Instant::now) + delay;
        while !is_closed() && !lock(&self.waiting).is_crowded() {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return,
                () = self.hurry.notified() => {}
            }
        }
    }
}

impl Waiting {
    fn has(&self, barrier: &Barrier) -> bool {
        self.barrier.as_ref().is_some_and(|queued| queued.is(barrier))
    }

    /// Whether the stores in front should not wait any longer.
    fn is_crowded(&self) -> bool {
        self.store_bytes >= MAX_BATCH_BYTES || self.jobs.len() > self.stores
    }
}

fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
