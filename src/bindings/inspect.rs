//! Methods for the command line that the API does not have: the items of the table, findings, and the quarantine.

use napi::bindgen_prelude::{Env, External, Uint8Array};
use napi_derive::napi;

use super::persistence::{NativePersistence, on};
use crate::codec::sort_key::{DocName, WriteId};
use crate::compaction::FlushedDocument;
use crate::log::Quarantined;
use crate::log::item_info::{self, ItemInfo, Kind, WriteItem};
use crate::log::verify::{Finding, FindingKind, Verification};
use crate::persistence::Cursor;
use crate::queue::Order;

/// An item without its value.
#[napi(object, object_from_js = false)]
pub struct NativeItem {
    pub doc: String,
    /// Readable form: `['v1', 'doc', 'update', 7]`.
    pub key: String,
    pub kind: &'static str,
    pub clock: Option<u32>,
    pub bytes: f64,
    /// Milliseconds since the epoch.
    pub at: Option<f64>,
    pub parts: Option<u32>,
    pub sealed: Option<bool>,
    pub compacted: Option<bool>,
    /// In an update with an id, a head or a part: the write that it belongs to.
    pub write: Option<String>,
    /// The number of a part.
    pub part: Option<u32>,
}

/// The fields of a [`NativeItem`] that [`count_sets`] reads.
#[napi(object, object_to_js = false)]
pub struct NativeWriteItem {
    pub write: Option<String>,
    pub part: Option<u32>,
    pub parts: Option<u32>,
    pub sealed: Option<bool>,
}

/// The sets of a document.
#[napi(object, object_from_js = false)]
pub struct NativeSetCounts {
    /// The sets that readers use.
    pub sets: u32,
    /// The items of the other sets.
    pub remains: u32,
}

/// Counts the sets among the items of a document, which are in key order.
#[napi(catch_unwind)]
pub fn count_sets(items: Vec<NativeWriteItem>) -> NativeSetCounts {
    let items = items.into_iter().filter_map(|item| {
        let NativeWriteItem { write, part, parts, sealed } = item;
        Some(WriteItem { write: write?, part, head: parts.zip(sealed) })
    });
    let counts = item_info::count_sets(&items.collect::<Vec<_>>());
    let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
    NativeSetCounts { sets: number(counts.whole), remains: number(counts.remains) }
}

/// A page of items. `next` is the argument for the next page.
#[napi(object, object_from_js = false)]
pub struct NativeItems {
    pub results: Vec<NativeItem>,
    pub next: Option<External<Cursor>>,
}

/// One finding.
#[napi(object, object_from_js = false)]
pub struct NativeFinding {
    pub wrong: &'static str,
    pub place: String,
    pub detail: String,
    /// The number of items that a repair moves.
    pub items: u32,
    /// The outcome of the repair: `moved`, `changed`, `full`.
    pub outcome: Option<&'static str>,
}

/// The result of a verification.
#[napi(object, object_from_js = false)]
pub struct NativeVerification {
    pub items: Vec<NativeItem>,
    pub findings: Vec<NativeFinding>,
    pub update: Uint8Array,
}

/// A document after a compaction, and the size of its log before and after.
#[napi(object, object_from_js = false)]
pub struct NativeCompacted {
    pub clock: u32,
    /// Whether entries were merged or items deleted.
    pub changed: bool,
    pub items_before: f64,
    pub items_after: f64,
    pub bytes_before: f64,
    pub bytes_after: f64,
}

/// An item in the quarantine.
#[napi(object, object_from_js = false)]
pub struct NativeQuarantined {
    pub key: String,
    /// The former key.
    pub from: String,
    pub value: Option<Uint8Array>,
}

#[napi]
impl NativePersistence {
    /// All items of the table, a page at a time.
    #[napi(catch_unwind)]
    pub fn items(&self, env: &Env, call: u32, after: Option<&External<Cursor>>) -> napi::Result<()> {
        self.answer(env, call, self.inner.items(after.map(|cursor| Cursor::clone(cursor))), |page| {
            NativeItems {
                results: page.results.iter().map(|(doc, info)| item(doc, info)).collect(),
                next: page.next.map(External::new),
            }
        })
    }

