//! Where the table is and how to reach it: the typed form of the public options. Parsing and checking only: nothing here
//! reads files, the environment or the network.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::defaults;
use crate::error::{Code, Error, Result};

/// Everything that a [`super::DynamoTable`] needs to know.
#[derive(Debug, Clone)]
pub struct DynamoConfig {
    /// The table's name or ARN.
    pub table_name: String,
    /// The AWS region. `None`: from the environment, the profile, or the instance, at first use.
    pub region: Option<String>,
    /// Which DynamoDB.
    pub endpoint: Endpoint,
    /// Who asks. Not used by the embedded endpoints.
    pub credentials: Credentials,
    /// How a table is billed that [`crate::table::Table::prepare`] creates.
    pub billing: Billing,
    /// How often one request is tried, the first attempt included; at least 1.
    pub max_attempts: u32,
    /// How many requests are in flight at once, each on a connection of its own; at least 1.
    pub max_connections: usize,
    /// The limits of waiting.
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

    /// Checks what can be checked without asking anyone.
    ///
    /// # Errors
    /// `ERR_INVALID_ARGUMENT`, naming the option.
    pub(super) fn check(&self) -> Result<()> {
        check_table_name(&self.table_name)?;
        if self.region.as_deref().is_some_and(|region| region.trim().is_empty()) {
            return Err(invalid("region is empty"));
        }
        if self.max_attempts == 0 {
            return Err(invalid("maxAttempts is 0, at least 1 is needed"));
        }
        if self.max_connections == 0 {
            return Err(invalid("maxConnections is 0, at least 1 is needed"));
        }
        if let Billing::Provisioned { read_units, write_units } = self.billing
            && (read_units == 0 || write_units == 0)
        {
            return Err(invalid("provisioned read and write units must be at least 1"));
        }
        if self.endpoint.is_embedded() && !cfg!(feature = "embedded") {
            return Err(invalid(format!(
                "endpoint '{}' needs the cargo feature `embedded`, and this build is without it",
                self.endpoint
            )));
        }
        match &self.credentials {
            Credentials::Profile(name) if name.is_empty() => {
                Err(invalid("the credentials' profile is empty"))
            }
            Credentials::Static(keys)
                if keys.access_key_id.is_empty() || keys.secret_access_key.is_empty() =>
            {
                Err(invalid("accessKeyId and secretAccessKey must not be empty"))
            }
            _ => self.timeouts.check(),
        }
    }
}

/// Which DynamoDB. Public strings: see [`Endpoint::parse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// AWS, in the region (or where `AWS_ENDPOINT_URL_DYNAMODB` points).
    Aws,
    /// `http://…` or `https://…`: DynamoDB Local, a proxy, a VPC endpoint.
    Url(String),
    /// `memory:`: embedded, private to its table; gone with it. `memory:NAME`: shared by all of the process that name it,
    /// until the process ends.
    Memory(Option<String>),
    /// `file:PATH`: embedded, kept in a file; the same database for the same file within the process.
    File(PathBuf),
}

impl Endpoint {
    /// Reads `memory:`, `memory:NAME`, `file:PATH`, `http://…` or `https://…`.
    ///
    /// # Errors
    /// `ERR_INVALID_ARGUMENT` for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(name) = text.strip_prefix("memory:") {
            return Ok(Endpoint::Memory((!name.is_empty()).then(|| name.to_owned())));
        }
        if let Some(path) = text.strip_prefix("file:") {
            // `file:///a/b` is the URL of `/a/b`.
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.contains('\0') {
                return Err(invalid("endpoint 'file:' needs a path, as in 'file:./data.db'"));
            }
            return Ok(Endpoint::File(path.into()));
        }
        check_url(text)?;
        Ok(Endpoint::Url(text.to_owned()))
    }

    /// Whether the table lies in this process.
    pub fn is_embedded(&self) -> bool {
        matches!(self, Endpoint::Memory(_) | Endpoint::File(_))
    }
}

/// As it is written in the options; `aws` for AWS.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Aws => f.write_str("aws"),
            Endpoint::Url(url) => f.write_str(url),
            Endpoint::Memory(name) => write!(f, "memory:{}", name.as_deref().unwrap_or_default()),
            Endpoint::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// The SDK's default chain: environment, profile files, web identity, container, instance.
    Chain,
    /// A profile of the shared config files; its region counts too.
    Profile(String),
    /// Fixed keys.
    Static(Keys),
    /// Asked at first use, and again before the keys it gave expire; [`Timeouts::credentials`] limits each call.
    Provider(Arc<dyn CredentialsProvider>),
}

