//! One schedule: several processes store, read, flush, clear and compact one document, interleaved at every request.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use tokio::runtime::{Builder, Handle};
use tokio::task::JoinHandle;
use y_dynamodb::codec::sort_key::DocName;
use y_dynamodb::compaction::Thresholds;
use y_dynamodb::log::Sizes;
use y_dynamodb::monitor::NoObserver;
use y_dynamodb::persistence::{Options, Persistence};
use y_dynamodb::queue::Order;
use y_dynamodb::table::memory::{Fault, MemoryTable, Request};

use crate::broken::BrokenTable;
use crate::hook::{ProcessHook, Requests};
use crate::model::{incomplete_set, leftovers, most_copies};
use crate::network::Late;
use crate::process::{Process, Shared, SimulatedHost};
use crate::scenario::Scenario;

const PROCESSES: usize = 3;
const HOUR_MS: u64 = 3_600_000;
const MAX_STEPS: u64 = 20_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Store,
    Retry,
    Read,
    Flush,
    Clear,
    Repair,
}

/// A schedule while it runs.
pub struct Schedule {
    pub rng: Rng,
    pub scenario: Scenario,
    pub table: MemoryTable,
    pub doc: DocName,
    requests: Requests,
    processes: Vec<Process>,
    started: usize,
    stored: u64,
    pub late: Vec<Late>,
    /// The probability that a process freezes at a Query.
    freeze_reads: f32,
    pub now: Arc<AtomicU64>,
    pub shared: Shared,
}

/// Runs the schedule of a seed.
pub fn run(seed: u64, scenario: Scenario) -> std::result::Result<(), String> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let result = runtime.block_on(async { Schedule::new(seed, scenario).run().await });
    result.map_err(|what| format!("seed {seed}: {what}"))
}

impl Schedule {
    fn new(seed: u64, scenario: Scenario) -> Self {
        let mut rng = Rng::with_seed(seed);
        let table = MemoryTable::new();
        table.set_page_items(Some(rng.u32(2..6)));
        let shared = Shared { model: Arc::default(), failure: Arc::default(), step: Arc::default() };
        let mut schedule = Schedule {
            rng,
            scenario,
            table,
            doc: DocName::new("d").unwrap(),
            requests: Arc::default(),
            processes: Vec::new(),
            started: 0,
            stored: 0,
            late: Vec::new(),
            freeze_reads: 0.03,
            now: Arc::new(AtomicU64::new(1_000 * HOUR_MS)),
            shared,
        };
        if scenario.damage {
            for item in incomplete_set(&schedule.doc) {
                schedule.table.apply_late(&Request::Put { doc: schedule.doc.clone(), item });
            }
        }
        for _ in 0..if scenario.no_deletes { 1 } else { PROCESSES } {
            let process = schedule.start();
            schedule.processes.push(process);
        }
        schedule
    }

    fn start(&mut self) -> Process {
        let id = self.started;
        self.started += 1;
        let host =
            SimulatedHost::new(&self.now, self.rng.u64(0..HOUR_MS), self.rng.fork(), self.scenario.broken);
        let options = Options {
            skip_create_table: true,
            sizes: Sizes { item: 160, part: 24 },
            coalesce_bytes: 200,
            // One process forgets the document whenever no call uses it.
            remember_bytes: if id % PROCESSES == 1 { 0 } else { Options::default().remember_bytes },
            compaction: Thresholds { items: self.rng.usize(2..6), ..Thresholds::default() },
            on_corrupt: self.scenario.on_corrupt(),
            ..Options::default()
        };
        let table =
            self.table.with_hook(Arc::new(ProcessHook { process: id, requests: self.requests.clone() }));
        let table = BrokenTable::new(table, self.scenario.broken);
        let persistence =
            Persistence::observed(table, options, Handle::current(), Arc::new(host), Arc::new(NoObserver));
        Process::new(id, self.doc.clone(), persistence)
    }

