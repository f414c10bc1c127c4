//! Which items may become GC: those that a `Y.Doc` loading these bytes would integrate below a deleted parent.
//!
//! A GC struct makes every item that names it vanish at integration, so in doubt nothing is taken. "A neighbour is GC"
//! proves that an item is below a deleted parent only in a whole log: in a tail, the item may have been written before.

use std::collections::BTreeSet;

use super::InvalidUpdate;
use super::content::kind;
use super::delete_set::{self, Range};
use super::head::{Head, Id, Parent};
use super::read::Reader;
use super::store::{Record, Store, mark};

/// Marks the records that may become GC with [`mark::BELOW`], and joins the ranges of the delete set that only they divide.
pub(crate) fn collect<U: AsRef<[u8]>>(
    store: &mut Store<'_, U>,
    whole_log: bool,
) -> Result<(), InvalidUpdate> {
    let gc_proves = store.any_gc && whole_log;
    let parent_proves = store.any_child && !store.deleted.is_empty();
    if !gc_proves && !parent_proves {
        return Ok(());
    }
    let integrated = integrate(store)?;
    let is_integrated = |r: &Record| integrated.get(r.client as usize).is_some_and(|&end| r.clock() < end);
    let mut path = Vec::new();
    for i in 0..store.records.len() {
        settle(store, i, whole_log, &is_integrated, &mut path)?;
    }
    for r in &mut store.records {
        if r.has(mark::BELOW) && is_integrated(r) {
            r.set(mark::GONE);
        }
    }
    join_across_gone(store);
    Ok(())
}

/// Joins the ranges of the delete set that only records which become GC divide.
fn join_across_gone<U: AsRef<[u8]>>(store: &mut Store<'_, U>) {
    let mut deleted = std::mem::take(&mut store.deleted);
    deleted.dedup_by(|right, left| {
        let joined = left.client == right.client && is_gone(store, *left, right.start);
        if joined {
            left.end = right.end;
        }
        joined
    });
    store.deleted = deleted;
}

/// Whether all ids from the end of a range to before `until` become GC.
fn is_gone<U: AsRef<[u8]>>(store: &Store<'_, U>, range: Range, until: u64) -> bool {
    let mut clock = range.end;
    let first = store.find(range.client, clock).unwrap_or(usize::MAX);
    for r in store.records.get(first..).unwrap_or_default() {
        if clock >= until || r.client != range.client || r.clock() > clock || !r.has(mark::GONE) {
            break;
        }
        clock = store.end(r);
    }
    clock >= until
}

/// The head of a record's item; none for GC.
pub(crate) fn head_of<'a, U: AsRef<[u8]>>(
    store: &Store<'a, U>,
    r: &Record,
) -> Result<Option<Head<'a>>, InvalidUpdate> {
    if r.kind() == kind::GC {
        return Ok(None);
    }
    let source = store.source(r);
    let mut reader = Reader::at(store.bytes(source), source.offset as usize);
    let info = reader.byte()?;
    let head = Head::read(&mut reader, info)?;
    let cut = store.piece(r).is_some_and(|piece| piece.skipped > 0);
    Ok(Some(if cut { head.cut(store.clients.value(r.client), r.clock()) } else { head }))
}

/// The index of the record that holds an id, which is often the one before `near`.
pub(crate) fn find_near<U: AsRef<[u8]>>(store: &Store<'_, U>, id: Id, near: usize) -> Option<usize> {
    if let Some(before) = near.checked_sub(1)
        && let Some(r) = store.records.get(before)
        && store.clients.value(r.client) == id.client
        && (r.clock()..store.end(r)).contains(&id.clock)
    {
        return Some(before);
    }
    store.find(store.clients.find(id.client)?, id.clock)
}

