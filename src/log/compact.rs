//! Compaction: several entries become one set that contains them. `ARCHITECTURE.md`, Compaction, has the numbered steps and
//! says why they are safe against clears and other compactions.

use super::blocking::blocking_if_large;
use super::checked_merge::{CheckedMerge, checked_merge, failed_check, state_vector};
use super::contained::split_contained;
use super::entry::{Extent, LogRead, LogSize};
use super::outcome::{Compacted, Idle, Outcome, RemainingEntry, Scope};
use super::pace::Pace;
use super::pages::Pages;
use super::read::{Merged, Purpose};
use super::set::Set;
use super::{Log, next_clock};
use crate::codec::sort_key::{DocName, LogClock, SortKey};
use crate::error::Result;
use crate::table::Table;

impl<T: Table> Log<T> {
    /// Merges entries of a document into one set, and removes what crashed writers have left.
    ///
    /// Cost: a read of what is not kept, 1 WCU per KiB of the result and of each item deleted, 6 requests more.
    ///
    /// # Errors
    /// `ERR_CORRUPT` as in [`Log::read`]; `ERR_INTERNAL` if the result did not pass the check. In both cases no entry was
    /// deleted.
    pub async fn compact_once(&self, doc: &DocName, scope: Scope<'_>, pace: &Pace) -> Result<Outcome> {
        let log = self.read_around(doc, scope.kept()).await?;
        if matches!(scope, Scope::Due(..)) && log.is_being_compacted(self.host.now_ms()) {
            return Ok(Outcome::Overtaken(log.largest));
        }
        let mut swept = 0;
        for &(clock, id) in &log.unfinished {
            swept += self.sweep(doc, clock, id).await?;
        }
        // An unreadable entry has no influence on the choice, and must not count as contained.
        let mut log = self.readable(doc, log).await?;
        let mut before = log.size();
        before.items += swept;
        let leaves_growing = scope.leave_growing(&mut log, self.host.now_ms());
        let (mut log, mut left) = self.delete_contained(doc, log, pace).await?;
        let others = scope.take_others(&mut log);
        if log.entries.len() < 2 {
            return self.idle(doc, log, others, before, left, scope).await;
        }
        let clock = next_clock(doc, log.largest)?;
        let is_whole_log = scope.kept().is_empty() && others.is_empty() && !leaves_growing;
        let merged = self.merge(doc, log, is_whole_log, Purpose::Store).await?;
        let checked = checked_merge(doc, merged).await?; // Step 1.
        let Some(set) = self.write_result(doc, clock, &checked, pace).await? else {
            return Ok(Outcome::Overtaken(checked.log.largest));
        };
        let CheckedMerge { log, update, state_vector } = checked;
        let extent = set.extent(doc, update.len(), true);
        let entry = RemainingEntry { clock, items: set.items(), extent, state_vector, open: None };
        let (inputs, input_bytes) = (log.entries.len(), log.size().bytes);
        left += self.delete_entries(doc, log.entries, pace).await?; // Step 6.
        Ok(Outcome::Done(Compacted { entry, inputs, input_bytes, others, before, left }))
    }

    /// Fails as a compaction that lacks a permission, before anything is written. For a compaction that follows a failed one.
    /// Cost: 2 WCU, 1 RCU.
    ///
    /// # Errors
    /// Those of the table.
    pub async fn probe(&self, doc: &DocName) -> Result<()> {
        let key = SortKey::update(doc, LogClock(0), self.host.write_id()?);
        self.table.get(doc, &key).await?;
        self.table.seal(doc, &key).await?;
        self.delete_all(doc, vec![key]).await
    }

    /// Deletes the entries that a result among them contains: an earlier compaction stopped during step 6. Returns the rest of
    /// the log, and how many items stay because they have changed.
    async fn delete_contained(
        &self,
        doc: &DocName,
        mut log: LogRead,
        pace: &Pace,
    ) -> Result<(LogRead, usize)> {
        if !log.entries.iter().skip(1).any(|entry| entry.is_compacted) {
            return Ok((log, 0));
        }
        let bytes = log.size().bytes;
        let entries = std::mem::take(&mut log.entries);
        let (contained, rest) = blocking_if_large(bytes, move || split_contained(entries)).await?;
        let left = self.delete_entries(doc, contained, pace).await?;
        log.entries = rest;
        Ok((log, left))
    }

    /// Steps 2 to 5. `None` if another compaction or a clear was faster.
    async fn write_result(
        &self,
        doc: &DocName,
        clock: LogClock,
        checked: &CheckedMerge,
        pace: &Pace,
    ) -> Result<Option<Set>> {
        let CheckedMerge { log, update, state_vector } = checked;
        let set = self.new_set(clock, update)?;
        let inputs_are_there = async {
            self.write_set(doc, &set, update, Some(state_vector), pace).await?; // Step 2.
            self.inputs_are_there(doc, log).await // Step 3.
        };
        let sealed = match inputs_are_there.await {
            Ok(true) => self.seal(doc, &set).await, // Step 4.
            Ok(false) => Ok(false),
            Err(error) => return Err(self.abandon(doc, &set, error).await),
        };
        match sealed {
            Ok(true) => {}
            Ok(false) => {
                self.remove_set(doc, &set).await?;
                return Ok(None);
            }
            // The set may be sealed: only a compaction that contains it deletes it then.
            Err(error) if error.code().is_retryable() => return Err(error),
            Err(error) => return Err(self.abandon(doc, &set, error).await),
        }
        // Step 5.
        match self.read_set(doc, &set).await? {
            Some(stored) if stored == *update => Ok(Some(set)),
            Some(_) => Err(failed_check(doc, "it was read back with other bytes")),
            None => Ok(None),
        }
    }

    /// Step 3.
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

    async fn idle(
        &self,
        doc: &DocName,
        log: LogRead,
        mut others: Vec<Extent>,
        before: LogSize,
        left: usize,
        scope: Scope<'_>,
    ) -> Result<Outcome> {
        others.extend(log.extents());
        let largest = log.largest;
        let only = if matches!(scope, Scope::All) { self.only(doc, log).await? } else { None };
        Ok(Outcome::Idle(Idle { entries: others, only, largest, before, left }))
    }

    /// The only entry. The merge checks that it is an update.
    async fn only(&self, doc: &DocName, log: LogRead) -> Result<Option<RemainingEntry>> {
        let Merged { log, update } = self.merge(doc, log, false, Purpose::Store).await?;
        let Some(entry) = log.entries.first() else { return Ok(None) };
        let Some(extent) = entry.extent() else { return Ok(None) };
        let (clock, items, open) = (entry.clock, entry.keys.len(), entry.version);
        Ok(Some(RemainingEntry { clock, items, extent, state_vector: state_vector(&update)?, open }))
    }

    /// The update of a set as it is in the table; `None` if the set is not sealed or gone.
    async fn read_set(&self, doc: &DocName, set: &Set) -> Result<Option<Vec<u8>>> {
        let mut log = self.read_pages(doc, vec![Pages::new(doc, set.head(doc))]).await?;
        Ok(log.entries.pop().map(|entry| entry.update))
    }
}
