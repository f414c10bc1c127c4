//! Finds the structs that make Yjs throw although each of them is valid.
//!
//! After [`super::scan`] has checked all structs, two cases remain. A `Y.Doc` that deletes a type deletes everything in it,
//! and throws if
//! * types are nested too deep: it recurses;
//! * a live map entry with several values is split: only the right piece is the entry then. The left piece is not deleted
//!   with the map, but must be when the map is collected. Yjs writes map entries of one value; it joins only deleted ones.
//!
//! In each case one struct becomes a tombstone: the type that is nested too deep, or the entry that is split. A tombstone
//! keeps its ids, so everything that names it stays in the document, and causes no other conflict. Near-linear, and free
//! if [`super::conflict_filter`] rules conflicts out. Source: yjs `ContentType.delete`, `ContentType.gc`, `splitItem`.

use super::content::kind;
use super::delete_set::{self, Range};
use super::invalid_update::InvalidUpdate;
use super::item_header::{Id, Parent};
use super::limits::MAX_NESTING;
use super::records::Records;

const TOO_DEEP: &str = "types nested more than 1,000 deep";
const SPLIT: &str = "a live map entry with several values that is split";

/// The index of a record that must become a tombstone, and the reason.
pub(super) type Conflict = (usize, &'static str);

/// Makes tombstones of the records that are in conflict. The records are unique and indexed.
pub(super) fn resolve<U: AsRef<[u8]>>(records: &mut Records<'_, U>) -> Result<(), InvalidUpdate> {
    let conflicts = find(records)?;
    for &(i, _) in &conflicts {
        let Some(r) = records.list.get(i) else { continue };
        let deleted = Range { client: r.client, start: r.clock(), end: records.end(r) };
        records.deleted.push(deleted);
        records.drop_content(i, kind::DELETED);
    }
    if !conflicts.is_empty() {
        delete_set::normalise(&mut records.deleted);
    }
    Ok(())
}

/// The records that are in conflict, in their order, each once. The records are unique and indexed.
pub(super) fn find<U: AsRef<[u8]>>(records: &Records<'_, U>) -> Result<Vec<Conflict>, InvalidUpdate> {
    if !records.conflict_filter.may_conflict() {
        return Ok(Vec::new());
    }
    let locations = Locations::of(records)?;
    let mut found = Vec::new();
    for (i, (r, location)) in records.list.iter().zip(&locations.list).enumerate() {
        // Without this type, types inside it have no parent.
        if r.kind() == kind::TYPE && location.depth as usize == MAX_NESTING {
            found.push((i, TOO_DEEP));
        }
    }
    if has_several_values(records, &locations)? {
        find_split_entries(records, &locations, &mut found)?;
    }
    found.sort_unstable();
    found.dedup_by_key(|&mut (i, _)| i);
    Ok(found)
}

/// The location of a struct in the document.
#[derive(Clone, Copy)]
struct Location {
    /// The number of nested types around it, without the root type.
    depth: u32,
    /// It is an entry of a map that is not a root type.
    is_entry: bool,
}

/// What determines the location of a struct.
enum LocatedBy {
    /// It is in the same place as this neighbour.
    Neighbour(usize),
    /// It is in the type of this record (`None` if that is missing), as a map entry or not.
    Parent(Option<usize>, bool),
    /// It is in a root type, or its parent is unknown.
    Root,
}

impl LocatedBy {
    fn record(&self) -> Option<usize> {
        match self {
            LocatedBy::Neighbour(i) => Some(*i),
            LocatedBy::Parent(i, _) => *i,
            LocatedBy::Root => None,
        }
    }
}

/// The locations of all records.
struct Locations {
    list: Vec<Location>,
}

/// The depth of a record whose location is not known yet.
const UNKNOWN: u32 = u32::MAX;
/// The depth of a record on the current path upwards.
const VISITING: u32 = u32::MAX - 1;
/// The location of structs in root types, and of those that no document integrates.
const ROOT: Location = Location { depth: 0, is_entry: false };

impl Locations {
    fn of<U: AsRef<[u8]>>(records: &Records<'_, U>) -> Result<Self, InvalidUpdate> {
        let mut locations = Locations { list: vec![Location { depth: UNKNOWN, ..ROOT }; records.list.len()] };
        let mut path = Vec::new();
        for i in 0..locations.list.len() {
            locations.locate(records, i, &mut path)?;
        }
        Ok(locations)
    }

    /// Walks up to a record whose location is known, then locates all records on the path.
    ///
    /// The structs of a cycle wait for each other, so no document integrates them: all of them are at the root. That does not
    /// depend on which of them is visited first, so it stays true when a merge joins some of them.
    fn locate<U: AsRef<[u8]>>(
        &mut self,
        records: &Records<'_, U>,
        start: usize,
        path: &mut Vec<(usize, LocatedBy)>,
    ) -> Result<(), InvalidUpdate> {
        let mut next = Some(start);
        while let Some(i) = next
            && let Some(location) = self.list.get_mut(i).filter(|location| location.depth == UNKNOWN)
        {
            location.depth = VISITING;
            let by = located_by(records, i)?;
            next = by.record();
            path.push((i, by));
        }
        let cycle = next.filter(|&i| self.list.get(i).is_some_and(|location| location.depth == VISITING));
        let mut in_cycle = cycle.is_some();
        while let Some((i, by)) = path.pop() {
            let above = by.record().and_then(|at| self.list.get(at)).copied().unwrap_or(ROOT);
            if let Some(location) = self.list.get_mut(i) {
                *location = match by {
                    _ if in_cycle => ROOT,
                    LocatedBy::Parent(_, is_entry) => {
                        Location { depth: above.depth.saturating_add(1), is_entry }
                    }
                    LocatedBy::Neighbour(_) | LocatedBy::Root => above,
                };
            }
            in_cycle &= cycle != Some(i);
        }
        Ok(())
    }

    /// Whether a record is a map entry of a kind that can have several values.
    fn is_entry<U: AsRef<[u8]>>(&self, records: &Records<'_, U>, i: usize) -> bool {
        self.list.get(i).is_some_and(|location| location.is_entry)
            && records.list.get(i).is_some_and(|r| matches!(r.kind(), kind::STRING | kind::ANY | kind::JSON))
    }
}

fn located_by<U: AsRef<[u8]>>(records: &Records<'_, U>, i: usize) -> Result<LocatedBy, InvalidUpdate> {
    let Some(header) = records.list.get(i).map(|r| records.header(r)).transpose()?.flatten() else {
        return Ok(LocatedBy::Root);
    };
    let find = |id: Id| records.find_near(id, i);
    Ok(match (header.origin.or(header.right_origin), header.parent) {
        (Some(neighbour), _) => find(neighbour).map_or(LocatedBy::Root, LocatedBy::Neighbour),
        (None, Parent::Item(id)) => LocatedBy::Parent(find(id), header.key.is_some()),
        (None, _) => LocatedBy::Root,
    })
}

/// Whether any live map entry has several values, or has once a merge has joined it with the next one.
fn has_several_values<U: AsRef<[u8]>>(
    records: &Records<'_, U>,
    locations: &Locations,
) -> Result<bool, InvalidUpdate> {
    for (i, r) in records.list.iter().enumerate().filter(|&(i, _)| locations.is_entry(records, i)) {
        let deleted = delete_set::find(&records.deleted, r.client, r.clock());
        let live = deleted.is_none_or(|d| d.end < records.end(r));
        if live && (records.len(r) > 1 || may_be_joined(records, locations, i)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A boundary between two ids at which Yjs splits an item.
struct Split {
    client: u32,
    /// The clock on the left.
    left: u64,
    /// The record that causes the split; `None` for a deletion.
    record: Option<usize>,
}

/// Finds the live map entries that are split.
fn find_split_entries<U: AsRef<[u8]>>(
    records: &Records<'_, U>,
    locations: &Locations,
    found: &mut Vec<Conflict>,
) -> Result<(), InvalidUpdate> {
    let mut check = |split: Split| {
        if let Some(entry) = split_entry(records, locations, &split)? {
            found.push((entry, SPLIT));
        }
        Ok(())
    };
    for (i, r) in records.list.iter().enumerate() {
        let Some(header) = records.header(r)? else { continue };
        let before = |id: Id| Some(Id { clock: id.clock.checked_sub(1)?, ..id });
        for id in [header.origin, header.right_origin.and_then(before)].into_iter().flatten() {
            if let Some(client) = records.clients.find(id.client) {
                check(Split { client, left: id.clock, record: Some(i) })?;
            }
        }
    }
    for deleted in &records.deleted {
        if let Some(left) = deleted.start.checked_sub(1) {
            check(Split { client: deleted.client, left, record: None })?;
        }
    }
    Ok(())
}

/// The index of the map entry that is split while the value on the left is live.
fn split_entry<U: AsRef<[u8]>>(
    records: &Records<'_, U>,
    locations: &Locations,
    split: &Split,
) -> Result<Option<usize>, InvalidUpdate> {
    let found = records.find(split.client, split.left).filter(|&i| locations.is_entry(records, i));
    let Some((i, r)) = found.and_then(|i| Some((i, records.list.get(i)?))) else { return Ok(None) };
    if delete_set::find(&records.deleted, split.client, split.left).is_some() {
        return Ok(None);
    }
    let is_inside = split.left + 1 < records.end(r);
    let is_own_boundary = split.record == Some(i + 1);
    Ok((is_inside || (!is_own_boundary && may_be_joined(records, locations, i)?)).then_some(i))
}

/// Whether a merge may join a record and the next one.
fn may_be_joined<U: AsRef<[u8]>>(
    records: &Records<'_, U>,
    locations: &Locations,
    i: usize,
) -> Result<bool, InvalidUpdate> {
    let (Some(r), Some(next)) = (records.list.get(i), records.list.get(i + 1)) else { return Ok(false) };
    let last = Id { client: records.clients.value(r.client), clock: next.clock().wrapping_sub(1) };
    let follows = next.client == r.client && next.kind() == r.kind() && next.clock() == records.end(r);
    Ok(follows
        && locations.is_entry(records, i + 1)
        && records.header(next)?.is_some_and(|header| header.origin == Some(last)))
}
