//! The embedded DynamoDB of a build without it.

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
            format!("endpoint '{endpoint}' needs the cargo feature `embedded`, and this build is without it"),
        ))
    }

    /// Nothing was opened.
    pub(in crate::table::dynamo) async fn close(&self) {}
}
