//! How calls on one document wait for each other.

/// Whether a call waits for earlier calls on its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// It does.
    Queued,
    /// It starts at once (`outsideTransactionQueue`). It still loses nothing.
    Outside,
}

/// What a call does to its document, as far as others care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Runs beside other reads.
    Read,
    /// Runs alone among the queued calls.
    Write,
    /// Begins when the calls before it have ended; those behind it do not wait for it. For what has no effect that a call
    /// could see.
    Beside,
    /// Runs alone, and not before the calls outside the queue have ended either.
    Clear,
}
