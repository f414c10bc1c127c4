//! Where credentials and region come from, when they are loaded again, and which error reports that they are missing.

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
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use table_support::server::{Reply, Server};
use table_support::tables::config;
use table_support::{alone, doc, key};
use y_dynamodb::error::{Code, Error};
use y_dynamodb::table::Table;
use y_dynamodb::table::dynamo::{
    Credentials, CredentialsProvider, DynamoConfig, DynamoTable, Endpoint, Keys, NoKeys,
};

/// Returns the keys `KEY0`, `KEY1`, … in turn.
#[derive(Debug, Default)]
struct Turns {
    calls: AtomicUsize,
    lifetime: Option<Duration>,
}

impl CredentialsProvider for Turns {
    fn provide(&self) -> Pin<Box<dyn Future<Output = Result<Keys, NoKeys>> + Send + '_>> {
        Box::pin(async {
            let turn = self.calls.fetch_add(1, Ordering::SeqCst);
            Ok(Keys {
                access_key_id: format!("KEY{turn}"),
                secret_access_key: "s3cret".into(),
                session_token: Some("t0ken".into()),
                expires_at: self.lifetime.map(|lifetime| SystemTime::now() + lifetime),
            })
        })
    }
}

fn table_of(server: &Server, provider: &Arc<Turns>) -> DynamoTable {
    let provider: Arc<dyn CredentialsProvider> = provider.clone();
    let config = DynamoConfig { credentials: Credentials::Provider(provider), ..config(server.endpoint()) };
    DynamoTable::new(config).unwrap()
}

async fn get(table: &DynamoTable) -> Result<(), Error> {
    let d = doc("doc");
    table.get(&d, &key(&d, 1)).await.map(|_| ())
}

fn assert_no_secrets(failure: &Error) {
    let text = format!("{failure} {failure:?}");
    assert!(!text.contains("s3cret") && !text.contains("t0ken"), "{text}");
}

fn keys_used(server: &Server) -> Vec<String> {
    let key = |authorization: String| {
        let (_, rest) = authorization.split_once("Credential=").unwrap();
        rest.split('/').next().unwrap().to_owned()
    };
    server.asked().into_iter().map(|asked| key(asked.authorization)).collect()
}

#[tokio::test]
async fn a_provider_is_asked_once_while_its_keys_are_good() {
    let server = Server::start(|_, _| Reply::ok("{}")).await;
    let provider = Arc::new(Turns { lifetime: Some(Duration::from_secs(3_600)), ..Turns::default() });
    let table = table_of(&server, &provider);
    assert_eq!(provider.calls.load(Ordering::SeqCst), 0, "not at construction");
    for _ in 0..3 {
        get(&table).await.unwrap();
    }
    assert_eq!(keys_used(&server), ["KEY0", "KEY0", "KEY0"]);
}

#[tokio::test]
async fn a_provider_is_asked_again_when_its_keys_expire() {
    let server = Server::start(|_, _| Reply::ok("{}")).await;
    let provider = Arc::new(Turns { lifetime: Some(Duration::from_millis(100)), ..Turns::default() });
    let table = table_of(&server, &provider);
    get(&table).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    get(&table).await.unwrap();
    assert_eq!(keys_used(&server), ["KEY0", "KEY1"]);
}

#[tokio::test]
async fn keys_that_expired_before_their_time_are_renewed_once() {
    let expired = || {
        Reply::error(400, "ExpiredTokenException", "The security token included in the request is expired")
    };
    let server =
        Server::start(
            move |_, asked| {
                if asked.authorization.contains("KEY0/") { expired() } else { Reply::ok("{}") }
            },
        )
        .await;
    let table = table_of(&server, &Arc::default());
    get(&table).await.unwrap();
    get(&table).await.unwrap();
    assert_eq!(keys_used(&server), ["KEY0", "KEY1", "KEY1"]);

    let server = Server::start(move |_, _| expired()).await;
    let failure = get(&table_of(&server, &Arc::default())).await.unwrap_err();
    assert_eq!(failure.code(), Code::Access);
    assert_eq!(keys_used(&server), ["KEY0", "KEY1"]);
    assert_no_secrets(&failure);
}

#[tokio::test]
async fn fixed_keys_that_expired_are_not_tried_again() {
    let server = Server::start(|_, _| Reply::error(400, "ExpiredTokenException", "Expired")).await;
    let failure = get(&DynamoTable::new(config(server.endpoint())).unwrap()).await.unwrap_err();
    assert_eq!((failure.code(), server.asked().len()), (Code::Access, 1));
}

