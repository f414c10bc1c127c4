//! Stands in for the embedded DynamoDB in a build without it.

use aws_sdk_dynamodb::config::SharedHttpClient;

use crate::error::{Code, Error, Result};
use crate::table::dynamo::Endpoint;

/// No database.
#[derive(Debug, Clone, Default)]
pub(in crate::table::dynamo) struct Embedded;

impl Embedded {
    /// # Errors
    /// `ERR_INVALID_ARGUMENT`: the feature is missing.
    pub(in crate::table::dynamo) async fn open(&self, endpoint: &Endpoint) -> Result<SharedHttpClient> {
        Err(Error::new(
            Code::InvalidArgument,
            format!("endpoint '{endpoint}' needs the cargo feature `embedded`, which this build lacks"),
        ))
    }

    /// Does nothing, because nothing was opened.
    pub(in crate::table::dynamo) async fn close(&self) {}
}
