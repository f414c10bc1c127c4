//! Bytes that are not updates are refused in linear time and bounded memory, with an offset and a reason. They never cause a
//! panic.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that fails panics, also outside of the test functions"
)]

mod update_support;

use update_support::memory::{SLOW, measured};
use update_support::*;
use y_dynamodb::update::{
    contents, diff, merge, merge_readable, salvage, state_vector, unreadable, validate,
    validate_state_vector, verify,
};

/// Runs all functions of the engine on untrusted bytes. Returns whether they are a valid update.
fn exercise(bytes: &[u8]) -> bool {
    let ((valid, agree), memory, time) = measured(|| {
        let valid = validate(bytes);
        let merged = merge(&[bytes], WHOLE);
        // A merge accepts a little more than `validate`.
        let agree = (merged.is_ok() || valid.is_err())
            && state_vector(bytes).is_ok() == merged.is_ok()
            && diff(bytes, &[1, 1, 3]).is_ok() == merged.is_ok();
        let _ = validate_state_vector(bytes);
        let _ = diff(&[0, 0], bytes);
        let _ = merge(&[&[1, 1, 1, 0, 4, 1, 1, 97, 2, 97, 98, 0], bytes], TAIL);
        if let Ok(merged) = merged {
            verify(&[bytes], &merged).unwrap_or_else(|e| panic!("{e}: {}", to_hex(bytes)));
            assert_eq!(merge(&[&merged], WHOLE).as_ref(), Ok(&merged), "{}", to_hex(bytes));
            assert!(unreadable(&[bytes]).is_empty(), "{}", to_hex(bytes));
            for options in [WHOLE, KEEP] {
                let read = merge_readable(&[bytes], options).unwrap();
                assert_eq!(validate(&read), Ok(()), "the merge for a read is refused: {}", to_hex(bytes));
            }
        }
        let salvaged = salvage(bytes);
        assert!(valid.is_err() || salvaged.as_ref().is_ok_and(|s| s.update == bytes && s.refused.is_empty()));
        if let Ok(salvaged) = salvaged {
            let named = !salvaged.refused.is_empty() || valid.is_ok();
            assert!(named && validate(&salvaged.update).is_ok(), "{}", to_hex(bytes));
            if let (Ok(before), Ok(after)) = (contents(bytes), contents(&salvaged.update)) {
                assert_eq!(before.ids(), after.ids(), "{}", to_hex(bytes));
                assert!(before.deleted().without(&after.deleted()).is_empty(), "{}", to_hex(bytes));
            }
        }
        (valid, agree)
    });
    assert!(agree, "the functions disagree about {}", to_hex(bytes));
    // For all functions together.
    assert!(memory <= 8 * bytes.len() + (1 << 20), "{memory} B for {} B", bytes.len());
    assert!(time < SLOW, "{time:?} for {}", to_hex(bytes));
    if let Err(e) = &valid {
        assert!(e.offset <= bytes.len(), "{e}");
    }
    valid.is_ok()
}

/// Updates with all kinds of content, to be mutated.
fn valid_updates() -> Vec<Vec<u8>> {
    let mut list = hexes(&[
        "0000",
        "01010100040101740161 00",
        "0101010004010174 0578f09f9880 0101010102",
        "010101000201036172720201310322782200",
        "01010100070103786d6c0504686f6f6b00",
        "010101000701 0178 03 0170 00",
        "0101010a 09 010161 03737562 7602 086175746f4c6f6164 78 046d657461 7601 0161 7d01 00",
        "0101010008010161 05 7602 0161 7503 7d01 7e 7f 0162 7b3ff8000000000000 7a0000000000000001 7c3fc00000 7403010203 770178 00",
        "010101000301 0161 03010203 00",
        "0101010005010161 07 7b2261223a317d 00",
        "0101010006010161 0162 04 74727565 00",
        "010301000101 0161 03 0003 480100 01 7d09 0101010004",
        "02 02 05 00 04010174 0161 c405000200 0162 02 04 00 04000501 0161 810400 ffffffff0f 02 05 01 00 01 04 02 00 01 03 02",
        "010201020002480100017d090101010004",
        "01010200c401010102015100",
        "0103 8080808080808008 00 0a05 0003 810400 02 00",
    ]);
    list.retain(|update| !update.is_empty());
    list
}

