//! Items as they are, with attributes of any name and type: to be moved, never to be understood.

use std::fmt::Write;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::items::{Attributes, key_attributes, read_item};
use super::{CONDITION_FAILED, DynamoTable};
use crate::codec::sort_key::{DocName, SortKey};
use crate::error::Result;
use crate::table::schema::{HASH_KEY, RANGE_KEY};
use crate::table::{Item, Operation};

/// All attributes of an item but its keys.
#[derive(Debug, Clone, PartialEq)]
pub struct RawItem(Attributes);

impl RawItem {
    pub(super) fn attributes(&self, doc: &DocName, key: &SortKey) -> Attributes {
        let mut attributes = key_attributes(doc, key);
        attributes.extend(self.0.clone());
        attributes
    }
}

/// # Errors
/// `ERR_TABLE` where the attributes lack our keys.
pub(super) fn read_raw(mut attributes: Attributes) -> Result<(Item, RawItem)> {
    let item = read_item(attributes.clone())?;
    attributes.remove(HASH_KEY);
    attributes.remove(RANGE_KEY);
    Ok((item, RawItem(attributes)))
}

impl DynamoTable {
    /// Deletes an item on condition that it is there and that each attribute is what it was.
    pub(super) async fn delete_exactly(&self, doc: &DocName, key: &SortKey, raw: &RawItem) -> Result<bool> {
        let mut condition = "attribute_exists(#k)".to_owned();
        for n in 0..raw.0.len() {
            // Writing to a string cannot fail.
            let _ = write!(condition, " AND #a{n} = :a{n}");
        }
        let answer = self
            .send(Operation::DeleteItem, Some(doc), CONDITION_FAILED, |client, log| {
                let mut delete = client
                    .delete_item()
                    .table_name(&self.config.table_name)
                    .set_key(Some(key_attributes(doc, key)))
                    .condition_expression(&condition)
                    .expression_attribute_names("#k", HASH_KEY)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                for (n, (name, value)) in raw.0.iter().enumerate() {
                    delete = delete
                        .expression_attribute_names(format!("#a{n}"), name)
                        .expression_attribute_values(format!(":a{n}"), value.clone());
                }
                delete.customize().interceptor(log).send()
            })
            .await?;
        let held = answer.is_some();
        self.count(Operation::DeleteItem, answer.and_then(|answer| answer.consumed_capacity));
        Ok(held)
    }
}
