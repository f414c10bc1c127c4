//! Creates the SDK's client at first use. This reads profile files, finds region and credentials, and opens an
//! embedded database. The constructor of a table does none of it.

use std::sync::{Arc, Mutex, MutexGuard};

use aws_config::BehaviorVersion;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::timeout::{TimeoutConfig, TimeoutConfigBuilder};
use aws_sdk_dynamodb::config::{
    Builder, Credentials as SdkCredentials, IdentityCache, Region, SharedCredentialsProvider,
    SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_smithy_runtime_api::client::dns::SharedDnsResolver;
use tokio::sync::{OnceCell, watch};

use super::config::{Credentials, DynamoConfig, check_region};
use super::connector::bounded;
use super::credentials::{OurRetries, Provider, SharedLoad, keys_of};
use super::dns::{RegionResolver, SystemResolver};
use super::embedded::Embedded;
use super::endpoint::Endpoint;
use super::place::Place;
use super::tls::http_client;
use crate::defaults;
use crate::error::{Code, Error, Result};
use crate::sync::lock;

/// The client. The first request that needs it creates it.
pub(super) type Cell = Arc<OnceCell<Client>>;

/// The current client. If credentials expire earlier than announced, a new client replaces it, because providers
/// cache credentials until the announced expiry.
#[derive(Debug)]
pub(super) struct RenewableClient {
    current: Mutex<Cell>,
    place: Arc<Place>,
    dns: SharedDnsResolver,
    /// The database of an embedded endpoint.
    embedded: Embedded,
    closed: watch::Sender<bool>,
}

impl Default for RenewableClient {
    fn default() -> Self {
        RenewableClient {
            current: Mutex::default(),
            place: Arc::default(),
            dns: SharedDnsResolver::new(SystemResolver),
            embedded: Embedded::default(),
            closed: watch::Sender::default(),
        }
    }
}

impl RenewableClient {
    /// A client with another DNS than the system's.
    #[cfg(test)]
    pub(super) fn with_dns(dns: SharedDnsResolver) -> Self {
        RenewableClient { dns, ..RenewableClient::default() }
    }

    pub(super) fn current(&self) -> Cell {
        self.lock().clone()
    }

    /// Replaces `old` by a new client, unless another request has already replaced it. Returns the current client.
    pub(super) fn renew(&self, old: &Cell) -> Cell {
        let mut current = self.lock();
        if Arc::ptr_eq(&current, old) {
            *current = Cell::default();
        }
        current.clone()
    }

    /// The location of the table.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// # Errors
    /// `ERR_INVALID_ARGUMENT` if the region is missing or malformed; for an embedded endpoint, those of
    /// [`Embedded::open`].
    pub(super) async fn client(&self, cell: &Cell, config: &DynamoConfig) -> Result<Client> {
        cell.get_or_try_init(|| self.connect(config)).await.cloned()
    }

    /// Drops the client and its connections as soon as no request uses them. Resolves when an embedded database is
    /// closed.
    pub(super) async fn close(&self) {
        self.closed.send_replace(true);
        *self.lock() = Cell::default();
        self.embedded.close().await;
    }

    /// Resolves when [`RenewableClient::close`] was called.
    pub(super) async fn closed(&self) {
        // The wait cannot fail: the sender lives as long as `self`.
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    async fn connect(&self, config: &DynamoConfig) -> Result<Client> {
        let (builder, http) = if config.endpoint.is_embedded() {
            // The SDK needs keys to sign requests. The embedded database ignores the signature.
            let keys = SdkCredentials::new("embedded", "embedded", None, None, "embedded");
            let builder = Builder::new()
                .behavior_version(BehaviorVersion::v2026_01_12())
                .region(Region::new("local"))
                .credentials_provider(keys)
                .endpoint_url("http://embedded.invalid");
            (builder, self.embedded.open(&config.endpoint).await?)
        } else {
            self.remote(config).await?
        };
        // `max_attempts` limits the retries of each request. The SDK's default token bucket is shared: one throttled
        // document would use up the retries of all others.
        let retries = RetryPartition::custom("y-dynamodb").token_bucket(TokenBucket::unlimited()).build();
        let builder = builder
            // The protection would mistake the wait for a turn for a stalled upload. `connector` limits the attempt.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(bounded(http, config.timeouts.request, Arc::clone(&self.place)))
            .retry_config(retry_config(config))
            .retry_classifier(OurRetries)
            .timeout_config(timeout_config(config).disable_operation_attempt_timeout().build())
            .retry_partition(retries);
        Ok(Client::from_conf(builder.build()))
    }

    /// The HTTP client sends the requests to DynamoDB. Requests that load credentials use other connections.
    async fn remote(&self, config: &DynamoConfig) -> Result<(Builder, SharedHttpClient)> {
        let dns = RegionResolver::new(self.dns.clone(), &self.place);
        let http = http_client(config.max_connections, dns)?;
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http.clone())
            .retry_config(retry_config(config))
            .timeout_config(
                timeout_config(config).operation_attempt_timeout(config.timeouts.request).build(),
            );
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
            return Err(no_region(config));
        };
        check_region("the region of AWS_REGION, the profile or the instance", region.as_ref())?;
        self.place.set_region(region.as_ref());
        let provider = match &config.credentials {
            Credentials::Profile(name) => {
                // Only the named profile is used. The default chain prefers the environment.
                let provider =
                    ProviderConfig::without_region().with_region(Some(region)).with_http_client(http.clone());
                let provider = ProfileFileCredentialsProvider::builder().configure(&provider);
                Some(SharedCredentialsProvider::new(provider.profile_name(name).build()))
            }
            _ => shared.credentials_provider(),
        };
        let provider = provider.map(|provider| SharedCredentialsProvider::new(SharedLoad::new(provider)));
        let mut builder = Builder::from(&shared).identity_cache(IdentityCache::no_cache());
        builder.set_credentials_provider(provider);
        Ok((builder, http))
    }

    fn lock(&self) -> MutexGuard<'_, Cell> {
        lock(&self.current)
    }
}

fn no_region(config: &DynamoConfig) -> Error {
    let profile = match &config.credentials {
        Credentials::Profile(name) => format!("the profile '{name}', which is missing or has none"),
        _ => "the profile".to_owned(),
    };
    let table = &config.table_name;
    let message =
        format!("no region for table '{table}': set the option region, AWS_REGION, or a region in {profile}");
    Error::new(Code::InvalidArgument, message)
}

fn retry_config(config: &DynamoConfig) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(config.max_attempts)
        .with_initial_backoff(defaults::INITIAL_BACKOFF)
        .with_max_backoff(defaults::MAX_BACKOFF)
}

/// `connector` limits an attempt, and `send` limits the operation.
fn timeout_config(config: &DynamoConfig) -> TimeoutConfigBuilder {
    TimeoutConfig::builder().connect_timeout(config.timeouts.connect)
}
