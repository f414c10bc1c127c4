//! Copies of an id that differ although Yjs wrote all of them: an item and GC, an intact surrogate pair and a split one.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails panics"
)]

mod update_support;

use update_support::*;
use y_dynamodb::update::{MergeOptions, Mismatch, merge_readable, validate, verify};

/// The merge for a read. Checks that it is valid, and that every order of the updates gives the same bytes.
fn read(updates: &[Vec<u8>], options: MergeOptions) -> Vec<u8> {
    let mut list = updates.to_vec();
    let first = merge_readable(&list, options).unwrap();
    assert_eq!(validate(&first), Ok(()));
    for _ in 0..list.len() {
        list.rotate_left(1);
        for order in [list.clone(), list.iter().rev().cloned().collect()] {
            assert_eq!(to_hex(&merge_readable(&order, options).unwrap()), to_hex(&first));
        }
    }
    first
}

#[test]
fn an_item_wins_over_its_gc_copy_and_is_deleted() {
    let log = hexes(&["0101 0200 c4 0101 0102 0151 00", "0101 0200 0001 00"]);
    for options in [TAIL, WHOLE] {
        assert_eq!(merged_in_any_order(&log, options), hex("0101 0200 c1 0101 0102 01 01 02 01 0001"));
    }
    assert_eq!(merged_in_any_order(&log, KEEP), hex("0101 0200 c4 0101 0102 0151 01 02 01 0001"));
}

#[test]
fn a_map_value_that_is_relayed_as_gc_does_not_come_back() {
    let log = hexes(&["0101 0100 07010174 01 00", "0101 0200 28 00 0100 0164 01 78 00", "0101 0200 0001 00"]);
    let out = merged_in_any_order(&log, TAIL);
    assert_eq!(out, hex("02 01 0200 21 00 0100 0164 01 01 0100 07010174 01 01 02 01 0001"));
    for (a, b) in [(0, 1), (1, 2), (0, 2)] {
        let group = merged(&[log[a].clone(), log[b].clone()], TAIL);
        assert_eq!(merged(&[group, log[3 - a - b].clone()], TAIL), out, "{a} and {b} first");
    }
}

#[test]
fn gc_deletes_the_part_of_an_item_that_it_covers() {
    let log = hexes(&["0101 0100 04010174 0461626364 00", "0101 0101 0001 00", "0101 0103 0003 00"]);
    let out = merged_in_any_order(&log, TAIL);
    // "a", deleted, "c", deleted, GC.
    let deleted = "01 01 02 0101 0301";
    assert_eq!(out, hex(&format!("0105 0100 04010174 0161 810100 01 840101 0163 810102 01 0002 {deleted}")));
    assert_eq!(merged(&log, KEEP), hex(&format!("0102 0100 04010174 0461626364 0002 {deleted}")));
}

#[test]
fn an_item_that_becomes_gc_again_adds_no_deletion() {
    let child = hex("0101 0200 04 00 0100 0163 00");
    let log = [hex("0101 0100 07010174 01 01 01 01 0001"), child.clone()];
    let collected = merged_in_any_order(&log, TAIL);
    assert_eq!(collected, hex("02 01 0200 0001 01 0100 01010174 01 01 01 01 0001"));
    for options in [TAIL, WHOLE] {
        assert_eq!(merged_in_any_order(&[collected.clone(), child.clone()], options), collected);
    }
    let kept = merged_in_any_order(&[collected, child], KEEP);
    assert_eq!(kept, hex("02 01 0200 04 00 0100 0163 01 0100 01010174 01 02 02 01 0001 01 01 0001"));
}

#[test]
fn the_check_of_a_merge_finds_a_deletion_that_only_a_gc_copy_contains() {
    let [item, gc] = ["0101 0200 c4 0101 0102 0151 00", "0101 0200 0001 00"].map(hex);
    let deleted = hex("0101 0200 c1 0101 0102 01 01 02 01 0001");
    let both = [item.clone(), gc.clone()];
    assert_eq!(verify(&both, &deleted), Ok(()));
    assert!(matches!(verify(&both, &item), Err(Mismatch::LostDeletions(_))));
    assert!(matches!(verify(&both, &gc), Err(Mismatch::LostContent(_))));
    assert!(matches!(verify(&[item.clone(), item], &deleted), Err(Mismatch::InventedDeletions(_))));
    assert!(matches!(verify(&[gc], &deleted), Err(Mismatch::InventedDeletions(_))));
}

#[test]
fn a_read_takes_the_gc_copy_of_an_item_that_waits() {
    let log = hexes(&["0101 0200 84 0300 0162 00", "0102 0200 0001 04010174 0568656c6c6f 00"]);
    assert_eq!(read(&log, WHOLE), hex("0102 0200 0001 04010174 0568656c6c6f 00"));
    // Not if the log may have more, if content is kept, or for a compaction.
    let kept = hex("0102 0200 81 0300 01 04010174 0568656c6c6f 01 02 01 0001");
    assert_eq!(read(&log, TAIL), kept);
    assert_eq!(read(&log, KEEP), merged(&log, KEEP));
    assert_eq!(merged_in_any_order(&log, WHOLE), kept);
    // Nor if nothing is missing.
    let complete = [&log[..], &hexes(&["0101 0300 04010174 0161 00"])].concat();
    assert_eq!(read(&complete, WHOLE), merged(&complete, WHOLE));
}

