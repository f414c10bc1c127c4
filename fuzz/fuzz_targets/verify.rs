//! Input: updates and a claimed merge. `verify` never panics, and rejects a merge that lacks ids.
#![no_main]

use libfuzzer_sys::fuzz_target;
use y_dynamodb::update::{Mismatch, contents, merge, validate, verify};
use y_dynamodb_fuzz::{OPTIONS, parts};

fuzz_target!(|input: &[u8]| {
    let updates = parts(input);
    let Some((claimed, updates)) = updates.split_last() else { return };
    let _ = contents(claimed);
    let accepted = verify(updates, claimed).is_ok();
    let Ok(merged) = merge(updates, OPTIONS[0]) else { return };
    if accepted && validate(claimed).is_ok() {
        // An accepted merge contains all ids, so merging it with ours adds none.
        let Ok(both) = merge(&[merged.as_slice(), claimed], OPTIONS[2]) else {
            panic!("two valid updates cannot be merged")
        };
        assert!(matches!(verify(updates, &both), Ok(()) | Err(Mismatch::LostContent(_))));
    }
});
