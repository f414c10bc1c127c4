//! Large updates whose stores fail half-way and are retried.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;
use y_dynamodb::codec::sort_key::{LogClock, UpdateKey, WriteId};
use y_dynamodb::defaults::MAX_VALUE_BYTES;
use y_dynamodb::error::{Code, Error, Result};
use y_dynamodb::log::Host;
use y_dynamodb::monitor::NoObserver;
use y_dynamodb::persistence::Persistence;
use y_dynamodb::queue::Order::Queued;
use y_dynamodb::table::Operation;
use y_dynamodb::table::memory::{Fault, MemoryTable, Request};
use y_dynamodb::table::size::item_bytes;

use crate::support::*;

fn throttled() -> Fault {
    Fault::Fail(Error::new(Code::Throttled, "injected"))
}

fn unavailable() -> Error {
    Error::new(Code::Unavailable, "injected")
}

fn is_part(request: &Request) -> bool {
    matches!(request, Request::PutNew { doc, item } if matches!(item.key.parse_update(doc), Some(UpdateKey::Part(..))))
}

/// A table of limited WCU a second that, as DynamoDB, also grants the unused capacity of the last 300 s.
fn provisioned(table: &MemoryTable, wcu_per_second: f64) -> MemoryTable {
    let most = 300.0 * wcu_per_second;
    let (mut tokens, mut seen) = (most, Instant::now());
    Faults::on(table, move |request| {
        let Request::PutNew { doc, item } = request else { return Fault::None };
        tokens = (tokens + seen.elapsed().as_secs_f64() * wcu_per_second).min(most);
        seen = Instant::now();
        let cost = item_bytes(doc, item).div_ceil(1_024) as f64;
        if tokens < cost {
            return throttled();
        }
        tokens -= cost;
        Fault::None
    })
}

/// Retries a store until it succeeds; returns the number of attempts.
async fn retried(persistence: &Persistence<MemoryTable>, update: &[u8], pause: Duration) -> u32 {
    for n in 1..1_000 {
        match persistence.store_update(doc("d"), update.to_vec(), Queued).await {
            Ok(_) => return n,
            Err(error) => assert!(error.code().is_retryable(), "{error}"),
        }
        tokio::time::sleep(pause).await;
    }
    panic!("never stored");
}

#[tokio::test(start_paused = true)]
async fn a_large_update_is_stored_under_throttling_and_leaves_nothing_dead() {
    let table = MemoryTable::new();
    let faulty = provisioned(&table, 5.0);
    let persistence = open(&faulty);
    let paste = update(1, 3_000_000);
    let tries = retried(&persistence, &paste, Duration::from_secs(30)).await;
    assert!(tries > 3, "the table was fast enough");
    assert_eq!(table.items(&doc("d")).len(), 1 + 8, "a head and its parts");
    assert_eq!(persistence.read(doc("d"), Queued).await.unwrap(), paste);
    let written = table.meter().snapshot().of(Operation::PutItem).write_units;
    assert!(written < 3_000.0, "each part once: {written} WCU");
}

#[tokio::test]
async fn other_bytes_do_not_continue_a_set() {
    let table = MemoryTable::new();
    let mut parts = 0;
    let faulty = Faults::on(&table, move |request| {
        parts += u32::from(is_part(request));
        if is_part(request) && parts == 2 { throttled() } else { Fault::None }
    });
    let persistence = open(&faulty);
    let [first, second] = [update(1, 500_000), update(2, 500_000)];
    persistence.store_update(doc("d"), first.clone(), Queued).await.unwrap_err();
    // Of the same length, at another document, and then the same bytes again.
    persistence.store_update(doc("d"), second, Queued).await.unwrap();
    persistence.store_update(doc("e"), first.clone(), Queued).await.unwrap();
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([2]));
    assert_eq!(persistence.read(doc("e"), Queued).await.unwrap(), first);
    assert_eq!(persistence.store_update(doc("d"), first, Queued).await.unwrap(), Some(LogClock(0)));
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([1, 2]));
    assert_eq!((table.items(&doc("d")).len(), table.items(&doc("e")).len()), (6, 3));
}

