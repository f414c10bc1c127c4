//! What this process keeps for each document: its open item, hints about its log, and the state of its compactions. What it
//! remembers of idle documents takes little memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use crate::codec::sort_key::DocName;
use crate::log::{LogHints, LogRecord, OpenItem};
use crate::queue::{Record, State, allocated};
use crate::sync::lock;

/// The longest back-off is 2^8 s.
const MAX_DOUBLINGS: u32 = 8;

/// The state of one document in use.
#[derive(Default)]
pub struct DocumentState {
    hints: Mutex<LogHints>,
    /// The item that the next small batch grows. A store takes it, and gives it back when the outcome is known: an item whose
    /// store was cancelled or failed is never touched again.
    open_item: Mutex<Option<OpenItem>>,
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
    /// Its update is the content of the record.
    open_item: Option<OpenItem>,
    /// Boxed, because few documents have one.
    back_off: Option<Box<BackOff>>,
}

impl State for DocumentState {
    type Record = DocumentRecord;

    fn from_record(doc: &DocName, record: DocumentRecord) -> Self {
        let hints = record.log.map(|log| LogHints::from_record(doc, log)).unwrap_or_default();
        let back_off = record.back_off.map(|back_off| *back_off).unwrap_or_default();
        DocumentState {
            hints: Mutex::new(hints),
            open_item: Mutex::new(record.open_item),
            back_off: Mutex::new(back_off),
            ..DocumentState::default()
        }
    }

    fn take_record(&self, doc: &DocName) -> Option<DocumentRecord> {
        let log = self.hints().take_record(doc);
        let back_off = std::mem::take(&mut *lock(&self.back_off));
        let back_off = (back_off.failures > 0).then(|| Box::new(back_off));
        let open_item = self.take_open_item();
        (log.is_some() || back_off.is_some()).then_some(DocumentRecord { log, open_item, back_off })
    }
}

impl Record for DocumentRecord {
    fn heap_bytes(&self) -> usize {
        let log = self.log.as_ref().map_or([0; 2], LogRecord::allocations);
        let back_off = self.back_off.as_ref().map_or(0, |back_off| size_of_val(&**back_off));
        log.into_iter().chain([back_off]).map(allocated).sum()
    }

    fn content_bytes(&self) -> usize {
        self.open_item.as_ref().map_or(0, |open| allocated(open.bytes()))
    }

    /// The open item is never touched again.
    fn forget_content(&mut self) {
        if let (Some(open), Some(log)) = (self.open_item.take(), &mut self.log) {
            log.record_closed(open.bytes());
        }
    }
}

impl DocumentState {
    /// The hints about its log.
    pub fn hints(&self) -> MutexGuard<'_, LogHints> {
        lock(&self.hints)
    }

    /// Takes the open item, to grow or to close it.
    pub fn take_open_item(&self) -> Option<OpenItem> {
        lock(&self.open_item).take()
    }

    /// Sets the item that the next small batch grows.
    pub fn set_open_item(&self, open: OpenItem) {
        *lock(&self.open_item) = Some(open);
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
