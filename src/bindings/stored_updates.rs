//! The updates of a document for `getDynamoDbUpdates`, in slices: creating thousands of objects at once would block
//! the event loop.

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use crate::log::Entry;

/// How many updates JavaScript takes in one turn of the event loop. This takes about a millisecond.
const SLICE_UPDATES: usize = 500;

/// One update of the log. A set is one update.
#[napi(object, object_from_js = false)]
pub struct NativeUpdate {
    pub clock: u32,
    /// The elements after the clock in the sort key: none (an item of the original package) or two numbers.
    pub id: Vec<u32>,
    pub update: Uint8Array,
}

/// The updates that JavaScript has not taken yet.
#[napi]
pub struct NativeUpdates {
    rest: std::vec::IntoIter<Entry>,
}

impl From<Vec<Entry>> for NativeUpdates {
    fn from(entries: Vec<Entry>) -> Self {
        NativeUpdates { rest: entries.into_iter() }
    }
}

#[napi]
impl NativeUpdates {
    /// The next slice, in log order. It is empty at the end.
    #[napi(catch_unwind)]
    pub fn next(&mut self) -> Vec<NativeUpdate> {
        let slice = self.rest.by_ref().take(SLICE_UPDATES).map(|entry| NativeUpdate {
            clock: entry.clock.0,
            id: entry.id.map(|id| vec![id.0, id.1]).unwrap_or_default(),
            update: entry.update.into(),
        });
        slice.collect()
    }
}
