//! The methods for metas.

use napi::bindgen_prelude::{Env, Uint8Array};
use napi_derive::napi;

use super::persistence::{NativePersistence, nothing, on, order};
use crate::codec::MetaKey;
use crate::codec::sort_key::DocName;
use crate::error::Result;
use crate::queue::CallFuture;

/// One meta.
#[napi(object, object_from_js = false)]
pub struct NativeMeta {
    pub key: String,
    pub value: Uint8Array,
}

#[napi]
impl NativePersistence {
    #[napi(catch_unwind)]
    pub fn set_meta(
        &self,
        env: &Env,
        call: u32,
        doc: String,
        key: String,
        value: &[u8],
        outside: bool,
    ) -> napi::Result<()> {
        let value = value.to_vec();
        let future = on_meta(&doc, &key, |doc, key| self.inner.set_meta(doc, key, value, order(outside)));
        self.answer(env, call, future, nothing)
    }

    /// Resolves with null if the meta is missing.
    #[napi(catch_unwind)]
    pub fn get_meta(
        &self,
        env: &Env,
        call: u32,
        doc: String,
        key: String,
        outside: bool,
    ) -> napi::Result<()> {
        let future = on_meta(&doc, &key, |doc, key| self.inner.meta(doc, key, order(outside)));
        self.answer(env, call, future, |value| value.map(Uint8Array::new))
    }

    #[napi(catch_unwind)]
    pub fn get_metas(&self, env: &Env, call: u32, doc: String, outside: bool) -> napi::Result<()> {
        self.answer(env, call, on(&doc, |doc| self.inner.metas(doc, order(outside))), |metas| {
            metas.into_iter().map(|(key, value)| NativeMeta { key, value: value.into() }).collect::<Vec<_>>()
        })
    }

    #[napi(catch_unwind)]
    pub fn delete_meta(
        &self,
        env: &Env,
        call: u32,
        doc: String,
        key: String,
        outside: bool,
    ) -> napi::Result<()> {
        let future = on_meta(&doc, &key, |doc, key| self.inner.delete_meta(doc, key, order(outside)));
        self.answer(env, call, future, nothing)
    }
}

fn on_meta<T: Send + 'static>(
    doc: &str,
    key: &str,
    call: impl FnOnce(DocName, MetaKey) -> CallFuture<Result<T>>,
) -> CallFuture<Result<T>> {
    on(doc, |doc| match MetaKey::new(&doc, key) {
        Ok(key) => call(doc, key),
        Err(error) => Box::pin(std::future::ready(Err(error))),
    })
}
