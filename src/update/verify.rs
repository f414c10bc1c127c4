//! Checks that the output of a merge contains exactly the ids and the deletions of the inputs.
//!
//! Reads inputs and output again with [`super::contents`], which shares no code with the merge. D is the set of ids that the
//! inputs delete: those in their delete sets, those of items without content, and those of items of which another input has
//! a GC copy. The checks are:
//! 1. The output has every id of the inputs, and no other.
//! 2. Its delete set contains D. An id that only a GC copy deletes may be GC in the output instead. Other ids in the delete
//!    set are GC in the output: ranges are joined across GC.
//! 3. An item without content in the output is in D.
//! 4. GC in the output is GC in an input, or is an item whose neighbours and parents in the inputs lead to a deleted parent
//!    or to GC. An item that is deleted only itself may lose its content, but stays an item.

use std::fmt;

use super::id_set::IdSet;
use super::invalid_update::InvalidUpdate;
use super::proof::provable;
use super::second_reader::Contents;

/// How the output of a merge differs from its inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// An input cannot be read.
    Input(InvalidUpdate),
    /// The output cannot be read.
    Output(InvalidUpdate),
    /// Ids of the inputs that the output lacks.
    LostIds(IdSet),
    /// Ids of the output that no input has.
    InventedIds(IdSet),
    /// Deletions of the inputs that the output lacks.
    LostDeletions(IdSet),
    /// Deletions of the output that no input has.
    InventedDeletions(IdSet),
    /// Content that the output lacks and no input deletes.
    LostContent(IdSet),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, ids) = match self {
            Mismatch::Input(e) => return write!(f, "an input is invalid: {e}"),
            Mismatch::Output(e) => return write!(f, "the merged update is invalid: {e}"),
            Mismatch::LostIds(ids) => ("lacks ids", ids),
            Mismatch::InventedIds(ids) => ("has ids that no input has", ids),
            Mismatch::LostDeletions(ids) => ("lacks deletions", ids),
            Mismatch::InventedDeletions(ids) => ("has deletions that no input has", ids),
            Mismatch::LostContent(ids) => ("lacks content that no input deletes", ids),
        };
        write!(f, "the merged update {what}")?;
        let first = ids.iter().next().and_then(|(client, ranges)| Some((client, ranges.first()?)));
        if let Some((client, (from, to))) = first {
            write!(f, ", first at client {client}, clocks {from} to {}", to - 1)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mismatch {}

/// Checks that `output` contains exactly the ids and the deletions of `inputs`. Near-linear in the bytes of both.
///
/// # Errors
/// The first [`Mismatch`] found.
pub fn verify<U: AsRef<[u8]>>(inputs: &[U], output: &[u8]) -> Result<(), Mismatch> {
    let mut before = Contents::default();
    for (i, input) in inputs.iter().enumerate() {
        before.read(input.as_ref()).map_err(|e| Mismatch::Input(InvalidUpdate { update: i, ..e }))?;
    }
    before.normalise();
    let mut after = Contents::default();
    after.read(output).map_err(Mismatch::Output)?;
    after.normalise();

    let (ids_before, ids_after) = (before.ids(), after.ids());
    none(ids_before.without(&ids_after), Mismatch::LostIds)?;
    none(ids_after.without(&ids_before), Mismatch::InventedIds)?;
    let gc_before = before.gc.without(&before.full).without(&before.deleted_items);
    let gc_copies = before.gc.without(&gc_before);
    let mut deleted = before.deleted();
    none(deleted.without(&after.delete_set), Mismatch::LostDeletions)?;
    none(gc_copies.without(&after.delete_set).without(&after.gc), Mismatch::LostDeletions)?;
    deleted.extend(&gc_copies);
    none(after.delete_set.without(&deleted).without(&after.gc), Mismatch::InventedDeletions)?;
    none(after.deleted_items.without(&deleted), Mismatch::LostContent)?;
    let collected = after.gc.without(&gc_before);
    if collected.is_empty() {
        return Ok(());
    }
    none(collected.without(&provable(inputs, &gc_before, &deleted)), Mismatch::LostContent)
}

fn none(ids: IdSet, mismatch: impl Fn(IdSet) -> Mismatch) -> Result<(), Mismatch> {
    if ids.is_empty() { Ok(()) } else { Err(mismatch(ids)) }
}
