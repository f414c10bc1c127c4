//! One document's queue, and what this process knows of its log.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, Notify, RwLock, RwLockWriteGuard};
use tokio::time::Instant;

use super::barrier::Barrier;
use super::store::Store;
use super::waiting::{Job, MAX_BATCH_BYTES, Waiting, Work};
use crate::codec::sort_key::DocName;
use crate::error::Error;
use crate::log::{Knowledge, Waiters};

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
    /// Held while calls leave the queue, and while some of them are merged.
    gathering: AsyncMutex<()>,
    knowledge: Mutex<Knowledge>,
    /// A clear holds it alone; all other calls share it.
    pub(crate) gate: Arc<RwLock<()>>,
    /// Whether a background compaction of it is on its way.
    compacting: AtomicBool,
    /// Held by the compaction that runs: a flush waits for one in the background, and not the other way round.
    pub(crate) compaction: AsyncMutex<()>,
    /// The calls that wait for a background compaction of it.
    pub(crate) waiters: Arc<Waiters>,
    rest: Mutex<Rest>,
    /// Ends the waiting for company.
    pub(super) hurry: Notify,
    /// Its last call, as a number that grows from call to call.
    last_use: AtomicU64,
    /// Of what size waiting updates are merged.
    gather_bytes: usize,
}

/// What [`Document::push`] found.
pub(super) struct Pushed {
    /// Whether a task takes the steps; else the caller must start one.
    pub is_driven: bool,
    /// Whether so much has come that the caller should [`Document::gather`] it.
    pub is_large: bool,
}

/// How long background compactions rest.
#[derive(Default)]
struct Rest {
    until: Option<Instant>,
    failures: u32,
}

impl Document {
    pub(super) fn new(name: DocName, gather_bytes: usize) -> Self {
        Document {
            name,
            waiting: Mutex::default(),
            gathering: AsyncMutex::default(),
            knowledge: Mutex::default(),
            gate: Arc::default(),
            compacting: AtomicBool::new(false),
            compaction: AsyncMutex::default(),
            waiters: Arc::default(),
            rest: Mutex::default(),
            hurry: Notify::new(),
            last_use: AtomicU64::default(),
            gather_bytes,
        }
    }

    /// Takes note of a call.
    pub(super) fn touch(&self, now: u64) {
        self.last_use.store(now, Ordering::Relaxed);
    }

    pub(super) fn last_use(&self) -> u64 {
        self.last_use.load(Ordering::Relaxed)
    }

    /// Its name.
    pub fn name(&self) -> &DocName {
        &self.name
    }

    /// Waits until no other call of this process runs on it. A background compaction drops its pace meanwhile.
    pub(crate) async fn alone(&self) -> RwLockWriteGuard<'_, ()> {
        let _waiter = self.waiters.join();
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

    /// Whether the last compaction failed.
    pub(crate) fn has_failed(&self) -> bool {
        lock(&self.rest).failures > 0
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

    /// What waits to be taken into a batch: for how many calls, and the bytes of the updates.
    pub(super) fn waiting_stores(&self) -> (usize, usize) {
        let waiting = lock(&self.waiting);
        (waiting.store_calls, waiting.store_bytes)
    }

    /// Whether calls wait or run.
    pub(super) fn is_busy(&self) -> bool {
        lock(&self.waiting).driven
    }

    /// Queues a call, behind the barrier if one stands.
    pub(super) fn push(&self, barrier: Option<Barrier>, job: Job) -> Pushed {
        let mut waiting = lock(&self.waiting);
        if let Some(barrier) = barrier.filter(|barrier| barrier.stands() && !waiting.has(barrier)) {
            waiting.barrier = Some(barrier.clone());
            waiting.jobs.push_back(Job::Run(Work { shared: false, run: Box::pin(barrier.ended()) }));
        }
        if let Job::Store(store) = &job {
            waiting.came(store);
            waiting.loose_bytes += store.update.len() + size_of::<Job>();
            waiting.since.get_or_insert_with(Instant::now);
        }
        waiting.jobs.push_back(job);
        if waiting.is_crowded() {
            self.hurry.notify_one();
        }
        let is_large = waiting.loose_bytes >= self.gather_bytes;
        if is_large {
            waiting.loose_bytes = 0;
        }
        Pushed { is_driven: std::mem::replace(&mut waiting.driven, true), is_large }
    }

    /// Merges stores that wait side by side into one, up to a batch: what waits for a table that is slow takes no more
    /// memory than a document. `false` where there was nothing to merge.
    ///
    /// Callers do not wait meanwhile: the merge runs without the lock that they need.
    pub(super) async fn gather(&self, merge: impl FnOnce(Vec<Store>) -> Option<Store>) -> bool {
        // No call leaves the queue meanwhile, and those that come stand behind: the place stays the same.
        let _gathering = self.gathering.lock().await;
        let taken = lock(&self.waiting).take_side_by_side(self.gather_bytes);
        let Some((at, stores)) = taken else { return false };
        if let Some(store) = merge(stores) {
            let mut waiting = lock(&self.waiting);
            waiting.came(&store);
            waiting.jobs.insert(at, Job::Store(store));
            if waiting.is_crowded() {
                self.hurry.notify_one();
            }
        }
        true
    }

    /// The next step; `None` where no call waits: the task that takes the steps ends.
    pub(super) async fn next_step(&self) -> Option<Step> {
        let _gathering = self.gathering.lock().await;
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
    pub(super) async fn take_batch(&self) -> Vec<Store> {
        let _gathering = self.gathering.lock().await;
        let mut waiting = lock(&self.waiting);
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(Job::Store(store)) = waiting.jobs.front() {
            bytes += store.update.len();
            if !batch.is_empty() && bytes > MAX_BATCH_BYTES {
                break;
            }
            if let Some(Job::Store(store)) = waiting.jobs.pop_front() {
                waiting.went(&store);
                batch.push(store);
            }
        }
        waiting.loose_bytes = 0;
        waiting.since = (waiting.stores > 0).then(Instant::now);
        batch
    }

    /// Rejects every store that waits, wherever it stands in the queue: the table does not take this document now.
    pub(super) async fn reject_waiting(&self, error: &Error) {
        let _gathering = self.gathering.lock().await;
        let rejected = lock(&self.waiting).take_stores();
        rejected.into_iter().for_each(|store| store.answer(Err(error.clone())));
    }

    /// Waits until the oldest store has waited for `delay`, or someone is in a hurry: another call behind the stores, a
    /// full batch, a close.
    pub(super) async fn wait_for_company(&self, delay: Duration, sends_at_once: impl Fn() -> bool) {
        let until = lock(&self.waiting).since.unwrap_or_else(Instant::now) + delay;
        while !sends_at_once() && !lock(&self.waiting).is_crowded() {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return,
                () = self.hurry.notified() => {}
            }
        }
    }
}

fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
