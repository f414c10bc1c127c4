//! Sweep: deletes what crashed writers have left. Part of each compaction. `ARCHITECTURE.md`, Sweep.

use super::{Log, UNSEALED_SET_LIFETIME_MS};
use crate::codec::sort_key::{DocName, LogClock, SortKey, WriteId};
use crate::error::Result;
use crate::table::{DeleteIf, SetHead, Table};

impl SetHead {
    /// Whether the set was never sealed, and its writer has not renewed the head for so long that it must have crashed.
    pub(super) fn is_abandoned(&self, now_ms: u64) -> bool {
        !self.sealed && now_ms.saturating_sub(self.at) > UNSEALED_SET_LIFETIME_MS
    }
}

impl<T: Table> Log<T> {
    /// Deletes an unfinished set if its writer has abandoned it. Returns how many items it deleted.
    pub(super) async fn sweep(&self, doc: &DocName, clock: LogClock, id: WriteId) -> Result<usize> {
        let head_key = SortKey::update(doc, clock, id);
        let mut deleted = 0;
        if let Some(item) = self.table.get(doc, &head_key).await? {
            let Some(head) = item.head else { return Ok(0) };
            if !head.is_abandoned(self.host.now_ms())
                || !self.table.delete(doc, &head_key, DeleteIf::NotRenewed(head.at)).await?
            {
                return Ok(0);
            }
            deleted += 1;
        }
        let parts = self.part_keys(doc, clock, id).await?;
        deleted += parts.len();
        self.delete_all(doc, parts).await?;
        Ok(deleted)
    }
}
