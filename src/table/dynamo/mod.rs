//! The [`Table`] of AWS DynamoDB, and of everything that speaks its protocol.
//!
//! # Layout
//! * `config`, `endpoint`: where the table is; typed options.
//! * `client`: makes the SDK's client at first use; `tls`: what it trusts; `dns`: hosts that do not exist.
//! * `place`: endpoint and region, as messages name them.
//! * `send`: one request: time limit, renewed credentials, counting, errors; `attempts`, `errors` serve it.
//! * `connector`: one attempt: waits for its turn (`turns`), then has its time limit.
//! * `credentials`: loads them once for all requests.
//! * `prepare`: creates and checks the table.
//! * `heads`: changing the head of a set; conditions of deletes.
//! * `items`: items as attribute values; `raw`: items as they are, whatever they hold.
//! * `pages`: Query and Scan.
//! * `embedded`: `memory:` and `file:`, with the feature `embedded`.
//!
//! Only this folder names the AWS SDK. All reads are strongly consistent, and every request asks what it cost.

mod attempts;
mod client;
pub mod config;
mod connector;
mod credentials;
mod dns;
pub(crate) mod embedded;
mod endpoint;
mod errors;
mod heads;
mod items;
mod pages;
mod place;
mod prepare;
mod raw;
mod send;
mod tls;
mod turns;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use aws_sdk_dynamodb::types::{ConsumedCapacity, DeleteRequest, ReturnConsumedCapacity, WriteRequest};

use self::client::Connection;
pub use self::config::{Billing, Credentials, CredentialsProvider, DynamoConfig, Keys, NoKeys, Timeouts};
pub use self::endpoint::Endpoint;
use self::heads::{Condition, condition as condition_of};
use self::items::{Attributes, item_attributes, key_attributes, read_item, read_key, read_named_item};
pub use self::raw::RawItem;
use self::raw::read_raw;
use self::send::Target;
use self::turns::Turns;
use super::schema::HASH_KEY;
use super::size::{check_batch, check_item, check_keys};
use super::{Connections, DeleteIf, Item, LateWrites, Meter, Operation, Page, Query, ScanPage, Table, Write};
use crate::codec::sort_key::{DocName, SortKey};
use crate::error::{Code, Error, Result};

/// The answer to a condition that does not hold.
const CONDITION_FAILED: &str = "ConditionalCheckFailedException";

/// For requests of which no error is expected.
const NONE: &str = "";

/// A table of DynamoDB. Cheap to clone; clones share client and meter.
#[derive(Debug, Clone)]
pub struct DynamoTable {
    config: Arc<DynamoConfig>,
    connection: Arc<Connection>,
    meter: Arc<Meter>,
    late: Arc<LateWrites>,
    replicas: Arc<AtomicUsize>,
    turns: Arc<Turns>,
}

impl DynamoTable {
    /// A table that is looked for at its first request: nothing is read, opened or sent here.
    ///
    /// # Errors
    /// `ERR_INVALID_ARGUMENT` where the configuration cannot work.
    pub fn new(config: DynamoConfig) -> Result<Self> {
        config.check()?;
        Ok(DynamoTable {
            turns: Turns::new(config.max_connections),
            config: Arc::new(config),
            connection: Arc::default(),
            meter: Arc::default(),
            late: Arc::default(),
            replicas: Arc::default(),
        })
    }

    /// How it was configured.
    pub fn config(&self) -> &DynamoConfig {
        &self.config
    }

