//! The documents of a persistence: those in use, and what is remembered of the others.
//!
//! At every moment there is at most one [`Shared`] of a name, so that its queue orders all calls and its gate lets a clear run
//! alone. A document is in use while a [`Document`] of it exists. They are counted under the lock of the map: the last one
//! that is dropped replaces the document by its record in one step, and the next one is made from that record.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard};

use super::call_queue::CallQueue;
use super::gate::Gate;
use super::records::Records;
use super::state::State;
use crate::codec::sort_key::DocName;
use crate::sync::lock;

/// A use of a document, by a call or by work in the background. All uses of a name share its queue, gate and state.
pub struct Document<D: State> {
    shared: Arc<Shared<D>>,
    documents: Arc<Documents<D>>,
}

impl<D: State> Deref for Document<D> {
    type Target = Shared<D>;

    fn deref(&self) -> &Shared<D> {
        &self.shared
    }
}

impl<D: State> Drop for Document<D> {
    fn drop(&mut self) {
        self.documents.end_use(&self.shared);
    }
}

/// What all uses of a document share.
pub struct Shared<D> {
    name: DocName,
    /// Lets a clear run alone.
    pub gate: Gate,
    /// What the owner of the queue knows of the document.
    pub state: D,
    pub(super) calls: CallQueue,
}

impl<D> Shared<D> {
    /// Its name.
    pub fn name(&self) -> &DocName {
        &self.name
    }
}

/// The documents of one persistence.
pub(super) struct Documents<D: State> {
    map: Mutex<Map<D>>,
    coalesce_bytes: usize,
}

struct Map<D: State> {
    in_use: HashMap<DocName, InUse<D>>,
    /// None is of a document in use.
    records: Records<D::Record>,
}

struct InUse<D> {
    shared: Arc<Shared<D>>,
    /// How many [`Document`]s share it.
    uses: usize,
}

impl<D: State> Documents<D> {
    pub fn new(coalesce_bytes: usize, remember_bytes: usize) -> Arc<Self> {
        let map = Map { in_use: HashMap::new(), records: Records::new(remember_bytes) };
        Arc::new(Documents { map: Mutex::new(map), coalesce_bytes })
    }

    /// Begins a use of a document.
    pub fn get(self: &Arc<Self>, name: DocName) -> Arc<Document<D>> {
        let mut map = self.lock();
        let Map { in_use, records } = &mut *map;
        let in_use = in_use.entry(name).or_insert_with_key(|name| {
            let record = records.take(name);
            let state = record.map_or_else(D::default, |record| D::from_record(name, record));
            let (gate, calls) = (Gate::default(), CallQueue::new(self.coalesce_bytes));
            InUse { shared: Arc::new(Shared { name: name.clone(), gate, state, calls }), uses: 0 }
        });
        self.begin_use(in_use)
    }

    /// Begins a use of each document with calls that wait or run.
    pub fn busy(self: &Arc<Self>) -> Vec<Arc<Document<D>>> {
        let mut map = self.lock();
        let busy = map.in_use.values_mut().filter(|in_use| in_use.shared.calls.is_busy());
        busy.map(|in_use| self.begin_use(in_use)).collect()
    }

    /// How many documents are in use or remembered.
    pub fn len(&self) -> usize {
        let map = self.lock();
        map.in_use.len() + map.records.len()
    }

    /// Calls `visit` with each document in use. No call enters a queue meanwhile: keep it short.
    pub fn for_each_in_use(&self, mut visit: impl FnMut(&Shared<D>)) {
        self.lock().in_use.values().for_each(|in_use| visit(&in_use.shared));
    }

    /// Under the lock of the map.
    fn begin_use(self: &Arc<Self>, in_use: &mut InUse<D>) -> Arc<Document<D>> {
        in_use.uses += 1;
        Arc::new(Document { shared: in_use.shared.clone(), documents: self.clone() })
    }

    fn end_use(&self, shared: &Shared<D>) {
        let mut map = self.lock();
        let Some(in_use) = map.in_use.get_mut(&shared.name) else { return };
        in_use.uses -= 1;
        if in_use.uses > 0 {
            return;
        }
        map.in_use.remove(&shared.name);
        if let Some(record) = shared.state.take_record(&shared.name) {
            map.records.put(shared.name.clone(), record);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Map<D>> {
        lock(&self.map)
    }
}
