//! Fresh tables of each kind.

use y_dynamodb::table::memory::MemoryTable;
use y_dynamodb::table::{Meter, Table};

/// A table with a meter.
pub trait Metered: Table {
    fn meter_of(&self) -> &Meter;
}

impl Metered for MemoryTable {
    fn meter_of(&self) -> &Meter {
        self.meter()
    }
}

pub async fn table_in_memory() -> MemoryTable {
    MemoryTable::new()
}

#[cfg(feature = "aws")]
mod dynamo {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::SystemTime;

    use y_dynamodb::table::dynamo::{Credentials, DynamoConfig, DynamoTable, Endpoint, Keys};
    use y_dynamodb::table::{Meter, Table};

    impl super::Metered for DynamoTable {
        fn meter_of(&self) -> &Meter {
            self.meter()
        }
    }

    /// A name that no other test, run or process uses.
    pub fn fresh_name() -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
        format!("test-{}-{now}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// A fresh table name at `endpoint`, with dummy credentials.
    pub fn config(endpoint: Endpoint) -> DynamoConfig {
        let keys = Keys {
            access_key_id: "test".into(),
            secret_access_key: "test".into(),
            session_token: None,
            expires_at: None,
        };
        DynamoConfig {
            region: Some("eu-west-1".into()),
            endpoint,
            credentials: Credentials::Static(keys),
            ..DynamoConfig::new(fresh_name())
        }
    }

    pub async fn created(endpoint: Endpoint) -> DynamoTable {
        let table = DynamoTable::new(config(endpoint)).unwrap();
        table.prepare(true).await.unwrap();
        table
    }

    /// The running DynamoDB Local. Only tests that are ignored by default need it.
    pub fn local_endpoint() -> Endpoint {
        let url = std::env::var("DYNAMODB_LOCAL_ENDPOINT")
            .expect("DYNAMODB_LOCAL_ENDPOINT is the URL of a DynamoDB Local");
        Endpoint::parse(&url).unwrap()
    }

    pub async fn local() -> DynamoTable {
        created(local_endpoint()).await
    }

    #[cfg(feature = "embedded")]
    pub async fn memory() -> DynamoTable {
        created(Endpoint::Memory(None)).await
    }

    /// All tests of a process use one file.
    #[cfg(feature = "embedded")]
    pub async fn file() -> DynamoTable {
        let path = format!("{}/tables-{}.db", env!("CARGO_TARGET_TMPDIR"), std::process::id());
        created(Endpoint::File(path.into())).await
    }
}

#[cfg(feature = "aws")]
#[allow(unused_imports, reason = "each test file uses a part of it")]
pub use dynamo::*;
