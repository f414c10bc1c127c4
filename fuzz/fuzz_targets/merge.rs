//! Several updates: a merge is valid, passes the second reading, and merging it again changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use y_dynamodb::update::{merge, validate, verify};
use y_dynamodb_fuzz::{OPTIONS, parts};

fuzz_target!(|input: &[u8]| {
    let updates = parts(input);
    let valid = updates.iter().all(|update| validate(update).is_ok());
    for options in OPTIONS {
        let merged = merge(&updates, options);
        assert_eq!(merged.is_ok(), valid);
        let Ok(merged) = merged else { continue };
        assert_eq!(validate(&merged), Ok(()));
        assert!(verify(&updates, &merged).is_ok());
        assert_eq!(merge(&[&merged], options).as_ref(), Ok(&merged));
    }
});
