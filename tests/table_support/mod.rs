//! What the tests of tables share: fresh tables of each kind, and items to put in.

#![allow(dead_code, reason = "each test binary uses its part")]

#[cfg(feature = "aws")]
pub mod server;
pub mod suite;
pub mod tables;

use y_dynamodb::codec::SortKey;
use y_dynamodb::codec::sort_key::{DocName, LogClock, WriteId};
use y_dynamodb::table::{Head, Item, Query};

pub fn doc(name: &str) -> DocName {
    DocName::new(name).unwrap()
}

/// The key of update `clock`, always with the same id.
pub fn key(doc: &DocName, clock: u32) -> SortKey {
    SortKey::update(doc, LogClock(clock), WriteId(1, 2))
}

pub fn item(doc: &DocName, clock: u32, value: &[u8]) -> Item {
    Item { key: key(doc, clock), value: Some(value.to_vec()), head: None, at: None }
}

pub fn head(doc: &DocName, clock: u32, sealed: bool) -> Item {
    let head =
        Head { parts: 2, at: 1_700_000_000_000, sealed, compacted: true, state_vector: Some(vec![1, 2, 3]) };
    Item { key: key(doc, clock), value: Some(vec![0, 0]), head: Some(head), at: None }
}

/// The whole update log, ascending.
pub fn updates(doc: &DocName) -> Query {
    Query {
        doc: doc.clone(),
        prefix: SortKey::updates(doc),
        reverse: false,
        limit: 1_000,
        after: None,
        until: None,
    }
}
