//! Keeping background writes below a share of what a partition of DynamoDB takes, so that stores are not throttled.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// What writes may cost over time.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    wcu_per_second: Option<u32>,
    rush: Arc<Rush>,
}

/// Whether somebody waits for paced writes to end: they then go on as fast as the table answers.
#[derive(Debug, Default)]
pub struct Rush {
    waiting: AtomicUsize,
    changed: Notify,
}

/// Somebody waits, until this is dropped.
#[derive(Debug)]
pub struct Waits<'a>(&'a Rush);

impl Rush {
    /// From now on somebody waits.
    pub fn wait(&self) -> Waits<'_> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_waiters();
        Waits(self)
    }

    fn is_on(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Pace {
    /// As fast as the table answers.
    pub fn unpaced() -> Self {
        Pace::default()
    }

    /// At most so many WCU a second, at least 1, until somebody waits.
    pub fn per_second(wcu: u32, rush: Arc<Rush>) -> Self {
        Pace { wcu_per_second: Some(wcu.max(1)), rush }
    }

    /// The WCU that may be spent at once: those of one second.
    pub(super) fn at_once(&self) -> usize {
        self.wcu_per_second.map_or(usize::MAX, |wcu| wcu as usize)
    }

    /// Waits until `units` WCU are used up, or somebody waits.
    pub(super) async fn spent(&self, units: usize) {
        let Some(wcu) = self.wcu_per_second else { return };
        let changed = self.rush.changed.notified();
        tokio::pin!(changed);
        // Listens before it looks, so that no change is missed in between.
        changed.as_mut().enable();
        if self.rush.is_on() {
            return;
        }
        let micros = units as u64 * 1_000_000 / u64::from(wcu);
        tokio::select! {
            () = tokio::time::sleep(Duration::from_micros(micros)) => {}
            () = changed => {}
        }
    }
}

/// WCU of a write of an item of `bytes`: one per started KiB.
pub(super) fn write_units(bytes: usize) -> usize {
    bytes.div_ceil(1_024).max(1)
}
