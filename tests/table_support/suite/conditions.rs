//! Seals, conditional deletes, batches.

use y_dynamodb::error::Code;
use y_dynamodb::limits::MAX_BATCH_WRITES;
use y_dynamodb::table::DeleteIf;

use crate::table_support::tables::Metered;
use crate::table_support::{doc, head, item, key, updates};

pub async fn a_seal_needs_a_head(table: &impl Metered) {
    let d = doc("doc");
    table.put_new(&d, head(&d, 1, false)).await.unwrap();
    table.put_new(&d, item(&d, 2, b"no head")).await.unwrap();
    assert!(table.seal(&d, &key(&d, 1)).await.unwrap());
    assert!(table.seal(&d, &key(&d, 1)).await.unwrap(), "sealed already, still there");
    assert!(!table.seal(&d, &key(&d, 2)).await.unwrap());
    assert!(!table.seal(&d, &key(&d, 3)).await.unwrap());
    // The seal changes nothing else and creates no item.
    assert_eq!(table.query(&updates(&d)).await.unwrap().items, [head(&d, 1, true), item(&d, 2, b"no head")]);
}

pub async fn a_renewal_needs_a_head_that_is_not_sealed(table: &impl Metered) {
    let d = doc("doc");
    table.put_new(&d, head(&d, 1, false)).await.unwrap();
    table.put_new(&d, head(&d, 2, true)).await.unwrap();
    table.put_new(&d, item(&d, 3, b"no head")).await.unwrap();
    assert!(table.renew(&d, &key(&d, 1), 1_700_000_600_000).await.unwrap());
    for clock in [2, 3, 4] {
        assert!(!table.renew(&d, &key(&d, clock), 1_700_000_600_000).await.unwrap(), "{clock}");
    }
    let mut renewed = head(&d, 1, false);
    renewed.head.as_mut().unwrap().at = 1_700_000_600_000;
    // The renewal changes nothing else and creates no item.
    let items = table.query(&updates(&d)).await.unwrap().items;
    assert_eq!(items, [renewed, head(&d, 2, true), item(&d, 3, b"no head")]);
    assert!(table.seal(&d, &key(&d, 1)).await.unwrap());
}

pub async fn a_head_that_was_renewed_or_sealed_is_not_deleted_as_it_was(table: &impl Metered) {
    let d = doc("doc");
    let at = 1_700_000_000_000;
    for clock in 1..4 {
        table.put_new(&d, head(&d, clock, false)).await.unwrap();
    }
    table.put_new(&d, item(&d, 4, b"no head")).await.unwrap();
    table.renew(&d, &key(&d, 1), at + 1).await.unwrap();
    table.seal(&d, &key(&d, 2)).await.unwrap();
    let delete = async |clock| table.delete(&d, &key(&d, clock), DeleteIf::NotRenewed(at)).await.unwrap();
    assert!(!delete(1).await && !delete(2).await && !delete(4).await);
    assert!(delete(3).await);
    assert!(delete(5).await, "what is not there is deleted already");
    assert_eq!(table.query(&updates(&d)).await.unwrap().items.len(), 3);
}

pub async fn a_delete_says_whether_its_condition_held(table: &impl Metered) {
    let d = doc("doc");
    let value_is = |value: &[u8]| DeleteIf::ValueIs(value.to_vec());
    table.put_new(&d, item(&d, 1, b"value")).await.unwrap();
    table.put_new(&d, head(&d, 2, true)).await.unwrap();
    table.put_new(&d, head(&d, 3, false)).await.unwrap();
    table.put_new(&d, item(&d, 4, b"plain")).await.unwrap();
    let delete = async |clock, condition| table.delete(&d, &key(&d, clock), condition).await.unwrap();

    assert!(!delete(1, value_is(b"another")).await);
    assert!(!delete(1, value_is(b"")).await);
    assert!(!delete(2, DeleteIf::NotSealed).await);
    assert_eq!(table.query(&updates(&d)).await.unwrap().items.len(), 4, "nothing was deleted so far");

    assert!(delete(1, value_is(b"value")).await);
    assert!(delete(3, DeleteIf::NotSealed).await);
    assert!(delete(4, DeleteIf::NotSealed).await);
    assert!(delete(2, DeleteIf::Always).await);
    assert!(table.query(&updates(&d)).await.unwrap().items.is_empty());

    // A missing item counts as deleted.
    for condition in [DeleteIf::Always, DeleteIf::NotSealed, value_is(b"value")] {
        assert!(delete(1, condition).await);
    }
}

pub async fn a_value_of_no_bytes_can_be_a_condition(table: &impl Metered) {
    let d = doc("doc");
    table.put_new(&d, item(&d, 1, b"")).await.unwrap();
    assert!(!table.delete(&d, &key(&d, 1), DeleteIf::ValueIs(vec![0])).await.unwrap());
    assert!(table.delete(&d, &key(&d, 1), DeleteIf::ValueIs(Vec::new())).await.unwrap());
    assert_eq!(table.get(&d, &key(&d, 1)).await.unwrap(), None);
}

pub async fn a_batch_deletes_twenty_five_items(table: &impl Metered) {
    let d = doc("doc");
    let other = doc("doc1");
    for clock in 0..27 {
        table.put_new(&d, item(&d, clock, b"x")).await.unwrap();
    }
    table.put_new(&other, item(&other, 0, b"x")).await.unwrap();
    let keys: Vec<_> = (0..25).map(|clock| key(&d, clock)).collect();
    assert_eq!(table.delete_batch(&d, &keys).await.unwrap(), []);
    // Deletes them again, as after a lost answer.
    assert_eq!(table.delete_batch(&d, &keys).await.unwrap(), []);
    assert_eq!(table.query(&updates(&d)).await.unwrap().items, [item(&d, 25, b"x"), item(&d, 26, b"x")]);
    assert_eq!(table.query(&updates(&other)).await.unwrap().items.len(), 1);
    assert_eq!(table.delete_batch(&d, &[]).await.unwrap(), []);
}

pub async fn a_batch_over_the_limit_is_refused(table: &impl Metered) {
    let d = doc("doc");
    let keys: Vec<_> = (0..=MAX_BATCH_WRITES as u32).map(|clock| key(&d, clock)).collect();
    assert_eq!(table.delete_batch(&d, &keys).await.unwrap_err().code(), Code::InvalidArgument);
    let twice = [key(&d, 1), key(&d, 1)];
    assert_eq!(table.delete_batch(&d, &twice).await.unwrap_err().code(), Code::InvalidArgument);
}

pub async fn writers_at_once_get_one_item(table: &impl Metered) {
    let d = doc("doc");
    let put = |value: u8| table.put_new(&d, item(&d, 1, &[value]));
    let (a, b, c) = tokio::join!(put(1), put(2), put(3));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    let winner = table.get(&d, &key(&d, 1)).await.unwrap().unwrap().value.unwrap();
    assert!(matches!(winner.as_slice(), [1..=3]));
}
