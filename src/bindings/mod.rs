//! The Node.js face of the crate: what JavaScript calls, and nothing that decides anything.
//!
//! This is the only folder that names napi. Arguments were checked in JavaScript; failures go back as values
//! ([`failure::Failure`]) and are thrown there, so that `code` and the caller's stack survive. Every sync function catches
//! panics: one that crossed the border would end the process.

// The macros of napi write `unsafe` glue and undocumented items into these modules.
#![allow(unsafe_code, missing_docs)]
// In test builds the macros leave out the glue that uses these items.
#![cfg_attr(test, allow(dead_code))]

#[cfg(feature = "aws")]
pub mod event;
#[cfg(feature = "aws")]
pub mod event_loop;
pub mod failure;
#[cfg(feature = "test-hooks")]
pub mod hooks;
#[cfg(feature = "aws")]
pub mod inspect;
#[cfg(feature = "aws")]
pub mod listing;
#[cfg(feature = "aws")]
pub mod metas;
#[cfg(feature = "aws")]
pub mod monitor;
#[cfg(feature = "aws")]
pub mod options;
#[cfg(feature = "aws")]
pub mod persistence;
#[cfg(feature = "aws")]
pub mod stored_updates;
pub mod updates;

use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads that run the addon's async work: it waits for DynamoDB far more than it computes.
const WORKER_THREADS: usize = 2;

#[napi_derive::module_init]
fn init() {
    let next = AtomicUsize::new(0);
    let runtime = napi::tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKER_THREADS)
        .thread_name_fn(move || format!("y-dynamodb-{}", next.fetch_add(1, Ordering::Relaxed)))
        .enable_all()
        .build();
    // Without threads for it napi makes its own default runtime at the first use, and reports there.
    if let Ok(runtime) = runtime {
        napi::bindgen_prelude::create_custom_tokio_runtime(runtime);
    }
}
