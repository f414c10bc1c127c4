//! A persistence on the table in memory, small updates, and hooks that inject faults.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::runtime::Handle;
use tokio::time::Instant;
use y_dynamodb::codec::SortKey;
use y_dynamodb::codec::sort_key::{DocName, LogClock, WriteId};
use y_dynamodb::codec::varint::write_varuint;
use y_dynamodb::compaction::Thresholds;
use y_dynamodb::error::Result;
use y_dynamodb::log::{Host, SystemHost};
use y_dynamodb::monitor::NoObserver;
use y_dynamodb::persistence::{Options, Persistence};
use y_dynamodb::table::memory::{Fault, Hook, HookFuture, MemoryTable, Request};
use y_dynamodb::table::{Item, SetHead};
use y_dynamodb::update;

pub fn doc(name: &str) -> DocName {
    DocName::new(name).unwrap()
}

/// Without background compactions, so that a test sees only the requests it causes.
pub fn quiet() -> Options {
    Options { compaction: Thresholds { items: 0, ..Thresholds::default() }, ..Options::default() }
}

pub fn open(table: &MemoryTable) -> Persistence<MemoryTable> {
    open_with(table, quiet())
}

pub fn open_with(table: &MemoryTable, options: Options) -> Persistence<MemoryTable> {
    open_on(VirtualHost::new(|| SystemHost.write_id()), table, options)
}

/// With ids whose random delay before a compaction is this many milliseconds.
pub fn open_with_delay(table: &MemoryTable, options: Options, delay_ms: u32) -> Persistence<MemoryTable> {
    let drawn = AtomicU32::new(0);
    let id = move || Ok(WriteId(drawn.fetch_add(1, Ordering::Relaxed), delay_ms));
    open_on(VirtualHost::new(id), table, options)
}

fn open_on(host: VirtualHost, table: &MemoryTable, options: Options) -> Persistence<MemoryTable> {
    Persistence::observed(table.clone(), options, Handle::current(), Arc::new(host), Arc::new(NoObserver))
}

/// A clock that runs with the virtual time of a test.
struct VirtualHost {
    begun: Instant,
    begun_ms: u64,
    id: Box<dyn Fn() -> Result<WriteId> + Send + Sync>,
}

impl VirtualHost {
    fn new(id: impl Fn() -> Result<WriteId> + Send + Sync + 'static) -> Self {
        VirtualHost { begun: Instant::now(), begun_ms: SystemHost.now_ms(), id: Box::new(id) }
    }
}

impl Host for VirtualHost {
    fn now_ms(&self) -> u64 {
        self.begun_ms + self.begun.elapsed().as_millis() as u64
    }

    fn write_id(&self) -> Result<WriteId> {
        (self.id)()
    }
}

/// The update with this number: one string of `length` letters by one client.
pub fn update(number: u8, length: usize) -> Vec<u8> {
    let mut bytes = vec![1, 1, number, 0, 4, 1, 1, b't'];
    write_varuint(&mut bytes, length as u64);
    bytes.extend(std::iter::repeat_n(b'x', length));
    bytes.push(0);
    bytes
}

/// One client that types at the end of a text, one key per update.
pub struct Typist {
    client: u8,
    keys: u64,
}

impl Default for Typist {
    fn default() -> Self {
        Typist::of(1)
    }
}

impl Typist {
    pub fn of(client: u8) -> Self {
        Typist { client, keys: 0 }
    }

    pub fn key(&mut self) -> Vec<u8> {
        let mut bytes = vec![1, 1, self.client];
        write_varuint(&mut bytes, self.keys);
        if self.keys == 0 {
            bytes.extend([4, 1, 1, b't']);
        } else {
            bytes.extend([0x84, self.client]);
            write_varuint(&mut bytes, self.keys - 1);
        }
        bytes.extend([1, b'x', 0]);
        self.keys += 1;
        bytes
    }

    /// The state vector after `keys` keys.
    pub fn state_vector_at(&self, keys: usize) -> Vec<u8> {
        let mut bytes = vec![1, 1];
        write_varuint(&mut bytes, keys as u64);
        bytes
    }
}

/// The numbers in an update.
pub fn numbers(update: &[u8]) -> BTreeSet<u64> {
    update::contents(update).unwrap().ids().iter().map(|(client, _)| client).collect()
}

pub fn set(numbers: impl IntoIterator<Item = u64>) -> BTreeSet<u64> {
    numbers.into_iter().collect()
}

/// An update item as the original wrote it.
pub fn original(doc: &DocName, clock: u32, update: Vec<u8>) -> Item {
    let key = SortKey::update(doc, LogClock(clock), WriteId(0, 0));
    let bytes = key.as_bytes();
    let key = SortKey::from_bytes(bytes[..bytes.len() - 10].to_vec());
    Item::plain(key, update)
}

/// The head of a set.
pub fn head(doc: &DocName, clock: u32, parts: u32, at: u64, sealed: bool) -> Item {
    let head = SetHead { parts, at, sealed, compacted: false, state_vector: None };
    let key = SortKey::update(doc, LogClock(clock), WriteId(7, 7));
    Item { key, value: Some(vec![0, 0]), head: Some(head), at: None, version: None }
}

/// Part `n` of the same set.
pub fn part(doc: &DocName, clock: u32, n: u32, value: Vec<u8>) -> Item {
    let key = SortKey::part(doc, LogClock(clock), WriteId(7, 7), n);
    Item::plain(key, value)
}

/// Puts an item without a request.
pub fn plant(table: &MemoryTable, doc: &DocName, item: Item) {
    table.apply_late(&Request::Put { doc: doc.clone(), item });
}

/// A hook from a closure that chooses the fault of each request.
pub struct Faults<F>(Mutex<F>);

impl<F: FnMut(&Request) -> Fault + Send + 'static> Faults<F> {
    pub fn on(table: &MemoryTable, fault: F) -> MemoryTable {
        table.with_hook(Arc::new(Faults(Mutex::new(fault))))
    }
}

impl<F: FnMut(&Request) -> Fault + Send + 'static> Hook for Faults<F> {
    fn before<'a>(&'a self, request: &'a Request) -> HookFuture<'a, Fault> {
        let fault = (self.0.lock().unwrap())(request);
        Box::pin(async move { fault })
    }
}
