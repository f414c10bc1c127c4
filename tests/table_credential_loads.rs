//! Loads of credentials: all waiting requests share one, a load is retried if that can help, and a failure names the
//! source.

#![cfg(feature = "aws")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod table_support;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use table_support::server::{Asked, Reply, Server};
use table_support::tables::config;
use table_support::{alone, doc, key};
use tokio::task::JoinSet;
use y_dynamodb::error::{Code, Error};
use y_dynamodb::table::dynamo::{
    Credentials, CredentialsProvider, DynamoConfig, DynamoTable, Endpoint, Keys, NoKeys,
};
use y_dynamodb::table::{Operation, Table};

/// A provider that takes a set time, fails a set number of times, and can return malformed keys.
#[derive(Debug, Default)]
struct Vault {
    calls: AtomicUsize,
    fails: usize,
    takes: Duration,
    gives_nothing: bool,
    breaks_lines: bool,
}

impl CredentialsProvider for Vault {
    fn provide(&self) -> Pin<Box<dyn Future<Output = Result<Keys, NoKeys>> + Send + '_>> {
        Box::pin(async {
            let call = self.calls.fetch_add(1, SeqCst);
            tokio::time::sleep(self.takes).await;
            if call < self.fails {
                return Err(NoKeys::Failed("the vault is sealed".into()));
            }
            let end = if self.breaks_lines { "\n" } else { "" };
            let access_key_id = if self.gives_nothing { String::new() } else { format!("KEY{end}") };
            let secret_access_key = "s3cret".into();
            Ok(Keys { access_key_id, secret_access_key, session_token: None, expires_at: None })
        })
    }
}

const REQUEST: Duration = Duration::from_millis(300);

fn table_of(endpoint: Endpoint, credentials: Credentials, operation: Duration) -> DynamoTable {
    let mut config = DynamoConfig { credentials, ..config(endpoint) };
    config.timeouts.request = REQUEST;
    config.timeouts.operation = operation;
    config.timeouts.credentials = Duration::from_secs(2);
    DynamoTable::new(config).unwrap()
}

fn table_with(server: &Server, vault: &Arc<Vault>, operation_ms: u64) -> DynamoTable {
    let provider: Arc<dyn CredentialsProvider> = vault.clone();
    table_of(server.endpoint(), Credentials::Provider(provider), Duration::from_millis(operation_ms))
}

async fn get(table: DynamoTable) -> Result<(), Error> {
    let d = doc("doc");
    table.get(&d, &key(&d, 1)).await.map(|_| ())
}

async fn answering() -> Server {
    Server::start(|_, _| Reply::ok("{}")).await
}

#[tokio::test]
async fn a_provider_that_fails_is_asked_again_within_the_operation_timeout() {
    let server = answering().await;
    let vault = Arc::new(Vault { fails: 3, ..Vault::default() });
    let table = table_with(&server, &vault, 10_000);
    get(table.clone()).await.unwrap();
    assert_eq!((vault.calls.load(SeqCst), server.asked().len()), (4, 1));
    assert_eq!(table.meter().snapshot().of(Operation::GetItem).retries, 0, "one attempt was sent");
}

#[tokio::test]
async fn a_provider_that_keeps_failing_is_unavailable_and_is_named() {
    let server = answering().await;
    for (attempts, least) in [(100, 3), (2, 2)] {
        let vault = Arc::new(Vault { fails: usize::MAX, ..Vault::default() });
        let provider: Arc<dyn CredentialsProvider> = vault.clone();
        let mut config =
            DynamoConfig { credentials: Credentials::Provider(provider), ..config(server.endpoint()) };
        (config.max_attempts, config.timeouts.operation) = (attempts, Duration::from_secs(3));
        let failure = get(DynamoTable::new(config).unwrap()).await.unwrap_err();
        assert_eq!(failure.code(), Code::Unavailable, "{failure}");
        assert!(failure.code().is_retryable());
        assert!(failure.message().contains("the function aws.credentials"), "{failure}");
        assert!(failure.cause().unwrap().contains("the vault is sealed"), "{:?}", failure.cause());
        assert!(vault.calls.load(SeqCst) >= least, "{vault:?}");
    }
    assert_eq!(server.asked().len(), 0);
}

