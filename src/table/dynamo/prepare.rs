//! Prepares the table: creates it if it is missing, waits until it is ACTIVE, and checks its keys.

use std::sync::atomic::Ordering::Relaxed;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, MultiRegionConsistency,
    ProvisionedThroughput, ScalarAttributeType, TableDescription, TableStatus,
};
use tokio::time::Instant;

use super::DynamoTable;
use super::config::Billing;
use crate::defaults::PREPARE_POLL;
use crate::error::{Code, Error, Result};
use crate::table::Operation;
use crate::table::schema::{HASH_KEY, RANGE_KEY};

impl DynamoTable {
    pub(super) async fn prepare_table(&self, create: bool) -> Result<()> {
        let deadline = Instant::now() + self.config.timeouts.prepare;
        let mut created = false;
        loop {
            let status = match self.describe().await? {
                Some(table) => {
                    self.check_keys_of(&table)?;
                    self.replicas.store(asynchronous_replicas(&table), Relaxed);
                    table.table_status().cloned().unwrap_or(TableStatus::Active)
                }
                None if !create => return Err(self.not_there()),
                // DescribeTable may not find a table that was just created.
                None if created => TableStatus::Creating,
                None => {
                    self.create().await?;
                    created = true;
                    continue;
                }
            };
            match status {
                TableStatus::Creating => (),
                TableStatus::Deleting if create => (),
                _ => return self.check_usable(&status),
            }
            if Instant::now() + PREPARE_POLL > deadline {
                return Err(self.still(status.as_str()));
            }
            tokio::time::sleep(PREPARE_POLL).await;
        }
    }

    async fn describe(&self) -> Result<Option<TableDescription>> {
        let name = self.config.table_name.as_str();
        let answer = self
            .send(Operation::DescribeTable, None, "ResourceNotFoundException", |client, log| {
                client.describe_table().table_name(name).customize().interceptor(log).send()
            })
            .await?;
        Ok(answer.and_then(|answer| answer.table))
    }

    /// Succeeds too if another process is creating the table.
    async fn create(&self) -> Result<()> {
        let hash = (HASH_KEY, KeyType::Hash, ScalarAttributeType::S);
        let range = (RANGE_KEY, KeyType::Range, ScalarAttributeType::B);
        let mut schema = Vec::new();
        let mut definitions = Vec::new();
        for (name, role, kind) in [hash, range] {
            let element = KeySchemaElement::builder().attribute_name(name).key_type(role).build();
            let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build();
            schema.push(element.map_err(incomplete)?);
            definitions.push(definition.map_err(incomplete)?);
        }
        let (mode, throughput) = match self.config.billing {
            Billing::OnDemand => (BillingMode::PayPerRequest, None),
            Billing::Provisioned { read_units, write_units } => {
                let throughput = ProvisionedThroughput::builder()
                    .read_capacity_units(read_units.into())
                    .write_capacity_units(write_units.into())
                    .build()
                    .map_err(incomplete)?;
                (BillingMode::Provisioned, Some(throughput))
            }
        };
        self.send(Operation::CreateTable, None, "ResourceInUseException", |client, log| {
            client
                .create_table()
                .table_name(&self.config.table_name)
                .set_key_schema(Some(schema.clone()))
                .set_attribute_definitions(Some(definitions.clone()))
                .billing_mode(mode.clone())
                .set_provisioned_throughput(throughput.clone())
                .customize()
                .interceptor(log)
                .send()
        })
        .await?;
        Ok(())
    }

    fn check_keys_of(&self, table: &TableDescription) -> Result<()> {
        let kind_of = |name: &str| {
            let mut definitions = table.attribute_definitions().iter();
            definitions.find(|d| d.attribute_name() == name).map(|d| d.attribute_type().as_str())
        };
        let mut found: Vec<_> = table
            .key_schema()
            .iter()
            .map(|key| {
                let name = key.attribute_name();
                format!("{} '{name}' ({})", key.key_type().as_str(), kind_of(name).unwrap_or("?"))
            })
            .collect();
        found.sort();
        let wanted = [format!("HASH '{HASH_KEY}' (S)"), format!("RANGE '{RANGE_KEY}' (B)")];
        if found == wanted {
            return Ok(());
        }
        Err(self.table_error(format!(
            "has the keys {}, but needs {}: use another table",
            found.join(", "),
            wanted.join(", ")
        )))
    }

    fn not_there(&self) -> Error {
        self.table_error("does not exist: create it, or correct tableName, region or endpoint".to_owned())
    }

    /// Refuses only states in which DynamoDB refuses requests. An unknown state is accepted, because a table that
    /// works must not be refused.
    fn check_usable(&self, status: &TableStatus) -> Result<()> {
        let cure = match status {
            TableStatus::Deleting => "wait until it is gone, or use another table",
            TableStatus::Archiving | TableStatus::Archived => "restore it from its backup",
            TableStatus::InaccessibleEncryptionCredentials => "give DynamoDB access to its KMS key again",
            _ => return Ok(()),
        };
        Err(self.table_error(format!("is {}: {cure}", status.as_str())))
    }

    fn table_error(&self, what: String) -> Error {
        Error::new(Code::Table, format!("table '{}' {} {what}", self.config.table_name, self.place()))
    }

    fn still(&self, status: &str) -> Error {
        let limit = self.config.timeouts.prepare.as_millis();
        let (name, place) = (&self.config.table_name, self.place());
        let message = format!("table '{name}' {place} is still {status} after {limit} ms: try again later");
        Error::new(Code::Unavailable, message)
    }
}

/// The number of replicas in other regions that get writes later and overwrite what was written there: the last
/// writer wins. Replicas with strong consistency across regions take part in every write and do not count.
fn asynchronous_replicas(table: &TableDescription) -> usize {
    match table.multi_region_consistency() {
        Some(MultiRegionConsistency::Strong) => 0,
        _ => table.replicas().len(),
    }
}

fn incomplete(error: aws_sdk_dynamodb::error::BuildError) -> Error {
    Error::new(Code::Internal, "the request to create the table is incomplete").with_cause(error.to_string())
}
