//! An update on which Yjs throws is refused. Updates on which Yjs throws only together are read with tombstones.
//!
//! Here are the rules one by one. `__test__/updates/hostile.test.mjs` compares them with Yjs itself.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails panics"
)]

mod update_support;

use update_support::*;
use y_dynamodb::update::{contents, merge, merge_readable, unreadable, validate};

fn reason_of(update: &[u8]) -> String {
    validate(update).expect_err(&to_hex(update)).to_string()
}

fn assert_refused(update: &str, reason: &str) {
    let found = reason_of(&hex(update));
    assert!(found.starts_with(reason), "{update}: {found}");
}

/// An update of one item: an embed in a text.
fn embed(json: &str) -> Vec<u8> {
    let mut update = hex("0101 0100 05010174");
    text(&mut update, json);
    update.push(0);
    update
}

#[test]
fn content_that_yjs_cannot_parse_is_refused() {
    let reason = "text that is not JSON";
    assert_refused("0101 0100 05 010161 01 7b 00", reason);
    assert_refused("0101 0100 06 010161 0162 01 7b 00", reason);
    assert_refused("0101 0100 02 010161 02 0131 017b 00", reason);
    assert_refused("0101 0100 05 010161 09 756e646566696e6564 00", reason);
    assert_eq!(validate(&hex("0101 0100 02 010161 02 09 756e646566696e6564 0131 00")), Ok(()));
    let deep = |n: usize| embed(&("[".repeat(n) + &"]".repeat(n)));
    assert_eq!(validate(&deep(1_000)), Ok(()));
    assert!(reason_of(&deep(1_002)).starts_with(reason));
    assert_eq!(validate(&embed(r#"{"a":"\ud800","a":-0,"b":1e999}"#)), Ok(()));
}

#[test]
fn bytes_as_a_prototype_are_refused() {
    let proto = "09 5f5f70726f746f5f5f";
    assert_refused(
        &format!("0101 0100 08 010161 01 76 01 {proto} 74 0107 00"),
        "bytes under the key '__proto__'",
    );
    assert_refused(
        &format!("0101 0100 09 010161 0161 76 01 {proto} 74 0107 00"),
        "bytes under the key '__proto__'",
    );
    assert_eq!(validate(&hex(&format!("0101 0100 08 010161 01 76 01 {proto} 75 01 74 0107 00"))), Ok(()));
}

#[test]
fn an_item_names_only_what_was_there_before_it() {
    let reason = "an item names itself";
    for own in ["c7 0100 0200 00", "47 0100 00", "47 010f 00", "87 0100 00", "07 00 0100 00", "07 00 0107 00"]
    {
        assert_refused(&format!("0101 0100 {own} 00"), reason);
    }
    // Also after a gap: once it is filled, Yjs looks the id up.
    assert_refused("0101 0105 84 0105 0161 00", reason);
    assert_refused("0101 0105 c4 0104 0105 0161 00", reason);
    assert_eq!(validate(&hex("0101 0105 c4 0104 0103 0161 00")), Ok(()));
    assert_eq!(validate(&hex("0101 0100 84 0205 0161 00")), Ok(()));
}

#[test]
fn clocks_that_yjs_cannot_keep_after_a_gap_are_refused() {
    let largest = "ffffffffffffff07"; // 2^52 - 1
    let beyond = "8080808080808008";
    assert_eq!(validate(&hex(&format!("0101 0100 84 02 {largest} 0161 00"))), Ok(()));
    assert_refused(&format!("0101 0100 84 02 {beyond} 0161 00"), "an item names");
    assert_eq!(validate(&hex(&format!("0101 01 {largest} 84 0100 0161 00"))), Ok(()));
    assert_refused(&format!("0101 01 {beyond} 84 0100 0161 00"), "clock above");
    assert_refused(&format!("0101 01 {largest} 84 0100 026162 00"), "clock above");
}

#[test]
fn structs_and_deletions_of_no_length_are_refused_and_a_merge_drops_them() {
    for (update, merged) in [
        ("0101 0100 00 00 00", "0000"),
        ("0102 0100 04010174 00 04010174 0161 00", "0101 0100 04010174 0161 00"),
        ("0101 0100 01010174 00 00", "0000"),
        ("0101 0100 08010174 00 00", "0000"),
        ("0101 0100 02010174 00 00", "0000"),
        ("0001 02 01 02 00", "0000"),
        ("0001 02 02 0000 0101", "0001 02 01 0101"),
    ] {
        let update = hex(update);
        assert!(reason_of(&update).contains("of no length"), "{}", to_hex(&update));
        assert_eq!(to_hex(&merge(&[&update], TAIL).unwrap()), merged.replace(' ', ""));
        assert!(unreadable(&[&update]).is_empty(), "logs from before the check stay readable");
    }
    // Yjs itself writes such a Skip.
    assert_eq!(validate(&hex("0102 0100 0a 00 04010174 0161 00")), Ok(()));
}

#[test]
fn deletions_out_of_order_are_refused_only_where_yjs_would_count_too_far() {
    let half = "ffffffffffffff07";
    assert_eq!(validate(&hex("0001 05 03 0901 0101 0103")), Ok(()));
    assert_eq!(validate(&hex("0002 03 01 0101 05 01 0101")), Ok(()));
    assert_eq!(validate(&hex(&format!("0002 05 01 01 {half} 03 01 01 {half}"))), Ok(()));
    assert_refused(&format!("0001 05 02 01 {half} 01 {half}"), "deletions out of order");
    assert_refused(&format!("0002 03 01 01 {half} 05 01 01 {half}"), "deletions out of order");
}

/// Types in each other, from a clock of client 1 on.
fn types(from: u64, count: u64) -> Vec<u8> {
    let mut update = vec![1];
    [count, 1, from].into_iter().for_each(|n| uint(&mut update, n));
    for clock in from..from + count {
        match clock.checked_sub(1) {
            None => update.extend(hex("07 01 0174 01")),
            Some(parent) => {
                update.extend([7, 0, 1]);
                uint(&mut update, parent);
                update.push(1);
            }
        }
    }
    update.push(0);
    update
}

/// The ids that become tombstones when the updates are read, as client and ranges. Checks that nothing else changes.
fn tombstones(updates: &[Vec<u8>]) -> Vec<(u64, Vec<(u64, u64)>)> {
    assert_eq!(unreadable(updates), []);
    assert_eq!(validate(&merge_readable(updates, WHOLE).unwrap()), Ok(()));
    let read = merge_readable(updates, KEEP).unwrap();
    assert_eq!(validate(&read), Ok(()));
    let [plain, read] = [merge(updates, KEEP).unwrap(), read].map(|update| contents(&update).unwrap());
    assert_eq!(plain.ids(), read.ids());
    let tombstones = plain.full.without(&read.full);
    let list: Vec<_> = tombstones.iter().map(|(client, ranges)| (client, ranges.to_vec())).collect();
    let mut deleted = plain.deleted();
    deleted.extend(&tombstones);
    assert!(deleted.without(&read.delete_set).is_empty() && read.delete_set.without(&deleted).is_empty());
    list
}

#[test]
fn types_are_nested_a_thousand_deep_and_no_deeper_in_one_update_or_several() {
    assert_eq!(validate(&types(0, 1_000)), Ok(()));
    assert!(reason_of(&types(0, 1_001)).starts_with("types nested more than 1,000 deep at byte"));
    let wide: Vec<_> = (0..40).map(|i| types(i * 50, 50)).collect();
    assert_eq!(tombstones(&wide[..20]), []);
    assert_eq!(tombstones(&wide), [(1, vec![(1_000, 1_001)])], "deeper types have no parent then");
    let mut backwards = wide[..21].to_vec();
    backwards.reverse();
    assert_eq!(tombstones(&backwards), [(1, vec![(1_000, 1_001)])]);
}

#[test]
fn what_was_merged_for_a_read_keeps_what_others_wrote() {
    let note = hex("0101 0700 04010174 0568656c6c6f 00");
    let read = merge_readable(&[types(0, 600), note.clone(), types(600, 600)], WHOLE).unwrap();
    assert!(read.windows(5).any(|bytes| bytes == b"hello"));
    let stored = merge(&[types(0, 600), note, types(600, 600)], WHOLE).unwrap();
    assert_eq!(contents(&stored).unwrap().deleted(), Default::default(), "a compaction stores all of it");
}

/// A map in an array, and a map entry with two values. Each update is valid.
fn map_and_entry() -> [Vec<u8>; 2] {
    [hex("0101 0900 07 010161 01 00"), hex("0101 0200 28 00 0900 016b 02 7e7e 00")]
}

#[test]
fn a_live_map_entry_with_several_values_that_is_split_is_read_as_a_tombstone() {
    let [map, entry] = map_and_entry();
    let end_of_map = hex("0001 09 01 0001");
    for splits in ["0101 0300 88 0200 01 7e 00", "0101 0300 48 0201 01 7e 00", "0001 02 01 0101"] {
        let splits = hex(splits);
        assert_eq!(validate(&splits), Ok(()));
        let tombstone = [(2, vec![(0, 2)])];
        let log = [&map, &entry, &end_of_map, &splits].map(Clone::clone);
        assert_eq!(tombstones(&log), tombstone, "{}", to_hex(&splits));
        let log = [&splits, &end_of_map, &map, &entry].map(Clone::clone);
        assert_eq!(tombstones(&log), tombstone, "{}", to_hex(&splits));
        let twice = [&map, &entry, &splits, &splits].map(Clone::clone);
        assert_eq!(tombstones(&twice), tombstone, "{}", to_hex(&splits));
    }
    // GC of the second value deletes it, which splits the entry.
    let gc = hex("0101 0201 0001 00");
    assert!(!tombstones(&[map, entry, gc]).is_empty());
    // Also in one update, and if the map is missing.
    assert_refused(
        "0102 0200 28 00 0900 016b 02 7e7e 88 0200 01 7e 00",
        "a live map entry with several values",
    );
}

#[test]
fn entries_that_yjs_or_yrs_write_are_readable() {
    let [map, entry] = map_and_entry();
    let next = hex("0101 0300 88 0201 01 7e 01 02 01 0002");
    assert_eq!(tombstones(&[map.clone(), entry.clone(), next]), [], "deleted as a whole");
    let first_deleted = hex("0101 0300 88 0200 01 7e 01 02 01 0001");
    assert_eq!(tombstones(&[map.clone(), entry, first_deleted]), [], "the right piece is the entry");
    // Values set one after another, the last of them live; and two keys of one map.
    let set = hexes(&["0101 0200 28 00 0900 016b 01 7e 00", "0101 0201 88 0200 01 7e 01 02 01 0001"]);
    let keys = hexes(&["0101 0202 28 00 0900 016c 01 7e 00", "0101 0300 88 0201 01 7e 01 02 01 0101"]);
    assert_eq!(tombstones(&[vec![map], set, keys].concat()), []);
}

#[test]
fn values_that_a_merge_would_join_to_one_map_entry_are_split_like_one() {
    // Two copies of (3, 0): a map entry, and the first value of a list whose second value follows the entry. The entry
    // (2, 0) to (2, 2) is split too, but deleted.
    let log = hexes(&[
        "0101 0300 88 0201 01 7e 00",
        "0001 01 01 0001",
        "0101 0200 28 00 0100 016b 03 7e7e7e 00",
        "0101 0100 07 010161 01 00",
        "0102 0300 08 010161 02 7878 41 0301 02 02 03 01 0202 02 01 0005",
    ]);
    assert_eq!(tombstones(&log), [(3, vec![(0, 1)])]);
}

#[test]
fn what_fills_a_gap_decides_whether_a_map_entry_is_split() {
    // The map (1, 1) waits for (1, 0), the deletion of (2, 2) for (2, 1) and (2, 2).
    let update = hex("02 01 02 00 28 00 0101 016b 01 7e 01 01 01 87 0100 01 02 02 01 0201 01 01 0101");
    let before_map = hex("01 01 01 00 04 01 0161 01 78 00");
    let log = |values: &str| [update.clone(), hex(values), before_map.clone()];
    assert_eq!(validate(&update), Ok(()));
    let one_each = "01 02 02 01 88 0200 01 7e 88 0201 01 7e 01 02 01 0002";
    assert_eq!(tombstones(&log(one_each)), [], "what Yjs writes");
    let together = "01 01 02 01 88 0200 02 7e7e 00";
    assert_eq!(validate(&hex(together)), Ok(()));
    assert_eq!(tombstones(&log(together)), [(2, vec![(1, 3)])]);
}

#[test]
fn structs_that_wait_for_each_other_are_in_no_map() {
    // The type (1, 1) stands behind the text (4, 7), and that lies in the type. A merge joins (4, 4) and (4, 7).
    let cycle = hex("02 02 04 04 24 00 0101 016b 03 78797a 84 0406 02 6162 01 01 01 87 0407 01 00");
    assert_eq!(validate(&cycle), Ok(()));
    assert_eq!(tombstones(&[cycle]), []);
}

#[test]
fn each_update_that_cannot_be_read_is_reported_with_a_reason() {
    let log = hexes(&["0000", "07", "0101 0100 04010174 0161 00", "0101 0200 05 010161 01 7b 00"]);
    let found: Vec<_> = unreadable(&log).iter().map(|e| (e.update, e.offset)).collect();
    assert_eq!(found, [(1, 0), (3, 8)]);
    assert_eq!(merge_readable(&log, TAIL).unwrap_err().update, 1);
}

#[test]
fn subdocuments_have_options_that_yjs_can_write_again() {
    let doc = |options: &str| hex(&format!("0101 0100 09 010170 0167 {options} 00"));
    let guid = "04 67756964";
    for value in ["7e", "7f", "7d05", "78", "74 00", "75 01 7701 61", "76 00"] {
        let reason = reason_of(&doc(&format!("76 01 {guid} {value}")));
        assert!(reason.starts_with("subdocument with a 'guid' that is not a string at byte 12"), "{reason}");
    }
    assert_eq!(validate(&doc(&format!("76 01 {guid} 7701 61"))), Ok(()));
    assert_eq!(validate(&doc(&format!("76 01 0161 76 01 {guid} 7e"))), Ok(()), "only the options themselves");
    assert_eq!(validate(&doc("76 02 046d657461 7e 086175746f4c6f6164 78")), Ok(()));
    assert!(reason_of(&doc("76 01 08 676346696c746572 78")).starts_with("subdocument with a 'gcFilter'"));
    assert!(reason_of(&doc("7e")).starts_with("subdocument without options"));
}
