//! Input: an update or a state vector. The state vector of an update is valid, and the diff for it can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use y_dynamodb::update::{contents, diff, merge, state_vector, validate_state_vector};
use y_dynamodb_fuzz::OPTIONS;

fuzz_target!(|input: &[u8]| {
    let _ = validate_state_vector(input);
    let Ok(merged) = merge(&[input], OPTIONS[0]) else { return };
    let Ok(vector) = state_vector(&merged) else { panic!("the result of a merge has no state vector") };
    assert_eq!(validate_state_vector(&vector), Ok(()));
    assert!(diff(&merged, &vector).is_ok_and(|rest| contents(&rest).is_ok()));
});
