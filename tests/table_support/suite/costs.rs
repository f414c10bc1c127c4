//! The costs of requests, according to the meter.

use y_dynamodb::limits::MAX_ITEM_BYTES;
use y_dynamodb::table::meter::Cost;
use y_dynamodb::table::size::item_bytes;
use y_dynamodb::table::{DeleteIf, Operation};

use crate::table_support::tables::Metered;
use crate::table_support::{doc, head, item, key, updates};

pub async fn an_existing_table_is_prepared_with_one_request(table: &impl Metered) {
    let before = table.meter_of().snapshot();
    table.prepare(true).await.unwrap();
    table.prepare(false).await.unwrap();
    let spent = table.meter_of().snapshot() - before;
    assert_eq!(spent.of(Operation::DescribeTable).requests, 2);
    assert_eq!(spent.total().requests, 2);
}

/// Capacity units of each step: writes by started KiB, strong reads by started 4 KiB of the whole page.
pub async fn capacity_is_what_the_rules_say(table: &impl Metered) {
    let d = doc("doc");
    let room = MAX_ITEM_BYTES - item_bytes(&d, &item(&d, 1, b""));
    let mut before = table.meter_of().snapshot();
    let mut spent = |operation: Operation| {
        let now = table.meter_of().snapshot();
        let cost = (now - before).of(operation);
        assert_eq!((now - before).total(), cost, "{operation:?} and nothing else");
        before = now;
        cost
    };
    let writes = |requests, write_units| Cost { requests, write_units, ..Cost::default() };
    let reads = |requests, read_units| Cost { requests, read_units, ..Cost::default() };

    table.put_new(&d, item(&d, 1, &vec![1; room])).await.unwrap();
    assert_eq!(spent(Operation::PutItem), writes(1, 400.0));
    table.put_new(&d, item(&d, 2, &[1])).await.unwrap();
    table.put_new(&d, item(&d, 3, &[1; 1_000])).await.unwrap();
    table.put_new(&d, item(&d, 4, &[1; 3_000])).await.unwrap();
    table.put_new(&d, head(&d, 5, false)).await.unwrap();
    assert_eq!(spent(Operation::PutItem), writes(4, 1.0 + 2.0 + 3.0 + 1.0));

    table.get(&d, &key(&d, 1)).await.unwrap();
    assert_eq!(spent(Operation::GetItem), reads(1, 100.0));
    table.get(&d, &key(&d, 2)).await.unwrap();
    table.get(&d, &key(&d, 9)).await.unwrap();
    assert_eq!(spent(Operation::GetItem), reads(2, 2.0));

    // 409,600 + about 4,300 bytes.
    table.query(&updates(&d)).await.unwrap();
    assert_eq!(spent(Operation::Query), reads(1, 102.0));
    table.query_keys(&updates(&d)).await.unwrap();
    assert_eq!(spent(Operation::Query), reads(1, 102.0));

    table.seal(&d, &key(&d, 5)).await.unwrap();
    assert_eq!(spent(Operation::UpdateItem), writes(1, 1.0));
    table.delete(&d, &key(&d, 1), DeleteIf::Always).await.unwrap();
    table.delete(&d, &key(&d, 9), DeleteIf::Always).await.unwrap();
    assert_eq!(spent(Operation::DeleteItem), writes(2, 401.0));
    // Missing keys are left out: DynamoDB Local counts 2 for one in a batch, and 1 for one alone.
    table.delete_batch(&d, &[key(&d, 2), key(&d, 3), key(&d, 4)]).await.unwrap();
    assert_eq!(spent(Operation::BatchWriteItem), writes(1, 1.0 + 2.0 + 3.0));
}
