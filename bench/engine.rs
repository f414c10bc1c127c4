//! Benchmarks of the update engine: `cargo bench --no-default-features --bench engine`.
//!
//! The input is an editing trace with one update per edit: the recorded one, or a synthetic one (see `trace`). Prints sizes and
//! memory first, then the times. They are CPU times, so that other work on the machine has little influence.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark that fails should stop, and it prints"
)]

mod trace;

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use cpu_time::ThreadTime;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BatchSize, Criterion};
use y_dynamodb::codec::varint::write_varuint;
use y_dynamodb::update::{MergeOptions, diff, merge, state_vector, validate, verify};

const OPTIONS: MergeOptions = MergeOptions { squash: true, gc: true, whole_log: true };

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// Counts the allocated bytes.
struct Counting;

#[allow(unsafe_code, reason = "GlobalAlloc is an unsafe trait")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(HELD.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        PEAK.fetch_max(HELD.fetch_add(size, Relaxed) + size, Relaxed);
        HELD.fetch_sub(layout.size(), Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Measures the CPU time of the thread.
struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = ThreadTime;
    type Value = Duration;
    fn start(&self) -> ThreadTime {
        ThreadTime::now()
    }
    fn end(&self, start: ThreadTime) -> Duration {
        start.elapsed()
    }
    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }
    fn zero(&self) -> Duration {
        Duration::ZERO
    }
    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }
    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

fn load_trace() -> Vec<Vec<u8>> {
    let (name, updates) = trace::load();
    let bytes: usize = updates.iter().map(Vec::len).sum();
    println!("{name}: {} updates, {bytes} B", updates.len());
    updates
}

/// A document of one text with `n` ASCII characters.
fn plain_document(n: usize) -> Vec<u8> {
    let mut update = vec![1, 1, 1, 0, 4, 1, 1, b't'];
    write_varuint(&mut update, n as u64);
    update.resize(update.len() + n, b'x');
    update.push(0);
    update
}

/// `n` keystrokes of one client, one update each.
fn keystrokes(n: u64) -> Vec<Vec<u8>> {
    let key = |clock: u64| {
        let mut update = vec![1, 1];
        write_varuint(&mut update, 4_000_000_000);
        write_varuint(&mut update, clock);
        update.push(0x84);
        write_varuint(&mut update, 4_000_000_000);
        write_varuint(&mut update, clock - 1);
        update.extend([1, b'a', 0]);
        update
    };
    (1_000..1_000 + n).map(key).collect()
}

fn report(updates: &[Vec<u8>], state: &[u8]) {
    let input: usize = updates.iter().map(Vec::len).sum();
    let before = HELD.load(Relaxed);
    PEAK.store(before, Relaxed);
    drop(merge(updates, OPTIONS));
    let peak = PEAK.load(Relaxed) - before;
    println!(
        "result: {} B; peak memory without the input: {peak} B, {:.2} x input",
        state.len(),
        peak as f64 / input as f64
    );
    let batch = merge(&keystrokes(100), MergeOptions::default()).expect("keystrokes");
    println!("100 keystrokes as one batch: {} B", batch.len());
}

fn main() {
    let updates = load_trace();
    let state = merge(&updates, OPTIONS).expect("the trace");
    report(&updates, &state);
    let mut c = Criterion::default().with_measurement(CpuTime).configure_from_args().sample_size(20);
    c = c.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4));

    c.bench_function("merge all", |b| b.iter(|| merge(black_box(&updates), OPTIONS)));
    for n in [2_000, 20_000, 200_000].into_iter().filter(|n| *n < updates.len()) {
        let some = &updates[..n];
        c.bench_function(&format!("merge the first {n}"), |b| b.iter(|| merge(black_box(some), OPTIONS)));
    }
    c.bench_function("validate all", |b| b.iter(|| black_box(&updates).iter().all(|u| validate(u).is_ok())));
    c.bench_function("verify", |b| b.iter(|| verify(black_box(&updates), &state)));
    c.bench_function("state vector", |b| b.iter(|| state_vector(black_box(&state))));
    let half =
        merge(&updates[..updates.len() / 2], OPTIONS).and_then(|half| state_vector(&half)).expect("half");
    c.bench_function("half diff", |b| b.iter(|| diff(black_box(&state), &half)));
    c.bench_function("merge of the merged", |b| b.iter(|| merge(black_box(&[&state]), OPTIONS)));

    let large = [plain_document(10_000_000), vec![1, 1, 2, 0, 0x84, 1, 5, 1, b'y', 0]];
    c.bench_function("10 MB and a small update", |b| b.iter(|| merge(black_box(&large), OPTIONS)));
    c.bench_function("copy of 10 MB", |b| b.iter(|| black_box(&large[0]).clone()));

    let (first, next) = updates.split_at(5_000.min(updates.len() / 2));
    let base = merge(first, OPTIONS).expect("the first 5,000");
    let run = |mut state: Vec<u8>| {
        for update in next.iter().take(5_000) {
            state = merge(&[&state, update], OPTIONS).expect("an update");
        }
        state
    };
    c.bench_function("5,000 running merges into 5,000", |b| {
        b.iter_batched(|| base.clone(), run, BatchSize::LargeInput);
    });
    c.final_summary();
}
