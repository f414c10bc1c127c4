//! DynamoDB's limits, each with its unit. Source: the DynamoDB developer guide, "Quotas and limits".

/// The maximum size of an item, in bytes: names and values of all attributes.
pub const MAX_ITEM_BYTES: usize = 409_600;

/// The bytes of an item that one write unit covers.
pub const WRITE_UNIT_BYTES: usize = 1_024;

/// The maximum length of a sort key, in bytes.
pub const MAX_SORT_KEY_BYTES: usize = 1_024;

/// The maximum length of a partition key, in bytes.
pub const MAX_PARTITION_KEY_BYTES: usize = 2_048;

/// The maximum size of a page of a Query or Scan, in bytes of its items.
pub const MAX_PAGE_BYTES: usize = 1_048_576;

/// The maximum number of writes in one BatchWriteItem.
pub const MAX_BATCH_WRITES: usize = 25;
