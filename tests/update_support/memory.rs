//! Measures the peak memory and the time of a piece of work.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::{Duration, Instant};

thread_local! {
    static NOW: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

/// Counts the memory of the current thread.
struct Counting;

fn count(more: usize, less: usize) {
    // While a thread ends, it has no counters.
    let _ = NOW.try_with(|now| {
        now.set(now.get().wrapping_add(more));
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(now.get())));
        now.set(now.get().wrapping_sub(less));
    });
}

#[allow(unsafe_code, reason = "an allocator that counts cannot be had otherwise")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(0, layout.size());
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // A large block is remapped: the old and the new one do not exist at the same time.
        count(size.saturating_sub(layout.size()), layout.size().saturating_sub(size));
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The time limit for a small input.
pub const SLOW: Duration = Duration::from_millis(100);

/// Runs `work`. Returns its peak memory in bytes, and its time.
pub fn measured_once<T>(work: impl FnOnce() -> T) -> (T, usize, Duration) {
    NOW.set(1 << 40);
    PEAK.set(1 << 40);
    let start = Instant::now();
    let result = work();
    (result, PEAK.get() - (1 << 40), start.elapsed())
}

/// Like [`measured_once`], but repeats a slow run a few times: a thread that waits for a processor is slow too, but not each
/// time.
pub fn measured<T>(work: impl Fn() -> T) -> (T, usize, Duration) {
    let mut best = measured_once(&work);
    for _ in 0..4 {
        if best.2 < SLOW {
            break;
        }
        let again = measured_once(&work);
        if again.2 < best.2 {
            best = again;
        }
    }
    best
}

/// Runs `work`. Returns how much memory it leaves in use, in bytes.
pub fn left_in_use<T>(work: impl FnOnce() -> T) -> (T, usize) {
    NOW.set(1 << 40);
    let result = work();
    (result, NOW.get() - (1 << 40))
}
