//! Leaves one copy of each id, if several inputs contain it: an item with content rather than one without, that rather than
//! GC, and the one of the earlier input otherwise. Structs are split only where the chosen copy changes.
//!
//! Knows nothing of neighbours. The result does not depend on the order and the grouping of the inputs:
//! * A GC copy says that its ids are deleted. If an item is chosen, they become deletions.
//! * A document that splits a surrogate pair replaces both halves by U+FFFD, in its own copy only. So an intact pair is
//!   chosen if any copy has it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::content::{kind, skip_elements};
use super::delete_set::{self, Range};
use super::growth::push;
use super::invalid_update::InvalidUpdate;
use super::item_header::content_at;
use super::reader::Reader;
use super::record::{Piece, Record, Source, mark};
use super::records::Records;
use super::text::{self, Position};

/// Reads all updates. The result has one record for each id, and its records can be found by their ids.
pub(super) fn read_unique<U: AsRef<[u8]>>(updates: &[U]) -> Result<Records<'_, U>, InvalidUpdate> {
    let mut records = Records::read(updates)?;
    if records.sort() {
        remove_copies(&mut records)?;
    }
    records.index();
    Ok(records)
}

/// Leaves one record for each id. The records are sorted, and some overlap.
fn remove_copies<U: AsRef<[u8]>>(records: &mut Records<'_, U>) -> Result<(), InvalidUpdate> {
    let list = std::mem::take(&mut records.list);
    let mut out = Vec::with_capacity(list.len() / 2);
    let mut rest = list.as_slice();
    while let Some(first) = rest.first() {
        let mut end = records.end(first);
        let n = rest.iter().skip(1).take_while(|r| {
            let overlaps = r.client == first.client && r.clock() < end;
            end = end.max(if overlaps { records.end(r) } else { 0 });
            overlaps
        });
        let (overlapping, next) = rest.split_at_checked(1 + n.count()).unwrap_or((rest, &[]));
        if overlapping.len() == 1 {
            push(&mut out, *first);
        } else {
            let from = out.len();
            let pairs = damaged_pairs(records, overlapping);
            Selection::new(records, overlapping, &pairs, &mut out).run()?;
            let out = out.get_mut(from..).unwrap_or_default();
            find_gc_copies(records, overlapping, out);
            mark_lists(records, overlapping, out);
        }
        rest = next;
    }
    out.shrink_to_fit();
    records.list = out;
    records.delete_gc_copies();
    Ok(())
}

/// How much of a struct's content has been skipped. The pieces of a struct are written in the order of their clocks.
#[derive(Clone, Copy, Default)]
struct Progress {
    units: u64,
    position: Position,
}

/// The preference among copies, and the index of the record. A heap gives the preferred copy first.
type Candidate = Reverse<(u8, Source, usize)>;

/// Chooses copies, from the lowest clock to the highest.
struct Selection<'s, 'a, 'o, U> {
    records: &'s mut Records<'a, U>,
    overlapping: &'s [Record],
    progress: Vec<Progress>,
    /// The pairs that are not behind the current clock.
    pairs: &'s [IntactPair],
    /// The records that begin at the current clock or before.
    candidates: BinaryHeap<Candidate>,
    /// The chosen copy: the index of its record, its first clock, and the clock after its last.
    chosen: Option<(usize, u64, u64)>,
    out: &'o mut Vec<Record>,
}

impl<'s, 'a, 'o, U: AsRef<[u8]>> Selection<'s, 'a, 'o, U> {
    fn new(
        records: &'s mut Records<'a, U>,
        overlapping: &'s [Record],
        pairs: &'s [IntactPair],
        out: &'o mut Vec<Record>,
    ) -> Self {
        let progress = vec![Progress::default(); overlapping.len()];
        Selection { records, overlapping, progress, pairs, candidates: BinaryHeap::new(), chosen: None, out }
    }

    fn run(mut self) -> Result<(), InvalidUpdate> {
        let overlapping = self.overlapping;
        let mut coming = overlapping.iter().enumerate().peekable();
        let mut clock = overlapping.first().map_or(0, Record::clock);
        loop {
            while let Some((i, r)) = coming.next_if(|(_, r)| r.clock() <= clock) {
                self.candidates.push(Reverse((r.rank(), self.records.source(r), i)));
            }
            let Some(&Reverse((_, _, best))) = self.candidates.peek() else { break };
            let Some(r) = overlapping.get(best) else { break };
            let end = self.records.end(r);
            if end <= clock {
                self.candidates.pop();
                continue;
            }
            let until = coming.peek().map_or(end, |(_, next)| next.clock().min(end));
            let (best, until) = self.prefer_intact_pair(best, r.kind(), clock, until);
            match &mut self.chosen {
                Some((same, _, to)) if *same == best => *to = until,
                _ => {
                    self.flush()?;
                    self.chosen = Some((best, clock, until));
                }
            }
            clock = until;
        }
        self.flush()
    }

