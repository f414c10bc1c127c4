//! Finds out whether the host of a region exists.
//!
//! The system's resolver does not report whether a name does not exist or could not be looked up. A temporary DNS
//! failure must not look like a wrong region. So if the host of the region was never found, a known host is looked up
//! too, which exists wherever AWS can be reached. If the known host is found, and the host of the region is still not
//! found in a second lookup, the host does not exist, and the request fails at once. In all other cases the request
//! is retried.

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError, SharedDnsResolver};

use super::place::Place;
use crate::sync::lock;

/// A host that exists wherever AWS can be reached.
const KNOWN_HOST: &str = "dynamodb.us-east-1.amazonaws.com";

/// A host that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoSuchHost(pub(super) String);

impl fmt::Display for NoSuchHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the host '{}' does not exist", self.0)
    }
}

impl std::error::Error for NoSuchHost {}

/// A resolver that reports [`NoSuchHost`] for the hosts of the table's region.
#[derive(Debug)]
pub(super) struct RegionResolver {
    inner: SharedDnsResolver,
    place: Arc<Place>,
    /// The hosts that were found before. They exist, even if a later lookup fails.
    found: Mutex<HashSet<String>>,
}

impl RegionResolver {
    pub(super) fn new(inner: SharedDnsResolver, place: &Arc<Place>) -> Self {
        RegionResolver { inner, place: Arc::clone(place), found: Mutex::default() }
    }

    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveDnsError> {
        match self.inner.resolve_dns(host).await {
            Ok(addresses) => {
                lock(&self.found).insert(host.to_owned());
                Ok(addresses)
            }
            Err(error) if !self.may_not_exist(host) => Err(error),
            Err(error) => {
                if self.inner.resolve_dns(KNOWN_HOST).await.is_err() {
                    return Err(error);
                }
                let again = self.inner.resolve_dns(host).await;
                again.map_err(|_| ResolveDnsError::new(NoSuchHost(host.to_owned())))
            }
        }
    }

    /// Hosts outside AWS may appear later, e.g. when a container starts.
    fn may_not_exist(&self, host: &str) -> bool {
        let is_of_region = host.split('.').any(|label| self.place.region() == Some(label));
        let found = lock(&self.found);
        is_of_region && !found.contains(host)
    }
}

impl ResolveDns for RegionResolver {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(self.resolve(name))
    }
}

/// The resolver of the system.
#[derive(Debug)]
pub(super) struct SystemResolver;

