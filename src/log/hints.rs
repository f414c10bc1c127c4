//! What this process assumes about a document's log without reading it.
//!
//! Hints may be stale: other processes store and compact too. A stale clock costs nothing, because ids keep keys unique. Stale
//! entries cost at most a compaction that finds little to do.

use super::entry::{Entry, Extent, LogRead};
use super::open_item::ClosedItem;
use super::store::next_clock;
use super::tiers::{Threshold, Tier, due};
use crate::codec::sort_key::{DocName, LogClock, UpdateKey, WriteId};
use crate::error::Result;

/// The most entries that are remembered one by one. Tiers grow geometrically, so a document has about ten.
const MAX_LARGE: usize = 64;

/// The most closed items that are remembered. A compaction leaves the others while they are young.
const MAX_CLOSED: usize = 256;

/// The largest log clock that this process has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LargestClock {
    /// Not read yet.
    #[default]
    Unknown,
    /// The document has no update items.
    Empty,
    /// The largest log clock seen or given out.
    Known(LogClock),
}

impl LargestClock {
    /// The largest log clock, if one is known.
    pub fn known(self) -> Option<LogClock> {
        match self {
            LargestClock::Known(clock) => Some(clock),
            LargestClock::Unknown | LargestClock::Empty => None,
        }
    }
}

/// The hints about one document's log.
#[derive(Debug, Default)]
pub struct LogHints {
    clock: LargestClock,
    /// The entries above the first tier.
    large: Vec<Extent>,
    /// The first tier, counted.
    small: Tier,
    /// The open items that this process has closed since the last compaction: they grow no more, however young they are.
    closed: Vec<WriteId>,
}

/// What is remembered of the hints about an idle document. It does not contain the document's name.
#[derive(Debug)]
pub struct LogRecord {
    clock: LargestClock,
    small: Tier,
    large: Box<[LargeEntry]>,
    closed: Box<[WriteId]>,
}

/// An [`Extent`] without the document's name.
#[derive(Debug)]
struct LargeEntry {
    first_key: UpdateKey,
    last_key: UpdateKey,
    bytes: usize,
    is_compacted: bool,
}

/// The hints that a compaction takes. It gives them back with [`LogHints::finish`], or with [`LogHints::restore`] if it failed.
#[derive(Debug)]
pub struct Plan {
    /// The entries that it need not read, in log order.
    pub kept: Vec<Extent>,
    large: Vec<Extent>,
    small: Tier,
    closed: Vec<WriteId>,
}

impl Plan {
    /// The open items that this process has closed.
    pub(super) fn closed(&self) -> &[WriteId] {
        &self.closed
    }
}

impl LogHints {
    /// The largest log clock known.
    pub fn clock(&self) -> LargestClock {
        self.clock
    }

    /// Records the largest log clock that a request found; `None` for no items.
    pub fn record_clock(&mut self, found: Option<LogClock>) {
        self.clock = match (self.clock, found) {
            (LargestClock::Known(largest), Some(clock)) => LargestClock::Known(largest.max(clock)),
            (LargestClock::Known(largest), None) => LargestClock::Known(largest),
            (_, Some(clock)) => LargestClock::Known(clock),
            (_, None) => LargestClock::Empty,
        };
    }

    /// Takes the next log clock: the largest known + 1.
    ///
    /// # Errors
    /// As [`next_clock`].
    pub fn take_clock(&mut self, doc: &DocName) -> Result<LogClock> {
        let clock = next_clock(doc, self.clock.known())?;
        self.clock = LargestClock::Known(clock);
        Ok(clock)
    }

    /// Records a read of the whole log at `now_ms`. Open items count when they grow no more.
    pub fn record_log(&mut self, read: &LogRead, now_ms: u64) {
        self.record_clock(read.largest);
        self.large.clear();
        self.small = Tier::default();
        let settled = read.entries.iter().filter(|entry| !entry.may_grow(now_ms, &self.closed));
        self.add(settled.filter_map(Entry::extent).collect());
    }

    /// Records a stored update.
    pub fn record_stored(&mut self, extent: Extent) {
        if self.small.takes(extent.bytes) {
            self.small.add(extent.bytes, extent.is_compacted);
        } else {
            self.add(vec![extent]);
        }
    }

    /// Records that an open item grows no more. Until then it does not count.
    pub fn record_closed(&mut self, item: ClosedItem) {
        if self.closed.len() < MAX_CLOSED {
            self.closed.push(item.id);
        }
        self.record_stored(item.extent);
    }

    /// Whether a tier is due for compaction.
    pub fn is_due(&self, threshold: Threshold) -> bool {
        due(self.small, self.sizes(), threshold).is_some()
    }

    /// Takes the hints for a compaction of the tiers that are due; `None` if none is.
    pub fn plan(&mut self, threshold: Threshold) -> Option<Plan> {
        let merged = due(self.small, self.sizes(), threshold)?;
        let mut kept: Vec<_> = self.large.iter().skip(merged).cloned().collect();
        kept.sort_unstable_by(|a, b| a.first_key.cmp(&b.first_key));
        Some(Plan { kept, ..self.plan_all() })
    }

