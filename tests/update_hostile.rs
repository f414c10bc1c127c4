//! Valid updates of half a megabyte that are made to cost time or memory. No step may be quadratic, and memory is limited to
//! a multiple of the input.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that fails panics, also outside of the test functions"
)]

mod update_support;

use std::time::Duration;

use update_support::memory::measured_once;
use update_support::shapes::{FUNCTIONS, Prepared, shapes};
use update_support::*;
use y_dynamodb::update::{diff, merge, state_vector, validate, verify};

/// A section: the structs of a client from a clock on.
fn section(client: u64, clock: u64, count: u64, structs: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for n in [count, client, clock] {
        uint(&mut out, n);
    }
    out.extend_from_slice(structs);
    out
}

fn update(sections: &[Vec<u8>], delete_set: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    uint(&mut out, sections.len() as u64);
    sections.iter().for_each(|s| out.extend_from_slice(s));
    out.extend_from_slice(delete_set);
    out
}

/// A delete set of one client.
fn deleted(client: u64, ranges: impl Iterator<Item = (u64, u64)>) -> Vec<u8> {
    let ranges: Vec<_> = ranges.collect();
    let mut out = vec![1];
    uint(&mut out, client);
    uint(&mut out, ranges.len() as u64);
    for (clock, len) in ranges {
        uint(&mut out, clock);
        uint(&mut out, len);
    }
    out
}

/// An item with an origin; `info` without its bits.
fn after(info: u8, client: u64, clock: u64, content: &[u8]) -> Vec<u8> {
    let mut out = vec![info | 0x80];
    uint(&mut out, client);
    uint(&mut out, clock);
    out.extend_from_slice(content);
    out
}

fn text_of(content: &str) -> Vec<u8> {
    let mut out = vec![4, 1, 1, b't'];
    text(&mut out, content);
    out
}

/// Merges with all options. Memory is limited to `times` the input and 1 MB. `times` is 8, and more for overlaps and for the
/// smallest structs.
fn check(name: &str, times: usize, updates: &[Vec<u8>]) {
    let bytes: usize = updates.iter().map(Vec::len).sum();
    for options in [WHOLE, TAIL, KEEP] {
        let (result, memory, time) = measured_once(|| merge(updates, options));
        println!("{name}: {bytes} B, {:.1} x, {time:?}", memory as f64 / bytes as f64);
        let out = result.unwrap();
        assert!(memory <= times * bytes + (1 << 20), "{name}: {memory} B for {bytes} B");
        assert!(time < Duration::from_secs(5), "{name}: {time:?}");
        let (_, _, time) = measured_once(|| verify(updates, &out).unwrap());
        assert!(time < Duration::from_secs(5), "{name}: {time:?} to verify");
        let (_, memory, time) = measured_once(|| {
            validate(&out).unwrap();
            diff(&out, &state_vector(&out).unwrap()).unwrap()
        });
        assert!(memory <= 8 * out.len() + (1 << 20), "{name}: {memory} B for a diff of {} B", out.len());
        assert!(time < Duration::from_secs(5), "{name}: {time:?} for a diff");
    }
}

/// So large that a quadratic step would take minutes.
const N: u64 = 100_000;

#[test]
fn many_small_structs_cost_memory_in_proportion() {
    check("GC and gaps", 8, &[update(&[section(1, 0, 2 * N, &[0, 1, 10, 1].repeat(N as usize))], &[0])]);
    let items = [after(1, 7, 9, &[1]), after(1, 7, 8, &[1])].concat();
    check("items without content", 8, &[update(&[section(1, 0, 2 * N, &items.repeat(N as usize))], &[0])]);
    check(
        "items and GC",
        16,
        &[update(&[section(1, 0, N, &[0, 1, 1, 1, 0, 1].repeat(N as usize / 2))], &[0])],
    );
}

#[test]
fn many_clients_cost_memory_in_proportion() {
    let up: Vec<_> = (0..N).map(|c| section(c, 0, 1, &[0, 1])).collect();
    let down: Vec<_> = up.iter().rev().cloned().collect();
    check("clients downwards", 12, &[update(&down, &[0])]);
    check("clients upwards", 12, &[update(&up, &[0])]);
    let waits: Vec<_> = (0..N).map(|c| section(c, 0, 1, &after(4, c + 1, 0, &[1, b'a']))).collect();
    check("each client waits for the next", 8, &[update(&waits, &[0]), vec![0, 1, 1, 1, 0, 1]]);
}

#[test]
fn many_deletions_cost_memory_in_proportion() {
    let set = |ranges: &mut dyn Iterator<Item = (u64, u64)>| [vec![0], deleted(5, ranges)].concat();
    check("ranges", 8, &[set(&mut (0..N).map(|i| (2 * i, 1)))]);
    check("ranges backwards", 8, &[set(&mut (0..N).rev().map(|i| (2 * i, 1)))]);
    check("one range again and again", 8, &[set(&mut (0..2 * N).map(|i| (2 * (i % 2), 1)))]);
}

