//! One page of a Query or a Scan.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::items::{Attributes, key_attributes, key_value, name_value, read_key};
use super::{DynamoTable, NONE, unexpected};
use crate::codec::sort_key::{DocName, SortKey};
use crate::error::Result;
use crate::table::schema::{HASH_KEY, RANGE_KEY, VERSION};
use crate::table::size::check_keys;
use crate::table::{Operation, Page, Query, ScanPage};

impl DynamoTable {
    /// One page of items, or of their keys and versions only.
    pub(super) async fn query_page<T>(
        &self,
        query: &Query,
        keys_only: bool,
        read: impl Fn(Attributes) -> Result<T>,
    ) -> Result<Page<T>> {
        check_keys(&query.doc, &query.prefix)?;
        let (keys, until) = match &query.until {
            None => ("begins_with(#k, :p)", None),
            Some(key) => ("#k BETWEEN :p AND :u", Some(key_value(key))),
        };
        let answer = self
            .send(Operation::Query, Some(&query.doc), NONE, |client, log| {
                let after = query.after.as_ref().map(|key| key_attributes(&query.doc, key));
                let request = client
                    .query()
                    .table_name(&self.config.table_name)
                    .key_condition_expression(format!("#d = :d AND {keys}"))
                    .expression_attribute_names("#d", HASH_KEY)
                    .expression_attribute_names("#k", RANGE_KEY)
                    .expression_attribute_values(":d", name_value(&query.doc))
                    .expression_attribute_values(":p", key_value(&query.prefix))
                    .scan_index_forward(!query.reverse)
                    .consistent_read(true)
                    .limit(positive(query.limit))
                    .set_exclusive_start_key(after)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                let request = match &until {
                    Some(key) => request.expression_attribute_values(":u", key.clone()),
                    None => request,
                };
                let request = if keys_only {
                    request.projection_expression("#d, #k, #v").expression_attribute_names("#v", VERSION)
                } else {
                    request
                };
                request.customize().interceptor(log).send()
            })
            .await?
            .ok_or_else(unexpected)?;
        self.count(Operation::Query, answer.consumed_capacity);
        let items = answer.items.unwrap_or_default().into_iter().map(read).collect::<Result<_>>()?;
        let next = answer.last_evaluated_key.map(|mut key| read_key(&mut key)).transpose()?;
        Ok(Page { items, next: next.map(|(_, key)| key) })
    }

    /// One page of items, or of their keys only.
    pub(super) async fn scan_page<T>(
        &self,
        limit: u32,
        after: Option<&(DocName, SortKey)>,
        keys_only: bool,
        read: impl Fn(Attributes) -> Result<(DocName, T)>,
    ) -> Result<ScanPage<T>> {
        let answer = self
            .send(Operation::Scan, None, NONE, |client, log| {
                let request = client
                    .scan()
                    .table_name(&self.config.table_name)
                    .consistent_read(true)
                    .limit(positive(limit))
                    .set_exclusive_start_key(after.map(|(doc, key)| key_attributes(doc, key)))
                    .return_consumed_capacity(ReturnConsumedCapacity::Total);
                let request = if keys_only {
                    request
                        .projection_expression("#d, #k")
                        .expression_attribute_names("#d", HASH_KEY)
                        .expression_attribute_names("#k", RANGE_KEY)
                } else {
                    request
                };
                request.customize().interceptor(log).send()
            })
            .await?
            .ok_or_else(unexpected)?;
        self.count(Operation::Scan, answer.consumed_capacity);
        let items = answer.items.unwrap_or_default().into_iter().map(read).collect::<Result<_>>()?;
        let next = answer.last_evaluated_key.map(|mut key| read_key(&mut key)).transpose()?;
        Ok(ScanPage { items, next })
    }
}

/// The limit as the SDK's type, at least 1.
fn positive(limit: u32) -> i32 {
    i32::try_from(limit.max(1)).unwrap_or(i32::MAX)
}
