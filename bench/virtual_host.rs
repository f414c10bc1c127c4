//! A host whose clock runs with the virtual time of a benchmark.

use tokio::time::Instant;
use y_dynamodb::codec::sort_key::WriteId;
use y_dynamodb::error::Result;
use y_dynamodb::log::{Host, SystemHost};

/// The ids are those of the system.
pub struct VirtualHost(pub Instant);

impl Host for VirtualHost {
    fn now_ms(&self) -> u64 {
        1_700_000_000_000 + self.0.elapsed().as_millis() as u64
    }

    fn write_id(&self) -> Result<WriteId> {
        SystemHost.write_id()
    }
}
