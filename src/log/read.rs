//! Reading: one ascending, strongly consistent Query over the update range, all pages.
//!
//! The set of a compaction sorts after its inputs and is sealed before they are deleted, so a reader that misses an
//! input meets the set later: no snapshot is needed. A set that is not sealed or not whole is skipped; it was not
//! acknowledged yet, or a later set contains it.

use std::collections::BTreeMap;
use std::mem;

use super::pages::Pages;
use super::{Extent, Log, OnCorrupt, Rule, off_the_loop};
use crate::codec::sort_key::{DocName, LogClock, SortKey, UpdateKey, WriteId};
use crate::error::{Code, Error, Result};
use crate::table::{Head, Item, Table};
use crate::update::{self, InvalidUpdate, MergeOptions};

/// One update of the log: an item, or a whole sealed set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands in the log.
    pub clock: LogClock,
    /// The id of its write; `None` for an item of the original package.
    pub id: Option<WriteId>,
    /// The keys of all its items, ascending.
    pub keys: Vec<SortKey>,
    /// The update.
    pub update: Vec<u8>,
    /// Whether a compaction wrote it: its head names a state vector.
    pub is_compacted: bool,
}

impl Entry {
    /// How it looks from outside.
    pub fn extent(&self) -> Option<Extent> {
        Some(Extent { last_key: self.keys.last()?.clone(), bytes: self.update.len() })
    }

    /// Its lowest key: that of the item, or of the head.
    pub fn first_key(&self, doc: &DocName) -> SortKey {
        match self.keys.first() {
            Some(key) => key.clone(),
            None => SortKey::updates(doc),
        }
    }
}

impl AsRef<[u8]> for Entry {
    fn as_ref(&self) -> &[u8] {
        &self.update
    }
}

/// What one read of a document found.
#[derive(Debug, Default)]
pub struct LogRead {
    /// All updates that count, in log order.
    pub entries: Vec<Entry>,
    /// Sets that do not count: not sealed or not whole.
    pub(super) unfinished: Vec<(LogClock, WriteId)>,
    /// The largest log clock of any item.
    pub largest: Option<LogClock>,
    /// Items that are not updates; only with [`OnCorrupt::Skip`].
    pub corrupt: Vec<SortKey>,
}

impl LogRead {
    /// The results of compactions that the log begins with, and everything from the first update on that none merged:
    /// the tail. A process with a stale clock stores before the results of others, so they may be among it.
    pub fn split_at_tail(&self) -> (&[Entry], &[Entry]) {
        let first = self.entries.iter().position(|entry| !entry.is_compacted).unwrap_or(self.entries.len());
        self.entries.split_at(first)
    }
}

/// A document's updates, merged.
#[derive(Debug)]
pub struct Merged {
    /// What they were merged from.
    pub log: LogRead,
    /// One update that contains them all; the empty update for a document that is not there.
    pub update: Vec<u8>,
}

impl<T: Table> Log<T> {
    /// Reads all updates of a document. 1 RCU per 4 KiB of its items, one request per 1 MB.
    ///
    /// # Errors
    /// `ERR_CORRUPT` where an item in the update range is none of ours (with [`OnCorrupt::Fail`]).
    pub async fn read(&self, doc: &DocName) -> Result<LogRead> {
        self.read_behind(doc, None).await
    }

    /// Reads the updates whose keys lie behind `after`, the last key of an entry.
    pub(super) async fn read_behind(&self, doc: &DocName, after: Option<&SortKey>) -> Result<LogRead> {
        self.read_pages(doc, Pages::new(doc, SortKey::updates(doc)).behind(after)).await
    }

    pub(super) async fn read_pages(&self, doc: &DocName, mut pages: Pages) -> Result<LogRead> {
        let mut assembly = Assembly::new(doc, self.options.on_corrupt);
        assembly.only_sealed = self.keeps(Rule::SealedSets);
        while let Some(query) = pages.query() {
            let page = self.table.query(query).await?;
            for item in pages.take(page) {
                assembly.push(item)?;
            }
        }
        Ok(assembly.finish())
    }

    /// Reads a document and merges its updates.
    ///
    /// # Errors
    /// `ERR_CORRUPT` naming the item where one is not an update (with [`OnCorrupt::Fail`]).
    pub async fn read_merged(&self, doc: &DocName) -> Result<Merged> {
        let log = self.read(doc).await?;
        self.merge(doc, log, true).await
    }

