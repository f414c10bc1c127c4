//! What Yjs cannot read although each struct is in order: found where updates are merged, and in an update by itself.
//!
//! Two things remain once [`super::scan`] has passed the structs. A `Y.Doc` that deletes a type deletes what is in it,
//! and throws where
//! * types are nested too deep: it recurses;
//! * a live entry of a map holds several values and something divides it: only its right piece is the entry then, so the
//!   left one stays when the map goes, and is in the way when the map is collected. Yjs writes entries of one value; only
//!   deleted ones are joined.
//!
//! One struct of each such case becomes a tombstone, an item without content: the type that lies too deep, the entry that is
//! divided. Its id stays, so all that names it stays in the document. A tombstone never makes a new case. Near-linear, and
//! free where no types are nested. Source: yjs `ContentType.delete`, `ContentType.gc`, `splitItem`.

use super::InvalidUpdate;
use super::collect::{find_near, head_of};
use super::content::{MAX_NESTING, kind};
use super::delete_set::{self, Range};
use super::head::{Id, Parent};
use super::scan::{Struct, Visit, bit, scan};
use super::store::{Store, mark};

const TOO_DEEP: &str = "types nested more than 1,000 deep";
const DIVIDED: &str = "an entry of a map with several values, divided while it is live";

/// Whether structs need a closer look: counted while they are read.
#[derive(Default)]
pub(crate) struct Suspects {
    types: usize,
    children: bool,
    entries: bool,
}

impl Suspects {
    #[inline(always)]
    pub(crate) fn see(&mut self, s: &Struct) {
        self.types += usize::from(s.kind == kind::TYPE);
        self.children |= s.in_item;
        self.entries |= s.in_item && s.info & bit::SUB != 0;
    }

    /// Whether types could be nested too deep, or there are maps in other types.
    pub(crate) fn any(&self) -> bool {
        self.entries || (self.children && self.types > MAX_NESTING)
    }
}

