//! `verify` and `repair`: the findings, and moving damaged items to the quarantine.

use y_dynamodb::codec::MetaKey;
use y_dynamodb::codec::SortKey;
use y_dynamodb::codec::sort_key::{LogClock, WriteId};
use y_dynamodb::log::verify::FindingKind;
use y_dynamodb::log::{Quarantined, UNSEALED_SET_LIFETIME_MS};
use y_dynamodb::queue::Order::{Outside, Queued};
use y_dynamodb::table::memory::{Fault, MemoryTable, Request};
use y_dynamodb::table::{Item, SetHead};

use crate::support::*;

const ID: WriteId = WriteId(7, 7);

fn head(clock: u32, parts: u32, age_ms: u64, sealed: bool) -> Item {
    use y_dynamodb::log::Host;
    let at = y_dynamodb::log::SystemHost.now_ms() - age_ms;
    let head = SetHead { parts, at, sealed, compacted: false, state_vector: None };
    let key = SortKey::update(&doc("d"), LogClock(clock), ID);
    Item { key, value: Some(vec![0, 0]), head: Some(head), at: None, version: None }
}

fn part(clock: u32, n: u32, value: &[u8]) -> Item {
    let key = SortKey::part(&doc("d"), LogClock(clock), ID, n);
    Item::plain(key, value.to_vec())
}

fn without_attributes(item: Item) -> Item {
    Item { head: None, ..item }
}

/// Every kind of damage, each at its own log clock; and how many items a repair moves.
fn damage() -> Vec<(FindingKind, Vec<Item>)> {
    let d = doc("d");
    let strange = [SortKey::updates(&d).as_bytes(), b"\x05junk"].concat();
    let below = SortKey::from_bytes([head(6, 2, 0, true).key.as_bytes(), b"\x05"].concat());
    let below = Item { key: below, ..part(6, 1, b"below the key of a head") };
    let meta = |value| Item { key: SortKey::meta(&d, "k"), value, head: None, at: None, version: None };
    vec![
        (FindingKind::CorruptUpdate, vec![original(&d, 3, vec![0xff; 9])]),
        (FindingKind::CorruptUpdate, vec![Item { value: None, ..original(&d, 4, vec![]) }]),
        (
            FindingKind::CorruptUpdate,
            vec![Item { key: SortKey::from_bytes(strange), ..meta(Some(update(9, 1))) }],
        ),
        (FindingKind::CorruptUpdate, vec![head(5, 1, 0, true), part(5, 0, b"no update")]),
        (FindingKind::IncompleteSet, vec![head(6, 2, 0, true), part(6, 1, b"half")]),
        (
            FindingKind::IncompleteSet,
            vec![Item { value: None, ..head(6, 2, 0, true) }, part(6, 0, b"ha"), part(6, 1, b"lf")],
        ),
        (
            FindingKind::IncompleteSet,
            vec![head(6, 2, 0, true), part(6, 0, b"ha"), Item { value: None, ..part(6, 1, b"") }],
        ),
        (FindingKind::IncompleteSet, vec![head(6, 2, 0, true), part(6, 0, b"ha"), below]),
        (FindingKind::DamagedHead, vec![without_attributes(head(7, 1, 0, true)), part(7, 0, &update(8, 1))]),
        (FindingKind::OrphanParts, vec![part(8, 0, &update(8, 1)), part(8, 1, b"")]),
        (
            FindingKind::UnsealedSet,
            vec![head(9, 2, UNSEALED_SET_LIFETIME_MS + 1_000, false), part(9, 0, b"x")],
        ),
        (FindingKind::CorruptMeta, vec![meta(None)]),
        (FindingKind::CorruptMeta, vec![meta(Some(vec![115]))]),
    ]
}

#[tokio::test]
async fn all_damage_is_found_and_moved_whole_and_the_rest_can_be_read() {
    for (wrong, items) in damage() {
        let table = MemoryTable::new();
        let persistence = open(&table);
        persistence.store_update(doc("d"), update(1, 1), Queued).await.unwrap();
        for item in &items {
            plant(&table, &doc("d"), item.clone());
        }
        let before = table.items(&doc("d"));
        let found = persistence.verify(doc("d"), Queued).await.unwrap();
        assert_eq!(table.items(&doc("d")), before, "{wrong:?}: verify writes nothing");
        assert_eq!(found.findings.iter().map(|finding| finding.kind).collect::<Vec<_>>(), [wrong]);
        assert_eq!(found.findings[0].items, items);

        let repaired = persistence.repair(doc("d"), Queued).await.unwrap();
        assert!(
            matches!(&repaired.outcomes[..], [Some(Quarantined::Moved(keys))] if keys.len() == items.len())
        );
        let again = persistence.verify(doc("d"), Queued).await.unwrap();
        assert_eq!(again.findings, [], "{wrong:?}");
        assert_eq!(again.quarantined().count(), items.len());
        assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([1]));
        persistence.metas(doc("d"), Queued).await.unwrap();
        let kept = persistence.quarantined(doc("d"), Queued).await.unwrap();
        for (item, (from, copy)) in items.iter().zip(kept) {
            assert_eq!(from, item.key);
            assert_eq!((&copy.value, &copy.head, copy.at), (&item.value, &item.head, item.at));
        }
        persistence.clear(doc("d"), Queued).await.unwrap();
        assert_eq!(table.items(&doc("d")), [], "a clear takes the quarantine as well");
    }
}

