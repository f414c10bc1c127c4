//! Turns an error of the SDK into an [`Error`] that says what the caller should do next.
//!
//! It uses error codes and kinds, never the text of messages.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;

use super::attempts::State;
use super::causes::{chain, find, first_line};
use super::codes::{classify, classify_status};
use super::config::DynamoConfig;
use super::credentials::{correction, may_pass, source};
use super::dns::NoSuchHost;
use crate::error::{Code, Error};
use crate::table::Operation;

/// What a request was doing when the operation timeout expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimedOut {
    /// Waiting for its turn, while DynamoDB answered no request.
    Waiting,
    /// Sending, or waiting between two attempts.
    Working,
}

/// The request that failed.
pub(super) struct Failed<'a> {
    pub(super) operation: Operation,
    pub(super) config: &'a DynamoConfig,
    /// E.g. `in region eu-central-1`.
    pub(super) place: String,
    pub(super) attempts: State,
}

impl Failed<'_> {
    /// The error of a request that failed in the SDK.
    pub(super) fn error<E>(&self, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: StdError + ProvideErrorMetadata + 'static,
    {
        let request_id = error.request_id();
        if let Some(service) = error.as_service_error() {
            let status = error.raw_response().map_or(0, |response| response.status().as_u16());
            let Some(code) = service.code() else {
                let what = format!("an answer that is not DynamoDB's, with HTTP status {status}");
                return self.say(classify_status(status), &what).with_request_id(request_id);
            };
            let class = classify(code, status);
            let said = service.message().map_or_else(|| code.to_owned(), |m| format!("{code}: {m}"));
            return self.say(class, code).with_cause(first_line(&said)).with_request_id(request_id);
        }
        if let Some(missing) = find::<NoSuchHost>(error) {
            return self.no_such_host(missing).with_cause(chain(error));
        }
        if let Some(failure) = find::<CredentialsError>(error) {
            let said = if may_pass(failure) { self.no_credentials() } else { self.without_credentials() };
            return said.with_cause(chain(error));
        }
        let class = match error {
            SdkError::DispatchFailure(failure) if failure.is_user() => Code::Internal,
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
                Code::Unavailable
            }
            _ => Code::Internal,
        };
        let what = match error {
            SdkError::TimeoutError(_) => "no answer in time",
            SdkError::DispatchFailure(failure) if failure.is_timeout() => "no answer in time",
            SdkError::DispatchFailure(failure) if failure.is_io() => "the connection failed",
            SdkError::ResponseError(_) => "the answer could not be read",
            _ => "the request could not be sent",
        };
        self.say(class, what).with_cause(chain(error)).with_request_id(request_id)
    }

    /// The error of a request that did not end within the operation timeout.
    pub(super) fn timed_out(&self, timed_out: TimedOut) -> Error {
        let class = if self.attempts.throttled { Code::Throttled } else { Code::Unavailable };
        let error = match timed_out {
            TimedOut::Waiting => {
                self.say(Code::Unavailable, "no connection became free, and no request was answered")
            }
            // Nothing is sent before the credentials are loaded.
            TimedOut::Working if self.attempts.without_credentials || self.attempts.begun == 0 => {
                self.no_credentials()
            }
            TimedOut::Working => self.say(class, "the operation timeout expired"),
        };
        match &self.attempts.last {
            Some(last) => error.with_cause(last.as_str()),
            None => error,
        }
    }

    /// The error if the source of credentials fails. It may succeed later.
    fn no_credentials(&self) -> Error {
        let (source, limit) = (source(&self.config.credentials), self.config.timeouts.operation.as_millis());
        let subject = self.subject();
        let message =
            format!("{subject}: {source} provided no credentials within {limit} ms: try again later");
        Error::new(Code::Unavailable, message)
    }

    /// The error if credentials are missing or malformed. A retry would not help.
    fn without_credentials(&self) -> Error {
        let credentials = &self.config.credentials;
        let (source, correction) = (source(credentials), correction(credentials));
        let subject = self.subject();
        Error::new(Code::Access, format!("{subject}: {source} provided no credentials: {correction}"))
    }

    /// Retryable, because the DNS may be at fault, and a bound document drops updates after an error that is not
    /// retryable.
    fn no_such_host(&self, missing: &NoSuchHost) -> Error {
        let message = format!("{}: {missing}: check the region", self.subject());
        Error::new(Code::Unavailable, message)
    }

    /// The start of every message: operation, table and place.
    fn subject(&self) -> String {
        let Failed { operation, config, place, .. } = self;
        format!("{} on table '{}' {place}", operation.name(), config.table_name)
    }

    fn say(&self, class: Code, what: &str) -> Error {
        let Failed { operation, config, attempts, .. } = self;
        let (subject, name) = (self.subject(), operation.name());
        let (begun, attempts) = (attempts.begun, config.max_attempts);
        let (each, limit) = (config.timeouts.request.as_millis(), config.timeouts.operation.as_millis());
        let message = match class {
            Code::Table => format!(
                "{subject}: {what}: the table is missing or has the wrong keys: create it, or correct tableName, \
                 region or endpoint"
            ),
            Code::Access => {
                format!(
                    "{subject}: {what}: check the credentials and that their policy allows dynamodb:{name}"
                )
            }
            Code::Throttled => format!(
                "{subject} was throttled ({what}) in {begun} of at most {attempts} attempts within {limit} ms: \
                 try again later or raise the table's capacity"
            ),
            Code::Unavailable => format!(
                "{subject}: {what} ({begun} of at most {attempts} attempts of {each} ms within {limit} ms): \
                 try again later"
            ),
            Code::InvalidArgument => format!("{subject}: {what}: correct region or endpoint"),
            _ => format!("{subject}: {what}: please report this"),
        };
        Error::new(class, message)
    }
}
