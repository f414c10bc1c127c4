//! Records the outcome of each attempt of a request. The message of a request that timed out, the count of retries
//! and the late writes come from these records.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::{BoxError, ProvideErrorMetadata};
use tokio::time::Instant;

use super::causes::{chain, find};
use super::codes::is_throttle;
use crate::sync::lock;

/// The attempts of one request so far.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<State>);

#[derive(Debug, Default, Clone)]
pub(super) struct State {
    /// The number of attempts that were sent.
    pub(super) begun: u32,
    /// Whether the last completed attempt was throttled.
    pub(super) throttled: bool,
    /// Whether the last completed attempt had no credentials.
    pub(super) without_credentials: bool,
    /// The error of the last completed attempt.
    pub(super) last: Option<String>,
    /// The number of lost attempts, which got no answer from DynamoDB: a timeout, a broken connection, or an answer
    /// from an intermediary.
    pub(super) lost: u32,
    /// When the last lost attempt ended.
    pub(super) lost_at: Option<Instant>,
    /// Whether an attempt is in flight. The SDK does not report the end of an attempt that exceeds the request
    /// timeout.
    in_flight: bool,
}

impl State {
    /// Counts the attempt in flight as lost, if there is one.
    fn lose(&mut self) {
        if std::mem::take(&mut self.in_flight) {
            self.lost += 1;
            self.lost_at = Some(Instant::now());
        }
    }
}

impl Attempts {
    fn state(&self) -> State {
        lock(&self.0).clone()
    }

    /// Records that an attempt is sent.
    pub(super) fn begin(&self) {
        self.update(|state| {
            state.lose();
            state.begun += 1;
            state.in_flight = true;
        });
    }

    /// The state at the end of the request. An attempt that is still in flight was cancelled by the operation
    /// timeout.
    pub(super) fn ended(&self) -> State {
        self.update(State::lose);
        self.state()
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut lock(&self.0));
    }
}

/// Records the outcome of the attempts of one request whose error type is `E`.
pub(super) struct AttemptLog<E>(Arc<Attempts>, PhantomData<fn() -> E>);

impl<E> AttemptLog<E> {
    pub(super) fn new(attempts: &Arc<Attempts>) -> Self {
        AttemptLog(Arc::clone(attempts), PhantomData)
    }
}

impl<E> fmt::Debug for AttemptLog<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E> Intercept for AttemptLog<E>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    fn name(&self) -> &'static str {
        "AttemptLog"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Err(error)) = context.output_or_error() else {
            self.0.update(|state| state.in_flight = false);
            return Ok(());
        };
        let service = error.as_operation_error().and_then(|e| e.downcast_ref::<E>());
        let code = service.and_then(ProvideErrorMetadata::code);
        let last = code.map_or_else(|| chain(error), str::to_owned);
        self.0.update(|state| {
            // An answer without an error code is not from DynamoDB.
            if code.is_none() {
                state.lose();
            }
            state.in_flight = false;
            state.throttled = code.is_some_and(is_throttle);
            state.without_credentials = find::<CredentialsError>(error).is_some();
            state.last = Some(last);
        });
        Ok(())
    }
}