    /// Merges all updates of a document. Resolves with null if it is missing.
    #[napi(catch_unwind)]
    pub fn compact(&self, env: &Env, call: u32, doc: String) -> napi::Result<()> {
        self.answer(env, call, on(&doc, |doc| self.inner.flush_if_needed(doc, Order::Queued)), |flushed| {
            flushed.map(|FlushedDocument { clock, before, after, is_changed }| NativeCompacted {
                clock: clock.0,
                changed: is_changed,
                items_before: before.items as f64,
                items_after: after.items as f64,
                bytes_before: before.bytes as f64,
                bytes_after: after.bytes as f64,
            })
        })
    }

    /// Verifies a document. Writes nothing.
    #[napi(catch_unwind)]
    pub fn verify(&self, env: &Env, call: u32, doc: String) -> napi::Result<()> {
        let future = on(&doc, |doc| self.inner.verify(doc, Order::Queued));
        self.answer(env, call, future, move |found| verification(&doc, found, &[]))
    }

    /// Verifies a document, and moves the items of its findings into the quarantine where possible.
    #[napi(catch_unwind)]
    pub fn repair(&self, env: &Env, call: u32, doc: String) -> napi::Result<()> {
        let future = on(&doc, |doc| self.inner.repair(doc, Order::Queued));
        self.answer(env, call, future, move |repaired| {
            verification(&doc, repaired.verification, &repaired.outcomes)
        })
    }

    /// The quarantine of a document.
    #[napi(catch_unwind)]
    pub fn quarantined(&self, env: &Env, call: u32, doc: String) -> napi::Result<()> {
        self.answer(env, call, on(&doc, |doc| self.inner.quarantined(doc, Order::Queued)), |found| {
            let items = found.into_iter().map(|(from, item)| NativeQuarantined {
                key: item.key.to_string(),
                from: from.to_string(),
                value: item.value.map(Uint8Array::new),
            });
            items.collect::<Vec<_>>()
        })
    }
}

fn item(doc: &DocName, info: &ItemInfo) -> NativeItem {
    NativeItem {
        doc: doc.to_string(),
        key: info.key.to_string(),
        kind: kind(info.kind),
        clock: info.clock.map(|clock| clock.0),
        bytes: info.bytes as f64,
        at: info.at.map(|at| at as f64),
        parts: info.head.map(|head| head.parts),
        sealed: info.head.map(|head| head.is_sealed),
        compacted: info.head.map(|head| head.is_compacted),
        write: info.write.map(|(clock, WriteId(a, b))| format!("{} {a:08x}{b:08x}", clock.0)),
        part: info.part,
    }
}

fn verification(doc: &str, found: Verification, outcomes: &[Option<Quarantined>]) -> NativeVerification {
    let doc = DocName::stored(doc);
    let outcomes = outcomes.iter().map(Option::as_ref).chain(std::iter::repeat(None));
    NativeVerification {
        items: found.items.iter().map(|info| item(&doc, info)).collect(),
        findings: found
            .findings
            .iter()
            .zip(outcomes)
            .map(|(found, outcome)| finding(found, outcome))
            .collect(),
        update: found.update.into(),
    }
}

fn finding(finding: &Finding, outcome: Option<&Quarantined>) -> NativeFinding {
    NativeFinding {
        wrong: wrong(finding.kind),
        place: finding.place.clone(),
        detail: finding.detail.clone(),
        items: u32::try_from(finding.items.len()).unwrap_or(u32::MAX),
        outcome: outcome.map(|outcome| match outcome {
            Quarantined::Moved(_) => "moved",
            Quarantined::Changed(_) => "changed",
            Quarantined::Full(_) => "full",
        }),
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Original => "original",
        Kind::Update => "update",
        Kind::Head => "head",
        Kind::Part => "part",
        Kind::Meta => "meta",
        Kind::StateVector => "state-vector",
        Kind::Quarantined => "quarantined",
        Kind::Strange => "strange",
        Kind::Foreign => "foreign",
    }
}

fn wrong(wrong: FindingKind) -> &'static str {
    match wrong {
        FindingKind::CorruptUpdate => "corrupt-update",
        FindingKind::CorruptMeta => "corrupt-meta",
        FindingKind::IncompleteSet => "incomplete-set",
        FindingKind::DamagedHead => "damaged-head",
        FindingKind::OrphanParts => "orphan-parts",
        FindingKind::UnsealedSet => "unsealed-set",
        FindingKind::UnsealedYet => "unsealed-yet",
        FindingKind::ClockGap => "clock-gap",
        FindingKind::CorruptStateVector => "corrupt-state-vector",
        FindingKind::StateVectorAhead => "state-vector-ahead",
    }
}
