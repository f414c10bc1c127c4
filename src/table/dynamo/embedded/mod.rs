//! The embedded DynamoDB: dynoxide (SQLite) behind the SDK's HTTP client, in this process, without a socket. dynoxide
//! is meant for development and tests.
//!
//! `database` opens and closes databases and shares them between tables. `requests` answers the SDK's requests from
//! one. Without the feature `embedded`, these endpoints are refused.

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
