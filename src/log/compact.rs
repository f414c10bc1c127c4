//! Compaction: several entries become one set that contains them. `ARCHITECTURE.md`, Compaction, has the numbered steps and
//! says why clears and other compactions are safe from it.

use super::contained::split_contained;
use super::entry::{Entry, Extent, LogRead, LogSize};
use super::pace::Pace;
use super::pages::Pages;
use super::read::{Merged, Purpose};
use super::set::Set;
use super::tiers::{self, Threshold};
use super::{Log, blocking_if_large, next_clock};
use crate::codec::sort_key::{DocName, LogClock, SortKey};
use crate::error::{Code, Error, Result};
use crate::table::Table;
use crate::update::{self, MergeOptions};

/// How a compaction ended.
#[derive(Debug)]
pub enum Outcome {
    /// Several entries became one.
    Done(Compacted),
    /// There was nothing to merge.
    Idle(Idle),
    /// Another compaction or a clear was faster. Nothing was changed. The largest log clock seen.
    Raced(Option<LogClock>),
}

/// What a compaction made.
#[derive(Debug, Clone)]
pub struct Compacted {
    /// The entry that contains the others.
    pub entry: Summary,
    /// How many entries it was merged from.
    pub inputs: usize,
    /// The size of their updates in bytes.
    pub input_bytes: usize,
    /// The other entries that were read, and stay.
    pub others: Vec<Extent>,
    /// All that was read of the log, with the items that were swept.
    pub before: LogSize,
}

/// What a compaction found that merged nothing.
#[derive(Debug, Clone)]
pub struct Idle {
    /// The entries that were read.
    pub entries: Vec<Extent>,
    /// With [`Scope::All`] the only entry, where there is one.
    pub only: Option<Summary>,
    /// The largest log clock seen.
    pub largest: Option<LogClock>,
    /// All that was read of the log, with the items that were swept. More than `entries` if some were deleted because
    /// another one contains them.
    pub before: LogSize,
}

/// An entry that is all there is of what was compacted.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Its log clock.
    pub clock: LogClock,
    /// How many items it has.
    pub items: usize,
    /// Where it stands, and its size.
    pub extent: Extent,
    /// The state vector of its update.
    pub state_vector: Vec<u8>,
}

/// What is compacted.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// All entries.
    All,
    /// Of all entries but these, which are in log order and not read: the tiers that are due ([`tiers`]).
    Due(&'a [Extent], Threshold),
}

impl Scope<'_> {
    fn kept(&self) -> &[Extent] {
        match self {
            Scope::All => &[],
            Scope::Due(kept, _) => kept,
        }
    }

    /// Takes the entries out that are not merged.
    fn take_others(&self, log: &mut LogRead) -> Vec<Extent> {
        let Scope::Due(_, threshold) = self else { return Vec::new() };
        let (merged, others) = tiers::split(std::mem::take(&mut log.entries), *threshold);
        log.entries = merged;
        others.iter().filter_map(Entry::extent).collect()
    }
}

impl<T: Table> Log<T> {
    /// Merges entries of a document into one set, and removes what writers left that stopped.
    ///
    /// Cost: a read of what is not kept, 1 WCU per KiB of the result and of each item deleted, 6 requests more.
    ///
    /// # Errors
    /// `ERR_CORRUPT` as in [`Log::read`]; `ERR_INTERNAL` where the result did not pass the check. In both cases no
    /// entry was deleted.
    pub async fn compact(&self, doc: &DocName, scope: Scope<'_>, pace: &Pace) -> Result<Outcome> {
        let log = self.read_around(doc, scope.kept()).await?;
        if matches!(scope, Scope::Due(..)) && log.is_being_merged(self.host.now_ms()) {
            return Ok(Outcome::Raced(log.largest));
        }
        let mut swept = 0;
        for &(clock, id) in &log.unfinished {
            swept += self.sweep(doc, clock, id).await?;
        }
        // First, so that an entry nobody can read has no say in what is merged, and is never taken for contained.
        let log = self.readable(doc, log).await?;
        let mut before = log.size();
        before.items += swept;
        let mut log = self.without_contained(doc, log, pace).await?;
        let others = scope.take_others(&mut log);
        if log.entries.len() < 2 {
            return self.idle(doc, log, others, before, scope).await;
        }
        let clock = next_clock(doc, log.largest)?;
        let is_whole = scope.kept().is_empty() && others.is_empty();
        let merged = self.merge(doc, log, is_whole, Purpose::Store).await?;
        let verified = verified(doc, merged).await?;
        self.replace(doc, clock, verified, others, before, pace).await
    }

