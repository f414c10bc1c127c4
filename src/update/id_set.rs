//! Sets of ids, for the second reader of updates. Shares no code with the ranges of the merge.

use std::collections::BTreeMap;

/// A set of ids: for each client its clocks as ranges `(from, to)`, without `to`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdSet {
    clients: BTreeMap<u64, Vec<(u64, u64)>>,
}

impl IdSet {
    /// Adds the clocks `from..to` of a client.
    pub fn add(&mut self, client: u64, from: u64, to: u64) {
        if from >= to {
            return;
        }
        let ranges = self.clients.entry(client).or_default();
        match ranges.last_mut() {
            Some(last) if last.0 <= from && from <= last.1 => last.1 = last.1.max(to),
            _ => {
                if ranges.len() == ranges.capacity() && ranges.len() >= 64 {
                    merge_touching(ranges);
                    // The next sort comes after as many new ranges as are left now, so the cost stays near-linear.
                    ranges.reserve(ranges.len());
                }
                ranges.push((from, to));
            }
        }
    }

    /// The clients with their ranges, which are sorted and do not touch each other.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &[(u64, u64)])> {
        self.clients.iter().map(|(&client, ranges)| (client, ranges.as_slice()))
    }

    /// Whether the set has no ids.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// Whether the set has this id.
    pub fn contains(&self, client: u64, clock: u64) -> bool {
        self.of(client).is_some_and(|ranges| {
            let i = ranges.partition_point(|&(from, _)| from <= clock);
            i.checked_sub(1).and_then(|i| ranges.get(i)).is_some_and(|&(_, to)| clock < to)
        })
    }

    /// The ids of this set that the other one lacks.
    pub fn without(&self, other: &IdSet) -> IdSet {
        let mut rest = IdSet::default();
        for (client, ranges) in self.iter() {
            let mut away = other.of(client).unwrap_or_default().iter().peekable();
            for &(mut from, to) in ranges {
                while let Some(&&(a, b)) = away.peek() {
                    if b <= from {
                        away.next();
                        continue;
                    }
                    if a >= to {
                        break;
                    }
                    rest.add(client, from, a);
                    from = b;
                    if from >= to {
                        break;
                    }
                }
                rest.add(client, from, to);
            }
        }
        rest
    }

    /// Adds all ids of the other set.
    pub fn extend(&mut self, other: &IdSet) {
        for (client, ranges) in other.iter() {
            for &(from, to) in ranges {
                self.add(client, from, to);
            }
        }
        self.normalise();
    }

    fn of(&self, client: u64) -> Option<&[(u64, u64)]> {
        self.clients.get(&client).map(Vec::as_slice)
    }

    pub(super) fn normalise(&mut self) {
        self.clients.values_mut().for_each(merge_touching);
    }
}

/// Sorts ranges and joins those that touch.
fn merge_touching(ranges: &mut Vec<(u64, u64)>) {
    ranges.sort_unstable();
    let mut kept: usize = 0;
    for i in 0..ranges.len() {
        let Some(&(from, to)) = ranges.get(i) else { break };
        match kept.checked_sub(1).and_then(|last| ranges.get_mut(last)) {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => {
                if let Some(slot) = ranges.get_mut(kept) {
                    *slot = (from, to);
                }
                kept += 1;
            }
        }
    }
    ranges.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ranges: &[(u64, u64, u64)]) -> IdSet {
        let mut set = IdSet::default();
        ranges.iter().for_each(|&(client, from, to)| set.add(client, from, to));
        set.normalise();
        set
    }

    #[test]
    fn what_touches_is_one_range_whatever_the_order() {
        let all = set(&[(1, 5, 6), (1, 0, 2), (2, 0, 1), (1, 2, 3), (1, 1, 2), (1, 9, 9)]);
        assert_eq!(all, set(&[(1, 0, 3), (1, 5, 6), (2, 0, 1)]));
        assert!(all.contains(1, 2) && !all.contains(1, 3) && !all.contains(3, 0));
    }

    #[test]
    fn the_difference_of_sets_is_cut_to_the_id() {
        let all = set(&[(1, 0, 10), (2, 0, 4), (3, 1, 2)]);
        let away = set(&[(1, 2, 3), (1, 5, 12), (2, 0, 4), (4, 0, 1)]);
        assert_eq!(all.without(&away), set(&[(1, 0, 2), (1, 3, 5), (3, 1, 2)]));
        assert!(all.without(&all).is_empty());
    }
}
