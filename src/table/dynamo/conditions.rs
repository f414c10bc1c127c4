//! Conditions of writes: expressions with the attribute names `#0`, `#1`, … and the values `:0`, `:1`, ….

use std::collections::HashMap;
use std::fmt::Write as _;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::items::{Attributes, version_value};
use crate::codec::sort_key::Version;
use crate::table::DeleteIf;
use crate::table::schema::{AT, HASH_KEY, PARTS, SEALED, VALUE, VERSION};

/// The condition of a write. The default is none.
#[derive(Default)]
pub(super) struct Condition {
    expression: String,
    attributes: Vec<(String, Option<AttributeValue>)>,
}

impl Condition {
    fn new(expression: &str, attributes: &[(&str, Option<AttributeValue>)]) -> Self {
        let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Condition { expression: expression.to_owned(), attributes: attributes.collect() }
    }

    /// The key is free.
    pub(super) fn is_new() -> Self {
        Self::new("attribute_not_exists(#0)", &[(HASH_KEY, None)])
    }

    /// The item is an open one of this version.
    pub(super) fn is_version(version: Version) -> Self {
        Self::new("#0 = :0", &[(VERSION, Some(version_value(version)))])
    }

    /// The item is a head.
    pub(super) fn is_head() -> Self {
        Self::new("attribute_exists(#0)", &[(PARTS, None)])
    }

    /// The item is a head that is not sealed.
    pub(super) fn is_unsealed_head() -> Self {
        let unsealed = (SEALED, Some(AttributeValue::Bool(false)));
        Self::new("attribute_exists(#0) AND #1 = :1", &[(PARTS, None), unsealed])
    }

    /// The item exists, and each of these attributes is equal.
    pub(super) fn is_exactly(attributes: &Attributes) -> Self {
        let mut condition = Self::new("attribute_exists(#0)", &[(HASH_KEY, None)]);
        for (name, value) in attributes {
            let n = condition.attributes.len();
            // Writing to a string cannot fail.
            let _ = write!(condition.expression, " AND #{n} = :{n}");
            condition.attributes.push((name.clone(), Some(value.clone())));
        }
        condition
    }

    /// The condition of a delete.
    pub(super) fn of_delete(delete: DeleteIf) -> Self {
        let key = (HASH_KEY, None);
        let sealed = (SEALED, Some(AttributeValue::Bool(true)));
        match delete {
            DeleteIf::Always => Self::default(),
            DeleteIf::ValueIs(value) => {
                let value = (VALUE, Some(AttributeValue::B(Blob::new(value))));
                Self::new("attribute_not_exists(#0) OR #1 = :1", &[key, value])
            }
            DeleteIf::NotSealed => {
                Self::new("attribute_not_exists(#0) OR attribute_not_exists(#1) OR #1 <> :1", &[key, sealed])
            }
            DeleteIf::VersionIs(version) => {
                let version = (VERSION, Some(version_value(version)));
                Self::new("attribute_not_exists(#0) OR #1 = :1", &[key, version])
            }
            DeleteIf::NotRenewed(at) => Self::new(
                "attribute_not_exists(#0) OR (#1 <> :1 AND #2 = :2)",
                &[key, sealed, (AT, Some(number(at)))],
            ),
        }
    }

    /// The expression; `None` without a condition.
    pub(super) fn expression(&self) -> Option<String> {
        (!self.expression.is_empty()).then(|| self.expression.clone())
    }

    /// The attribute names for `#0`, `#1`, …; `None` if there are none, because DynamoDB refuses an empty map.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        let names = self.attributes.iter().enumerate();
        let names: HashMap<_, _> = names.map(|(n, (name, _))| (format!("#{n}"), name.clone())).collect();
        (!names.is_empty()).then_some(names)
    }

    /// The values for `:0`, `:1`, …; `None` if there are none.
    pub(super) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        let values = self.attributes.iter().enumerate();
        let values: HashMap<_, _> =
            values.filter_map(|(n, (_, value))| Some((format!(":{n}"), value.clone()?))).collect();
        (!values.is_empty()).then_some(values)
    }
}

pub(super) fn number(n: u64) -> AttributeValue {
    AttributeValue::N(n.to_string())
}
