//! What only the tests of the addon may do: look into the embedded DynamoDB behind the persistence's back, and panic.
//! With the feature `test-hooks`; never in a release.

use napi::bindgen_prelude::{Either, Env, PromiseRaw};
use napi_derive::napi;

use super::failure::{Failure, outcome};
use crate::table::dynamo::{Endpoint, embedded::request};

/// An answer of the embedded DynamoDB as it would come over the wire.
#[napi(object, object_from_js = false)]
pub struct RawAnswer {
    pub status: u16,
    pub body: String,
}

/// One raw request to the database of `memory:NAME` or `file:PATH`.
#[napi(catch_unwind)]
pub fn embedded_request(endpoint: String, target: String, body: String) -> Either<Failure, RawAnswer> {
    let answer = Endpoint::parse(&endpoint)
        .and_then(|endpoint| request(&endpoint, &target, body.as_bytes()))
        .map(|(status, body)| RawAnswer { status, body: String::from_utf8_lossy(&body).into_owned() });
    outcome(answer)
}

/// Panics before it returns.
#[napi(catch_unwind)]
#[allow(clippy::panic)]
pub fn panic_at_once() {
    panic!("on purpose")
}

/// Panics where a call's work is done.
#[napi(catch_unwind)]
#[allow(clippy::panic)]
pub fn panic_later(env: &Env) -> napi::Result<PromiseRaw<'_, ()>> {
    env.spawn_future(async { panic!("on purpose") })
}
