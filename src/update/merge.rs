//! Merges updates: reads them, leaves one copy of each id, collects, joins, writes.

use super::collect::collect;
use super::conflicts;
use super::dedup::read_unique;
use super::integration::replace_waiting;
use super::invalid_update::InvalidUpdate;
use super::options::MergeOptions;
use super::records::Records;
use super::scan::{Ignore, scan};
use super::write::write;

/// One update with all ids and all deletions of the given ones.
///
/// Clients descend, clocks ascend, a gap becomes a Skip. The result does not depend on the order of the updates if Yjs wrote
/// all of them: with `squash`, its bytes do not, and without `gc`, not on the grouping either. Without updates the result is
/// the empty update. Linear in the bytes, except for sorting. Takes about 24 bytes a struct besides the result.
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
    finish(read_unique(updates)?, options)
}

/// Like [`merge`], but Yjs can apply the result. For reads only: a log keeps everything.
///
/// Updates that are valid one by one can conflict: Yjs throws on their merge. The structs in conflict become tombstones: a
/// type inside 1,000 others, and a live map entry with several values that is split. Everything else stays. Costs as much
/// as a merge, or up to twice as much if maps or more than 1,000 types are nested in others.
///
/// If the updates are a whole log, and `gc` is set, an item that waits for missing structs becomes GC if any copy of it is
/// GC. Otherwise everything of its client would wait with it.
///
/// # Errors
/// [`InvalidUpdate`] if any of them is not a V1 update. [`unreadable`] finds all of them.
pub fn merge_readable<U: AsRef<[u8]>>(
    updates: &[U],
    options: MergeOptions,
) -> Result<Vec<u8>, InvalidUpdate> {
    let mut records = read_unique(updates)?;
    if options.gc && options.whole_log {
        replace_waiting(&mut records)?;
    }
    conflicts::resolve(&mut records)?;
    finish(records, options)
}

fn finish<U: AsRef<[u8]>>(
    mut records: Records<'_, U>,
    options: MergeOptions,
) -> Result<Vec<u8>, InvalidUpdate> {
    if options.gc {
        collect(&mut records, options.whole_log)?;
    }
    write(&mut records, options)
}

/// The first error of each update that cannot be merged, in the order of the updates. Linear.
pub fn unreadable<U: AsRef<[u8]>>(updates: &[U]) -> Vec<InvalidUpdate> {
    let check = |(i, update): (usize, &U)| {
        scan(update.as_ref(), &mut Ignore).err().map(|e| InvalidUpdate { update: i, ..e })
    };
    updates.iter().enumerate().filter_map(check).collect()
}
