//! The Yjs update engine: V1 update bytes in, V1 update bytes out. Pure: no async, no DynamoDB, no Node.
//!
//! # Layout
//! * `read`, `text`, `content`, `head`: the pieces of the format, on borrowed bytes.
//! * `scan`: one checked pass over an update; everything else reads updates through it, but for `contents`.
//! * `store`: the structs of all inputs as compact records; `clients`, `delete_set`: what goes with them.
//! * `unite` → `collect` → `squash`, `write`: the merge.
//! * `diff`, `state_vector`: what a peer needs, what an update knows.
//! * `contents`, `verify`: a second reading of updates that shares no code with the first, to check a merge.
//!
//! All functions are safe on hostile bytes: they check what they read, do not recurse on it, and allocate no more than
//! its length pays for. Content is opaque: it is copied, never decoded and encoded again.

mod clients;
mod collect;
mod content;
mod contents;
mod delete_set;
mod diff;
mod head;
mod hole;
mod id_set;
mod read;
mod scan;
mod squash;
mod state_vector;
mod store;
mod text;
mod unite;
mod verify;
mod write;

use std::fmt;

pub use contents::{Contents, contents};
pub use id_set::IdSet;
pub use verify::{Mismatch, verify};

/// How updates are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeOptions {
    /// Join neighbouring structs where that changes nothing (default true).
    pub squash: bool,
    /// Drop the content of deleted items, as a `Y.Doc` with `gc: true` does (default true).
    pub gc: bool,
    /// The input is the whole log of a document from its base, not a tail of it (default false): lets `gc` go further.
    pub whole_log: bool,
}

impl Default for MergeOptions {
    fn default() -> Self {
        MergeOptions { squash: true, gc: true, whole_log: false }
    }
}

/// Why bytes are not a V1 update (or not a state vector).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidUpdate {
    /// Which of the updates that were given; 0 where there was one.
    pub update: usize,
    /// Where in its bytes.
    pub offset: usize,
    /// What is wrong there.
    pub reason: &'static str,
}

impl fmt::Display for InvalidUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.reason, self.offset)?;
        if self.update > 0 {
            write!(f, " of update {}", self.update)?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidUpdate {}

/// One update with everything that the given ones contain: all ids, all deletions.
///
/// Clients descending, clocks ascending, gaps as Skip. The bytes do not depend on how the updates are ordered or grouped,
/// as long as they come from Yjs. Of no updates the result is the empty one. Linear in the bytes, but for sorting; memory
/// about 24 bytes a struct besides the result.
///
/// # Errors
/// [`InvalidUpdate`] if any of them is not a V1 update.
///
/// ```
/// use y_dynamodb::update::{MergeOptions, merge};
/// let h = [1, 1, 1, 0, 4, 1, 1, b't', 1, b'h', 0];
/// let i = [1, 1, 1, 1, 0x84, 1, 0, 1, b'i', 0];
/// let both = merge(&[&h[..], &i[..]], MergeOptions::default()).unwrap();
/// assert_eq!(both, [1, 1, 1, 0, 4, 1, 1, b't', 2, b'h', b'i', 0]);
/// ```
pub fn merge<U: AsRef<[u8]>>(updates: &[U], options: MergeOptions) -> Result<Vec<u8>, InvalidUpdate> {
    let mut store = store::Store::read(updates)?;
    if store.arrange() {
        unite::unite(&mut store)?;
    }
    store.index();
    if options.gc {
        collect::collect(&mut store, options.whole_log)?;
    }
    write::write(&mut store, options)
}

/// Merges one more update into a merged state.
///
/// # Errors
/// [`InvalidUpdate`] if one of the two is not a V1 update; `state` is left as it was.
pub fn merge_into(state: &mut Vec<u8>, update: &[u8], options: MergeOptions) -> Result<(), InvalidUpdate> {
    *state = merge(&[state.as_slice(), update], options)?;
    Ok(())
}

/// The part of an update that a peer with this state vector does not have, with the whole delete set.
///
/// # Errors
/// [`InvalidUpdate`] if either is not what it should be.
pub fn diff(update: &[u8], state_vector: &[u8]) -> Result<Vec<u8>, InvalidUpdate> {
    diff::diff(update, state_vector)
}

/// The state vector of an update: for each client the clock up to which it is known without a gap.
///
/// # Errors
/// [`InvalidUpdate`] if it is not a V1 update.
pub fn state_vector(update: &[u8]) -> Result<Vec<u8>, InvalidUpdate> {
    state_vector::of_update(update)
}

/// What a state vector claims of one client, and what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The client.
    pub client: u64,
    /// The next clock by the state vector.
    pub claimed: u64,
    /// The next clock by the update, without a gap.
    pub stored: u64,
}

/// The clients of which `state_vector` claims more than `update` has.
///
/// # Errors
/// [`InvalidUpdate`] if one of them is not what it is called.
pub fn claims_beyond(state_vector: &[u8], update: &[u8]) -> Result<Vec<Claim>, InvalidUpdate> {
    let stored = state_vector::decode(&state_vector::of_update(update)?)?;
    let claims = state_vector::decode(state_vector)?.into_iter().map(|(client, claimed)| {
        let found = stored.binary_search_by_key(&client, |&(client, _)| client).ok();
        Claim { client, claimed, stored: found.and_then(|at| stored.get(at)).map_or(0, |&(_, clock)| clock) }
    });
    Ok(claims.filter(|claim| claim.claimed > claim.stored).collect())
}

/// Checks that bytes are a V1 update that Yjs can read. Linear; allocates only for the list of clients.
///
/// # Errors
/// [`InvalidUpdate`] with the offset of what is wrong.
pub fn validate(update: &[u8]) -> Result<(), InvalidUpdate> {
    struct Nothing;
    impl scan::Visit for Nothing {}
    scan::scan(update, &mut Nothing)
}

/// Checks that bytes are a state vector.
///
/// # Errors
/// [`InvalidUpdate`] with the offset of what is wrong.
pub fn validate_state_vector(state_vector: &[u8]) -> Result<(), InvalidUpdate> {
    state_vector::decode(state_vector).map(drop)
}
