//! Updates that are made to cost time, in any size, for the test and the benchmark of growth.
#![allow(dead_code, reason = "a test and a benchmark share it")]

use y_dynamodb::codec::varint::write_varuint;
use y_dynamodb::update::{
    MergeOptions, claims_beyond, contents, diff, merge, merge_readable, salvage, state_vector, unreadable,
    validate, verify,
};

/// Updates of one shape.
pub struct Shape {
    pub name: &'static str,
    pub updates: Vec<Vec<u8>>,
}

fn numbers(out: &mut Vec<u8>, list: &[u64]) {
    list.iter().for_each(|&n| write_varuint(out, n));
}

/// A section: the structs of a client from a clock on.
fn section(client: u64, clock: u64, structs: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    numbers(&mut out, &[structs.len() as u64, client, clock]);
    out.extend(structs.concat());
    out
}

fn update(sections: &[Vec<u8>], deleted: &[(u64, Vec<(u64, u64)>)]) -> Vec<u8> {
    let mut out = Vec::new();
    numbers(&mut out, &[sections.len() as u64]);
    out.extend(sections.concat());
    numbers(&mut out, &[deleted.len() as u64]);
    for (client, ranges) in deleted {
        numbers(&mut out, &[*client, ranges.len() as u64]);
        ranges.iter().for_each(|&(clock, len)| numbers(&mut out, &[clock, len]));
    }
    out
}

/// A struct: the info byte, ids, content.
fn item(info: u8, ids: &[u64], content: &[u8]) -> Vec<u8> {
    let mut out = vec![info];
    numbers(&mut out, ids);
    out.extend_from_slice(content);
    out
}

fn each(n: u64, make: impl Fn(u64) -> Vec<u8>) -> Vec<Vec<u8>> {
    (0..n).map(make).collect()
}

/// An array type, in the root type "a".
const TYPE: [u8; 5] = [7, 1, 1, b'a', 0];

/// All shapes, of about `10 n` bytes each.
pub fn shapes(n: u64) -> Vec<Shape> {
    let shape = |name, updates| Shape { name, updates };
    vec![
        shape("deep values", vec![deep_values(n)]),
        shape("deep types", vec![deep_types(n)]),
        shape("wide map", vec![wide_map(n)]),
        shape("long text in pieces", long_text(n)),
        shape("contradicting deletions", contradicting(n)),
        shape("contradicting texts", contradicting_texts(n)),
        shape("map entries, split", vec![split_entries(n)]),
        shape("conflicts one by one", conflicts_one_by_one(n / 10)),
        shape("many clients", vec![many_clients(n)]),
        shape(
            "many gaps",
            vec![update(&[section(1, 0, &each(n, |i| vec![if i % 2 == 0 { 10 } else { 0 }, 1]))], &[])],
        ),
        shape("many updates", each(n, |i| update(&[section(1, i, &[item(0x84, &[2, i], &[1, b'x'])])], &[]))),
        shape("many deletions", vec![update(&[], &[(1, (0..n).map(|i| (3 * ((7 * i) % n), 1)).collect())])]),
        shape("a repeated deletion", repeated_deletion(n)),
        shape("a chain forwards", vec![chain_forwards(n)]),
        shape("GC copies of items that wait", gc_copies(n)),
        shape("pairs that are split in turns", pairs_split_in_turns(n)),
    ]
}

fn deep_values(n: u64) -> Vec<u8> {
    let deep = [[117, 1].repeat(900), vec![126]].concat();
    let json = ["[".repeat(900), "]".repeat(900)].concat();
    let any = item(8, &[1, 1], &[&[b'a', 1][..], &deep].concat());
    let mut embed = item(5, &[1, 1], b"a");
    numbers(&mut embed, &[json.len() as u64]);
    embed.extend(json.as_bytes());
    update(
        &[section(1, 0, &each(1 + n / 200, |i| if i % 2 == 0 { any.clone() } else { embed.clone() }))],
        &[],
    )
}

