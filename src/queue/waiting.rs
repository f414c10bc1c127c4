//! The calls on one document that wait, in call order.

use std::collections::VecDeque;
use std::mem;
use std::ops::Range;
use std::pin::Pin;

use tokio::time::Instant;

use super::barrier::Barrier;
use super::store::Store;

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

#[derive(Default)]
pub(super) struct Waiting {
    pub jobs: VecDeque<Job>,
    /// Whether a task takes the steps.
    pub driven: bool,
    /// When the oldest waiting store came.
    pub since: Option<Instant>,
    /// The waiting stores: how many, how many calls wait for them, and the bytes of their updates.
    pub stores: usize,
    pub store_calls: usize,
    pub store_bytes: usize,
    /// The memory of the stores that came since the last gathering.
    pub loose_bytes: usize,
    /// The last barrier that was queued.
    pub barrier: Option<Barrier>,
}

impl Waiting {
    pub fn came(&mut self, store: &Store) {
        self.stores += 1;
        self.store_calls += store.calls();
        self.store_bytes += store.update.len();
    }

    pub fn went(&mut self, store: &Store) {
        self.stores -= 1;
        self.store_calls -= store.calls();
        self.store_bytes -= store.update.len();
    }

    /// Takes all stores out, wherever they stand.
    pub fn take_stores(&mut self) -> Vec<Store> {
        let mut stores = Vec::with_capacity(self.stores);
        for job in mem::take(&mut self.jobs) {
            match job {
                Job::Store(store) => stores.push(store),
                Job::Run(work) => self.jobs.push_back(Job::Run(work)),
            }
        }
        (self.stores, self.store_calls, self.store_bytes, self.loose_bytes) = (0, 0, 0, 0);
        self.since = None;
        stores
    }

    /// Takes out the first stores that are worth merging, and says where they stood.
    pub fn take_side_by_side(&mut self, worth: usize) -> Option<(usize, Vec<Store>)> {
        let side_by_side = self.side_by_side(worth)?;
        let at = side_by_side.start;
        let mut stores = Vec::with_capacity(side_by_side.len());
        for job in self.jobs.drain(side_by_side) {
            if let Job::Store(store) = job {
                stores.push(store);
            }
        }
        stores.iter().for_each(|store| self.went(store));
        Some((at, stores))
    }

    /// Where the first stores stand that are worth merging: at least two side by side, together no larger than a batch,
    /// and larger than `worth`.
    fn side_by_side(&self, worth: usize) -> Option<Range<usize>> {
        let (mut from, mut bytes, mut memory) = (0, 0, 0);
        for (i, job) in self.jobs.iter().enumerate() {
            let size = match job {
                Job::Store(store) => store.update.len(),
                Job::Run(_) => 0,
            };
            if matches!(job, Job::Run(_)) || bytes + size > MAX_BATCH_BYTES {
                if i - from > 1 && memory >= worth {
                    return Some(from..i);
                }
                from = if matches!(job, Job::Run(_)) { i + 1 } else { i };
                (bytes, memory) = (0, 0);
            }
            bytes += size;
            memory += size + size_of::<Job>();
        }
        let end = self.jobs.len();
        (end - from.min(end) > 1 && memory >= worth).then_some(from..end)
    }

    pub fn has(&self, barrier: &Barrier) -> bool {
        self.barrier.as_ref().is_some_and(|queued| queued.is(barrier))
    }

    /// Whether the stores in front should not wait any longer.
    pub fn is_crowded(&self) -> bool {
        self.store_bytes >= MAX_BATCH_BYTES || self.jobs.len() > self.stores
    }
}
