//! One update: what is valid can be merged, and its readers agree that it is one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use y_dynamodb::update::{contents, diff, merge, state_vector, validate};
use y_dynamodb_fuzz::OPTIONS;

fuzz_target!(|input: &[u8]| {
    let valid = validate(input).is_ok();
    assert_eq!(merge(&[input], OPTIONS[0]).is_ok(), valid);
    assert_eq!(state_vector(input).is_ok(), valid);
    assert_eq!(diff(input, &[0]).is_ok(), valid);
    assert!(!valid || contents(input).is_ok());
});