/// Chains of types in types, all below a deleted one.
fn deep_types(n: u64) -> Vec<u8> {
    let below = |i: u64| {
        if i.is_multiple_of(900) { TYPE.to_vec() } else { item(0x27, &[0, 1, i - 1], &[1, b'k', 1]) }
    };
    let deleted = (0..n).step_by(900).map(|i| (i, 1)).collect();
    update(&[section(1, 0, &each(n, below))], &[(1, deleted)])
}

fn wide_map(n: u64) -> Vec<u8> {
    let entry = |i: u64| {
        let key = i.to_string();
        let mut entry = item(0x28, &[0, 9, 0, key.len() as u64], key.as_bytes());
        entry.extend([1, 126]);
        entry
    };
    update(&[section(9, 0, &[TYPE.to_vec()]), section(1, 0, &each(n, entry))], &[])
}

fn long_text(n: u64) -> Vec<Vec<u8>> {
    let text = "é😀".repeat(n as usize);
    let mut whole = item(4, &[1, 1], b"t");
    numbers(&mut whole, &[text.len() as u64]);
    whole.extend(text.as_bytes());
    let splits = each(n, |i| item(0xc4, &[1, (7 * i) % (3 * n - 1), 1, (5 * i) % (3 * n - 1)], &[1, b'x']));
    let deleted = (0..n / 2).map(|i| (6 * i, 2)).collect();
    vec![update(&[section(1, 0, &[whole]), section(0, 0, &splits)], &[(1, deleted)])]
}

/// Copies of ids without content that overlap most of the others and have other neighbours, and items that name them.
fn contradicting(n: u64) -> Vec<Vec<u8>> {
    let copy = |i: u64| {
        let mut copy = item(0x81, &[2, i], &[]);
        numbers(&mut copy, &[4 * n]);
        update(&[section(1, i, &[copy])], &[])
    };
    let below = |i: u64| item(0x84, &[1, 4 * i], &[1, b'x']);
    let child = item(4, &[0, 9, 0], &[1, b'x']);
    let types = update(&[section(9, 0, &[TYPE.to_vec()]), section(2, 0, &[child])], &[(9, vec![(0, 1)])]);
    [vec![types], each(n, copy), vec![update(&[section(3, 0, &each(n / 4, below))], &[])]].concat()
}

fn contradicting_texts(n: u64) -> Vec<Vec<u8>> {
    let length = n.isqrt();
    each(5 * length, |i| {
        let text = vec![b'a' + (i % 26) as u8; length as usize];
        let mut copy = item(0x84, &[2, i], &[]);
        numbers(&mut copy, &[length]);
        copy.extend(text);
        update(&[section(1, (i * 7) % (4 * length), &[copy])], &[])
    })
}

/// Live map entries with two values each, and items that split them.
fn split_entries(n: u64) -> Vec<u8> {
    let entry = |_| item(0x28, &[0, 9, 0], &[1, b'k', 2, 126, 126]);
    let splits = |i: u64| item(0x88, &[1, 2 * i], &[1, 126]);
    let types = section(9, 0, &[TYPE.to_vec()]);
    update(&[types, section(1, 0, &each(n, entry)), section(0, 0, &each(n, splits))], &[(9, vec![(0, 1)])])
}

/// Update i splits map entry i, which is live once update i + 1 and its deletion are left out.
fn conflicts_one_by_one(n: u64) -> Vec<Vec<u8>> {
    let entry = |_| item(0x28, &[0, 9, 0], &[1, b'k', 2, 126, 126]);
    let splits = |i: u64| {
        let splits = section(n + 10 - i, 0, &[item(0x88, &[2, 2 * (n - 1 - i)], &[1, 126])]);
        let deletion = (n - 1 - i).checked_sub(1).map(|next| (2, vec![(2 * next, 1)]));
        update(&[splits], deletion.as_slice())
    };
    let entries = update(&[section(9, 0, &[TYPE.to_vec()]), section(2, 0, &each(n, entry))], &[]);
    [vec![entries], each(n, splits)].concat()
}

fn many_clients(n: u64) -> Vec<u8> {
    let waits = each(n, |i| section(n - i, 0, &[item(0x84, &[n - i + 1, 0], &[1, b'x'])]));
    let deleted: Vec<_> = (0..n).map(|i| (n - i, vec![(0, 1)])).collect();
    update(&waits, &deleted)
}

