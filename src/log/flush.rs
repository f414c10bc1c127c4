//! Flush: compact all of a document, now, and write its state vector for the original's reader.

use super::backoff::Backoff;
use super::compact::{Compacted, Idle, Outcome, Scope, Summary};
use super::{Log, Pace};
use crate::codec::sort_key::{DocName, SortKey};
use crate::codec::varint::write_varuint;
use crate::error::{Code, Error, Result};
use crate::limits::MAX_ITEM_BYTES;
use crate::table::size::item_bytes;
use crate::table::{DeleteIf, Item, Table};

/// How often a flush begins again after a competitor was faster.
const MAX_ATTEMPTS: u32 = 10;

/// What a flush left.
#[derive(Debug)]
pub struct Flushed {
    /// The one entry that the document consists of; `None` where it is missing.
    pub entry: Option<Summary>,
    /// How many entries were merged into it, and the bytes of their updates; `None` where it was one already.
    pub merged: Option<(usize, usize)>,
}

impl<T: Table> Log<T> {
    /// Compacts the document until it is one entry.
    ///
    /// # Errors
    /// As [`Log::compact`]; `ERR_UNAVAILABLE` (retryable) where others compact or clear it again and again.
    pub async fn flush(&self, doc: &DocName) -> Result<Flushed> {
        let mut backoff = Backoff::default();
        for _ in 0..MAX_ATTEMPTS {
            let flushed = match self.compact(doc, Scope::All, &Pace::unpaced()).await? {
                Outcome::Raced(_) => {
                    backoff.wait(self.host.as_ref(), "others compact or clear the document").await?;
                    continue;
                }
                Outcome::Idle(Idle { only, .. }) => Flushed { entry: only, merged: None },
                Outcome::Done(Compacted { entry, inputs, input_bytes, .. }) => {
                    Flushed { entry: Some(entry), merged: Some((inputs, input_bytes)) }
                }
            };
            if let Some(entry) = &flushed.entry {
                self.write_state_vector(doc, entry).await?;
            }
            return Ok(flushed);
        }
        Err(Error::new(
            Code::Unavailable,
            format!("document '{doc}' was compacted or cleared by others {MAX_ATTEMPTS} times in a row"),
        ))
    }

    /// Writes the `v1_sv` item, then looks whether what it speaks of is still there: a clear that deleted the item
    /// before it was written must not find it again.
    async fn write_state_vector(&self, doc: &DocName, entry: &Summary) -> Result<()> {
        let mut value = Vec::with_capacity(entry.state_vector.len() + 8);
        write_varuint(&mut value, u64::from(entry.clock.0));
        write_varuint(&mut value, entry.state_vector.len() as u64);
        value.extend_from_slice(&entry.state_vector);
        let key = SortKey::state_vector(doc);
        let item = Item { key: key.clone(), value: Some(value), head: None, at: None };
        if item_bytes(doc, &item) > MAX_ITEM_BYTES {
            // The original computes it where the item is missing or old.
            return Ok(());
        }
        self.table.put(doc, item).await?;
        if self.table.get(doc, &entry.extent.first_key).await?.is_none() {
            self.table.delete(doc, &key, DeleteIf::Always).await?;
        }
        Ok(())
    }
}
