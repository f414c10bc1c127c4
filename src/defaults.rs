//! Defaults of the options, and our fixed times and sizes, each with its unit and reason. `types/config.d.ts` repeats the
//! defaults.

use std::time::Duration;

/// The maximum number of attempts of one request, including the first. Under throttling, their back-off fills
/// [`OPERATION_TIMEOUT`]: the time is the limit, not the number.
pub const MAX_ATTEMPTS: u32 = 20;

/// The maximum number of requests in flight, each on its own connection. At 5 ms each, 64 connections carry 12,800
/// requests per second, more than a Node.js process sends. They stay far below the 1,024 open files that many systems
/// allow a process.
pub const MAX_CONNECTIONS: usize = 64;

/// The time limit for establishing a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);

/// The time limit for one attempt of a request. An attempt on a stalled connection ends, and the request is retried.
pub const REQUEST_TIMEOUT: Duration = Duration::from_millis(5_000);

/// The time limit for one request with all its attempts.
pub const OPERATION_TIMEOUT: Duration = Duration::from_millis(30_000);

/// The time limit for one call of a credentials provider.
pub const CREDENTIALS_TIMEOUT: Duration = Duration::from_millis(10_000);

/// The time limit for a call that waits for a table to become ACTIVE. A new table takes seconds. The next call starts
/// a new wait.
pub const PREPARE_TIMEOUT: Duration = OPERATION_TIMEOUT;

/// The interval between two checks of a table that is not ACTIVE yet.
pub const PREPARE_POLL: Duration = Duration::from_millis(500);

/// The back-off before the second attempt. Each further attempt doubles it. Jitter halves it on average.
pub const INITIAL_BACKOFF: Duration = Duration::from_millis(50);

/// The maximum back-off between two attempts.
pub const MAX_BACKOFF: Duration = Duration::from_millis(5_000);

/// How long a store waits for more updates of its document before it is sent. It does not wait.
pub const BATCH_DELAY: Duration = Duration::ZERO;

/// Updates that wait for an earlier put or for a slow table are merged when they reach this many bytes. So the
/// waiting updates take no more memory than the document that they become. Merging this many bytes takes a fraction
/// of a millisecond.
pub const COALESCE_BYTES: usize = 64 * 1_024;

/// The maximum memory for what a persistence remembers of idle documents, in bytes: about 200,000 of them. The next store to
/// a document that was forgotten costs one Query more.
pub const REMEMBER_BYTES: usize = 64 * 1_024 * 1_024;

/// The maximum bytes of updates in one batch and in one part of a set: the value of one item, beside the longest keys.
/// A page of 1 MB holds two such items. The addon exports it for `lib/retry-buffer.js`.
pub const MAX_VALUE_BYTES: usize = 380_000;

/// A merge drops the content of deleted items, as in the original package.
pub const GC: bool = true;

/// A background compaction is due when a tier has this many entries that no compaction wrote. Open items have about 1 KB, so a
/// load reads at most 24 KB (6 RCU) of them. Measured with `bench/b4_cost.rs` and `bench/compaction_cost.rs`: with 40, a long
/// session has more than 40 items; with 8, processes that store once pay a fifth more.
pub const COMPACTION_ITEMS: usize = 24;

/// A background compaction is due when a tier has this many bytes without its largest entry: 64 WCU.
pub const COMPACTION_BYTES: usize = 64 * 1_024;

/// The maximum WCU per second for background compactions of one document: a quarter of the capacity of a partition.
pub const COMPACTION_WCU_PER_SECOND: u32 = 250;

/// All background compactions of a persistence together use at most this many times the WCU of one document: 1,000 by
/// default, a quarter of the capacity of a new on-demand table (4,000). This is not an option: a table with more or
/// less capacity than usual has more or less for each document too. The budget belongs to the persistence and not to
/// the process, because persistences have different tables.
pub const COMPACTION_SHARES: u32 = 4;

/// The maximum number of background compactions that run at once in a persistence. Most of the time each waits for
/// its share of the budget, while the others read and merge.
pub const COMPACTIONS_AT_ONCE: usize = 64;

/// The age at which the writer of a set renews its head. A sweep treats a set as abandoned after an hour, so a
/// renewal may fail or be late several times.
pub const RENEW_HEAD_AFTER: Duration = Duration::from_secs(600);

/// The maximum random delay before a background compaction that is due.
pub const COMPACTION_JITTER: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_fills_the_operation_timeout() {
        let back_off = |n: u32| (INITIAL_BACKOFF * 2u32.pow(n)).min(MAX_BACKOFF);
        let longest: Duration = (0..MAX_ATTEMPTS - 1).map(back_off).sum();
        assert!(longest / 2 >= OPERATION_TIMEOUT, "{longest:?}, halved by jitter");
    }
}
