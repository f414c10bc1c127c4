//! A document with its queue, and the documents that a persistence remembers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use super::call_queue::CallQueue;
use super::gate::Gate;
use crate::codec::sort_key::DocName;
use crate::sync::lock;

/// How many idle documents are remembered before the least recently used half is forgotten. The next store to a forgotten
/// document costs one Query more, and counts its items anew towards a compaction.
const MAX_IDLE_DOCUMENTS: usize = 10_000;

/// A document.
pub struct Document<D> {
    name: DocName,
    /// Lets a clear run alone.
    pub gate: Gate,
    /// What the owner of the queue knows of the document.
    pub state: D,
    pub(super) calls: CallQueue,
    /// Its last call, as a number that grows from call to call.
    last_use: AtomicU64,
}

impl<D> Document<D> {
    /// Its name.
    pub fn name(&self) -> &DocName {
        &self.name
    }

    fn last_use(&self) -> u64 {
        self.last_use.load(Ordering::Relaxed)
    }
}

/// The documents that are remembered.
pub(super) struct Documents<D> {
    by_name: Mutex<Map<D>>,
    /// How often a document was asked for.
    uses: AtomicU64,
    coalesce_bytes: usize,
}

struct Map<D> {
    documents: HashMap<DocName, Arc<Document<D>>>,
    /// At how many documents idle ones are looked for.
    max: usize,
}

impl<D: Default> Documents<D> {
    pub fn new(coalesce_bytes: usize) -> Self {
        let map = Map { documents: HashMap::new(), max: MAX_IDLE_DOCUMENTS };
        Documents { by_name: Mutex::new(map), uses: AtomicU64::default(), coalesce_bytes }
    }

    pub fn get(&self, name: DocName) -> Arc<Document<D>> {
        let mut map = self.lock();
        if map.documents.len() >= map.max && !map.documents.contains_key(&name) {
            let busy = forget_half(&mut map.documents);
            // Busy ones stay: without this each new document would look at all of them again.
            map.max = busy + MAX_IDLE_DOCUMENTS;
        }
        let doc = map.documents.entry(name.clone()).or_insert_with(|| {
            Arc::new(Document {
                name,
                gate: Gate::default(),
                state: D::default(),
                calls: CallQueue::new(self.coalesce_bytes),
                last_use: AtomicU64::default(),
            })
        });
        doc.last_use.store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        doc.clone()
    }

    pub fn len(&self) -> usize {
        self.lock().documents.len()
    }

    /// Calls `visit` with each document. No call enters a queue meanwhile: keep it short.
    pub fn for_each(&self, visit: impl FnMut(&Arc<Document<D>>)) {
        self.lock().documents.values().for_each(visit);
    }

    fn lock(&self) -> MutexGuard<'_, Map<D>> {
        lock(&self.by_name)
    }
}

/// Forgets the least recently used half, except for busy documents. Returns how many are busy.
fn forget_half<D>(documents: &mut HashMap<DocName, Arc<Document<D>>>) -> usize {
    let mut uses: Vec<_> = documents.values().map(|doc| doc.last_use()).collect();
    let middle = uses.len() / 2;
    let (_, &mut median, _) = uses.select_nth_unstable(middle);
    let mut busy = 0;
    documents.retain(|_, doc| {
        let is_busy = Arc::strong_count(doc) > 1;
        busy += usize::from(is_busy);
        is_busy || doc.last_use() >= median
    });
    busy
}
