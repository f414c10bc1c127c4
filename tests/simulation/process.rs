//! One process of a simulation: its host, its calls, and what must hold after each.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::broken::BrokenTable;
use crate::model::{Clear, Model, content, update};
use crate::rules::Rule;
use fastrand::Rng;
use tokio::task::JoinHandle;
use y_dynamodb::codec::sort_key::{DocName, WriteId};
use y_dynamodb::error::Result;
use y_dynamodb::log::Host;
use y_dynamodb::persistence::Persistence;
use y_dynamodb::queue::Order;

const MINUTE_MS: u64 = 60_000;

/// A host with a clock of its own; ids come from the schedule's seed.
pub struct SimulatedHost {
    now: Arc<AtomicU64>,
    behind_ms: u64,
    rng: Mutex<Rng>,
    /// Whether ids are random; otherwise all are the same.
    has_fresh_ids: bool,
}

impl SimulatedHost {
    pub fn new(now: &Arc<AtomicU64>, behind_ms: u64, rng: Rng, broken: Option<Rule>) -> Self {
        let has_fresh_ids = broken != Some(Rule::FreshKeys);
        SimulatedHost { now: now.clone(), behind_ms, rng: Mutex::new(rng), has_fresh_ids }
    }
}

impl Host for SimulatedHost {
    fn now_ms(&self) -> u64 {
        // Behind the clocks of others, and sometimes going back.
        let back = self.rng.lock().unwrap().u64(..MINUTE_MS);
        self.now.load(Ordering::Relaxed).saturating_sub(self.behind_ms + back)
    }

    fn write_id(&self) -> Result<WriteId> {
        if !self.has_fresh_ids {
            return Ok(WriteId(0, 0));
        }
        let mut rng = self.rng.lock().unwrap();
        Ok(WriteId(rng.u32(..), rng.u32(..)))
    }
}

pub struct Process {
    pub id: usize,
    doc: DocName,
    persistence: Persistence<BrokenTable>,
    pub calls: Vec<JoinHandle<()>>,
    /// Its stores that were not refused, each with the step of its call: its own later reads must contain them.
    own: Arc<Mutex<BTreeSet<(u64, u64)>>>,
    /// Its stores that were refused and may be retried: number and length.
    refused: Arc<Mutex<Vec<(u64, u8)>>>,
    pub frozen_until: u64,
}

/// Where calls record their results.
#[derive(Clone)]
pub struct Shared {
    pub model: Arc<Mutex<Model>>,
    pub failure: Arc<Mutex<Option<String>>>,
    pub step: Arc<AtomicU64>,
}

impl Shared {
    pub fn fail(&self, what: String) {
        self.failure.lock().unwrap().get_or_insert(what);
    }
}

impl Process {
    pub fn new(id: usize, doc: DocName, persistence: Persistence<BrokenTable>) -> Self {
        Process {
            id,
            doc,
            persistence,
            calls: Vec::new(),
            own: Arc::default(),
            refused: Arc::default(),
            frozen_until: 0,
        }
    }

    pub fn flush(&mut self, shared: &Shared, order: Order) {
        let flushed = self.persistence.flush(self.doc.clone(), order);
        let shared = shared.clone();
        self.calls.push(tokio::spawn(async move {
            if let Err(error) = flushed.await
                && !error.code().is_retryable()
            {
                shared.fail(format!("flush: {error}"));
            }
        }));
    }

    pub fn repair(&mut self, shared: &Shared, order: Order) {
        let repaired = self.persistence.repair(self.doc.clone(), order);
        let shared = shared.clone();
        self.calls.push(tokio::spawn(async move {
            if let Err(error) = repaired.await
                && !error.code().is_retryable()
            {
                shared.fail(format!("repair: {error}"));
            }
        }));
    }

    pub fn store(&mut self, shared: &Shared, number: u64, length: u8, order: Order) {
        let stored = self.persistence.store_update(self.doc.clone(), update(number, length), order);
        let (shared, own, refused) = (shared.clone(), self.own.clone(), self.refused.clone());
        let step = shared.step.load(Ordering::Relaxed);
        shared.model.lock().unwrap().called.insert(number, step);
        if order == Order::Queued {
            own.lock().unwrap().insert((number, step));
        }
        self.calls.push(tokio::spawn(async move {
            match stored.await {
                Ok(_) => drop(shared.model.lock().unwrap().acked.insert(number)),
                Err(error) if error.code().is_retryable() => {
                    own.lock().unwrap().remove(&(number, step));
                    refused.lock().unwrap().push((number, length));
                }
                Err(error) => shared.fail(format!("store: {error}")),
            }
        }));
    }

    /// Retries a refused store with the same bytes.
    pub fn retry(&mut self, shared: &Shared, order: Order) {
        let refused = self.refused.lock().unwrap().pop();
        if let Some((number, length)) = refused {
            self.store(shared, number, length, order);
        }
    }

    pub fn read(&mut self, shared: &Shared) {
        let read = self.persistence.read(self.doc.clone(), Order::Queued);
        let acked = shared.model.lock().unwrap().acked.clone();
        let called = self.own.lock().unwrap().clone();
        let (shared, own) = (shared.clone(), self.own.clone());
        self.calls.push(tokio::spawn(async move {
            match read.await {
                Ok(bytes) => {
                    let found = content(&bytes);
                    let mut must = acked;
                    // Its stores that were refused meanwhile need not be there.
                    must.extend(called.intersection(&own.lock().unwrap()).map(|(number, _)| number));
                    let missing = shared.model.lock().unwrap().missing_from(&must, &found);
                    if !missing.is_empty() {
                        shared.fail(format!("a read missed {missing:?}"));
                    }
                }
                Err(error) if error.code().is_retryable() => {}
                Err(error) => shared.fail(format!("read: {error}")),
            }
        }));
    }

    pub fn clear(&mut self, shared: &Shared) {
        let mut model = shared.model.lock().unwrap();
        let this = model.clears.len();
        let acked_before = model.acked.clone();
        model.clears.push(Clear { process: self.id, succeeded: None, ended: None, acked_before });
        drop(model);
        let cleared = self.persistence.clear(self.doc.clone(), Order::Queued);
        let shared = shared.clone();
        self.calls.push(tokio::spawn(async move {
            let result = cleared.await;
            let step = Some(shared.step.load(Ordering::Relaxed));
            let mut model = shared.model.lock().unwrap();
            let clear = &mut model.clears[this];
            clear.ended = step;
            match result {
                Ok(()) => clear.succeeded = step,
                Err(error) if error.code().is_retryable() => {}
                Err(error) => shared.fail(format!("clear: {error}")),
            }
        }));
    }
}