#[test]
fn splits_of_a_long_text_are_made_in_one_pass() {
    let long = "é".repeat(N as usize) + &"😀".repeat(N as usize / 2);
    let whole = section(1, 0, 1, &text_of(&long));
    let every_other = deleted(1, (0..N).map(|i| (2 * i, 1)));
    check("deletions", 8, &[update(std::slice::from_ref(&whole), &every_other)]);

    let singles: Vec<Vec<u8>> = (1..N)
        .map(|i| update(&[section(1, 2 * i - 1, 1, &after(4, 1, 2 * i - 2, &[1, b'x']))], &[0]))
        .collect();
    check("copies of single units", 12, &[singles, vec![update(&[whole], &[0])]].concat());
}

#[test]
fn overlaps_of_every_kind_are_merged_in_one_pass() {
    let stairs = |by: u64| {
        let first = text_of(&"x".repeat(by as usize));
        let structs = (0..N / 4).flat_map(|i| match 4 * i + by {
            0 => text_of("abcd"),
            clock => after(4, 1, clock - 1, b"\x04abcd"),
        });
        let structs: Vec<u8> =
            if by > 0 { first.into_iter().chain(structs).collect() } else { structs.collect() };
        update(&[section(1, 0, N / 4 + u64::from(by > 0), &structs)], &[0])
    };
    check("stairs", 12, &[stairs(1), stairs(0), stairs(3), stairs(2)]);
    let nested: Vec<_> =
        (1..1_500u64).map(|n| update(&[section(1, 0, 1, &text_of(&"a".repeat(n as usize)))], &[0])).collect();
    check("nested", 8, &nested);
    let lists: Vec<_> = (1..1_500usize)
        .map(|n| {
            let mut content = Vec::new();
            uint(&mut content, n as u64);
            content.extend([0x7e].repeat(n));
            update(&[section(1, 1, 1, &after(8, 1, 0, &content))], &[0])
        })
        .collect();
    check("nested lists", 8, &lists);
}

#[test]
fn long_chains_are_walked_once() {
    // A deleted type, its first item, and a chain that leads to that item from the last one.
    let chain: Vec<u8> = (0..N).rev().flat_map(|i| after(4, 1, i.saturating_sub(1), &[1, b'a'])).collect();
    let parent = section(9, 0, 1, &[7, 1, 1, b't', 0]);
    let first = section(1, 0, 1, &[&[4, 0, 9, 0][..], &[1, b'a']].concat());
    let below = section(0, 0, N, &chain);
    check("a chain below a deleted parent", 8, &[update(&[parent.clone(), first, below], &[1, 9, 1, 0, 1])]);

    // The origin of each item is the next one of another client.
    let zip = |own: u64, other: u64| {
        let structs: Vec<u8> = (0..N / 2).flat_map(|i| after(8, other, i + own, &[1, 0x7e])).collect();
        section(own, 0, N / 2, &structs)
    };
    check("a zip of two clients", 8, &[update(&[zip(2, 1), zip(1, 2)], &[0])]);
    // The origin of each value is a later one of the other client: a chain from the first to the last.
    let values = |other: u64, by: u64| {
        (0..N / 2).flat_map(|i| after(8, other, i + by, &[1, 0x7e])).collect::<Vec<u8>>()
    };
    let forwards = [section(4, 0, N / 2, &values(3, 1)), section(3, 0, N / 2, &values(4, 0))].concat();
    check("values with later origins", 12, &[[&[3][..], &parent, &forwards, &[1, 9, 1, 0, 1]].concat()]);
}

#[test]
fn no_function_is_quadratic_on_any_shape() {
    // So small that all lists are sorted by the same algorithm.
    const SIZE: u64 = 2_000;
    // Linear is 4, quadratic 16.
    const MOST: f64 = 9.0;
    let prepared = |n: u64| shapes(n).into_iter().map(|shape| (shape.name, Prepared::new(shape.updates)));
    let cpu_time = |run: fn(&Prepared), on: &Prepared| {
        let start = cpu_time::ThreadTime::now();
        run(on);
        start.elapsed().as_secs_f64()
    };
    for ((name, small), (_, large)) in prepared(SIZE).zip(prepared(4 * SIZE)) {
        for (function, run) in FUNCTIONS {
            let growth = || cpu_time(run, &large) / cpu_time(run, &small).max(1e-4);
            let least = (0..8).map(|_| growth()).find(|&growth| growth < MOST);
            assert!(
                least.is_some(),
                "{function} of {name}: more than {MOST} times as long for 4 times the input"
            );
        }
    }
}
