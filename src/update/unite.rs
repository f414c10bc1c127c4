//! Decides, where several inputs hold the same ids, which copy stays: an item in full before a deleted one before GC,
//! then the earlier input. A sweep over the clocks that cuts only where the winner changes.
//!
//! Knows nothing of deletions and of neighbours. U+FFFD beats half a surrogate pair: a pair that any copy had to cut stays
//! cut, so that the result does not depend on the order and the grouping of the inputs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::InvalidUpdate;
use super::content::{kind, skip_elements};
use super::head::content_of;
use super::read::Reader;
use super::squash::is_list;
use super::store::{Piece, Record, Source, Store, mark, push};
use super::text::{self, Place};

/// Leaves one record for each id. The records are sorted, and some overlap.
pub(crate) fn unite<U: AsRef<[u8]>>(store: &mut Store<'_, U>) -> Result<(), InvalidUpdate> {
    let records = std::mem::take(&mut store.records);
    let mut out = Vec::with_capacity(records.len() / 2);
    let mut rest = records.as_slice();
    while let Some(first) = rest.first() {
        let mut end = store.end(first);
        let n = rest.iter().skip(1).take_while(|r| {
            let inside = r.client == first.client && r.clock() < end;
            end = end.max(if inside { store.end(r) } else { 0 });
            inside
        });
        let (cluster, next) = rest.split_at_checked(1 + n.count()).unwrap_or((rest, &[]));
        if cluster.len() == 1 {
            push(&mut out, *first);
        } else {
            let from = out.len();
            Sweep::new(store, cluster, &mut out).run()?;
            let out = out.get_mut(from..).unwrap_or_default();
            spoil_cut_pairs(store, cluster, out);
            mark_lists(store, cluster, out);
        }
        rest = next;
    }
    out.shrink_to_fit();
    store.records = out;
    Ok(())
}

/// How far a struct's content has been passed: pieces of one struct come in the order of their clocks.
#[derive(Clone, Copy, Default)]
struct Passed {
    units: u64,
    place: Place,
}

/// The better copy first.
type Rank = Reverse<(u8, Source, usize)>;

struct Sweep<'s, 'a, 'o, U> {
    store: &'s mut Store<'a, U>,
    cluster: &'s [Record],
    passed: Vec<Passed>,
    open: BinaryHeap<Rank>,
    /// The winner being written: which record, from and to which clock.
    winner: Option<(usize, u64, u64)>,
    out: &'o mut Vec<Record>,
}

impl<'s, 'a, 'o, U: AsRef<[u8]>> Sweep<'s, 'a, 'o, U> {
    fn new(store: &'s mut Store<'a, U>, cluster: &'s [Record], out: &'o mut Vec<Record>) -> Self {
        let passed = vec![Passed::default(); cluster.len()];
        Sweep { store, cluster, passed, open: BinaryHeap::new(), winner: None, out }
    }

    fn run(mut self) -> Result<(), InvalidUpdate> {
        let cluster = self.cluster;
        let mut coming = cluster.iter().enumerate().peekable();
        let mut clock = cluster.first().map_or(0, Record::clock);
        loop {
            while let Some((i, r)) = coming.next_if(|(_, r)| r.clock() <= clock) {
                self.open.push(Reverse((r.rank(), self.store.source(r), i)));
            }
            let Some(&Reverse((_, _, best))) = self.open.peek() else { break };
            let Some(r) = cluster.get(best) else { break };
            let end = self.store.end(r);
            if end <= clock {
                self.open.pop();
                continue;
            }
            let until = coming.peek().map_or(end, |(_, next)| next.clock().min(end));
            match &mut self.winner {
                Some((same, _, to)) if *same == best => *to = until,
                _ => {
                    self.flush()?;
                    self.winner = Some((best, clock, until));
                }
            }
            clock = until;
        }
        self.flush()
    }

