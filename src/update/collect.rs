//! Finds the items that may become GC: those that a `Y.Doc` that loads these bytes would integrate below a deleted parent.
//!
//! Yjs drops every item that names a GC struct when it integrates the item. So in doubt an item is kept. A neighbour that is
//! GC proves that an item is below a deleted parent only in a whole log: in a tail, the item may be older than the GC.

use super::content::kind;
use super::delete_set::{self, Range};
use super::integration::Integration;
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
    let integration = Integration::of(records)?;
    let is_integrated = |r: &Record| integration.contains(r);
    let mut path = Vec::new();
    for i in 0..records.list.len() {
        check_ancestors(records, i, whole_log, &is_integrated, &mut path)?;
    }
    for r in &mut records.list {
        if r.has(mark::ANCESTOR_DELETED) && is_integrated(r) {
            r.set(mark::COLLECTED);
        }
    }
    keep_gc_copies(records);
    join_across_collected(records);
    Ok(())
}

/// Removes the deletions of items whose GC copies were not chosen and that become GC again.
fn keep_gc_copies<U: AsRef<[u8]>>(records: &mut Records<'_, U>) {
    let mut kept = Vec::new();
    for range in &records.deleted_by_gc {
        let first = records.find(range.client, range.start).unwrap_or(usize::MAX);
        let list = records.list.get(first..).unwrap_or_default();
        for r in list.iter().take_while(|r| r.client == range.client && r.clock() < range.end) {
            if r.has(mark::COLLECTED) {
                let (start, end) = (r.clock().max(range.start), records.end(r).min(range.end));
                delete_set::add(&mut kept, Range { start, end, ..*range });
            }
        }
    }
    if !kept.is_empty() {
        delete_set::subtract(&mut records.deleted, &kept);
    }
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
