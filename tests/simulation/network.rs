//! The network of a schedule: it fails requests, loses answers, and delivers some requests late.

use std::sync::atomic::Ordering;

use tokio::time::Instant;
use y_dynamodb::codec::sort_key::UpdateKey;
use y_dynamodb::error::{Code, Error};
use y_dynamodb::table::DeleteIf;
use y_dynamodb::table::late::LATE_WRITE;
use y_dynamodb::table::memory::{Fault, Request};

use crate::model::content;
use crate::schedule::Schedule;

/// A request that the network delays.
pub struct Late {
    request: Request,
    process: usize,
    step: u64,
    /// When it is lost, if ever.
    until: Option<Instant>,
    /// When DynamoDB refuses its signature, in milliseconds of all processes. Only for sets: the hour of a sweep rests on it,
    /// because a head that arrives later would revive a swept set. All other requests may arrive at any time.
    expires_ms: u64,
}

/// How long a signature is valid.
const SIGNATURE_MS: u64 = 15 * 60_000;

impl Schedule {
    /// Delivers one of the delayed requests.
    pub fn deliver(&mut self) {
        let now_ms = self.now.load(Ordering::Relaxed);
        self.late
            .retain(|late| late.until.is_none_or(|until| Instant::now() < until) && now_ms < late.expires_ms);
        let is_cleared =
            || self.shared.model.lock().unwrap().clears.iter().any(|clear| clear.succeeded.is_some());
        if self.late.is_empty() || self.scenario.late_behind_clears && !is_cleared() {
            return;
        }
        let late = self.late.swap_remove(self.rng.usize(..self.late.len()));
        let may_arrive =
            late.until.is_none() || self.shared.model.lock().unwrap().may_arrive(late.process, late.step);
        if may_arrive {
            self.arrive(&late.request);
        }
    }

    fn arrive(&self, request: &Request) {
        if let Request::PutNew { item, .. } = request {
            let mut model = self.shared.model.lock().unwrap();
            if !self.table.items(&self.doc).iter().any(|there| there.key == item.key) {
                model.is_put_again(&item.key);
            }
            if self.scenario.late_behind_clears {
                model.excused.extend(content(item.value.as_deref().unwrap_or_default()));
            }
        }
        self.table.apply_late(request);
    }

    /// Chooses the fault of a request.
    pub fn fault(&mut self, request: Request, process: usize, step: u64) -> Fault {
        let lost = |code| Error::new(code, "injected");
        let writes_set =
            matches!(request, Request::PutNew { .. } | Request::Seal { .. }) && !is_plain(&request);
        let expires_ms = if writes_set { self.now.load(Ordering::Relaxed) + SIGNATURE_MS } else { u64::MAX };
        let deletes_entries = matches!(
            request,
            Request::DeleteBatch { .. } | Request::Delete { condition: DeleteIf::VersionIs(_), .. }
        );
        if self.scenario.no_deletes && deletes_entries {
            return Fault::Fail(lost(Code::Unavailable));
        }
        let deletes_open_item =
            matches!(request, Request::Delete { condition: DeleteIf::VersionIs(_) | DeleteIf::Always, .. });
        if self.scenario.lost_deletes && deletes_open_item && self.rng.bool() {
            self.late.push(Late { request, process, step, until: None, expires_ms });
            return Fault::Fail(lost(Code::Unavailable));
        }
        let is_delete = matches!(
            request,
            Request::Delete { .. } | Request::DeleteRaw { .. } | Request::DeleteBatch { .. }
        );
        // A late overwrite cannot undo a clear: its condition fails where nothing is.
        let is_overwrite = matches!(request, Request::PutOver { .. });
        let is_put = matches!(request, Request::PutNew { .. });
        // An unconditional put writes a meta or the `v1_sv` item, which is not part of the log.
        let may_be_late = is_delete
            || is_overwrite
            || self.scenario.late_puts && (is_put || matches!(request, Request::Seal { .. }));
        let is_duplicated = self.scenario.late_behind_clears && is_plain(&request) && self.rng.f32() < 0.3;
        if is_duplicated || may_be_late && self.rng.f32() < 0.08 {
            self.late.push(Late { request: request.clone(), process, step, until: None, expires_ms });
        }
        let fault = match self.rng.u32(0..100) {
            0..3 => Fault::Fail(lost(Code::Unavailable)),
            3..5 => Fault::Fail(lost(Code::Throttled)),
            5..9 => Fault::ApplyThenFail(lost(Code::Unavailable)),
            9..20 => Fault::Unprocessed(1),
            20..30 => Fault::PageItems(1),
            30..35 if self.scenario.lost_attempts => Fault::LostAttempt,
            _ => Fault::None,
        };
        let may_arrive = match &fault {
            Fault::LostAttempt => true,
            Fault::Fail(error) | Fault::ApplyThenFail(error) => error.code() == Code::Unavailable,
            _ => false,
        };
        if is_overwrite && may_arrive {
            self.late.push(Late { request: request.clone(), process, step, until: None, expires_ms });
        }
        if is_put && self.scenario.lost_attempts && may_arrive {
            // The process counts the 15 s from the answer, a step or more from now.
            let until = Some(Instant::now() + LATE_WRITE);
            self.late.push(Late { request, process, step, until, expires_ms });
        }
        fault
    }
}

/// Whether a request puts an update in one item.
fn is_plain(request: &Request) -> bool {
    let Request::PutNew { doc, item } = request else { return false };
    item.head.is_none() && matches!(item.key.parse_update(doc), Some(UpdateKey::Update(..)))
}
