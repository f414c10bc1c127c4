//! Overwrites of open items by the DynamoDB adapter: what each answer means, also from a server that does not return the item
//! with the failed condition.

#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod table_support;

use std::time::Duration;

use table_support::doc;
use table_support::server::{Asked, Reply, Server, against_for, operations};
use table_support::suite::{open, version};
use y_dynamodb::error::Result;
use y_dynamodb::table::dynamo::DynamoTable;
use y_dynamodb::table::{Operation, Table};

/// Version 1, which the request replaces; version 2, which it writes; and another one, in base64.
const REPLACED: &str = "AQEBAQEBAQE=";
const WRITTEN: &str = "AgICAgICAgI=";
const ANOTHER: &str = "CQkJCQkJCQk=";

async fn against(reply: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> (Server, DynamoTable) {
    against_for(Duration::from_millis(3_000), reply).await
}

/// Puts version 2 over version 1.
async fn overwrite(table: &DynamoTable) -> Result<bool> {
    table.put_over(&doc("doc"), open(1, b"ab", 2), version(1)).await
}

fn attributes(version: &str) -> String {
    format!(
        r#""Item":{{"ydocname":{{"S":"doc"}},"ykeysort":{{"B":"AA=="}},"value":{{"B":"AA=="}},"version":{{"B":"{version}"}}}}"#
    )
}

/// The condition failed. With the item that is there, if there is a version.
fn refused(there: Option<&str>) -> Reply {
    let item = there.map(|version| format!(",{}", attributes(version))).unwrap_or_default();
    let code = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    Reply::Json(400, format!(r#"{{"__type":"{code}","message":"The conditional request failed"{item}}}"#))
}

/// The answer to GetItem.
fn found(there: Option<&str>) -> Reply {
    Reply::ok(&format!("{{{}}}", there.map(attributes).unwrap_or_default()))
}

#[tokio::test]
async fn the_request_names_the_version_that_it_replaces_and_wants_the_item_that_is_there() {
    let (server, table) = against(|_, _| Reply::ok("{}")).await;
    assert!(overwrite(&table).await.unwrap());
    let asked = server.asked();
    assert_eq!(operations(&asked), ["PutItem"]);
    let body = &asked[0].body;
    assert!(body.contains(r#""ReturnValuesOnConditionCheckFailure":"ALL_OLD""#), "{body}");
    let condition = body.split_once(r#""ExpressionAttributeValues""#).unwrap().1;
    assert!(condition.contains(REPLACED) && body.contains(WRITTEN), "{body}");
}

#[tokio::test]
async fn a_returned_item_decides_without_another_request() {
    for (there, is_written) in [(WRITTEN, true), (ANOTHER, false)] {
        let (server, table) = against(move |_, _| refused(Some(there))).await;
        assert_eq!(overwrite(&table).await.unwrap(), is_written);
        assert_eq!(operations(&server.asked()), ["PutItem"]);
    }
}

#[tokio::test]
async fn if_no_item_is_returned_a_strongly_consistent_read_decides() {
    for (there, is_written) in [(Some(WRITTEN), true), (Some(ANOTHER), false), (None, false)] {
        let (server, table) = against(move |n, _| if n == 0 { refused(None) } else { found(there) }).await;
        assert_eq!(overwrite(&table).await.unwrap(), is_written, "{there:?}");
        let asked = server.asked();
        assert_eq!(operations(&asked), ["PutItem", "GetItem"]);
        assert!(asked[1].body.contains(r#""ConsistentRead":true"#), "{}", asked[1].body);
    }
}

#[tokio::test]
async fn if_that_read_fails_the_outcome_is_unknown() {
    let (server, table) =
        against(|n, _| if n == 0 { refused(None) } else { Reply::error(500, "InternalServerError", "") })
            .await;
    assert!(overwrite(&table).await.unwrap_err().code().is_retryable());
    assert_eq!(operations(&server.asked()), ["PutItem", "GetItem", "GetItem", "GetItem"]);
}

#[tokio::test]
async fn an_attempt_without_an_answer_is_found_by_the_next_one() {
    for lost in [Reply::Hang, Reply::Close, Reply::Stall] {
        for returns_item in [true, false] {
            let lost = lost.clone();
            let (server, table) = against(move |n, asked| match n {
                0 => lost.clone(),
                _ if asked.operation == "GetItem" => found(Some(WRITTEN)),
                _ => refused(returns_item.then_some(WRITTEN)),
            })
            .await;
            assert!(overwrite(&table).await.unwrap());
            let bodies: Vec<_> =
                server.asked().into_iter().filter(|asked| asked.operation == "PutItem").collect();
            assert_eq!(bodies.len(), 2);
            assert_eq!(bodies[0].body, bodies[1].body, "a retry sends the same version");
            // Its condition holds once at most, so nothing has to wait for it.
            assert!(table.late().puts_until(&doc("doc")).is_none());
        }
    }
}

#[tokio::test]
async fn without_any_answer_the_outcome_is_unknown() {
    for reply in [Reply::Hang, Reply::Close, Reply::throttle()] {
        let (server, table) = against(move |_, _| reply.clone()).await;
        let error = overwrite(&table).await.unwrap_err();
        assert!(error.code().is_retryable(), "{error}");
        assert!(operations(&server.asked()).iter().all(|operation| *operation == "PutItem"));
    }
}

#[tokio::test]
async fn the_read_after_a_failed_condition_is_counted() {
    let (_server, table) = against(|n, _| if n == 0 { refused(None) } else { found(None) }).await;
    assert!(!overwrite(&table).await.unwrap());
    let spent = table.meter().snapshot();
    assert_eq!(spent.of(Operation::PutItem).requests, 1);
    assert_eq!(spent.of(Operation::GetItem).requests, 1);
}