    /// If a pair begins at `clock`, the copy in which it is intact, and its end. Otherwise `best`, up to the next pair.
    fn prefer_intact_pair(&mut self, best: usize, kind: u8, clock: u64, until: u64) -> (usize, u64) {
        while self.pairs.first().is_some_and(|pair| pair.clock < clock) {
            self.pairs = self.pairs.get(1..).unwrap_or_default();
        }
        match self.pairs.first() {
            Some(pair) if pair.clock > clock => (best, until.min(pair.clock)),
            Some(pair) if kind == kind::STRING => (pair.record, clock + 2),
            _ => (best, until),
        }
    }

    /// Appends the chosen copy.
    fn flush(&mut self) -> Result<(), InvalidUpdate> {
        let Some((i, from, to)) = self.chosen.take() else { return Ok(()) };
        let (Some(r), Some(progress)) = (self.overlapping.get(i), self.progress.get_mut(i)) else {
            return Ok(());
        };
        if (from, to) == (r.clock(), self.records.end(r)) {
            push(self.out, *r);
            return Ok(());
        }
        let source = self.records.source(r);
        let content = content_at(self.records.bytes(source), source.offset as usize)?;
        let skipped = from - r.clock();
        skip_to(content, r.kind(), progress, skipped)?;
        let piece = Piece { source, len: to - from, skipped, start: progress.position };
        let record = self.records.extended(r, from, piece);
        push(self.out, record);
        Ok(())
    }
}

/// Moves forward in a content to this unit.
fn skip_to(content: Reader<'_>, kind: u8, progress: &mut Progress, to: u64) -> Result<(), InvalidUpdate> {
    let units = to - progress.units;
    progress.units = to;
    match kind {
        kind::STRING => {
            let mut r = content;
            progress.position.skip(r.text_unchecked()?, units);
        }
        kind::ANY | kind::JSON => {
            let mut r = content;
            r.uint()?;
            let first = r.pos();
            let mut r = r.advanced(progress.position.byte);
            skip_elements(&mut r, kind, units)?;
            progress.position.byte = r.pos() - first;
        }
        _ => {}
    }
    Ok(())
}

/// Marks the values that share a struct with others in any copy: they are in a list.
fn mark_lists<U: AsRef<[u8]>>(records: &Records<'_, U>, overlapping: &[Record], out: &mut [Record]) {
    for list in overlapping.iter().filter(|r| records.is_list(r)) {
        let first = out.partition_point(|r| r.clock() < list.clock());
        let end = records.end(list);
        for r in out.iter_mut().skip(first).take_while(|r| r.clock() < end) {
            r.set(mark::KEY_CHECKED | mark::NO_KEY);
        }
    }
}

/// Finds the ids of GC copies for which an item was chosen.
fn find_gc_copies<U: AsRef<[u8]>>(records: &mut Records<'_, U>, overlapping: &[Record], chosen: &[Record]) {
    let range = |r: &Record| Range { client: r.client, start: r.clock(), end: records.end(r) };
    let mut gc: Vec<_> = overlapping.iter().filter(|r| r.kind() == kind::GC).map(range).collect();
    delete_set::normalise(&mut gc);
    let mut rest = gc.as_slice();
    for item in chosen.iter().filter(|r| r.kind() != kind::GC) {
        let (start, end) = (item.clock(), records.end(item));
        while rest.first().is_some_and(|gc| gc.end <= start) {
            rest = rest.get(1..).unwrap_or_default();
        }
        for gc in rest.iter().take_while(|gc| gc.start < end) {
            let both = Range { start: gc.start.max(start), end: gc.end.min(end), ..*gc };
            delete_set::add(&mut records.gc_copies, both);
        }
    }
}

/// A surrogate pair that is intact in this record and not in all others: its first clock, and the index of the record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct IntactPair {
    clock: u64,
    source: Source,
    record: usize,
}

/// The surrogate pairs that one copy has and of which another has a U+FFFD, by their clocks.
fn damaged_pairs<U: AsRef<[u8]>>(records: &Records<'_, U>, overlapping: &[Record]) -> Vec<IntactPair> {
    let texts = || {
        let strings = overlapping.iter().enumerate().filter(|(_, r)| r.kind() == kind::STRING);
        strings.map(|(i, r)| (i, r, text_of(records, r))).filter(|(_, _, text)| !text.is_ascii())
    };
    let mut replaced = Vec::new();
    for (_, r, text) in texts() {
        text::find_chars(text, r.clock(), |c| c == text::REPLACEMENT, |clock| replaced.push(clock));
    }
    if replaced.is_empty() {
        return Vec::new();
    }
    replaced.sort_unstable();
    let mut pairs = Vec::new();
    for (record, r, text) in texts() {
        let source = records.source(r);
        let found = |clock: u64| {
            let next = replaced.get(replaced.partition_point(|&c| c < clock));
            if next.is_some_and(|&c| c <= clock + 1) {
                pairs.push(IntactPair { clock, source, record });
            }
        };
        text::find_chars(text, r.clock(), |c| c.len() == 4, found);
    }
    pairs.sort_unstable();
    pairs.dedup_by_key(|pair| pair.clock);
    pairs
}

fn text_of<'a, U: AsRef<[u8]>>(records: &Records<'a, U>, r: &Record) -> &'a [u8] {
    let source = records.source(r);
    content_at(records.bytes(source), source.offset as usize)
        .and_then(|mut c| c.text_unchecked())
        .unwrap_or_default()
}
