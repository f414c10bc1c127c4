//! State vectors: of an update, and as bytes from outside.
//!
//! A client counts from clock 0 up to the first gap. Source: yjs `encodeStateVectorFromUpdate`, `decodeStateVector`.

use super::InvalidUpdate;
use super::content::kind;
use super::hole::Hole;
use super::read::Reader;
use super::scan::{Struct, Visit, scan};
use crate::codec::varint::write_varuint;

pub(crate) fn of_update(update: &[u8]) -> Result<Vec<u8>, InvalidUpdate> {
    let mut out = Vec::new();
    let hole = Hole::new(&mut out, 0);
    let mut known = Known { out, clients: 0, client: 0, clock: 0, counts: false };
    scan(update, &mut known)?;
    hole.fill(&mut known.out, known.clients);
    Ok(known.out)
}

/// What is known of the client whose structs are being read.
struct Known {
    out: Vec<u8>,
    clients: u64,
    client: u64,
    clock: u64,
    counts: bool,
}

impl Known {
    fn finish(&mut self) {
        if self.clock > 0 {
            write_varuint(&mut self.out, self.client);
            write_varuint(&mut self.out, self.clock);
            self.clients += 1;
        }
    }
}

impl Visit for Known {
    fn section(&mut self, client: u64, clock: u64, _at: usize) {
        self.finish();
        (self.client, self.clock, self.counts) = (client, 0, clock == 0);
    }

    #[inline(always)]
    fn visit(&mut self, s: Struct) {
        self.counts &= s.kind != kind::SKIP;
        if self.counts {
            self.clock = s.clock + s.len;
        }
    }

    fn delete_set(&mut self, _at: usize) {
        self.finish();
    }
}

/// The clients of a state vector with their clocks, sorted by client.
pub(crate) fn decode(state_vector: &[u8]) -> Result<Vec<(u64, u64)>, InvalidUpdate> {
    let mut r = Reader::new(state_vector);
    let mut clocks = Vec::new();
    for _ in 0..r.count(2)? {
        clocks.push((r.uint()?, r.uint()?));
    }
    if r.remaining() > 0 {
        return Err(r.bad("bytes after the end"));
    }
    // Where a client is named twice the last entry counts, as in Yjs.
    clocks.reverse();
    clocks.sort_by_key(|&(client, _)| client);
    clocks.dedup_by_key(|&mut (client, _)| client);
    Ok(clocks)
}