    /// Writes the winner that has ended.
    fn flush(&mut self) -> Result<(), InvalidUpdate> {
        let Some((i, from, to)) = self.winner.take() else { return Ok(()) };
        let (Some(r), Some(passed)) = (self.cluster.get(i), self.passed.get_mut(i)) else { return Ok(()) };
        if (from, to) == (r.clock(), self.store.end(r)) {
            push(self.out, *r);
            return Ok(());
        }
        let source = self.store.source(r);
        let content = content_of(self.store.bytes(source), source)?;
        let skipped = from - r.clock();
        pass(content, r.kind(), passed, skipped)?;
        let piece = Piece { source, len: to - from, skipped, place: passed.place, spoilt: (0, 0) };
        let record = self.store.cut(r, from, piece);
        push(self.out, record);
        Ok(())
    }
}

/// Goes on in a content to the given number of units from its begin.
fn pass(content: Reader<'_>, kind: u8, passed: &mut Passed, to: u64) -> Result<(), InvalidUpdate> {
    let units = to - passed.units;
    passed.units = to;
    match kind {
        kind::STRING => {
            let mut r = content;
            passed.place.skip(r.text_unchecked()?, units);
        }
        kind::ANY | kind::JSON => {
            let mut r = content;
            r.uint()?;
            let elements = r.pos();
            let mut r = r.ahead(passed.place.byte);
            skip_elements(&mut r, kind, units)?;
            passed.place.byte = r.pos() - elements;
        }
        _ => {}
    }
    Ok(())
}

/// Notes which values stand in lists: those that any copy holds together with others.
fn mark_lists<U: AsRef<[u8]>>(store: &Store<'_, U>, cluster: &[Record], out: &mut [Record]) {
    for list in cluster.iter().filter(|r| is_list(store, r)) {
        let first = out.partition_point(|r| r.clock() < list.clock());
        let end = store.end(list);
        for r in out.iter_mut().skip(first).take_while(|r| r.clock() < end) {
            r.set(mark::KEY_KNOWN | mark::NO_KEY);
        }
    }
}

/// Notes, for pieces of text, the pairs of which another copy has a U+FFFD.
fn spoil_cut_pairs<U: AsRef<[u8]>>(store: &mut Store<'_, U>, cluster: &[Record], out: &mut [Record]) {
    let mut cut = Vec::new();
    for r in cluster.iter().filter(|r| r.kind() == kind::STRING) {
        let text = text_of(store, r);
        if !text.is_ascii() {
            text::find_chars(text, r.clock(), store.end(r), |c| c == text::REPLACEMENT, |at| cut.push(at));
        }
    }
    if cut.is_empty() {
        return;
    }
    cut.sort_unstable();
    for r in out.iter_mut().filter(|r| r.kind() == kind::STRING) {
        spoil(store, r, &cut);
    }
}

fn spoil<U: AsRef<[u8]>>(store: &mut Store<'_, U>, r: &mut Record, cut: &[u64]) {
    let (from, end) = (r.clock(), store.end(r));
    let first = cut.partition_point(|&at| at < from);
    if cut.get(first).is_none_or(|&at| at >= end) {
        return;
    }
    let whole = Piece {
        source: store.source(r),
        len: end - from,
        skipped: 0,
        place: Place::default(),
        spoilt: (0, 0),
    };
    let mut piece = store.piece(r).copied().unwrap_or(whole);
    let text = text_of(store, r).get(piece.place.byte..).unwrap_or_default();
    // Where the piece begins inside a pair, the pair is the first character seen: it begins one clock earlier.
    let at = from - u64::from(piece.place.mid);
    let noted = store.spoilt.len();
    let mut pair = |at: u64| {
        let hit = cut.get(cut.partition_point(|&c| c < at)).is_some_and(|&c| c <= at + 1);
        if hit && at >= from && at + 1 < end {
            store.spoilt.push(at);
        }
    };
    text::find_chars(text, at, end, |c| c.len() == 4, &mut pair);
    if store.spoilt.len() > noted {
        piece.spoilt = (noted as u32, store.spoilt.len() as u32);
        *r = store.cut(r, from, piece);
    }
}

/// The text of a text struct, in full.
fn text_of<'a, U: AsRef<[u8]>>(store: &Store<'a, U>, r: &Record) -> &'a [u8] {
    let source = store.source(r);
    content_of(store.bytes(source), source).and_then(|mut c| c.text_unchecked()).unwrap_or_default()
}
