//! The [`super::Table`] of AWS DynamoDB.
