//! Keeping background writes below what a table takes, so that stores are not throttled: a budget for all merges of a
//! persistence, and for each document a share of it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::defaults::COMPACTION_SHARES;

/// The write capacity that all background merges of a persistence have together.
#[derive(Debug)]
pub struct Budget {
    share: u32,
    all: Bucket,
}

/// How fast one merge may write.
#[derive(Debug, Default)]
pub struct Pace(Option<Paced>);

#[derive(Debug)]
struct Paced {
    share: Bucket,
    budget: Arc<Budget>,
    waiters: Arc<Waiters>,
}

/// The calls that wait for a background merge of a document to end: it then writes as fast as the table answers.
#[derive(Debug, Default)]
pub struct Waiters {
    waiting: AtomicUsize,
    joined: Notify,
}

/// A call that waits, until this is dropped.
#[derive(Debug)]
pub struct Waiter<'a>(&'a Waiters);

impl Waiters {
    /// Adds a call that waits.
    pub fn join(&self) -> Waiter<'_> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.joined.notify_waiters();
        Waiter(self)
    }

    fn are_there(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Budget {
    /// A document has `share` WCU a second, at least 1; all together have four times as much.
    pub fn new(share: u32) -> Arc<Self> {
        let share = share.max(1);
        Arc::new(Budget { share, all: Bucket::new(share.saturating_mul(COMPACTION_SHARES)) })
    }

    /// The pace of a merge of one document, until somebody waits for it.
    pub fn pace(self: &Arc<Self>, waiters: Arc<Waiters>) -> Pace {
        Pace(Some(Paced { share: Bucket::new(self.share), budget: self.clone(), waiters }))
    }
}

impl Pace {
    /// As fast as the table answers.
    pub fn unpaced() -> Self {
        Pace::default()
    }

    /// The WCU that may be spent at once: those of one second.
    pub(super) fn at_once(&self) -> usize {
        self.0.as_ref().map_or(usize::MAX, |paced| paced.budget.share as usize)
    }

    /// Books `units` WCU and waits until everything booked before is paid for: by this merge out of its share, by all
    /// merges out of the budget. Does not wait, and books nothing, while somebody waits for this merge.
    pub(super) async fn spent(&self, units: usize) {
        let Some(Paced { share, budget, waiters }) = &self.0 else { return };
        let joined = waiters.joined.notified();
        tokio::pin!(joined);
        // Listens before it looks, so that nobody who joins in between is missed.
        joined.as_mut().enable();
        if waiters.are_there() {
            return;
        }
        let until = share.book(units).max(budget.all.book(units));
        tokio::select! {
            () = tokio::time::sleep_until(until) => {}
            () = joined => {}
        }
    }
}

/// A token bucket that holds no tokens: who comes first waits least.
#[derive(Debug)]
struct Bucket {
    wcu_per_second: u32,
    /// When everything booked so far is paid for.
    paid_at: Mutex<Option<Instant>>,
}

impl Bucket {
    fn new(wcu_per_second: u32) -> Self {
        Bucket { wcu_per_second, paid_at: Mutex::default() }
    }

    /// Books `units`; returns when what was booked before is paid for.
    fn book(&self, units: usize) -> Instant {
        let now = Instant::now();
        let mut paid_at = self.paid_at.lock().unwrap_or_else(PoisonError::into_inner);
        let before = paid_at.map_or(now, |at| at.max(now));
        let micros = units as u64 * 1_000_000 / u64::from(self.wcu_per_second);
        *paid_at = Some(before + Duration::from_micros(micros));
        before
    }
}

/// WCU of a write of an item of `bytes`: one per started KiB.
pub(super) fn write_units(bytes: usize) -> usize {
    bytes.div_ceil(1_024).max(1)
}
