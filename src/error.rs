//! Failures, classified by what the caller should do next.
//!
//! An [`Error`] is cheap to clone, because one failed batch rejects every call whose update it contains. Messages
//! name the operation, the number and the limit. They never contain credentials or content.

use std::fmt;
use std::sync::Arc;

/// `Result` with our [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller should do about a failure. The strings are the public `code` of a `PersistenceError`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// Fix the call: name, key or configuration.
    InvalidArgument,
    /// Drop the update: its bytes are not a Yjs update.
    InvalidUpdate,
    /// Store less: a meta over the item limit.
    TooLarge,
    /// Create or fix the table.
    Table,
    /// Fix credentials or policy.
    Access,
    /// DynamoDB throttled all attempts: try again later.
    Throttled,
    /// DynamoDB could not be reached or did not answer in time: try again later.
    Unavailable,
    /// Inspect the named item, which cannot be read. Nothing was changed.
    Corrupt,
    /// The persistence was closed.
    Closed,
    /// A bug in this package.
    Internal,
}

impl Code {
    /// The public code, e.g. `ERR_THROTTLED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::InvalidArgument => "ERR_INVALID_ARGUMENT",
            Code::InvalidUpdate => "ERR_INVALID_UPDATE",
            Code::TooLarge => "ERR_TOO_LARGE",
            Code::Table => "ERR_TABLE",
            Code::Access => "ERR_ACCESS",
            Code::Throttled => "ERR_THROTTLED",
            Code::Unavailable => "ERR_UNAVAILABLE",
            Code::Corrupt => "ERR_CORRUPT",
            Code::Closed => "ERR_CLOSED",
            Code::Internal => "ERR_INTERNAL",
        }
    }

    /// Whether the same call may succeed later without any change.
    pub fn is_retryable(self) -> bool {
        matches!(self, Code::Throttled | Code::Unavailable)
    }
}

/// A failure with its [`Code`].
#[derive(Debug, Clone)]
pub struct Error(Arc<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    code: Code,
    message: String,
    cause: Option<String>,
    request_id: Option<String>,
}

impl Error {
    /// An `ERR_INVALID_ARGUMENT`.
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Error::new(Code::InvalidArgument, message)
    }

    /// A failure with this message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error(Arc::new(Inner { code, message: message.into(), cause: None, request_id: None }))
    }

    /// The same failure with the error of the layer below.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).cause = Some(cause.into());
        self
    }

    /// The same failure with the request id of AWS.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<&str>) -> Self {
        Arc::make_mut(&mut self.0).request_id = request_id.map(str::to_owned);
        self
    }

    /// What the caller should do about the failure.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The message for the user.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The error of the layer below, if there is one.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The request id of AWS, if there is one.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code().as_str(), self.message())
    }
}

impl std::error::Error for Error {}
