//! Compares merges with yrs: it reads the same from merged updates as from a document that applied them one by one.
//!
//! Covers only what yrs supports: it refuses some of what Yjs writes. No stored byte ever passes through it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that fails panics, also outside of the test functions"
)]

mod update_support;

use update_support::*;
use y_dynamodb::update::{MergeOptions, diff, state_vector, validate};
use yrs::types::ToJson;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{
    Any, Array, ArrayPrelim, Doc, GetString, Map, MapPrelim, OffsetKind, Options, ReadTxn, Text, TextPrelim,
    Transact, Update, XmlElementPrelim, XmlFragment, XmlTextPrelim,
};

fn document(client: u64, skip_gc: bool) -> Doc {
    let mut options = Options::with_client_id(yrs::block::ClientID::new(client));
    options.offset_kind = OffsetKind::Utf16;
    options.skip_gc = skip_gc;
    Doc::with_options(options)
}

fn load(doc: &Doc, update: &[u8]) {
    doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
}

/// The content of a document, and its state vector.
fn view(doc: &Doc) -> (String, Any, Any, String, Vec<u8>) {
    let (text, array) = (doc.get_or_insert_text("t"), doc.get_or_insert_array("a"));
    let (map, xml) = (doc.get_or_insert_map("m"), doc.get_or_insert_xml_fragment("x"));
    let txn = doc.transact();
    let mut vector: Vec<_> = txn.state_vector().iter().map(|(&c, &k)| (c, k)).collect();
    vector.sort();
    (
        text.get_string(&txn),
        array.to_json(&txn),
        map.to_json(&txn),
        xml.get_string(&txn),
        format!("{vector:?}").into_bytes(),
    )
}

/// Makes an edit and returns its update.
fn edit(doc: &Doc, r: &mut Random) -> Vec<u8> {
    let (text, array) = (doc.get_or_insert_text("t"), doc.get_or_insert_array("a"));
    let (map, xml) = (doc.get_or_insert_map("m"), doc.get_or_insert_xml_fragment("x"));
    let mut txn = doc.transact_mut();
    match r.below(10) {
        0..=2 => {
            let at = if r.chance(70) { text.len(&txn) } else { 0 };
            text.insert(&mut txn, at, ["a", "hello ", "é€", "word"][r.below(4)]);
        }
        3 | 4 if text.len(&txn) > 0 => {
            let at = r.below(text.len(&txn) as usize) as u32;
            let len = (1 + r.below(8) as u32).min(text.len(&txn) - at);
            text.remove_range(&mut txn, at, len);
        }
        5 | 6 => {
            let at = r.below(array.len(&txn) as usize + 1) as u32;
            match r.below(4) {
                0 => drop(array.insert(&mut txn, at, MapPrelim::from([("k".to_owned(), 1)]))),
                1 => drop(array.insert(&mut txn, at, ArrayPrelim::from([1, 2]))),
                _ => {
                    let values = (0..1 + r.below(3)).map(|n| Any::from(n as f64 + 0.5));
                    array.insert_range(&mut txn, at, values.collect::<Vec<_>>());
                }
            }
        }
        7 if array.len(&txn) > 0 => {
            let at = r.below(array.len(&txn) as usize) as u32;
            array.remove_range(&mut txn, at, 1);
        }
        8 => {
            let key = (*r.pick(&["k", "l"])).to_owned();
            if r.chance(30) {
                map.insert(&mut txn, key, TextPrelim::new("nested"));
            } else {
                map.insert(&mut txn, key, r.below(9) as i64);
            }
        }
        9 if xml.len(&txn) > 0 && r.chance(50) => {
            let at = r.below(xml.len(&txn) as usize) as u32;
            xml.remove_range(&mut txn, at, 1);
        }
        _ => {
            let at = r.below(xml.len(&txn) as usize + 1) as u32;
            let element = xml.insert(&mut txn, at, XmlElementPrelim::empty("p"));
            element.push_back(&mut txn, XmlTextPrelim::new("inside"));
        }
    }
    txn.encode_update_v1()
}

/// The updates of two or three clients that sometimes exchange them.
fn log(r: &mut Random) -> Vec<Vec<u8>> {
    let docs: Vec<_> = (0..2 + r.below(2)).map(|i| document(1 + 1_000 * i as u64, r.chance(50))).collect();
    let mut updates = Vec::new();
    for _ in 0..5 + r.below(60) {
        let at = r.below(docs.len());
        updates.push(edit(&docs[at], r));
        if r.chance(30) {
            let other = &docs[r.below(docs.len())];
            let known = other.transact().state_vector();
            let news = docs[at].transact().encode_state_as_update_v1(&known);
            load(other, &news);
        }
    }
    updates
}

#[test]
fn yrs_reads_the_same_from_the_merge_as_from_the_updates() {
    for seed in seeds(150) {
        let r = &mut Random::new(seed);
        let updates = log(r);
        updates.iter().for_each(|update| validate(update).unwrap());
        let all = document(9, false);
        updates.iter().for_each(|update| load(&all, update));
        for options in [WHOLE, TAIL, KEEP, MergeOptions { squash: false, ..TAIL }] {
            let once = document(9, false);
            load(&once, &merged(&updates, options));
            assert_eq!(view(&once), view(&all), "seed {seed}, {options:?}");
        }
        // In two rounds, the second half first.
        let (first, second) = updates.split_at(r.below(updates.len()));
        let rounds = merged(&[merged(second, TAIL), merged(first, TAIL)], WHOLE);
        let twice = document(9, false);
        load(&twice, &rounds);
        assert_eq!(view(&twice), view(&all), "seed {seed}, in rounds");
    }
}

#[test]
fn yrs_and_we_agree_on_state_vectors_and_on_what_a_peer_lacks() {
    for seed in seeds(150) {
        let r = &mut Random::new(seed);
        let updates = log(r);
        let whole = merged(&updates, TAIL);
        let all = document(9, false);
        load(&all, &whole);
        let ours = yrs::StateVector::decode_v1(&state_vector(&whole).unwrap()).unwrap();
        assert_eq!(ours, all.transact().state_vector(), "seed {seed}");

        let peer = document(9, false);
        updates.iter().take(r.below(updates.len())).for_each(|update| load(&peer, update));
        let known = peer.transact().state_vector().encode_v1();
        load(&peer, &diff(&whole, &known).unwrap());
        assert_eq!(view(&peer), view(&all), "seed {seed}");
    }
}
