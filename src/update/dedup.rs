//! Leaves one copy of each id, if several inputs contain it: an item with content rather than one without, that rather than
//! GC, and the one of the earlier input otherwise. Structs are split only where the chosen copy changes.
//!
//! Knows nothing of deletions and neighbours. U+FFFD replaces half a surrogate pair: a pair that is split in any copy is
//! split in the result. So the result does not depend on the order and the grouping of the inputs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::content::{kind, skip_elements};
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
            Selection::new(records, overlapping, &mut out).run()?;
            let out = out.get_mut(from..).unwrap_or_default();
            replace_split_pairs(records, overlapping, out);
            mark_lists(records, overlapping, out);
        }
        rest = next;
    }
    out.shrink_to_fit();
    records.list = out;
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
    /// The records that begin at the current clock or before.
    candidates: BinaryHeap<Candidate>,
    /// The chosen copy: the index of its record, its first clock, and the clock after its last.
    chosen: Option<(usize, u64, u64)>,
    out: &'o mut Vec<Record>,
}

impl<'s, 'a, 'o, U: AsRef<[u8]>> Selection<'s, 'a, 'o, U> {
    fn new(records: &'s mut Records<'a, U>, overlapping: &'s [Record], out: &'o mut Vec<Record>) -> Self {
        let progress = vec![Progress::default(); overlapping.len()];
        Selection { records, overlapping, progress, candidates: BinaryHeap::new(), chosen: None, out }
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
        let (start, replaced_pairs) = (progress.position, (0, 0));
        let piece = Piece { source, len: to - from, skipped, start, replaced_pairs };
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

/// Replaces the surrogate pairs of which another copy has a U+FFFD.
fn replace_split_pairs<U: AsRef<[u8]>>(
    records: &mut Records<'_, U>,
    overlapping: &[Record],
    out: &mut [Record],
) {
    let mut replacements = Vec::new();
    for r in overlapping.iter().filter(|r| r.kind() == kind::STRING) {
        let text = text_of(records, r);
        if !text.is_ascii() {
            text::find_chars(
                text,
                r.clock(),
                records.end(r),
                |c| c == text::REPLACEMENT,
                |at| {
                    replacements.push(at);
                },
            );
        }
    }
    if replacements.is_empty() {
        return;
    }
    replacements.sort_unstable();
    for r in out.iter_mut().filter(|r| r.kind() == kind::STRING) {
        replace_pairs(records, r, &replacements);
    }
}

/// Replaces the pairs of a text that contain one of these clocks.
fn replace_pairs<U: AsRef<[u8]>>(records: &mut Records<'_, U>, r: &mut Record, replacements: &[u64]) {
    let (from, end) = (r.clock(), records.end(r));
    let first = replacements.partition_point(|&at| at < from);
    if replacements.get(first).is_none_or(|&at| at >= end) {
        return;
    }
    let whole = Piece {
        source: records.source(r),
        len: end - from,
        skipped: 0,
        start: Position::default(),
        replaced_pairs: (0, 0),
    };
    let mut piece = records.piece(r).copied().unwrap_or(whole);
    let text = text_of(records, r).get(piece.start.byte..).unwrap_or_default();
    // If the piece begins inside a pair, that pair begins one clock earlier.
    let at = from - u64::from(piece.start.in_pair);
    let before = records.replaced_pairs.len();
    let mut pair = |at: u64| {
        let next = replacements.get(replacements.partition_point(|&c| c < at));
        if next.is_some_and(|&c| c <= at + 1) && at >= from && at + 1 < end {
            records.replaced_pairs.push(at);
        }
    };
    text::find_chars(text, at, end, |c| c.len() == 4, &mut pair);
    if records.replaced_pairs.len() > before {
        piece.replaced_pairs = (before as u32, records.replaced_pairs.len() as u32);
        *r = records.extended(r, from, piece);
    }
}

/// The whole text of a struct, also if the record is a piece of it.
fn text_of<'a, U: AsRef<[u8]>>(records: &Records<'a, U>, r: &Record) -> &'a [u8] {
    let source = records.source(r);
    content_at(records.bytes(source), source.offset as usize)
        .and_then(|mut c| c.text_unchecked())
        .unwrap_or_default()
}
