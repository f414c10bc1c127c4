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
use y_dynamodb::monitor::Deaf;
use y_dynamodb::persistence::{Options, Persistence};
use y_dynamodb::queue::Order;
use y_dynamodb::table::memory::{Fault, MemoryTable, Request};

use crate::broken::BrokenTable;
use crate::hook::{Gate, Requests};
use crate::network::Late;
use crate::process::{Machine, Process, Shared};
use crate::weather::Weather;
use crate::world::{incomplete_set, most_copies, remains};

const PROCESSES: usize = 3;
const HOUR_MS: u64 = 3_600_000;
const MAX_STEPS: u64 = 20_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
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
    pub weather: Weather,
    pub table: MemoryTable,
    pub doc: DocName,
    requests: Requests,
    processes: Vec<Process>,
    started: usize,
    stored: u64,
    pub late: Vec<Late>,
    /// How often a process freezes at a Query.
    freeze_reads: f32,
    now: Arc<AtomicU64>,
    pub shared: Shared,
}

/// Runs the schedule of a seed.
pub fn run(seed: u64, weather: Weather) -> std::result::Result<(), String> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let result = runtime.block_on(async { Schedule::new(seed, weather).run().await });
    result.map_err(|what| format!("seed {seed}: {what}"))
}

impl Schedule {
    fn new(seed: u64, weather: Weather) -> Self {
        let mut rng = Rng::with_seed(seed);
        let table = MemoryTable::new();
        table.set_page_items(Some(rng.u32(2..6)));
        let shared = Shared { world: Arc::default(), failure: Arc::default(), step: Arc::default() };
        let mut schedule = Schedule {
            rng,
            weather,
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
        if weather.damage {
            for item in incomplete_set(&schedule.doc) {
                schedule.table.apply_late(&Request::Put { doc: schedule.doc.clone(), item });
            }
        }
        for _ in 0..if weather.no_deletes { 1 } else { PROCESSES } {
            let process = schedule.start();
            schedule.processes.push(process);
        }
        schedule
    }

    fn start(&mut self) -> Process {
        let id = self.started;
        self.started += 1;
        let machine = Machine::new(&self.now, self.rng.u64(0..HOUR_MS), self.rng.fork(), self.weather.broken);
        let options = Options {
            skip_create_table: true,
            sizes: Sizes { item: 100, part: 12 },
            coalesce_bytes: 200,
            compaction: Thresholds { items: self.rng.usize(2..6), ..Thresholds::default() },
            on_corrupt: self.weather.on_corrupt(),
            ..Options::default()
        };
        let table = self.table.with_hook(Arc::new(Gate { process: id, requests: self.requests.clone() }));
        let table = BrokenTable::new(table, self.weather.broken);
        let persistence =
            Persistence::observed(table, options, Handle::current(), Arc::new(machine), Arc::new(Deaf));
        Process::new(id, self.doc.clone(), persistence)
    }

    fn jobs(&mut self) -> Vec<Job> {
        let mut jobs = vec![Job::Store; self.rng.usize(5..13)];
        jobs.extend(vec![Job::Flush; self.rng.usize(0..4)]);
        jobs.extend(vec![Job::Read; self.rng.usize(1..4)]);
        let may_clear = !self.weather.late_puts && !self.weather.damage && !self.weather.no_deletes;
        if may_clear && (self.rng.bool() || self.weather.lost_attempts || self.weather.late_behind_clears) {
            jobs.extend(vec![Job::Clear; self.rng.usize(1..4)]);
            if self.rng.bool() {
                // Compactions that read slowly while the document is cleared and filled again.
                self.table.set_page_items(Some(2));
                self.freeze_reads = 0.15;
                jobs.extend(vec![Job::Flush; 3]);
            }
        }
        if self.weather.lost_attempts {
            jobs.extend(vec![Job::Retry; self.rng.usize(1..6)]);
        }
        if self.weather.repairs {
            jobs.extend(vec![Job::Repair; self.rng.usize(1..5)]);
        }
        self.rng.shuffle(&mut jobs);
        jobs
    }

    async fn run(mut self) -> std::result::Result<(), String> {
        let mut jobs = self.jobs();
        loop {
            let step = self.shared.step.fetch_add(1, Ordering::Relaxed) + 1;
            if step > MAX_STEPS {
                return Err("no end".into());
            }
            let busy = self.busy();
            if jobs.is_empty() && !busy {
                break;
            }
            if let Some(job) = (!busy || self.rng.f32() < 0.3).then(|| jobs.pop()).flatten() {
                self.call(job);
            } else {
                self.request(step);
            }
            if self.rng.f32() < 0.02 {
                self.crash();
            }
            if self.rng.f32() < 0.1 {
                self.deliver();
            }
            self.settle().await;
            self.check()?;
        }
        self.end().await
    }

    /// Lets everything run until it waits for a request, and time pass.
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
        if self.weather.damage && !incomplete_set(&self.doc).iter().all(|item| items.contains(item)) {
            return Err("damage was deleted".into());
        }
        if self.weather.no_deletes && most_copies(&self.doc, &items) > 2 {
            return Err("a second copy was written while deletes failed".into());
        }
        self.shared.world.lock().unwrap().check(&self.table, &self.doc, self.weather.broken.is_none())
    }

