//! Defaults of the options, and our fixed times and sizes, each with its unit and reason. `types/config.d.ts` repeats the
//! defaults for the reader.

use std::time::Duration;

/// How often one request is tried, the first attempt included. Enough for back-off to fill [`OPERATION_TIMEOUT`] under
/// throttling: the time is the limit, not the number.
pub const MAX_ATTEMPTS: u32 = 20;

/// How many requests are in flight at once, each on a connection of its own. 64 carry 12,800 requests a second at 5 ms each, more
/// than a Node.js process makes, and stay far below the 1,024 open files that many systems allow a process.
pub const MAX_CONNECTIONS: usize = 64;

/// The longest that establishing a connection may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);

/// The longest that one attempt of a request may take: a stalled connection is given up and tried again.
pub const REQUEST_TIMEOUT: Duration = Duration::from_millis(5_000);

/// The longest that one request with all its attempts may take.
pub const OPERATION_TIMEOUT: Duration = Duration::from_millis(30_000);

/// The longest that one call of a credentials provider may take.
pub const CREDENTIALS_TIMEOUT: Duration = Duration::from_millis(10_000);

/// The longest that a call waits for a table to become ACTIVE: a new one takes seconds. The next call waits anew.
pub const PREPARE_TIMEOUT: Duration = OPERATION_TIMEOUT;

/// How long to wait between two looks at a table that is not ACTIVE yet.
pub const PREPARE_POLL: Duration = Duration::from_millis(500);

/// The back-off before the second attempt, halved on average by jitter, doubled for each further one.
pub const INITIAL_BACKOFF: Duration = Duration::from_millis(50);

/// The longest back-off between two attempts.
pub const MAX_BACKOFF: Duration = Duration::from_millis(5_000);

/// How long a store waits for more updates of its document before it is sent: not at all.
pub const BATCH_DELAY: Duration = Duration::ZERO;

/// Updates that wait for an earlier put, or for a table that is slow, are merged when they take so many bytes: what waits
/// takes no more memory than the document that it becomes, and merging so many takes a fraction of a millisecond.
pub const COALESCE_BYTES: usize = 64 * 1_024;

/// The most bytes of updates in one batch and in one part of a set: the value of one item, beside the longest keys. A page of
/// 1 MB holds two such items. `lib/retry-buffer.js` has it from the addon.
pub const MAX_VALUE_BYTES: usize = 380_000;

/// Drop the content of deleted items when updates are merged, as the original did.
pub const GC: bool = true;

/// Compact a document in the background when so many items were stored behind its last compaction: a read then finds
/// a few KiB of loose items at most, and a compaction costs less than a tenth of the requests of the stores that it
/// follows: its deletes fill five BatchWriteItems.
pub const COMPACTION_ITEMS: usize = 120;

/// Compact a document in the background when so many bytes were stored behind its last compaction: 128 WCU.
pub const COMPACTION_BYTES: usize = 128 * 1_024;

/// The most WCU a second for background compactions of one document: a quarter of what a partition takes.
pub const COMPACTION_WCU_PER_SECOND: u32 = 250;

/// All background compactions of a persistence together use at most so many times the WCU of one document: 1,000 by
/// default, a quarter of what a new on-demand table takes (4,000). No option of its own: a table that takes less or more
/// than usual takes less or more for each document too. The budget is the persistence's and not the process's, because
/// persistences have different tables.
pub const COMPACTION_SHARES: u32 = 4;

/// How many background compactions run at once in a persistence. Most of the time each waits for its share of the budget;
/// the others read and merge meanwhile.
pub const COMPACTIONS_AT_ONCE: usize = 64;

/// How old the head of a set becomes before its writer renews it. A sweep takes a set for given up after an hour, so a
/// renewal may fail or be late several times.
pub const RENEW_HEAD_AFTER: Duration = Duration::from_secs(600);

/// The longest random wait before a background compaction that is due.
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
