//! Salvage replaces refused structs by tombstones and copies everything else.
//!
//! `__test__/updates/hostile.test.mjs` compares the results with Yjs itself.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails panics"
)]

mod update_support;

use update_support::*;
use y_dynamodb::update::{Salvaged, salvage, validate};

/// The salvaged update in hexadecimal, with offset and reason of each refused part.
fn salvaged(update: &[u8]) -> (String, Vec<(usize, &'static str)>) {
    let Salvaged { update: out, refused } =
        salvage(update).unwrap_or_else(|e| panic!("{e}: {}", to_hex(update)));
    assert_eq!(validate(&out), Ok(()), "{} from {}", to_hex(&out), to_hex(update));
    assert_eq!(salvage(&out).unwrap(), Salvaged { update: out.clone(), refused: Vec::new() });
    (to_hex(&out), refused.iter().map(|e| (e.offset, e.reason)).collect())
}

#[track_caller]
fn assert_salvaged(update: &str, expected: &str, reasons: &[(usize, &str)]) {
    let (out, refused) = salvaged(&hex(update));
    assert_eq!(out, expected.replace(' ', ""), "{update}");
    let starts = refused.iter().zip(reasons).all(|(a, b)| a.0 == b.0 && a.1.starts_with(b.1));
    assert!(starts && refused.len() == reasons.len(), "{update}: {refused:?}");
}

#[test]
fn a_valid_update_is_returned_unchanged() {
    for update in [
        "0000",
        "0101 0100 04010174 0161 00",
        "0102 0100 0a 00 04010174 0161 00",
        "0001 05 03 0901 0101 0103",
    ] {
        assert_salvaged(update, update, &[]);
    }
}

#[test]
fn content_that_yjs_cannot_read_becomes_a_tombstone_and_the_text_after_it_stays() {
    // An embed that is not JSON between two texts, with neighbours and with a parent and a key.
    assert_salvaged(
        "0103 0100 04010174 0161 c5 0100 0700 017b 84 0101 0162 00",
        "0103 0100 04010174 0161 c1 0100 0700 01 84 0101 0162 01 01 01 0101",
        &[(15, "text that is not JSON")],
    );
    assert_salvaged(
        "0101 0100 25 00 0900 016b 017b 00",
        "0101 0100 21 00 0900 016b 01 01 01 01 0001",
        &[(10, "text that")],
    );
    // Three values of which the second is refused; text that is not UTF-8.
    assert_salvaged(
        "0101 0100 02 010161 03 0131 017b 0131 00",
        "0101 0100 01 010161 03 01 01 01 0003",
        &[(11, "text that")],
    );
    assert_salvaged(
        "0101 0100 04 010161 03 61ff62 00",
        "0101 0100 01 010161 03 01 01 01 0003",
        &[(8, "text that is not UTF-8")],
    );
    // A subdocument; bytes as a prototype; a number that is too long.
    assert_salvaged(
        "0101 0100 09 010161 0161 7e 00",
        "0101 0100 01 010161 01 01 01 01 0001",
        &[(10, "subdocument")],
    );
    let proto = "09 5f5f70726f746f5f5f 74 0107";
    assert_salvaged(
        &format!("0101 0100 08 010161 01 76 01 {proto} 00"),
        "0101 0100 01 010161 01 01 01 01 0001",
        &[(11, "bytes under")],
    );
    assert_salvaged(
        "0101 0100 08 010161 01 7d 80808080808080808001 00",
        "0101 0100 01 010161 01 01 01 01 0001",
        &[(9, "number above")],
    );
}

#[test]
fn an_item_that_names_itself_or_has_no_readable_parent_becomes_gc() {
    assert_salvaged(
        "0102 0100 84 0107 026162 04 010174 0161 00",
        "0102 0100 00 02 04 010174 0161 01 01 01 0002",
        &[(5, "an item names")],
    );
    assert_salvaged("0101 0100 04 01 01ff 0161 00", "0101 0100 00 01 01 01 01 0001", &[(6, "text that")]);
    assert_salvaged(
        "0101 0100 24 01 0174 01ff 0161 00",
        "0101 0100 00 01 01 01 01 0001",
        &[(8, "text that")],
    );
    // If header and content are refused, only the first is reported.
    assert_salvaged("0101 0100 85 0100 017b 00", "0101 0100 00 01 01 01 01 0001", &[(5, "an item names")]);
}

#[test]
fn structs_of_no_length_are_dropped() {
    // A Skip of no length is accepted only between structs.
    assert_salvaged(
        "0102 0200 87 0107 01 0a00 00",
        "0101 0200 87 0107 01 00",
        &[(8, "a struct of no length")],
    );
    assert_salvaged(
        "0102 0100 04010174 00 04010174 0161 00",
        "0101 0100 04010174 0161 00",
        &[(4, "a struct of no length")],
    );
    assert_salvaged("0101 0100 00 00 00", "0100 0100 00", &[(4, "a struct of no length")]);
    assert_salvaged("0001 02 02 0000 0101", "0001 02 01 0101", &[(4, "a deletion of no length")]);
}

#[test]
fn deletions_are_shortened_and_sorted() {
    let most = "ffffffffffffff0f";
    assert_salvaged(
        &format!("0001 02 01 05 {most}"),
        "0001 02 01 05 faffffffffffff0f",
        &[(4, "clock above")],
    );
    let half = "ffffffffffffff07";
    assert_salvaged(
        &format!("0002 03 01 01 {half} 05 01 01 {half}"),
        &format!("0002 05 01 01 {half} 03 01 01 {half}"),
        &[(15, "deletions out of order")],
    );
}

#[test]
fn sections_of_one_client_are_merged_and_bytes_after_the_end_are_dropped() {
    assert_salvaged(
        "02 01 0100 04010174 0161 01 0101 04010175 0162 00",
        "0102 0100 04010174 0161 04010175 0162 00",
        &[(11, "two sections")],
    );
    assert_salvaged("0101 0100 04010174 0161 00 07", "0101 0100 04010174 0161 00", &[(11, "bytes after")]);
}

#[test]
fn a_struct_whose_end_is_not_known_is_not_salvaged() {
    for update in [
        "0101 0100 04010174 0561 00",                 // cut
        "05",                                         // a count
        "0101 0100 0b 010174 01 00",                  // content that does not exist
        "0101 0100 07 010174 07 00",                  // a type that does not exist
        "0101 0100 08 010174 01 05 00",               // a value that does not exist
        "0101 01 8080808080808008 04 010174 0161 00", // a clock
        "0101 0100 00 80808080808080808001 00",       // a length
    ] {
        assert_eq!(salvage(&hex(update)).unwrap_err(), validate(&hex(update)).unwrap_err(), "{update}");
    }
    // A V2 update that begins like an empty V1 update with bytes after the end.
    let v2 = hex("00 00 01 00 00 00 01 41 00 00 00 02 41 01 00");
    assert!(salvage(&v2).unwrap_err().reason.starts_with("V2 update"), "{:?}", salvage(&v2));
}

#[test]
fn conflicts_in_one_update_become_tombstones() {
    assert_salvaged(
        "0102 0200 28 00 0900 016b 02 7e7e 88 0200 01 7e 00",
        "0102 0200 21 00 0900 016b 02 88 0200 01 7e 01 02 01 0002",
        &[(4, "a live map entry with several values")],
    );
    // After another refused struct: the offset is one in the input.
    assert_salvaged(
        "0103 0200 05 010174 057b7b7b7b7b 28 00 0900 016b 02 7e7e 88 0201 01 7e 00",
        "0103 0200 01 010174 01 21 00 0900 016b 02 88 0201 01 7e 01 02 01 0003",
        &[(8, "text that"), (14, "a live map entry with several values")],
    );
}

#[test]
fn the_type_at_depth_a_thousand_becomes_a_tombstone() {
    let mut update = hex("01 e907 01 00 07 01 0174 01");
    for parent in 0..1_000 {
        update.extend([7, 0, 1]);
        uint(&mut update, parent);
        update.push(1);
    }
    update.push(0);
    let (out, refused) = salvaged(&update);
    assert!(matches!(refused.as_slice(), [(_, "types nested more than 1,000 deep")]));
    assert!(out.ends_with("010001e70701010101e80701"), "{}", &out[out.len() - 40..]);
}
