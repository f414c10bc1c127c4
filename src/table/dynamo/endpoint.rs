//! Where DynamoDB is: AWS, an address, or an embedded database.

use std::fmt;
use std::path::PathBuf;

use crate::error::{Error, Result};

/// Where DynamoDB is. [`Endpoint::parse`] describes the public strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// AWS, in the region (or where `AWS_ENDPOINT_URL_DYNAMODB` points).
    Aws,
    /// `http://…` or `https://…`: DynamoDB Local, a proxy, a VPC endpoint.
    Url(String),
    /// `memory:`: an embedded database that belongs to one table and ends with it. `memory:NAME`: an embedded
    /// database that all tables of the process with this endpoint share, until the process ends.
    Memory(Option<String>),
    /// `file:PATH`: an embedded database in a file. All tables of the process that name the same file share it.
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
                return Err(Error::invalid_argument("endpoint 'file:' needs a path, as in 'file:./data.db'"));
            }
            return Ok(Endpoint::File(path.into()));
        }
        check_url(text)?;
        Ok(Endpoint::Url(text.to_owned()))
    }

    /// Whether the database is embedded in this process.
    pub fn is_embedded(&self) -> bool {
        matches!(self, Endpoint::Memory(_) | Endpoint::File(_))
    }
}

/// The string of the options; `aws` for AWS.
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

fn check_url(text: &str) -> Result<()> {
    // This check comes first, because the other messages show the text.
    if text.contains('@') {
        return Err(Error::invalid_argument("the endpoint must not contain credentials or an '@'"));
    }
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let Some(rest) = rest else {
        return Err(Error::invalid_argument(format!(
            "endpoint '{text}' must be http://…, https://…, memory:, memory:NAME or file:PATH"
        )));
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Error::invalid_argument(format!("endpoint '{text}' has no valid host")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

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
}
