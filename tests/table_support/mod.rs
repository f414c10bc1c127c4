//! What the table tests share: fresh tables of each kind, and items.

#![allow(dead_code, reason = "each test binary uses its part")]

#[cfg(feature = "aws")]
pub mod server;
pub mod suite;
pub mod tables;

use std::process::Command;

use y_dynamodb::codec::SortKey;
use y_dynamodb::codec::sort_key::{DocName, LogClock, WriteId};
use y_dynamodb::table::{Item, Query, SetHead};

pub fn doc(name: &str) -> DocName {
    DocName::new(name).unwrap()
}

/// The key of update `clock`, always with the same id.
pub fn key(doc: &DocName, clock: u32) -> SortKey {
    SortKey::update(doc, LogClock(clock), WriteId(1, 2))
}

pub fn item(doc: &DocName, clock: u32, value: &[u8]) -> Item {
    Item::plain(key(doc, clock), value.to_vec())
}

pub fn head(doc: &DocName, clock: u32, sealed: bool) -> Item {
    let head = SetHead {
        parts: 2,
        at: 1_700_000_000_000,
        sealed,
        compacted: true,
        state_vector: Some(vec![1, 2, 3]),
    };
    Item { key: key(doc, clock), value: Some(vec![0, 0]), head: Some(head), at: None, version: None }
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

/// Runs the calling test in a separate process, whose only AWS settings are `variables`. Returns true in that
/// process.
pub fn alone(name: &str, variables: &[(&str, &str)]) -> bool {
    if std::env::var_os("Y_DYNAMODB_TEST_ALONE").is_some() {
        return true;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([name, "--exact"]).env("Y_DYNAMODB_TEST_ALONE", "1");
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("AWS_") {
            child.env_remove(variable);
        }
    }
    let nowhere = env!("CARGO_TARGET_TMPDIR");
    child.env("HOME", nowhere).env("USERPROFILE", nowhere).env("AWS_EC2_METADATA_DISABLED", "true");
    let output = child.envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    false
}
