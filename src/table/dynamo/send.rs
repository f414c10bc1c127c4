//! Sends one request: makes the client if there is none, limits the time, renews credentials that ran out, counts, and
//! turns a failure into our [`Error`].
//!
//! The operation timeout stands still while the request waits for its turn, as long as DynamoDB answers others: what was
//! never sent is no timeout of DynamoDB. When nobody is answered for that long, all that wait fail together.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use tokio::sync::watch;
use tokio::time::Instant;

use super::DynamoTable;
use super::attempts::{AttemptLog, Attempts};
use super::codes::is_expired;
use super::config::Credentials;
use super::errors::{Failed, Late};
use super::turns::{TICKET, Ticket, Turns};
use crate::codec::sort_key::{DocName, SortKey};
use crate::error::{Error, Result};
use crate::table::{Operation, Write};

type Answer<O, E> = Result<O, SdkError<E, HttpResponse>>;

/// The items that a request writes.
pub(super) struct Target<'a> {
    pub(super) doc: &'a DocName,
    pub(super) keys: &'a [SortKey],
    pub(super) write: Write,
}

impl DynamoTable {
    /// Sends a put or a delete, as [`DynamoTable::send`] does, and records its attempts that may still arrive.
    pub(super) async fn send_write<O, E, F>(
        &self,
        target: Target<'_>,
        operation: Operation,
        expected: &str,
        call: impl Fn(Client, AttemptLog<E>) -> F + Send + Sync,
    ) -> Result<Option<O>>
    where
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
        F: Future<Output = Answer<O, E>> + Send,
    {
        let attempts = Arc::default();
        let result = self.send_attempts(operation, Some(target.doc), expected, &attempts, call).await;
        let state = attempts.ended();
        // A put whose condition fails finds what an earlier attempt of it wrote: of a single lost attempt, that one.
        let has_arrived = target.write == Write::Put && state.lost == 1 && matches!(result, Ok(None));
        if let Some(at) = state.lost_at.filter(|_| !has_arrived) {
            self.late.record(target.doc, target.keys, target.write, at);
        }
        result
    }

    /// Sends what `call` makes; `None` where DynamoDB answered with the error code `expected`.
    ///
    /// # Errors
    /// Those of [`crate::table::Table`], and `ERR_INVALID_ARGUMENT` where the first request finds no region.
    pub(super) async fn send<O, E, F>(
        &self,
        operation: Operation,
        doc: Option<&DocName>,
        expected: &str,
        call: impl Fn(Client, AttemptLog<E>) -> F + Send + Sync,
    ) -> Result<Option<O>>
    where
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
        F: Future<Output = Answer<O, E>> + Send,
    {
        self.send_attempts(operation, doc, expected, &Arc::default(), call).await
    }

    async fn send_attempts<O, E, F>(
        &self,
        operation: Operation,
        doc: Option<&DocName>,
        expected: &str,
        attempts: &Arc<Attempts>,
        call: impl Fn(Client, AttemptLog<E>) -> F + Send + Sync,
    ) -> Result<Option<O>>
    where
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
        F: Future<Output = Answer<O, E>> + Send,
    {
        let ticket = Ticket::new(&self.turns, doc, attempts);
        let waits = ticket.waits();
        let work = TICKET.scope(ticket, async {
            let cell = self.connection.current();
            let answer =
                call(self.connection.client(&cell, &self.config).await?, AttemptLog::new(attempts)).await;
            if !self.can_renew(&answer) {
                return Ok(answer);
            }
            let cell = self.connection.renew(&cell);
            Ok::<_, Error>(
                call(self.connection.client(&cell, &self.config).await?, AttemptLog::new(attempts)).await,
            )
        });
        self.meter.request(operation);
        let answer = tokio::select! {
            biased;
            () = self.connection.closed() => return Err(Error::closed()),
            answer = within(self.config.timeouts.operation, waits, &self.turns, work) => answer,
        };
        let state = attempts.ended();
        self.meter.retries(operation, u64::from(state.begun.saturating_sub(1)));
        let failed = || Failed { operation, config: &self.config, place: self.place(), attempts: state };
        let result = match answer {
            Err(late) => Err(failed().timed_out(late)),
            Ok(Err(no_client)) => Err(no_client),
            Ok(Ok(Ok(output))) => Ok(Some(output)),
            Ok(Ok(Err(error))) if code(&error) == Some(expected) => Ok(None),
            Ok(Ok(Err(error))) => Err(failed().error(&error)),
        };
        result.inspect_err(|_| self.meter.failure(operation))
    }

    /// Where the table is, as a message names it.
    pub(super) fn place(&self) -> String {
        self.connection.place().describe(&self.config)
    }

    fn can_renew<O, E: ProvideErrorMetadata>(&self, answer: &Answer<O, E>) -> bool {
        let expired = answer.as_ref().err().and_then(code).is_some_and(is_expired);
        expired && !matches!(self.config.credentials, Credentials::Static(_))
    }
}

/// Does `work` within `limit`, without the time in which it waits for its turn.
async fn within<T>(
    limit: Duration,
    mut waits: watch::Receiver<bool>,
    turns: &Turns,
    work: impl Future<Output = T>,
) -> Result<T, Late> {
    let mut work = pin!(work);
    let mut left = limit;
    loop {
        let begun = Instant::now();
        tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            _ = waits.wait_for(|waits| *waits) => left = left.saturating_sub(begun.elapsed()),
            () = tokio::time::sleep(left) => return Err(Late::Working),
        }
        tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            _ = waits.wait_for(|waits| !*waits) => (),
            () = turns.silent_for(Instant::now(), limit) => return Err(Late::Waiting),
        }
    }
}

fn code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}