    /// Fails as a compaction would that may not do one of its requests, but before it has written anything. For a compaction
    /// that follows one that failed. Cost: 2 WCU, 1 RCU.
    ///
    /// # Errors
    /// Those of the table.
    pub async fn probe(&self, doc: &DocName) -> Result<()> {
        let key = SortKey::update(doc, LogClock(0), self.host.write_id()?);
        self.table.get(doc, &key).await?;
        self.table.seal(doc, &key).await?;
        self.delete_all(doc, vec![key]).await
    }

    /// Deletes the entries that a result among them contains: a compaction ended before it had deleted all its inputs. They
    /// are not written again.
    async fn without_contained(&self, doc: &DocName, mut log: LogRead, pace: &Pace) -> Result<LogRead> {
        if !log.entries.iter().skip(1).any(|entry| entry.is_compacted) {
            return Ok(log);
        }
        let entries = std::mem::take(&mut log.entries);
        let bytes = entries.iter().map(|entry| entry.update.len()).sum();
        let (contained, rest) = blocking_if_large(bytes, move || split_contained(entries)).await?;
        self.delete_entries(doc, contained, pace).await?;
        log.entries = rest;
        Ok(log)
    }

    /// Steps 2 to 6: writes the set and deletes its inputs.
    async fn replace(
        &self,
        doc: &DocName,
        clock: LogClock,
        verified: Verified,
        others: Vec<Extent>,
        before: LogSize,
        pace: &Pace,
    ) -> Result<Outcome> {
        let Verified { log, update, state_vector } = verified;
        let set = self.new_set(clock, &update)?;
        let written = async {
            self.write_set(doc, &set, &update, Some(&state_vector), pace).await?;
            self.inputs_are_there(doc, &log).await
        };
        // Until a seal is sent the set counts for nobody, so what was written of it goes when it fails.
        let sealed = match written.await {
            Ok(true) => self.seal(doc, &set).await,
            Ok(false) => Ok(false),
            Err(error) => return Err(self.given_up(doc, &set, error).await),
        };
        match sealed {
            Ok(true) => {}
            Ok(false) => {
                self.remove_set(doc, &set).await?;
                return Ok(Outcome::Raced(log.largest));
            }
            // Refused for good: it is not sealed. Otherwise it may be, and only a compaction that contains it deletes it.
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
        let extent = set.extent(doc, update.len(), true);
        let compacted = Compacted {
            entry: Summary { clock, items: set.items(), extent, state_vector },
            inputs: log.entries.len(),
            input_bytes: log.entries.iter().map(|entry| entry.update.len()).sum(),
            others,
            before,
        };
        self.delete_entries(doc, log.entries, pace).await?;
        Ok(Outcome::Done(compacted))
    }

    async fn idle(
        &self,
        doc: &DocName,
        log: LogRead,
        mut others: Vec<Extent>,
        before: LogSize,
        scope: Scope<'_>,
    ) -> Result<Outcome> {
        others.extend(log.extents());
        let largest = log.largest;
        let only = if matches!(scope, Scope::All) { self.only(doc, log).await? } else { None };
        Ok(Outcome::Idle(Idle { entries: others, only, largest, before }))
    }

    /// The only entry there is. The merge checks that it is an update.
    async fn only(&self, doc: &DocName, log: LogRead) -> Result<Option<Summary>> {
        let Merged { log, update } = self.merge(doc, log, false, Purpose::Store).await?;
        let only =
            log.entries.first().and_then(|entry| Some((entry.clock, entry.keys.len(), entry.extent()?)));
        let Some((clock, items, extent)) = only else { return Ok(None) };
        Ok(Some(Summary { clock, items, extent, state_vector: state_vector(&update)? }))
    }

    /// Whether nobody was faster: two inputs are still there, the one with the lowest key and another. One alone could be
    /// a late attempt of its put that landed after a clear.
    async fn inputs_are_there(&self, doc: &DocName, log: &LogRead) -> Result<bool> {
        let Some((lowest, others)) = log.entries.split_first() else { return Ok(false) };
        let cheapest = others.iter().min_by_key(|entry| (entry.first_item_bytes(), &entry.keys));
        for entry in [lowest].into_iter().chain(cheapest) {
            if self.table.get(doc, &entry.first_key(doc)).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The update of a set as it stands in the table; `None` where it is not sealed or gone.
    async fn read_set(&self, doc: &DocName, set: &Set) -> Result<Option<Vec<u8>>> {
        let mut log = self.read_pages(doc, vec![Pages::new(doc, set.head(doc))]).await?;
        Ok(log.entries.pop().map(|entry| entry.update))
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
    blocking_if_large(bytes, move || {
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
