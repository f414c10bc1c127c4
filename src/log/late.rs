//! Waiting for writes of this process that got no answer and may still arrive (`ARCHITECTURE.md`, I5).

use tokio::time::sleep_until;

use super::Log;
use crate::codec::sort_key::{DocName, SortKey};
use crate::table::Table;

impl<T: Table> Log<T> {
    /// Waits until no earlier write of this item can arrive any more: for keys that are used again, where it would undo
    /// the next write. Usually there is none and it does not wait; otherwise at most 15 s.
    pub async fn wait_for_late_writes(&self, doc: &DocName, key: &SortKey) {
        while let Some(until) = self.table.late().writes_until(doc, key) {
            sleep_until(until).await;
        }
    }

    /// The same for puts of all items of a document. `false` where there was none.
    pub(super) async fn wait_for_late_puts(&self, doc: &DocName) -> bool {
        let mut waited = false;
        while let Some(until) = self.table.late().puts_until(doc) {
            sleep_until(until).await;
            waited = true;
        }
        waited
    }
}
