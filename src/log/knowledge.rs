//! What this process knows of a document's log without asking: hints, never truth.
//!
//! Other processes store and compact too. A stale clock costs nothing, for ids keep keys unique; a stale shape costs at
//! most a compaction that finds little to do.

use super::compact::Compacted;
use super::read::LogRead;
use crate::codec::sort_key::{DocName, LogClock, SortKey};
use crate::error::Result;

/// The largest log clock, as far as this process knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Known {
    /// Not read yet.
    #[default]
    Unknown,
    /// The document has no items.
    Empty,
    /// The largest log clock seen or given out.
    Largest(LogClock),
}

impl Known {
    /// The largest log clock, where one is known.
    pub fn largest(self) -> Option<LogClock> {
        match self {
            Known::Largest(clock) => Some(clock),
            Known::Unknown | Known::Empty => None,
        }
    }
}

/// An entry of the log, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// Its last key.
    pub last_key: SortKey,
    /// The size of its update in bytes.
    pub bytes: usize,
}

/// The hints of one document.
#[derive(Debug, Default)]
pub struct Knowledge {
    clock: Known,
    /// The entries that were there at the last read or compaction, in log order; `None` before.
    base: Option<Vec<Extent>>,
    /// What was stored behind them: how many items, and the bytes of their updates.
    tail_items: usize,
    tail_bytes: usize,
}

impl Knowledge {
    /// The largest log clock known.
    pub fn clock(&self) -> Known {
        self.clock
    }

    /// Takes note of the largest log clock that a request found, `None` for no items.
    pub fn saw_clock(&mut self, found: Option<LogClock>) {
        self.clock = match (self.clock, found) {
            (Known::Largest(largest), Some(clock)) => Known::Largest(largest.max(clock)),
            (Known::Largest(largest), None) => Known::Largest(largest),
            (_, Some(clock)) => Known::Largest(clock),
            (_, None) => Known::Empty,
        };
    }

    /// Gives out the next log clock, as `next` computes it from the largest known.
    ///
    /// # Errors
    /// What `next` says.
    pub fn take_clock(
        &mut self,
        doc: &DocName,
        next: impl FnOnce(&DocName, Option<LogClock>) -> Result<LogClock>,
    ) -> Result<LogClock> {
        let clock = next(doc, self.clock.largest())?;
        self.clock = Known::Largest(clock);
        Ok(clock)
    }

    /// Takes note of a read of the whole log.
    pub fn saw_log(&mut self, read: &LogRead) {
        self.saw_clock(read.largest);
        let (base, tail) = read.split_at_tail();
        self.tail_items = tail.len();
        self.tail_bytes = tail.iter().map(|entry| entry.update.len()).sum();
        self.base = Some(base.iter().filter_map(|entry| entry.extent()).collect());
    }

    /// Takes note of an update stored.
    pub fn stored(&mut self, bytes: usize) {
        self.tail_items += 1;
        self.tail_bytes += bytes;
    }

    /// Takes note of a compaction of what lay behind the first `kept` entries. `tail` is what [`Knowledge::tail`] said
    /// before it began: what was stored meanwhile lies behind it.
    pub fn saw_compaction(&mut self, kept: usize, compacted: &Compacted, tail: (usize, usize)) {
        self.saw_clock(Some(compacted.clock));
        let base = self.base.get_or_insert_default();
        base.truncate(kept);
        base.extend(compacted.before.iter().cloned());
        base.push(compacted.extent.clone());
        self.tail_items = self.tail_items.saturating_sub(tail.0);
        self.tail_bytes = self.tail_bytes.saturating_sub(tail.1);
    }

    /// Takes note that another process was faster: what this one knew of the entries is out of date.
    pub fn saw_race(&mut self, largest: Option<LogClock>, tail: (usize, usize)) {
        if largest.is_some() {
            self.saw_clock(largest);
        }
        self.base = None;
        self.tail_items = self.tail_items.saturating_sub(tail.0);
        self.tail_bytes = self.tail_bytes.saturating_sub(tail.1);
    }

    /// The items behind the base: how many, and their bytes.
    pub fn tail(&self) -> (usize, usize) {
        (self.tail_items, self.tail_bytes)
    }

    /// The entries that were there at the last read or compaction; `None` where there was none.
    pub fn base(&self) -> Option<&[Extent]> {
        self.base.as_deref()
    }

    /// Forgets everything: the document was cleared.
    pub fn forget(&mut self) {
        *self = Knowledge::default();
    }
}
