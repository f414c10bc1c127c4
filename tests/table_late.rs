//! The attempts that the DynamoDB adapter records as writes that may still arrive: those without an answer from
//! DynamoDB.

#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod table_support;

use std::time::Duration;

use table_support::server::{Asked, Reply, Server, against_for};
use table_support::{doc, item, key};
use y_dynamodb::codec::SortKey;
use y_dynamodb::table::dynamo::DynamoTable;
use y_dynamodb::table::{DeleteIf, Item, Table};

async fn against(reply: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> (Server, DynamoTable) {
    against_for(Duration::from_millis(1_500), reply).await
}

fn meta() -> Item {
    Item::plain(SortKey::meta(&doc("doc"), "k"), vec![1])
}

fn condition_failed() -> Reply {
    Reply::error(400, "ConditionalCheckFailedException", "The conditional request failed")
}

#[tokio::test]
async fn a_put_with_an_attempt_that_got_no_answer_may_still_arrive() {
    let first = [Reply::Hang, Reply::Close, Reply::Stall, Reply::Json(504, "<html>".into())];
    for lost in first {
        let what = format!("{lost:?}");
        let (_server, table) = against(move |n, _| if n == 0 { lost.clone() } else { Reply::ok("{}") }).await;
        let d = doc("doc");
        table.put(&d, meta()).await.unwrap();
        assert!(table.late().puts_until(&d).is_some(), "{what}");
        assert!(table.late().writes_until(&d, &meta().key).is_some(), "{what}");
        assert!(table.late().puts_until(&doc("other")).is_none());
    }
}

#[tokio::test]
async fn a_put_that_the_operation_timeout_cuts_off_may_still_arrive() {
    let (_server, table) = against(|_, _| Reply::Hang).await;
    let d = doc("doc");
    table.put_new(&d, item(&d, 1, b"x")).await.unwrap_err();
    assert!(table.late().puts_until(&d).is_some());
}

#[tokio::test]
async fn a_write_whose_every_attempt_was_answered_is_over() {
    let replies = [
        Reply::throttle(),
        Reply::error(500, "InternalServerError", ""),
        Reply::error(400, "AccessDeniedException", ""),
    ];
    for reply in replies {
        let (_server, table) =
            against(move |n, _| if n == 0 { reply.clone() } else { Reply::ok("{}") }).await;
        let d = doc("doc");
        // The request is denied, or stored by the second attempt.
        let _ = table.put(&d, meta()).await;
        assert!(table.late().writes_until(&d, &meta().key).is_none());
    }
}

#[tokio::test]
async fn an_attempt_that_the_next_one_finds_has_arrived() {
    let (_server, table) = against(|n, _| if n == 0 { Reply::Close } else { condition_failed() }).await;
    let d = doc("doc");
    table.put_new(&d, item(&d, 1, b"x")).await.unwrap();
    assert!(table.late().puts_until(&d).is_none());

    // The item that the third attempt finds comes from only one of the two lost attempts.
    let (_server, table) = against(|n, _| if n < 2 { Reply::Close } else { condition_failed() }).await;
    table.put_new(&d, item(&d, 1, b"x")).await.unwrap();
    assert!(table.late().puts_until(&d).is_some());
}

#[tokio::test]
async fn a_delete_may_still_arrive_at_a_key_that_is_used_again() {
    let (_server, table) = against(|n, _| if n % 2 == 0 { Reply::Close } else { Reply::ok("{}") }).await;
    let d = doc("doc");
    table.delete(&d, &meta().key, DeleteIf::Always).await.unwrap();
    assert!(table.late().writes_until(&d, &meta().key).is_some());
    assert!(table.late().puts_until(&d).is_none(), "it brings nothing back");
    let other = SortKey::meta(&d, "other");
    table.delete_batch(&d, &[other.clone(), key(&d, 1)]).await.unwrap();
    assert!(table.late().writes_until(&d, &other).is_some());
    assert!(table.late().writes_until(&d, &key(&d, 1)).is_none());
}

#[tokio::test]
async fn a_request_that_could_not_be_made_does_not_arrive() {
    let (_server, table) = against(|_, _| Reply::Close).await;
    let d = doc("doc");
    let too_large = Item { value: Some(vec![0; 500_000]), ..meta() };
    table.put(&d, too_large).await.unwrap_err();
    assert!(table.late().puts_until(&d).is_none());
}