#[tokio::test]
async fn a_half_written_set_that_was_cleared_is_written_anew() {
    for by_another in [false, true] {
        let table = MemoryTable::new();
        let mut parts = 0;
        let faulty = Faults::on(&table, move |request| {
            parts += u32::from(is_part(request));
            if is_part(request) && parts == 3 { throttled() } else { Fault::None }
        });
        let persistence = open(&faulty);
        let paste = update(1, 1_500_000);
        persistence.store_update(doc("d"), paste.clone(), Queued).await.unwrap_err();
        assert_eq!(table.items(&doc("d")).len(), 3);
        let clearing = if by_another { open(&table) } else { persistence.clone() };
        clearing.clear(doc("d"), Queued).await.unwrap();
        persistence.store_update(doc("d"), paste.clone(), Queued).await.unwrap();
        assert_eq!(persistence.read(doc("d"), Queued).await.unwrap(), paste);
        assert_eq!(table.items(&doc("d")).len(), 1 + 4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_whose_put_has_an_unknown_outcome_is_not_put_again() {
    for arrived in [true, false] {
        let table = MemoryTable::new();
        let mut first = true;
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = heads.clone();
        let faulty = Faults::on(&table, move |request| {
            let Request::PutNew { item, .. } = request else { return Fault::None };
            if item.head.is_some() {
                seen.lock().unwrap().push(item.key.clone());
            }
            match (std::mem::take(&mut first), arrived) {
                (true, true) => Fault::ApplyThenFail(unavailable()),
                (true, false) => Fault::Fail(unavailable()),
                _ => Fault::None,
            }
        });
        let persistence = open(&faulty);
        let paste = update(1, 500_000);
        persistence.store_update(doc("d"), paste.clone(), Queued).await.unwrap_err();
        persistence.store_update(doc("d"), paste.clone(), Queued).await.unwrap();
        assert_eq!(persistence.read(doc("d"), Queued).await.unwrap(), paste);
        assert_eq!(table.items(&doc("d")).len(), 3);
        let heads = heads.lock().unwrap();
        assert_eq!(heads.len(), if arrived { 1 } else { 2 });
        assert!(arrived || heads[0] != heads[1]);
    }
}

#[tokio::test]
async fn a_set_whose_sealing_has_an_unknown_outcome_is_sealed_again() {
    for arrived in [true, false] {
        let table = MemoryTable::new();
        let mut lost = 0;
        // Neither the seal nor the read of the head is answered.
        let faulty = Faults::on(&table, move |request| match request {
            Request::Seal { .. } if lost == 0 => {
                lost = 1;
                if arrived { Fault::ApplyThenFail(unavailable()) } else { Fault::Fail(unavailable()) }
            }
            Request::Get { .. } if lost == 1 => {
                lost = 2;
                Fault::Fail(unavailable())
            }
            _ => Fault::None,
        });
        let persistence = open(&faulty);
        let paste = update(1, 500_000);
        persistence.store_update(doc("d"), paste.clone(), Queued).await.unwrap_err();
        let before = table.meter().snapshot();
        persistence.store_update(doc("d"), paste.clone(), Queued).await.unwrap();
        assert_eq!((table.meter().snapshot() - before).total().requests, 1, "the seal");
        assert_eq!(persistence.read(doc("d"), Queued).await.unwrap(), paste);
        assert_eq!(table.items(&doc("d")).len(), 3);
    }
}

#[tokio::test]
async fn a_store_that_is_refused_for_good_leaves_nothing_unless_it_counts() {
    for sealed in [false, true] {
        let table = MemoryTable::new();
        let inner = table.clone();
        let faulty = Faults::on(&table, move |request| {
            if !matches!(request, Request::Seal { .. }) {
                return Fault::None;
            }
            if sealed {
                // An earlier attempt arrived; then the policy changed.
                inner.apply_late(request);
            }
            Fault::Fail(Error::new(Code::Access, "injected"))
        });
        let refused = open(&faulty).store_update(doc("d"), update(1, 500_000), Queued).await.unwrap_err();
        assert_eq!(refused.code(), Code::Access);
        let found = numbers(&open(&table).read(doc("d"), Queued).await.unwrap());
        if sealed {
            assert_eq!(found, set([1]));
        } else {
            assert_eq!(table.items(&doc("d")), []);
        }
    }
}

#[tokio::test]
async fn the_number_of_half_written_sets_is_bounded_and_the_oldest_is_removed() {
    let table = MemoryTable::new();
    let faulty = Faults::on(&table, |request| if is_part(request) { throttled() } else { Fault::None });
    let persistence = open(&faulty);
    let name = |n: usize| doc(&format!("doc{n}"));
    let paste = update(1, MAX_VALUE_BYTES + 30_000);
    for n in 0..=1_000 {
        persistence.store_update(name(n), paste.clone(), Queued).await.unwrap_err();
    }
    assert_eq!(table.items(&name(0)), [], "forgotten, and removed");
    assert_eq!(table.items(&name(1)).len(), 1);
    assert_eq!(table.items(&name(1_000)).len(), 1);
}

/// A host with the clock of the test.
struct Machine {
    start: Instant,
    ids: AtomicU64,
}

impl Machine {
    fn new() -> Arc<Self> {
        Arc::new(Machine { start: Instant::now(), ids: AtomicU64::new(1) })
    }
}

impl Host for Machine {
    fn now_ms(&self) -> u64 {
        1_800_000_000_000 + self.start.elapsed().as_millis() as u64
    }

    fn write_id(&self) -> Result<WriteId> {
        Ok(WriteId(0, self.ids.fetch_add(1, Relaxed) as u32))
    }
}

fn open_on(machine: &Arc<Machine>, table: &MemoryTable) -> Persistence<MemoryTable> {
    Persistence::observed(table.clone(), quiet(), Handle::current(), machine.clone(), Arc::new(NoObserver))
}

#[tokio::test(start_paused = true)]
async fn a_set_that_takes_hours_is_renewed_and_survives_the_sweeps_of_others() {
    let table = MemoryTable::new();
    let machine = Machine::new();
    let writing = open_on(&machine, &provisioned(&table, 1.5));
    let others = open_on(&machine, &table);
    let sweeps = tokio::spawn(async move {
        for n in 2.. {
            others.store_update(doc("d"), update(n, 1), Queued).await.unwrap();
            tokio::time::sleep(Duration::from_secs(180)).await;
            others.flush(doc("d"), Queued).await.unwrap();
        }
    });
    let paste = update(1, 8_000_000);
    let begin = Instant::now();
    retried(&writing, &paste, Duration::from_secs(240)).await;
    assert!(begin.elapsed() > Duration::from_secs(3_700), "{:?}", begin.elapsed());
    sweeps.abort();
    assert!(numbers(&writing.read(doc("d"), Queued).await.unwrap()).contains(&1));
    let written = table.meter().snapshot().of(Operation::PutItem).write_units;
    assert!(written < 8_200.0, "each part once: {written} WCU");
}

#[tokio::test(start_paused = true)]
async fn a_sweep_spares_a_set_that_was_renewed_while_it_looked() {
    let table = MemoryTable::new();
    let machine = Machine::new();
    let mut parts = 0;
    let faulty = Faults::on(&table, move |request| {
        parts += u32::from(is_part(request));
        if is_part(request) && parts == 2 { throttled() } else { Fault::None }
    });
    let persistence = open_on(&machine, &faulty);
    let paste = update(1, 500_000);
    persistence.store_update(doc("d"), paste.clone(), Queued).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(3_601)).await;
    let (inner, head) = (table.clone(), table.items(&doc("d"))[0].key.clone());
    let (racing, mut renewed) = (machine.clone(), false);
    let sweeping = Faults::on(&table, move |request| {
        // The writer is faster: it renews the head before the sweep deletes it.
        if matches!(request, Request::Delete { .. }) && !std::mem::replace(&mut renewed, true) {
            let (doc, key) = (doc("d"), head.clone());
            inner.apply_late(&Request::Renew { doc, key, at: racing.now_ms() });
        }
        Fault::None
    });
    open_on(&machine, &sweeping).store_update(doc("d"), update(2, 1), Queued).await.unwrap();
    open_on(&machine, &sweeping).flush(doc("d"), Queued).await.unwrap();
    let before = table.meter().snapshot();
    persistence.store_update(doc("d"), paste, Queued).await.unwrap();
    let requests = (table.meter().snapshot() - before).total().requests;
    assert_eq!(requests, 3, "renews the head, puts the part it lacks, seals");
    assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([1, 2]));
}

#[tokio::test(start_paused = true)]
async fn half_written_sets_that_no_store_continues_are_few_and_a_close_deletes_them() {
    let table = MemoryTable::new();
    let mut parts = 0;
    let refusing = Faults::on(&table, move |request| {
        parts += usize::from(is_part(request));
        if is_part(request) && parts % 2 == 0 { throttled() } else { Fault::None }
    });
    let persistence = open(&refusing);
    for n in 0..6 {
        let store = persistence.store_update(doc("d"), update(n, 600_000), Queued);
        assert_eq!(store.await.unwrap_err().code(), Code::Throttled);
    }
    let heads = || table.items(&doc("d")).iter().filter(|item| item.head.is_some()).count();
    assert_eq!(heads(), 2, "the sets of the last two");
    persistence.close().await;
    assert_eq!(table.items(&doc("d")), []);
}
