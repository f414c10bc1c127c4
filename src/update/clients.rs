//! The clients of a merge, as numbers.
//!
//! Clients are numbered in the order in which they appear. [`Clients::sort`] renumbers them in the order of the output, the
//! highest client first.

use std::hash::{BuildHasher, RandomState};

use super::growth::push;

/// Numbered clients, and the index of the first record of each.
#[derive(Default)]
pub(super) struct Clients {
    values: Vec<u64>,
    /// A hash table of numbers + 1; 0 is a free slot. Its size is a power of two, at most three quarters are used. A slot
    /// takes 4 bytes instead of 16 in a `HashMap`: an update may consist of little but clients.
    slots: Vec<u32>,
    /// Seeded at random, so that nobody can choose clients that collide.
    hash: RandomState,
    last: Option<(u64, u32)>,
    /// For each client the index of its first record, then the number of records.
    starts: Vec<u32>,
}

impl Clients {
    /// The number of a client. A new client gets the next number.
    #[inline(always)]
    pub(super) fn number(&mut self, client: u64) -> u32 {
        match self.last {
            Some((last, number)) if last == client => number,
            _ => self.look_up(client),
        }
    }

    /// The client for which [`Clients::number`] was called last.
    #[inline(always)]
    pub(super) fn last(&self) -> u64 {
        self.last.map_or(0, |(client, _)| client)
    }

    fn look_up(&mut self, client: u64) -> u32 {
        if self.values.len() >= self.slots.len() / 4 * 3 {
            self.grow();
        }
        let slot = self.slot(client);
        let number = match self.slots.get(slot) {
            Some(&taken) if taken > 0 => taken - 1,
            _ => {
                let next = self.values.len() as u32;
                push(&mut self.values, client);
                if let Some(free) = self.slots.get_mut(slot) {
                    *free = next + 1;
                }
                next
            }
        };
        self.last = Some((client, number));
        number
    }

    /// The slot of a client, or the free slot it would take.
    fn slot(&self, client: u64) -> usize {
        let mask = self.slots.len().wrapping_sub(1);
        let mut slot = self.hash.hash_one(client) as usize & mask;
        while let Some(&taken) = self.slots.get(slot)
            && taken > 0
            && self.value(taken - 1) != client
        {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let slots = (self.slots.len() * 2).max(8);
        self.slots = Vec::new();
        self.slots = vec![0; slots];
        for number in 0..self.values.len() as u32 {
            let slot = self.slot(self.value(number));
            if let Some(free) = self.slots.get_mut(slot) {
                *free = number + 1;
            }
        }
    }

    /// Renumbers, the highest client first. Returns the new number of each old one, or `None` if nothing changes.
    pub(super) fn sort(&mut self) -> Option<Vec<u32>> {
        self.slots = Vec::new();
        if self.values.is_sorted_by(|a, b| a > b) {
            return None;
        }
        let mut order: Vec<u32> = (0..self.values.len() as u32).collect();
        order.sort_unstable_by_key(|&old| std::cmp::Reverse(self.value(old)));
        let mut numbers = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            if let Some(number) = numbers.get_mut(old as usize) {
                *number = new as u32;
            }
        }
        self.values.sort_unstable_by(|a, b| b.cmp(a));
        Some(numbers)
    }

    /// Indexes the records, given the client of each in their order.
    pub(super) fn index(&mut self, clients: impl Iterator<Item = u32>) {
        self.starts.clear();
        let mut end = 0;
        for (i, client) in clients.enumerate() {
            if self.starts.len() <= client as usize {
                self.starts.resize(client as usize + 1, i as u32);
            }
            end = i as u32 + 1;
        }
        self.starts.resize(self.values.len() + 1, end);
    }

    /// How many clients there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The client with this number.
    #[inline(always)]
    pub(super) fn value(&self, number: u32) -> u64 {
        self.values.get(number as usize).copied().unwrap_or_default()
    }

    /// The number of a client. To be called after [`Clients::sort`].
    #[inline]
    pub(super) fn find(&self, client: u64) -> Option<u32> {
        self.values.binary_search_by(|value| client.cmp(value)).ok().map(|i| i as u32)
    }

    /// The index of the first record of a client, and the index after its last.
    #[inline(always)]
    pub(super) fn records(&self, number: u32) -> (usize, usize) {
        let at = |i: usize| self.starts.get(i).copied().unwrap_or_default() as usize;
        (at(number as usize), at(number as usize + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_numbered_from_the_highest_down() {
        let mut clients = Clients::default();
        assert_eq!([5, 9, 5, 7, 9].map(|c| clients.number(c)), [0, 1, 0, 2, 1]);
        assert_eq!(clients.sort(), Some(vec![2, 0, 1]));
        assert_eq!([9, 7, 5, 6].map(|c| clients.find(c)), [Some(0), Some(1), Some(2), None]);
        clients.index([0, 0, 2].into_iter());
        assert_eq!([0, 1, 2].map(|n| clients.records(n)), [(0, 2), (2, 2), (2, 3)]);
    }
}