#[tokio::test]
async fn a_signature_error_does_not_repeat_the_request() {
    let message = "The request signature we calculated does not match.\n\n\
                   The Canonical String should have been\nx-amz-security-token:t0ken";
    let server = Server::start(move |_, _| Reply::error(400, "InvalidSignatureException", message)).await;
    let failure = get(&table_of(&server, &Arc::default())).await.unwrap_err();
    assert_eq!(failure.code(), Code::Access);
    assert_no_secrets(&failure);
}

#[test]
fn construction_needs_neither_runtime_nor_network() {
    let config = DynamoConfig::new("nobody-looks-for-this-table");
    assert!(DynamoTable::new(config).is_ok());
}

#[tokio::test]
async fn without_a_region_the_first_call_says_so() {
    if alone("without_a_region_the_first_call_says_so", &[]) {
        for (credentials, named) in [
            (Credentials::Chain, "the profile"),
            (Credentials::Profile("nobody".into()), "'nobody', which is missing"),
        ] {
            let config = DynamoConfig { credentials, ..DynamoConfig::new("table") };
            let failure = get(&DynamoTable::new(config).unwrap()).await.unwrap_err();
            assert_eq!(failure.code(), Code::InvalidArgument);
            assert!(
                failure.message().contains("no region") && failure.message().contains(named),
                "{failure}"
            );
        }
    }
}

#[tokio::test]
async fn a_region_of_the_environment_that_cannot_be_is_an_argument_error() {
    let variables = [("AWS_REGION", "eu-central-1\n")];
    if alone("a_region_of_the_environment_that_cannot_be_is_an_argument_error", &variables) {
        let table = DynamoTable::new(DynamoConfig::new("table")).unwrap();
        let failure = get(&table).await.unwrap_err();
        assert_eq!(failure.code(), Code::InvalidArgument, "{failure}");
        assert!(failure.message().contains(r#"AWS_REGION, the profile or the instance is "eu-central-1\n""#));
    }
}

/// Nothing listens at that address.
#[tokio::test]
async fn an_endpoint_of_the_environment_is_named_where_it_fails() {
    let variables = [("AWS_ENDPOINT_URL", "http://127.0.0.1:9")];
    if alone("an_endpoint_of_the_environment_is_named_where_it_fails", &variables) {
        let config = DynamoConfig { max_attempts: 2, ..config(Endpoint::Aws) };
        let failure = get(&DynamoTable::new(config).unwrap()).await.unwrap_err();
        assert_eq!(failure.code(), Code::Unavailable, "{failure}");
        assert!(failure.message().contains("at http://127.0.0.1:9 in region eu-west-1: "), "{failure}");
    }
}

#[tokio::test]
async fn without_credentials_the_first_call_is_an_access_error() {
    if alone("without_credentials_the_first_call_is_an_access_error", &[]) {
        let server = Server::start(|_, _| Reply::ok("{}")).await;
        for credentials in [Credentials::Chain, Credentials::Profile("nobody".into())] {
            let config = DynamoConfig { credentials, ..config(server.endpoint()) };
            let failure = get(&DynamoTable::new(config).unwrap()).await.unwrap_err();
            assert_eq!(failure.code(), Code::Access, "{failure} {:?}", failure.cause());
            assert!(failure.message().contains("credentials"), "{failure}");
        }
        assert_eq!(server.asked().len(), 0);
    }
}

#[tokio::test]
async fn a_named_profile_goes_before_the_environment() {
    let file = format!("{}/profile-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    let text =
        "[profile writer]\nregion = eu-north-1\naws_access_key_id = KEYP\naws_secret_access_key = s3cret\n";
    std::fs::write(&file, text).unwrap();
    let variables =
        [("AWS_CONFIG_FILE", file.as_str()), ("AWS_ACCESS_KEY_ID", "KEYE"), ("AWS_SECRET_ACCESS_KEY", "x")];
    if alone("a_named_profile_goes_before_the_environment", &variables) {
        let server = Server::start(|_, _| Reply::ok("{}")).await;
        let credentials = Credentials::Profile("writer".into());
        let config = DynamoConfig { region: None, credentials, ..config(server.endpoint()) };
        get(&DynamoTable::new(config).unwrap()).await.unwrap();
        let signed = &server.asked()[0].authorization;
        assert!(signed.contains("Credential=KEYP/") && signed.contains("/eu-north-1/"), "{signed}");
    }
    std::fs::remove_file(&file).unwrap();
}