    /// What it has cost. Capacity is what the answers named: an attempt that failed names none.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    async fn put_item(&self, doc: &DocName, item: Item, only_new: bool) -> Result<()> {
        check_item(doc, &item)?;
        let key = item.key.clone();
        self.put_attributes(doc, &key, item_attributes(doc, item), only_new).await
    }

    async fn put_attributes(
        &self,
        doc: &DocName,
        key: &SortKey,
        attributes: Attributes,
        only_new: bool,
    ) -> Result<()> {
        let target = Target { doc, keys: std::slice::from_ref(key), write: Write::Put };
        let answer = self
            .send_write(target, Operation::PutItem, CONDITION_FAILED, |client, log| {
                let put = client
                    .put_item()
                    .table_name(&self.config.table_name)
                    .set_item(Some(attributes.clone()))
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                let put = if only_new {
                    put.condition_expression("attribute_not_exists(#k)")
                        .expression_attribute_names("#k", HASH_KEY)
                } else {
                    put
                };
                put.customize().interceptor(log).send()
            })
            .await?;
        // A condition that failed: an earlier attempt had arrived.
        self.count(Operation::PutItem, answer.and_then(|answer| answer.consumed_capacity));
        Ok(())
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

    /// Deletes in one batch; returns what the answer calls unprocessed.
    async fn delete_all(&self, target: Target<'_>, requests: Vec<WriteRequest>) -> Result<Vec<WriteRequest>> {
        let answer = self
            .send_write(target, Operation::BatchWriteItem, NONE, |client, log| {
                client
                    .batch_write_item()
                    .request_items(&self.config.table_name, requests.clone())
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .customize()
                    .interceptor(log)
                    .send()
            })
            .await?
            .ok_or_else(unexpected)?;
        self.count(Operation::BatchWriteItem, answer.consumed_capacity.into_iter().flatten());
        Ok(answer.unprocessed_items.into_iter().flatten().flat_map(|(_, requests)| requests).collect())
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
        self.connection.close().await;
    }

    async fn prepare(&self, create: bool) -> Result<()> {
        self.prepare_table(create).await
    }

    async fn put_new(&self, doc: &DocName, item: Item) -> Result<()> {
        self.put_item(doc, item, true).await
    }

    async fn put(&self, doc: &DocName, item: Item) -> Result<()> {
        self.put_item(doc, item, false).await
    }

    async fn get(&self, doc: &DocName, key: &SortKey) -> Result<Option<Item>> {
        self.get_attributes(doc, key).await?.map(read_item).transpose()
    }

    async fn get_raw(&self, doc: &DocName, key: &SortKey) -> Result<Option<(Item, RawItem)>> {
        self.get_attributes(doc, key).await?.map(read_raw).transpose()
    }

    async fn put_raw(&self, doc: &DocName, key: &SortKey, raw: &RawItem) -> Result<()> {
        check_keys(doc, key)?;
        self.put_attributes(doc, key, raw.attributes(doc, key), true).await
    }

    async fn delete_raw(&self, doc: &DocName, key: &SortKey, raw: &RawItem) -> Result<bool> {
        check_keys(doc, key)?;
        self.delete_exactly(doc, key, raw).await
    }

    async fn seal(&self, doc: &DocName, key: &SortKey) -> Result<bool> {
        self.seal_head(doc, key).await
    }

    async fn renew(&self, doc: &DocName, key: &SortKey, at: u64) -> Result<bool> {
        self.renew_head(doc, key, at).await
    }

    async fn delete(&self, doc: &DocName, key: &SortKey, condition: DeleteIf) -> Result<bool> {
        check_keys(doc, key)?;
        let condition = condition_of(condition);
        let target = Target { doc, keys: std::slice::from_ref(key), write: Write::Delete };
        let answer = self
            .send_write(target, Operation::DeleteItem, CONDITION_FAILED, |client, log| {
                let mut delete = client
                    .delete_item()
                    .table_name(&self.config.table_name)
                    .set_key(Some(key_attributes(doc, key)))
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                if let Some(Condition { expression, attributes }) = &condition {
                    delete = delete.condition_expression(*expression);
                    for (n, (name, value)) in attributes.iter().enumerate() {
                        delete = delete.expression_attribute_names(format!("#{n}"), *name);
                        if let Some(value) = value {
                            delete = delete.expression_attribute_values(format!(":{n}"), value.clone());
                        }
                    }
                }
                delete.customize().interceptor(log).send()
            })
            .await?;
        let held = answer.is_some();
        self.count(Operation::DeleteItem, answer.and_then(|answer| answer.consumed_capacity));
        Ok(held)
    }

    async fn delete_batch(&self, doc: &DocName, keys: &[SortKey]) -> Result<Vec<SortKey>> {
        check_batch(doc, keys)?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let request = |key| {
            let delete = DeleteRequest::builder().set_key(Some(key_attributes(doc, key))).build();
            let delete = delete.map_err(|e| unexpected().with_cause(e.to_string()))?;
            Ok(WriteRequest::builder().delete_request(delete).build())
        };
        let requests = keys.iter().map(request).collect::<Result<Vec<_>>>()?;
        let target = Target { doc, keys, write: Write::Delete };
        let left = self.delete_all(target, requests).await?;
        let keys = left.into_iter().filter_map(|request| request.delete_request);
        keys.map(|delete| read_key(&mut delete.key.clone()).map(|(_, key)| key)).collect()
    }

    async fn query(&self, query: &Query) -> Result<Page<Item>> {
        self.query_page(query, false, read_item).await
    }

    async fn query_keys(&self, query: &Query) -> Result<Page<SortKey>> {
        self.query_page(query, true, |mut key| Ok(read_key(&mut key)?.1)).await
    }

    async fn scan(&self, limit: u32, after: Option<&(DocName, SortKey)>) -> Result<ScanPage<Item>> {
        self.scan_page(limit, after, false, read_named_item).await
    }

    async fn scan_keys(&self, limit: u32, after: Option<&(DocName, SortKey)>) -> Result<ScanPage<SortKey>> {
        self.scan_page(limit, after, true, |mut key| read_key(&mut key)).await
    }
}

fn unexpected() -> Error {
    Error::new(Code::Internal, "a request of DynamoDB could not be made or understood: please report this")
}
