//! The embedded DynamoDB: dynoxide (SQLite) behind the SDK's HTTP client, in this process, without a socket. For
//! development and tests, as dynoxide says of itself.
//!
//! `database` opens and closes databases and shares them between tables; `requests` answers the SDK's requests from one.
//! Without the feature `embedded` every such endpoint is refused.

#[cfg(feature = "embedded")]
mod database;
#[cfg(not(feature = "embedded"))]
mod disabled;
#[cfg(feature = "embedded")]
mod requests;

#[cfg(not(feature = "embedded"))]
pub(super) use self::disabled::Embedded;
#[cfg(feature = "embedded")]
pub(super) use requests::Embedded;
#[cfg(feature = "test-hooks")]
#[allow(unused_imports, reason = "for the addon's tests")]
pub(crate) use requests::request;
