//! Shared by the fuzz targets: splits an input into byte strings, and lists the merge options.

use y_dynamodb::update::MergeOptions;

/// The merge options to test.
pub const OPTIONS: [MergeOptions; 4] = [
    MergeOptions { squash: true, gc: true, whole_log: true },
    MergeOptions { squash: true, gc: true, whole_log: false },
    MergeOptions { squash: true, gc: false, whole_log: false },
    MergeOptions { squash: false, gc: true, whole_log: false },
];

/// The byte strings of an input. Before each is its length, a u16 in little-endian order. The last can be shorter.
pub fn parts(mut input: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while let Some((length, rest)) = input.split_first_chunk::<2>() {
        let (part, after) = rest.split_at(rest.len().min(usize::from(u16::from_le_bytes(*length))));
        parts.push(part);
        input = after;
    }
    parts
}
