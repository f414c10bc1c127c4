//! Finds the items that may become GC: those that a `Y.Doc` that loads these bytes would integrate below a deleted parent.
//!
//! Yjs drops every item that names a GC struct when it integrates the item. So in doubt an item is kept. A neighbour that is
//! GC proves that an item is below a deleted parent only in a whole log: in a tail, the item may be older than the GC.

use std::collections::BTreeSet;

use super::content::kind;
use super::delete_set::{self, Range};
use super::invalid_update::InvalidUpdate;
use super::item_header::{Id, Parent};
use super::record::{Record, mark};
use super::records::Records;

/// Marks the records that may become GC with [`mark::COLLECTED`], and joins the deletions that only they separate.
pub(super) fn collect<U: AsRef<[u8]>>(
    records: &mut Records<'_, U>,
    whole_log: bool,
) -> Result<(), InvalidUpdate> {
    let gc_proves = records.any_gc && whole_log;
    let parent_proves = records.any_child && !records.deleted.is_empty();
    if !gc_proves && !parent_proves {
        return Ok(());
    }
    let integrated = integrated_ends(records)?;
    let is_integrated = |r: &Record| integrated.get(r.client as usize).is_some_and(|&end| r.clock() < end);
    let mut path = Vec::new();
    for i in 0..records.list.len() {
        check_ancestors(records, i, whole_log, &is_integrated, &mut path)?;
    }
    for r in &mut records.list {
        if r.has(mark::ANCESTOR_DELETED) && is_integrated(r) {
            r.set(mark::COLLECTED);
        }
    }
    join_across_collected(records);
    Ok(())
}

/// Joins deletions if all ids between them become GC.
fn join_across_collected<U: AsRef<[u8]>>(records: &mut Records<'_, U>) {
    let mut deleted = std::mem::take(&mut records.deleted);
    deleted.dedup_by(|right, left| {
        let joined = left.client == right.client && is_collected(records, *left, right.start);
        if joined {
            left.end = right.end;
        }
        joined
    });
    records.deleted = deleted;
}

/// Whether all ids from the end of a range up to `until` become GC.
fn is_collected<U: AsRef<[u8]>>(records: &Records<'_, U>, range: Range, until: u64) -> bool {
    let mut clock = range.end;
    let first = records.find(range.client, clock).unwrap_or(usize::MAX);
    for r in records.list.get(first..).unwrap_or_default() {
        if clock >= until || r.client != range.client || r.clock() > clock || !r.has(mark::COLLECTED) {
            break;
        }
        clock = records.end(r);
    }
    clock >= until
}

/// For each client, the end of the clocks that a `Y.Doc` that loads these bytes integrates.
fn integrated_ends<U: AsRef<[u8]>>(records: &Records<'_, U>) -> Result<Vec<u64>, InvalidUpdate> {
    let clients = records.clients.len() as u32;
    let mut ends = vec![0u64; clients as usize];
    let mut next: Vec<usize> = (0..clients).map(|c| records.clients.records(c).0).collect();
    // The client and the clock that is missing, and the client that waits for it.
    let mut waiting: BTreeSet<(u32, u64, u32)> = BTreeSet::new();
    let mut todo: Vec<u32> = (0..clients).collect();
    while let Some(client) = todo.pop() {
        let (_, last) = records.clients.records(client);
        let Some(at) = next.get_mut(client as usize) else { continue };
        let mut end = ends.get(client as usize).copied().unwrap_or_default();
        while *at < last
            && let Some(r) = records.list.get(*at)
            && r.clock() == end
        {
            if let Some((of, clock)) = missing(records, r, &ends)? {
                if let Some(of) = of {
                    waiting.insert((of, clock, client));
                }
                break;
            }
            end = records.end(r);
            *at += 1;
        }
        if let Some(known) = ends.get_mut(client as usize) {
            *known = end;
        }
        while let Some(&wait) = waiting.range((client, 0, 0)..(client, end, 0)).next() {
            waiting.remove(&wait);
            todo.push(wait.2);
        }
    }
    Ok(ends)
}

