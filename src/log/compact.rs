//! Compaction: several entries become one set that contains them.
//!
//! Inputs S = entries of one read; m = merge(S); clock = max(S) + 1.
//! 1. Put head and parts of a set with m.
//! 2. Strong GetItem of x, the input with the lowest key. Gone: another compaction or a clear was faster: remove the set.
//! 3. Seal the head, if it is still there.
//! 4. Read the set back and compare; m was verified against S by a second, independent scan.
//! 5. Delete exactly the keys of S.
//!
//! A clear that ended before (2) makes (2) fail; one that ends later must have met the head and deleted it, so (3) fails,
//! or it deletes the sealed set too. A crash leaves duplicates or remains; the next compaction removes both.

use std::mem;

use super::pace::{Pace, write_units};
use super::pages::Pages;
use super::read::{Entry, LogRead, Merged};
use super::set::Set;
use super::{Extent, Log, Rule, next_clock, off_the_loop, tiers};
use crate::codec::sort_key::{DocName, LogClock, SortKey};
use crate::error::{Code, Error, Result};
use crate::limits::MAX_BATCH_WRITES;
use crate::table::{DeleteIf, Table};
use crate::update::{self, MergeOptions};

/// The largest state vector kept in a head, in bytes; a larger one is left out. It is what tells the result of a
/// compaction from an update stored as a set.
const MAX_STATE_VECTOR_BYTES: usize = 300_000;

/// How a compaction ended.
#[derive(Debug)]
pub enum Outcome {
    /// There was nothing to merge: at most one entry. Its clock and first key, if there is one.
    Single(Option<Compacted>),
    /// Several entries became one.
    Done(Compacted),
    /// Another compaction or a clear was faster. Nothing was changed. The largest log clock seen.
    Raced(Option<LogClock>),
}

/// The one entry that a compacted part of the log consists of.
#[derive(Debug, Clone)]
pub struct Compacted {
    /// Its log clock.
    pub clock: LogClock,
    /// Its first key: the head's.
    pub first_key: SortKey,
    /// Its last key, behind which the log goes on, and the size of its update.
    pub extent: Extent,
    /// The entries read before it, that stayed as they are.
    pub before: Vec<Extent>,
    /// How many entries it was merged from.
    pub inputs: usize,
    /// The size of their updates in bytes.
    pub input_bytes: usize,
    /// The state vector of its update.
    pub state_vector: Vec<u8>,
}

/// What is compacted.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// All entries.
    All,
    /// The tail and the entries that it has outgrown ([`tiers`]), as far as they lie behind this key, the last key of
    /// an entry.
    Tail(Option<&'a SortKey>),
}

impl Scope<'_> {
    fn behind(&self) -> Option<&SortKey> {
        match self {
            Scope::All => None,
            Scope::Tail(behind) => *behind,
        }
    }

    /// Takes the entries out that stay as they are.
    fn take_kept(&self, log: &mut LogRead) -> Vec<Extent> {
        let kept = match self {
            Scope::All => 0,
            Scope::Tail(_) => {
                let (base, tail) = log.split_at_tail();
                let tail_bytes = tail.iter().map(|entry| entry.update.len()).sum();
                tiers::kept(base.iter().map(|entry| entry.update.len()), tail_bytes)
            }
        };
        log.entries.drain(..kept).filter_map(|entry| entry.extent()).collect()
    }
}

impl<T: Table> Log<T> {
    /// Merges entries of a document into one set, and removes the remains of writers that stopped.
    ///
    /// Cost: a read of these entries, 1 WCU per KiB of the result and of each item deleted, 4 requests more.
    ///
    /// # Errors
    /// `ERR_CORRUPT` as in [`Log::read`]; `ERR_INTERNAL` where the result did not pass the check. In both cases no
    /// entry was deleted.
    pub async fn compact(&self, doc: &DocName, scope: Scope<'_>, pace: &Pace) -> Result<Outcome> {
        let mut log = self.read_behind(doc, scope.behind()).await?;
        for &(clock, id) in &log.unfinished {
            self.sweep(doc, clock, id).await?;
        }
        let before = scope.take_kept(&mut log);
        if log.entries.len() < 2 {
            return self.single(doc, log, before).await;
        }
        let clock = if self.keeps(Rule::SetSortsLast) { next_clock(doc, log.largest)? } else { LogClock(0) };
        let whole = scope.behind().is_none() && before.is_empty();
        let merged = self.merge(doc, log, whole).await?;
        if merged.log.entries.len() < 2 {
            // The others were corrupt and are skipped.
            return self.single(doc, merged.log, before).await;
        }
        let Verified { log, update, state_vector } = verified(doc, merged).await?;
        let kept = Some(state_vector.clone()).filter(|sv| sv.len() <= MAX_STATE_VECTOR_BYTES);
        if !self.keeps(Rule::SealBeforeDelete) {
            self.delete_entries(doc, log.entries.clone(), pace).await?;
        }
        let set = self.new_set(clock, &update)?;
        match self.put_and_seal(doc, &log, &set, &update, kept, pace).await {
            Ok(true) => {}
            Ok(false) => {
                self.remove_set(doc, &set).await?;
                return Ok(Outcome::Raced(log.largest));
            }
            // Refused for good: it was not sealed, so it may go. Otherwise it may be sealed: a sealed set is only deleted
            // by a compaction that contains it.
            Err(error) if !error.code().is_retryable() => {
                return Err(self.given_up(doc, &set, error).await);
            }
            Err(error) => return Err(error),
        }
        match self.read_set(doc, &set).await? {
            None => return Ok(Outcome::Raced(log.largest)),
            Some(stored) if stored != update => {
                return Err(unverified(doc, "it was read back with other bytes"));
            }
            Some(_) => {}
        }
        let last_key = SortKey::part(doc, clock, set.id, set.parts.saturating_sub(1));
        let compacted = Compacted {
            clock,
            first_key: set.head(doc),
            extent: Extent { last_key, bytes: update.len() },
            before,
            inputs: log.entries.len(),
            input_bytes: log.entries.iter().map(|entry| entry.update.len()).sum(),
            state_vector,
        };
        self.delete_entries(doc, log.entries, pace).await?;
        Ok(Outcome::Done(compacted))
    }

