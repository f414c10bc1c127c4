//! A cheap test that rules out conflicts (see `conflicts`) for almost all updates.

use super::content::kind;
use super::item_header::info;
use super::limits::MAX_NESTING;
use super::scan::Struct;

/// Counts what conflicts are made of, while structs are read.
#[derive(Default)]
pub(super) struct ConflictFilter {
    types: usize,
    children: bool,
    map_entries: bool,
}

impl ConflictFilter {
    #[inline(always)]
    pub(super) fn add(&mut self, s: &Struct) {
        self.types += usize::from(s.kind == kind::TYPE);
        self.children |= s.has_parent_id;
        self.map_entries |= s.has_parent_id && s.info & info::KEY != 0;
    }

    /// Whether types could be nested too deep, or a type contains a map.
    pub(super) fn may_conflict(&self) -> bool {
        self.map_entries || (self.children && self.types > MAX_NESTING)
    }
}
