//! Makes the SDK's client at first use: that reads profile files, finds region and credentials, opens an embedded
//! database. Nothing of it happens when a table is constructed.

use std::sync::{Arc, Mutex, PoisonError};

use aws_config::BehaviorVersion;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    Builder, Credentials as SdkCredentials, ProvideCredentials, Region, SharedCredentialsProvider,
};
use tokio::sync::OnceCell;

use super::config::{Credentials, CredentialsProvider, DynamoConfig, Endpoint, Keys};
use super::embedded;
use super::tls::http_client;
use crate::defaults;
use crate::error::{Code, Error, Result};

/// The client, made once by whoever needs it first.
pub(super) type Cell = Arc<OnceCell<Client>>;

/// The client of the time. Where credentials ran out earlier than announced it is replaced: the SDK keeps what it read
/// until the announced end.
#[derive(Debug, Default)]
pub(super) struct Connection(Mutex<Cell>);

impl Connection {
    pub(super) fn current(&self) -> Cell {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A fresh client in place of `old`, unless another request has replaced it already.
    pub(super) fn renew(&self, old: &Cell) -> Cell {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, old) {
            *current = Cell::default();
        }
        current.clone()
    }
}

/// # Errors
/// `ERR_INVALID_ARGUMENT` without a region; for an embedded endpoint what [`embedded::open`] says.
pub(super) async fn connect(config: &DynamoConfig) -> Result<Client> {
    let builder = if config.endpoint.is_embedded() {
        // The embedded engine asks for no signature, the SDK wants to give one.
        let keys = SdkCredentials::new("embedded", "embedded", None, None, "embedded");
        Builder::new()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("local"))
            .credentials_provider(keys)
            .endpoint_url("http://embedded.invalid")
            .http_client(embedded::open(&config.endpoint).await?)
    } else {
        remote(config).await?
    };
    // Each request's own attempts are its budget. The SDK's default bucket is shared: one throttled document would take
    // all others' retries away.
    let retries = RetryPartition::custom("y-dynamodb").token_bucket(TokenBucket::unlimited()).build();
    let builder = builder
        .retry_config(retry_config(config))
        .timeout_config(timeout_config(config))
        .retry_partition(retries);
    Ok(Client::from_conf(builder.build()))
}

async fn remote(config: &DynamoConfig) -> Result<Builder> {
    let http = http_client()?;
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http.clone())
        .retry_config(retry_config(config))
        .timeout_config(timeout_config(config));
    if let Some(region) = &config.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Endpoint::Url(url) = &config.endpoint {
        loader = loader.endpoint_url(url);
    }
    match &config.credentials {
        Credentials::Chain => (),
        Credentials::Profile(name) => loader = loader.profile_name(name).no_credentials(),
        Credentials::Static(keys) => loader = loader.credentials_provider(keys_of(keys.clone())),
        Credentials::Provider(provider) => {
            let provider = Provider { ours: Arc::clone(provider), timeout: config.timeouts.credentials };
            loader = loader.credentials_provider(provider);
        }
    }
    let shared = loader.load().await;
    let Some(region) = shared.region().cloned() else {
        return Err(Error::new(
            Code::InvalidArgument,
            format!(
                "no region for table '{}': set the option region, AWS_REGION, or a region in the profile",
                config.table_name
            ),
        ));
    };
    let mut builder = Builder::from(&shared);
    if let Credentials::Profile(name) = &config.credentials {
        // The named profile, and not the environment before it as in the default chain.
        let provider = ProviderConfig::without_region().with_region(Some(region)).with_http_client(http);
        let provider =
            ProfileFileCredentialsProvider::builder().configure(&provider).profile_name(name).build();
        builder.set_credentials_provider(Some(SharedCredentialsProvider::new(provider)));
    }
    Ok(builder)
}

fn retry_config(config: &DynamoConfig) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(config.max_attempts)
        .with_initial_backoff(defaults::INITIAL_BACKOFF)
        .with_max_backoff(defaults::MAX_BACKOFF)
}

/// The operation timeout is ours, around all of it (`send.rs`).
fn timeout_config(config: &DynamoConfig) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(config.timeouts.connect)
        .operation_attempt_timeout(config.timeouts.request)
        .build()
}

fn keys_of(keys: Keys) -> SdkCredentials {
    let Keys { access_key_id, secret_access_key, session_token, expires_at } = keys;
    SdkCredentials::new(access_key_id, secret_access_key, session_token, expires_at, "y-dynamodb")
}

/// Our provider behind the SDK's trait.
#[derive(Debug)]
struct Provider {
    ours: Arc<dyn CredentialsProvider>,
    timeout: std::time::Duration,
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            match tokio::time::timeout(self.timeout, self.ours.provide()).await {
                Err(_) => Err(CredentialsError::provider_timed_out(self.timeout)),
                Ok(Err(reason)) => Err(CredentialsError::provider_error(reason)),
                Ok(Ok(keys)) if keys.access_key_id.is_empty() || keys.secret_access_key.is_empty() => {
                    Err(CredentialsError::provider_error("the credentials provider gave empty keys"))
                }
                Ok(Ok(keys)) => Ok(keys_of(keys)),
            }
        })
    }
}
