//! The update engine for JavaScript: `y-dynamodb/updates`.
//!
//! A list of small updates crosses as one buffer and the lengths of its updates: one by one, 260,000 updates take
//! twice as long. `lib/updates.js` creates the buffer for each call and keeps no reference to it, so an async call
//! can read it on another thread.

use napi::bindgen_prelude::{AsyncTask, Either, Env, Task, Uint8Array, Uint32Array};
use napi_derive::napi;

use super::failure::{Failure, outcome, without_panics};
use crate::error::{Code, Error, Result};
use crate::update::{self, InvalidUpdate, MergeOptions, Salvaged};

/// Options of a merge. `lib/updates.js` fills in the defaults.
#[napi(object, object_to_js = false)]
pub struct MergeUpdatesOptions {
    pub gc: bool,
    pub squash: bool,
    /// See [`MergeOptions::whole_log`].
    pub whole_log: bool,
}

impl From<MergeUpdatesOptions> for MergeOptions {
    fn from(options: MergeUpdatesOptions) -> Self {
        MergeOptions { gc: options.gc, squash: options.squash, whole_log: options.whole_log }
    }
}

/// Merges the updates in `packed`, whose lengths in bytes are `lengths`, into one update.
#[napi(catch_unwind)]
pub fn merge_updates(
    packed: &[u8],
    lengths: &[u32],
    options: MergeUpdatesOptions,
) -> Either<Failure, Uint8Array> {
    outcome(without_panics(|| merge(packed, lengths, options.into())).map(Uint8Array::from))
}

/// [`merge_updates`] for large updates, which cross one by one, without a copy.
#[napi(catch_unwind)]
pub fn merge_large_updates(updates: Vec<&[u8]>, options: MergeUpdatesOptions) -> Either<Failure, Uint8Array> {
    outcome(without_panics(|| merge_list(&updates, options.into())).map(Uint8Array::from))
}

/// [`merge_updates`] on a thread of libuv's pool.
#[napi(catch_unwind, ts_return_type = "Promise<Uint8Array>")]
pub fn merge_updates_async(
    packed: Uint8Array,
    lengths: Uint32Array,
    options: MergeUpdatesOptions,
) -> AsyncTask<Merge> {
    AsyncTask::new(Merge { packed, lengths, options: options.into() })
}

/// The work of [`merge_updates_async`].
pub struct Merge {
    packed: Uint8Array,
    lengths: Uint32Array,
    options: MergeOptions,
}

impl Task for Merge {
    type Output = Result<Vec<u8>>;
    type JsValue = Either<Failure, Uint8Array>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(without_panics(|| merge(&self.packed, &self.lengths, self.options)))
    }

    fn resolve(&mut self, _env: Env, merged: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(outcome(merged.map(Uint8Array::from)))
    }
}

/// The state vector of a document with the content of `update`.
#[napi(catch_unwind)]
pub fn encode_state_vector_from_update(update: &[u8]) -> Either<Failure, Uint8Array> {
    outcome(
        without_panics(|| update::state_vector(update).map_err(|e| invalid("update", &e)))
            .map(Uint8Array::from),
    )
}

/// The part of `update` that a peer with `state_vector` lacks.
#[napi(catch_unwind)]
pub fn diff_update(update: &[u8], state_vector: &[u8]) -> Either<Failure, Uint8Array> {
    let diff = without_panics(|| {
        update::validate_state_vector(state_vector).map_err(|e| invalid("state vector", &e))?;
        update::diff(update, state_vector).map_err(|e| invalid("update", &e))
    });
    outcome(diff.map(Uint8Array::from))
}

/// Fails with `ERR_INVALID_UPDATE` unless `update` is a V1 update.
#[napi(catch_unwind)]
pub fn validate_update(update: &[u8]) -> Either<Failure, ()> {
    outcome(without_panics(|| update::validate(update).map_err(|e| invalid("update", &e))))
}

/// Fails with `ERR_INVALID_UPDATE` unless `state_vector` is a state vector.
#[napi(catch_unwind)]
pub fn validate_state_vector(state_vector: &[u8]) -> Either<Failure, ()> {
    outcome(without_panics(|| {
        update::validate_state_vector(state_vector).map_err(|e| invalid("state vector", &e))
    }))
}

/// Fails with `ERR_INTERNAL` unless `merged` has the content of `packed`. A compaction checks this before it deletes.
/// Not public: the tests compare it with yjs.
#[napi(catch_unwind)]
pub fn verify_merge(packed: &[u8], lengths: &[u32], merged: &[u8]) -> Either<Failure, ()> {
    outcome(without_panics(|| {
        let updates = unpack(packed, lengths)?;
        update::verify(&updates, merged).map_err(|mismatch| Error::new(Code::Internal, mismatch.to_string()))
    }))
}

/// Merges updates like a read: structs that Yjs cannot apply together become tombstones. Not public: the tests
/// compare it with yjs.
#[napi(catch_unwind)]
pub fn merge_readable_updates(
    packed: &[u8],
    lengths: &[u32],
    options: MergeUpdatesOptions,
) -> Either<Failure, Uint8Array> {
    let merged = without_panics(|| {
        let updates = unpack(packed, lengths)?;
        update::merge_readable(&updates, options.into())
            .map_err(|error| invalid(&format!("updates[{}]", error.update), &error))
    });
    outcome(merged.map(Uint8Array::from))
}

/// The result of [`salvage_update`].
#[napi(object, object_from_js = false)]
pub struct NativeSalvaged {
    /// An update that [`validate_update`] accepts.
    pub update: Uint8Array,
    /// Why the first refused struct or deletion was refused; absent if none was.
    pub reason: Option<String>,
}

/// Replaces the structs that [`validate_update`] refuses by tombstones. Fails with `ERR_INVALID_UPDATE` only if the
/// end of a struct is not known.
#[napi(catch_unwind)]
pub fn salvage_update(update: &[u8]) -> Either<Failure, NativeSalvaged> {
    let salvaged = without_panics(|| update::salvage(update).map_err(|e| invalid("update", &e)));
    outcome(salvaged.map(|Salvaged { update, refused }| NativeSalvaged {
        update: update.into(),
        reason: refused.first().map(|e| format!("{} at byte {}", e.reason, e.offset)),
    }))
}

fn merge(packed: &[u8], lengths: &[u32], options: MergeOptions) -> Result<Vec<u8>> {
    merge_list(&unpack(packed, lengths)?, options)
}

fn merge_list(updates: &[&[u8]], options: MergeOptions) -> Result<Vec<u8>> {
    update::merge(updates, options).map_err(|error| match updates.len() {
        1 => invalid("update", &error),
        _ => invalid(&format!("updates[{}]", error.update), &error),
    })
}

fn unpack<'a>(packed: &'a [u8], lengths: &[u32]) -> Result<Vec<&'a [u8]>> {
    let mismatch = || Error::new(Code::Internal, "the lengths do not add up to the bytes of the updates");
    let mut rest = packed;
    let mut updates = Vec::with_capacity(lengths.len());
    for &length in lengths {
        let (update, behind) = rest.split_at_checked(length as usize).ok_or_else(mismatch)?;
        updates.push(update);
        rest = behind;
    }
    if rest.is_empty() { Ok(updates) } else { Err(mismatch()) }
}

fn invalid(what: &str, error: &InvalidUpdate) -> Error {
    Error::new(Code::InvalidUpdate, format!("{what}: {} at byte {}", error.reason, error.offset))
}
