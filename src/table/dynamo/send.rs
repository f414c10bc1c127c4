//! Sends one request: creates the client if there is none, limits the time, renews expired credentials, counts the
//! cost, and turns a failure into an [`Error`].
//!
//! The operation timeout is paused while the request waits for its turn and DynamoDB answers other requests, because
//! a request that was never sent is not a timeout of DynamoDB. If no request is answered for that long, all waiting
//! requests fail together.

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
use super::errors::{Failed, TimedOut};
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
    /// Sends a put or a delete like [`DynamoTable::send`], and records its attempts that may still arrive.
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
        // If the condition of a put fails, an earlier attempt has written the item. If only one attempt was lost,
        // that one has arrived.
        let has_arrived = target.write == Write::Put && state.lost == 1 && matches!(result, Ok(None));
        if let Some(at) = state.lost_at.filter(|_| !has_arrived) {
            self.late.record(target.doc, target.keys, target.write, at);
        }
        result
    }

    /// Sends the request that `call` builds. Returns `None` if DynamoDB answers with the error code `expected`.
    ///
    /// # Errors
    /// Those of [`crate::table::Table`], and `ERR_INVALID_ARGUMENT` if the first request finds no region.
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
            let cell = self.client.current();
            let answer =
                call(self.client.client(&cell, &self.config).await?, AttemptLog::new(attempts)).await;
            if !self.can_renew(&answer) {
                return Ok(answer);
            }
            let cell = self.client.renew(&cell);
            Ok::<_, Error>(
                call(self.client.client(&cell, &self.config).await?, AttemptLog::new(attempts)).await,
            )
        });
        self.meter.request(operation);
        let answer = tokio::select! {
            biased;
            () = self.client.closed() => return Err(Error::closed()),
            answer = within(self.config.timeouts.operation, waits, &self.turns, work) => answer,
        };
        let state = attempts.ended();
        self.meter.retries(operation, u64::from(state.begun.saturating_sub(1)));
        let failed = || Failed { operation, config: &self.config, place: self.place(), attempts: state };
        let result = match answer {
            Err(timed_out) => Err(failed().timed_out(timed_out)),
            Ok(Err(no_client)) => Err(no_client),
            Ok(Ok(Ok(output))) => Ok(Some(output)),
            Ok(Ok(Err(error))) if code(&error) == Some(expected) => Ok(None),
            Ok(Ok(Err(error))) => Err(failed().error(&error)),
        };
        result.inspect_err(|_| self.meter.failure(operation))
    }

    /// The location of the table, as messages name it.
    pub(super) fn place(&self) -> String {
        self.client.place().describe(&self.config)
    }

    fn can_renew<O, E: ProvideErrorMetadata>(&self, answer: &Answer<O, E>) -> bool {
        let expired = answer.as_ref().err().and_then(code).is_some_and(is_expired);
        expired && !matches!(self.config.credentials, Credentials::Static(_))
    }
}

/// Runs `work` within `limit`. The time in which it waits for its turn does not count.
async fn within<T>(
    limit: Duration,
    mut waits: watch::Receiver<bool>,
    turns: &Turns,
    work: impl Future<Output = T>,
) -> Result<T, TimedOut> {
    let mut work = pin!(work);
    let mut left = limit;
    loop {
        let begun = Instant::now();
        tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            _ = waits.wait_for(|waits| *waits) => left = left.saturating_sub(begun.elapsed()),
            () = tokio::time::sleep(left) => return Err(TimedOut::Working),
        }
        tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            _ = waits.wait_for(|waits| !*waits) => (),
            () = turns.silent_for(Instant::now(), limit) => return Err(TimedOut::Waiting),
        }
    }
}

fn code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}
