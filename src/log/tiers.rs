//! Which entries a background compaction merges: the tail, and as many of the entries before it as it has outgrown.
//!
//! Entries grow geometrically towards the beginning of the log, so each byte is rewritten a number of times that is the
//! logarithm of the document's size, and a read meets few entries.

/// An entry is merged with what follows it when it is at most this many times as large. Measured on a long editing
/// session (`benches/b4_cost.rs`): with 2, more bytes lie unmerged; with 4, rewriting costs more.
pub const TIER_RATIO: usize = 3;

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
    fn a_large_base_stays_until_the_tail_is_a_third_of_its_size() {
        assert_eq!(kept([1_000].into_iter(), 333), 1);
        assert_eq!(kept([1_000].into_iter(), 334), 0);
        assert_eq!(kept([3_000, 400, 100].into_iter(), 33), 3);
        assert_eq!(kept([3_000, 500, 100].into_iter(), 50), 2);
        assert_eq!(kept([3_000, 400, 100].into_iter(), 50), 1);
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
