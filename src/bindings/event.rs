//! The events of the diagnostics channels, as JavaScript gets them.

use napi_derive::napi;

use super::failure::Failure;

/// An event. Its `kind` determines which fields are set.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct NativeEvent {
    pub kind: String,
    pub doc_name: String,
    pub duration_ms: Option<f64>,
    pub clock: Option<u32>,
    pub updates: Option<u32>,
    pub entries: Option<u32>,
    pub bytes_before: Option<f64>,
    pub bytes_after: Option<f64>,
    pub failure: Option<Failure>,
    pub replicas: Option<u32>,
}
