//! Answers the SDK's requests from an embedded database.
//!
//! Requests and answers are the JSON of the wire protocol, so all code above also runs with AWS. A panic in the
//! database is caught and becomes an error.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_sdk_dynamodb::error::ConnectorError;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::database::Handle;
use crate::error::{Code, Error, Result};
use crate::table::dynamo::Endpoint;

/// The database of one table, as an HTTP client. It is opened at the first request and closed with the table.
#[derive(Clone, Default)]
pub(in crate::table::dynamo) struct Embedded(Arc<RwLock<State>>);

#[derive(Default)]
enum State {
    #[default]
    Unopened,
    Open(Handle),
    Closed,
}

impl Embedded {
    /// Opens the database of `endpoint`.
    ///
    /// # Errors
    /// `ERR_INVALID_ARGUMENT` if the file cannot be opened or created; `ERR_CLOSED` after [`Embedded::close`];
    /// `ERR_INTERNAL` for a panic.
    pub(in crate::table::dynamo) async fn open(&self, endpoint: &Endpoint) -> Result<SharedHttpClient> {
        let (embedded, endpoint) = (self.clone(), endpoint.clone());
        let opened = tokio::task::spawn_blocking(move || {
            let opened = catch_unwind(AssertUnwindSafe(|| embedded.open_now(&endpoint)));
            opened.unwrap_or_else(|panic| Err(panicked(&*panic)))
        });
        opened.await.map_err(|e| internal("opening was cancelled").with_cause(e.to_string()))??;
        Ok(SharedHttpClient::new(self.clone()))
    }

    /// Closes the database, or prevents it from being opened. Resolves when it is closed, after the requests that it
    /// is running.
    pub(in crate::table::dynamo) async fn close(&self) {
        let embedded = self.clone();
        let closed = tokio::task::spawn_blocking(move || {
            let mut state = embedded.0.write().unwrap_or_else(PoisonError::into_inner);
            drop(std::mem::replace(&mut *state, State::Closed));
        });
        // It fails only if the runtime shuts down, which drops the database too.
        let _ = closed.await;
    }

    fn open_now(&self, endpoint: &Endpoint) -> Result<()> {
        // The lock is held while the file is opened, so a close waits for it.
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match *state {
            State::Unopened => *state = State::Open(Handle::open(endpoint)?),
            State::Open(_) => (),
            State::Closed => return Err(closed()),
        }
        Ok(())
    }
}

/// Sends one raw request to the database of `memory:NAME` or `file:PATH`. Tests put items with it that the package
/// never writes. Returns the HTTP status and the JSON of the answer. Blocks.
///
/// # Errors
/// Those of [`Embedded::open`], and `ERR_INTERNAL` for a panic.
#[cfg(feature = "test-hooks")]
pub(crate) fn request(endpoint: &Endpoint, target: &str, body: &[u8]) -> Result<(u16, Vec<u8>)> {
    let embedded = Embedded::default();
    embedded.open_now(endpoint)?;
    let operation = target.rsplit('.').next().unwrap_or_default();
    let answer = embedded.answer(operation, &SdkBody::from(body));
    let answer =
        answer.map_err(|e| internal("the request failed").with_cause(e.into_source().to_string()))?;
    Ok((answer.status().as_u16(), answer.body().bytes().unwrap_or_default().to_vec()))
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Embedded")
    }
}

impl HttpClient for Embedded {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Embedded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let embedded = self.clone();
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
            // A page of 1 MB takes tens of milliseconds, which would block the other tasks of a worker thread.
            if matches!(operation.as_str(), "Query" | "Scan" | "BatchWriteItem" | "CreateTable") {
                let work = tokio::task::spawn_blocking(move || embedded.answer(&operation, request.body()));
                work.await.map_err(|e| ConnectorError::user(e.into()))?
            } else {
                embedded.answer(&operation, request.body())
            }
        })
    }
}

impl Embedded {
    /// Fails without a retry if the database panics or has panicked before, or if the database is closed.
    fn answer(&self, operation: &str, body: &SdkBody) -> Result<HttpResponse, ConnectorError> {
        let body = body.bytes().unwrap_or_default();
        // The lock is held until the answer is ready, so a close waits for it.
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Open(handle) => respond(|| dispatch(handle.database(), operation, body)),
            State::Unopened | State::Closed => Err(ConnectorError::user(closed().into())),
        }
    }
}

fn dispatch(db: &Database, operation: &str, body: &[u8]) -> Result<Vec<u8>, DynoxideError> {
    match operation {
        "PutItem" => run(body, |request| db.put_item(request)),
        "GetItem" => run(body, |request| db.get_item(request)),
        "UpdateItem" => run(body, |request| db.update_item(request)),
        "DeleteItem" => run(body, |request| db.delete_item(request)),
        "BatchWriteItem" => run(body, |request| db.batch_write_item(request)),
        "Query" => run(body, |request| db.query(request)),
        "Scan" => run(body, |request| db.scan(request)),
        "DescribeTable" => run(body, |request| db.describe_table(request)),
        "CreateTable" => run(body, |request| db.create_table(request)),
        other => Err(DynoxideError::ValidationException(format!("'{other}' is not served"))),
    }
}

fn respond(work: impl FnOnce() -> Result<Vec<u8>, DynoxideError>) -> Result<HttpResponse, ConnectorError> {
    let (status, json) = match catch_unwind(AssertUnwindSafe(work)) {
        Err(panic) => return Err(ConnectorError::user(panicked(&*panic).into())),
        Ok(Ok(json)) => (200, json),
        Ok(Err(error)) if is_poisoned(&error) => {
            return Err(ConnectorError::user(internal("the embedded database panicked before").into()));
        }
        Ok(Err(error)) => (error.status_code(), error.to_json().into_bytes()),
    };
    let status = StatusCode::try_from(status).map_err(|e| ConnectorError::user(e.into()))?;
    Ok(HttpResponse::new(status, SdkBody::from(json)))
}

fn run<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<Vec<u8>, DynoxideError> {
    let refuse = |e: serde_json::Error| DynoxideError::ValidationException(e.to_string());
    let answer = operation(serde_json::from_slice(body).map_err(refuse)?)?;
    serde_json::to_vec(&answer).map_err(|e| DynoxideError::InternalServerError(e.to_string()))
}

/// The database has no error of its own for a poisoned lock.
fn is_poisoned(error: &DynoxideError) -> bool {
    matches!(error, DynoxideError::InternalServerError(message) if message.starts_with("Lock poisoned"))
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    internal(&format!("the embedded database panicked: {text}"))
}

fn closed() -> Error {
    Error::new(Code::Closed, "the embedded database is closed")
}

fn internal(message: &str) -> Error {
    Error::new(Code::Internal, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_inside_is_an_answer_that_is_not_tried_again() {
        let failure = respond(|| panic!("boom {}", 7)).unwrap_err();
        assert!(failure.is_user());
        assert!(failure.into_source().to_string().contains("boom 7"));
        let poisoned = || Err(DynoxideError::InternalServerError("Lock poisoned: x".into()));
        assert!(respond(poisoned).unwrap_err().is_user());
    }

    #[test]
    fn a_database_error_is_an_http_answer() {
        let busy = || Err(DynoxideError::InternalServerError("database is locked".into()));
        assert_eq!(respond(busy).unwrap().status().as_u16(), 500);
    }
}
