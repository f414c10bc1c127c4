//! Failures as values, which cross to JavaScript in place of a result.

use napi::bindgen_prelude::Either;
use napi_derive::napi;

use crate::error::{Code, Error, Result};

/// The data from which `errors.js` creates a `PersistenceError`.
#[napi(object, object_from_js = false)]
pub struct Failure {
    /// Always true. No result of a call has this field.
    pub is_failure: bool,
    pub code: &'static str,
    pub message: String,
    pub retryable: bool,
    pub cause: Option<String>,
    pub request_id: Option<String>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure {
            is_failure: true,
            code: error.code().as_str(),
            message: error.message().to_owned(),
            retryable: error.code().is_retryable(),
            cause: error.cause().map(str::to_owned),
            request_id: error.request_id().map(str::to_owned),
        }
    }
}

/// Converts a result to the form in which it crosses to JavaScript.
pub fn outcome<T>(result: Result<T>) -> Either<Failure, T> {
    match result {
        Ok(value) => Either::B(value),
        Err(error) => Either::A(error.into()),
    }
}

/// Runs `work`. A panic in it becomes a failure with `ERR_INTERNAL`.
pub fn without_panics<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or_else(|payload| Err(Error::new(Code::Internal, format!("panic: {}", text_of(&*payload)))))
}

fn text_of(payload: &(dyn std::any::Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
