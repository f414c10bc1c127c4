//! The path of the recorded editing trace, a gzipped file. Before each update is its length, a u32 in little-endian order.

const DEFAULT_PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/b4-updates.bin.gz");

/// `Y_DYNAMODB_TRACE`, or the default path beside the clone. The file may be missing.
pub fn path() -> String {
    std::env::var("Y_DYNAMODB_TRACE").unwrap_or_else(|_| DEFAULT_PATH.to_owned())
}
