//! One document's queue, and what this process knows of its log.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, Notify, RwLock, RwLockWriteGuard};
use tokio::time::Instant;

use super::Store;
use super::barrier::Barrier;
use crate::codec::sort_key::DocName;
use crate::log::{Knowledge, Rush};

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
    knowledge: Mutex<Knowledge>,
    /// A clear holds it alone; all other calls share it.
    pub(crate) gate: RwLock<()>,
    /// Whether a background compaction of it is on its way.
    compacting: AtomicBool,
    /// Held by the compaction that runs: a flush waits for one in the background, and not the other way round.
    pub(crate) compaction: AsyncMutex<()>,
    /// Set while a call waits for a background compaction.
    pub(crate) rush: Arc<Rush>,
    rest: Mutex<Rest>,
    /// Ends the waiting for company.
    pub(super) hurry: Notify,
}

/// How long background compactions rest.
#[derive(Default)]
struct Rest {
    until: Option<Instant>,
    failures: u32,
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

impl Document {
    pub(super) fn new(name: DocName) -> Self {
        Document {
            name,
            waiting: Mutex::default(),
            knowledge: Mutex::default(),
            gate: RwLock::new(()),
            compacting: AtomicBool::new(false),
            compaction: AsyncMutex::default(),
            rush: Arc::default(),
            rest: Mutex::default(),
            hurry: Notify::new(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &DocName {
        &self.name
    }

    /// Waits until no other call of this process runs on it; a background compaction is asked to hurry.
    pub(crate) async fn alone(&self) -> RwLockWriteGuard<'_, ()> {
        let _waits = self.rush.wait();
        self.gate.write().await
    }

    /// What this process knows of its log.
    pub fn knowledge(&self) -> MutexGuard<'_, Knowledge> {
        lock(&self.knowledge)
    }

    /// `true` where no background compaction was on its way, and none has just failed; now one is.
    pub(crate) fn begin_compaction(&self) -> bool {
        let rests = lock(&self.rest).until.is_some_and(|until| Instant::now() < until);
        !rests && !self.compacting.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn end_compaction(&self) {
        self.compacting.store(false, Ordering::Release);
    }

    /// After a failure background compactions rest for a second, and twice as long each time, up to some four minutes.
    pub(crate) fn compaction_ended(&self, well: bool) {
        let mut rest = lock(&self.rest);
        if well {
            *rest = Rest::default();
            return;
        }
        rest.until = Some(Instant::now() + Duration::from_secs(1 << rest.failures));
        rest.failures = (rest.failures + 1).min(8);
    }

    /// The stores that wait to be taken into a batch: how many, and the bytes of their updates.
    pub(super) fn waiting_stores(&self) -> (usize, usize) {
        let waiting = lock(&self.waiting);
        (waiting.stores, waiting.store_bytes)
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