    fn busy(&mut self) -> bool {
        let mut busy = false;
        for process in &mut self.processes {
            process.calls.retain(|call| !call.is_finished());
            busy |= !process.calls.is_empty();
        }
        busy || !self.requests.lock().unwrap().is_empty()
    }

    /// Lets one request go on, with a fault perhaps.
    fn request(&mut self, step: u64) {
        let mut requests = self.requests.lock().unwrap();
        // What waits for a crashed process never goes on.
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
            && !self.weather.no_deletes
            && self.rng.f32() < 0.3
        {
            // A batch is not atomic: some of its deletes are seen before others.
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
            () if is_head && self.weather.late_behind_clears => 0.3,
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

    fn crash(&mut self) {
        let at = self.rng.usize(..self.processes.len());
        let fresh = self.start();
        let dead = std::mem::replace(&mut self.processes[at], fresh);
        dead.calls.iter().for_each(JoinHandle::abort);
        self.requests.lock().unwrap().retain(|waiting| waiting.process != dead.id);
    }

    fn call(&mut self, job: Job) {
        let mut at = self.rng.usize(..self.processes.len());
        if self.weather.lost_attempts && job == Job::Clear {
            // Only its own late puts concern a clear, so one process makes them all.
            at = 0;
        }
        let order = if self.rng.f32() < 0.1 && job != Job::Clear { Order::Outside } else { Order::Queued };
        let (process, shared) = (&mut self.processes[at], &self.shared);
        match job {
            Job::Store => {
                let length = self.rng.choice([1, 1, 1, 30, 45, 60]).unwrap();
                process.store(shared, self.stored, length, order);
                self.stored += 1;
            }
            Job::Retry => process.retry(shared, order),
            Job::Read => process.read(shared),
            Job::Flush => process.flush(shared, order),
            Job::Clear => process.clear(shared),
            Job::Repair => process.repair(shared, order),
        }
    }

    /// Two compactions later no remains are left, and a read finds all.
    async fn end(mut self) -> std::result::Result<(), String> {
        self.processes.clear();
        self.requests.lock().unwrap().clear();
        self.table.set_page_items(None);
        self.late.clear();
        for _ in 0..2 {
            self.now.fetch_add(10 * HOUR_MS, Ordering::Relaxed);
            let options = Options {
                skip_create_table: true,
                on_corrupt: self.weather.on_corrupt(),
                ..Options::default()
            };
            let machine = Machine::new(&self.now, 0, self.rng.fork(), self.weather.broken);
            let table = BrokenTable::new(self.table.clone(), self.weather.broken);
            let host = Arc::new(machine);
            let persistence = Persistence::observed(table, options, Handle::current(), host, Arc::new(Deaf));
            let flushed = persistence.flush(self.doc.clone(), Order::Queued).await;
            flushed.map_err(|error| format!("the last flush: {error}"))?;
            self.check()?;
        }
        let left = remains(&self.doc, &self.table.items(&self.doc)) - usize::from(self.weather.damage);
        if left > 0 && !self.weather.late_puts {
            return Err(format!("remains of {left} writes left"));
        }
        Ok(())
    }
}
