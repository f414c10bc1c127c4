//! Where the table is and how to reach it: the typed form of the public options. This module only parses and checks.
//! It does not read files, the environment or the network.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::endpoint::Endpoint;
use crate::defaults;
use crate::error::{Error, Result};

/// The longest part of a host name, in bytes. Source: RFC 1035.
const MAX_LABEL_BYTES: usize = 63;

/// The configuration of a [`super::DynamoTable`].
#[derive(Debug, Clone)]
pub struct DynamoConfig {
    /// The table's name or ARN.
    pub table_name: String,
    /// The AWS region. `None`: it comes from the environment, the profile or the instance, at first use.
    pub region: Option<String>,
    /// The location of DynamoDB: AWS, an address, or embedded.
    pub endpoint: Endpoint,
    /// The source of credentials. Embedded endpoints do not use it.
    pub credentials: Credentials,
    /// The billing mode of a table that [`crate::table::Table::prepare`] creates.
    pub billing: Billing,
    /// The maximum number of attempts of one request, including the first; at least 1.
    pub max_attempts: u32,
    /// The maximum number of requests in flight, each on its own connection; at least 1.
    pub max_connections: usize,
    /// The time limits.
    pub timeouts: Timeouts,
}

impl DynamoConfig {
    /// The table `table_name` in AWS with the default credential chain, on-demand billing, and the limits of
    /// [`crate::defaults`].
    pub fn new(table_name: impl Into<String>) -> Self {
        DynamoConfig {
            table_name: table_name.into(),
            region: None,
            endpoint: Endpoint::Aws,
            credentials: Credentials::Chain,
            billing: Billing::OnDemand,
            max_attempts: defaults::MAX_ATTEMPTS,
            max_connections: defaults::MAX_CONNECTIONS,
            timeouts: Timeouts::default(),
        }
    }

    /// Checks the configuration without any request.
    ///
    /// # Errors
    /// `ERR_INVALID_ARGUMENT`; the message names the option.
    pub(super) fn check(&self) -> Result<()> {
        check_table_name(&self.table_name)?;
        self.region.as_deref().map_or(Ok(()), |region| check_region("region", region))?;
        if self.max_attempts == 0 {
            return Err(Error::invalid_argument("maxAttempts is 0, but has to be at least 1"));
        }
        if self.max_connections == 0 {
            return Err(Error::invalid_argument("maxConnections is 0, but has to be at least 1"));
        }
        if let Billing::Provisioned { read_units, write_units } = self.billing
            && (read_units == 0 || write_units == 0)
        {
            return Err(Error::invalid_argument("provisioned read and write units must be at least 1"));
        }
        if self.endpoint.is_embedded() && !cfg!(feature = "embedded") {
            return Err(Error::invalid_argument(format!(
                "endpoint '{}' needs the cargo feature `embedded`, which this build lacks",
                self.endpoint
            )));
        }
        match &self.credentials {
            Credentials::Profile(name) if name.is_empty() => {
                Err(Error::invalid_argument("the credentials' profile is empty"))
            }
            Credentials::Static(keys)
                if keys.access_key_id.is_empty() || keys.secret_access_key.is_empty() =>
            {
                Err(Error::invalid_argument("accessKeyId and secretAccessKey must not be empty"))
            }
            _ => self.timeouts.check(),
        }
    }
}

/// The source of credentials.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// The SDK's default chain: environment, profile files, web identity, container, instance.
    Chain,
    /// A profile of the shared config files. Its region is used too.
    Profile(String),
    /// Fixed keys.
    Static(Keys),
    /// Called at first use, and again before its keys expire. [`Timeouts::credentials`] limits each call.
    Provider(Arc<dyn CredentialsProvider>),
}

/// Access keys. `Debug` does not show the secret and the token.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token of temporary keys.
    pub session_token: Option<String>,
    /// When temporary keys expire. If a provider returns no expiry, its keys are loaded again after 15 minutes.
    pub expires_at: Option<SystemTime>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("access_key_id", &self.access_key_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The reason why there are no [`Keys`]: a sentence without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoKeys {
    /// The provider failed. A later call may succeed.
    Failed(String),
    /// The provider returned something that is not keys. A retry would not help.
    Malformed(String),
}

/// Provides [`Keys`] on demand.
pub trait CredentialsProvider: fmt::Debug + Send + Sync + 'static {
    /// Loads the keys.
    fn provide(&self) -> Pin<Box<dyn Future<Output = Result<Keys, NoKeys>> + Send + '_>>;
}

/// The billing mode of a created table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billing {
    /// Per request.
    OnDemand,
    /// Per hour, for a fixed number of units per second.
    Provisioned {
        /// Read capacity units, at least 1.
        read_units: u32,
        /// Write capacity units, at least 1.
        write_units: u32,
    },
}