fn mutate(r: &mut Random, list: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = r.pick(list).clone();
    for _ in 0..1 + r.below(4) {
        let at = r.below(bytes.len() + 1);
        match r.below(7) {
            0 if at < bytes.len() => bytes[at] = r.below(256) as u8,
            1 if at < bytes.len() => bytes[at] ^= 1 << r.below(8),
            2 if at < bytes.len() => bytes[at] = *r.pick(&[0, 1, 10, 0x7f, 0x80, 0xff, 0x75, 0x76]),
            3 => bytes.insert(at, r.below(256) as u8),
            4 if at < bytes.len() => drop(bytes.remove(at)),
            5 => bytes.truncate(at),
            _ => {
                let other = r.pick(list).clone();
                let from = r.below(other.len());
                bytes.splice(at..at, other[from..].iter().copied());
            }
        }
    }
    bytes
}

#[test]
fn mutated_updates_never_panic_hang_or_take_memory() {
    const CHILD: &str = "Y_UPDATE_MALFORMED_CHILD";
    if cfg!(unix) && std::env::var_os(CHILD).is_none() {
        // Runs this test in a process with at most 256 MB of address space.
        let status = std::process::Command::new("sh")
            .args(["-c", "ulimit -v 262144 && exec \"$0\" --exact --nocapture --test-threads=1 \"$1\""])
            .arg(std::env::current_exe().unwrap())
            .arg("mutated_updates_never_panic_hang_or_take_memory")
            .env(CHILD, "1")
            .status()
            .unwrap();
        assert!(status.success(), "{status}");
        return;
    }
    let work = || {
        let list = valid_updates();
        let mut valid = 0;
        for seed in seeds(200) {
            let mut r = Random::new(seed);
            for _ in 0..1_000 {
                valid += usize::from(exercise(&mutate(&mut r, &list)));
            }
        }
        println!("{valid} of the mutated updates were valid");
        assert!(valid > 1_000, "only {valid} were valid: the test checks nothing but headers");
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn the_updates_that_are_mutated_are_valid() {
    for update in valid_updates() {
        assert_eq!(validate(&update), Ok(()), "{}", to_hex(&update));
        assert!(exercise(&update));
    }
}

/// An any content in an array, with these bytes as values.
fn any(count: u64, values: &[u8]) -> Vec<u8> {
    let mut update = hex("0101 0100 08010161");
    uint(&mut update, count);
    update.extend_from_slice(values);
    update.push(0);
    update
}

#[test]
fn counts_beyond_the_bytes_that_follow_are_cheap_errors() {
    let claim = |head: &str, n: u64, tail: &str| {
        let mut update = hex(head);
        uint(&mut update, n);
        update.extend(hex(tail));
        update
    };
    let nested = |n: usize, open: &[u8]| any(1, &open.repeat(n));
    let object = |entries: u64| {
        let mut open = vec![0x76];
        uint(&mut open, entries);
        open.push(0);
        open
    };
    for bomb in [
        hex("8080808001"),
        claim("", 1 << 27, "010000"),
        claim("01", 1 << 27, "0100"),
        claim("0101 0100 08010161", 1 << 27, "7d0100"),
        claim("0101 0100 02010161", 1 << 27, "013100"),
        claim("0101 0100 08010161 01 76", 1 << 27, "01617d0100"),
        claim("0101 0100 08010161 01 75", 1 << 27, "7d0100"),
        nested(100, &object(1 << 20)),
        nested(1_000_000, &[0x75, 1]),
        nested(1_000_000, &object(1)),
        claim("00", 1 << 28, ""),
        claim("00", 1 << 28, "010101"),
        claim("0001 01", 1 << 28, "0001"),
        claim("0101 0100 04010174", 1 << 40, "6100"),
        hex("0101 0100 00 8080808080808010 00"),
        hex("0101 0101 00 ffffffffffffff0f 00"),
        hex("0102 0100 00 ffffffffffffff0f 0001 00"),
        hex("0001 01 01 01 ffffffffffffff0f"),
    ] {
        let short = to_hex(&bomb[..bomb.len().min(20)]);
        let (result, memory, time) = measured(|| validate(&bomb));
        assert!(result.is_err(), "{short}");
        assert!(memory <= 64 << 10, "{memory} B for {short}");
        assert!(time < SLOW, "{time:?} for {short}");
        assert!(!exercise(&bomb));
    }
}

#[test]
fn the_longest_gc_is_one_struct() {
    let update = hex("0101 0100 00 ffffffffffffff0f 00");
    assert!(exercise(&update));
    assert_eq!(merged(std::slice::from_ref(&update), TAIL), update);
    assert_eq!(to_hex(&state_vector(&update).unwrap()), "0101ffffffffffffff0f");
}

#[test]
fn values_may_be_nested_a_thousand_deep_and_no_deeper() {
    let nested = |n: usize| any(1, &[[0x75, 1].repeat(n), vec![0x7e]].concat());
    assert_eq!(validate(&nested(1_000)), Ok(()));
    assert!(validate(&nested(1_001)).unwrap_err().reason.contains("nested"));
    assert!(exercise(&nested(1_000)) && !exercise(&nested(1_001)));
}

#[test]
fn v2_updates_are_refused_by_name() {
    // Y.encodeStateAsUpdateV2 of: the empty document, a text "hi", a map with a nested array and a deletion.
    for update in V2 {
        let e = validate(&hex(update)).unwrap_err();
        assert!(e.reason.starts_with("V2 "), "{update}: {e}");
        assert!(merge(&[hex(update)], TAIL).unwrap_err().to_string().starts_with("V2 "));
    }
    assert!(!validate(&hex("0001")).unwrap_err().reason.starts_with("V2 "));
}

#[test]
fn an_error_has_the_offset_and_the_reason() {
    let refused = |update: &str| validate(&hex(update)).unwrap_err().to_string();
    assert_eq!(refused(""), "unexpected end at byte 0");
    assert_eq!(refused("000000"), "bytes after the end at byte 2");
    assert_eq!(refused("0101 0100 0b010174 00"), "unknown content at byte 8");
    assert_eq!(refused("0101 0100 07010174 07 00"), "unknown type at byte 8");
    assert_eq!(refused("0101 0100 04010174 01ff 00"), "text that is not UTF-8 at byte 8");
    assert_eq!(refused("0101 0100 04010174 03eda080 00"), "text that is not UTF-8 at byte 8");
    assert_eq!(refused("0101 0100 09010174 0161 7e 00"), "subdocument without options at byte 10");
    assert_eq!(refused("0101 0100 08010174 01 73 00"), "unknown value at byte 9");
    assert_eq!(refused("02 01 05 00 0001 01 05 01 0001 00"), "two sections of one client at byte 7");
    let e = merge(&[vec![0, 0], vec![0, 0], vec![7]], TAIL).unwrap_err();
    assert_eq!(
        (e.update, e.to_string()),
        (2, "count larger than the bytes that follow at byte 0 of update 2".into())
    );
}

#[test]
fn state_vectors_are_checked_too() {
    assert_eq!(validate_state_vector(&hex("00")), Ok(()));
    assert_eq!(validate_state_vector(&hex("02 0105 0203")), Ok(()));
    for wrong in ["", "01", "0101", "010105 00", "8080808001", "01 01 8080808080808010"] {
        assert!(validate_state_vector(&hex(wrong)).is_err(), "{wrong}");
        assert!(diff(&[0, 0], &hex(wrong)).is_err(), "{wrong}");
    }
}
const V2: [&str; 3] = [
    "00000000000001000000000000",
    "0000010100000104060374686901020101000001010000",
    "0002000206c0a0d9e61d04050003000408000d270008008100880006008400860e096d6b7462626f6c64624102040105010000000101000241010107007d017d03787e0180d0acf30e010200",
];
