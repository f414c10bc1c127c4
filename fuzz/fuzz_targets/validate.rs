//! One update: what is valid can be merged, and so can a little more; its readers agree with the merge.
#![no_main]

use libfuzzer_sys::fuzz_target;
use y_dynamodb::update::{contents, diff, merge, state_vector, unreadable, validate};
use y_dynamodb_fuzz::OPTIONS;

fuzz_target!(|input: &[u8]| {
    let merged = merge(&[input], OPTIONS[0]);
    assert!(merged.is_ok() || validate(input).is_err());
    assert_eq!(state_vector(input).is_ok(), merged.is_ok());
    assert_eq!(diff(input, &[0]).is_ok(), merged.is_ok());
    assert!(merged.is_err() || contents(input).is_ok());
    assert!(validate(input).is_err() || unreadable(&[input]).is_empty());
});
