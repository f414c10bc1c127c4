//! Where the table is, as messages name it: endpoint and region.
//!
//! Both can come from the environment or a profile. So the region is recorded when the client is created, and the
//! address when a request is sent.

use std::sync::OnceLock;

use super::config::DynamoConfig;
use super::endpoint::Endpoint;

/// The region and the address of a table, once they are known.
#[derive(Debug, Default)]
pub(super) struct Place {
    region: OnceLock<String>,
    address: OnceLock<String>,
}

impl Place {
    /// Records the region of the client.
    pub(super) fn set_region(&self, region: &str) {
        self.region.get_or_init(|| region.to_owned());
    }

    /// The region of the client; `None` before the client is created.
    pub(super) fn region(&self) -> Option<&str> {
        self.region.get().map(String::as_str)
    }

    /// Records the address of a request.
    pub(super) fn set_address(&self, uri: &str) {
        self.address.get_or_init(|| address(uri));
    }

    /// E.g. `at http://localhost:8000 in region local`, `in region eu-central-1`, `at file:./docs.db`.
    pub(super) fn describe(&self, config: &DynamoConfig) -> String {
        let endpoint = &config.endpoint;
        if endpoint.is_embedded() {
            return format!("at {endpoint}");
        }
        let region = self.region().or(config.region.as_deref());
        let address = match endpoint {
            Endpoint::Url(url) => Some(url.as_str()),
            _ => self.address.get().map(String::as_str),
        };
        match (address, region) {
            (Some(address), Some(region)) if address == standard_address(region) => {
                format!("in region {region}")
            }
            (Some(address), Some(region)) => format!("at {address} in region {region}"),
            (Some(address), None) => format!("at {address}"),
            (None, Some(region)) => format!("in region {region}"),
            (None, None) => "in AWS".to_owned(),
        }
    }
}

/// The default address of a region.
fn standard_address(region: &str) -> String {
    format!("https://dynamodb.{region}.amazonaws.com")
}

/// Scheme, host and port only, because an `AWS_ENDPOINT_URL` can contain a user name and a password.
fn address(uri: &str) -> String {
    let (scheme, rest) = uri.split_once("://").unwrap_or(("https", uri));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(endpoint: &str, region: Option<&str>) -> DynamoConfig {
        let endpoint = if endpoint.is_empty() { Endpoint::Aws } else { Endpoint::parse(endpoint).unwrap() };
        DynamoConfig { endpoint, region: region.map(str::to_owned), ..DynamoConfig::new("docs") }
    }

    #[test]
    fn the_place_names_region_and_endpoint() {
        let place = Place::default();
        assert_eq!(place.describe(&config("", None)), "in AWS");
        assert_eq!(place.describe(&config("", Some("eu-west-1"))), "in region eu-west-1");
        assert_eq!(place.describe(&config("file:./docs.db", Some("local"))), "at file:./docs.db");
        let local = config("http://localhost:8000", Some("local"));
        assert_eq!(place.describe(&local), "at http://localhost:8000 in region local");
        place.set_region("eu-west-1");
        place.set_address("https://dynamodb.eu-west-1.amazonaws.com/");
        assert_eq!(place.describe(&config("", None)), "in region eu-west-1");
    }

    #[test]
    fn an_endpoint_of_the_environment_is_named_without_its_password() {
        let place = Place::default();
        place.set_region("eu-west-1");
        place.set_address("http://user:s3cret@localhost:8000/path?query");
        assert_eq!(place.describe(&config("", None)), "at http://localhost:8000 in region eu-west-1");
    }
}
