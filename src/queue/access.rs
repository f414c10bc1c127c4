//! How calls on one document wait for each other.

/// Whether a call waits for earlier calls on its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// It does.
    Queued,
    /// It starts at once (`outsideTransactionQueue`). It still loses nothing.
    Outside,
}

/// Which calls on the same document may run at the same time as a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Other reads.
    Read,
    /// No queued call.
    Write,
    /// The queued calls after it, which do not wait for it. For work whose effect no call can observe.
    Detached,
    /// No call, queued or outside the queue.
    Clear,
}
