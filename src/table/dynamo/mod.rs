//! The [`Table`] for AWS DynamoDB and everything that speaks its protocol.
//!
//! # Layout
//! * `config`, `endpoint`: the location of the table; typed options.
//! * `client`: creates the SDK's client at first use; `tls`: the certificates it trusts; `dns`: detects hosts that do
//!   not exist.
//! * `place`: endpoint and region, as messages name them.
//! * `send`: one request, with its time limit, renewed credentials, counts and errors. It uses `attempts`, `errors`,
//!   `codes` and `causes`.
//! * `connector`: one attempt, which waits for its turn (`turns`) and then has its time limit.
//! * `credentials`: loads credentials once for all requests.
//! * `prepare`: creates and checks the table.
//! * `writes`: puts, updates and deletes; `conditions`: their conditions.
//! * `items`: items as attribute values; `raw`: items with all their attributes.
//! * `pages`: Query and Scan.
//! * `embedded`: `memory:` and `file:`, with the feature `embedded`.
//!
//! Only this folder uses the AWS SDK. All reads are strongly consistent. Every request asks for its consumed
//! capacity.

mod attempts;
mod causes;
mod client;
mod codes;
mod conditions;
pub mod config;
mod connector;
mod credentials;
mod dns;
pub(crate) mod embedded;
mod endpoint;
mod errors;
mod items;
mod pages;
mod place;
mod prepare;
mod raw;
mod send;
mod tls;
mod turns;
mod writes;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, ReturnConsumedCapacity};

use self::client::RenewableClient;
use self::conditions::{Condition, number};
pub use self::config::{Billing, Credentials, CredentialsProvider, DynamoConfig, Keys, NoKeys, Timeouts};
pub use self::endpoint::Endpoint;
use self::items::{Attributes, key_attributes, read_item, read_key, read_named_item, read_versioned_key};
pub use self::raw::RawItem;
use self::raw::read_raw;
use self::turns::Turns;
use super::schema::{AT, SEALED};
use super::size::check_keys;
use super::{
    Connections, DeleteIf, Item, LateWrites, Meter, Operation, Page, Query, ScanPage, Table, VersionedKey,
};
use crate::codec::sort_key::{DocName, SortKey, Version};
use crate::error::{Code, Error, Result};

/// The expected error code of requests that expect no error.
const NONE: &str = "";

/// A table of DynamoDB. It is cheap to clone. Clones share the client and the meter.
#[derive(Debug, Clone)]
pub struct DynamoTable {
    config: Arc<DynamoConfig>,
    client: Arc<RenewableClient>,
    meter: Arc<Meter>,
    late: Arc<LateWrites>,
    replicas: Arc<AtomicUsize>,
    turns: Arc<Turns>,
}

impl DynamoTable {
    /// Creates a table. It reads, opens and sends nothing before the first request.
    ///
    /// # Errors
    /// `ERR_INVALID_ARGUMENT` if the configuration is invalid.
    pub fn new(config: DynamoConfig) -> Result<Self> {
        config.check()?;
        Ok(DynamoTable {
            turns: Turns::new(config.max_connections),
            config: Arc::new(config),
            client: Arc::default(),
            meter: Arc::default(),
            late: Arc::default(),
            replicas: Arc::default(),
        })
    }

    /// The configuration.
    pub fn config(&self) -> &DynamoConfig {
        &self.config
    }

    /// Counts the cost. Capacity is counted as responses report it, so failed attempts count none.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    async fn get_attributes(&self, doc: &DocName, key: &SortKey) -> Result<Option<Attributes>> {
        check_keys(doc, key)?;
        let answer = self
            .send(Operation::GetItem, Some(doc), NONE, |client, log| {
                client
                    .get_item()
                    .table_name(&self.config.table_name)
                    .set_key(Some(key_attributes(doc, key)))
                    .consistent_read(true)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .customize()
                    .interceptor(log)
                    .send()
            })
            .await?
            .ok_or_else(unexpected)?;
        self.count(Operation::GetItem, answer.consumed_capacity);
        Ok(answer.item)
    }

    fn count(&self, operation: Operation, capacity: impl IntoIterator<Item = ConsumedCapacity>) {
        for units in capacity.into_iter().filter_map(|capacity| capacity.capacity_units) {
            self.meter.units(operation, units);
        }
    }
}

