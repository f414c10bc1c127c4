//! Which updates may be stored: those that Yjs applies without throwing, to an empty document or once the gap before them is
//! filled. What fills the gap may still conflict with them (see [`readable`]).
//!
//! A merge takes a little more, and writes what may be stored: it drops structs and deletions of no length, and sorts
//! deletions. What was stored before there was this check stays readable that way.

use super::content::kind;
use super::read::{MAX_SAFE, Reader};
use super::readable::{self, Suspects};
use super::scan::{Struct, Visit, scan};
use super::{InvalidUpdate, united};

pub(crate) fn validate(update: &[u8]) -> Result<(), InvalidUpdate> {
    let mut strict = Strict::default();
    scan(update, &mut strict)?;
    if let Some((at, reason)) = strict.refused() {
        return Err(Reader::at(update, at).bad(reason));
    }
    if strict.suspects.any()
        && let Some(conflict) = conflicts(update)?.into_iter().next()
    {
        return Err(conflict);
    }
    Ok(())
}

/// The structs of one update that Yjs cannot read together, in the order of the bytes.
pub(crate) fn conflicts(update: &[u8]) -> Result<Vec<InvalidUpdate>, InvalidUpdate> {
    let updates = [update];
    let store = united(&updates)?;
    let conflicts = readable::conflicts(&store)?.into_iter();
    let named = |(i, reason)| Some((store.source(store.records.get(i)?).offset as usize, reason));
    let mut list: Vec<_> = conflicts
        .filter_map(named)
        .map(|(offset, reason)| InvalidUpdate { update: 0, offset, reason })
        .collect();
    list.sort_unstable_by_key(|e| e.offset);
    Ok(list)
}

/// The reason to refuse an update, if there is one.
#[derive(Default)]
struct Strict {
    first: Option<(usize, &'static str)>,
    /// Where the struct before begins, if it is a Skip of no length.
    empty_skip: Option<usize>,
    suspects: Suspects,
    deletions: Deletions,
}

/// How the delete set is written. Yjs keeps deletions that wait for their structs as differences, in the order of the update:
/// out of order these are wrong numbers, which must not grow beyond what it reads.
#[derive(Default)]
pub(crate) struct Deletions {
    /// The client and the end of the range before.
    before: Option<(u64, u64)>,
    /// The first range that is out of order.
    disorder: Option<usize>,
    /// The largest clock that wrong numbers could add up to.
    sum: u64,
}

/// By how much a difference below zero may be read as too large.
const WRONG_BY: u64 = 127;

/// What a struct of no length is refused for.
pub(crate) const NO_LENGTH: &str = "a struct of no length";
/// What a deletion of no length is refused for.
pub(crate) const NO_DELETION: &str = "a deletion of no length";

impl Deletions {
    /// The ranges of a client follow.
    pub(crate) fn of(&mut self, client: u64) {
        // After a client that comes too late nothing is in order.
        let late = self.before.is_some_and(|(before, _)| before <= client);
        self.before = Some((client, if late { u64::MAX } else { 0 }));
    }

    /// A range.
    #[inline(always)]
    pub(crate) fn see(&mut self, clock: u64, len: u64, at: usize) {
        let (client, end) = self.before.unwrap_or_default();
        if clock < end {
            self.disorder.get_or_insert(at);
        }
        self.sum = self.sum.saturating_add(clock + len + WRONG_BY);
        self.before = Some((client, end.max(clock + len)));
    }

    /// The place and the reason, if Yjs could count too far.
    pub(crate) fn refused(&self) -> Option<(usize, &'static str)> {
        let huge = self.disorder.filter(|_| self.sum > MAX_SAFE);
        huge.map(|at| (at, "deletions out of order, with clocks that add up to more than 2^53 - 1"))
    }
}

impl Strict {
    #[cold]
    fn refuse(&mut self, at: usize, reason: &'static str) {
        self.first.get_or_insert((at, reason));
    }

    /// Yjs writes a Skip of no length between structs. At the end of a section, it is taken for what the others are looked up
    /// by: `findIndexSS` divides by zero.
    fn end_section(&mut self) {
        if let Some(at) = self.empty_skip.take() {
            self.refuse(at, NO_LENGTH);
        }
    }

    fn refused(&self) -> Option<(usize, &'static str)> {
        self.first.or(self.deletions.refused())
    }
}

impl Visit for Strict {
    fn count(&mut self, _structs: u64, _at: usize) {
        self.end_section();
    }

    #[inline(always)]
    fn visit(&mut self, s: Struct) {
        self.suspects.see(&s);
        let is_empty_skip = s.len == 0 && s.kind == kind::SKIP;
        self.empty_skip = is_empty_skip.then_some(s.start);
        if s.len == 0 && !is_empty_skip {
            self.refuse(s.start, NO_LENGTH);
        }
    }

    fn delete_set(&mut self, _at: usize) {
        self.end_section();
    }

    fn deletions_of(&mut self, client: u64, _ranges: u64) {
        self.deletions.of(client);
    }

    #[inline(always)]
    fn deleted(&mut self, clock: u64, len: u64, at: usize) {
        if len == 0 {
            self.refuse(at, NO_DELETION);
        }
        self.deletions.see(clock, len, at);
    }
}
