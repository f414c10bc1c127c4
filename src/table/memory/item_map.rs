//! The items of a [`super::MemoryTable`], and the effect of each request on them. Every call is atomic and
//! synchronous, and injects no faults. It returns the answer and the capacity that DynamoDB would consume.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::codec::sort_key::{DocName, SortKey, Version};
use crate::limits::MAX_PAGE_BYTES;
use crate::table::size::{item_bytes, read_units, write_units};
use crate::table::{DeleteIf, Item, Page, Query, ScanPage, SetHead};

/// The order of the documents: by a hash, then by name. DynamoDB does not order documents by name either.
type ScanKey = (u64, DocName);

type Documents = BTreeMap<SortKey, Item>;

#[derive(Debug, Default)]
pub(super) struct ItemMap {
    documents: BTreeMap<ScanKey, Documents>,
}

/// An answer and its capacity units.
pub(super) type Billed<T> = (T, f64);

impl ItemMap {
    pub(super) fn document(&self, doc: &DocName) -> Option<&Documents> {
        self.documents.get(&scan_key(doc))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&DocName, &Item)> {
        self.documents.iter().flat_map(|((_, doc), items)| items.values().map(move |item| (doc, item)))
    }

    /// Returns whether the item was written: `false` if the key exists.
    pub(super) fn put_new(&mut self, doc: &DocName, item: Item) -> Billed<bool> {
        let bytes = self.bytes(doc, &item.key).max(item_bytes(doc, &item));
        let items = self.documents.entry(scan_key(doc)).or_default();
        let written = !items.contains_key(&item.key);
        if written {
            items.insert(item.key.clone(), item);
        }
        (written, write_units(bytes))
    }

    /// Returns whether the item is there now.
    pub(super) fn put_over(&mut self, doc: &DocName, item: Item, replaced: Version) -> Billed<bool> {
        let units = write_units(self.bytes(doc, &item.key).max(item_bytes(doc, &item)));
        let there = self.document(doc).and_then(|items| items.get(&item.key)).and_then(|item| item.version);
        if there == Some(replaced) {
            return (true, self.put(doc, item).1);
        }
        (there.is_some() && there == item.version, units)
    }

    pub(super) fn put(&mut self, doc: &DocName, item: Item) -> Billed<()> {
        let bytes = self.bytes(doc, &item.key).max(item_bytes(doc, &item));
        self.documents.entry(scan_key(doc)).or_default().insert(item.key.clone(), item);
        ((), write_units(bytes))
    }

    pub(super) fn get(&self, doc: &DocName, key: &SortKey) -> Billed<Option<Item>> {
        let item = self.document(doc).and_then(|items| items.get(key)).cloned();
        (item, read_units(self.bytes(doc, key)))
    }

    pub(super) fn seal(&mut self, doc: &DocName, key: &SortKey) -> Billed<bool> {
        let units = write_units(self.bytes(doc, key));
        (self.head(doc, key).map(|head| head.sealed = true).is_some(), units)
    }

    pub(super) fn renew(&mut self, doc: &DocName, key: &SortKey, at: u64) -> Billed<bool> {
        let units = write_units(self.bytes(doc, key));
        let head = self.head(doc, key).filter(|head| !head.sealed);
        (head.map(|head| head.at = at).is_some(), units)
    }

    fn head(&mut self, doc: &DocName, key: &SortKey) -> Option<&mut SetHead> {
        let item = self.documents.get_mut(&scan_key(doc)).and_then(|items| items.get_mut(key));
        item.and_then(|item| item.head.as_mut())
    }

    pub(super) fn delete(&mut self, doc: &DocName, key: &SortKey, condition: &DeleteIf) -> Billed<bool> {
        let units = write_units(self.bytes(doc, key));
        let Some(items) = self.documents.get_mut(&scan_key(doc)) else { return (true, units) };
        let holds = items.get(key).is_none_or(|item| match condition {
            DeleteIf::Always => true,
            DeleteIf::ValueIs(value) => item.value.as_ref() == Some(value),
            DeleteIf::NotSealed => !item.head.as_ref().is_some_and(|head| head.sealed),
            DeleteIf::VersionIs(version) => item.version == Some(*version),
            DeleteIf::NotRenewed(at) => item.head.as_ref().is_some_and(|head| !head.sealed && head.at == *at),
        });
        if holds {
            items.remove(key);
            if items.is_empty() {
                self.documents.remove(&scan_key(doc));
            }
        }
        (holds, units)
    }

