//! Finds entries that the result of an earlier compaction contains: its inputs that were not deleted.

use super::entry::Entry;
use crate::update::{Contents, IdSet, contents, verify};

/// Splits entries, in log order, into those that a later result contains and the rest. Uses the check of Compaction, step 1.
/// All entries must be readable.
pub(super) fn split_contained(entries: Vec<Entry>) -> (Vec<Entry>, Vec<Entry>) {
    let mut is_contained = vec![false; entries.len()];
    for (at, result) in entries.iter().enumerate().rev().filter(|(_, entry)| entry.is_compacted) {
        let candidates = candidates(&entries, at, &is_contained);
        let inputs: Vec<_> = candidates.iter().filter_map(|&at| entries.get(at)).chain([result]).collect();
        if candidates.is_empty() || verify(&inputs, &result.update).is_err() {
            continue;
        }
        for at in candidates {
            if let Some(is_contained) = is_contained.get_mut(at) {
                *is_contained = true;
            }
        }
    }
    let mut is_contained = is_contained.into_iter();
    entries.into_iter().partition(|_| is_contained.next().unwrap_or_default())
}

/// The entries before the result at `at` whose ids and deletions it has.
fn candidates(entries: &[Entry], at: usize, is_contained: &[bool]) -> Vec<usize> {
    let Some(result) = entries.get(at).and_then(Ids::of) else { return Vec::new() };
    let before = entries.iter().zip(is_contained).enumerate().take(at);
    before
        .filter(|(_, (entry, is_contained))| {
            !**is_contained && Ids::of(entry).is_some_and(|ids| ids.are_in(&result))
        })
        .map(|(at, _)| at)
        .collect()
}

struct Ids {
    all: IdSet,
    deleted: IdSet,
    gc: IdSet,
}

impl Ids {
    /// `None` if the entry is not an update.
    fn of(entry: &Entry) -> Option<Ids> {
        let contents: Contents = contents(&entry.update).ok()?;
        Some(Ids { all: contents.ids(), deleted: contents.deleted(), gc: contents.gc })
    }

    fn are_in(&self, other: &Ids) -> bool {
        self.all.without(&other.all).is_empty()
            && self.deleted.without(&other.deleted).is_empty()
            && self.gc.without(&other.deleted).without(&other.gc).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::sort_key::LogClock;

    #[test]
    fn gc_that_deletes_an_item_of_a_result_is_not_contained_in_it() {
        // The items (1, 0) and (2, 0), GC of (2, 0), and a result with both items.
        let values: [&[u8]; 4] = [
            &[1, 1, 1, 0, 4, 1, 1, b't', 1, b'a', 0],
            &[1, 1, 2, 0, 0, 1, 0],
            &[1, 1, 2, 0, 4, 1, 1, b't', 1, b'b', 0],
            &[2, 1, 2, 0, 4, 1, 1, b't', 1, b'b', 1, 1, 0, 4, 1, 1, b't', 1, b'a', 0],
        ];
        let entries = (1..).zip(values).map(|(clock, update)| Entry {
            clock: LogClock(clock),
            id: None,
            keys: Vec::new(),
            update: update.to_vec(),
            is_compacted: clock == 4,
            version: None,
            at: None,
        });
        let (contained, rest) = split_contained(entries.collect());
        let clocks = |entries: &[Entry]| entries.iter().map(|entry| entry.clock.0).collect::<Vec<_>>();
        assert_eq!((clocks(&contained), clocks(&rest)), (vec![1, 3], vec![2, 4]));
    }
}