/// Access keys. `Debug` shows the key's id only.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// The key's id.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
    /// The session token of temporary keys.
    pub session_token: Option<String>,
    /// When temporary keys end. A provider that gives none is asked again after 15 minutes.
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

/// Why there are no [`Keys`]: a sentence for a person, without secrets in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoKeys {
    /// The provider failed. A later call may succeed.
    Failed(String),
    /// What the provider gave are no keys. A later call would give the same.
    Malformed(String),
}

/// Gives [`Keys`] whenever they are needed.
pub trait CredentialsProvider: fmt::Debug + Send + Sync + 'static {
    /// Asks for keys.
    fn provide(&self) -> Pin<Box<dyn Future<Output = Result<Keys, NoKeys>> + Send + '_>>;
}

/// How a created table is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billing {
    /// Per request.
    OnDemand,
    /// Per hour, with so many units a second.
    Provisioned {
        /// Read capacity units, at least 1.
        read_units: u32,
        /// Write capacity units, at least 1.
        write_units: u32,
    },
}

/// The limits of waiting, each longer than zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For establishing a connection.
    pub connect: Duration,
    /// For one attempt of a request, from connecting to the whole answer. Loading credentials and waiting for a free
    /// connection do not count.
    pub request: Duration,
    /// For one request with all its attempts, and finding region and credentials before the first. Waiting for a free
    /// connection does not count while DynamoDB answers other requests.
    pub operation: Duration,
    /// For one call of a [`CredentialsProvider`].
    pub credentials: Duration,
    /// For a table to become ACTIVE.
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
            return Err(invalid("a timeout is 0 ms, at least 1 is needed"));
        }
        Ok(())
    }
}

/// 3 to 255 of `a-z A-Z 0-9 _ . -`, or an ARN of at most 1,024 bytes. Source: the API reference of CreateTable.
fn check_table_name(name: &str) -> Result<()> {
    let is_arn = name.starts_with("arn:");
    let (least, most) = if is_arn { (1, 1_024) } else { (3, 255) };
    if !(least..=most).contains(&name.len()) {
        return Err(invalid(format!("table name of {} bytes, allowed are {least} to {most}", name.len())));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c) || (is_arn && ":/".contains(c));
    if let Some(c) = name.chars().find(|&c| !allowed(c)) {
        return Err(invalid(format!("table name has the character {c:?}, allowed are a-z A-Z 0-9 _ . -")));
    }
    Ok(())
}

fn check_url(text: &str) -> Result<()> {
    // Before anything that shows the text.
    if text.contains('@') {
        return Err(invalid("the endpoint must not carry credentials, nor an '@'"));
    }
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let Some(rest) = rest else {
        return Err(invalid(format!(
            "endpoint '{text}' is none of http://…, https://…, memory:, memory:NAME, file:PATH"
        )));
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(invalid(format!("endpoint '{text}' has no valid host")));
    }
    Ok(())
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(Code::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_from_their_public_strings() {
        assert_eq!(Endpoint::parse("memory:").unwrap(), Endpoint::Memory(None));
        assert_eq!(Endpoint::parse("memory:a b").unwrap(), Endpoint::Memory(Some("a b".into())));
        assert_eq!(Endpoint::parse("file:./x.db").unwrap(), Endpoint::File("./x.db".into()));
        assert_eq!(Endpoint::parse("file:///tmp/x.db").unwrap(), Endpoint::File("/tmp/x.db".into()));
        let url = "http://localhost:8000";
        assert_eq!(Endpoint::parse(url).unwrap(), Endpoint::Url(url.into()));
        assert_eq!(Endpoint::parse(url).unwrap().to_string(), url);
        for wrong in
            ["", "localhost:8000", "file:", "http://", "http:///x", "https://a b", "ftp://x", "memory"]
        {
            assert_eq!(Endpoint::parse(wrong).unwrap_err().code(), Code::InvalidArgument, "{wrong}");
        }
        for secret in ["http://key:s3cret@host", "ftp://key:s3cret@host", "http://key:s3cret@ho st"] {
            let error = Endpoint::parse(secret).unwrap_err();
            assert!(!error.message().contains("s3cret"), "{error}");
        }
    }

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
