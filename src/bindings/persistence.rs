//! The class behind the API, with one method per call. Each method takes its place in the queue before it returns.
//!
//! A method copies its arguments, gets the future of the result from [`Persistence`], and lets the [`EventLoop`] answer the
//! call with the result or a [`Failure`]. `call` is the number that JavaScript gave the call. A method does not await
//! and decides nothing.

use std::sync::Arc;

use napi::bindgen_prelude::{Either, Env, ToNapiValue, Uint8Array, within_runtime_if_available};
use napi_derive::napi;

use super::event_loop::{EventLoop, Receiver};
use super::failure::{Failure, outcome};
use super::monitor::{NativeStats, ToListener};
use super::options::{CredentialsFunction, FromFunction, NativeOptions};
use super::stored_updates::NativeUpdates;
use crate::codec::sort_key::{DocName, LogClock};
use crate::error::{Code, Error, Result};
use crate::log::SystemHost;
use crate::persistence::Persistence;
use crate::queue::{CallFuture, Order};
use crate::table::dynamo::DynamoTable;

/// A persistence on DynamoDB or on the embedded database.
#[napi]
pub struct NativePersistence {
    pub(super) inner: Persistence<DynamoTable>,
    event_loop: Arc<EventLoop>,
    events: Arc<ToListener>,
    credentials: Option<Arc<FromFunction>>,
}

/// Opens a persistence. Sends no request before it returns.
#[napi(catch_unwind)]
pub fn open(
    options: NativeOptions,
    credentials: Option<CredentialsFunction<'_>>,
    receiver: Receiver<'_>,
) -> napi::Result<Either<Failure, NativePersistence>> {
    let credentials = credentials.map(FromFunction::new).transpose()?.map(Arc::new);
    let (config, log_options) = match options.typed(credentials.clone()) {
        Ok(typed) => typed,
        Err(error) => return Ok(Either::A(error.into())),
    };
    let Some(runtime) = within_runtime_if_available(|| tokio::runtime::Handle::try_current().ok()) else {
        return Ok(Either::A(Error::new(Code::Internal, "the addon's threads could not be started").into()));
    };
    let event_loop = EventLoop::new(receiver, runtime.clone())?;
    let events = Arc::new(ToListener::new(event_loop.clone()));
    Ok(outcome(within_runtime_if_available(|| {
        let table = DynamoTable::new(config)?;
        let inner = Persistence::observed(table, log_options, runtime, Arc::new(SystemHost), events.clone());
        Ok(NativePersistence { inner, event_loop, events, credentials })
    })))
}

#[napi]
impl NativePersistence {
    /// Resolves with the log clock; null if nothing was stored and the document is missing.
    #[napi(catch_unwind)]
    pub fn store_update(
        &self,
        env: &Env,
        call: u32,
        doc: String,
        update: &[u8],
        outside: bool,
    ) -> napi::Result<()> {
        let update = update.to_vec();
        let future = on(&doc, |doc| self.inner.store_update(doc, update, order(outside)));
        self.answer(env, call, future, |clock| clock.map(number))
    }

    /// Resolves with the merged update.
    #[napi(catch_unwind)]
    pub fn read(&self, env: &Env, call: u32, doc: String, outside: bool) -> napi::Result<()> {
        #[cfg(feature = "test-hooks")]
        super::hooks::maybe_panic(&doc, "at once");
        self.answer(env, call, on(&doc, |doc| self.inner.read(doc, order(outside))), move |update| {
            #[cfg(feature = "test-hooks")]
            super::hooks::maybe_panic(&doc, "later");
            Uint8Array::new(update)
        })
    }

    #[napi(catch_unwind)]
    pub fn state_vector(&self, env: &Env, call: u32, doc: String, outside: bool) -> napi::Result<()> {
        self.answer(env, call, on(&doc, |doc| self.inner.state_vector(doc, order(outside))), Uint8Array::new)
    }

    #[napi(catch_unwind)]
    pub fn diff(
        &self,
        env: &Env,
        call: u32,
        doc: String,
        state_vector: &[u8],
        outside: bool,
    ) -> napi::Result<()> {
        let state_vector = state_vector.to_vec();
        let future = on(&doc, |doc| self.inner.diff(doc, state_vector, order(outside)));
        self.answer(env, call, future, Uint8Array::new)
    }

    /// Resolves with the log clock; null if the document is missing.
    #[napi(catch_unwind)]
    pub fn flush(&self, env: &Env, call: u32, doc: String, outside: bool) -> napi::Result<()> {
        self.answer(env, call, on(&doc, |doc| self.inner.flush(doc, order(outside))), |clock| {
            clock.map(number)
        })
    }

    #[napi(catch_unwind)]
    pub fn clear(&self, env: &Env, call: u32, doc: String, outside: bool) -> napi::Result<()> {
        self.answer(env, call, on(&doc, |doc| self.inner.clear(doc, order(outside))), nothing)
    }

    /// Resolves with the updates as they are stored.
    #[napi(catch_unwind)]
    pub fn updates(&self, env: &Env, call: u32, doc: String, outside: bool) -> napi::Result<()> {
        let future = on(&doc, |doc| self.inner.updates(doc, order(outside)));
        self.answer(env, call, future, NativeUpdates::from)
    }

    #[napi(catch_unwind)]
    pub fn clear_all(&self, env: &Env, call: u32) -> napi::Result<()> {
        self.answer(env, call, self.inner.clear_all(), nothing)
    }

    /// Sends no request.
    #[napi(catch_unwind)]
    pub fn stats(&self) -> NativeStats {
        self.inner.stats().into()
    }

    /// Sets whether the listener gets an event for each batch.
    #[napi(catch_unwind)]
    pub fn report_batches(&self, enabled: bool) {
        self.events.report_batches(enabled);
    }

    /// Disables `batchDelayMs` from now on.
    #[napi(catch_unwind)]
    pub fn stop_delaying(&self) {
        self.inner.stop_delaying();
    }

    /// Releases every handle in the event loop. No call may be open, and none may follow.
    #[napi(catch_unwind)]
    pub fn release(&self) {
        self.event_loop.release();
        if let Some(credentials) = &self.credentials {
            credentials.release();
        }
    }

    /// Resolves when all accepted calls have ended. Later calls fail with `ERR_CLOSED`.
    #[napi(catch_unwind)]
    pub fn close(&self, env: &Env, call: u32) -> napi::Result<()> {
        let closing = self.inner.close();
        let future: CallFuture<Result<()>> = Box::pin(async move {
            closing.await;
            Ok(())
        });
        self.answer(env, call, future, nothing)
    }
}

impl NativePersistence {
    /// Answers `call` with the result of `future`, which `form` converts.
    pub(super) fn answer<T, J>(
        &self,
        env: &Env,
        call: u32,
        future: CallFuture<Result<T>>,
        form: impl FnOnce(T) -> J + Send + 'static,
    ) -> napi::Result<()>
    where
        T: Send + 'static,
        J: ToNapiValue + Send + 'static,
    {
        self.event_loop.answer(env, call, future, form)
    }
}

pub(super) fn on<T: Send + 'static>(
    doc: &str,
    call: impl FnOnce(DocName) -> CallFuture<Result<T>>,
) -> CallFuture<Result<T>> {
    match DocName::new(doc) {
        Ok(doc) => call(doc),
        Err(error) => Box::pin(std::future::ready(Err(error))),
    }
}

pub(super) fn order(outside: bool) -> Order {
    if outside { Order::Outside } else { Order::Queued }
}

fn number(clock: LogClock) -> u32 {
    clock.0
}

pub(super) fn nothing((): ()) {}
