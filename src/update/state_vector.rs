//! State vectors: computed from an update, and decoded from untrusted bytes.
//!
//! The clock of a client is the end of its structs from clock 0 up to the first gap. Source: yjs
//! `encodeStateVectorFromUpdate`, `decodeStateVector`.

use super::content::kind;
use super::invalid_update::InvalidUpdate;
use super::placeholder::Placeholder;
use super::reader::Reader;
use super::scan::{Struct, Visitor, scan};
use crate::codec::varint::write_varuint;

/// The state vector of an update: for each client the clock up to which the update has all structs.
///
/// # Errors
/// [`InvalidUpdate`] if it is not a V1 update.
pub fn state_vector(update: &[u8]) -> Result<Vec<u8>, InvalidUpdate> {
    let mut out = Vec::new();
    let clients = Placeholder::new(&mut out, 0);
    let mut writer = Writer { out, clients: 0, client: 0, clock: 0, is_contiguous: false };
    scan(update, &mut writer)?;
    clients.fill(&mut writer.out, writer.clients);
    Ok(writer.out)
}

/// Writes a state vector while an update is scanned.
struct Writer {
    out: Vec<u8>,
    clients: u64,
    client: u64,
    clock: u64,
    /// No gap precedes the next struct of the client.
    is_contiguous: bool,
}

impl Writer {
    fn finish(&mut self) {
        if self.clock > 0 {
            write_varuint(&mut self.out, self.client);
            write_varuint(&mut self.out, self.clock);
            self.clients += 1;
        }
    }
}

impl Visitor for Writer {
    fn section(&mut self, client: u64, clock: u64, _offset: usize) {
        self.finish();
        (self.client, self.clock, self.is_contiguous) = (client, 0, clock == 0);
    }

    #[inline(always)]
    fn visit(&mut self, s: Struct) {
        self.is_contiguous &= s.kind != kind::SKIP;
        if self.is_contiguous {
            self.clock = s.clock + s.len;
        }
    }

    fn delete_set(&mut self, _offset: usize) {
        self.finish();
    }
}

/// What a state vector claims of one client, and what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The client.
    pub client: u64,
    /// The next clock by the state vector.
    pub claimed: u64,
    /// The next clock by the update, up to its first gap.
    pub stored: u64,
}

/// The clients of which `state_vector` claims more than `update` has.
///
/// # Errors
/// [`InvalidUpdate`] if either input is malformed.
pub fn claims_beyond(claims: &[u8], update: &[u8]) -> Result<Vec<Claim>, InvalidUpdate> {
    let stored = decode(&state_vector(update)?)?;
    let claims = decode(claims)?.into_iter().map(|(client, claimed)| {
        let found = stored.binary_search_by_key(&client, |&(client, _)| client).ok();
        Claim { client, claimed, stored: found.and_then(|at| stored.get(at)).map_or(0, |&(_, clock)| clock) }
    });
    Ok(claims.filter(|claim| claim.claimed > claim.stored).collect())
}

/// Checks that bytes are a state vector.
///
/// # Errors
/// [`InvalidUpdate`] with the offset of the error.
pub fn validate_state_vector(state_vector: &[u8]) -> Result<(), InvalidUpdate> {
    decode(state_vector).map(drop)
}

/// The clients of a state vector with their clocks, sorted by client.
pub(super) fn decode(state_vector: &[u8]) -> Result<Vec<(u64, u64)>, InvalidUpdate> {
    let mut r = Reader::new(state_vector);
    let mut clocks = Vec::new();
    for _ in 0..r.count(2)? {
        clocks.push((r.uint()?, r.uint()?));
    }
    if r.remaining() > 0 {
        return Err(r.error("bytes after the end"));
    }
    // If a client is named twice, the last clock is valid, as in Yjs.
    clocks.reverse();
    clocks.sort_by_key(|&(client, _)| client);
    clocks.dedup_by_key(|&mut (client, _)| client);
    Ok(clocks)
}