    fn actions(&mut self) -> Vec<Action> {
        let mut actions = vec![Action::Store; self.rng.usize(5..13)];
        actions.extend(vec![Action::Flush; self.rng.usize(0..4)]);
        actions.extend(vec![Action::Read; self.rng.usize(1..4)]);
        let may_clear = !self.scenario.late_puts && !self.scenario.damage && !self.scenario.no_deletes;
        if may_clear && (self.rng.bool() || self.scenario.clears()) {
            actions.extend(vec![Action::Clear; self.rng.usize(1..4)]);
            if self.rng.bool() {
                // Slow reads of compactions, while the document is cleared and filled again.
                self.table.set_page_items(Some(2));
                self.freeze_reads = 0.15;
                actions.extend(vec![Action::Flush; 3]);
            }
        }
        if self.scenario.lost_attempts {
            actions.extend(vec![Action::Retry; self.rng.usize(1..6)]);
        }
        if self.scenario.repairs {
            actions.extend(vec![Action::Repair; self.rng.usize(1..5)]);
        }
        self.rng.shuffle(&mut actions);
        actions
    }

    async fn run(mut self) -> std::result::Result<(), String> {
        let mut actions = self.actions();
        loop {
            let step = self.shared.step.fetch_add(1, Ordering::Relaxed) + 1;
            if step > MAX_STEPS {
                return Err("no end".into());
            }
            let busy = self.busy();
            if actions.is_empty() && !busy {
                break;
            }
            if let Some(action) = (!busy || self.rng.f32() < 0.3).then(|| actions.pop()).flatten() {
                self.call(action);
            } else {
                self.request(step);
            }
            if self.rng.f32() < 0.02 {
                self.crash(step);
            }
            if self.rng.f32() < 0.1 {
                self.deliver();
            }
            self.settle().await;
            self.check()?;
        }
        self.end().await
    }

    /// Lets time pass, and runs all processes until they wait for requests.
    async fn settle(&mut self) {
        self.now.fetch_add(self.rng.u64(0..HOUR_MS / 20), Ordering::Relaxed);
        let pause = if self.rng.f32() < 0.1 { 700 } else { 1 };
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }

    fn check(&self) -> std::result::Result<(), String> {
        if let Some(failure) = self.shared.failure.lock().unwrap().take() {
            return Err(failure);
        }
        let items = self.table.items(&self.doc);
        if self.scenario.damage && !incomplete_set(&self.doc).iter().all(|item| items.contains(item)) {
            return Err("damage was deleted".into());
        }
        // An open item that has grown, the result before, and the one that contains both.
        if self.scenario.no_deletes && most_copies(&self.doc, &items) > 3 {
            return Err("another copy was written while deletes failed".into());
        }
        self.shared.model.lock().unwrap().check(&self.table, &self.doc, self.scenario.broken.is_none())
    }

    fn busy(&mut self) -> bool {
        let mut busy = false;
        for process in &mut self.processes {
            process.calls.retain(|call| !call.is_finished());
            busy |= !process.calls.is_empty();
        }
        busy || !self.requests.lock().unwrap().is_empty()
    }

