//! Several updates: a merge is valid and passes the second reading, and so does a merge of the merge.
#![no_main]

use libfuzzer_sys::fuzz_target;
use y_dynamodb::update::{Mismatch, merge, validate, verify};
use y_dynamodb_fuzz::{OPTIONS, parts};

fuzz_target!(|input: &[u8]| {
    let updates = parts(input);
    let valid = updates.iter().all(|update| validate(update).is_ok());
    for options in OPTIONS {
        let merged = merge(&updates, options);
        assert_eq!(merged.is_ok(), valid);
        let Ok(merged) = merged else { continue };
        assert_eq!(validate(&merged), Ok(()));
        check(verify(&updates, &merged));
        let Ok(again) = merge(&[&merged], options) else { panic!("a merge cannot be merged") };
        check(verify(&[&merged], &again));
    }
});

/// Copies of one item that contradict each other, which Yjs never makes, may be collected for a reason that only their
/// union has: the second reading then says no, and nothing is deleted.
fn check(verified: Result<(), Mismatch>) {
    match verified {
        Ok(()) | Err(Mismatch::LostContent(_)) => {}
        Err(mismatch) => panic!("{mismatch}"),
    }
}
