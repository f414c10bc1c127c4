//! The Yjs update engine: V1 update bytes in, V1 update bytes out. Pure: no async, no DynamoDB, no Node.
//!
//! # Layout
//! * `read`, `text`, `content`, `head`: the pieces of the format, on borrowed bytes.
//! * `scan`: one checked pass over an update; everything else reads updates through it, but for `contents`.
//! * `store`: the structs of all inputs as compact records; `clients`, `delete_set`: what goes with them.
//! * `unite` → `collect` → `squash`, `write`: the merge.
//! * `diff`, `state_vector`: what a peer needs, what an update knows.
//! * `validate`, `readable`: what Yjs applies without throwing, alone and merged; `json`: what it parses.
//! * `salvage`: an update without what `validate` refuses.
//! * `contents`, `verify`, `proof`: a second reading of updates that shares no code with the first, to check a merge.
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
mod json;
mod proof;
mod read;
mod readable;
mod salvage;
mod scan;
mod squash;
mod state_vector;
mod store;
mod text;
mod unite;
mod validate;
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
    collected(united(updates)?, options)
}

/// [`merge`], but only into what Yjs can read. For reads: a log keeps what it holds.
///
/// Updates of which each is valid can be unreadable together. The structs that make them so are written as tombstones: a type
/// that lies in 1,000 others, a live map entry with several values that something divides. Everything else stays. Costs no
/// more than a merge, except where maps or more than 1,000 types are nested in others: then up to twice as much.
///
/// # Errors
/// [`InvalidUpdate`] if any of them is not a V1 update. [`unreadable`] finds all of them.
pub fn merge_readable<U: AsRef<[u8]>>(
    updates: &[U],
    options: MergeOptions,
) -> Result<Vec<u8>, InvalidUpdate> {
    let mut store = united(updates)?;
    readable::resolve(&mut store)?;
    collected(store, options)
}

/// The structs of all updates, one for each id, found by their ids.
fn united<U: AsRef<[u8]>>(updates: &[U]) -> Result<store::Store<'_, U>, InvalidUpdate> {
    let mut store = store::Store::read(updates)?;
    if store.arrange() {
        unite::unite(&mut store)?;
    }
    store.index();
    Ok(store)
}

fn collected<U: AsRef<[u8]>>(
    mut store: store::Store<'_, U>,
    options: MergeOptions,
) -> Result<Vec<u8>, InvalidUpdate> {
    if options.gc {
        collect::collect(&mut store, options.whole_log)?;
    }
    write::write(&mut store, options)
}

/// The updates that no merge takes, in their order: of each the first place that cannot be read, and the reason. Linear.
pub fn unreadable<U: AsRef<[u8]>>(updates: &[U]) -> Vec<InvalidUpdate> {
    let check = |(i, update): (usize, &U)| {
        scan::scan(update.as_ref(), &mut scan::Nothing).err().map(|e| InvalidUpdate { update: i, ..e })
    };
    updates.iter().enumerate().filter_map(check).collect()
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

/// Checks that bytes are a V1 update that Yjs applies without throwing: to an empty document, or once the gap before it is
/// filled, unless the two conflict as [`merge_readable`] says. Linear; allocates only for the list of clients, and for what [`merge_readable`] looks at more closely.
///
/// # Errors
/// [`InvalidUpdate`] with the offset of what is wrong.
pub fn validate(update: &[u8]) -> Result<(), InvalidUpdate> {
    validate::validate(update)
}

/// An update without what [`validate`] refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvaged {
    /// The update, byte for byte as it was given if nothing was refused.
    pub update: Vec<u8>,
    /// What was refused, in the order of the bytes: place and reason, one for each struct and each deletion.
    pub refused: Vec<InvalidUpdate>,
}

/// Replaces each struct that [`validate`] refuses by a tombstone: an item with the same ids, neighbours, parent and key, and
/// without content. So what others wrote next to it stays readable.
///
/// * A struct that names itself or a later id of its client, or whose parent or key cannot be read, becomes GC.
/// * Structs and deletions of no length are dropped. Deletions beyond the last clock are shortened. If anything is refused, the delete set
///   is written sorted and names the tombstones too.
/// * Sections of one client are united, and bytes behind the end are dropped.
///
/// All other structs stay as they are, so the result has the ids of `update`; [`validate`] takes it. Near-linear; costs a
/// validation if nothing is refused.
///
/// # Errors
/// [`InvalidUpdate`] if the end of a struct is not known (bytes that are cut, counts that are too large, unknown content), if a
/// clock or a length is above the limits, and for V2 updates.
pub fn salvage(update: &[u8]) -> Result<Salvaged, InvalidUpdate> {
    salvage::salvage(update)
}

/// Checks that bytes are a state vector.
///
/// # Errors
/// [`InvalidUpdate`] with the offset of what is wrong.
pub fn validate_state_vector(state_vector: &[u8]) -> Result<(), InvalidUpdate> {
    state_vector::decode(state_vector).map(drop)
}
