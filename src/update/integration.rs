//! Simulates which structs a `Y.Doc` that loads the records integrates: a client's structs in the order of their clocks, an
//! item only after its neighbours and its parent. The rest waits for missing structs.

use std::collections::BTreeSet;

use super::content::kind;
use super::delete_set;
use super::invalid_update::InvalidUpdate;
use super::item_header::Parent;
use super::record::Record;
use super::records::Records;

/// How much of each client is integrated. Near-linear in the records.
pub(super) struct Integration {
    /// The end of the integrated clocks, and the index of the next record.
    clients: Vec<(u64, usize)>,
    /// The client and the clock that is missing, and the client that waits for it.
    waiting: BTreeSet<(u32, u64, u32)>,
    /// The clients whose next record waits although its first id has a GC copy.
    replaceable: BTreeSet<u32>,
}

impl Integration {
    /// Integrates what can be integrated.
    pub(super) fn of<U: AsRef<[u8]>>(records: &Records<'_, U>) -> Result<Self, InvalidUpdate> {
        let clients: Vec<_> =
            (0..records.clients.len() as u32).map(|client| (0, records.clients.records(client).0)).collect();
        let todo = (0..clients.len() as u32).collect();
        let mut integration = Integration { clients, waiting: BTreeSet::new(), replaceable: BTreeSet::new() };
        integration.advance(records, todo)?;
        Ok(integration)
    }

    /// Whether a record is integrated.
    pub(super) fn contains(&self, r: &Record) -> bool {
        r.clock() < self.end(r.client)
    }

    fn end(&self, client: u32) -> u64 {
        self.clients.get(client as usize).map_or(0, |&(end, _)| end)
    }

    /// Advances these clients, and those that wait for them.
    fn advance<U: AsRef<[u8]>>(
        &mut self,
        records: &Records<'_, U>,
        mut todo: Vec<u32>,
    ) -> Result<(), InvalidUpdate> {
        while let Some(client) = todo.pop() {
            self.advance_client(records, client)?;
            let end = self.end(client);
            while let Some(&wait) = self.waiting.range((client, 0, 0)..(client, end, 0)).next() {
                self.waiting.remove(&wait);
                todo.push(wait.2);
            }
        }
        Ok(())
    }

    fn advance_client<U: AsRef<[u8]>>(
        &mut self,
        records: &Records<'_, U>,
        client: u32,
    ) -> Result<(), InvalidUpdate> {
        let (_, last) = records.clients.records(client);
        let Some(&(mut end, mut next)) = self.clients.get(client as usize) else { return Ok(()) };
        self.replaceable.remove(&client);
        while next < last
            && let Some(r) = records.list.get(next)
            && r.clock() == end
        {
            if let Some((of, clock)) = self.missing(records, r)? {
                if let Some(of) = of {
                    self.waiting.insert((of, clock, client));
                }
                if delete_set::find(&records.gc_copies, client, end).is_some() {
                    self.replaceable.insert(client);
                }
                break;
            }
            end = records.end(r);
            next += 1;
        }
        if let Some(known) = self.clients.get_mut(client as usize) {
            *known = (end, next);
        }
        Ok(())
    }

    /// A dependency of `r` on another client that is not integrated yet: the number of that client (`None` if no update has
    /// structs of it) and the clock.
    fn missing<U: AsRef<[u8]>>(
        &self,
        records: &Records<'_, U>,
        r: &Record,
    ) -> Result<Option<(Option<u32>, u64)>, InvalidUpdate> {
        let Some(header) = records.header(r)? else { return Ok(None) };
        let own = records.clients.value(r.client);
        let parent = if let Parent::Item(id) = header.parent { Some(id) } else { None };
        let ids = [header.origin, header.right_origin, parent].into_iter().flatten();
        for id in ids.filter(|id| id.client != own) {
            let of = records.clients.find(id.client);
            if id.clock >= of.map_or(0, |of| self.end(of)) {
                return Ok(Some((of, id.clock)));
            }
        }
        Ok(None)
    }
}

/// Makes GC of each item that waits although its first id has a GC copy, as in a `Y.Doc`, which integrates that copy.
///
/// Only for reads of a whole log: later updates can complete the item. No content is lost: GC says that the item is in a
/// deleted parent, so that all of it is deleted.
pub(super) fn replace_waiting<U: AsRef<[u8]>>(records: &mut Records<'_, U>) -> Result<(), InvalidUpdate> {
    if records.gc_copies.is_empty() {
        return Ok(());
    }
    let mut integration = Integration::of(records)?;
    while let Some(client) = integration.replaceable.pop_first() {
        let Some(&(_, next)) = integration.clients.get(client as usize) else { continue };
        records.drop_content(next, kind::GC);
        integration.advance(records, vec![client])?;
    }
    Ok(())
}
