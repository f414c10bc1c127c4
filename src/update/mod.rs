//! The Yjs update engine: V1 update bytes in, V1 update bytes out. Pure: no async, no DynamoDB, no Node.
//!
//! # Layout
//! * `read`, `text`, `content`, `head`: the pieces of the format, on borrowed bytes.
//! * `scan`: one checked pass over an update; everything else reads updates through it, but for `contents`.
//! * `store`: the structs of all inputs as compact records; `clients`, `delete_set`: what goes with them.
//! * `unite` → `collect` → `squash`, `write`: the merge.
//! * `diff`, `state_vector`: what a peer needs, what an update knows.
//! * `validate`, `readable`: what Yjs applies without throwing, alone and merged; `json`: what it parses.
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

/// [`merge`], but only into what Yjs can read: the merge of a whole log, or of a part that is to take its place.
///
/// Updates of which each is valid can be unreadable together. Costs no more than a merge, except where maps or more than
/// 1,000 types are nested in others: then up to twice as much.
///
/// # Errors
/// [`InvalidUpdate`] if any of them is not a V1 update, or makes the merge unreadable. [`unreadable`] finds all of them.
pub fn merge_readable<U: AsRef<[u8]>>(
    updates: &[U],
    options: MergeOptions,
) -> Result<Vec<u8>, InvalidUpdate> {
    let store = united(updates)?;
    match readable::conflicts(&store)?.into_iter().next() {
        Some(conflict) => Err(conflict),
        None => collected(store, options),
    }
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

/// How often all that remains is read again, before a whole part of it is left out.
const MAX_PASSES: usize = 16;

/// The updates to leave out so that [`merge_readable`] takes the others: those that are none, and of those that are
/// unreadable only together the later ones. In the order of the updates; each once, with place and reason.
///
/// Near-linear. If leaving updates out brings new ones to light again and again, which takes updates made for it, all from
/// the first of them on are left out.
pub fn unreadable<U: AsRef<[u8]>>(updates: &[U]) -> Vec<InvalidUpdate> {
    let mut kept: Vec<usize> = Vec::with_capacity(updates.len());
    let mut out: Vec<InvalidUpdate> = Vec::new();
    for (i, update) in updates.iter().enumerate() {
        match scan::scan(update.as_ref(), &mut scan::Nothing) {
            Ok(()) => kept.push(i),
            Err(e) => out.push(InvalidUpdate { update: i, ..e }),
        }
    }
    for pass in 0.. {
        let rest: Vec<&[u8]> = kept.iter().filter_map(|&i| updates.get(i)).map(AsRef::as_ref).collect();
        let found = united(&rest).and_then(|store| readable::conflicts(&store)).unwrap_or_else(|e| vec![e]);
        let Some(first) = found.first().cloned() else { break };
        let most = if pass < MAX_PASSES { usize::MAX } else { first.update.min(kept.len() / 2) };
        let mut blamed = found.into_iter().peekable();
        let mut at = 0;
        kept.retain(|&update| {
            let own = blamed.next_if(|e| e.update == at);
            let beyond = (at >= most).then(|| first.clone());
            at += 1;
            let reason = own.or(beyond).map(|e| InvalidUpdate { update, ..e });
            let keep = reason.is_none();
            out.extend(reason);
            keep
        });
    }
    out.sort_by_key(|e| e.update);
    out
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
/// filled. Linear; allocates only for the list of clients, and for what [`merge_readable`] looks at more closely.
///
/// # Errors
/// [`InvalidUpdate`] with the offset of what is wrong.
pub fn validate(update: &[u8]) -> Result<(), InvalidUpdate> {
    validate::validate(update)
}

/// Checks that bytes are a state vector.
///
/// # Errors
/// [`InvalidUpdate`] with the offset of what is wrong.
pub fn validate_state_vector(state_vector: &[u8]) -> Result<(), InvalidUpdate> {
    state_vector::decode(state_vector).map(drop)
}
