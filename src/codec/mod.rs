//! How names and clocks become bytes: sort keys and varints. Pure: no async, no DynamoDB, no Node.

pub mod sort_key;
pub mod varint;

pub use sort_key::SortKey;
