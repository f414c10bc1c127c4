//! What the SDK says, told by what the caller should do next.
//!
//! Decides by error code and kind, never by the wording. What AWS wrote goes into the cause, its first line only: further
//! lines of a signature error repeat headers of the request.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;

use super::attempts::State;
use super::config::DynamoConfig;
use super::credentials::{correction, may_pass, source};
use super::dns::NoSuchHost;
use super::send::Late;
use crate::error::{Code, Error};
use crate::table::Operation;

/// A cause is cut behind so many characters.
const MAX_CAUSE_CHARS: usize = 300;

/// The request that failed.
pub(super) struct Failed<'a> {
    pub(super) operation: Operation,
    pub(super) config: &'a DynamoConfig,
    /// E.g. `in region eu-central-1`.
    pub(super) place: String,
    pub(super) attempts: State,
}

impl Failed<'_> {
    /// The error of a request that the SDK gave up.
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

    /// The error of a request that had not ended when the operation timeout did.
    pub(super) fn timed_out(&self, late: Late) -> Error {
        let class = if self.attempts.throttled { Code::Throttled } else { Code::Unavailable };
        let error = match late {
            Late::Waiting => {
                self.say(Code::Unavailable, "no connection became free, and no request was answered")
            }
            // Nothing is sent before the credentials are there.
            Late::Working if self.attempts.without_credentials || self.attempts.begun == 0 => {
                self.no_credentials()
            }
            Late::Working => self.say(class, "the operation timeout is over"),
        };
        match &self.attempts.last {
            Some(last) => error.with_cause(last.as_str()),
            None => error,
        }
    }

    /// The error of a source of credentials that fails. It may work later.
    fn no_credentials(&self) -> Error {
        let (source, limit) = (source(&self.config.credentials), self.config.timeouts.operation.as_millis());
        let subject = self.subject();
        let message = format!("{subject}: {source} gave no credentials within {limit} ms: try again later");
        Error::new(Code::Unavailable, message)
    }

    /// The error of credentials that are missing or malformed. They will not come by themselves.
    fn without_credentials(&self) -> Error {
        let credentials = &self.config.credentials;
        let (source, correction) = (source(credentials), correction(credentials));
        let subject = self.subject();
        Error::new(Code::Access, format!("{subject}: {source} gave no credentials: {correction}"))
    }

    /// Retryable, though a wrong region stays wrong: if the DNS is what is wrong, no update may be given up for it.
    fn no_such_host(&self, missing: &NoSuchHost) -> Error {
        let message = format!("{}: {missing}: check the region", self.subject());
        Error::new(Code::Unavailable, message)
    }

    /// What every message begins with: operation, table and place.
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
                "{subject}: {what}: the table is missing or has other keys than ours: create it, or correct tableName, \
                 region or endpoint"
            ),
            Code::Access => {
                format!(
                    "{subject}: {what}: check the credentials and that their policy allows dynamodb:{name}"
                )
            }
            Code::Throttled => format!(
                "{subject} was throttled ({what}) in {begun} of at most {attempts} attempts within {limit} ms: try again \
                 later or raise the table's capacity"
            ),
            Code::Unavailable => format!(
                "{subject}: {what} ({begun} of at most {attempts} attempts of {each} ms within {limit} ms): try again later"
            ),
            Code::InvalidArgument => format!("{subject}: {what}: correct region or endpoint"),
            _ => format!("{subject}: {what}: please report this"),
        };
        Error::new(class, message)
    }
}

/// What the caller should do about an answer of DynamoDB. Source: the developer guide, "Error handling with DynamoDB",
/// and "Common errors" of the API reference.
fn classify(code: &str, status: u16) -> Code {
    match code {
        _ if is_throttle(code) => Code::Throttled,
        "ResourceNotFoundException" | "ItemCollectionSizeLimitExceededException" => Code::Table,
        // Our requests are checked before they are sent: what is left is a table with other keys.
        "ValidationException" => Code::Table,
        "AccessDeniedException"
        | "AccessDenied"
        | "UnrecognizedClientException"
        | "UnrecognizedClient"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "NotAuthorized"
        | "OptInRequired"
        | "RequestExpired" => Code::Access,
        _ if is_expired(code) => Code::Access,
        "InvalidEndpointException" => Code::InvalidArgument,
        "RequestTimeout"
        | "RequestTimeoutException"
        | "ResourceInUseException"
        | "TransactionConflictException"
        | "ReplicatedWriteConflictException" => Code::Unavailable,
        _ if status >= 500 => Code::Unavailable,
        _ => Code::Internal,
    }
}

/// What the caller should do about an answer without an error code: a broken one of DynamoDB's, or one of something else
/// that stands in between or in its place.
fn classify_status(status: u16) -> Code {
    match status {
        401 | 403 | 407 => Code::Access,
        400..500 => Code::InvalidArgument,
        _ => Code::Unavailable,
    }
}

/// Whether this error code says that the credentials' time is over.
pub(super) fn is_expired(code: &str) -> bool {
    matches!(code, "ExpiredTokenException" | "ExpiredToken")
}

pub(super) fn is_throttle(code: &str) -> bool {
    matches!(
        code,
        "ProvisionedThroughputExceededException"
            | "ProvisionedThroughputExceeded"
            | "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestLimitExceeded"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "TooManyRequestsException"
            | "LimitExceededException"
            | "SlowDown"
    )
}

pub(super) fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// An error and what caused it, each said once.
pub(super) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut said = first_line(&error.to_string());
    let mut next = error.source();
    while let Some(error) = next {
        let line = first_line(&error.to_string());
        if !line.is_empty() && !said.ends_with(&line) {
            said = format!("{said}: {line}");
        }
        next = error.source();
    }
    said
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(MAX_CAUSE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_by_what_to_do() {
        for (code, status, class) in [
            ("ProvisionedThroughputExceededException", 400, Code::Throttled),
            ("ThrottlingException", 400, Code::Throttled),
            ("ThrottlingException", 503, Code::Throttled),
            ("RequestLimitExceeded", 400, Code::Throttled),
            ("ResourceNotFoundException", 400, Code::Table),
            ("AccessDeniedException", 400, Code::Access),
            ("UnrecognizedClientException", 400, Code::Access),
            ("InvalidSignatureException", 400, Code::Access),
            ("ExpiredTokenException", 400, Code::Access),
            ("MissingAuthenticationTokenException", 400, Code::Access),
            ("InternalServerError", 500, Code::Unavailable),
            ("ServiceUnavailable", 503, Code::Unavailable),
            ("ValidationException", 400, Code::Table),
            ("SomethingNew", 400, Code::Internal),
        ] {
            assert_eq!(classify(code, status), class, "{code} {status}");
        }
    }

    #[test]
    fn answers_without_a_code_are_told_by_their_status() {
        let classes = [200, 403, 404, 502].map(classify_status);
        assert_eq!(classes, [Code::Unavailable, Code::Access, Code::InvalidArgument, Code::Unavailable]);
    }

    #[test]
    fn a_cause_is_one_short_line() {
        let said = first_line("The signature does not match.\nx-amz-security-token:t0ken");
        assert_eq!(said, "The signature does not match.");
        assert_eq!(first_line(&"ä".repeat(999)).chars().count(), MAX_CAUSE_CHARS);
    }
}
