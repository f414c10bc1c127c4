//! Compaction, step 1: the merged update contains exactly what its inputs contain (I4).

use super::KEEP_ALL;
use super::blocking::blocking_if_large;
use super::entry::LogRead;
use super::read::Merged;
use crate::codec::sort_key::DocName;
use crate::error::{Code, Error, Result};
use crate::update;

/// An update that passed the check, and may replace its inputs.
pub(super) struct CheckedMerge {
    pub log: LogRead,
    pub update: Vec<u8>,
    pub state_vector: Vec<u8>,
}

/// Checks a merged update against its inputs by an independent scan.
///
/// Copies of one struct that contradict each other, which Yjs never makes but a client can send, can fail the check. Then the
/// inputs are merged again without collecting, so that the document stays compactable.
pub(super) async fn checked_merge(doc: &DocName, merged: Merged) -> Result<CheckedMerge> {
    let Merged { log, mut update } = merged;
    let bytes = update.len() + log.size().bytes;
    let doc = doc.clone();
    blocking_if_large(bytes, move || {
        if update::verify(&log.entries, &update).is_err() {
            update = update::merge(&log.entries, KEEP_ALL)
                .map_err(|reason| failed_check(&doc, &reason.to_string()))?;
            update::verify(&log.entries, &update)
                .map_err(|mismatch| failed_check(&doc, &mismatch.to_string()))?;
        }
        let state_vector = state_vector(&update)?;
        Ok(CheckedMerge { log, update, state_vector })
    })
    .await?
}

/// The state vector of a merged update.
pub(super) fn state_vector(update: &[u8]) -> Result<Vec<u8>> {
    update::state_vector(update)
        .map_err(|reason| Error::new(Code::Internal, format!("merged update has no state vector: {reason}")))
}

pub(super) fn failed_check(doc: &DocName, what: &str) -> Error {
    Error::new(
        Code::Internal,
        format!("compaction of document '{doc}' failed its check, none of its inputs was deleted: {what}"),
    )
}
