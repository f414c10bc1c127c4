//! The clock and the random ids of the host. Simulations have their own.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::codec::sort_key::WriteId;
use crate::error::{Code, Error, Result};

/// The host of a process.
pub trait Host: Send + Sync + 'static {
    /// Milliseconds since the epoch. The clock may go back: only the ages of unsealed sets and of open items depend on it.
    fn now_ms(&self) -> u64;

    /// An id that no process has ever used: no fork and no earlier run either.
    ///
    /// # Errors
    /// `ERR_INTERNAL` if the system has no random numbers. Nothing may be written then.
    fn write_id(&self) -> Result<WriteId>;
}

/// The system's clock and random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemHost;

impl Host for SystemHost {
    fn now_ms(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
    }

    fn write_id(&self) -> Result<WriteId> {
        let bits = getrandom::u64().map_err(|error| {
            Error::new(Code::Internal, "the system has no random numbers").with_cause(error.to_string())
        })?;
        Ok(WriteId((bits >> 32) as u32, bits as u32))
    }
}
