//! Merges the sections of an update in which a client has several.

use super::growth::push;
use super::invalid_update::InvalidUpdate;
use super::merge::merge;
use super::options::MergeOptions;
use super::scan::{Struct, Visitor, scan_sections};
use crate::codec::varint::write_varuint;

/// The update in which each client has one section with all of its ids.
pub(super) fn merge_sections(update: &[u8]) -> Result<Vec<u8>, InvalidUpdate> {
    let mut split = Split { update, updates: Vec::new(), section: (0, 0, 0) };
    scan_sections(update, &mut split)?;
    merge(&split.updates, MergeOptions { squash: false, gc: false, whole_log: false })
}

/// Makes an update of each section, and one of the delete set.
struct Split<'a> {
    update: &'a [u8],
    updates: Vec<Vec<u8>>,
    /// The current section: the offset of its client, the offset after its last struct, the number of its structs.
    section: (usize, usize, u64),
}

impl Split<'_> {
    fn end_section(&mut self) {
        let (from, to, structs) = std::mem::take(&mut self.section);
        if structs > 0 {
            let mut section = vec![1];
            write_varuint(&mut section, structs);
            section.extend_from_slice(self.update.get(from..to).unwrap_or_default());
            section.push(0);
            push(&mut self.updates, section);
        }
    }
}

impl Visitor for Split<'_> {
    fn section(&mut self, _client: u64, _clock: u64, offset: usize) {
        self.end_section();
        self.section = (offset, offset, 0);
    }

    fn visit(&mut self, s: Struct) {
        let (_, end, structs) = &mut self.section;
        (*end, *structs) = (s.end, *structs + 1);
    }

    fn delete_set(&mut self, offset: usize) {
        self.end_section();
        let mut deletions = vec![0];
        deletions.extend_from_slice(self.update.get(offset..).unwrap_or_default());
        push(&mut self.updates, deletions);
    }
}
