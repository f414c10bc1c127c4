//! What a peer with a given state vector does not have yet. Structs are copied as they stand; only the first one of a
//! client may have to be cut. The delete set goes along whole. Source: yjs `diffUpdate`.

use super::InvalidUpdate;
use super::clients::Clients;
use super::content::{kind, skip_elements};
use super::delete_set::{self, Range};
use super::head::Head;
use super::hole::Hole;
use super::read::Reader;
use super::scan::{Struct, Visit, scan};
use super::state_vector;
use super::text::Place;
use crate::codec::varint::write_varuint;

pub(crate) fn diff(update: &[u8], state_vector: &[u8]) -> Result<Vec<u8>, InvalidUpdate> {
    let known = state_vector::decode(state_vector)?;
    let mut out = Vec::with_capacity(update.len());
    let sections = Hole::new(&mut out, 0);
    let mut news = News {
        update,
        known,
        out,
        sections: 0,
        client: 0,
        clock: 0,
        open: None,
        copy: (0, 0),
        deletions: Deletions { at: 0, last: None, plain: true },
        failed: None,
    };
    scan(update, &mut news)?;
    if let Some(e) = news.failed {
        return Err(e);
    }
    sections.fill(&mut news.out, news.sections);
    if news.deletions.plain {
        news.out.extend_from_slice(update.get(news.deletions.at..).unwrap_or_default());
    } else {
        write_delete_set(update, &mut news.out)?;
    }
    Ok(news.out)
}

struct News<'a> {
    update: &'a [u8],
    known: Vec<(u64, u64)>,
    out: Vec<u8>,
    sections: u64,
    client: u64,
    /// What the peer knows of the client.
    clock: u64,
    /// The section being written: where its count goes, and the count.
    open: Option<(Hole, u64)>,
    /// What is to be copied next: from, to.
    copy: (usize, usize),
    deletions: Deletions,
    failed: Option<InvalidUpdate>,
}

/// Whether the delete set can be copied as it stands: clients descending, each with ranges.
struct Deletions {
    at: usize,
    last: Option<u64>,
    plain: bool,
}

impl News<'_> {
    /// Copies what is due.
    fn flush(&mut self) {
        self.out.extend_from_slice(self.update.get(self.copy.0..self.copy.1).unwrap_or_default());
        self.copy = (0, 0);
    }

    fn finish(&mut self) {
        self.flush();
        if let Some((hole, count)) = self.open.take() {
            hole.fill(&mut self.out, count);
            self.sections += 1;
        }
    }

    fn begin(&mut self, s: Struct) {
        let hole = Hole::new(&mut self.out, 0);
        let clock = s.clock.max(self.clock);
        write_varuint(&mut self.out, self.client);
        write_varuint(&mut self.out, clock);
        self.open = Some((hole, 1));
        if clock == s.clock {
            self.add(s);
        } else if let Err(e) = self.cut(s, clock) {
            self.failed = Some(e);
        }
    }

    #[inline(always)]
    fn add(&mut self, s: Struct) {
        let info = s.plain_info();
        if info == s.info && self.copy.1 == s.start {
            self.copy.1 = s.end;
            return;
        }
        self.flush();
        if info == s.info {
            self.copy = (s.start, s.end);
        } else {
            self.out.push(info);
            self.copy = (s.start + 1, s.end);
        }
    }

    /// Writes the piece of a struct from `clock` on.
    fn cut(&mut self, s: Struct, clock: u64) -> Result<(), InvalidUpdate> {
        self.flush();
        let (skipped, left) = (clock - s.clock, s.clock + s.len - clock);
        let mut r = Reader::at(self.update, s.start + 1);
        if s.kind == kind::GC {
            self.out.push(kind::GC);
            write_varuint(&mut self.out, left);
            return Ok(());
        }
        Head::read(&mut r, s.info)?.cut(self.client, clock).write(&mut self.out, s.kind);
        match s.kind {
            kind::STRING => {
                let text = r.text_unchecked()?;
                let mut place = Place::default();
                place.skip(text, skipped);
                let hole = Hole::new(&mut self.out, (text.len() - place.byte) as u64);
                place.walk(text, left, |_| false, |bytes| self.out.extend_from_slice(bytes));
                let bytes = hole.filled(&self.out) as u64;
                hole.fill(&mut self.out, bytes);
            }
            kind::ANY | kind::JSON => {
                r.uint()?;
                skip_elements(&mut r, s.kind, skipped)?;
                write_varuint(&mut self.out, left);
                self.copy = (r.pos(), s.end);
            }
            _ => write_varuint(&mut self.out, left),
        }
        Ok(())
    }
}

impl Visit for News<'_> {
    fn section(&mut self, client: u64, _clock: u64, _at: usize) {
        self.finish();
        self.client = client;
        let known = self.known.binary_search_by_key(&client, |&(client, _)| client);
        self.clock = known.ok().and_then(|i| self.known.get(i)).map_or(0, |&(_, clock)| clock);
    }

    #[inline(always)]
    fn visit(&mut self, s: Struct) {
        if let Some((_, count)) = &mut self.open {
            *count += 1;
            self.add(s);
        } else if s.kind != kind::SKIP && s.clock + s.len > self.clock {
            self.begin(s);
        }
    }

    fn delete_set(&mut self, at: usize) {
        self.finish();
        self.deletions.at = at;
    }

    fn deletions_of(&mut self, client: u64, ranges: u64) {
        let d = &mut self.deletions;
        d.plain &= ranges > 0 && d.last.is_none_or(|last| last > client);
        d.last = Some(client);
    }
}

/// Writes a delete set anew that does not stand in the update as Yjs would write it.
fn write_delete_set(update: &[u8], out: &mut Vec<u8>) -> Result<(), InvalidUpdate> {
    #[derive(Default)]
    struct Deleted {
        clients: Clients,
        client: u32,
        ranges: Vec<Range>,
    }
    impl Visit for Deleted {
        fn deletions_of(&mut self, client: u64, _ranges: u64) {
            self.client = self.clients.number(client);
        }
        fn deleted(&mut self, clock: u64, len: u64, _at: usize) {
            if len > 0 {
                self.ranges.push(Range { client: self.client, start: clock, end: clock + len });
            }
        }
    }
    let mut deleted = Deleted::default();
    scan(update, &mut deleted)?;
    if let Some(numbers) = deleted.clients.arrange() {
        for d in &mut deleted.ranges {
            d.client = numbers.get(d.client as usize).copied().unwrap_or_default();
        }
    }
    delete_set::normalise(&mut deleted.ranges);
    delete_set::write(out, &deleted.ranges, &deleted.clients);
    Ok(())
}
