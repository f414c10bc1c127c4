//! The class behind the API: one method per call, each of which takes its place in the queue before it returns.
//!
//! A method copies what it is given, asks [`Persistence`] for the pending result, and hands that to Node as a promise that
//! is always fulfilled: with the result or with a [`Failure`]. It must not await, and decides nothing.

use std::sync::Arc;

use napi::bindgen_prelude::{
    Either, Env, External, PromiseRaw, ToNapiValue, Uint8Array, within_runtime_if_available,
};
use napi_derive::napi;

use super::failure::{Failure, outcome};
use super::monitor::{Listener, NativeStats, ToListener};
use super::options::{CredentialsFunction, NativeOptions};
use crate::codec::sort_key::{DocName, LogClock, MetaKey};
use crate::error::{Code, Error, Result};
use crate::log::SystemHost;
use crate::persistence::{Cursor, DocState, Persistence};
use crate::queue::{Order, Pending};
use crate::table::dynamo::DynamoTable;

/// What a call gives JavaScript.
pub(super) type Answer<'env, T> = napi::Result<PromiseRaw<'env, Either<Failure, T>>>;

/// A persistence on DynamoDB, or on the embedded one.
#[napi]
pub struct NativePersistence {
    pub(super) inner: Persistence<DynamoTable>,
    events: Arc<ToListener>,
}

/// One meta.
#[napi(object, object_from_js = false)]
pub struct NativeMeta {
    pub key: String,
    pub value: Uint8Array,
}

/// One update of the log; a set as one.
#[napi(object, object_from_js = false)]
pub struct NativeUpdate {
    pub clock: u32,
    /// What follows the clock in the sort key: nothing (an item of the original package) or two numbers.
    pub id: Vec<u32>,
    pub update: Uint8Array,
}

/// One document of a listing.
#[napi(object, object_from_js = false)]
pub struct NativeDocState {
    pub name: String,
    pub sv: Uint8Array,
    pub clock: u32,
}

/// A page of document names; `next` is given back to read on.
#[napi(object, object_from_js = false)]
pub struct NativeNames {
    pub entries: Vec<String>,
    pub next: Option<External<Cursor>>,
}

/// A page of state vectors.
#[napi(object, object_from_js = false)]
pub struct NativeDocStates {
    pub entries: Vec<NativeDocState>,
    pub next: Option<External<Cursor>>,
}

/// Opens a persistence. Makes no request before it returns.
#[napi(catch_unwind)]
pub fn open(
    options: NativeOptions,
    credentials: Option<CredentialsFunction<'_>>,
    listener: Listener<'_>,
) -> napi::Result<Either<Failure, NativePersistence>> {
    let (config, log_options) = match options.typed(credentials)? {
        Ok(typed) => typed,
        Err(error) => return Ok(Either::A(error.into())),
    };
    let events = Arc::new(ToListener::new(listener)?);
    Ok(outcome(within_runtime_if_available(|| {
        let table = DynamoTable::new(config)?;
        let runtime = tokio::runtime::Handle::try_current()
            .map_err(|_| Error::new(Code::Internal, "the addon's threads could not be started"))?;
        let inner = Persistence::observed(table, log_options, runtime, Arc::new(SystemHost), events.clone());
        Ok(NativePersistence { inner, events })
    })))
}

