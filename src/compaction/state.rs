//! What this process keeps for each document: hints about its log, and the state of its compactions. What it remembers of
//! idle documents takes little memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use crate::codec::sort_key::DocName;
use crate::log::{LogHints, LogRecord};
use crate::queue::{Record, State, allocated};
use crate::sync::lock;

/// The longest back-off is 2^8 s.
const MAX_DOUBLINGS: u32 = 8;

/// The state of one document in use.
#[derive(Default)]
pub struct DocumentState {
    hints: Mutex<LogHints>,
    /// Whether a background compaction is scheduled or running.
    is_scheduled: AtomicBool,
    /// Held by the compaction that runs. A flush waits for a background compaction, which gives way to a flush.
    pub(super) running: AsyncMutex<()>,
    back_off: Mutex<BackOff>,
}

#[derive(Default)]
struct BackOff {
    until: Option<Instant>,
    failures: u32,
}

/// What is remembered of a document that is not in use.
pub struct DocumentRecord {
    log: Option<LogRecord>,
    /// Boxed, because few documents have one.
    back_off: Option<Box<BackOff>>,
}

impl State for DocumentState {
    type Record = DocumentRecord;

    fn from_record(doc: &DocName, record: DocumentRecord) -> Self {
        let hints = record.log.map(|log| LogHints::from_record(doc, log)).unwrap_or_default();
        let back_off = record.back_off.map(|back_off| *back_off).unwrap_or_default();
        DocumentState { hints: Mutex::new(hints), back_off: Mutex::new(back_off), ..DocumentState::default() }
    }

    fn take_record(&self, doc: &DocName) -> Option<DocumentRecord> {
        let log = self.hints().take_record(doc);
        let back_off = std::mem::take(&mut *lock(&self.back_off));
        let back_off = (back_off.failures > 0).then(|| Box::new(back_off));
        (log.is_some() || back_off.is_some()).then_some(DocumentRecord { log, back_off })
    }
}

impl Record for DocumentRecord {
    fn heap_bytes(&self) -> usize {
        let log = self.log.as_ref().map_or(0, LogRecord::heap_bytes);
        allocated(log) + self.back_off.as_ref().map_or(0, |back_off| allocated(size_of_val(&**back_off)))
    }
}

impl DocumentState {
    /// The hints about its log.
    pub fn hints(&self) -> MutexGuard<'_, LogHints> {
        lock(&self.hints)
    }

    /// Schedules a background compaction; `false` if one is scheduled already, or backing off.
    pub(super) fn schedule(&self) -> bool {
        let backs_off = lock(&self.back_off).until.is_some_and(|until| Instant::now() < until);
        !backs_off && !self.is_scheduled.swap(true, Ordering::AcqRel)
    }

    /// Ends a scheduled compaction.
    pub(super) fn unschedule(&self) {
        self.is_scheduled.store(false, Ordering::Release);
    }

    /// Whether the last compaction failed.
    pub(super) fn has_failed(&self) -> bool {
        lock(&self.back_off).failures > 0
    }

    /// After a failure, background compactions back off for 1 s, doubled for each further failure up to about 4 minutes.
    pub(super) fn compaction_ended(&self, succeeded: bool) {
        let mut back_off = lock(&self.back_off);
        if succeeded {
            *back_off = BackOff::default();
            return;
        }
        back_off.until = Some(Instant::now() + Duration::from_secs(1 << back_off.failures));
        back_off.failures = (back_off.failures + 1).min(MAX_DOUBLINGS);
    }
}
