//! The laws of merging on random logs: associative, commutative, idempotent, down to the bytes.
//!
//! The logs are made without Yjs. Clients that know each other's past write runs of items. Updates contain whole or split
//! runs, with or without content, or collected, in any order.

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
use y_dynamodb::update::{
    Contents, IdSet, MergeOptions, contents, diff, merge_readable, state_vector, validate,
};

/// A struct as its client wrote it.
#[derive(Clone)]
struct Written {
    clock: u64,
    len: u64,
    kind: u8,
    head: Vec<u8>,
    origin: bool,
    text: Vec<u16>,
    /// The bytes of the right origin, for a split.
    right: Vec<u8>,
    /// It is below a deleted parent, so a copy may be GC.
    below: bool,
}

struct Log {
    clients: Vec<(u64, Vec<Written>)>,
    deleted: Vec<(u64, u64, u64)>,
    of: Made,
}

/// The contents of a log.
#[derive(Clone, Copy)]
struct Made {
    /// Deleted types with children. Copies of the children may be GC.
    nested: bool,
    /// Text with surrogate pairs, split anywhere.
    pairs: bool,
}

const STRING: u8 = 4;
const EMBED: u8 = 5;
const TYPE: u8 = 7;
const ANY: u8 = 8;

fn id(client: u64, clock: u64) -> Vec<u8> {
    let mut out = Vec::new();
    uint(&mut out, client);
    uint(&mut out, clock);
    out
}

impl Log {
    /// A log of up to five clients.
    fn random(r: &mut Random, of: Made) -> Self {
        let ids = [0, 1, 127, 128, 1 << 31, (1 << 32) - 1, 1 << 32, (1u64 << 53) - 1];
        let mut ids: Vec<u64> = ids.into_iter().filter(|_| r.chance(40)).take(4).collect();
        ids.push(77);
        let mut log =
            Log { clients: ids.into_iter().map(|c| (c, Vec::new())).collect(), deleted: Vec::new(), of };
        for _ in 0..3 + r.below(30) {
            let at = r.below(log.clients.len());
            log.write(r, at);
        }
        for _ in 0..r.below(12) {
            let (client, written) = r.pick(&log.clients);
            let end = written.last().map_or(0, |w| w.clock + w.len);
            let from = r.below(end as usize) as u64;
            let len = (1 + r.below(6) as u64).min(end - from);
            if len > 0 {
                log.deleted.push((*client, from, len));
            }
        }
        log
    }

    fn write(&mut self, r: &mut Random, at: usize) {
        let (client, written) = &self.clients[at];
        let client = *client;
        let clock = written.last().map_or(0, |w| w.clock + w.len);
        let kind = *r.pick(&[STRING, STRING, STRING, EMBED, TYPE, ANY]);
        let texts = ["a", "bc", "é€", "hello hello", "\u{fffd}", "😀", "x😀y", "😀😀z"];
        let text: Vec<u16> =
            r.pick(if self.of.pairs { &texts } else { &texts[..4] }).encode_utf16().collect();
        let len = if kind == STRING {
            text.len() as u64
        } else if kind == ANY {
            1 + r.below(3) as u64
        } else {
            1
        };
        let (mut info, mut head, mut right, mut below) = (kind, Vec::new(), Vec::new(), false);
        let last = written.last().cloned();
        let types: Vec<_> =
            self.clients.iter().flat_map(|(c, list)| list.iter().map(move |w| (*c, w))).collect();
        let parent = types.iter().filter(|(_, w)| w.kind == TYPE).map(|(c, w)| (*c, w.clock)).next_back();
        match (r.below(4), last, parent) {
            (0 | 1, Some(last), _) => {
                info |= 0x80;
                head.extend(id(client, clock - 1));
                below = last.below;
                if !last.right.is_empty() {
                    (info, right) = (info | 0x40, last.right.clone());
                    head.extend(&right);
                }
            }
            (2, _, Some((c, k))) if self.of.nested => {
                head.push(0);
                head.extend(id(c, k));
                below = true;
                self.deleted.push((c, k, 1));
            }
            (3, _, _) if !types.is_empty() => {
                let (c, w) = *r.pick(&types);
                right = id(c, w.clock);
                below = w.below;
                info |= 0x40;
                head.extend(&right);
            }
            _ => {
                head.extend([1, 1, b't']);
            }
        }
        let origin = info & 0x80 != 0;
        head.insert(0, info);
        self.clients[at].1.push(Written { clock, len, kind, head, origin, text, right, below });
    }