#[tokio::test]
async fn a_provider_that_hangs_is_unavailable_and_is_named() {
    let server = answering().await;
    let vault = Arc::new(Vault { takes: Duration::from_secs(60), ..Vault::default() });
    let begun = Instant::now();
    let failure = get(table_with(&server, &vault, 2_500)).await.unwrap_err();
    assert_eq!(failure.code(), Code::Unavailable, "{failure}");
    assert!(failure.message().contains("the function aws.credentials"), "{failure}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

/// Malformed keys are not retried.
#[tokio::test]
async fn keys_that_are_empty_or_have_a_line_break_are_an_access_error_at_once() {
    let server = answering().await;
    for (gives_nothing, breaks_lines) in [(true, false), (false, true)] {
        let vault = Arc::new(Vault { gives_nothing, breaks_lines, ..Vault::default() });
        let failure = get(table_with(&server, &vault, 10_000)).await.unwrap_err();
        assert_eq!((failure.code(), vault.calls.load(SeqCst)), (Code::Access, 1), "{failure}");
    }
    assert_eq!(server.asked().len(), 0);
}

#[tokio::test]
async fn one_load_longer_than_an_attempt_serves_all_that_wait() {
    let server = answering().await;
    let vault = Arc::new(Vault { takes: REQUEST * 3, ..Vault::default() });
    let table = table_with(&server, &vault, 10_000);
    let calls: JoinSet<_> = (0..50).map(|_| get(table.clone())).collect();
    assert!(calls.join_all().await.iter().all(Result::is_ok));
    assert_eq!(vault.calls.load(SeqCst), 1);
}

/// Fifty requests wait for a source that fails. They share each failure.
#[tokio::test]
async fn a_source_that_fails_is_not_asked_by_each_request() {
    let server = answering().await;
    let vault = Arc::new(Vault { fails: usize::MAX, ..Vault::default() });
    let table = table_with(&server, &vault, 1_000);
    let calls: JoinSet<_> = (0..50).map(|_| get(table.clone())).collect();
    for result in calls.join_all().await {
        assert_eq!(result.unwrap_err().code(), Code::Unavailable);
    }
    let asked = vault.calls.load(SeqCst);
    assert!((2..=8).contains(&asked), "{asked} times in a second");
}

#[tokio::test]
async fn a_load_outlives_the_request_that_began_it() {
    let server = answering().await;
    let vault = Arc::new(Vault { takes: Duration::from_millis(900), ..Vault::default() });
    let table = table_with(&server, &vault, 600);
    let failure = get(table.clone()).await.unwrap_err();
    assert_eq!(failure.code(), Code::Unavailable);
    assert!(failure.message().contains("the function aws.credentials"), "{failure}");
    get(table).await.unwrap();
    assert_eq!(vault.calls.load(SeqCst), 1);
}

/// A server for DynamoDB and for a container's credentials. It answers the first `failures` requests for credentials
/// with `status`, and later ones with keys.
async fn container(status: u16, failures: usize) -> Server {
    let asked = AtomicUsize::new(0);
    Server::start(move |_, request| {
        if request.operation.is_empty() && asked.fetch_add(1, SeqCst) < failures {
            return Reply::Json(status, String::new());
        }
        if request.operation.is_empty() {
            return Reply::ok(
                r#"{"AccessKeyId":"KEYC","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}"#,
            );
        }
        Reply::ok("{}")
    })
    .await
}

/// Runs the test in a separate process with this credentials endpoint. `code` is the error code that it expects.
fn in_container(test: &str, server: Option<&Server>, code: &str) -> bool {
    let url = server.map(|server| server.endpoint().to_string()).unwrap_or_default();
    let credentials = format!("{url}/credentials");
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", credentials.as_str()),
        ("Y_DYNAMODB_TEST_ENDPOINT", &url),
        ("Y_DYNAMODB_TEST_CODE", code),
    ];
    alone(test, &variables)
}

/// The request in that process.
async fn request_in_container() {
    let endpoint = Endpoint::parse(&std::env::var("Y_DYNAMODB_TEST_ENDPOINT").unwrap()).unwrap();
    let result = get(table_of(endpoint, Credentials::Chain, Duration::from_secs(8))).await;
    let code = result.as_ref().err().map_or("OK", |failure| failure.code().as_str());
    assert_eq!(code, std::env::var("Y_DYNAMODB_TEST_CODE").unwrap(), "{result:?}");
    if let Err(failure) = result
        && failure.code() == Code::Unavailable
    {
        assert!(failure.message().contains("the default credentials chain"), "{failure}");
    }
}

fn is_child() -> bool {
    std::env::var_os("Y_DYNAMODB_TEST_ENDPOINT").is_some()
}

fn signed_with(asked: &[Asked]) -> Vec<&str> {
    let signed = asked.iter().filter(|asked| !asked.operation.is_empty());
    signed.map(|asked| if asked.authorization.contains("Credential=KEYC/") { "KEYC" } else { "?" }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_endpoint_that_recovers_is_waited_for() {
    const TEST: &str = "a_container_endpoint_that_recovers_is_waited_for";
    if is_child() {
        return request_in_container().await;
    }
    for status in [500, 429] {
        let server = container(status, 4).await;
        in_container(TEST, Some(&server), "OK");
        assert_eq!(signed_with(&server.asked()), ["KEYC"], "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_endpoint_that_stays_broken_is_unavailable() {
    const TEST: &str = "a_container_endpoint_that_stays_broken_is_unavailable";
    if is_child() {
        return request_in_container().await;
    }
    let server = container(429, usize::MAX).await;
    in_container(TEST, Some(&server), "ERR_UNAVAILABLE");
    assert_eq!(signed_with(&server.asked()).len(), 0);
}
