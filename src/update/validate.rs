//! Which updates may be stored: those that Yjs applies without throwing, to an empty document, or later when the gap before
//! them is filled.
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
        && let Some(conflict) = readable::conflicts(&united(&[update])?)?.into_iter().next()
    {
        return Err(conflict);
    }
    Ok(())
}

/// The reason to refuse an update, if there is one.
#[derive(Default)]
struct Strict {
    first: Option<(usize, &'static str)>,
    suspects: Suspects,
    deletions: Deletions,
}

/// How the delete set is written. Yjs keeps deletions that wait for their structs as differences, in the order of the update:
/// out of order these are wrong numbers, which must not grow beyond what it reads.
#[derive(Default)]
struct Deletions {
    /// The client and the end of the range before.
    before: Option<(u64, u64)>,
    /// The first range that is out of order.
    disorder: Option<usize>,
    /// The largest clock that wrong numbers could add up to.
    sum: u64,
}

/// By how much a difference below zero may be read as too large.
const WRONG_BY: u64 = 127;

impl Strict {
    #[cold]
    fn refuse(&mut self, at: usize, reason: &'static str) {
        self.first.get_or_insert((at, reason));
    }

    fn refused(&self) -> Option<(usize, &'static str)> {
        let huge = self.deletions.disorder.filter(|_| self.deletions.sum > MAX_SAFE);
        self.first
            .or(huge.map(|at| (at, "deletions out of order, with clocks that add up to more than 2^53 - 1")))
    }
}

impl Visit for Strict {
    #[inline(always)]
    fn visit(&mut self, s: Struct) {
        self.suspects.see(&s);
        if s.len == 0 && s.kind != kind::SKIP {
            self.refuse(s.start, "a struct of no length");
        }
    }

    fn deletions_of(&mut self, client: u64, _ranges: u64) {
        let d = &mut self.deletions;
        // After a client that comes too late nothing is in order.
        let late = d.before.is_some_and(|(before, _)| before <= client);
        d.before = Some((client, if late { u64::MAX } else { 0 }));
    }

    #[inline(always)]
    fn deleted(&mut self, clock: u64, len: u64, at: usize) {
        if len == 0 {
            self.refuse(at, "a deletion of no length");
        }
        let d = &mut self.deletions;
        let (client, end) = d.before.unwrap_or_default();
        if clock < end {
            d.disorder.get_or_insert(at);
        }
        d.sum = d.sum.saturating_add(clock + len + WRONG_BY);
        d.before = Some((client, end.max(clock + len)));
    }
}
