//! The embedded DynamoDB: dynoxide (SQLite) behind the SDK's HTTP client, in this process, without a socket. dynoxide
//! is meant for development and tests.
//!
//! `database` opens and closes databases and shares them between tables. `engine` answers the SDK's requests from
//! one. Without the feature `embedded`, these endpoints are refused.

#[cfg(feature = "embedded")]
mod database;
#[cfg(feature = "embedded")]
mod engine;
#[cfg(not(feature = "embedded"))]
mod missing;

#[cfg(not(feature = "embedded"))]
pub(super) use self::missing::Embedded;
#[cfg(feature = "embedded")]
pub(super) use engine::Embedded;
#[cfg(feature = "test-hooks")]
#[allow(unused_imports, reason = "for the addon's tests")]
pub(crate) use engine::request;
