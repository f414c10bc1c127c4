//! Finds the items in the inputs of a merge that may become GC: those whose neighbours and parents lead to a deleted parent
//! or to GC.
//!
//! Part of the second reader ([`super::verify`]). Walks from the ends of these chains: the ids of a proved item prove the
//! items that name them. Each item and each id is visited once, so contradicting copies of an id cost no more than others.
//! Takes n log n time for n items.

use super::id_set::IdSet;
use super::second_reader::{Body, Links, StructOrDeletion, read};

/// An item of an input.
struct Item {
    client: u64,
    from: u64,
    to: u64,
    links: Links,
}

impl Item {
    /// The neighbour that determines the parent of the item, or the parent.
    fn located_by(&self) -> Option<(u64, u64)> {
        self.links.origin.or(self.links.right_origin).or(self.links.parent)
    }

    /// Whether an id that it names is GC in all inputs, or its parent is deleted.
    fn is_proved(&self, gc: &IdSet, deleted: &IdSet) -> bool {
        let Links { origin, right_origin, parent } = self.links;
        let names_gc =
            [origin, right_origin, parent].into_iter().flatten().any(|(c, clock)| gc.contains(c, clock));
        names_gc || parent.is_some_and(|(client, clock)| deleted.contains(client, clock))
    }
}

/// The ids of all items that may become GC. `gc` has the ids that are GC in all inputs that have them, `deleted` the deleted
/// ones.
///
/// The inputs have been read before without an error.
pub(super) fn provable<U: AsRef<[u8]>>(inputs: &[U], gc: &IdSet, deleted: &IdSet) -> IdSet {
    let items = items_of(inputs);
    let mut names = Names::of(&items);
    let is_seed = |item: &Item| item.is_proved(gc, deleted);
    let mut visited: Vec<bool> = items.iter().map(is_seed).collect();
    let mut todo: Vec<usize> =
        visited.iter().enumerate().filter(|&(_, &seed)| seed).map(|(i, _)| i).collect();
    let mut proved = IdSet::default();
    while let Some(item) = todo.pop().and_then(|i| items.get(i)) {
        proved.add(item.client, item.from, item.to);
        names.take((item.client, item.from), (item.client, item.to), |namer| {
            if let Some(visited) = visited.get_mut(namer).filter(|visited| !**visited) {
                *visited = true;
                todo.push(namer);
            }
        });
    }
    proved.normalise();
    proved
}

fn items_of<U: AsRef<[u8]>>(inputs: &[U]) -> Vec<Item> {
    let mut items = Vec::new();
    for input in inputs {
        // An error is not possible: see above.
        let _ = read(input.as_ref(), &mut |found| {
            if let StructOrDeletion::Struct { client, from, to, body: Body::Full | Body::Deleted, links } =
                found
            {
                items.push(Item { client, from, to, links });
            }
        });
    }
    items
}

/// The items by the id they name. Each is taken once.
struct Names {
    /// The id that is named, and the item that names it. Sorted.
    list: Vec<((u64, u64), usize)>,
    /// For each index in the list one that may not have been taken yet: itself or a later one.
    next: Vec<usize>,
}

impl Names {
    fn of(items: &[Item]) -> Self {
        let mut list: Vec<_> =
            items.iter().enumerate().filter_map(|(i, item)| Some((item.located_by()?, i))).collect();
        list.sort_unstable();
        let next = (0..=list.len()).collect();
        Names { list, next }
    }

    /// Takes all items that name an id in `from..to`.
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

    /// The first index from `at` on that has not been taken. Halves the path for the next search.
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
