//! Compares merges with yjs and yrs: yrs reads from a merge what yjs reads from the log.
//!
//! The logs, and what yjs reads from them, are in `update_support/yrs-logs.txt`: see `__test__/updates/write-yrs-logs.mjs`.
//! They have only content that yrs reads as yjs does.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails panics, also outside of the test functions"
)]

mod update_support;

use update_support::*;
use y_dynamodb::update::merge;
use yrs::types::ToJson;
use yrs::updates::decoder::Decode;
use yrs::{Any, Doc, GetString, ReadTxn, Transact, Update};

/// The logs, each with what yjs reads from it.
fn logs() -> Vec<(Any, Vec<Vec<u8>>)> {
    let mut logs = Vec::new();
    for line in include_str!("update_support/yrs-logs.txt").lines() {
        match line.starts_with('{') {
            true => logs.push((Any::from_json(line).unwrap(), Vec::new())),
            false => logs.last_mut().unwrap().1.push(hex(line)),
        }
    }
    logs
}

/// What yrs reads from an update.
fn read(update: &[u8]) -> Any {
    let doc = Doc::new();
    let (text, array, map, xml) = (
        doc.get_or_insert_text("text"),
        doc.get_or_insert_array("array"),
        doc.get_or_insert_map("map"),
        doc.get_or_insert_xml_fragment("xml"),
    );
    let mut txn = doc.transact_mut();
    txn.apply_update(Update::decode_v1(update).unwrap()).unwrap();
    assert!(txn.store().pending_update().is_none(), "something waits");
    Any::from(std::collections::HashMap::from([
        ("text".to_owned(), Any::from(text.get_string(&txn))),
        ("array".to_owned(), array.to_json(&txn)),
        ("map".to_owned(), map.to_json(&txn)),
        ("xml".to_owned(), Any::from(xml.get_string(&txn))),
    ]))
}

#[test]
fn yrs_reads_from_a_merge_what_yjs_reads_from_the_log() {
    let logs = logs();
    assert!(logs.len() >= 60);
    for (i, (expected, updates)) in logs.iter().enumerate() {
        for options in [WHOLE, TAIL, KEEP] {
            assert_eq!(&read(&merged(updates, options)), expected, "log {i}, {options:?}");
        }
        let half = merge(&updates[..updates.len() / 2], TAIL).unwrap();
        let rest = &updates[updates.len() / 2..];
        let both = [&[half], rest].concat();
        assert_eq!(&read(&merged(&both, WHOLE)), expected, "log {i} in two rounds");
    }
}