impl Table for DynamoTable {
    type Raw = RawItem;

    fn meter(&self) -> &Meter {
        &self.meter
    }

    fn late(&self) -> &LateWrites {
        &self.late
    }

    fn replicas(&self) -> usize {
        self.replicas.load(Relaxed)
    }

    fn connections(&self) -> Connections {
        self.turns.connections()
    }

    async fn close(&self) {
        self.client.close().await;
    }

    async fn prepare(&self, create: bool) -> Result<()> {
        self.prepare_table(create).await
    }

    async fn put_new(&self, doc: &DocName, item: Item) -> Result<()> {
        self.put_item(doc, item, Condition::is_new()).await
    }

    async fn put_over(&self, doc: &DocName, item: Item, replaced: Version) -> Result<bool> {
        self.replace_item(doc, item, replaced).await
    }

    async fn put(&self, doc: &DocName, item: Item) -> Result<()> {
        self.put_item(doc, item, Condition::default()).await
    }

    async fn get(&self, doc: &DocName, key: &SortKey) -> Result<Option<Item>> {
        self.get_attributes(doc, key).await?.map(read_item).transpose()
    }

    async fn get_raw(&self, doc: &DocName, key: &SortKey) -> Result<Option<(Item, RawItem)>> {
        self.get_attributes(doc, key).await?.map(read_raw).transpose()
    }

    async fn put_raw(&self, doc: &DocName, key: &SortKey, raw: &RawItem) -> Result<()> {
        self.put_attributes(doc, key, raw.attributes(doc, key), Condition::is_new()).await
    }

    async fn delete_raw(&self, doc: &DocName, key: &SortKey, raw: &RawItem) -> Result<bool> {
        self.delete_item(doc, key, raw.condition()).await
    }

    async fn seal(&self, doc: &DocName, key: &SortKey) -> Result<bool> {
        let sealed = AttributeValue::Bool(true);
        self.update_attribute(doc, key, (SEALED, sealed), Condition::is_head()).await
    }

    async fn renew(&self, doc: &DocName, key: &SortKey, at: u64) -> Result<bool> {
        self.update_attribute(doc, key, (AT, number(at)), Condition::is_unsealed_head()).await
    }

    async fn delete(&self, doc: &DocName, key: &SortKey, condition: DeleteIf) -> Result<bool> {
        self.delete_item(doc, key, Condition::of_delete(condition)).await
    }

    async fn delete_batch(&self, doc: &DocName, keys: &[SortKey]) -> Result<Vec<SortKey>> {
        self.delete_items(doc, keys).await
    }

    async fn query(&self, query: &Query) -> Result<Page<Item>> {
        self.query_page(query, false, read_item).await
    }

    async fn query_keys(&self, query: &Query) -> Result<Page<VersionedKey>> {
        self.query_page(query, true, read_versioned_key).await
    }

    async fn scan(&self, limit: u32, after: Option<&(DocName, SortKey)>) -> Result<ScanPage<Item>> {
        self.scan_page(limit, after, false, read_named_item).await
    }

    async fn scan_keys(&self, limit: u32, after: Option<&(DocName, SortKey)>) -> Result<ScanPage<SortKey>> {
        self.scan_page(limit, after, true, |mut key| read_key(&mut key)).await
    }
}

fn unexpected() -> Error {
    let message =
        "a request to DynamoDB could not be built, or its answer could not be read: please report this";
    Error::new(Code::Internal, message)
}
