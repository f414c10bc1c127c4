//! The calls on one document that wait, in call order.

use std::collections::VecDeque;
use std::mem;
use std::ops::Range;
use std::pin::Pin;

use tokio::time::Instant;

use super::barrier::Barrier;
use super::pending_update::PendingUpdate;
use crate::defaults::MAX_VALUE_BYTES;

/// A call that waits.
pub(super) enum QueuedCall {
    Store(PendingUpdate),
    Other(Work),
}

/// Any call but a store.
pub(super) struct Work {
    /// Whether it may run at the same time as its neighbours of the same kind.
    pub shared: bool,
    pub run: Pin<Box<dyn Future<Output = ()> + Send>>,
}

#[derive(Default)]
pub(super) struct QueuedCalls {
    pub calls: VecDeque<QueuedCall>,
    /// Whether a task runs them.
    pub is_running: bool,
    /// When the oldest pending update arrived.
    pub since: Option<Instant>,
    /// How many updates are pending, how many calls wait for them, and their bytes.
    pub updates: usize,
    pub update_calls: usize,
    pub update_bytes: usize,
    /// The memory of the updates that arrived since the last coalescing.
    pub new_bytes: usize,
    /// The last barrier that was queued.
    pub barrier: Option<Barrier>,
}

impl QueuedCalls {
    pub fn count(&mut self, pending: &PendingUpdate) {
        self.updates += 1;
        self.update_calls += pending.calls();
        self.update_bytes += pending.update.len();
    }

    pub fn discount(&mut self, pending: &PendingUpdate) {
        self.updates -= 1;
        self.update_calls -= pending.calls();
        self.update_bytes -= pending.update.len();
    }

    /// Removes all updates, wherever they are in the queue.
    pub fn take_updates(&mut self) -> Vec<PendingUpdate> {
        let mut updates = Vec::with_capacity(self.updates);
        for call in mem::take(&mut self.calls) {
            match call {
                QueuedCall::Store(pending) => updates.push(pending),
                QueuedCall::Other(work) => self.calls.push_back(QueuedCall::Other(work)),
            }
        }
        (self.updates, self.update_calls, self.update_bytes, self.new_bytes) = (0, 0, 0, 0);
        self.since = None;
        updates
    }

    /// Removes the first adjacent updates that take at least `min_bytes`, and returns them with their position.
    pub fn take_adjacent(&mut self, min_bytes: usize) -> Option<(usize, Vec<PendingUpdate>)> {
        let range = self.adjacent(min_bytes)?;
        let at = range.start;
        let mut updates = Vec::with_capacity(range.len());
        for call in self.calls.drain(range) {
            if let QueuedCall::Store(pending) = call {
                updates.push(pending);
            }
        }
        updates.iter().for_each(|pending| self.discount(pending));
        Some((at, updates))
    }

    /// The position of the first adjacent updates, two or more, that fit one batch and take at least `min_bytes` of memory.
    fn adjacent(&self, min_bytes: usize) -> Option<Range<usize>> {
        let (mut from, mut bytes, mut memory) = (0, 0, 0);
        for (i, call) in self.calls.iter().enumerate() {
            let size = match call {
                QueuedCall::Store(pending) => pending.update.len(),
                QueuedCall::Other(_) => 0,
            };
            if matches!(call, QueuedCall::Other(_)) || bytes + size > MAX_VALUE_BYTES {
                if i - from > 1 && memory >= min_bytes {
                    return Some(from..i);
                }
                from = if matches!(call, QueuedCall::Other(_)) { i + 1 } else { i };
                (bytes, memory) = (0, 0);
            }
            bytes += size;
            memory += size + size_of::<QueuedCall>();
        }
        let end = self.calls.len();
        (end - from.min(end) > 1 && memory >= min_bytes).then_some(from..end)
    }

    pub fn has(&self, barrier: &Barrier) -> bool {
        self.barrier.as_ref().is_some_and(|queued| queued.is(barrier))
    }

    /// Whether the first batch must not be delayed any longer: it is full, or another call waits behind it.
    pub fn must_send(&self) -> bool {
        self.update_bytes >= MAX_VALUE_BYTES || self.calls.len() > self.updates
    }
}
