//! The methods that list documents, a page at a time.

use napi::bindgen_prelude::{Env, External, Uint8Array};
use napi_derive::napi;

use super::persistence::NativePersistence;
use crate::codec::sort_key::DocName;
use crate::persistence::{Cursor, DocState};

/// One document of a listing.
#[napi(object, object_from_js = false)]
pub struct NativeDocState {
    pub name: String,
    pub sv: Uint8Array,
    pub clock: u32,
}

/// A page of document names. `next` is the argument for the next page.
#[napi(object, object_from_js = false)]
pub struct NativeNames {
    pub results: Vec<String>,
    pub next: Option<External<Cursor>>,
}

/// A page of state vectors.
#[napi(object, object_from_js = false)]
pub struct NativeDocStates {
    pub results: Vec<NativeDocState>,
    pub next: Option<External<Cursor>>,
}

#[napi]
impl NativePersistence {
    #[napi(catch_unwind)]
    pub fn doc_names(&self, env: &Env, call: u32, after: Option<&External<Cursor>>) -> napi::Result<()> {
        let future = self.inner.doc_names(after.map(|cursor| Cursor::clone(cursor)));
        self.answer(env, call, future, |page| NativeNames {
            results: page.results.iter().map(DocName::to_string).collect(),
            next: page.next.map(External::new),
        })
    }

    #[napi(catch_unwind)]
    pub fn doc_state_vectors(
        &self,
        env: &Env,
        call: u32,
        after: Option<&External<Cursor>>,
    ) -> napi::Result<()> {
        let future = self.inner.doc_states(after.map(|cursor| Cursor::clone(cursor)));
        self.answer(env, call, future, |page| NativeDocStates {
            results: page.results.into_iter().map(doc_state).collect(),
            next: page.next.map(External::new),
        })
    }
}

fn doc_state(state: DocState) -> NativeDocState {
    NativeDocState { name: state.name.to_string(), sv: state.state_vector.into(), clock: state.clock.0 }
}
