//! What the log takes from the machine it runs on: the time and random ids. Simulations bring their own.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::codec::sort_key::WriteId;
use crate::error::{Code, Error, Result};

/// The machine.
pub trait Host: Send + Sync + 'static {
    /// Milliseconds since the epoch. May go back; only the age of unsealed sets depends on it.
    fn now_ms(&self) -> u64;

    /// An id that was never used before: by no other process, no fork, no earlier run.
    ///
    /// # Errors
    /// `ERR_INTERNAL` where the system has no random numbers; nothing may be written then.
    fn write_id(&self) -> Result<WriteId>;
}

/// The real one: the system's clock, the system's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemHost;

impl Host for SystemHost {
    fn now_ms(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
    }

    fn write_id(&self) -> Result<WriteId> {
        let bits = getrandom::u64().map_err(|error| {
            Error::new(Code::Internal, "no random numbers to be had").with_cause(error.to_string())
        })?;
        Ok(WriteId((bits >> 32) as u32, bits as u32))
    }
}