/// For each client up to which clock a `Y.Doc` that loads these bytes integrates it.
fn integrate<U: AsRef<[u8]>>(store: &Store<'_, U>) -> Result<Vec<u64>, InvalidUpdate> {
    let clients = store.clients.len() as u32;
    let mut ends = vec![0u64; clients as usize];
    let mut next: Vec<usize> = (0..clients).map(|c| store.clients.records(c).0).collect();
    // Who waits for which clock of whom.
    let mut waiting: BTreeSet<(u32, u64, u32)> = BTreeSet::new();
    let mut todo: Vec<u32> = (0..clients).collect();
    while let Some(client) = todo.pop() {
        let (_, last) = store.clients.records(client);
        let Some(at) = next.get_mut(client as usize) else { continue };
        let mut end = ends.get(client as usize).copied().unwrap_or_default();
        while *at < last
            && let Some(r) = store.records.get(*at)
            && r.clock() == end
        {
            if let Some((of, clock)) = missing(store, r, &ends)? {
                if let Some(of) = of {
                    waiting.insert((of, clock, client));
                }
                break;
            }
            end = store.end(r);
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

/// A dependency of `r` on another client that is not integrated yet: that client's number (none if there is nothing of
/// it) and the clock.
fn missing<U: AsRef<[u8]>>(
    store: &Store<'_, U>,
    r: &Record,
    ends: &[u64],
) -> Result<Option<(Option<u32>, u64)>, InvalidUpdate> {
    let Some(head) = head_of(store, r)? else { return Ok(None) };
    let own = store.clients.value(r.client);
    let parent = if let Parent::Item(id) = head.parent { Some(id) } else { None };
    for id in [head.origin, head.right, parent].into_iter().flatten().filter(|id| id.client != own) {
        let of = store.clients.find(id.client);
        let end = of.and_then(|of| ends.get(of as usize)).copied().unwrap_or_default();
        if id.clock >= end {
            return Ok(Some((of, id.clock)));
        }
    }
    Ok(None)
}

enum Step {
    /// Decided: below a deleted parent or not.
    Is(bool),
    /// As this record is.
    As(usize),
}

/// Finds out whether a record lies below a deleted parent, by walking to the begin of its chain; everything on the way is
/// settled with it.
fn settle<U: AsRef<[u8]>>(
    store: &mut Store<'_, U>,
    start: usize,
    whole_log: bool,
    is_integrated: &impl Fn(&Record) -> bool,
    path: &mut Vec<u32>,
) -> Result<(), InvalidUpdate> {
    let mut i = start;
    let below = loop {
        let Some(r) = store.records.get_mut(i) else { break false };
        if r.has(mark::BELOW_KNOWN) {
            break r.has(mark::BELOW);
        }
        r.set(mark::BELOW_KNOWN);
        path.push(i as u32);
        match step(store, i, whole_log, is_integrated)? {
            Step::Is(below) => break below,
            Step::As(next) => i = next,
        }
    };
    for i in path.drain(..) {
        if let Some(r) = store.records.get_mut(i as usize).filter(|_| below) {
            r.set(mark::BELOW);
        }
    }
    Ok(())
}

fn step<U: AsRef<[u8]>>(
    store: &Store<'_, U>,
    i: usize,
    whole_log: bool,
    is_integrated: &impl Fn(&Record) -> bool,
) -> Result<Step, InvalidUpdate> {
    let Some(r) = store.records.get(i) else { return Ok(Step::Is(false)) };
    let Some(head) = head_of(store, r)? else { return Ok(Step::Is(whole_log)) };
    if !is_integrated(r) {
        return Ok(Step::Is(false));
    }
    let find = |id: Option<Id>| id.and_then(|id| find_near(store, id, i));
    let is_gc =
        |at: Option<usize>| at.and_then(|at| store.records.get(at)).is_some_and(|r| r.kind() == kind::GC);
    let origin = find(head.origin);
    let right = if whole_log || head.origin.is_none() { find(head.right) } else { None };
    if whole_log && (is_gc(origin) || is_gc(right)) {
        return Ok(Step::Is(true));
    }
    let neighbour = if head.origin.is_some() { origin } else { right };
    if head.origin.is_some() || head.right.is_some() {
        return Ok(neighbour.filter(|&at| at != i).map_or(Step::Is(false), Step::As));
    }
    let Parent::Item(parent) = head.parent else { return Ok(Step::Is(false)) };
    let deleted = store
        .clients
        .find(parent.client)
        .is_some_and(|c| delete_set::find(&store.deleted, c, parent.clock).is_some());
    let at = find(Some(parent));
    Ok(match at.and_then(|at| store.records.get(at)).map(Record::kind) {
        _ if deleted => Step::Is(true),
        Some(kind::GC) => Step::Is(whole_log),
        Some(kind::DELETED) => Step::Is(true),
        Some(kind::TYPE) => at.map_or(Step::Is(false), Step::As),
        _ => Step::Is(false),
    })
}
