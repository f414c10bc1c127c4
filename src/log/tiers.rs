//! Chooses the entries of a background compaction, by size and not by position.
//!
//! Entries are sorted by size into tiers: an entry joins the smaller ones if it is at most [`TIER_RATIO`] times as large as
//! all of them together; otherwise it starts the next tier. A tier that is due is compacted with all smaller ones. So each
//! byte is rewritten a logarithmic number of times, and a large entry is not rewritten for a few small ones, even if a writer
//! with a stale clock puts an item before it.

use super::entry::Entry;

/// Measured on a long editing session (`bench/b4_cost.rs`): with 2, more bytes stay in small entries; with 4, rewriting costs
/// more.
pub const TIER_RATIO: usize = 3;

/// Entries of up to this many bytes all belong to the first tier: rewriting one costs at most four write units.
pub const SMALL_BYTES: usize = 4_096;

/// When a tier is due for compaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// It has this many entries that no compaction wrote; 0: never.
    pub items: usize,
    /// It has this many bytes without its largest entry.
    pub bytes: usize,
}

/// The counts of one tier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tier {
    /// All entries.
    pub entries: usize,
    /// Entries that no compaction wrote.
    pub not_compacted: usize,
    /// The bytes of their updates.
    pub bytes: usize,
    /// The bytes of the largest.
    pub largest: usize,
}

impl Tier {
    /// Adds an entry.
    pub fn add(&mut self, bytes: usize, is_compacted: bool) {
        self.entries += 1;
        self.not_compacted += usize::from(!is_compacted);
        self.bytes = self.bytes.saturating_add(bytes);
        self.largest = self.largest.max(bytes);
    }

    /// Adds the entries of another tier.
    pub fn join(&mut self, other: Tier) {
        self.entries += other.entries;
        self.not_compacted += other.not_compacted;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.largest = self.largest.max(other.largest);
    }

    /// Whether an entry belongs to it that is not smaller than its entries.
    pub fn takes(&self, bytes: usize) -> bool {
        bytes <= SMALL_BYTES.max(self.bytes.saturating_mul(TIER_RATIO))
    }

    /// Whether it is due.
    pub fn is_due(&self, threshold: Threshold) -> bool {
        threshold.items > 0
            && self.entries >= 2
            && (self.not_compacted >= threshold.items || self.bytes - self.largest >= threshold.bytes)
    }
}

/// How many of `entries` are compacted together with those of `first`; `None` if no tier is due. Each entry is given by its
/// bytes and whether a compaction wrote it, in ascending order.
pub fn due(
    first: Tier,
    entries: impl IntoIterator<Item = (usize, bool)>,
    threshold: Threshold,
) -> Option<usize> {
    let mut tier = first;
    let mut merged = tier.is_due(threshold).then_some(0);
    for (n, (bytes, is_compacted)) in entries.into_iter().enumerate() {
        if tier.entries > 0 && !tier.takes(bytes) {
            tier = Tier::default();
        }
        tier.add(bytes, is_compacted);
        if tier.is_due(threshold) {
            merged = Some(n + 1);
        }
    }
    merged
}

/// Splits entries into those to compact and those to keep, both in log order.
pub(super) fn split(entries: Vec<Entry>, threshold: Threshold) -> (Vec<Entry>, Vec<Entry>) {
    let mut by_size: Vec<_> =
        entries.iter().enumerate().map(|(at, entry)| (entry.update.len(), entry.is_compacted, at)).collect();
    by_size.sort_unstable();
    let sizes = by_size.iter().map(|&(bytes, is_compacted, _)| (bytes, is_compacted));
    let merged = due(Tier::default(), sizes, threshold).unwrap_or_default();
    let mut is_merged = vec![false; entries.len()];
    for &(_, _, at) in by_size.iter().take(merged) {
        if let Some(is_merged) = is_merged.get_mut(at) {
            *is_merged = true;
        }
    }
    let mut is_merged = is_merged.into_iter();
    entries.into_iter().partition(|_| is_merged.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const THRESHOLD: Threshold = Threshold { items: 10, bytes: 100_000 };

    fn due_of(not_compacted: usize, sizes: &[usize]) -> Option<usize> {
        let first = Tier { entries: not_compacted, not_compacted, bytes: not_compacted * 100, largest: 100 };
        due(first, sizes.iter().map(|&bytes| (bytes, true)), THRESHOLD)
    }

    #[test]
    fn a_tier_is_due_by_its_items_and_by_its_bytes_besides_the_largest() {
        assert_eq!(due_of(9, &[]), None);
        assert_eq!(due_of(10, &[]), Some(0));
        assert_eq!(due_of(0, &[99_999, 2_000_000]), None);
        assert_eq!(due_of(0, &[99_999, 250_000]), None);
        assert_eq!(due_of(0, &[100_000, 250_000]), Some(2));
        assert_eq!(due_of(1, &[2_000_000]), None, "one large entry is not due");
    }

    #[test]
    fn an_entry_is_merged_once_the_smaller_ones_are_a_third_of_its_size() {
        assert_eq!(due_of(20, &[6_001]), Some(0));
        assert_eq!(due_of(20, &[6_000]), Some(1));
        assert_eq!(due_of(20, &[6_000, 24_000]), Some(2));
        assert_eq!(due_of(20, &[6_000, 24_001]), Some(1));
        assert_eq!(due_of(20, &[6_000, 2_000_000, 2_000_000]), Some(3), "the upper tier is due as well");
        assert_eq!(due_of(5, &[2_000_000, 2_000_000]), Some(2), "and takes the smaller ones along");
    }

    #[test]
    fn each_byte_is_rewritten_a_logarithmic_number_of_times() {
        let (mut sizes, mut written, mut most) = (Vec::<usize>::new(), 0, 0);
        for _ in 0..4_096 {
            sizes.sort_unstable();
            let first = Tier { entries: 10, not_compacted: 10, bytes: 1_000, largest: 100 };
            let merged = due(first, sizes.iter().map(|&bytes| (bytes, true)), THRESHOLD).unwrap();
            let sum = sizes.drain(..merged).sum::<usize>() + 1_000;
            sizes.push(sum);
            written += sum;
            most = most.max(sizes.len());
        }
        assert!(written / (4_096 * 1_000) <= 12, "written {written}");
        assert!(most <= 12, "{most} entries");
    }
}
