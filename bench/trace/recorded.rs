//! Where the recorded editing trace lies: each update behind its length, u32 little-endian; gzipped.

const BESIDE_THE_CLONE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/b4-updates.bin.gz");

/// The file that `Y_DYNAMODB_TRACE` names, else the one beside the clone. It need not be there.
pub fn path() -> String {
    std::env::var("Y_DYNAMODB_TRACE").unwrap_or_else(|_| BESIDE_THE_CLONE.to_owned())
}
