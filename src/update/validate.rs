//! Decides which updates may be stored: those that Yjs applies without throwing, to an empty document or once the gap before
//! them is filled. What fills the gap may still conflict with them (see [`super::conflicts`]).
//!
//! A merge accepts a little more, so that logs from before this check stay readable: it drops structs and deletions of no
//! length, and sorts deletions. What it writes is valid, except for conflicts.

use super::conflict_filter::ConflictFilter;
use super::conflicts;
use super::content::kind;
use super::dedup::read_unique;
use super::invalid_update::InvalidUpdate;
use super::limits::MAX_SAFE_INTEGER;
use super::reader::Reader;
use super::scan::{Struct, Visitor, scan};

/// Checks that bytes are a V1 update that Yjs applies without throwing: to an empty document, or once the gap before it is
/// filled, unless the two conflict (see [`super::merge_readable`]). Linear. Allocates only a list of the clients, unless the
/// update may contain a conflict.
///
/// # Errors
/// [`InvalidUpdate`] with the offset of the error.
pub fn validate(update: &[u8]) -> Result<(), InvalidUpdate> {
    let mut check = Check::default();
    scan(update, &mut check)?;
    if let Some((offset, reason)) = check.refused() {
        return Err(Reader::at(update, offset).error(reason));
    }
    if check.conflict_filter.may_conflict()
        && let Some(conflict) = conflicts_in(update)?.into_iter().next()
    {
        return Err(conflict);
    }
    Ok(())
}

/// The structs of one update that conflict with each other, in the order of the bytes.
pub(super) fn conflicts_in(update: &[u8]) -> Result<Vec<InvalidUpdate>, InvalidUpdate> {
    let updates = [update];
    let records = read_unique(&updates)?;
    let error = |(i, reason)| {
        let offset = records.source(records.list.get(i)?).offset as usize;
        Some(InvalidUpdate { update: 0, offset, reason })
    };
    let mut list: Vec<_> = conflicts::find(&records)?.into_iter().filter_map(error).collect();
    list.sort_unstable_by_key(|e| e.offset);
    Ok(list)
}

/// Checks an update while it is scanned.
#[derive(Default)]
struct Check {
    /// The offset of the first error, and the reason.
    first: Option<(usize, &'static str)>,
    /// The offset of the struct before, if it is a Skip of no length.
    empty_skip: Option<usize>,
    conflict_filter: ConflictFilter,
    deletions: Deletions,
}

/// The order of the delete set. Yjs keeps deletions that wait for their structs as differences, in the order of the update.
/// Out of order, the differences are wrong numbers, which must not exceed what Yjs reads.
#[derive(Default)]
pub(super) struct Deletions {
    /// The client of the range before, and the largest clock of its ranges.
    before: Option<(u64, u64)>,
    /// The offset of the first range that is out of order.
    out_of_order: Option<usize>,
    /// The largest clock that the wrong numbers can add up to.
    sum: u64,
}

/// The largest error in reading a negative difference.
const MAX_ERROR: u64 = 127;

pub(super) const EMPTY_STRUCT: &str = "a struct of no length";
pub(super) const EMPTY_DELETION: &str = "a deletion of no length";

impl Deletions {
    /// Begins the ranges of a client.
    pub(super) fn begin_client(&mut self, client: u64) {
        // After a client out of order, no range is in order.
        let late = self.before.is_some_and(|(before, _)| before <= client);
        self.before = Some((client, if late { u64::MAX } else { 0 }));
    }

    #[inline(always)]
    pub(super) fn add(&mut self, clock: u64, len: u64, offset: usize) {
        let (client, end) = self.before.unwrap_or_default();
        if clock < end {
            self.out_of_order.get_or_insert(offset);
        }
        self.sum = self.sum.saturating_add(clock + len + MAX_ERROR);
        self.before = Some((client, end.max(clock + len)));
    }

    /// The offset and the reason, if Yjs could read a clock that is too large.
    pub(super) fn refused(&self) -> Option<(usize, &'static str)> {
        let offset = self.out_of_order.filter(|_| self.sum > MAX_SAFE_INTEGER);
        offset.map(|offset| (offset, "deletions out of order, with clocks that add up to more than 2^53 - 1"))
    }
}

impl Check {
    #[cold]
    fn refuse(&mut self, offset: usize, reason: &'static str) {
        self.first.get_or_insert((offset, reason));
    }

    /// Refuses a Skip of no length at the end of a section: `findIndexSS` would divide by zero. Between structs Yjs itself
    /// writes such Skips.
    fn end_section(&mut self) {
        if let Some(offset) = self.empty_skip.take() {
            self.refuse(offset, EMPTY_STRUCT);
        }
    }

    fn refused(&self) -> Option<(usize, &'static str)> {
        self.first.or(self.deletions.refused())
    }
}

impl Visitor for Check {
    fn struct_count(&mut self, _structs: u64, _offset: usize) {
        self.end_section();
    }

    #[inline(always)]
    fn visit(&mut self, s: Struct) {
        self.conflict_filter.add(&s);
        let is_empty_skip = s.len == 0 && s.kind == kind::SKIP;
        self.empty_skip = is_empty_skip.then_some(s.start);
        if s.len == 0 && !is_empty_skip {
            self.refuse(s.start, EMPTY_STRUCT);
        }
    }

    fn delete_set(&mut self, _offset: usize) {
        self.end_section();
    }

    fn deletions_of(&mut self, client: u64, _ranges: u64) {
        self.deletions.begin_client(client);
    }

    #[inline(always)]
    fn deleted(&mut self, clock: u64, len: u64, offset: usize) {
        if len == 0 {
            self.refuse(offset, EMPTY_DELETION);
        }
        self.deletions.add(clock, len, offset);
    }
}