    /// Steps 1 to 3. `false` where others were faster.
    async fn put_and_seal(
        &self,
        doc: &DocName,
        log: &LogRead,
        set: &Set,
        update: &[u8],
        state_vector: Option<Vec<u8>>,
        pace: &Pace,
    ) -> Result<bool> {
        self.write_set(doc, set, update, state_vector, pace).await?;
        Ok(self.is_first_input_there(doc, log).await? && self.seal(doc, set).await?)
    }

    async fn single(&self, doc: &DocName, log: LogRead, before: Vec<Extent>) -> Result<Outcome> {
        let Merged { log, update } = self.merge(doc, log, false).await?;
        let Some((entry, extent)) = log.entries.first().and_then(|entry| Some((entry, entry.extent()?)))
        else {
            return Ok(Outcome::Single(None));
        };
        Ok(Outcome::Single(Some(Compacted {
            clock: entry.clock,
            first_key: entry.first_key(doc),
            inputs: 1,
            input_bytes: extent.bytes,
            extent,
            before,
            state_vector: state_vector(&update)?,
        })))
    }

    async fn is_first_input_there(&self, doc: &DocName, log: &LogRead) -> Result<bool> {
        if !self.keeps(Rule::InputCheck) || !self.keeps(Rule::SealBeforeDelete) {
            return Ok(true);
        }
        let lowest = if self.keeps(Rule::LowestInput) { log.entries.first() } else { log.entries.last() };
        let Some(lowest) = lowest else { return Ok(false) };
        Ok(self.table.get(doc, &lowest.first_key(doc)).await?.is_some())
    }

    /// The update of a set as it stands in the table; `None` where it is not sealed or not whole.
    async fn read_set(&self, doc: &DocName, set: &Set) -> Result<Option<Vec<u8>>> {
        let mut log = self.read_pages(doc, Pages::new(doc, set.head(doc))).await?;
        Ok(log.entries.pop().map(|entry| entry.update))
    }

    async fn delete_entries(&self, doc: &DocName, entries: Vec<Entry>, pace: &Pace) -> Result<()> {
        let mut batch = Vec::new();
        let mut units = 0;
        for entry in entries {
            let cost = write_units(entry.update.len() / entry.keys.len().max(1));
            if entry.id.is_none() {
                self.delete_original(doc, entry).await?;
                pace.spent(cost).await;
                continue;
            }
            for key in entry.keys {
                if batch.len() == MAX_BATCH_WRITES || units + cost > pace.at_once() {
                    self.delete_all(doc, mem::take(&mut batch)).await?;
                    pace.spent(mem::take(&mut units)).await;
                }
                batch.push(key);
                units += cost;
            }
        }
        self.delete_all(doc, batch).await
    }

    /// A key of the original can be used again: its item goes only if its value is the one merged. If it is not, it is
    /// a new update and stays.
    async fn delete_original(&self, doc: &DocName, entry: Entry) -> Result<()> {
        for key in &entry.keys {
            self.table.delete(doc, key, DeleteIf::ValueIs(entry.update.clone())).await?;
        }
        Ok(())
    }
}

/// The state vector of a merged update.
fn state_vector(update: &[u8]) -> Result<Vec<u8>> {
    update::state_vector(update)
        .map_err(|reason| Error::new(Code::Internal, format!("merged update has no state vector: {reason}")))
}

fn unverified(doc: &DocName, what: &str) -> Error {
    Error::new(
        Code::Internal,
        format!("compaction of document '{doc}' was given up, nothing was deleted: {what}"),
    )
}

/// What passed the check by an independent scan, and may take the place of its inputs.
struct Verified {
    log: LogRead,
    update: Vec<u8>,
    state_vector: Vec<u8>,
}

/// Checks by an independent scan that the merged update contains exactly what its inputs contain.
///
/// Copies of one item that contradict each other, which Yjs never makes but a client can send, may be collected for a
/// reason that none of them proves. Then they are merged again and nothing is collected: the document stays compactable.
async fn verified(doc: &DocName, merged: Merged) -> Result<Verified> {
    let Merged { log, mut update } = merged;
    let bytes = update.len() + log.entries.iter().map(|entry| entry.update.len()).sum::<usize>();
    let doc = doc.clone();
    off_the_loop(bytes, move || {
        if update::verify(&log.entries, &update).is_err() {
            let keep = MergeOptions { gc: false, ..MergeOptions::default() };
            update =
                update::merge(&log.entries, keep).map_err(|reason| unverified(&doc, &reason.to_string()))?;
            update::verify(&log.entries, &update)
                .map_err(|mismatch| unverified(&doc, &mismatch.to_string()))?;
        }
        let state_vector = state_vector(&update)?;
        Ok(Verified { log, update, state_vector })
    })
    .await?
}