    /// Takes the hints for a compaction of all entries.
    pub fn plan_all(&mut self) -> Plan {
        Plan {
            kept: Vec::new(),
            large: std::mem::take(&mut self.large),
            small: std::mem::take(&mut self.small),
            closed: std::mem::take(&mut self.closed),
        }
    }

    /// Ends a compaction that left `entries`, besides those it kept and those stored meanwhile.
    pub fn finish(&mut self, plan: Plan, largest: Option<LogClock>, entries: Vec<Extent>) {
        if largest.is_some() {
            self.record_clock(largest);
        }
        self.add(plan.kept.into_iter().chain(entries).collect());
    }

    /// Ends a compaction that changed nothing.
    pub fn restore(&mut self, plan: Plan) {
        self.small.join(plan.small);
        self.closed.extend(plan.closed);
        self.add(plan.large);
    }

    /// Forgets everything. For a clear.
    pub fn forget(&mut self) {
        *self = LogHints::default();
    }

    /// Takes the hints to remember them, when no call uses the document any more. `None` if there are none.
    pub fn take_record(&mut self, doc: &DocName) -> Option<LogRecord> {
        let LogHints { clock, large, small, closed } = std::mem::take(self);
        if clock == LargestClock::Unknown && large.is_empty() && small.entries == 0 {
            return None;
        }
        let large = large.iter().filter_map(|extent| LargeEntry::new(doc, extent)).collect();
        Some(LogRecord { clock, small, large, closed: closed.into() })
    }

    /// The hints that were remembered.
    pub fn from_record(doc: &DocName, record: LogRecord) -> Self {
        let LogRecord { clock, small, large, closed } = record;
        let large = large.iter().map(|entry| entry.extent(doc)).collect();
        LogHints { clock, small, large, closed: closed.into() }
    }

    fn sizes(&self) -> impl Iterator<Item = (usize, bool)> {
        self.large.iter().map(|extent| (extent.bytes, extent.is_compacted))
    }

    /// Adds entries, and moves those of the first tier to its count.
    fn add(&mut self, entries: Vec<Extent>) {
        self.large.extend(entries);
        self.large.sort_unstable_by(|a, b| (a.bytes, &a.first_key).cmp(&(b.bytes, &b.first_key)));
        self.large.dedup_by(|a, b| a.first_key == b.first_key);
        let spare = self.large.len().saturating_sub(MAX_LARGE);
        let mut first = 0;
        for extent in &self.large {
            if first >= spare && !self.small.takes(extent.bytes) {
                break;
            }
            self.small.add(extent.bytes, extent.is_compacted);
            first += 1;
        }
        self.large.drain(..first);
    }
}

impl LogRecord {
    /// The bytes of its allocations.
    pub fn allocations(&self) -> [usize; 2] {
        [size_of_val(&*self.large), size_of_val(&*self.closed)]
    }

    /// An open item of these bytes is forgotten: it grows no more.
    pub fn record_closed(&mut self, bytes: usize) {
        self.small.add(bytes, false);
    }
}

impl LargeEntry {
    /// `None` if a key is not one of an update item of `doc`: no entry has such a key.
    fn new(doc: &DocName, extent: &Extent) -> Option<Self> {
        Some(LargeEntry {
            first_key: extent.first_key.parse_update(doc)?,
            last_key: extent.last_key.parse_update(doc)?,
            bytes: extent.bytes,
            is_compacted: extent.is_compacted,
        })
    }

    fn extent(&self, doc: &DocName) -> Extent {
        Extent {
            first_key: self.first_key.sort_key(doc),
            last_key: self.last_key.sort_key(doc),
            bytes: self.bytes,
            is_compacted: self.is_compacted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::sort_key::{SortKey, WriteId};

    #[test]
    fn a_record_holds_all_hints() {
        let doc = DocName::new("d").unwrap();
        let id = WriteId(1, 2);
        let mut hints = LogHints::default();
        assert!(hints.take_record(&doc).is_none(), "no hints");
        let set = Extent {
            first_key: SortKey::update(&doc, LogClock(7), id),
            last_key: SortKey::part(&doc, LogClock(7), id, 3),
            bytes: 1_500_000,
            is_compacted: true,
        };
        let original = UpdateKey::Original(LogClock(3)).sort_key(&doc);
        let large =
            Extent { first_key: original.clone(), last_key: original, bytes: 90_000, is_compacted: false };
        let small = Extent { bytes: 30, ..large.clone() };
        hints.record_clock(Some(LogClock(9)));
        hints.record_closed(ClosedItem { id, extent: small.clone() });
        [&set, &large, &small].into_iter().for_each(|extent| hints.record_stored(extent.clone()));
        let expected = format!("{hints:?}");

        let record = hints.take_record(&doc).unwrap();
        assert_eq!(record.large.len(), 2);
        assert_eq!(format!("{:?}", LogHints::from_record(&doc, record)), expected);
        assert!(hints.take_record(&doc).is_none(), "they were taken");
    }
}
