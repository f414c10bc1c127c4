//! Updates on which simpler merge rules, or other libraries, fail: one test for each.

mod update_support;

use update_support::*;
use y_dynamodb::update::{diff, merge, state_vector, validate};

#[test]
fn an_item_whose_dependencies_are_missing_does_not_become_gc() {
    let log = hexes(&["0101020004000101017100", "01010201440100056c6174657200", "00020201000101010101"]);
    for options in [TAIL, WHOLE] {
        let out = merged_in_any_order(&log, options);
        assert_eq!(gc_len(&out), 0, "{}", to_hex(&out));
    }
}

#[test]
fn a_neighbour_that_is_gc_proves_nothing_in_a_tail() {
    let base = hex("0101010004010174016100");
    let tail = merged(&hexes(&["01010100000100", "01010101840100016200"]), TAIL);
    let both = merged_in_any_order(&[base, tail], WHOLE);
    // "a" is deleted, because it has a GC copy. "b" stays.
    assert_eq!(both, hex("0102 0100 01010174 01 840100 0162 01 01 01 0001"));
}

#[test]
fn in_a_tail_only_a_deleted_parent_makes_an_item_gc() {
    // "b" after GC, and a deleted type that contains "c".
    let log =
        hexes(&["01010100000100", "01010101840100016200", "0102 0200 07010178 00 04000200 0163 0102010001"]);
    let tail = merged_in_any_order(&log, TAIL);
    assert_eq!(tail, hex("02 02 0200 01010178 01 0001 02 0100 0001 840100 0162 0102010001"));
    assert_eq!(gc_len(&merged(&log, WHOLE)), 3);
}

#[test]
fn deletions_that_only_gc_separates_are_one_range_in_a_whole_log() {
    // "a" and "c" are deleted items of a root type. Between their clocks is GC.
    let log = hexes(&["0103 0100 04010174 0161 0001 04010174 0163 0101 02 0001 0201"]);
    assert_eq!(merged(&log, WHOLE), hex("0103 0100 01010174 01 0001 01010174 01 0101 01 0003"));
    assert_eq!(merged(&log, TAIL), hex("0103 0100 01010174 01 0001 01010174 01 0101 02 0001 0201"));
}

#[test]
fn gc_is_replaced_by_an_item_that_arrives_later() {
    let log = hexes(&["01010101000100", "01010100040101740361626300", "000101010101"]);
    let out = merged_in_any_order(&log, WHOLE);
    // "a", deleted, "c".
    assert_eq!(out, hex("0103 0100 04010174 0161 810100 01 840101 0163 0101010101"));
}

#[test]
fn live_values_of_one_map_key_are_not_joined() {
    let log = hexes(&["010101002801016d016b017702763000", "01010101a80100017702763100"]);
    let out = merged_in_any_order(&log, KEEP);
    assert_eq!(out[1], 2, "structs");
}

#[test]
fn values_of_an_array_are_joined_and_those_of_an_unknown_parent_are_not() {
    let base = hex("0101 0100 08010161 01 770176 00");
    let next = hex("0101 0101 880100 01 770177 00");
    let out = merged_in_any_order(&[base, next.clone()], TAIL);
    assert_eq!(out, hex("0101 0100 08010161 02 770176 770177 00"));
    let later = hex("0101 0102 880101 01 770178 00");
    assert_eq!(merged(&[next, later], TAIL)[1], 2, "structs");
}

#[test]
fn both_encodings_of_an_inherited_key_give_the_same_bytes() {
    let first = hex("010101002801016d016b017702763000");
    let with_bit = hex("01010101a80100017702763100");
    let without = hex("01010101880100017702763100");
    let outs = [&with_bit, &without].map(|next| to_hex(&merged(&[first.clone(), next.clone()], TAIL)));
    assert_eq!(outs[0], outs[1]);
    let alone = [&with_bit, &without].map(|next| to_hex(&merged(std::slice::from_ref(next), TAIL)));
    assert_eq!(alone[0], alone[1]);
    assert_eq!(diff(&with_bit, &[0]).unwrap(), without);
}

#[test]
fn more_than_twenty_updates_that_mix_an_item_and_its_gc_are_merged() {
    let mut log = Vec::new();
    for i in 0..30 {
        log.push(hex(if i % 3 == 0 { "0101010004010174016100" } else { "01010100000100" }));
        log.push(hex("01010101840100016200"));
    }
    assert_eq!(merged(&log, WHOLE), hex("0102 0100 01010174 01 840100 0162 01 01 01 0001"));
}

#[test]
fn a_diff_that_begins_inside_a_gc_run_may_precede_the_full_state() {
    let log = hexes(&["010201020002480100017d090101010004", "0103010001010161010003480100017d090101010004"]);
    let out = merged_in_any_order(&log, TAIL);
    // Deleted of length 1, GC of length 3, the array's element 9.
    assert_eq!(to_hex(&out), "0103010001010161010003480100017d090101010004");
}

