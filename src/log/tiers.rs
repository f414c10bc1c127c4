//! Which entries a background compaction merges: the tail, and as many of the entries before it as it has outgrown.
//!
//! Entries grow geometrically towards the beginning of the log, so each byte is rewritten a number of times that is the
//! logarithm of the document's size, and a read meets few entries.

/// An entry is merged with what follows it when it is at most this many times as large. With 2, what is rewritten grows
/// by half each time at least.
pub const TIER_RATIO: usize = 2;

/// How many of the entries of `sizes` (in bytes, log order) stay as they are, when the entries behind them are merged
/// with a tail of `tail_bytes`.
pub fn kept(sizes: impl DoubleEndedIterator<Item = usize> + ExactSizeIterator, tail_bytes: usize) -> usize {
    let mut kept = sizes.len();
    let mut merged = tail_bytes;
    for size in sizes.rev() {
        if size > merged.saturating_mul(TIER_RATIO) {
            break;
        }
        merged = merged.saturating_add(size);
        kept -= 1;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_base_stays_until_the_tail_is_half_its_size() {
        assert_eq!(kept([1_000].into_iter(), 499), 1);
        assert_eq!(kept([1_000].into_iter(), 500), 0);
        assert_eq!(kept([1_000, 400, 100].into_iter(), 50), 2);
        assert_eq!(kept([1_000, 250, 100].into_iter(), 50), 1);
        assert_eq!(kept([1_000, 400, 100].into_iter(), 49), 3);
        assert_eq!(kept([].into_iter(), 10), 0);
    }

    #[test]
    fn each_byte_is_rewritten_a_logarithmic_number_of_times() {
        let (mut sizes, mut written, mut most) = (Vec::<usize>::new(), 0, 0);
        for _ in 0..4_096 {
            let keep = kept(sizes.iter().copied(), 1_000);
            let merged = sizes.drain(keep..).sum::<usize>() + 1_000;
            sizes.push(merged);
            written += merged;
            most = most.max(sizes.len());
        }
        assert!(written / (4_096 * 1_000) <= 12, "written {written}");
        assert!(most <= 12, "{most} entries");
    }
}
