//! Puts, updates and deletes, with or without a condition.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemOutput};
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, WriteRequest,
};

use super::conditions::Condition;
use super::items::{Attributes, item_attributes, key_attributes, read_key, read_version};
use super::send::Target;
use super::{DynamoTable, NONE, unexpected};
use crate::codec::sort_key::{DocName, SortKey, Version};
use crate::error::Result;
use crate::table::size::{check_batch, check_item, check_keys};
use crate::table::{Item, Operation, Write};

/// DynamoDB's error code for a condition that does not hold.
const CONDITION_FAILED: &str = "ConditionalCheckFailedException";

/// The answer to a put over an open item.
enum Replaced {
    Done(Box<PutItemOutput>),
    /// The condition did not hold. The item that is there, if the engine returns it.
    Refused(Option<Attributes>),
}

#[allow(clippy::result_large_err, reason = "the type is the SDK's")]
fn refused(
    error: SdkError<PutItemError, HttpResponse>,
) -> std::result::Result<Replaced, SdkError<PutItemError, HttpResponse>> {
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(refused)) => {
            Ok(Replaced::Refused(refused.item.clone()))
        }
        _ => Err(error),
    }
}

impl DynamoTable {
    pub(super) async fn put_item(&self, doc: &DocName, item: Item, condition: Condition) -> Result<()> {
        check_item(doc, &item)?;
        let key = item.key.clone();
        self.put_attributes(doc, &key, item_attributes(doc, item), condition).await
    }

    /// If the condition does not hold, an earlier attempt has arrived: success.
    pub(super) async fn put_attributes(
        &self,
        doc: &DocName,
        key: &SortKey,
        attributes: Attributes,
        condition: Condition,
    ) -> Result<()> {
        check_keys(doc, key)?;
        let target = Target { doc, keys: std::slice::from_ref(key), write: Write::Put };
        let answer = self
            .send_write(target, Operation::PutItem, CONDITION_FAILED, |client, log| {
                self.put_request(&client, &attributes, &condition).customize().interceptor(log).send()
            })
            .await?;
        self.count(Operation::PutItem, answer.and_then(|answer| answer.consumed_capacity));
        Ok(())
    }

    fn put_request(
        &self,
        client: &Client,
        attributes: &Attributes,
        condition: &Condition,
    ) -> PutItemFluentBuilder {
        client
            .put_item()
            .table_name(&self.config.table_name)
            .set_item(Some(attributes.clone()))
            .set_condition_expression(condition.expression())
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
    }

    /// Replaces an open item. Returns whether the table has it: an earlier attempt may have written it.
    ///
    /// A late attempt is harmless, and is not recorded: its condition holds at most once, and never on a missing item.
    pub(super) async fn replace_item(&self, doc: &DocName, item: Item, replaced: Version) -> Result<bool> {
        check_item(doc, &item)?;
        let (key, version) = (item.key.clone(), item.version);
        let attributes = item_attributes(doc, item);
        let condition = Condition::is_version(replaced);
        let answer = self
            .send(Operation::PutItem, Some(doc), NONE, |client, log| {
                let request = self
                    .put_request(&client, &attributes, &condition)
                    .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                    .customize()
                    .interceptor(log)
                    .send();
                async { request.await.map(|output| Replaced::Done(Box::new(output))).or_else(refused) }
            })
            .await?
            .ok_or_else(unexpected)?;
        let there = match answer {
            Replaced::Done(output) => {
                self.count(Operation::PutItem, output.consumed_capacity);
                return Ok(true);
            }
            Replaced::Refused(Some(there)) => Some(there),
            // It is gone, or this engine does not return it.
            Replaced::Refused(None) => self.get_attributes(doc, &key).await?,
        };
        Ok(version.is_some() && there.as_ref().and_then(read_version) == version)
    }

    /// Sets one attribute. Returns whether the condition held.
    pub(super) async fn update_attribute(
        &self,
        doc: &DocName,
        key: &SortKey,
        (attribute, value): (&str, AttributeValue),
        condition: Condition,
    ) -> Result<bool> {
        check_keys(doc, key)?;
        let answer = self
            .send(Operation::UpdateItem, Some(doc), CONDITION_FAILED, |client, log| {
                client
                    .update_item()
                    .table_name(&self.config.table_name)
                    .set_key(Some(key_attributes(doc, key)))
                    .update_expression("SET #a = :v")
                    .set_condition_expression(condition.expression())
                    .set_expression_attribute_names(condition.names())
                    .set_expression_attribute_values(condition.values())
                    .expression_attribute_names("#a", attribute)
                    .expression_attribute_values(":v", value.clone())
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .customize()
                    .interceptor(log)
                    .send()
            })
            .await?;
        let held = answer.is_some();
        self.count(Operation::UpdateItem, answer.and_then(|answer| answer.consumed_capacity));
        Ok(held)
    }

    /// Deletes one item. Returns whether the condition held.
    pub(super) async fn delete_item(
        &self,
        doc: &DocName,
        key: &SortKey,
        condition: Condition,
    ) -> Result<bool> {
        check_keys(doc, key)?;
        let target = Target { doc, keys: std::slice::from_ref(key), write: Write::Delete };
        let answer = self
            .send_write(target, Operation::DeleteItem, CONDITION_FAILED, |client, log| {
                client
                    .delete_item()
                    .table_name(&self.config.table_name)
                    .set_key(Some(key_attributes(doc, key)))
                    .set_condition_expression(condition.expression())
                    .set_expression_attribute_names(condition.names())
                    .set_expression_attribute_values(condition.values())
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .customize()
                    .interceptor(log)
                    .send()
            })
            .await?;
        let held = answer.is_some();
        self.count(Operation::DeleteItem, answer.and_then(|answer| answer.consumed_capacity));
        Ok(held)
    }

    /// Deletes items in one batch. Returns the unprocessed keys.
    pub(super) async fn delete_items(&self, doc: &DocName, keys: &[SortKey]) -> Result<Vec<SortKey>> {
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
        let left = answer.unprocessed_items.into_iter().flatten().flat_map(|(_, requests)| requests);
        let deletes = left.filter_map(|request| request.delete_request);
        deletes.map(|mut delete| read_key(&mut delete.key).map(|(_, key)| key)).collect()
    }
}
