//! Queries over all pages. Every request has a limit: without one, the emulators read the rest of the partition for each page.

use crate::codec::SortKey;
use crate::codec::sort_key::DocName;
use crate::table::{Page, Query};

/// The limit of the first page, in items: most documents fit it.
pub const FIRST_LIMIT: u32 = 200;

const MIN_LIMIT: u32 = 16;
const MAX_LIMIT: u32 = 10_000;

/// The limit of the next page: more if the last page was full, about what fits if its bytes ended it.
pub fn next_limit(limit: u32, found: usize) -> u32 {
    let found = u32::try_from(found).unwrap_or(MAX_LIMIT);
    let wanted = if found >= limit { limit.saturating_mul(4) } else { found + found / 2 };
    wanted.clamp(MIN_LIMIT, MAX_LIMIT)
}

/// The queries for all keys with a prefix, page by page.
pub struct Pages {
    query: Query,
    done: bool,
}

impl Pages {
    /// All keys, ascending.
    pub fn new(doc: &DocName, prefix: SortKey) -> Self {
        let query =
            Query { doc: doc.clone(), prefix, reverse: false, limit: FIRST_LIMIT, after: None, until: None };
        Pages { query, done: false }
    }

    /// Only the keys after `key`.
    pub fn behind(mut self, key: Option<&SortKey>) -> Self {
        self.query.after = key.cloned();
        self
    }

    /// Only the keys up to `key`, included.
    pub fn until(mut self, key: Option<SortKey>) -> Self {
        self.query.until = key;
        self
    }

    /// Descending, one item per page.
    pub fn last(mut self) -> Self {
        self.query.reverse = true;
        self.query.limit = 1;
        self
    }

    /// The next query; `None` after the last page.
    pub fn query(&self) -> Option<&Query> {
        (!self.done).then_some(&self.query)
    }

    /// Takes the result of the query and moves on to the next page.
    pub fn take<E>(&mut self, page: Page<E>) -> Vec<E> {
        self.query.limit = next_limit(self.query.limit, page.items.len());
        self.done = page.next.is_none();
        self.query.after = page.next;
        page.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_grow_on_full_pages_and_shrink_to_what_fits() {
        assert_eq!(next_limit(200, 200), 800);
        assert_eq!(next_limit(10_000, 10_000), 10_000);
        assert_eq!(next_limit(800, 10), 16);
        assert_eq!(next_limit(800, 100), 150);
        assert_eq!(next_limit(200, 0), 16);
    }
}
