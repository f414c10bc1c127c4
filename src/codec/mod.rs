//! How names and clocks become bytes: sort keys, varints, the form of metas. Pure: no async, no DynamoDB, no Node.

pub mod any;
mod names;
mod quarantine;
pub mod sort_key;
pub mod varint;

pub use sort_key::SortKey;