    /// Merges all update items of a document, as a scan found them in key order.
    ///
    /// # Errors
    /// As [`Log::read_merged`].
    pub async fn merged_from(&self, doc: &DocName, items: Vec<Item>) -> Result<Merged> {
        self.merge(doc, assemble(doc, items, self.options.on_corrupt)?, true).await
    }

    /// Merges what a read found; `from_base` says that it began at the document's first item.
    pub(super) async fn merge(&self, doc: &DocName, log: LogRead, from_base: bool) -> Result<Merged> {
        let whole_log = from_base && log.corrupt.is_empty();
        let options = MergeOptions { gc: self.options.gc, squash: true, whole_log };
        let on_corrupt = self.options.on_corrupt;
        let bytes = log.entries.iter().map(|entry| entry.update.len()).sum();
        let doc = doc.clone();
        off_the_loop(bytes, move || merge_checked(&doc, log, options, on_corrupt)).await?
    }
}

/// What a read finds in the update items of a document, given in key order.
///
/// # Errors
/// `ERR_CORRUPT` where one is none of ours (with [`OnCorrupt::Fail`]).
pub(super) fn assemble(doc: &DocName, items: Vec<Item>, on_corrupt: OnCorrupt) -> Result<LogRead> {
    let mut assembly = Assembly::new(doc, on_corrupt);
    for item in items {
        assembly.push(item)?;
    }
    Ok(assembly.finish())
}

fn merge_checked(
    doc: &DocName,
    mut log: LogRead,
    mut options: MergeOptions,
    on_corrupt: OnCorrupt,
) -> Result<Merged> {
    if let Ok(update) = update::merge_readable(&log.entries, options) {
        return Ok(Merged { log, update });
    }
    drop_corrupt(doc, &mut log, on_corrupt)?;
    options.whole_log = false;
    match update::merge(&log.entries, options) {
        Ok(update) => Ok(Merged { log, update }),
        Err(reason) => Err(Error::new(
            Code::Internal,
            format!("valid updates of document '{doc}' do not merge: {reason}"),
        )),
    }
}

/// Takes the entries out that cannot be read, by themselves or with others, or fails on the first of them.
fn drop_corrupt(doc: &DocName, log: &mut LogRead, on_corrupt: OnCorrupt) -> Result<()> {
    let mut unreadable = unreadable(&log.entries);
    let mut valid = Vec::with_capacity(log.entries.len());
    for (i, entry) in mem::take(&mut log.entries).into_iter().enumerate() {
        match (unreadable.remove(&i), on_corrupt) {
            (None, _) => valid.push(entry),
            (Some(_), OnCorrupt::Skip) => log.corrupt.push(entry.first_key(doc)),
            (Some(reason), OnCorrupt::Fail) => {
                return Err(corrupt(doc, &entry.first_key(doc), &unreadable_value(reason)));
            }
        }
    }
    log.entries = valid;
    Ok(())
}

/// The entries that cannot be read, by their index. Of entries that cannot be read together the later one, but not the result
/// of a compaction: it sorts behind what that compaction left out.
pub(super) fn unreadable(entries: &[Entry]) -> BTreeMap<usize, InvalidUpdate> {
    let (compacted, others): (Vec<_>, Vec<_>) =
        entries.iter().enumerate().partition(|(_, entry)| entry.is_compacted);
    let (places, updates): (Vec<_>, Vec<_>) = compacted.into_iter().chain(others).unzip();
    let found = update::unreadable(&updates).into_iter();
    found.filter_map(|reason| Some((*places.get(reason.update)?, reason))).collect()
}

/// Why the update of an entry is not used.
pub(super) fn unreadable_value(reason: InvalidUpdate) -> String {
    format!("its value is not an update that Yjs can read: {}", InvalidUpdate { update: 0, ..reason })
}

/// `ERR_CORRUPT`, naming the item.
pub(crate) fn corrupt(doc: &DocName, key: &SortKey, what: &str) -> Error {
    Error::new(
        Code::Corrupt,
        format!("item {key} of document '{doc}' is corrupt: {what}; nothing was changed"),
    )
}

