//! Input: a state vector and an update. The diff is valid and contains only ids of the update.
#![no_main]

use libfuzzer_sys::fuzz_target;
use y_dynamodb::update::{diff, merge, validate, validate_state_vector};
use y_dynamodb_fuzz::{OPTIONS, parts};

fuzz_target!(|input: &[u8]| {
    let [state_vector, update, ..] = parts(input)[..] else { return };
    let read = merge(&[update], OPTIONS[2]).is_ok() && validate_state_vector(state_vector).is_ok();
    let diff = diff(update, state_vector);
    assert_eq!(diff.is_ok(), read);
    let Ok(diff) = diff else { return };
    assert!(validate(&diff).is_ok() || validate(update).is_err());
    let ids = |updates: &[&[u8]]| {
        merge(updates, OPTIONS[2]).and_then(|merged| y_dynamodb::update::state_vector(&merged))
    };
    assert_eq!(ids(&[update, &diff]), ids(&[update]));
});
