//! Input: several updates. `verify` accepts their merge, and the merge of that merge. The merge for a read is valid.
#![no_main]

use libfuzzer_sys::fuzz_target;
use y_dynamodb::update::{Mismatch, merge, merge_readable, unreadable, validate, verify};
use y_dynamodb_fuzz::{OPTIONS, parts};

fuzz_target!(|input: &[u8]| {
    let updates = parts(input);
    let valid = updates.iter().all(|update| validate(update).is_ok());
    let left_out = unreadable(&updates);
    let read: Vec<_> = (0..).zip(&updates).filter(|(i, _)| left_out.iter().all(|e| e.update != *i)).collect();
    let read: Vec<_> = read.into_iter().map(|(_, update)| update).collect();
    for options in OPTIONS {
        let merged = merge(&updates, options);
        assert!(merged.is_ok() || !valid);
        assert!(merge_readable(&read, options).is_ok_and(|read| validate(&read).is_ok()));
        let Ok(merged) = merged else { continue };
        check(verify(&updates, &merged));
        let Ok(again) = merge(&[&merged], options) else { panic!("the result of a merge cannot be merged") };
        check(verify(&[&merged], &again));
    }
});

/// Yjs never writes contradicting copies of an item. If an input contains them, a merge may collect an item for a reason that
/// no single copy gives. `verify` then rejects the merge, and a compaction would delete nothing.
fn check(verified: Result<(), Mismatch>) {
    match verified {
        Ok(()) | Err(Mismatch::LostContent(_)) => {}
        Err(mismatch) => panic!("{mismatch}"),
    }
}
