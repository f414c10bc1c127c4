//! Input: one update. A valid update can be merged, and all readers accept what `merge` accepts. The salvaged update is valid
//! and has the same ids.
#![no_main]

use libfuzzer_sys::fuzz_target;
use y_dynamodb::update::{Salvaged, contents, diff, merge, salvage, state_vector, unreadable, validate};
use y_dynamodb_fuzz::OPTIONS;

fuzz_target!(|input: &[u8]| {
    let merged = merge(&[input], OPTIONS[0]);
    assert!(merged.is_ok() || validate(input).is_err());
    assert_eq!(state_vector(input).is_ok(), merged.is_ok());
    assert_eq!(diff(input, &[0]).is_ok(), merged.is_ok());
    assert!(merged.is_err() || contents(input).is_ok());
    assert_eq!(unreadable(&[input]).is_empty(), merged.is_ok());
    let Ok(Salvaged { update, refused }) = salvage(input) else { return assert!(merged.is_err()) };
    assert!(validate(&update).is_ok());
    assert_eq!(refused.is_empty(), validate(input).is_ok());
    assert!(!refused.is_empty() || update == input);
    if let (Ok(before), Ok(after)) = (contents(input), contents(&update)) {
        assert_eq!(before.ids(), after.ids());
    }
});
