//! The encoding of names and clocks: sort keys, varints, metas. Pure: no async, no DynamoDB, no Node.

pub mod any;
mod doc_name;
mod meta_key;
mod quarantine;
pub mod sort_key;
pub mod state_vector_item;
pub mod varint;

pub use meta_key::MetaKey;
pub use sort_key::SortKey;
