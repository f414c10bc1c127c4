//! The clients of a merge, numbered.
//!
//! Numbers are given in the order of appearance; [`Clients::arrange`] gives them anew in the order of the output, the
//! highest client first.

use std::hash::{BuildHasher, RandomState};

use super::store::push;

/// Clients and where their records lie.
#[derive(Default)]
pub(crate) struct Clients {
    values: Vec<u64>,
    /// A hash table of numbers + 1, 0 where it is free; a power of two, at most three quarters full. Four bytes a slot
    /// where a `HashMap` takes sixteen: an update may consist of little but clients.
    slots: Vec<u32>,
    /// Seeded at random: nobody can choose clients that collide.
    hash: RandomState,
    last: Option<(u64, u32)>,
    /// For each client where its records begin, and one more for the end.
    starts: Vec<u32>,
}

impl Clients {
    /// The number of a client, a new one if it was not seen before.
    #[inline(always)]
    pub(crate) fn number(&mut self, client: u64) -> u32 {
        match self.last {
            Some((last, number)) if last == client => number,
            _ => self.look_up(client),
        }
    }

    /// The client that was numbered last.
    #[inline(always)]
    pub(crate) fn current(&self) -> u64 {
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

    /// The slot that a client has, or would take.
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

    /// Renumbers, the highest client first. Gives the new number of each old one, or nothing if all stay.
    pub(crate) fn arrange(&mut self) -> Option<Vec<u32>> {
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

    /// Notes where the records of each client begin, given the client of each record in order.
    pub(crate) fn index(&mut self, clients: impl Iterator<Item = u32>) {
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
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The client with this number.
    #[inline(always)]
    pub(crate) fn value(&self, number: u32) -> u64 {
        self.values.get(number as usize).copied().unwrap_or_default()
    }

    /// The number of a client, after [`Clients::arrange`].
    #[inline]
    pub(crate) fn find(&self, client: u64) -> Option<u32> {
        self.values.binary_search_by(|value| client.cmp(value)).ok().map(|i| i as u32)
    }

    /// From where to where the records of a client lie.
    #[inline(always)]
    pub(crate) fn records(&self, number: u32) -> (usize, usize) {
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
        assert_eq!(clients.arrange(), Some(vec![2, 0, 1]));
        assert_eq!([9, 7, 5, 6].map(|c| clients.find(c)), [Some(0), Some(1), Some(2), None]);
        clients.index([0, 0, 2].into_iter());
        assert_eq!([0, 1, 2].map(|n| clients.records(n)), [(0, 2), (2, 2), (2, 3)]);
    }
}
