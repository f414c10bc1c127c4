//! What this process keeps for each document: hints about its log, and the state of its compactions.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use crate::log::{LogHints, OpenItem};
use crate::sync::lock;

/// The longest back-off is 2^8 s.
const MAX_DOUBLINGS: u32 = 8;

/// The state of one document.
#[derive(Default)]
pub struct DocumentState {
    hints: Mutex<LogHints>,
    /// The item that the next small batch grows. A store takes it, and gives it back when the outcome is known: an item whose
    /// store was cancelled or failed is never touched again.
    open_item: Mutex<Option<OpenItem>>,
    /// Whether a background compaction is scheduled or running.
    is_scheduled: AtomicBool,
    /// Held by the compaction that runs. A flush waits for a background compaction, which gives way to a flush.
    pub(super) running: AsyncMutex<()>,
    back_off: Mutex<BackOff>,
}

#[derive(Default)]
struct BackOff {
    until: Option<Instant>,
    failures: u32,
}

impl DocumentState {
    /// The hints about its log.
    pub fn hints(&self) -> MutexGuard<'_, LogHints> {
        lock(&self.hints)
    }

    /// Takes the open item, to grow or to close it.
    pub fn take_open_item(&self) -> Option<OpenItem> {
        lock(&self.open_item).take()
    }

    /// Sets the item that the next small batch grows.
    pub fn set_open_item(&self, open: OpenItem) {
        *lock(&self.open_item) = Some(open);
    }

    /// Schedules a background compaction; `false` if one is scheduled already, or backing off.
    pub(super) fn schedule(&self) -> bool {
        let backs_off = lock(&self.back_off).until.is_some_and(|until| Instant::now() < until);
        !backs_off && !self.is_scheduled.swap(true, Ordering::AcqRel)
    }

    /// Ends a scheduled compaction.
    pub(super) fn unschedule(&self) {
        self.is_scheduled.store(false, Ordering::Release);
    }

    /// Whether the last compaction failed.
    pub(super) fn has_failed(&self) -> bool {
        lock(&self.back_off).failures > 0
    }

    /// After a failure, background compactions back off for 1 s, doubled for each further failure up to about 4 minutes.
    pub(super) fn compaction_ended(&self, succeeded: bool) {
        let mut back_off = lock(&self.back_off);
        if succeeded {
            *back_off = BackOff::default();
            return;
        }
        back_off.until = Some(Instant::now() + Duration::from_secs(1 << back_off.failures));
        back_off.failures = (back_off.failures + 1).min(MAX_DOUBLINGS);
    }
}
