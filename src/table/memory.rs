//! An in-memory [`super::Table`] that keeps the limits of DynamoDB.
