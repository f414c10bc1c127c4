//! The HTTP client: rustls with ring, and the certificates that it trusts.
//!
//! It trusts the system's root certificates (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others). Slim container images
//! have none. There it trusts Mozilla's, like Node.js.

use std::error::Error as StdError;
use std::sync::LazyLock;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::pool::{Client, ConnectionPool, DriverSpawner, Partition, PartitionId};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::dns::ResolveDns;
use aws_smithy_types::base64;
use tokio::runtime::Handle;

use crate::error::{Code, Error, Result};

/// Only Linux can lack root certificates. The certificate files are read once per process, in a few ms.
static SYSTEM_HAS_ROOTS: LazyLock<bool> = LazyLock::new(|| {
    !cfg!(target_os = "linux") || !rustls_native_certs::load_native_certs().certs.is_empty()
});

/// A client with its own connection pool: at most `max_connections` to each host, including those that are being
/// established. `dns` resolves the hosts.
///
/// # Errors
/// `ERR_INTERNAL` if the certificates cannot be used.
pub(super) fn http_client(
    max_connections: usize,
    dns: impl ResolveDns + 'static,
) -> Result<SharedHttpClient> {
    client_with(max_connections, dns, if *SYSTEM_HAS_ROOTS { TrustStore::default() } else { mozilla() })
}

fn client_with(
    max_connections: usize,
    dns: impl ResolveDns + 'static,
    roots: TrustStore,
) -> Result<SharedHttpClient> {
    let context = TlsContext::builder().with_trust_store(roots).build();
    let context = context.map_err(|e| unusable("the root certificates cannot be used", &e))?;
    let runtime = Handle::try_current().map_err(|e| unusable("there is no runtime for connections", &e))?;
    let spawner = DriverSpawner::from_fn(move |driver| drop(runtime.spawn(driver)));
    let id = PartitionId::from_index(0);
    let pool = ConnectionPool::builder()
        .partitions([Partition::new(id, spawner)])
        .max_connections_per_host(max_connections)
        .dns_resolver(dns)
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build_https()
        .map_err(|e| unusable("the connection pool cannot be made", &e))?;
    let client =
        Client::from_partition(&pool, id).map_err(|e| unusable("the connection pool cannot be used", &e))?;
    Ok(SharedHttpClient::new(client))
}

fn unusable(what: &str, error: &dyn StdError) -> Error {
    Error::new(Code::Internal, what).with_cause(error.to_string())
}

fn mozilla() -> TrustStore {
    let mut pem = String::new();
    for certificate in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        pem.push_str("-----BEGIN CERTIFICATE-----\n");
        pem.push_str(&base64::encode(certificate));
        pem.push_str("\n-----END CERTIFICATE-----\n");
    }
    TrustStore::empty().with_pem_certificate(pem)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};

    use super::super::dns::SystemResolver;
    use super::*;

    /// The certificates are parsed at the first connection. An invalid one would panic there.
    #[tokio::test]
    async fn mozilla_s_certificates_make_a_client() {
        let config = Builder::new()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("local"))
            .credentials_provider(Credentials::new("a", "b", None, None, "test"))
            .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled())
            .endpoint_url("https://127.0.0.1:9")
            .http_client(client_with(1, SystemResolver, mozilla()).unwrap())
            .build();
        let answer = aws_sdk_dynamodb::Client::from_conf(config).list_tables().send().await;
        let failure = answer.unwrap_err();
        assert!(
            matches!(&failure, aws_sdk_dynamodb::error::SdkError::DispatchFailure(f) if f.is_io()),
            "{failure:?}"
        );
    }
}
