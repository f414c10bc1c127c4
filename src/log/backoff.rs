//! Back-off between the rounds of a loop, with full jitter.

use std::time::Duration;

use super::Host;
use crate::error::{Code, Error, Result};

const FIRST_DELAY_MS: u64 = 25;
const MAX_DELAY_MS: u64 = 3_200;
const MAX_ROUNDS: u32 = 12;

/// Counts the rounds without progress.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    rounds: u32,
}

impl Backoff {
    /// Waits 0 to 25 ms; the longest wait doubles each time, up to 3.2 s.
    ///
    /// # Errors
    /// `ERR_THROTTLED` with `reason` after 12 rounds, about 10 seconds.
    pub async fn wait(&mut self, host: &dyn Host, reason: &str) -> Result<()> {
        if self.rounds == MAX_ROUNDS {
            return Err(Error::new(Code::Throttled, format!("{reason}, {MAX_ROUNDS} times in a row")));
        }
        let longest = (FIRST_DELAY_MS << self.rounds).min(MAX_DELAY_MS);
        self.rounds += 1;
        let random = u64::from(host.write_id()?.1);
        tokio::time::sleep(Duration::from_millis(random % (longest + 1))).await;
        Ok(())
    }
}
