//! Keeping background writes below a share of what a partition of DynamoDB takes, so that stores are not throttled.

use std::time::Duration;

/// What writes may cost over time.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    wcu_per_second: Option<u32>,
}

impl Pace {
    /// As fast as the table answers.
    pub const UNPACED: Pace = Pace { wcu_per_second: None };

    /// At most so many WCU a second, at least 1.
    pub fn per_second(wcu: u32) -> Self {
        Pace { wcu_per_second: Some(wcu.max(1)) }
    }

    /// The WCU that may be spent at once: those of one second.
    pub(super) fn at_once(&self) -> usize {
        self.wcu_per_second.map_or(usize::MAX, |wcu| wcu as usize)
    }

    /// Waits until `units` WCU are used up.
    pub(super) async fn spent(&self, units: usize) {
        if let Some(wcu) = self.wcu_per_second {
            let micros = units as u64 * 1_000_000 / u64::from(wcu);
            tokio::time::sleep(Duration::from_micros(micros)).await;
        }
    }
}

/// WCU of a write of an item of `bytes`: one per started KiB.
pub(super) fn write_units(bytes: usize) -> usize {
    bytes.div_ceil(1_024).max(1)
}
