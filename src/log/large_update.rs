//! Stores an update that does not fit one item, as a set. `ARCHITECTURE.md`, Store, says what happens to a half-written set.

use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::set::{Progress, Set};
use super::{Log, MAX_SET_ATTEMPTS, Pace, blocking_if_large};
use crate::codec::sort_key::{DocName, LogClock};
use crate::error::{Code, Error, Result};
use crate::sync::lock;
use crate::table::Table;

/// The most half-written sets that are remembered; each takes about 100 bytes and the document's name.
const MAX_HALF_WRITTEN: usize = 1_000;

/// The most for one document: this bounds the half-written sets that no store continues.
const MAX_OF_DOCUMENT: usize = 2;

/// How long a close waits while half-written sets are deleted. A sweep deletes the others.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The half-written sets of one persistence, the oldest first.
#[derive(Debug, Default)]
pub(super) struct HalfWritten {
    sets: Mutex<Vec<HalfWrittenSet>>,
    keys: [RandomState; 2],
}

#[derive(Debug)]
struct HalfWrittenSet {
    doc: DocName,
    bytes: Fingerprint,
    progress: Progress,
}

/// The length of an update and 128 bits of keyed hash, so that different bytes never continue a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fingerprint(usize, [u64; 2]);

impl HalfWritten {
    fn fingerprint(&self, update: &[u8]) -> Fingerprint {
        Fingerprint(update.len(), self.keys.each_ref().map(|key| key.hash_one(update)))
    }

    /// Takes the set that an earlier store of these bytes began.
    fn take(&self, doc: &DocName, bytes: Fingerprint) -> Option<Progress> {
        let mut sets = self.lock();
        let at = sets.iter().position(|set| set.doc == *doc && set.bytes == bytes)?;
        Some(sets.remove(at).progress)
    }

    /// Remembers a set. Returns the oldest of its document, or of all, if there are too many.
    fn remember(&self, set: HalfWrittenSet) -> Option<HalfWrittenSet> {
        let mut sets = self.lock();
        let of_document = sets.iter().filter(|other| other.doc == set.doc).count();
        let oldest =
            sets.iter().position(|other| other.doc == set.doc).filter(|_| of_document >= MAX_OF_DOCUMENT);
        let given_up = oldest.or((sets.len() >= MAX_HALF_WRITTEN).then_some(0)).map(|at| sets.remove(at));
        sets.push(set);
        given_up
    }

    /// Forgets the sets of a document that is cleared.
    pub fn forget(&self, doc: &DocName) {
        self.lock().retain(|set| set.doc != *doc);
    }

    fn take_all(&self) -> Vec<HalfWrittenSet> {
        mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<HalfWrittenSet>> {
        lock(&self.sets)
    }
}

impl<T: Table> Log<T> {
    /// Deletes the half-written sets that cannot be sealed. For the close of a persistence.
    pub async fn close(&self) {
        let mut deletes = JoinSet::new();
        for HalfWrittenSet { doc, progress, .. } in self.half_written.take_all() {
            if !progress.may_be_sealed {
                let log = self.clone();
                deletes.spawn(async move { log.remove_set(&doc, &progress.set).await });
            }
        }
        let ended = async { while deletes.join_next().await.is_some() {} };
        // If a delete fails, a sweep deletes the set.
        let _ = timeout(CLOSE_TIMEOUT, ended).await;
    }

    /// Writes a set at `clock`, or continues the set that an earlier store of these bytes began. Returns the set.
    pub(super) async fn store_set(&self, doc: &DocName, clock: LogClock, mut update: Vec<u8>) -> Result<Set> {
        let half_written = self.half_written.clone();
        let (update, bytes) = blocking_if_large(update.len(), move || {
            let bytes = half_written.fingerprint(&update);
            (mem::take(&mut update), bytes)
        })
        .await?;
        for _ in 0..MAX_SET_ATTEMPTS {
            let mut progress = match self.half_written.take(doc, bytes) {
                Some(progress) => progress,
                None => Progress::new(self.new_set(clock, &update)?),
            };
            match self.continue_set(doc, &mut progress, &update).await {
                Ok(true) => return Ok(progress.set),
                Ok(false) => self.remove_set(doc, &progress.set).await?,
                Err(error) if error.code().is_retryable() => {
                    let oldest =
                        self.half_written.remember(HalfWrittenSet { doc: doc.clone(), bytes, progress });
                    return Err(match oldest.filter(|oldest| !oldest.progress.may_be_sealed) {
                        Some(oldest) => self.abandon(&oldest.doc, &oldest.progress.set, error).await,
                        None => error,
                    });
                }
                // The set may be sealed: only a compaction that contains it deletes it then.
                Err(error) if progress.may_be_sealed => return Err(error),
                Err(error) => return Err(self.abandon(doc, &progress.set, error).await),
            }
        }
        Err(Error::new(
            Code::Unavailable,
            format!(
                "update of {} bytes was deleted by other processes {MAX_SET_ATTEMPTS} times while it was stored",
                update.len()
            ),
        ))
    }

    /// Writes what the set lacks, and seals it. `false` if its head is gone.
    async fn continue_set(&self, doc: &DocName, progress: &mut Progress, update: &[u8]) -> Result<bool> {
        if !progress.has_begun() {
            self.put_head(doc, progress, None).await?;
        }
        if !self.put_parts(doc, progress, update, &Pace::unpaced()).await? {
            return Ok(false);
        }
        let sealed = self.seal(doc, &progress.set).await;
        progress.may_be_sealed |= sealed.as_ref().is_err_and(|error| error.code().is_retryable());
        sealed
    }
}