/// The time limits, each greater than zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// The limit for establishing a connection.
    pub connect: Duration,
    /// The limit for one attempt of a request, from connecting to the end of the response. Loading credentials and
    /// waiting for a free connection do not count.
    pub request: Duration,
    /// The limit for one request with all its attempts, including the search for region and credentials before the
    /// first one. Waiting for a free connection does not count while DynamoDB answers other requests.
    pub operation: Duration,
    /// The limit for one call of a [`CredentialsProvider`].
    pub credentials: Duration,
    /// The limit for a table to become ACTIVE.
    pub prepare: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: defaults::CONNECT_TIMEOUT,
            request: defaults::REQUEST_TIMEOUT,
            operation: defaults::OPERATION_TIMEOUT,
            credentials: defaults::CREDENTIALS_TIMEOUT,
            prepare: defaults::PREPARE_TIMEOUT,
        }
    }
}

impl Timeouts {
    fn check(&self) -> Result<()> {
        let Timeouts { connect, request, operation, credentials, prepare } = *self;
        if [connect, request, operation, credentials, prepare].iter().any(Duration::is_zero) {
            return Err(Error::invalid_argument("a timeout is 0 ms, but has to be at least 1 ms"));
        }
        Ok(())
    }
}

/// Accepts 3 to 255 of `a-z A-Z 0-9 _ . -`, or an ARN of at most 1,024 bytes. Source: the API reference of
/// CreateTable.
fn check_table_name(name: &str) -> Result<()> {
    let is_arn = name.starts_with("arn:");
    let (least, most) = if is_arn { (1, 1_024) } else { (3, 255) };
    if !(least..=most).contains(&name.len()) {
        return Err(Error::invalid_argument(format!(
            "the table name has {} bytes; {least} to {most} are allowed",
            name.len()
        )));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c) || (is_arn && ":/".contains(c));
    if let Some(c) = name.chars().find(|&c| !allowed(c)) {
        return Err(Error::invalid_argument(format!(
            "the table name contains {c:?}; only a-z A-Z 0-9 _ . - are allowed"
        )));
    }
    Ok(())
}

/// Accepts 1 to 63 of `a-z A-Z 0-9 -`, because a region is a part of a host name.
///
/// `origin` names the source of the region.
///
/// # Errors
/// `ERR_INVALID_ARGUMENT`; the message makes blanks and line breaks visible.
pub(super) fn check_region(origin: &str, region: &str) -> Result<()> {
    let is_label = (1..=MAX_LABEL_BYTES).contains(&region.len())
        && region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !region.starts_with('-');
    if is_label {
        return Ok(());
    }
    Err(Error::invalid_argument(format!(
        "{origin} is {region:?}, which is not a region: a region has 1 to {MAX_LABEL_BYTES} letters, digits \
         and hyphens, as in eu-central-1"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn what_cannot_work_is_refused_before_it_is_tried() {
        let good = DynamoConfig::new("y-documents");
        assert!(good.check().is_ok());
        assert!(DynamoConfig::new("arn:aws:dynamodb:eu-west-1:123456789012:table/y").check().is_ok());
        let wrong = [
            DynamoConfig::new("ab"),
            DynamoConfig::new("x".repeat(256)),
            DynamoConfig::new("a table"),
            DynamoConfig { region: Some(" ".into()), ..good.clone() },
            DynamoConfig { region: Some("eu central-1".into()), ..good.clone() },
            DynamoConfig { region: Some("eu-central-1\n".into()), ..good.clone() },
            DynamoConfig { region: Some("-eu".into()), ..good.clone() },
            DynamoConfig { max_attempts: 0, ..good.clone() },
            DynamoConfig { max_connections: 0, ..good.clone() },
            DynamoConfig { billing: Billing::Provisioned { read_units: 1, write_units: 0 }, ..good.clone() },
            DynamoConfig { credentials: Credentials::Profile(String::new()), ..good.clone() },
            DynamoConfig {
                timeouts: Timeouts { request: Duration::ZERO, ..Timeouts::default() },
                ..good.clone()
            },
        ];
        for config in wrong {
            assert_eq!(config.check().unwrap_err().code(), Code::InvalidArgument, "{config:?}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let keys = Keys {
            access_key_id: "AKID".into(),
            secret_access_key: "s3cret".into(),
            session_token: Some("t0ken".into()),
            expires_at: None,
        };
        let config = DynamoConfig { credentials: Credentials::Static(keys), ..DynamoConfig::new("table") };
        let shown = format!("{config:?}");
        assert!(shown.contains("AKID") && !shown.contains("s3cret") && !shown.contains("t0ken"), "{shown}");
    }
}
