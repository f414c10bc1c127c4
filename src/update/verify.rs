//! Checks a merge: does the output contain exactly the ids and the deletions of the inputs?
//!
//! Reads everything anew through [`super::contents`] and shares no code with the merge. With D for all that the inputs say
//! is deleted (their delete sets, and items without content), "the same" means:
//! 1. the output has every id of the inputs, and no other;
//! 2. its delete set names all of D; what it names beyond D is GC in the output (ranges are joined across GC);
//! 3. an item without content in the output is in D;
//! 4. GC in the output is GC in some input, or is an item whose chain of neighbours and parents, read in the inputs,
//!    reaches something deleted or GC. An item that is only deleted itself may lose its content, but stays an item.

use std::collections::HashMap;
use std::fmt;

use super::InvalidUpdate;
use super::contents::{Body, Contents, Entry, Links, read};
use super::id_set::IdSet;

/// How the output of a merge differs from its inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// An input cannot be read.
    Input(InvalidUpdate),
    /// The output cannot be read.
    Output(InvalidUpdate),
    /// Ids of the inputs that the output lacks.
    LostIds(IdSet),
    /// Ids of the output that no input has.
    InventedIds(IdSet),
    /// Deletions of the inputs that the output lacks.
    LostDeletions(IdSet),
    /// Deletions of the output that no input has.
    InventedDeletions(IdSet),
    /// Content that is gone in the output though no input says so.
    LostContent(IdSet),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, ids) = match self {
            Mismatch::Input(e) => return write!(f, "an input is invalid: {e}"),
            Mismatch::Output(e) => return write!(f, "the merged update is invalid: {e}"),
            Mismatch::LostIds(ids) => ("lacks ids", ids),
            Mismatch::InventedIds(ids) => ("has ids that no input has", ids),
            Mismatch::LostDeletions(ids) => ("lacks deletions", ids),
            Mismatch::InventedDeletions(ids) => ("has deletions that no input has", ids),
            Mismatch::LostContent(ids) => ("lacks content that no input deletes", ids),
        };
        write!(f, "the merged update {what}")?;
        let first = ids.iter().next().and_then(|(client, ranges)| Some((client, ranges.first()?)));
        if let Some((client, (from, to))) = first {
            write!(f, ", first at client {client}, clocks {from} to {}", to - 1)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mismatch {}

/// Whether `output` contains exactly the ids and the deletions of `inputs`. Near-linear in the bytes of both.
///
/// # Errors
/// The first [`Mismatch`] found.
pub fn verify<U: AsRef<[u8]>>(inputs: &[U], output: &[u8]) -> Result<(), Mismatch> {
    let mut before = Contents::default();
    for (i, input) in inputs.iter().enumerate() {
        before.read(input.as_ref()).map_err(|e| Mismatch::Input(InvalidUpdate { update: i, ..e }))?;
    }
    before.normalise();
    let mut after = Contents::default();
    after.read(output).map_err(Mismatch::Output)?;
    after.normalise();

    let (ids_before, ids_after) = (before.ids(), after.ids());
    none(ids_before.without(&ids_after), Mismatch::LostIds)?;
    none(ids_after.without(&ids_before), Mismatch::InventedIds)?;
    let deleted = before.deleted();
    none(deleted.without(&after.delete_set), Mismatch::LostDeletions)?;
    none(after.delete_set.without(&deleted).without(&after.gc), Mismatch::InventedDeletions)?;
    none(after.deleted_items.without(&deleted), Mismatch::LostContent)?;
    let collected = after.gc.without(&before.gc.without(&before.full).without(&before.deleted_items));
    none(unproved(inputs, &collected, &before.gc, &deleted), Mismatch::LostContent)
}

fn none(ids: IdSet, mismatch: impl Fn(IdSet) -> Mismatch) -> Result<(), Mismatch> {
    if ids.is_empty() { Ok(()) } else { Err(mismatch(ids)) }
}

/// An item of some input: its ids and what it names.
struct Named {
    client: u64,
    from: u64,
    to: u64,
    /// The highest `to` of this client up to here.
    reach: u64,
    links: Links,
}

/// The ids among `collected` for which the inputs do not prove that they may become GC.
fn unproved<U: AsRef<[u8]>>(inputs: &[U], collected: &IdSet, gc: &IdSet, deleted: &IdSet) -> IdSet {
    let mut rest = IdSet::default();
    if collected.is_empty() {
        return rest;
    }
    let mut items = Vec::new();
    for input in inputs {
        // Read before without an error.
        let _ = read(input.as_ref(), &mut |entry| {
            if let Entry::Struct { client, from, to, body: Body::Full | Body::Deleted, links } = entry {
                items.push(Named { client, from, to, reach: 0, links });
            }
        });
    }
    items.sort_unstable_by_key(|item| (item.client, item.from, std::cmp::Reverse(item.to)));
    // A copy, or a piece of a copy, says nothing new.
    items.dedup_by(|inner, outer| {
        let piece = inner.from > outer.from && inner.links.origin == Some((inner.client, inner.from - 1));
        inner.client == outer.client && inner.to <= outer.to && (piece || inner.links == outer.links)
    });
    let mut reach = (0, 0);
    for item in &mut items {
        reach = if reach.0 == item.client { (reach.0, item.to.max(reach.1)) } else { (item.client, item.to) };
        item.reach = reach.1;
    }
    let proof = Proof { items: &items, gc, deleted };
    let mut known = HashMap::new();
    for (client, ranges) in collected.iter() {
        for &(from, to) in ranges {
            let mut at = from;
            while at < to {
                let (mut end, mut proved) = (to, false);
                for (i, item) in proof.items_at(client, at) {
                    end = end.min(item.to);
                    proved |= proof.proves(i, &mut known);
                }
                if !proved {
                    rest.add(client, at, end);
                }
                at = end;
            }
        }
    }
    rest
}

struct Proof<'a> {
    items: &'a [Named],
    gc: &'a IdSet,
    deleted: &'a IdSet,
}

