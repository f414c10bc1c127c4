//! The Node.js interface of the crate: the functions that JavaScript calls. It decides nothing.
//!
//! Only this folder uses napi. JavaScript has already checked the arguments. Failures are returned as values
//! ([`failure::Failure`]) and thrown in JavaScript, so that `code` and the caller's stack survive. Every sync
//! function catches panics, because a panic that crosses to JavaScript would end the process.

// napi's macros generate `unsafe` code and undocumented items in these modules.
#![allow(unsafe_code, missing_docs)]
// In test builds the macros omit the code that uses these items.
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

/// The threads for the addon's async work, which waits for DynamoDB far more than it computes.
const WORKER_THREADS: usize = 2;

#[napi_derive::module_init]
fn init() {
    let next = AtomicUsize::new(0);
    let runtime = napi::tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKER_THREADS)
        .thread_name_fn(move || format!("y-dynamodb-{}", next.fetch_add(1, Ordering::Relaxed)))
        .enable_all()
        .build();
    // If this fails, napi creates its default runtime at first use and reports the failure then.
    if let Ok(runtime) = runtime {
        napi::bindgen_prelude::create_custom_tokio_runtime(runtime);
    }
}
