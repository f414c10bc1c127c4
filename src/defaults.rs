//! All defaults of all options, each with its unit and reason. `index.d.ts` repeats them for the reader.

use std::time::Duration;

/// How often one request is tried, the first attempt included. Enough for full-jitter back-off to fill
/// [`OPERATION_TIMEOUT`] under throttling.
pub const MAX_ATTEMPTS: u32 = 10;

/// The longest that establishing a connection may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);

/// The longest that one attempt of a request may take: a stalled connection is given up and tried again.
pub const REQUEST_TIMEOUT: Duration = Duration::from_millis(5_000);

/// The longest that one request with all its attempts may take.
pub const OPERATION_TIMEOUT: Duration = Duration::from_millis(30_000);

/// How long a store waits for more updates of its document before it is sent: not at all.
pub const BATCH_DELAY: Duration = Duration::ZERO;

/// Drop the content of deleted items when updates are merged, as the original did.
pub const GC: bool = true;