    /// Deletes the item if it has these attributes. Returns whether it did.
    pub(super) fn delete_raw(&mut self, doc: &DocName, key: &SortKey, raw: &Item) -> Billed<bool> {
        let (found, _) = self.get(doc, key);
        if found == Some(Item { key: key.clone(), ..raw.clone() }) {
            self.delete(doc, key, &DeleteIf::Always)
        } else {
            (false, write_units(self.bytes(doc, key)))
        }
    }

    pub(super) fn query(&self, query: &Query, limit: u32) -> Billed<Page<Item>> {
        let none = Documents::new();
        let items = self.document(&query.doc).unwrap_or(&none);
        let prefix = query.prefix.as_bytes();
        let mut page = PageBuilder::new(limit);
        if query.reverse {
            let to = query.after.clone().map_or(Bound::Unbounded, Bound::Excluded);
            let found = items.range((Bound::Unbounded, to)).rev();
            let is_behind = |key: &SortKey| query.until.as_ref().is_some_and(|until| key > until);
            let found = found.skip_while(|(key, _)| !key.as_bytes().starts_with(prefix) || is_behind(key));
            page.take(found.take_while(|(key, _)| key.as_bytes().starts_with(prefix)).map(|(_, item)| {
                let bytes = item_bytes(&query.doc, item);
                (item.clone(), item.key.clone(), bytes)
            }));
        } else {
            let from = match &query.after {
                Some(after) => Bound::Excluded(after.clone()),
                None => Bound::Included(query.prefix.clone()),
            };
            let to = query.until.clone().map_or(Bound::Unbounded, Bound::Included);
            if query
                .until
                .as_ref()
                .is_some_and(|until| query.after.as_ref().unwrap_or(&query.prefix) >= until)
            {
                return (Page { items: Vec::new(), next: None }, read_units(0));
            }
            let found = items.range((from, to));
            page.take(found.take_while(|(key, _)| key.as_bytes().starts_with(prefix)).map(|(_, item)| {
                let bytes = item_bytes(&query.doc, item);
                (item.clone(), item.key.clone(), bytes)
            }));
        }
        (Page { items: page.items, next: page.next }, read_units(page.bytes))
    }

    pub(super) fn scan(&self, limit: u32, after: Option<&(DocName, SortKey)>) -> Billed<ScanPage<Item>> {
        let from = after.map_or(Bound::Unbounded, |(doc, _)| Bound::Included(scan_key(doc)));
        let found = self.documents.range((from, Bound::Unbounded)).flat_map(|((_, doc), items)| {
            let from = match after {
                Some((after_doc, key)) if after_doc == doc => Bound::Excluded(key.clone()),
                _ => Bound::Unbounded,
            };
            items.range((from, Bound::Unbounded)).map(move |(_, item)| {
                let named = (doc.clone(), item.clone());
                (named, (doc.clone(), item.key.clone()), item_bytes(doc, item))
            })
        });
        let mut page = PageBuilder::new(limit);
        page.take(found);
        (ScanPage { items: page.items, next: page.next }, read_units(page.bytes))
    }

    /// The bytes of the stored item; 0 if it is missing.
    fn bytes(&self, doc: &DocName, key: &SortKey) -> usize {
        self.document(doc).and_then(|items| items.get(key)).map_or(0, |item| item_bytes(doc, item))
    }
}

/// Fills a page up to its limit of items and to 1 MB. As in DynamoDB, a page that ends at its limit has a next one,
/// even if that one is empty.
struct PageBuilder<T, K> {
    limit: usize,
    items: Vec<T>,
    next: Option<K>,
    bytes: usize,
}

impl<T, K> PageBuilder<T, K> {
    fn new(limit: u32) -> Self {
        PageBuilder { limit: limit.max(1) as usize, items: Vec::new(), next: None, bytes: 0 }
    }

    fn take(&mut self, found: impl Iterator<Item = (T, K, usize)>) {
        let mut last = None;
        for (item, key, bytes) in found {
            if !self.items.is_empty() && self.bytes + bytes > MAX_PAGE_BYTES {
                self.next = last;
                return;
            }
            self.items.push(item);
            self.bytes += bytes;
            last = Some(key);
            if self.items.len() == self.limit {
                self.next = last;
                return;
            }
        }
    }
}

/// Hashes the name with FNV-1a.
fn scan_key(doc: &DocName) -> ScanKey {
    let hash = doc.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash, doc.clone())
}
