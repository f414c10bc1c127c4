//! Sweep: removing what writers left that stopped half-way. Part of each compaction. `ARCHITECTURE.md`, Sweep.

use super::{Log, Rule, UNSEALED_SET_LIFETIME_MS};
use crate::codec::sort_key::{DocName, LogClock, SortKey, WriteId};
use crate::error::Result;
use crate::table::{DeleteIf, Table};

impl<T: Table> Log<T> {
    /// Looks again at a set that a read found not sealed or not whole, head first, and removes it if it is given up:
    /// * head gone: its parts are remains, for a head is put first and never again;
    /// * neither sealed nor renewed for an hour: the head goes on condition that this still holds, then the parts.
    ///
    /// Anything else is being written, or damaged where it is sealed: it stays.
    pub(super) async fn sweep(&self, doc: &DocName, clock: LogClock, id: WriteId) -> Result<()> {
        let head_key = SortKey::update(doc, clock, id);
        let item = self.table.get(doc, &head_key).await?;
        let keys = self.part_keys(doc, clock, id).await?;
        let Some(item) = item else { return self.delete_all(doc, keys).await };
        let Some(head) = item.head else { return Ok(()) };
        if head.sealed {
            return if self.keeps(Rule::DamageStays) {
                Ok(())
            } else {
                self.remove(doc, head_key, keys).await
            };
        }
        let condition =
            if self.keeps(Rule::SweepCondition) { DeleteIf::NotRenewed(head.at) } else { DeleteIf::Always };
        let age = self.host.now_ms().saturating_sub(head.at);
        if age > UNSEALED_SET_LIFETIME_MS && self.table.delete(doc, &head_key, condition).await? {
            self.delete_all(doc, keys).await?;
        }
        Ok(())
    }

    async fn remove(&self, doc: &DocName, head: SortKey, mut keys: Vec<SortKey>) -> Result<()> {
        keys.push(head);
        self.delete_all(doc, keys).await
    }
}