    /// Continues one request, perhaps with a fault.
    fn request(&mut self, step: u64) {
        let mut requests = self.requests.lock().unwrap();
        // Requests of crashed processes never continue.
        requests.retain(|waiting| self.processes.iter().any(|process| process.id == waiting.process));
        let awake: BTreeSet<_> = self
            .processes
            .iter()
            .filter(|process| process.frozen_until <= step)
            .map(|process| process.id)
            .collect();
        let ready: Vec<_> = (0..requests.len()).filter(|&at| awake.contains(&requests[at].process)).collect();
        let Some(&at) = self.rng.choice(&ready) else {
            // All are frozen: the first thaws.
            self.processes.iter_mut().for_each(|process| process.frozen_until = 0);
            return;
        };
        if let Some(Request::DeleteBatch { doc, keys }) = &requests[at].request
            && !self.scenario.no_deletes
            && self.rng.f32() < 0.3
        {
            // A batch is not atomic: some of its deletes are visible before others.
            let keys = keys.iter().filter(|_| self.rng.bool()).cloned().collect();
            self.table.apply_late(&Request::DeleteBatch { doc: doc.clone(), keys });
            return;
        }
        let waiting = requests.swap_remove(at);
        drop(requests);
        let is_read = matches!(waiting.request, Some(Request::Query(_)));
        let is_head = matches!(&waiting.request, Some(Request::PutNew { item, .. }) if item.head.is_some());
        let freezes = match () {
            () if is_read => self.freeze_reads,
            () if is_head && self.scenario.late_behind_clears => 0.3,
            () => 0.03,
        };
        if self.rng.f32() < freezes {
            let frozen = self.processes.iter_mut().find(|process| process.id == waiting.process);
            frozen.unwrap().frozen_until = step + self.rng.u64(10..200);
            self.now.fetch_add(HOUR_MS, Ordering::Relaxed);
        }
        let fault = match &waiting.request {
            Some(request) => self.fault(request.clone(), waiting.process, step),
            None => Fault::None,
        };
        waiting.go(fault);
    }

    fn crash(&mut self, step: u64) {
        let at = self.rng.usize(..self.processes.len());
        let fresh = self.start();
        let dead = std::mem::replace(&mut self.processes[at], fresh);
        dead.calls.iter().for_each(JoinHandle::abort);
        self.shared.model.lock().unwrap().crashed(dead.id, step);
        self.requests.lock().unwrap().retain(|waiting| waiting.process != dead.id);
    }

    fn call(&mut self, action: Action) {
        let mut at = self.rng.usize(..self.processes.len());
        if self.scenario.lost_attempts && action == Action::Clear {
            // A clear waits only for late puts of its own process, so one process makes all clears.
            at = 0;
        }
        let order =
            if self.rng.f32() < 0.1 && action != Action::Clear { Order::Outside } else { Order::Queued };
        let (process, shared) = (&mut self.processes[at], &self.shared);
        match action {
            Action::Store => {
                let length = self.rng.choice([1, 1, 1, 90, 105, 125]).unwrap();
                process.store(shared, self.stored, length, order);
                self.stored += 1;
            }
            Action::Retry => process.retry(shared, order),
            Action::Read => process.read(shared),
            Action::Flush => process.flush(shared, order),
            Action::Clear => process.clear(shared),
            Action::Repair => process.repair(shared, order),
        }
    }

    /// After two more flushes, no incomplete write is left and the model still holds.
    async fn end(mut self) -> std::result::Result<(), String> {
        self.processes.clear();
        self.requests.lock().unwrap().clear();
        self.table.set_page_items(None);
        self.late.clear();
        for _ in 0..2 {
            self.now.fetch_add(10 * HOUR_MS, Ordering::Relaxed);
            let options = Options {
                skip_create_table: true,
                on_corrupt: self.scenario.on_corrupt(),
                ..Options::default()
            };
            let host = SimulatedHost::new(&self.now, 0, self.rng.fork(), self.scenario.broken);
            let table = BrokenTable::new(self.table.clone(), self.scenario.broken);
            let host = Arc::new(host);
            let persistence =
                Persistence::observed(table, options, Handle::current(), host, Arc::new(NoObserver));
            let flushed = persistence.flush(self.doc.clone(), Order::Queued).await;
            flushed.map_err(|error| format!("the last flush: {error}"))?;
            self.check()?;
        }
        let left = leftovers(&self.doc, &self.table.items(&self.doc)) - usize::from(self.scenario.damage);
        if left > 0 && !self.scenario.late_puts {
            return Err(format!("leftovers of {left} writes left"));
        }
        Ok(())
    }
}