impl ResolveDns for SystemResolver {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        let host = name.to_owned();
        DnsFuture::new(async {
            let lookup = tokio::task::spawn_blocking(move || (host, 0).to_socket_addrs());
            let addresses = lookup.await.map_err(ResolveDnsError::new)?.map_err(ResolveDnsError::new)?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;
    use crate::error::{Code, Error};
    use crate::table::Table;
    use crate::table::dynamo::causes::find;
    use crate::table::dynamo::client::RenewableClient;
    use crate::table::dynamo::{Credentials, DynamoConfig, DynamoTable, Keys, Timeouts};

    /// Finds only `hosts`, and only after `failures` failed lookups.
    #[derive(Debug)]
    struct FakeDns {
        hosts: Vec<&'static str>,
        failures: Mutex<usize>,
    }

    impl FakeDns {
        fn shared(hosts: &[&'static str], failures: usize) -> SharedDnsResolver {
            SharedDnsResolver::new(FakeDns { hosts: hosts.to_vec(), failures: Mutex::new(failures) })
        }
    }

    impl ResolveDns for FakeDns {
        fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
            let mut failures = self.failures.lock().unwrap();
            let is_down = *failures > 0;
            *failures = failures.saturating_sub(1);
            let is_found = !is_down && self.hosts.contains(&name);
            let answer = if is_found {
                Ok(vec![IpAddr::from(Ipv4Addr::LOCALHOST)])
            } else {
                Err(ResolveDnsError::new("lookup failed"))
            };
            DnsFuture::ready(answer)
        }
    }

    fn resolver(dns: SharedDnsResolver) -> RegionResolver {
        let place = Arc::<Place>::default();
        place.set_region("eu-centrall-1");
        RegionResolver::new(dns, &place)
    }

    /// The outcomes of three lookups of `host` in a row.
    async fn lookups(hosts: &[&'static str], failures: usize, host: &str) -> [&'static str; 3] {
        let resolver = resolver(FakeDns::shared(hosts, failures));
        let mut outcomes = ["?"; 3];
        for outcome in &mut outcomes {
            *outcome = match resolver.resolve(host).await {
                Ok(_) => "found",
                Err(error) if find::<NoSuchHost>(&error).is_some() => "missing",
                Err(_) => "failed",
            };
        }
        outcomes
    }

    const WRONG: &str = "dynamodb.eu-centrall-1.amazonaws.com";

    #[tokio::test]
    async fn a_host_of_the_region_is_missing_where_others_are_found() {
        assert_eq!(lookups(&[KNOWN_HOST], 0, WRONG).await, ["missing"; 3]);
    }

    #[tokio::test]
    async fn nothing_is_missing_while_the_dns_fails() {
        assert_eq!(lookups(&[], 0, WRONG).await, ["failed"; 3]);
        // The first lookups of the region's host and of the known host fail. Then the DNS works again.
        assert_eq!(lookups(&[KNOWN_HOST, WRONG], 2, WRONG).await, ["failed", "found", "found"]);
        assert_eq!(lookups(&[KNOWN_HOST, WRONG], 1, WRONG).await, ["found"; 3]);
    }

    #[tokio::test]
    async fn a_host_of_a_container_may_appear_later() {
        assert_eq!(lookups(&[KNOWN_HOST], 0, "dynamodb-local").await, ["failed"; 3]);
    }

    /// The failure of the first request in a region. The DNS finds only `hosts`, and only after `failures` failed
    /// lookups.
    async fn first_request(hosts: &[&'static str], failures: usize) -> Error {
        let keys = Keys {
            access_key_id: "test".into(),
            secret_access_key: "test".into(),
            session_token: None,
            expires_at: None,
        };
        let timeouts = Timeouts { operation: Duration::from_secs(3), ..Timeouts::default() };
        let config = DynamoConfig {
            region: Some("eu-centrall-1".into()),
            credentials: Credentials::Static(keys),
            timeouts,
            ..DynamoConfig::new("docs")
        };
        let client = Arc::new(RenewableClient::with_dns(FakeDns::shared(hosts, failures)));
        let table = DynamoTable { client, ..DynamoTable::new(config).unwrap() };
        table.prepare(true).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_wrong_region_fails_at_once_and_is_named() {
        let error = first_request(&[KNOWN_HOST], 0).await;
        assert_eq!(
            error.message(),
            "DescribeTable on table 'docs' in region eu-centrall-1: the host \
             'dynamodb.eu-centrall-1.amazonaws.com' does not exist: check the region"
        );
        assert_eq!(error.code(), Code::Unavailable);
    }

    #[tokio::test]
    async fn a_dns_that_fails_is_retried() {
        for (hosts, failures) in [(&[][..], 0), (&[KNOWN_HOST, WRONG], 2)] {
            let error = first_request(hosts, failures).await;
            assert_eq!(error.code(), Code::Unavailable);
            assert!(error.message().contains("the operation timeout expired"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_host_that_was_found_once_is_never_missing() {
        #[derive(Debug)]
        struct OnlyOnce(Mutex<bool>);
        impl ResolveDns for OnlyOnce {
            fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
                let is_found = name == KNOWN_HOST || std::mem::take(&mut *self.0.lock().unwrap());
                DnsFuture::ready(if is_found { Ok(Vec::new()) } else { Err(ResolveDnsError::new("no")) })
            }
        }
        let resolver = resolver(SharedDnsResolver::new(OnlyOnce(Mutex::new(true))));
        assert!(resolver.resolve(WRONG).await.is_ok());
        let error = resolver.resolve(WRONG).await.unwrap_err();
        assert!(find::<NoSuchHost>(&error).is_none());
    }
}
