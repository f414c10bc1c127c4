//! Clearing: all items of a document go, whatever its size.
//!
//! A single query is not enough: a writer that is slower than the clear puts items behind its back. So it is repeated
//! until a strongly consistent query is empty; what is put after that query began was not stored before the clear.
//!
//! An attempt to put an item that timed out may arrive behind the last query. Where this process has made one, the clear
//! waits until it cannot arrive any more, and is repeated: another process may have merged it meanwhile, so deleting its
//! key would not do.

use super::Log;
use super::pages::Pages;
use crate::codec::sort_key::{DocName, SortKey};
use crate::error::{Code, Error, Result};
use crate::table::{DeleteIf, Table};

const MAX_ROUNDS: u32 = 20;

impl<T: Table> Log<T> {
    /// Deletes updates, metas, quarantine and state vector of a document.
    ///
    /// Cost: a read of the whole document, 1 WCU per KiB of each item deleted, several deletes in flight at once. 15 s and 2
    /// requests more where an attempt of this process to put an item of it has just got no answer.
    ///
    /// # Errors
    /// `ERR_UNAVAILABLE` (retryable) where others store so steadily that 20 rounds did not empty it.
    pub async fn clear(&self, doc: &DocName) -> Result<()> {
        self.half_written.forget(doc);
        self.empty(doc).await?;
        if self.wait_for_late_puts(doc).await {
            self.empty(doc).await?;
        }
        Ok(())
    }

    async fn empty(&self, doc: &DocName) -> Result<()> {
        for _ in 0..MAX_ROUNDS {
            if self.clear_once(doc).await? == 0 {
                // Last: a flush that writes it now finds its set gone, and takes it back.
                self.table.delete(doc, &SortKey::state_vector(doc), DeleteIf::Always).await?;
                return Ok(());
            }
        }
        Err(Error::new(
            Code::Unavailable,
            format!("document '{doc}' is written so steadily that {MAX_ROUNDS} rounds did not clear it"),
        ))
    }

    async fn clear_once(&self, doc: &DocName) -> Result<usize> {
        let mut found = 0;
        let mut pages = Pages::new(doc, SortKey::own());
        while let Some(query) = pages.query() {
            let page = self.table.query_keys(query).await?;
            let keys = pages.take(page).into_iter().filter(|key| key.is_own(doc)).collect::<Vec<_>>();
            found += keys.len();
            self.delete_all(doc, keys).await?;
        }
        Ok(found)
    }
}