/// What kind of update item a key names.
///
/// # Errors
/// `ERR_CORRUPT` where it is none.
pub(super) fn parse(doc: &DocName, key: &SortKey) -> Result<UpdateKey> {
    key.parse_update(doc).ok_or_else(|| corrupt(doc, key, "its sort key is not one of an update"))
}

/// The items of one write, gathered in key order: they stand next to each other.
struct Group {
    clock: LogClock,
    id: WriteId,
    keys: Vec<SortKey>,
    /// `Some(None)` for a plain update, `Some(Some(_))` for the head of a set.
    first: Option<Option<Head>>,
    bytes: Vec<u8>,
    parts: u32,
    in_order: bool,
}

/// Puts sets together while the pages come in.
struct Assembly<'a> {
    doc: &'a DocName,
    on_corrupt: OnCorrupt,
    read: LogRead,
    group: Option<Group>,
    only_sealed: bool,
}

impl<'a> Assembly<'a> {
    fn new(doc: &'a DocName, on_corrupt: OnCorrupt) -> Self {
        Assembly { doc, on_corrupt, read: LogRead::default(), group: None, only_sealed: true }
    }

    fn push(&mut self, item: Item) -> Result<()> {
        let Item { key, value, head, at: _ } = item;
        let parsed = match parse(self.doc, &key) {
            Ok(parsed) => parsed,
            Err(error) => return self.damaged(key, error),
        };
        self.read.largest = self.read.largest.max(Some(parsed.clock()));
        let Some(value) = value else {
            let error = corrupt(self.doc, &key, "it has no binary attribute 'value'");
            return self.damaged(key, error);
        };
        let (clock, id, part) = match parsed {
            UpdateKey::Original(clock) => {
                self.close_group();
                self.read.entries.push(Entry {
                    clock,
                    id: None,
                    keys: vec![key],
                    update: value,
                    is_compacted: false,
                });
                return Ok(());
            }
            UpdateKey::Update(clock, id) => (clock, id, None),
            UpdateKey::Part(clock, id, n) => (clock, id, Some(n)),
        };
        if self.group.as_ref().is_none_or(|group| (group.clock, group.id) != (clock, id)) {
            self.close_group();
        }
        let group = self.group.get_or_insert_with(|| Group::new(clock, id));
        group.push(key, value, head, part);
        Ok(())
    }

    fn damaged(&mut self, key: SortKey, error: Error) -> Result<()> {
        match self.on_corrupt {
            OnCorrupt::Fail => Err(error),
            OnCorrupt::Skip => {
                self.read.corrupt.push(key);
                Ok(())
            }
        }
    }

    fn close_group(&mut self) {
        let Some(group) = self.group.take() else { return };
        if group.counts(self.only_sealed) {
            let Group { clock, id, keys, bytes, first, .. } = group;
            let is_compacted = first.flatten().is_some_and(|head| head.state_vector.is_some());
            self.read.entries.push(Entry { clock, id: Some(id), keys, update: bytes, is_compacted });
        } else {
            self.read.unfinished.push((group.clock, group.id));
        }
    }

    fn finish(mut self) -> LogRead {
        self.close_group();
        self.read
    }
}

impl Group {
    fn new(clock: LogClock, id: WriteId) -> Self {
        Group { clock, id, keys: Vec::new(), first: None, bytes: Vec::new(), parts: 0, in_order: true }
    }

    fn push(&mut self, key: SortKey, value: Vec<u8>, head: Option<Head>, part: Option<u32>) {
        self.keys.push(key);
        match part {
            // The value of a head is the empty update, for the original's reader.
            None if head.is_some() => self.first = Some(head),
            None => {
                self.first = Some(None);
                self.bytes = value;
            }
            Some(n) => {
                self.in_order &= n == self.parts;
                self.parts += 1;
                if self.bytes.is_empty() {
                    self.bytes = value;
                } else {
                    self.bytes.extend_from_slice(&value);
                }
            }
        }
    }

    /// A plain update counts; a set counts only sealed and with all its parts.
    fn counts(&self, only_sealed: bool) -> bool {
        match &self.first {
            Some(None) => self.parts == 0,
            Some(Some(head)) => (head.sealed || !only_sealed) && self.in_order && self.parts == head.parts,
            None => false,
        }
    }
}
