//! Changing the head of a set, and the conditions under which items are deleted.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};

use super::items::key_attributes;
use super::{CONDITION_FAILED, DynamoTable};
use crate::codec::sort_key::{DocName, SortKey};
use crate::error::Result;
use crate::table::schema::{AT, HASH_KEY, PARTS, SEALED, VALUE};
use crate::table::size::check_keys;
use crate::table::{DeleteIf, Operation};

/// A condition expression over these attributes, `#0`, `#1`, …, and their values `:0`, `:1`, …
pub(super) struct Condition {
    pub(super) expression: &'static str,
    pub(super) attributes: Vec<(&'static str, Option<AttributeValue>)>,
}

/// What must hold for a delete; `None`: nothing.
pub(super) fn condition(delete: DeleteIf) -> Option<Condition> {
    let key = (HASH_KEY, None);
    let sealed = (SEALED, Some(AttributeValue::Bool(true)));
    let (expression, attributes) = match delete {
        DeleteIf::Always => return None,
        DeleteIf::ValueIs(value) => (
            "attribute_not_exists(#0) OR #1 = :1",
            vec![key, (VALUE, Some(AttributeValue::B(Blob::new(value))))],
        ),
        DeleteIf::NotSealed => {
            ("attribute_not_exists(#0) OR attribute_not_exists(#1) OR #1 <> :1", vec![key, sealed])
        }
        DeleteIf::NotRenewed(at) => {
            ("attribute_not_exists(#0) OR (#1 <> :1 AND #2 = :2)", vec![key, sealed, (AT, Some(number(at)))])
        }
    };
    Some(Condition { expression, attributes })
}

fn number(n: u64) -> AttributeValue {
    AttributeValue::N(n.to_string())
}

impl DynamoTable {
    /// Sets `sealed` on a head; `false` where there is no head.
    pub(super) async fn seal_head(&self, doc: &DocName, key: &SortKey) -> Result<bool> {
        let is_head = Condition { expression: "attribute_exists(#0)", attributes: vec![(PARTS, None)] };
        self.set_on_head(doc, key, (SEALED, AttributeValue::Bool(true)), is_head).await
    }

    /// Sets `at` of a head; `false` where there is none, or it is sealed.
    pub(super) async fn renew_head(&self, doc: &DocName, key: &SortKey, at: u64) -> Result<bool> {
        let is_unsealed = Condition {
            expression: "attribute_exists(#0) AND #1 = :1",
            attributes: vec![(PARTS, None), (SEALED, Some(AttributeValue::Bool(false)))],
        };
        self.set_on_head(doc, key, (AT, number(at)), is_unsealed).await
    }

    async fn set_on_head(
        &self,
        doc: &DocName,
        key: &SortKey,
        (attribute, value): (&str, AttributeValue),
        Condition { expression, attributes }: Condition,
    ) -> Result<bool> {
        check_keys(doc, key)?;
        let answer = self
            .send(Operation::UpdateItem, Some(doc), CONDITION_FAILED, |client, log| {
                let mut update = client
                    .update_item()
                    .table_name(&self.config.table_name)
                    .set_key(Some(key_attributes(doc, key)))
                    .update_expression("SET #a = :v")
                    .expression_attribute_names("#a", attribute)
                    .expression_attribute_values(":v", value.clone())
                    .condition_expression(expression)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                for (n, (name, value)) in attributes.iter().enumerate() {
                    update = update.expression_attribute_names(format!("#{n}"), *name);
                    if let Some(value) = value {
                        update = update.expression_attribute_values(format!(":{n}"), value.clone());
                    }
                }
                update.customize().interceptor(log).send()
            })
            .await?;
        let is_there = answer.is_some();
        self.count(Operation::UpdateItem, answer.and_then(|answer| answer.consumed_capacity));
        Ok(is_there)
    }
}
