//! Measures how the time of the update engine's public functions grows with the size of hostile updates:
//! `cargo bench --no-default-features --bench hostile`.
//!
//! Each function runs on each shape at a size, and at twice and four times that size. Prints the CPU time at the largest
//! size and the growth for each doubling: 2 is linear. Exits with 1 if the growth is above 2.6, which is 1.3 times linear.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that fails should stop, and it prints"
)]

#[path = "../tests/update_support/shapes.rs"]
mod shapes;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use cpu_time::ThreadTime;
use shapes::{FUNCTIONS, Prepared, shapes};

/// The smallest size: see [`shapes`].
const SIZE: u64 = 50_000;
const DOUBLINGS: u32 = 2;
const MAX_GROWTH: f64 = 2.6;
/// Shorter times at the largest size are not checked, because the clock is too coarse.
const MIN_CHECKED: Duration = Duration::from_millis(2);

/// The shortest CPU time of at least two runs, which take about 200 ms together.
fn time(work: impl Fn()) -> Duration {
    let (mut least, mut sum, mut runs) = (Duration::MAX, Duration::ZERO, 0);
    while runs < 2 || (sum < Duration::from_millis(200) && runs < 50) {
        let start = ThreadTime::now();
        work();
        let took = start.elapsed();
        (least, sum, runs) = (least.min(took), sum + took, runs + 1);
    }
    least
}

fn main() -> ExitCode {
    let names: Vec<_> = shapes(100).iter().map(|shape| shape.name).collect();
    let mut worst: f64 = 0.0;
    for (at, name) in names.into_iter().enumerate() {
        let sizes = (0..=DOUBLINGS).filter_map(|doubling| shapes(SIZE << doubling).into_iter().nth(at));
        let (bytes, prepared): (Vec<_>, Vec<_>) = sizes
            .map(|shape| (shape.updates.iter().map(Vec::len).sum::<usize>(), Prepared::new(shape.updates)))
            .unzip();
        println!("\n{name}: {} B", bytes.last().copied().unwrap_or_default());
        let doublings = bytes.last().zip(bytes.first()).map_or(1.0, |(&l, &f)| (l as f64 / f as f64).log2());
        for (function, run) in FUNCTIONS {
            let times: Vec<_> = prepared.iter().map(|p| time(|| run(black_box(p)))).collect();
            let (Some(first), Some(last)) = (times.first(), times.last()) else { continue };
            let growth = (last.as_secs_f64() / first.as_secs_f64()).powf(1.0 / doublings);
            let is_checked = *last >= MIN_CHECKED;
            worst = if is_checked { worst.max(growth) } else { worst };
            println!(
                "  {function:30} {last:>12.2?}  {growth:.2}{}",
                if is_checked { "" } else { " (short)" }
            );
        }
    }
    println!("\nat most {worst:.2} for each doubling, {MAX_GROWTH} allowed");
    if worst > MAX_GROWTH { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