#[test]
fn a_read_takes_the_gc_copy_of_a_deleted_item_that_waits() {
    let log = hexes(&["0101 0200 84 0300 0162 00", "0101 0200 0001 00", "0001 02 01 0001"]);
    assert_eq!(read(&log, WHOLE), hex("0101 0200 0001 01 02 01 0001"));
}

#[test]
fn a_read_takes_gc_for_a_whole_item_if_its_first_id_has_a_gc_copy() {
    let rest = "0101 0203 04010174 0568656c6c6f 00";
    let log = hexes(&["0101 0200 84 0300 03616263 00", "0101 0200 0001 00", rest]);
    assert_eq!(read(&log, WHOLE), hex("0102 0200 0003 04010174 0568656c6c6f 00"));
    // The GC is joined with what follows it in the update.
    let log = hexes(&["0103 0200 84 0300 0162 0002 04010174 0568656c6c6f 00", "0101 0200 0001 00"]);
    assert_eq!(read(&log, WHOLE), hex("0102 0200 0003 04010174 0568656c6c6f 00"));
    // The first id is missing in a document too if only a later one has a GC copy.
    let log = hexes(&["0101 0200 84 0300 03616263 00", "0101 0201 0001 00", rest]);
    assert_eq!(gc_len(&read(&log, WHOLE)), 0);
}

#[test]
fn a_read_takes_no_more_gc_copies_than_it_needs() {
    // "b" waits for "d", which waits for "c" of the same client, which waits for a client that is missing.
    let log = hexes(&[
        "0101 0200 84 0301 0162 00",
        "0102 0300 84 0400 0163 04010174 0164 00",
        "02 01 0300 0001 01 0200 0001 00",
    ]);
    let deleted = "01 02 01 0001";
    assert_eq!(
        read(&log, WHOLE),
        hex(&format!("02 02 0300 0001 04010174 0164 01 0200 81 0301 01 {deleted}"))
    );
}

#[test]
fn an_intact_surrogate_pair_wins_over_a_split_one() {
    let parts = ["0101010004010174017800", "0101010184010003efbfbd00", "0101010284010103efbfbd00"];
    let together = "0101 0100 04010174 07 78efbfbdefbfbd 00";
    let intact = "0101 0100 04010174 05 78f09f9880 00";
    for split in [&parts[..], &[together], &parts[..2], &parts[2..]] {
        for options in [TAIL, WHOLE, KEEP] {
            let log = hexes(&[split, &[intact]].concat());
            assert_eq!(to_hex(&merged_in_any_order(&log, options)), to_hex(&hex(intact)));
        }
    }
    assert_eq!(merged_in_any_order(&hexes(&parts), TAIL), hex(together), "no copy is intact");
}

#[test]
fn pairs_that_are_intact_in_different_copies_are_all_intact() {
    let copies = hexes(&[
        "0101 0100 04010174 0b 78f09f9880efbfbdefbfbd 00",
        "0101 0100 04010174 0b 78efbfbdefbfbdf09f9880 00",
    ]);
    let intact = hex("0101 0100 04010174 09 78f09f9880f09f9880 00");
    assert_eq!(merged_in_any_order(&copies, TAIL), intact);
    for copy in &copies {
        assert_eq!(merged(&[merged(&copies, TAIL), copy.clone()], TAIL), intact);
    }
    // Three structs without joining: the second pair is from another copy than the first.
    let options = MergeOptions { squash: false, ..TAIL };
    assert_eq!(merged(&copies, options), hex("0102 0100 04010174 05 78f09f9880 84 0102 04 f09f9880 00"));
}

#[test]
fn a_pair_of_which_half_is_deleted_is_split() {
    let split = "0101 0100 04010174 07 78efbfbdefbfbd 00";
    let log = hexes(&[split, "0101 0100 04010174 05 78f09f9880 00", "0001 01 01 0101"]);
    let halves = "0103 0100 04010174 0178 810100 01 840101 03efbfbd 01 01 01 0101";
    assert_eq!(merged_in_any_order(&log, TAIL), hex(halves));
    let kept = merged_in_any_order(&log, KEEP);
    assert_eq!(kept, hex("0101 0100 04010174 05 78f09f9880 01 01 01 0101"));
    assert_eq!(merged(&[kept, hex(halves)], TAIL), hex(halves));
}

#[test]
fn a_replacement_character_that_was_typed_stays() {
    let log = hexes(&["0101 0100 04010174 04 78efbfbd 00", "0101 0100 04010174 08 78efbfbdf09f9880 00"]);
    assert_eq!(merged_in_any_order(&log, TAIL), log[1]);
}
