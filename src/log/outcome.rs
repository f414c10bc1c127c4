//! What is compacted, and how a compaction ends.

use super::entry::{Entry, Extent, LogRead, LogSize};
use super::hints::Plan;
use super::tiers::{self, Threshold};
use crate::codec::sort_key::{LogClock, Version};

/// What is compacted.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// All entries.
    All,
    /// The tiers that are due ([`tiers`]), without what the plan keeps.
    Due(&'a Plan, Threshold),
}

/// How a compaction ended.
#[derive(Debug)]
pub enum Outcome {
    /// Several entries became one.
    Done(Compacted),
    /// There was nothing to compact.
    Idle(Idle),
    /// Another compaction or a clear was faster. Nothing was merged. The largest log clock seen.
    Overtaken(Option<LogClock>),
}

/// What a compaction made.
#[derive(Debug, Clone)]
pub struct Compacted {
    /// The entry that contains the others.
    pub entry: RemainingEntry,
    /// How many entries it was merged from.
    pub inputs: usize,
    /// The size of their updates in bytes.
    pub input_bytes: usize,
    /// The other entries that were read, and stay.
    pub others: Vec<Extent>,
    /// All that was read of the log, with the items that were swept.
    pub before: LogSize,
    /// How many items that were to be deleted stay because they have changed since they were read: open items that have grown.
    pub left: usize,
}

/// What a compaction found that merged nothing.
#[derive(Debug, Clone)]
pub struct Idle {
    /// The entries that were read.
    pub entries: Vec<Extent>,
    /// With [`Scope::All`] the only entry, if there is one.
    pub only: Option<RemainingEntry>,
    /// The largest log clock seen.
    pub largest: Option<LogClock>,
    /// All that was read of the log, with the items that were swept. More than `entries` if some were deleted because
    /// another one contains them.
    pub before: LogSize,
    /// As in [`Compacted`].
    pub left: usize,
}

/// The only entry that is left of what was compacted.
#[derive(Debug, Clone)]
pub struct RemainingEntry {
    /// Its log clock.
    pub clock: LogClock,
    /// How many items it has.
    pub items: usize,
    /// Its keys and its size.
    pub extent: Extent,
    /// The state vector of its update.
    pub state_vector: Vec<u8>,
    /// The version of an open item: its writer may let it grow.
    pub open: Option<Version>,
}

impl Scope<'_> {
    pub(super) fn kept(&self) -> &[Extent] {
        match self {
            Scope::All => &[],
            Scope::Due(plan, _) => &plan.kept,
        }
    }

    /// Removes the open items that probably still grow, unless everything is compacted. Returns whether there were any.
    pub(super) fn leave_growing(&self, log: &mut LogRead, now_ms: u64) -> bool {
        matches!(self, Scope::Due(plan, _) if log.leave_growing(now_ms, plan.closed()))
    }

    /// Removes the entries that are not compacted from `log`, and returns them.
    pub(super) fn take_others(&self, log: &mut LogRead) -> Vec<Extent> {
        let Scope::Due(_, threshold) = self else { return Vec::new() };
        let (compacted, others) = tiers::split(std::mem::take(&mut log.entries), *threshold);
        log.entries = compacted;
        others.iter().filter_map(Entry::extent).collect()
    }
}
