//! Waits for writes of this process that got no answer and may still arrive. `ARCHITECTURE.md`, Late attempts.

use tokio::time::sleep_until;

use super::Log;
use crate::codec::sort_key::{DocName, SortKey};
use crate::table::Table;

impl<T: Table> Log<T> {
    /// Waits until no earlier write of this item can arrive, at most 15 s. For keys that are used again: a late write would
    /// undo the next one.
    pub async fn wait_for_late_writes(&self, doc: &DocName, key: &SortKey) {
        while let Some(until) = self.table.late().writes_until(doc, key) {
            sleep_until(until).await;
        }
    }

    /// Waits until no earlier put of any item of the document can arrive. `false` if there was none.
    pub(super) async fn wait_for_late_puts(&self, doc: &DocName) -> bool {
        let mut waited = false;
        while let Some(until) = self.table.late().puts_until(doc) {
            sleep_until(until).await;
            waited = true;
        }
        waited
    }
}
