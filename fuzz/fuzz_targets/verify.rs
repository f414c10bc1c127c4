//! Updates and a supposed merge: `verify` never panics, and finds a lost update.
#![no_main]

use libfuzzer_sys::fuzz_target;
use y_dynamodb::update::{Mismatch, contents, merge, validate, verify};
use y_dynamodb_fuzz::{OPTIONS, parts};

fuzz_target!(|input: &[u8]| {
    let updates = parts(input);
    let Some((claimed, updates)) = updates.split_last() else { return };
    let _ = contents(claimed);
    let honest = verify(updates, claimed).is_ok();
    let Ok(merged) = merge(updates, OPTIONS[0]) else { return };
    if honest && validate(claimed).is_ok() {
        // What passes holds the ids of the merge: merging both adds nothing to it.
        let Ok(both) = merge(&[merged.as_slice(), claimed], OPTIONS[2]) else {
            panic!("valid, and cannot be merged")
        };
        assert!(matches!(verify(updates, &both), Ok(()) | Err(Mismatch::LostContent(_))));
    }
});