    /// An update with structs of some clients between two clocks, encoded in one of several ways.
    fn update(&self, r: &mut Random) -> Vec<u8> {
        let mut sections = Vec::new();
        let mut count = 0;
        for (client, written) in self.clients.iter().rev() {
            let end = written.last().map_or(0, |w| w.clock + w.len);
            let from = if r.chance(60) { 0 } else { r.below(end as usize + 1) as u64 };
            let to = if r.chance(60) { end } else { from + r.below((end - from) as usize + 1) as u64 };
            if from == to || r.chance(30) {
                continue;
            }
            let structs: Vec<_> = written.iter().filter(|w| w.clock < to && w.clock + w.len > from).collect();
            uint(&mut sections, structs.len() as u64);
            sections.extend(id(*client, from));
            for w in structs {
                self.put(&mut sections, r, *client, w, from.max(w.clock), to.min(w.clock + w.len));
            }
            count += 1;
        }
        let mut out = vec![count];
        out.extend(sections);
        let deleted: Vec<_> = self.deleted.iter().filter(|_| r.chance(50)).collect();
        uint(&mut out, deleted.len() as u64);
        for (client, from, len) in deleted {
            uint(&mut out, *client);
            out.push(1);
            out.extend(id(*from, *len));
        }
        out
    }

    fn updates(&self, r: &mut Random) -> Vec<Vec<u8>> {
        (0..2 + r.below(10)).map(|_| self.update(r)).collect()
    }

    /// The ids below deleted parents.
    fn below(&self) -> IdSet {
        let mut ids = IdSet::default();
        for (client, written) in &self.clients {
            written.iter().filter(|w| w.below).for_each(|w| ids.add(*client, w.clock, w.clock + w.len));
        }
        ids
    }

    fn put(&self, out: &mut Vec<u8>, r: &mut Random, client: u64, w: &Written, from: u64, to: u64) {
        if self.of.nested && w.below && r.chance(15) {
            out.push(0);
            return uint(out, to - from);
        }
        let gone = self.deleted.iter().any(|d| d.0 == client && d.1 <= from && to <= d.1 + d.2);
        let kind = if gone && r.chance(40) { 1 } else { w.kind };
        if from > w.clock {
            out.push(0x80 | if w.right.is_empty() { 0 } else { 0x40 } | kind);
            out.extend(id(client, from - 1));
            out.extend(&w.right);
        } else {
            // Some writers set the key bit although the key is inherited.
            let bit = if w.origin && r.chance(20) { 0x20 } else { 0 };
            out.push(w.head[0] & !0x1f | kind | bit);
            out.extend(&w.head[1..]);
        }
        match kind {
            1 => uint(out, to - from),
            STRING => {
                let units = &w.text[(from - w.clock) as usize..(to - w.clock) as usize];
                text(out, &String::from_utf16_lossy(units));
            }
            EMBED => text(out, "{}"),
            TYPE => out.push(1),
            _ => {
                uint(out, to - from);
                (from..to).for_each(|clock| out.extend([0x7d, (clock % 60) as u8]));
            }
        }
    }
}

fn updates(r: &mut Random, nested: bool, pairs: bool) -> Vec<Vec<u8>> {
    Log::random(r, Made { nested, pairs }).updates(r)
}

/// Merges in random groups, in random order, until one is left.
fn in_rounds(r: &mut Random, mut list: Vec<Vec<u8>>, inner: MergeOptions, last: MergeOptions) -> Vec<u8> {
    while list.len() > 2 {
        r.shuffle(&mut list);
        let group: Vec<_> = list.split_off(list.len() - 1 - r.below(list.len() - 1));
        list.push(merged(&group, inner));
    }
    merged(&list, last)
}

#[test]
fn the_order_of_the_updates_does_not_change_the_bytes() {
    for seed in seeds(600) {
        let r = &mut Random::new(seed);
        let mut list = updates(r, seed % 2 == 0, true);
        for options in [TAIL, WHOLE, KEEP] {
            let first = merged(&list, options);
            r.shuffle(&mut list);
            assert_eq!(to_hex(&merged(&list, options)), to_hex(&first), "seed {seed}, {options:?}");
        }
    }
}