/// A list of deletions that fills its memory, then two of them again and again.
fn repeated_deletion(n: u64) -> Vec<Vec<u8>> {
    // One less than the capacity of a list that doubles.
    let all = update(&[], &[(1, (1..(n / 2).next_power_of_two()).map(|i| (2 * i, 1)).collect())]);
    let one = update(&[], &[(1, (0..2 * n).map(|i| (2 + 2 * (i % 2), 1)).collect())]);
    vec![all, one]
}

/// The origin of each value is a later one of the other client.
fn chain_forwards(n: u64) -> Vec<u8> {
    let values = |other: u64, by: u64| each(n / 2, |i| item(0x88, &[other, i + by], &[1, 126]));
    update(
        &[section(9, 0, &[TYPE.to_vec()]), section(4, 0, &values(3, 1)), section(3, 0, &values(4, 0))],
        &[(9, vec![(0, 1)])],
    )
}

/// Items that wait for a client that is missing, or for the client before, and GC copies of all of them.
fn gc_copies(n: u64) -> Vec<Vec<u8>> {
    let items = |i: u64| {
        let other = if i.is_multiple_of(3) { n + 9 } else { i + 1 };
        section(
            n - i,
            0,
            &[item(0x84, &[n - other.min(n), 1], &[2, b'x', b'y']), item(0x84, &[n + 9, 0], &[1, b'z'])],
        )
    };
    let copies = |i: u64| section(n - i, 0, &[vec![0, 1]]);
    vec![update(&each(n / 2, items), &[]), update(&each(n / 2, copies), &[])]
}

/// Copies of a text: each pair is intact in one of them.
fn pairs_split_in_turns(n: u64) -> Vec<Vec<u8>> {
    each(3, |copy| {
        let pair = |i| if i % 3 == copy { "😀" } else { "\u{fffd}\u{fffd}" };
        let text: String = (0..n).map(pair).collect();
        let mut whole = item(4, &[1, 1], b"t");
        numbers(&mut whole, &[text.len() as u64]);
        whole.extend(text.as_bytes());
        update(&[section(1, 0, &[whole])], &[])
    })
}

/// A public function of the engine, applied to updates of a shape. An error must be as fast as a result.
pub type Function = (&'static str, fn(&Prepared));

/// Updates, and the results of the engine for them.
pub struct Prepared {
    updates: Vec<Vec<u8>>,
    kept: Vec<u8>,
    merged: Vec<u8>,
    vector: Vec<u8>,
}

const COLLECT: MergeOptions = MergeOptions { squash: true, gc: true, whole_log: true };
const KEEP: MergeOptions = MergeOptions { squash: true, gc: false, whole_log: false };

impl Prepared {
    pub fn new(updates: Vec<Vec<u8>>) -> Self {
        let kept = merge(&updates, KEEP).expect("a shape");
        let merged = merge(&updates, COLLECT).expect("a shape");
        let vector = state_vector(&kept).expect("a merge");
        Prepared { updates, kept, merged, vector }
    }
}

/// All public functions that read updates.
pub const FUNCTIONS: [Function; 12] = [
    ("merge", |p| drop(merge(&p.updates, COLLECT))),
    ("merge_readable", |p| drop(merge_readable(&p.updates, KEEP))),
    ("merge_readable that collects", |p| drop(merge_readable(&p.updates, COLLECT))),
    ("unreadable", |p| drop(unreadable(&p.updates))),
    ("salvage", |p| p.updates.iter().for_each(|update| drop(salvage(update)))),
    ("verify", |p| drop(verify(&p.updates, &p.merged))),
    ("verify of a merge that keeps", |p| drop(verify(&p.updates, &p.kept))),
    ("validate", |p| drop(validate(&p.kept))),
    ("contents", |p| drop(contents(&p.kept))),
    ("state_vector", |p| drop(state_vector(&p.kept))),
    ("diff", |p| drop(diff(&p.kept, &p.vector))),
    ("claims_beyond", |p| drop(claims_beyond(&p.vector, &p.kept))),
];
