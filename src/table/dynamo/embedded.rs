//! The embedded DynamoDB: dynoxide (SQLite) behind the SDK's HTTP client, in this process, without a socket. For
//! development and tests, as dynoxide says of itself.
//!
//! A request goes in as the JSON that would go over the wire, and an answer comes out so; everything above is the same code
//! that talks to AWS. A panic inside is caught and becomes an error.

#[cfg(not(feature = "embedded"))]
mod engine {
    use aws_sdk_dynamodb::config::SharedHttpClient;

    use crate::error::{Code, Error, Result};
    use crate::table::dynamo::Endpoint;

    /// # Errors
    /// `ERR_INVALID_ARGUMENT`: the feature is missing.
    pub(in crate::table::dynamo) async fn open(endpoint: &Endpoint) -> Result<SharedHttpClient> {
        Err(Error::new(
            Code::InvalidArgument,
            format!("endpoint '{endpoint}' needs the cargo feature `embedded`, and this build is without it"),
        ))
    }
}

#[cfg(feature = "embedded")]
mod engine {
    use std::any::Any;
    use std::collections::HashMap;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::path::{Path, PathBuf};
    use std::sync::{Mutex, PoisonError};

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

    use crate::error::{Code, Error, Result};
    use crate::table::dynamo::Endpoint;

    /// The databases that several tables can name. They stay open until the process ends.
    static SHARED: Mutex<Option<HashMap<Name, Database>>> = Mutex::new(None);

    #[derive(Debug, PartialEq, Eq, Hash)]
    enum Name {
        Memory(String),
        File(PathBuf),
    }