#[napi]
impl NativePersistence {
    /// Resolves with the log clock; null where nothing was stored and nothing was there.
    #[napi(catch_unwind)]
    pub fn store_update<'env>(
        &self,
        env: &'env Env,
        doc: String,
        update: &[u8],
        outside: bool,
    ) -> Answer<'env, Option<u32>> {
        let update = update.to_vec();
        let pending = on(&doc, |doc| self.inner.store_update(doc, update, order(outside)));
        answer(env, pending, |clock| clock.map(number))
    }

    /// Resolves with the merged update.
    #[napi(catch_unwind)]
    pub fn read<'env>(&self, env: &'env Env, doc: String, outside: bool) -> Answer<'env, Uint8Array> {
        #[cfg(feature = "test-hooks")]
        super::hooks::maybe_panic(&doc, "at once");
        answer(env, on(&doc, |doc| self.inner.read(doc, order(outside))), move |update| {
            #[cfg(feature = "test-hooks")]
            super::hooks::maybe_panic(&doc, "later");
            Uint8Array::new(update)
        })
    }

    #[napi(catch_unwind)]
    pub fn state_vector<'env>(&self, env: &'env Env, doc: String, outside: bool) -> Answer<'env, Uint8Array> {
        answer(env, on(&doc, |doc| self.inner.state_vector(doc, order(outside))), Uint8Array::new)
    }

    #[napi(catch_unwind)]
    pub fn diff<'env>(
        &self,
        env: &'env Env,
        doc: String,
        state_vector: &[u8],
        outside: bool,
    ) -> Answer<'env, Uint8Array> {
        let state_vector = state_vector.to_vec();
        let pending = on(&doc, |doc| self.inner.diff(doc, state_vector, order(outside)));
        answer(env, pending, Uint8Array::new)
    }

    /// Resolves with the log clock; null where the document is missing.
    #[napi(catch_unwind)]
    pub fn flush<'env>(&self, env: &'env Env, doc: String, outside: bool) -> Answer<'env, Option<u32>> {
        answer(env, on(&doc, |doc| self.inner.flush(doc, order(outside))), |clock| clock.map(number))
    }

    #[napi(catch_unwind)]
    pub fn clear<'env>(&self, env: &'env Env, doc: String, outside: bool) -> Answer<'env, ()> {
        answer(env, on(&doc, |doc| self.inner.clear(doc, order(outside))), nothing)
    }

    #[napi(catch_unwind)]
    pub fn updates<'env>(
        &self,
        env: &'env Env,
        doc: String,
        outside: bool,
    ) -> Answer<'env, Vec<NativeUpdate>> {
        answer(env, on(&doc, |doc| self.inner.updates(doc, order(outside))), |entries| {
            let updates = entries.into_iter().map(|entry| NativeUpdate {
                clock: entry.clock.0,
                id: entry.id.map(|id| vec![id.0, id.1]).unwrap_or_default(),
                update: entry.update.into(),
            });
            updates.collect()
        })
    }

    #[napi(catch_unwind)]
    pub fn set_meta<'env>(
        &self,
        env: &'env Env,
        doc: String,
        key: String,
        value: &[u8],
        outside: bool,
    ) -> Answer<'env, ()> {
        let value = value.to_vec();
        let pending = on_meta(&doc, &key, |doc, key| self.inner.set_meta(doc, key, value, order(outside)));
        answer(env, pending, nothing)
    }

    /// Resolves with null where there is none.
    #[napi(catch_unwind)]
    pub fn get_meta<'env>(
        &self,
        env: &'env Env,
        doc: String,
        key: String,
        outside: bool,
    ) -> Answer<'env, Option<Uint8Array>> {
        let pending = on_meta(&doc, &key, |doc, key| self.inner.meta(doc, key, order(outside)));
        answer(env, pending, |value| value.map(Uint8Array::new))
    }

    #[napi(catch_unwind)]
    pub fn get_metas<'env>(
        &self,
        env: &'env Env,
        doc: String,
        outside: bool,
    ) -> Answer<'env, Vec<NativeMeta>> {
        answer(env, on(&doc, |doc| self.inner.metas(doc, order(outside))), |metas| {
            metas.into_iter().map(|(key, value)| NativeMeta { key, value: value.into() }).collect()
        })
    }

    #[napi(catch_unwind)]
    pub fn delete_meta<'env>(
        &self,
        env: &'env Env,
        doc: String,
        key: String,
        outside: bool,
    ) -> Answer<'env, ()> {
        let pending = on_meta(&doc, &key, |doc, key| self.inner.delete_meta(doc, key, order(outside)));
        answer(env, pending, nothing)
    }

    #[napi(catch_unwind)]
    pub fn doc_names<'env>(
        &self,
        env: &'env Env,
        after: Option<&External<Cursor>>,
    ) -> Answer<'env, NativeNames> {
        let pending = self.inner.doc_names(after.map(|cursor| Cursor::clone(cursor)));
        answer(env, pending, |page| NativeNames {
            entries: page.entries.iter().map(DocName::to_string).collect(),
            next: page.next.map(External::new),
        })
    }

    #[napi(catch_unwind)]
    pub fn doc_state_vectors<'env>(
        &self,
        env: &'env Env,
        after: Option<&External<Cursor>>,
    ) -> Answer<'env, NativeDocStates> {
        let pending = self.inner.doc_states(after.map(|cursor| Cursor::clone(cursor)));
        answer(env, pending, |page| NativeDocStates {
            entries: page.entries.into_iter().map(doc_state).collect(),
            next: page.next.map(External::new),
        })
    }

    #[napi(catch_unwind)]
    pub fn clear_all<'env>(&self, env: &'env Env) -> Answer<'env, ()> {
        answer(env, self.inner.clear_all(), nothing)
    }

    /// Makes no request.
    #[napi(catch_unwind)]
    pub fn stats(&self) -> NativeStats {
        self.inner.stats().into()
    }

    /// Whether the listener wants to hear of batches.
    #[napi(catch_unwind)]
    pub fn tell_batches(&self, tell: bool) {
        self.events.tell_batches(tell);
    }

    /// Resolves when everything accepted before has ended; later calls fail with `ERR_CLOSED`.
    #[napi(catch_unwind)]
    pub fn close<'env>(&self, env: &'env Env) -> Answer<'env, ()> {
        let closing = self.inner.close();
        let pending: Pending<Result<()>> = Box::pin(async move {
            closing.await;
            Ok(())
        });
        answer(env, pending, nothing)
    }
}

/// A promise of the result in the form of JavaScript.
pub(super) fn answer<'env, T, J>(
    env: &'env Env,
    pending: Pending<Result<T>>,
    form: impl FnOnce(T) -> J + Send + 'static,
) -> Answer<'env, J>
where
    T: Send + 'static,
    J: ToNapiValue + Send + 'static,
{
    env.spawn_future(async move { Ok(outcome(pending.await.map(form))) })
}

pub(super) fn on<T: Send + 'static>(
    doc: &str,
    call: impl FnOnce(DocName) -> Pending<Result<T>>,
) -> Pending<Result<T>> {
    match DocName::new(doc) {
        Ok(doc) => call(doc),
        Err(error) => Box::pin(std::future::ready(Err(error))),
    }
}

fn on_meta<T: Send + 'static>(
    doc: &str,
    key: &str,
    call: impl FnOnce(DocName, MetaKey) -> Pending<Result<T>>,
) -> Pending<Result<T>> {
    on(doc, |doc| match MetaKey::new(&doc, key) {
        Ok(key) => call(doc, key),
        Err(error) => Box::pin(std::future::ready(Err(error))),
    })
}

fn order(outside: bool) -> Order {
    if outside { Order::Outside } else { Order::Queued }
}

fn number(clock: LogClock) -> u32 {
    clock.0
}

fn nothing((): ()) {}

fn doc_state(state: DocState) -> NativeDocState {
    NativeDocState { name: state.name.to_string(), sv: state.state_vector.into(), clock: state.clock.0 }
}
