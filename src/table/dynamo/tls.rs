//! The HTTP client: rustls with ring, and the certificates that it trusts.
//!
//! The system's roots count (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others). Slim container images have none at all, and
//! there Mozilla's count, as they do in Node.js.

use std::sync::LazyLock;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_types::base64;

use crate::error::{Code, Error, Result};

/// Only Linux can be without. Reads the certificate files once in the process: a few ms.
static SYSTEM_HAS_ROOTS: LazyLock<bool> = LazyLock::new(|| {
    !cfg!(target_os = "linux") || !rustls_native_certs::load_native_certs().certs.is_empty()
});

/// A client with a connection pool of its own, which keeps at most `max_idle` connections for later.
///
/// # Errors
/// `ERR_INTERNAL` where the certificates cannot be used.
pub(super) fn http_client(max_idle: usize) -> Result<SharedHttpClient> {
    client_with(max_idle, if *SYSTEM_HAS_ROOTS { TrustStore::default() } else { mozilla() })
}

fn client_with(max_idle: usize, roots: TrustStore) -> Result<SharedHttpClient> {
    let context = TlsContext::builder().with_trust_store(roots).build();
    let context = context.map_err(|e| {
        Error::new(Code::Internal, "the root certificates cannot be used").with_cause(e.to_string())
    })?;
    let builder = Builder::new().pool_max_idle_per_host(max_idle);
    Ok(builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https())
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

    use super::*;

    /// The certificates are parsed at the first connection; one that is not valid would panic there.
    #[tokio::test]
    async fn mozilla_s_certificates_make_a_client() {
        let config = Builder::new()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("local"))
            .credentials_provider(Credentials::new("a", "b", None, None, "test"))
            .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled())
            .endpoint_url("https://127.0.0.1:9")
            .http_client(client_with(1, mozilla()).unwrap())
            .build();
        let answer = aws_sdk_dynamodb::Client::from_conf(config).list_tables().send().await;
        let failure = answer.unwrap_err();
        assert!(
            matches!(&failure, aws_sdk_dynamodb::error::SdkError::DispatchFailure(f) if f.is_io()),
            "{failure:?}"
        );
    }
}