    /// Opens the database of an embedded endpoint.
    ///
    /// # Errors
    /// `ERR_INVALID_ARGUMENT` where the file cannot be opened or made; `ERR_INTERNAL` for a panic.
    pub(in crate::table::dynamo) async fn open(endpoint: &Endpoint) -> Result<SharedHttpClient> {
        let endpoint = endpoint.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let opened = catch_unwind(|| open_database(&endpoint));
            opened.unwrap_or_else(|panic| Err(panicked(&*panic)))
        });
        let database =
            opened.await.map_err(|e| internal("opening was cut off").with_cause(e.to_string()))??;
        Ok(SharedHttpClient::new(Engine(database)))
    }

    /// Sends one raw request to the database of `memory:NAME` or `file:PATH`: tests put items there that we never write.
    /// Gives the HTTP status and the JSON of the answer. Blocks.
    ///
    /// # Errors
    /// Those of [`open`], and `ERR_INTERNAL` for a panic.
    #[cfg(feature = "test-hooks")]
    pub(crate) fn request(endpoint: &Endpoint, target: &str, body: &[u8]) -> Result<(u16, Vec<u8>)> {
        let engine = Engine(open_database(endpoint)?);
        let operation = target.rsplit('.').next().unwrap_or_default();
        let answer = engine.answer(operation, &SdkBody::from(body));
        let answer =
            answer.map_err(|e| internal("the request failed").with_cause(e.into_source().to_string()))?;
        Ok((answer.status().as_u16(), answer.body().bytes().unwrap_or_default().to_vec()))
    }

    fn open_database(endpoint: &Endpoint) -> Result<Database> {
        let failed = |e: DynoxideError| {
            let message = format!("the embedded database '{endpoint}' cannot be opened");
            Error::new(Code::InvalidArgument, message).with_cause(e.to_string())
        };
        match endpoint {
            Endpoint::Memory(None) => Database::memory().map_err(failed),
            Endpoint::Memory(Some(name)) => {
                shared(Name::Memory(name.clone()), || Database::memory().map_err(failed))
            }
            Endpoint::File(path) => {
                let path = canonical(path)?;
                let text = path.to_str().map(str::to_owned).ok_or_else(|| {
                    Error::new(Code::InvalidArgument, format!("the path of '{endpoint}' is not Unicode"))
                })?;
                shared(Name::File(path), || {
                    let database = Database::new(&text).map_err(failed)?;
                    // `synchronous = NORMAL` under WAL: outlives the process's crash without an fsync per commit.
                    database.disable_bulk_loading().map_err(failed)?;
                    Ok(database)
                })
            }
            Endpoint::Aws | Endpoint::Url(_) => Err(internal("this endpoint is not embedded")),
        }
    }

    fn shared(name: Name, open: impl FnOnce() -> Result<Database>) -> Result<Database> {
        let mut all = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let all = all.get_or_insert_default();
        if let Some(database) = all.get(&name) {
            return Ok(database.clone());
        }
        let database = open()?;
        all.insert(name, database.clone());
        Ok(database)
    }

    /// The one name of a file that may not exist yet, in a directory that does.
    fn canonical(path: &Path) -> Result<PathBuf> {
        let wrong = |reason: String| {
            Error::new(Code::InvalidArgument, format!("'file:{}' cannot be opened", path.display()))
                .with_cause(reason)
        };
        if let Ok(existing) = path.canonicalize() {
            return Ok(existing);
        }
        let name = path.file_name().ok_or_else(|| wrong("it names no file".to_owned()))?;
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let directory =
            directory.canonicalize().map_err(|e| wrong(format!("{}: {e}", directory.display())))?;
        Ok(directory.join(name))
    }

    /// One database as an HTTP client.
    #[derive(Clone)]
    struct Engine(Database);

    impl std::fmt::Debug for Engine {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Engine")
        }
    }

    impl HttpClient for Engine {
        fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    impl HttpConnector for Engine {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let engine = self.clone();
            HttpConnectorFuture::new(async move {
                let target = request.headers().get("x-amz-target").unwrap_or_default();
                let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
                // A page of 1 MB takes tens of milliseconds: not on a thread that others wait for.
                if matches!(operation.as_str(), "Query" | "Scan" | "BatchWriteItem" | "CreateTable") {
                    let work = tokio::task::spawn_blocking(move || engine.answer(&operation, request.body()));
                    work.await.map_err(|e| ConnectorError::user(e.into()))?
                } else {
                    engine.answer(&operation, request.body())
                }
            })
        }
    }

    impl Engine {
        /// Fails, and is not tried again, only where the engine panicked, now or before.
        fn answer(&self, operation: &str, body: &SdkBody) -> Result<HttpResponse, ConnectorError> {
            let body = body.bytes().unwrap_or_default();
            respond(|| self.dispatch(operation, body))
        }

        fn dispatch(&self, operation: &str, body: &[u8]) -> Result<Vec<u8>, DynoxideError> {
            let db = &self.0;
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
    }

    fn respond(
        work: impl FnOnce() -> Result<Vec<u8>, DynoxideError>,
    ) -> Result<HttpResponse, ConnectorError> {
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

    /// The engine has no kind of its own for a lock that a panic left behind.
    fn is_poisoned(error: &DynoxideError) -> bool {
        matches!(error, DynoxideError::InternalServerError(message) if message.starts_with("Lock poisoned"))
    }

    fn panicked(panic: &(dyn Any + Send)) -> Error {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        internal(&format!("the embedded database panicked: {text}"))
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
        fn a_file_is_opened_once_under_each_of_its_names() {
            let directory = std::env::temp_dir().join(format!("y-dynamodb-names-{}", std::process::id()));
            std::fs::create_dir_all(directory.join("inner")).unwrap();
            let real = directory.canonicalize().unwrap();
            for name in ["x.db", "./x.db", "inner/../x.db"] {
                open_database(&Endpoint::File(directory.join(name))).unwrap();
            }
            std::fs::remove_dir_all(&directory).unwrap();
            let shared = SHARED.lock().unwrap();
            let names = shared.as_ref().unwrap().keys();
            let opened: Vec<_> =
                names.filter(|name| matches!(name, Name::File(path) if path.starts_with(&real))).collect();
            assert_eq!(opened, [&Name::File(real.join("x.db"))]);
        }

        #[test]
        fn an_engine_s_error_is_an_http_answer() {
            let busy = || Err(DynoxideError::InternalServerError("database is locked".into()));
            assert_eq!(respond(busy).unwrap().status().as_u16(), 500);
        }
    }
}

pub(super) use engine::open;
#[cfg(feature = "test-hooks")]
#[allow(unused_imports, reason = "for the addon's tests")]
pub(crate) use engine::request;
