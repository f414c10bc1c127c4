//! Shared by the tests of the update engine: updates in hexadecimal, numbers and text as bytes, seeded randomness.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that fails panics, also outside of the test functions"
)]
#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod memory;
pub mod shapes;

use y_dynamodb::update::{MergeOptions, contents, merge, verify};

/// Everything a merge may do, for a whole log.
pub const WHOLE: MergeOptions = MergeOptions { squash: true, gc: true, whole_log: true };
/// The default: the input may be a tail.
pub const TAIL: MergeOptions = MergeOptions { squash: true, gc: true, whole_log: false };
/// Nothing is dropped.
pub const KEEP: MergeOptions = MergeOptions { squash: true, gc: false, whole_log: false };

/// Bytes from hexadecimal. Spaces are ignored.
pub fn hex(text: &str) -> Vec<u8> {
    let text = text.replace(' ', "");
    assert!(text.len().is_multiple_of(2), "{text}");
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

pub fn hexes(list: &[&str]) -> Vec<Vec<u8>> {
    list.iter().map(|text| hex(text)).collect()
}

pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Merges, and checks the result with the second reader.
pub fn merged(updates: &[Vec<u8>], options: MergeOptions) -> Vec<u8> {
    let list = || updates.iter().map(|u| to_hex(u)).collect::<Vec<_>>();
    let out = merge(updates, options).unwrap_or_else(|e| panic!("{e}: {:?}", list()));
    verify(updates, &out).unwrap_or_else(|e| panic!("{e}: {:?} gave {}", list(), to_hex(&out)));
    out
}

/// The merge of the updates. Checks that every order gives the same bytes.
pub fn merged_in_any_order(updates: &[Vec<u8>], options: MergeOptions) -> Vec<u8> {
    let first = merged(updates, options);
    permute(updates.to_vec(), updates.len(), &mut |order| {
        assert_eq!(to_hex(&merged(order, options)), to_hex(&first), "order {order:?}");
    });
    first
}

fn permute(mut list: Vec<Vec<u8>>, n: usize, visit: &mut impl FnMut(&[Vec<u8>])) {
    if n <= 1 {
        return visit(&list);
    }
    for i in 0..n {
        list.swap(i, n - 1);
        permute(list.clone(), n - 1, visit);
        list.swap(i, n - 1);
    }
}

/// The number of GC ids in an update.
pub fn gc_len(update: &[u8]) -> u64 {
    contents(update).unwrap().gc.iter().flat_map(|(_, ranges)| ranges).map(|(from, to)| to - from).sum()
}

pub fn uint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(0x80 | (value & 0x7f) as u8);
        value >>= 7;
    }
    out.push(value as u8);
}

pub fn text(out: &mut Vec<u8>, text: &str) {
    uint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Mulberry32: the same numbers for a seed everywhere.
pub struct Random(u32);

impl Random {
    pub fn new(seed: u32) -> Self {
        Random(seed)
    }

    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x6d2b_79f5);
        let mut t = (self.0 ^ (self.0 >> 15)).wrapping_mul(1 | self.0);
        t = t.wrapping_add((t ^ (t >> 7)).wrapping_mul(61 | t)) ^ t;
        t ^ (t >> 14)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n.max(1)
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            list.swap(i, self.below(i + 1));
        }
    }
}

/// The seeds of a test: `Y_SEEDS` of them (or `default`), from `Y_SEED` on.
pub fn seeds(default: u32) -> impl Iterator<Item = u32> {
    let of = |name: &str, default: u32| {
        std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
    };
    let first = of("Y_SEED", 1);
    let count = of("Y_SEEDS", default);
    println!("seeds {first} to {}", first + count - 1);
    first..first + count
}