#[tokio::test]
async fn items_beside_the_updates_and_metas_are_no_damage() {
    let d = doc("d");
    let table = MemoryTable::new();
    let key = SortKey::from_bytes([SortKey::document(&d).as_bytes(), b"\x00\x08comments"].concat());
    plant(&table, &d, Item { key, value: None, head: None, at: None, version: None });
    let before = table.items(&d);
    assert_eq!(open(&table).repair(d.clone(), Queued).await.unwrap().verification.findings, []);
    assert_eq!(table.items(&d), before);
}

#[tokio::test]
async fn what_is_whole_or_in_writing_is_left_alone() {
    let table = MemoryTable::new();
    let persistence = open(&table);
    persistence.store_update(doc("d"), update(1, 900_000), Queued).await.unwrap();
    persistence.flush(doc("d"), Queued).await.unwrap();
    persistence.store_update(doc("d"), update(2, 1), Queued).await.unwrap();
    let key = MetaKey::new(&doc("d"), "k").unwrap();
    persistence.set_meta(doc("d"), key, vec![126], Queued).await.unwrap();
    assert_eq!(persistence.verify(doc("d"), Queued).await.unwrap().findings, []);
    plant(&table, &doc("d"), head(90, 2, 0, false));
    plant(&table, &doc("d"), part(90, 0, b"x"));
    let before = table.items(&doc("d"));
    let repaired = persistence.repair(doc("d"), Queued).await.unwrap();
    assert_eq!(repaired.verification.findings[0].kind, FindingKind::UnsealedYet);
    assert_eq!(repaired.outcomes, [None]);
    assert_eq!(table.items(&doc("d")), before);
}

#[tokio::test]
async fn signs_of_lost_updates_are_found_and_nothing_is_moved_for_them() {
    let d = doc("d");
    let table = MemoryTable::new();
    for clock in [4, 5, 8] {
        plant(&table, &d, original(&d, clock, update(clock as u8, 1)));
    }
    let state_vector = |value: &[u8]| Item {
        key: SortKey::state_vector(&d),
        value: Some(value.to_vec()),
        head: None,
        at: None,
        version: None,
    };
    plant(&table, &d, state_vector(&[8, 3, 1, 4, 9]));
    let persistence = open(&table);
    let wrong = async || {
        let found = persistence.repair(doc("d"), Queued).await.unwrap().verification.findings;
        found.into_iter().map(|finding| finding.kind).collect::<Vec<_>>()
    };
    let before = table.items(&d);
    assert_eq!(wrong().await, [FindingKind::ClockGap, FindingKind::StateVectorAhead]);
    assert_eq!(table.items(&d), before);
    plant(&table, &d, state_vector(&[8, 3, 1, 4, 1]));
    assert_eq!(wrong().await, [FindingKind::ClockGap]);
    plant(&table, &d, state_vector(&[8, 9, 1, 4, 1]));
    assert_eq!(wrong().await, [FindingKind::ClockGap, FindingKind::CorruptStateVector]);
    // An unreadable update is damage and not a gap, in the quarantine too.
    plant(&table, &d, original(&d, 9, vec![0xff; 9]));
    plant(&table, &d, Item { value: None, ..original(&d, 10, vec![]) });
    plant(&table, &d, original(&d, 11, update(11, 1)));
    let damaged = [
        FindingKind::ClockGap,
        FindingKind::CorruptUpdate,
        FindingKind::CorruptUpdate,
        FindingKind::CorruptStateVector,
    ];
    assert_eq!(wrong().await, damaged);
    assert_eq!(wrong().await, [FindingKind::ClockGap, FindingKind::CorruptStateVector]);
    // If this package has written in between, log clocks may be missing.
    persistence.store_update(doc("d"), update(60, 1), Queued).await.unwrap();
    plant(&table, &d, original(&d, 20, update(20, 1)));
    assert_eq!(wrong().await, [FindingKind::ClockGap, FindingKind::CorruptStateVector]);
}

#[tokio::test]
async fn nothing_is_deleted_before_its_copy_is_there_wherever_it_stops() {
    for (_, items) in damage() {
        for stop in 0..20 {
            let table = MemoryTable::new();
            for item in &items {
                plant(&table, &doc("d"), item.clone());
            }
            let mut request = 0;
            let stopping = Faults::on(&table, move |_: &Request| {
                request += 1;
                let lost = y_dynamodb::error::Error::new(y_dynamodb::error::Code::Unavailable, "on purpose");
                match request {
                    n if n > stop + 1 => Fault::Fail(lost),
                    n if n == stop + 1 => Fault::ApplyThenFail(lost),
                    _ => Fault::None,
                }
            });
            let _ = open(&stopping).repair(doc("d"), Queued).await;
            let there = table.items(&doc("d"));
            for item in &items {
                let kept = there.iter().any(|other| {
                    (other.key == item.key || other.key.former_key(&doc("d")).as_ref() == Some(&item.key))
                        && (&other.value, &other.head) == (&item.value, &item.head)
                });
                assert!(kept, "{} is lost when request {stop} is the last", item.key);
            }
            let persistence = open(&table);
            persistence.repair(doc("d"), Queued).await.unwrap();
            assert_eq!(persistence.verify(doc("d"), Queued).await.unwrap().findings, []);
        }
    }
}

