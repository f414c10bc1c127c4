//! Sets of ids as sorted ranges: the deletions of a merge.

use super::clients::Clients;
use super::growth::{SMALL, push};
use crate::codec::varint::write_varuint;

/// Ids of one client, which is given by its number: `start..end`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Range {
    pub(super) client: u32,
    pub(super) start: u64,
    pub(super) end: u64,
}

/// Appends a range. Empty ranges are dropped, and repeated ones do not pile up.
#[inline(always)]
pub(super) fn add(ranges: &mut Vec<Range>, range: Range) {
    if range.start == range.end {
        return;
    }
    if let Some(last) = ranges.last_mut()
        && last.client == range.client
        && last.end == range.start
    {
        last.end = range.end;
        return;
    }
    if ranges.len() == ranges.capacity() && ranges.len() >= SMALL {
        normalise(ranges);
        // The next sort comes after as many new ranges as are left now, so the cost stays near-linear.
        ranges.reserve_exact(ranges.len());
    }
    push(ranges, range);
}

/// Replaces the client of each range by its new number.
pub(super) fn renumber(ranges: &mut [Range], numbers: &[u32]) {
    for d in ranges {
        d.client = numbers.get(d.client as usize).copied().unwrap_or_default();
    }
}

/// Sorts the ranges and joins those that touch.
pub(super) fn normalise(ranges: &mut Vec<Range>) {
    if !ranges.is_sorted() {
        if ranges.len() <= SMALL { ranges.sort() } else { ranges.sort_unstable() }
    }
    ranges.dedup_by(|right, left| {
        let touch = left.client == right.client && right.start <= left.end;
        if touch {
            left.end = left.end.max(right.end);
        }
        touch
    });
}

/// Removes the ids of other ranges. Both lists are normalised. Linear.
pub(super) fn subtract(ranges: &mut Vec<Range>, away: &[Range]) {
    let mut left = Vec::with_capacity(ranges.len());
    let mut away = away.iter().peekable();
    for &(mut range) in ranges.iter() {
        while away.next_if(|a| (a.client, a.end) <= (range.client, range.start)).is_some() {}
        while let Some(a) = away.peek().filter(|a| a.client == range.client && a.start < range.end) {
            add(&mut left, Range { end: a.start.max(range.start), ..range });
            range.start = a.end.min(range.end);
            if a.end > range.end {
                break;
            }
            away.next();
        }
        add(&mut left, range);
    }
    *ranges = left;
}

/// The range that contains an id.
pub(super) fn find(ranges: &[Range], client: u32, clock: u64) -> Option<&Range> {
    let i = ranges.partition_point(|r| (r.client, r.start) <= (client, clock)).checked_sub(1)?;
    ranges.get(i).filter(|r| r.client == client && clock < r.end)
}

/// Writes the ranges as the delete set of an update.
pub(super) fn write(out: &mut Vec<u8>, ranges: &[Range], clients: &Clients) {
    let of_one_client = || ranges.chunk_by(|a, b| a.client == b.client);
    write_varuint(out, of_one_client().count() as u64);
    for chunk in of_one_client() {
        let Some(first) = chunk.first() else { continue };
        write_varuint(out, clients.value(first.client));
        write_varuint(out, chunk.len() as u64);
        for r in chunk {
            write_varuint(out, r.start);
            write_varuint(out, r.end - r.start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(list: &[(u32, u64, u64)]) -> Vec<Range> {
        list.iter().map(|&(client, start, end)| Range { client, start, end }).collect()
    }

    #[test]
    fn ranges_that_touch_are_joined() {
        let mut all = ranges(&[(1, 4, 6), (0, 0, 2), (1, 0, 1), (0, 2, 3), (0, 9, 10), (0, 1, 2)]);
        normalise(&mut all);
        assert_eq!(all, ranges(&[(0, 0, 3), (0, 9, 10), (1, 0, 1), (1, 4, 6)]));
        assert_eq!(find(&all, 0, 9), all.get(1));
        assert_eq!(find(&all, 0, 3), None);
        assert_eq!(find(&all, 1, 6), None);
    }

    #[test]
    fn ranges_without_others_are_cut_to_the_id() {
        let mut all = ranges(&[(0, 0, 10), (0, 12, 14), (1, 0, 4), (2, 1, 2), (3, 0, 9)]);
        let away = ranges(&[(0, 2, 3), (0, 5, 13), (1, 0, 4), (1, 6, 7), (3, 0, 1), (3, 8, 20), (4, 0, 1)]);
        subtract(&mut all, &away);
        assert_eq!(all, ranges(&[(0, 0, 2), (0, 3, 5), (0, 13, 14), (2, 1, 2), (3, 1, 8)]));
        let mut same = all.clone();
        subtract(&mut same, &all);
        assert_eq!(same, []);
    }
}