#[test]
fn the_order_of_the_updates_does_not_change_the_bytes_of_a_read() {
    let mut replaced = 0;
    for seed in seeds(600) {
        let r = &mut Random::new(seed);
        let mut list = updates(r, true, true);
        let first = merge_readable(&list, WHOLE).unwrap();
        assert_eq!(validate(&first), Ok(()), "seed {seed}");
        r.shuffle(&mut list);
        assert_eq!(to_hex(&merge_readable(&list, WHOLE).unwrap()), to_hex(&first), "seed {seed}");
        let stored = merged(&list, WHOLE);
        assert_eq!(contents(&stored).unwrap().ids(), contents(&first).unwrap().ids(), "seed {seed}");
        replaced += u32::from(stored != first);
    }
    assert!(replaced > 0, "no item that waits has a GC copy");
}

#[test]
fn the_grouping_of_the_updates_does_not_change_the_bytes() {
    for seed in seeds(600) {
        let r = &mut Random::new(seed);
        let nested = seed % 2 == 0;
        let list = updates(r, nested, true);
        for options in if nested { [KEEP, KEEP] } else { [TAIL, KEEP] } {
            let at_once = merged(&list, options);
            let rounds = in_rounds(r, list.clone(), options, options);
            assert_eq!(to_hex(&rounds), to_hex(&at_once), "seed {seed}, {options:?}");
        }
    }
}

#[test]
fn compaction_in_rounds_keeps_ids_and_deletions_of_collected_children() {
    for seed in seeds(600) {
        let r = &mut Random::new(seed);
        let log = Log::random(r, Made { nested: true, pairs: true });
        let list = log.updates(r);
        let at_once = contents(&merged(&list, WHOLE)).unwrap();
        let rounds = contents(&in_rounds(r, list.clone(), TAIL, WHOLE)).unwrap();
        assert_eq!(rounds.ids(), at_once.ids(), "seed {seed}");
        let beyond =
            |a: &Contents, b: &Contents| a.delete_set.without(&b.delete_set).without(&b.gc).without(&a.gc);
        assert!(beyond(&at_once, &rounds).is_empty(), "seed {seed}");
        // An item that waits in the whole log can be collected in a group, where its neighbours are GC. Its copies are deleted
        // then.
        assert!(beyond(&rounds, &at_once).without(&log.below()).is_empty(), "seed {seed}");
    }
}

#[test]
fn a_merge_of_a_merge_changes_nothing() {
    for seed in seeds(600) {
        let r = &mut Random::new(seed);
        let list = updates(r, seed % 2 == 0, true);
        for options in [TAIL, WHOLE, KEEP, MergeOptions { squash: false, ..TAIL }] {
            let once = merged(&list, options);
            let with_inputs = [&list[..], std::slice::from_ref(&once)].concat();
            assert_eq!(to_hex(&merged(std::slice::from_ref(&once), options)), to_hex(&once), "seed {seed}");
            assert_eq!(to_hex(&merged(&[once.clone(), once.clone()], options)), to_hex(&once), "seed {seed}");
            if !options.whole_log {
                let again = contents(&merged(&with_inputs, options)).unwrap();
                assert_eq!(again.ids(), contents(&once).unwrap().ids(), "seed {seed}");
            }
        }
    }
}

#[test]
fn a_diff_and_the_state_of_the_peer_give_the_whole() {
    for seed in seeds(600) {
        let r = &mut Random::new(seed);
        // A diff that begins inside a surrogate pair splits it.
        let list = updates(r, false, false);
        let whole = merged(&list, TAIL);
        let some: Vec<_> = list.iter().filter(|_| r.chance(50)).cloned().collect();
        let peer = merged(&some, TAIL);
        let missing = diff(&whole, &state_vector(&peer).unwrap()).unwrap();
        assert!(missing.len() <= whole.len() + 16, "seed {seed}");
        assert_eq!(to_hex(&merged(&[peer, missing], TAIL)), to_hex(&whole), "seed {seed}");
    }
}
