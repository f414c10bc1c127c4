//! DynamoDB's limits, each with its unit. Source: the DynamoDB developer guide, "Quotas and limits".

/// The largest item: attribute names and values together, in bytes.
pub const MAX_ITEM_BYTES: usize = 409_600;

/// What one write unit pays for, in bytes of item.
pub const WRITE_UNIT_BYTES: usize = 1_024;

/// The longest sort key, in bytes.
pub const MAX_SORT_KEY_BYTES: usize = 1_024;

/// The longest partition key, in bytes.
pub const MAX_PARTITION_KEY_BYTES: usize = 2_048;

/// The largest page of a Query or Scan, in bytes of item.
pub const MAX_PAGE_BYTES: usize = 1_048_576;

/// The most writes in one BatchWriteItem.
pub const MAX_BATCH_WRITES: usize = 25;