#[test]
fn updates_whose_gaps_are_filled_later_become_one_text() {
    let (base, c, e) =
        ("0101010004010174016100", "01010102840101016300", "010201042801016d0178017d01840103016500");
    let (b, d) = ("01010101840100016200", "01010103840102016400");
    let first = merged(&hexes(&[base, c, e]), TAIL);
    assert_eq!(to_hex(&state_vector(&first).unwrap()), "010101");
    let all = merged_in_any_order(&[vec![first], hexes(&[b, d])].concat(), TAIL);
    // "abcd", a map entry, "e".
    assert_eq!(to_hex(&all), "010301000401017404616263642801016d0178017d01840103016500");
}

#[test]
fn legacy_json_content_is_joined_and_split_but_never_parsed() {
    let update = hex("010101000201036172720201310322782200");
    assert_eq!(merged(std::slice::from_ref(&update), TAIL), update);
    let second = diff(&update, &hex("010101")).unwrap();
    assert_eq!(second, hex("0101 0101 820100 01 03227822 00"));
    let first = hex("0101 0100 020103617272 01 0131 00");
    assert_eq!(merged_in_any_order(&[first, second], TAIL), update);
}

#[test]
fn an_xml_hook_keeps_its_name() {
    let update = hex("01010100070103786d6c0504686f6f6b00");
    assert_eq!(merged(std::slice::from_ref(&update), WHOLE), update);
}

#[test]
fn json_with_a_lone_surrogate_or_deep_nesting_is_copied() {
    for json in [r#""\ud800""#.to_owned(), "[".repeat(1_000) + &"]".repeat(1_000)] {
        let mut update = hex("01010100060101740162");
        text(&mut update, &json);
        update.push(0);
        assert_eq!(merged(std::slice::from_ref(&update), WHOLE), update);
    }
}

#[test]
fn values_are_copied() {
    // {"b":1n,"a":-0,"":5e-324}, undefined, null, NaN, bytes: in an array.
    let values = [
        "76 03 0162 7a0000000000000001 0161 7d40 00 7b0000000000000001",
        "7f",
        "7e",
        "7c7fc00000",
        "7403010203",
    ];
    let mut update = hex("0101 0100 08010161");
    uint(&mut update, values.len() as u64);
    for value in values {
        update.extend(hex(value));
    }
    update.push(0);
    for options in [TAIL, WHOLE, KEEP] {
        assert_eq!(merged(std::slice::from_ref(&update), options), update);
    }
}

#[test]
fn clocks_near_31_and_32_bits_and_the_end_of_numbers_keep_their_value() {
    for clock in [(1u64 << 31) - 1, 1 << 31, (1 << 32) - 2, (1 << 32) - 1, 1 << 32, (1 << 52) - 2] {
        for client in [0u64, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 53) - 1] {
            let mut gc = vec![1, 1];
            uint(&mut gc, client);
            gc.extend([0, 0]);
            uint(&mut gc, clock);
            gc.push(0);
            let mut item = vec![1, 1];
            uint(&mut item, client);
            uint(&mut item, clock);
            item.push(0x84);
            uint(&mut item, client);
            uint(&mut item, clock - 1);
            item.extend([2, b'h', b'i', 0]);
            let out = merged_in_any_order(&[gc, item.clone()], TAIL);
            let mut vector = vec![1];
            uint(&mut vector, client);
            uint(&mut vector, clock + 2);
            assert_eq!(state_vector(&out).unwrap(), vector);
            let mut vector = vec![1];
            uint(&mut vector, client);
            uint(&mut vector, clock);
            assert_eq!(diff(&out, &vector), Ok(item));
        }
    }
}

#[test]
fn no_updates_and_empty_updates_give_the_empty_update() {
    assert_eq!(merge::<Vec<u8>>(&[], TAIL), Ok(vec![0, 0]));
    assert_eq!(merged(&hexes(&["0000", "0000"]), WHOLE), [0, 0]);
    assert_eq!(state_vector(&[0, 0]), Ok(vec![0]));
    assert_eq!(diff(&[0, 0], &[0]), Ok(vec![0, 0]));
    assert_eq!(validate(&[0, 0]), Ok(()));
}

#[test]
fn a_gap_becomes_a_skip_and_no_section_begins_with_one() {
    let log = hexes(&["01010102840101016300", "01010105840104016600", "0000"]);
    let out = merged_in_any_order(&log, TAIL);
    assert_eq!(out, hex("0103 0102 840101 0163 0a02 840104 0166 00"));
    assert_eq!(merged(&[out.clone(), out.clone()], TAIL), out);
}