/// A record that must not keep its content, by its index, and why.
pub(crate) type Conflict = (usize, &'static str);

/// Makes a tombstone of each record that Yjs cannot read together with the others. The store is united and indexed.
pub(crate) fn resolve<U: AsRef<[u8]>>(store: &mut Store<'_, U>) -> Result<(), InvalidUpdate> {
    let conflicts = conflicts(store)?;
    for &(i, _) in &conflicts {
        let Some(r) = store.records.get_mut(i) else { continue };
        r.bury();
        let (client, start) = (r.client, r.clock());
        let end = store.records.get(i).map_or(start, |r| store.end(r));
        store.deleted.push(Range { client, start, end });
        if let Some(next) = store.records.get_mut(i + 1) {
            next.unset(mark::APART);
        }
    }
    if !conflicts.is_empty() {
        delete_set::normalise(&mut store.deleted);
    }
    Ok(())
}

/// The records to make tombstones of, in their order, each once. The store is united and indexed.
pub(crate) fn conflicts<U: AsRef<[u8]>>(store: &Store<'_, U>) -> Result<Vec<Conflict>, InvalidUpdate> {
    if !store.suspects.any() {
        return Ok(Vec::new());
    }
    let places = Places::of(store)?;
    let mut found = Vec::new();
    for (i, (r, place)) in store.records.iter().zip(&places.known).enumerate() {
        // What lies deeper has no parent then.
        if r.kind() == kind::TYPE && place.depth as usize == MAX_NESTING {
            found.push((i, TOO_DEEP));
        }
    }
    if holds_several(store, &places)? {
        divided(store, &places, &mut found)?;
    }
    found.sort_unstable();
    found.dedup_by_key(|&mut (i, _)| i);
    Ok(found)
}

/// Where a struct stands in the document.
#[derive(Clone, Copy)]
struct Place {
    /// In how many types that are items.
    depth: u32,
    /// Is an entry of a map that is an item.
    keyed: bool,
}

/// What gives a struct its place.
enum Up {
    /// The place of this neighbour is its own.
    Beside(usize),
    /// It lies in the type of this record, or of one that is missing yet, with a key or not.
    In(Option<usize>, bool),
    /// It lies in a root type, or nobody knows where.
    Top,
}

impl Up {
    fn record(&self) -> Option<usize> {
        match self {
            Up::Beside(at) => Some(*at),
            Up::In(at, _) => *at,
            Up::Top => None,
        }
    }
}

/// The places of all records.
struct Places {
    known: Vec<Place>,
}

/// The depth of a record whose place is not known yet.
const UNKNOWN: u32 = u32::MAX;
/// The depth of a record on the current path upwards.
const VISITING: u32 = u32::MAX - 1;
/// The place of a struct in a root type, and of one that no document can integrate.
const TOP: Place = Place { depth: 0, keyed: false };

impl Places {
    fn of<U: AsRef<[u8]>>(store: &Store<'_, U>) -> Result<Self, InvalidUpdate> {
        let mut places = Places { known: vec![Place { depth: UNKNOWN, ..TOP }; store.records.len()] };
        let mut path = Vec::new();
        for i in 0..places.known.len() {
            places.settle(store, i, &mut path)?;
        }
        Ok(places)
    }

    /// Walks up until a place is known, then settles the whole path.
    ///
    /// The structs of a cycle wait for each other, so no document integrates them: all of them are at the top. That
    /// holds whichever of them is looked at first, so a merge that joins some of them finds the same places.
    fn settle<U: AsRef<[u8]>>(
        &mut self,
        store: &Store<'_, U>,
        start: usize,
        path: &mut Vec<(usize, Up)>,
    ) -> Result<(), InvalidUpdate> {
        let mut next = Some(start);
        while let Some(i) = next
            && let Some(place) = self.known.get_mut(i).filter(|place| place.depth == UNKNOWN)
        {
            place.depth = VISITING;
            let up = up(store, i)?;
            next = up.record();
            path.push((i, up));
        }
        let first = next.filter(|&i| self.known.get(i).is_some_and(|place| place.depth == VISITING));
        let mut in_cycle = first.is_some();
        while let Some((i, up)) = path.pop() {
            let above = up.record().and_then(|at| self.known.get(at)).copied();
            if let Some(place) = self.known.get_mut(i) {
                let above = above.unwrap_or(TOP);
                *place = match up {
                    _ if in_cycle => TOP,
                    Up::In(_, keyed) => Place { depth: above.depth.saturating_add(1), keyed },
                    Up::Beside(_) | Up::Top => above,
                };
            }
            in_cycle &= first != Some(i);
        }
        Ok(())
    }

    /// Whether a record is an entry of a map, and of a kind that holds one or more values.
    fn is_entry<U: AsRef<[u8]>>(&self, store: &Store<'_, U>, i: usize) -> bool {
        self.known.get(i).is_some_and(|place| place.keyed)
            && store.records.get(i).is_some_and(|r| matches!(r.kind(), kind::STRING | kind::ANY | kind::JSON))
    }
}

fn up<U: AsRef<[u8]>>(store: &Store<'_, U>, i: usize) -> Result<Up, InvalidUpdate> {
    let Some(head) = store.records.get(i).map(|r| head_of(store, r)).transpose()?.flatten() else {
        return Ok(Up::Top);
    };
    let find = |id: Id| find_near(store, id, i);
    Ok(match (head.origin.or(head.right), head.parent) {
        (Some(neighbour), _) => find(neighbour).map_or(Up::Top, Up::Beside),
        (None, Parent::Item(id)) => Up::In(find(id), head.key.is_some()),
        (None, _) => Up::Top,
    })
}

/// Whether any live entry holds several values, or may once it was joined with the next one.
fn holds_several<U: AsRef<[u8]>>(store: &Store<'_, U>, places: &Places) -> Result<bool, InvalidUpdate> {
    for (i, r) in store.records.iter().enumerate().filter(|&(i, _)| places.is_entry(store, i)) {
        let deleted = delete_set::find(&store.deleted, r.client, r.clock());
        let live = deleted.is_none_or(|d| d.end < store.end(r));
        if live && (store.len(r) > 1 || is_joined(store, places, i)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A place between two ids: the client, and the clock on its left.
struct Cut {
    client: u32,
    left: u64,
    /// The record that divides; `usize::MAX` for a deletion.
    record: usize,
}

/// Finds the live entries that are divided.
fn divided<U: AsRef<[u8]>>(
    store: &Store<'_, U>,
    places: &Places,
    found: &mut Vec<Conflict>,
) -> Result<(), InvalidUpdate> {
    let mut look = |cut: Cut| {
        if let Some(entry) = divides(store, places, &cut)? {
            found.push((entry, DIVIDED));
        }
        Ok(())
    };
    for (record, r) in store.records.iter().enumerate() {
        let Some(head) = head_of(store, r)? else { continue };
        let before = |id: Id| Some(Id { clock: id.clock.checked_sub(1)?, ..id });
        for id in [head.origin, head.right.and_then(before)].into_iter().flatten() {
            if let Some(client) = store.clients.find(id.client) {
                look(Cut { client, left: id.clock, record })?;
            }
        }
    }
    for bytes in store.inputs {
        let mut starts = Starts { client: 0, found: Vec::new() };
        scan(bytes.as_ref(), &mut starts)?;
        for (client, clock) in starts.found {
            if let (Some(client), Some(left)) = (store.clients.find(client), clock.checked_sub(1)) {
                look(Cut { client, left, record: usize::MAX })?;
            }
        }
    }
    Ok(())
}

/// The record of the entry that a cut divides while what is on its left is live.
fn divides<U: AsRef<[u8]>>(
    store: &Store<'_, U>,
    places: &Places,
    cut: &Cut,
) -> Result<Option<usize>, InvalidUpdate> {
    let found = store.find(cut.client, cut.left).filter(|&at| places.is_entry(store, at));
    let Some((at, r)) = found.and_then(|at| Some((at, store.records.get(at)?))) else { return Ok(None) };
    if delete_set::find(&store.deleted, cut.client, cut.left).is_some() {
        return Ok(None);
    }
    let divided = cut.left + 1 < store.end(r) || (cut.record != at + 1 && is_joined(store, places, at)?);
    Ok(divided.then_some(at))
}

/// Whether a merge may join a record and the next one.
fn is_joined<U: AsRef<[u8]>>(
    store: &Store<'_, U>,
    places: &Places,
    at: usize,
) -> Result<bool, InvalidUpdate> {
    let (Some(r), Some(next)) = (store.records.get(at), store.records.get(at + 1)) else { return Ok(false) };
    let last = Id { client: store.clients.value(r.client), clock: next.clock().wrapping_sub(1) };
    let follows = next.client == r.client && next.kind() == r.kind() && next.clock() == store.end(r);
    Ok(follows
        && places.is_entry(store, at + 1)
        && head_of(store, next)?.is_some_and(|head| head.origin == Some(last)))
}

/// Where the deletions of an input begin.
struct Starts {
    client: u64,
    found: Vec<(u64, u64)>,
}

impl Visit for Starts {
    fn section(&mut self, client: u64, _clock: u64, _at: usize) {
        self.client = client;
    }

    fn visit(&mut self, s: Struct) {
        if s.kind == kind::DELETED {
            self.found.push((self.client, s.clock));
        }
    }

    fn deletions_of(&mut self, client: u64, _ranges: u64) {
        self.client = client;
    }

    fn deleted(&mut self, clock: u64, _len: u64, _at: usize) {
        self.found.push((self.client, clock));
    }
}
