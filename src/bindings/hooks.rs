//! Functions for tests of the addon only: raw requests to the embedded DynamoDB, panics on purpose, and a shorter wait for
//! late attempts. They need the feature `test-hooks` and are never in a release.

use std::sync::Mutex;
use std::sync::atomic::Ordering;

use napi::bindgen_prelude::Either;
use napi_derive::napi;

use super::failure::{Failure, outcome};
use crate::sync::lock;
use crate::table::dynamo::{Endpoint, embedded::request};
use crate::table::late::LATE_WRITE_MS;

/// An answer of the embedded DynamoDB, as on the wire.
#[napi(object, object_from_js = false)]
pub struct RawAnswer {
    pub status: u16,
    pub body: String,
}

/// Sends one raw request to the database of `memory:NAME` or `file:PATH`.
#[napi(catch_unwind)]
pub fn embedded_request(endpoint: String, target: String, body: String) -> Either<Failure, RawAnswer> {
    let answer = Endpoint::parse(&endpoint)
        .and_then(|endpoint| request(&endpoint, &target, body.as_bytes()))
        .map(|(status, body)| RawAnswer { status, body: String::from_utf8_lossy(&body).into_owned() });
    outcome(answer)
}

/// Sets how long this process waits for its late attempts, in ms. It applies to attempts that end from now on.
#[napi(catch_unwind)]
pub fn set_late_write_ms(ms: u32) {
    LATE_WRITE_MS.store(u64::from(ms), Ordering::Relaxed);
}

/// The document whose reads panic, and when: at once, or later in the work of the call.
static PANIC: Mutex<Option<(String, String)>> = Mutex::new(None);

/// Makes all later reads of `doc` panic.
#[napi(catch_unwind)]
pub fn panic_in_calls(doc: String, when: String) {
    *lock(&PANIC) = Some((doc, when));
}

/// Panics if [`panic_in_calls`] asked for it.
#[allow(clippy::panic)]
pub fn maybe_panic(doc: &str, moment: &str) {
    let asked = lock(&PANIC).clone();
    if asked.is_some_and(|(name, when)| name == doc && when == moment) {
        panic!("on purpose, {moment}");
    }
}