#[tokio::test]
async fn an_item_that_changes_meanwhile_stays() {
    let table = MemoryTable::new();
    let d = doc("d");
    let old = UNSEALED_SET_LIFETIME_MS + 1_000;
    for nth in 0..=7 {
        plant(&table, &d, head(9, 1, old, false));
        plant(&table, &d, part(9, 0, &update(3, 1)));
        let (inner, mut moving) = (table.clone(), 0);
        let sealing = Faults::on(&table, move |asked: &Request| {
            if matches!(asked, Request::Prepare { .. } | Request::Query(_)) {
                return Fault::None;
            }
            if moving == nth {
                let key = SortKey::update(&doc("d"), LogClock(9), ID);
                inner.apply_late(&Request::Seal { doc: doc("d"), key });
            }
            moving += 1;
            Fault::None
        });
        let repaired = open(&sealing).repair(doc("d"), Queued).await.unwrap();
        let persistence = open(&table);
        match &repaired.outcomes[0] {
            Some(Quarantined::Changed(_)) => {
                assert_eq!(numbers(&persistence.read(doc("d"), Queued).await.unwrap()), set([3]));
            }
            // The seal comes after the delete: the writer finds the head gone and writes the set again.
            Some(Quarantined::Moved(_)) => {
                assert_eq!(nth, 7, "the head is gone by then")
            }
            other => panic!("{other:?}"),
        }
        persistence.clear(doc("d"), Queued).await.unwrap();
    }
}

#[tokio::test]
async fn a_key_that_was_used_again_finds_another_place() {
    let d = doc("d");
    let table = MemoryTable::new();
    let persistence = open(&table);
    for n in 0..11_u8 {
        plant(&table, &d, original(&d, 3, vec![0xff, n]));
        let outcome = persistence.repair(doc("d"), Queued).await.unwrap().outcomes.remove(0);
        match outcome {
            Some(Quarantined::Moved(_)) => assert!(n < 10),
            other => assert!(n == 10 && matches!(other, Some(Quarantined::Full(_))), "{n}: {other:?}"),
        }
    }
    let kept = persistence.quarantined(doc("d"), Queued).await.unwrap();
    assert_eq!(
        kept.iter().map(|(_, item)| item.value.clone().unwrap()[1]).collect::<Vec<_>>(),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    );
    assert_eq!(table.items(&d).len(), 11, "the eleventh stays where it was");
}

#[tokio::test]
async fn a_clear_costs_no_request_more_for_the_quarantine_and_spares_foreign_items() {
    let d = doc("d");
    let table = MemoryTable::new();
    let foreign = |key: &[u8]| Item { key: SortKey::from_bytes(key.to_vec()), ..original(&d, 0, vec![1]) };
    plant(&table, &d, foreign(b"\x00\x02zz\x00\x01d"));
    plant(&table, &d, foreign(b"\x00\x02q0\x00\x01e"));
    plant(&table, &d, original(&d, 3, vec![0xff]));
    let persistence = open(&table);
    persistence.repair(doc("d"), Queued).await.unwrap();
    persistence.store_update(doc("d"), update(1, 1), Outside).await.unwrap();
    let before = persistence.stats().cost;
    persistence.clear(doc("d"), Queued).await.unwrap();
    // Query, BatchWriteItem, the Query that finds nothing, and the delete of the state vector.
    assert_eq!((persistence.stats().cost - before).total().requests, 4);
    assert_eq!(table.items(&d).len(), 2);
    plant(
        &table,
        &d,
        SortKey::meta(&d, "k")
            .quarantined()
            .next()
            .map(|key| Item { key, ..original(&d, 0, vec![]) })
            .unwrap(),
    );
    persistence.clear_all().await.unwrap();
    assert_eq!(table.items(&d).len(), 2);
}

#[tokio::test]
async fn parts_whose_head_appeared_meanwhile_are_no_orphans() {
    let table = MemoryTable::new();
    plant(&table, &doc("d"), part(9, 0, &update(3, 1)));
    let inner = table.clone();
    let writing = Faults::on(&table, move |asked: &Request| {
        if matches!(asked, Request::Get { .. }) {
            plant(&inner, &doc("d"), head(9, 1, 0, true));
        }
        Fault::None
    });
    let repaired = open(&writing).repair(doc("d"), Queued).await.unwrap();
    assert_eq!(repaired.verification.findings[0].kind, FindingKind::OrphanParts);
    assert!(matches!(repaired.outcomes[0], Some(Quarantined::Changed(_))));
    assert_eq!(numbers(&open(&table).read(doc("d"), Queued).await.unwrap()), set([3]));
}
