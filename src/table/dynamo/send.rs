//! Sends one request: makes the client if there is none, limits the time, renews credentials that ran out, counts, and
//! turns a failure into our [`Error`].

use std::error::Error as StdError;
use std::future::Future;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::DynamoTable;
use super::attempts::{AttemptLog, Attempts};
use super::client::{Cell, connect};
use super::config::Credentials;
use super::errors::{Failed, is_expired};
use crate::error::{Error, Result};
use crate::table::Operation;

type Answer<O, E> = Result<O, SdkError<E, HttpResponse>>;

impl DynamoTable {
    /// Sends what `call` makes; `None` where DynamoDB answered with the error code `expected`.
    ///
    /// # Errors
    /// Those of [`crate::table::Table`], and `ERR_INVALID_ARGUMENT` where the first request finds no region.
    pub(super) async fn send<O, E, F>(
        &self,
        operation: Operation,
        expected: &str,
        call: impl Fn(Client, AttemptLog<E>) -> F + Send + Sync,
    ) -> Result<Option<O>>
    where
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
        F: Future<Output = Answer<O, E>> + Send,
    {
        let attempts = Arc::new(Attempts::default());
        let work = async {
            let cell = self.connection.current();
            let answer = call(self.client(&cell).await?, AttemptLog::new(&attempts)).await;
            if !self.can_renew(&answer) {
                return Ok(answer);
            }
            let cell = self.connection.renew(&cell);
            Ok::<_, Error>(call(self.client(&cell).await?, AttemptLog::new(&attempts)).await)
        };
        self.meter.request(operation);
        let answer = tokio::time::timeout(self.config.timeouts.operation, work).await;
        let state = attempts.state();
        self.meter.retries(operation, u64::from(state.begun.saturating_sub(1)));
        let failed = Failed { operation, config: &self.config, attempts: state };
        let result = match answer {
            Err(_) => Err(failed.timed_out()),
            Ok(Err(no_client)) => Err(no_client),
            Ok(Ok(Ok(output))) => Ok(Some(output)),
            Ok(Ok(Err(error))) if code(&error) == Some(expected) => Ok(None),
            Ok(Ok(Err(error))) => Err(failed.error(&error)),
        };
        result.inspect_err(|_| self.meter.failure(operation))
    }

    async fn client(&self, cell: &Cell) -> Result<Client> {
        cell.get_or_try_init(|| connect(&self.config)).await.cloned()
    }

    fn can_renew<O, E: ProvideErrorMetadata>(&self, answer: &Answer<O, E>) -> bool {
        let expired = answer.as_ref().err().and_then(code).is_some_and(is_expired);
        expired && !matches!(self.config.credentials, Credentials::Static(_))
    }
}

fn code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}
