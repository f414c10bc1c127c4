//! An update that waits to be stored, with the calls that it answers.

use super::open_calls::Answer;
use crate::codec::sort_key::LogClock;
use crate::error::Result;

/// An update that waits to be stored: of one call or, coalesced, of several.
pub struct PendingUpdate {
    /// The update.
    pub update: Vec<u8>,
    /// The total size of the updates that the calls passed, in bytes.
    pub given_bytes: usize,
    /// Whether it was merged from valid updates. Such an update is not validated again: several valid updates can be
    /// invalid together, and their callers must not be refused for that.
    pub is_coalesced: bool,
    calls: Vec<Answer<Option<LogClock>>>,
}

impl PendingUpdate {
    /// The update of one call.
    pub(super) fn new(update: Vec<u8>, answer: Answer<Option<LogClock>>) -> Self {
        PendingUpdate { given_bytes: update.len(), update, is_coalesced: false, calls: vec![answer] }
    }

    /// Replaces several by one; `update` contains theirs.
    pub fn coalesced(from: Vec<PendingUpdate>, update: Vec<u8>) -> Self {
        let given_bytes = from.iter().map(|pending| pending.given_bytes).sum();
        let calls = from.into_iter().flat_map(|pending| pending.calls).collect();
        PendingUpdate { update, given_bytes, is_coalesced: true, calls }
    }

    /// How many calls wait for it.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Answers its callers.
    pub fn answer(self, result: Result<Option<LogClock>>) {
        self.calls.into_iter().for_each(|call| call.send(result.clone()));
    }
}
