//! Limits the write capacity of background compactions, so that stores are not throttled: a budget for all compactions of a
//! persistence, and a share of it for each document.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::defaults::COMPACTION_SHARES;
use crate::sync::lock;

/// The write capacity of all background compactions of a persistence together.
#[derive(Debug)]
pub struct Budget {
    share: u32,
    all: Bucket,
}

/// How fast one compaction may write.
#[derive(Debug, Default)]
pub struct Pace(Option<Paced>);

#[derive(Debug)]
struct Paced {
    share: Bucket,
    budget: Arc<Budget>,
    /// How many calls wait for the compaction to end.
    waiting: watch::Receiver<usize>,
}

impl Budget {
    /// `share` WCU a second, at least 1, for each document; four times as much for all together.
    pub fn new(share: u32) -> Arc<Self> {
        let share = share.max(1);
        Arc::new(Budget { share, all: Bucket::new(share.saturating_mul(COMPACTION_SHARES)) })
    }

    /// The pace of a compaction of one document: unpaced while `waiting` calls wait for it.
    pub fn pace(self: &Arc<Self>, waiting: watch::Receiver<usize>) -> Pace {
        Pace(Some(Paced { share: Bucket::new(self.share), budget: self.clone(), waiting }))
    }
}

impl Pace {
    /// As fast as the table answers.
    pub fn unpaced() -> Self {
        Pace::default()
    }

    /// The most WCU for one request: those of one second.
    pub(super) fn max_request_units(&self) -> f64 {
        self.0.as_ref().map_or(f64::INFINITY, |paced| f64::from(paced.budget.share))
    }

    /// Books `units` WCU, and waits until everything booked before is paid for: by this compaction out of its share, by all
    /// compactions out of the budget. While a call waits for this compaction, neither books nor waits.
    pub(super) async fn book(&self, units: f64) {
        let Some(Paced { share, budget, waiting }) = &self.0 else { return };
        if *waiting.borrow() > 0 {
            return;
        }
        let until = share.book(units).max(budget.all.book(units));
        let mut waiting = waiting.clone();
        let call_waits = async {
            // An error: the document was forgotten, so no call will wait.
            if waiting.wait_for(|calls| *calls > 0).await.is_err() {
                pending::<()>().await;
            }
        };
        tokio::select! {
            () = tokio::time::sleep_until(until) => {}
            () = call_waits => {}
        }
    }
}

/// A token bucket without a burst: bookings are paid for one after another.
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
    fn book(&self, units: f64) -> Instant {
        let now = Instant::now();
        let mut paid_at = lock(&self.paid_at);
        let before = paid_at.map_or(now, |at| at.max(now));
        *paid_at = Some(before + Duration::from_secs_f64(units / f64::from(self.wcu_per_second)));
        before
    }
}