impl Proof<'_> {
    /// The items that hold an id: one, unless two clients wrote under one id.
    fn items_at(&self, client: u64, clock: u64) -> impl Iterator<Item = (usize, &Named)> {
        let end = self.items.partition_point(|item| (item.client, item.from) <= (client, clock));
        self.items
            .iter()
            .enumerate()
            .take(end)
            .rev()
            .take_while(move |(_, item)| item.client == client && clock < item.reach)
            .filter(move |(_, item)| clock < item.to)
    }

    /// Whether an id is GC and nothing else.
    fn is_gone(&self, id: (u64, u64)) -> bool {
        self.gc.contains(id.0, id.1) && self.items_at(id.0, id.1).next().is_none()
    }

    /// Whether something deleted or GC is reached from an item through neighbours and parents.
    fn proves(&self, start: usize, known: &mut HashMap<usize, bool>) -> bool {
        // Items to look at, each with the place in `path` of the one that led to it.
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        let mut next = 0;
        while let Some((i, item)) = path.get(next).and_then(|&(i, _)| Some((i, self.items.get(i)?))) {
            let seen = known.get(&i).copied();
            let Links { origin, right, parent } = item.links;
            let proved = seen == Some(true)
                || [origin, right, parent].into_iter().flatten().any(|id| self.is_gone(id))
                || parent.is_some_and(|id| self.deleted.contains(id.0, id.1));
            if proved {
                // What was seen beside the way is open again.
                for (i, _) in &path {
                    known.remove(i);
                }
                let mut at = next;
                while let Some(&(i, from)) = path.get(at) {
                    known.insert(i, true);
                    if at == 0 {
                        return true;
                    }
                    at = from;
                }
            }
            if seen.is_none() {
                known.insert(i, false);
                let up = origin.or(right).or(parent).into_iter();
                path.extend(up.flat_map(|id| self.items_at(id.0, id.1)).map(|(i, _)| (i, next)));
            }
            next += 1;
        }
        false
    }
}