/// A dependency of `r` on another client that is not integrated yet: the number of that client (`None` if no update has
/// structs of it) and the clock.
fn missing<U: AsRef<[u8]>>(
    records: &Records<'_, U>,
    r: &Record,
    ends: &[u64],
) -> Result<Option<(Option<u32>, u64)>, InvalidUpdate> {
    let Some(header) = records.header(r)? else { return Ok(None) };
    let own = records.clients.value(r.client);
    let parent = if let Parent::Item(id) = header.parent { Some(id) } else { None };
    for id in [header.origin, header.right_origin, parent].into_iter().flatten().filter(|id| id.client != own)
    {
        let of = records.clients.find(id.client);
        let end = of.and_then(|of| ends.get(of as usize)).copied().unwrap_or_default();
        if id.clock >= end {
            return Ok(Some((of, id.clock)));
        }
    }
    Ok(None)
}

/// What decides whether a record is below a deleted parent.
enum Ancestor {
    /// Known: the record is, or is not.
    Known(bool),
    /// It is if this record is.
    Record(usize),
}

/// Decides whether a record is below a deleted parent. Walks up its neighbours and parents until that is known, and marks
/// all records on the way.
fn check_ancestors<U: AsRef<[u8]>>(
    records: &mut Records<'_, U>,
    start: usize,
    whole_log: bool,
    is_integrated: &impl Fn(&Record) -> bool,
    path: &mut Vec<u32>,
) -> Result<(), InvalidUpdate> {
    let mut i = start;
    let deleted = loop {
        let Some(r) = records.list.get_mut(i) else { break false };
        if r.has(mark::ANCESTORS_CHECKED) {
            break r.has(mark::ANCESTOR_DELETED);
        }
        r.set(mark::ANCESTORS_CHECKED);
        path.push(i as u32);
        match ancestor(records, i, whole_log, is_integrated)? {
            Ancestor::Known(deleted) => break deleted,
            Ancestor::Record(next) => i = next,
        }
    };
    for i in path.drain(..) {
        if let Some(r) = records.list.get_mut(i as usize).filter(|_| deleted) {
            r.set(mark::ANCESTOR_DELETED);
        }
    }
    Ok(())
}

fn ancestor<U: AsRef<[u8]>>(
    records: &Records<'_, U>,
    i: usize,
    whole_log: bool,
    is_integrated: &impl Fn(&Record) -> bool,
) -> Result<Ancestor, InvalidUpdate> {
    let Some(r) = records.list.get(i) else { return Ok(Ancestor::Known(false)) };
    let Some(header) = records.header(r)? else { return Ok(Ancestor::Known(whole_log)) };
    if !is_integrated(r) {
        return Ok(Ancestor::Known(false));
    }
    let find = |id: Option<Id>| id.and_then(|id| records.find_near(id, i));
    let is_gc =
        |at: Option<usize>| at.and_then(|at| records.list.get(at)).is_some_and(|r| r.kind() == kind::GC);
    let origin = find(header.origin);
    let right = if whole_log || header.origin.is_none() { find(header.right_origin) } else { None };
    if whole_log && (is_gc(origin) || is_gc(right)) {
        return Ok(Ancestor::Known(true));
    }
    let neighbour = if header.origin.is_some() { origin } else { right };
    if header.origin.is_some() || header.right_origin.is_some() {
        return Ok(neighbour.filter(|&at| at != i).map_or(Ancestor::Known(false), Ancestor::Record));
    }
    let Parent::Item(parent) = header.parent else { return Ok(Ancestor::Known(false)) };
    let deleted = records
        .clients
        .find(parent.client)
        .is_some_and(|c| delete_set::find(&records.deleted, c, parent.clock).is_some());
    let at = find(Some(parent));
    Ok(match at.and_then(|at| records.list.get(at)).map(Record::kind) {
        _ if deleted => Ancestor::Known(true),
        Some(kind::GC) => Ancestor::Known(whole_log),
        Some(kind::DELETED) => Ancestor::Known(true),
        Some(kind::TYPE) => at.map_or(Ancestor::Known(false), Ancestor::Record),
        _ => Ancestor::Known(false),
    })
}
