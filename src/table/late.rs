//! Writes of which an attempt may still arrive: the request timed out or its connection broke, and the network may
//! still deliver it.
//!
//! An adapter records them. The log asks for them before it assumes that they are over. Only attempts of this
//! persistence are known. Keys with a random id are never reused, so late deletes of them are not recorded.

use std::collections::{BTreeSet, VecDeque};
#[cfg(feature = "test-hooks")]
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use crate::codec::SortKey;
use crate::codec::sort_key::{DocName, UpdateKey};
use crate::sync::lock;

/// How long an attempt without an answer may still arrive after its end. TCP and load balancers usually hold a
/// request for less time. `ARCHITECTURE.md` (I5) names the exception.
pub const LATE_WRITE: Duration = Duration::from_secs(15);

/// The period in milliseconds that tests of the addon set in place of [`LATE_WRITE`].
#[cfg(feature = "test-hooks")]
pub static LATE_WRITE_MS: AtomicU64 = AtomicU64::new(LATE_WRITE.as_millis() as u64);

#[cfg(feature = "test-hooks")]
fn late_write() -> Duration {
    Duration::from_millis(LATE_WRITE_MS.load(Ordering::Relaxed))
}

#[cfg(not(feature = "test-hooks"))]
fn late_write() -> Duration {
    LATE_WRITE
}

/// The maximum number of recorded attempts (some MB). Above it, the oldest one is dropped.
const MAX_LATE_WRITES: usize = 10_000;

/// What a late attempt does when it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// Put an item.
    Put,
    /// Delete an item.
    Delete,
}

/// The attempts of one persistence that may still arrive.
#[derive(Debug, Default)]
pub struct LateWrites(Mutex<VecDeque<LateWrite>>);

#[derive(Debug)]
struct LateWrite {
    doc: DocName,
    key: SortKey,
    write: Write,
    until: Instant,
}

impl LateWrites {
    /// Records an attempt to write these items that ended at `at` without an answer.
    pub fn record(&self, doc: &DocName, keys: &[SortKey], write: Write, at: Instant) {
        let now = Instant::now();
        let mut late = self.lock();
        while late.front().is_some_and(|oldest| oldest.until <= now) {
            late.pop_front();
        }
        for key in keys {
            let has_id = matches!(key.parse_update(doc), Some(UpdateKey::Update(..) | UpdateKey::Part(..)));
            if write == Write::Delete && has_id {
                continue;
            }
            if late.len() >= MAX_LATE_WRITES {
                late.pop_front();
            }
            late.push_back(LateWrite { doc: doc.clone(), key: key.clone(), write, until: at + late_write() });
        }
    }

    /// The time until which puts of the document may arrive; `None` if there are none.
    pub fn puts_until(&self, doc: &DocName) -> Option<Instant> {
        self.last(|late| late.write == Write::Put && late.doc == *doc)
    }

    /// The time until which writes of one item may arrive; `None` if there are none.
    pub fn writes_until(&self, doc: &DocName, key: &SortKey) -> Option<Instant> {
        self.last(|late| late.key == *key && late.doc == *doc)
    }

    /// The documents whose puts may still arrive.
    pub fn documents(&self) -> BTreeSet<DocName> {
        let now = Instant::now();
        let late = self.lock();
        let puts = late.iter().filter(|late| late.write == Write::Put && late.until > now);
        puts.map(|late| late.doc.clone()).collect()
    }

    fn last(&self, is_meant: impl Fn(&LateWrite) -> bool) -> Option<Instant> {
        let now = Instant::now();
        let late = self.lock();
        late.iter().filter(|late| late.until > now && is_meant(late)).map(|late| late.until).max()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<LateWrite>> {
        lock(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::sort_key::{LogClock, WriteId};

    fn doc(name: &str) -> DocName {
        DocName::new(name).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_is_remembered_for_fifteen_seconds_after_its_end() {
        let (late, d) = (LateWrites::default(), doc("d"));
        let (meta, ended) = (SortKey::meta(&d, "k"), Instant::now());
        tokio::time::advance(Duration::from_secs(5)).await;
        late.record(&d, std::slice::from_ref(&meta), Write::Put, ended);
        assert_eq!(late.puts_until(&d), Some(ended + LATE_WRITE));
        assert_eq!(late.writes_until(&d, &meta), Some(ended + LATE_WRITE));
        assert_eq!(late.documents(), BTreeSet::from([doc("d")]));
        assert_eq!(late.writes_until(&d, &SortKey::meta(&d, "other")), None);
        assert_eq!(late.puts_until(&doc("other")), None);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!((late.puts_until(&d), late.writes_until(&d, &meta)), (None, None));
        assert_eq!(late.documents(), BTreeSet::new());
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_delete_matters_only_where_its_key_can_be_used_again() {
        let (late, d) = (LateWrites::default(), doc("d"));
        let (meta, update) = (SortKey::meta(&d, "k"), SortKey::update(&d, LogClock(1), WriteId(1, 2)));
        late.record(&d, &[meta.clone(), update.clone()], Write::Delete, Instant::now());
        assert_eq!(late.puts_until(&d), None);
        assert!(late.writes_until(&d, &meta).is_some());
        assert_eq!(late.writes_until(&d, &update), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_remembered_attempts_is_bounded() {
        let late = LateWrites::default();
        for n in 0..=MAX_LATE_WRITES {
            let d = doc(&n.to_string());
            late.record(&d, &[SortKey::meta(&d, "k")], Write::Put, Instant::now());
        }
        assert_eq!(late.documents().len(), MAX_LATE_WRITES);
        assert_eq!(late.puts_until(&doc("0")), None);
    }
}
