//! Which items of the inputs of a merge may become GC: those whose chain of neighbours and parents reaches something
//! deleted or GC.
//!
//! Part of the second reading ([`super::verify`]). The chains are walked from their ends: an item that is proved proves
//! the ids it holds, and those prove the items that name them. Each item and each id is settled once, so copies of an id
//! that contradict each other cost no more than others. Time n log n in the items.

use super::contents::{Body, Entry, Links, read};
use super::id_set::IdSet;

/// An item of some input: its ids and what it names.
struct Named {
    client: u64,
    from: u64,
    to: u64,
    links: Links,
}

impl Named {
    /// What the item takes its parent from, or its parent.
    fn up(&self) -> Option<(u64, u64)> {
        self.links.origin.or(self.links.right).or(self.links.parent)
    }

    /// Whether something that it names is GC and nothing else, or its parent is deleted.
    fn is_proved(&self, gone: &IdSet, deleted: &IdSet) -> bool {
        let Links { origin, right, parent } = self.links;
        let names_gc =
            [origin, right, parent].into_iter().flatten().any(|(c, clock)| gone.contains(c, clock));
        names_gc || parent.is_some_and(|(client, clock)| deleted.contains(client, clock))
    }
}

/// The ids of all items that may become GC. `gone` is GC in the inputs and nothing else, `deleted` all they delete.
///
/// The inputs were read before without an error.
pub(super) fn provable<U: AsRef<[u8]>>(inputs: &[U], gone: &IdSet, deleted: &IdSet) -> IdSet {
    let items = items_of(inputs);
    let mut names = Names::of(&items);
    let is_seed = |item: &Named| item.is_proved(gone, deleted);
    let mut settled: Vec<bool> = items.iter().map(is_seed).collect();
    let mut todo: Vec<usize> =
        settled.iter().enumerate().filter(|&(_, &seed)| seed).map(|(i, _)| i).collect();
    let mut proved = IdSet::default();
    while let Some(item) = todo.pop().and_then(|i| items.get(i)) {
        proved.add(item.client, item.from, item.to);
        names.take((item.client, item.from), (item.client, item.to), |namer| {
            if let Some(known) = settled.get_mut(namer).filter(|known| !**known) {
                *known = true;
                todo.push(namer);
            }
        });
    }
    proved.normalise();
    proved
}

fn items_of<U: AsRef<[u8]>>(inputs: &[U]) -> Vec<Named> {
    let mut items = Vec::new();
    for input in inputs {
        // Read before without an error.
        let _ = read(input.as_ref(), &mut |entry| {
            if let Entry::Struct { client, from, to, body: Body::Full | Body::Deleted, links } = entry {
                items.push(Named { client, from, to, links });
            }
        });
    }
    items
}

/// The items by the id they name, each to be taken once.
struct Names {
    /// The id that is named, and the item that names it. Sorted.
    list: Vec<((u64, u64), usize)>,
    /// For each place in the list the next one that may not be taken yet: itself or a later one.
    next: Vec<usize>,
}

impl Names {
    fn of(items: &[Named]) -> Self {
        let mut list: Vec<_> =
            items.iter().enumerate().filter_map(|(i, item)| Some((item.up()?, i))).collect();
        list.sort_unstable();
        let next = (0..=list.len()).collect();
        Names { list, next }
    }

    /// Takes all items that name an id from `from` to before `to`.
    fn take(&mut self, from: (u64, u64), to: (u64, u64), mut taken: impl FnMut(usize)) {
        let mut at = self.first_left(self.list.partition_point(|&(id, _)| id < from));
        while let Some(&(id, item)) = self.list.get(at)
            && id < to
        {
            taken(item);
            if let Some(next) = self.next.get_mut(at) {
                *next = at + 1;
            }
            at = self.first_left(at + 1);
        }
    }

    /// The first place from `at` on that was not taken. Halves the way for the next search.
    fn first_left(&mut self, mut at: usize) -> usize {
        while let Some(&next) = self.next.get(at)
            && next != at
        {
            let after = self.next.get(next).copied().unwrap_or(next);
            if let Some(shorter) = self.next.get_mut(at) {
                *shorter = after;
            }
            at = after;
        }
        at
    }
}
