//! Counts and events for JavaScript: `persistence.stats()` and the diagnostics channels.
//!
//! Events do not wait for the event loop and do not keep the process alive. Compactions are rare and always reported.
//! Batches are reported only while a channel has a subscriber.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use napi_derive::napi;

use super::event::NativeEvent;
use super::event_loop::EventLoop;
use crate::codec::sort_key::DocName;
use crate::error::Error;
use crate::monitor::{BatchStored, CompactionDone, Observer};
use crate::persistence::Stats;
use crate::table::{Cost, Operation};

/// The cost of a DynamoDB operation.
#[napi(object, object_from_js = false)]
pub struct NativeCost {
    pub operation: String,
    pub requests: f64,
    pub retries: f64,
    pub failures: f64,
    pub read_units: f64,
    pub write_units: f64,
}

/// See `Stats` in `types/stats.d.ts`.
#[napi(object, object_from_js = false)]
pub struct NativeStats {
    pub costs: Vec<NativeCost>,
    pub batches: NativeBatches,
    pub compactions: NativeCompactions,
    pub connections: NativeConnections,
    pub queue: NativeQueue,
}

/// See `Stats` in `types/stats.d.ts`.
#[napi(object, object_from_js = false)]
pub struct NativeBatches {
    pub stored: f64,
    pub failed: f64,
    pub updates: f64,
    pub largest: f64,
    pub bytes_before: f64,
    pub bytes_after: f64,
}

/// See `Stats` in `types/stats.d.ts`.
#[napi(object, object_from_js = false)]
pub struct NativeCompactions {
    pub done: f64,
    pub idle: f64,
    pub failed: f64,
    pub entries: f64,
    pub bytes_before: f64,
    pub bytes_after: f64,
}

/// See `Stats` in `types/stats.d.ts`.
#[napi(object, object_from_js = false)]
pub struct NativeConnections {
    pub in_flight: f64,
    pub waiting: f64,
}

/// See `Stats` in `types/stats.d.ts`.
#[napi(object, object_from_js = false)]
pub struct NativeQueue {
    pub documents: f64,
    pub open_calls: f64,
    pub waiting_updates: f64,
    pub waiting_bytes: f64,
}

impl From<Stats> for NativeStats {
    fn from(stats: Stats) -> Self {
        let Stats { counts, cost, connections, depth } = stats;
        let costs = Operation::ALL.map(|operation| native_cost(operation, cost.of(operation)));
        NativeStats {
            costs: costs.into(),
            batches: NativeBatches {
                stored: counts.batches as f64,
                failed: counts.failed_batches as f64,
                updates: counts.updates as f64,
                largest: counts.largest_batch as f64,
                bytes_before: counts.update_bytes as f64,
                bytes_after: counts.batch_bytes as f64,
            },
            compactions: NativeCompactions {
                done: counts.compactions as f64,
                idle: counts.idle_compactions as f64,
                failed: counts.failed_compactions as f64,
                entries: counts.compacted_entries as f64,
                bytes_before: counts.compacted_bytes_before as f64,
                bytes_after: counts.compacted_bytes_after as f64,
            },
            connections: NativeConnections {
                in_flight: connections.in_flight as f64,
                waiting: connections.waiting as f64,
            },
            queue: NativeQueue {
                documents: depth.documents as f64,
                open_calls: depth.open_calls as f64,
                waiting_updates: depth.waiting_updates as f64,
                waiting_bytes: depth.waiting_bytes as f64,
            },
        }
    }
}

fn native_cost(operation: Operation, cost: Cost) -> NativeCost {
    NativeCost {
        operation: operation.name().to_owned(),
        requests: cost.requests as f64,
        retries: cost.retries as f64,
        failures: cost.failures as f64,
        read_units: cost.read_units,
        write_units: cost.write_units,
    }
}

/// Passes events to the event loop.
pub struct ToListener {
    event_loop: Arc<EventLoop>,
    batches: AtomicBool,
}

impl ToListener {
    /// Reports compactions and replicas. [`ToListener::report_batches`] enables batches.
    pub fn new(event_loop: Arc<EventLoop>) -> Self {
        ToListener { event_loop, batches: AtomicBool::new(false) }
    }

    /// Enables or disables the reports of batches.
    pub fn report_batches(&self, enabled: bool) {
        self.batches.store(enabled, Ordering::Relaxed);
    }
}

impl Observer for ToListener {
    fn batch_stored(&self, event: BatchStored) {
        if self.batches.load(Ordering::Relaxed) {
            self.event_loop.notify(NativeEvent {
                kind: "batch".to_owned(),
                doc_name: event.doc.to_string(),
                duration_ms: Some(event.elapsed.as_secs_f64() * 1_000.0),
                clock: Some(event.clock.0),
                updates: Some(count(event.updates)),
                bytes_before: Some(event.update_bytes as f64),
                bytes_after: Some(event.bytes as f64),
                ..NativeEvent::default()
            });
        }
    }

    fn compacted(&self, event: CompactionDone) {
        self.event_loop.notify(NativeEvent {
            kind: "compaction".to_owned(),
            doc_name: event.doc.to_string(),
            duration_ms: Some(event.elapsed.as_secs_f64() * 1_000.0),
            entries: Some(count(event.entries)),
            bytes_before: Some(event.bytes_before as f64),
            bytes_after: Some(event.bytes_after as f64),
            ..NativeEvent::default()
        });
    }

    fn compaction_failed(&self, doc: &DocName, error: &Error) {
        self.event_loop.notify(NativeEvent {
            kind: "compaction".to_owned(),
            doc_name: doc.to_string(),
            failure: Some(error.clone().into()),
            ..NativeEvent::default()
        });
    }

    fn has_replicas(&self, replicas: usize) {
        self.event_loop.notify(NativeEvent {
            kind: "replicas".to_owned(),
            replicas: Some(count(replicas)),
            ..NativeEvent::default()
        });
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
