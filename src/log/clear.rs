//! Clear: deletes all items of a document. `ARCHITECTURE.md`, Clear and Late attempts.

use super::Log;
use super::pages::Pages;
use crate::codec::sort_key::{DocName, SortKey};
use crate::error::{Code, Error, Result};
use crate::table::{DeleteIf, Table};

const MAX_ROUNDS: u32 = 20;

impl<T: Table> Log<T> {
    /// Deletes updates, metas, quarantine and state vector of a document.
    ///
    /// Cost: a read of the whole document, 1 WCU per KiB of each item deleted. If a put of this process may still arrive, up to
    /// 15 s and 2 requests more.
    ///
    /// # Errors
    /// `ERR_UNAVAILABLE` (retryable) if others store so often that 20 rounds do not empty it.
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
                // Last: a flush that writes this item later finds its set gone, and deletes the item.
                self.table.delete(doc, &SortKey::state_vector(doc), DeleteIf::Always).await?;
                return Ok(());
            }
        }
        Err(Error::new(
            Code::Unavailable,
            format!(
                "document '{doc}' was not empty after {MAX_ROUNDS} rounds of deletes: other processes keep storing"
            ),
        ))
    }

    async fn clear_once(&self, doc: &DocName) -> Result<usize> {
        let mut found = 0;
        let mut pages = Pages::new(doc, SortKey::data());
        while let Some(query) = pages.query() {
            let page = self.table.query_keys(query).await?;
            let data =
                pages.take(page).into_iter().filter(|item| item.key.is_data_of(doc)).collect::<Vec<_>>();
            found += data.len();
            self.delete_as_read(doc, data).await?;
        }
        Ok(found)
    }
}
