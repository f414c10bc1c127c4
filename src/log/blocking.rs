//! Keeps long computations off the async workers.

use crate::error::{Code, Error, Result};

/// Work on more bytes of updates runs on a blocking thread: it takes about 100 µs or longer.
const MAX_INLINE_BYTES: usize = 256 * 1024;

/// Runs `work` on `bytes` of updates; on a blocking thread if they are many.
///
/// # Errors
/// `ERR_INTERNAL` if it panicked there.
pub(crate) async fn blocking_if_large<R: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> R + Send + 'static,
) -> Result<R> {
    if bytes <= MAX_INLINE_BYTES {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(Code::Internal, "work on updates panicked; please report it").with_cause(error.to_string())
    })
}
