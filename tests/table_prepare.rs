//! Which tables are used. A missing table is created, and one that is being created is waited for. A table with other
//! keys, or in a state that refuses requests, is refused. Asynchronous replicas are counted.

#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod table_support;

use std::time::{Duration, Instant};

use table_support::server::{Reply, Server, described, described_with, operations};
use table_support::tables::config;
use table_support::{doc, item};
use y_dynamodb::error::Code;
use y_dynamodb::table::Table;
use y_dynamodb::table::dynamo::{Billing, DynamoConfig, DynamoTable};

fn table_at(server: &Server) -> DynamoTable {
    DynamoTable::new(config(server.endpoint())).unwrap()
}

#[tokio::test]
async fn a_table_that_is_being_created_is_waited_for() {
    let begun = Instant::now();
    let server = Server::start(move |_, asked| match asked.operation.as_str() {
        "DescribeTable" if begun.elapsed() < Duration::from_secs(3) => described("CREATING"),
        "DescribeTable" => described("ACTIVE"),
        _ => Reply::throttle(),
    })
    .await;
    table_at(&server).prepare(false).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(3));
    assert!(operations(&server.asked()).iter().all(|operation| *operation == "DescribeTable"));
}

#[tokio::test]
async fn a_table_that_stays_in_creation_is_unavailable() {
    let server = Server::start(|_, _| described("CREATING")).await;
    let mut config = config(server.endpoint());
    config.timeouts.prepare = Duration::from_millis(1_200);
    let failure = DynamoTable::new(config).unwrap().prepare(true).await.unwrap_err();
    assert_eq!(failure.code(), Code::Unavailable);
    assert!(failure.message().contains("CREATING") && failure.message().contains("1200 ms"), "{failure}");
}

#[tokio::test]
async fn a_missing_table_is_created_with_the_billing_asked_for() {
    for (billing, sent) in [
        (Billing::OnDemand, "\"BillingMode\":\"PAY_PER_REQUEST\""),
        (
            Billing::Provisioned { read_units: 7, write_units: 9 },
            "\"ReadCapacityUnits\":7,\"WriteCapacityUnits\":9",
        ),
    ] {
        let server = Server::start(|n, asked| match (n, asked.operation.as_str()) {
            // DescribeTable may not find the table at once after it was created.
            (0 | 2, "DescribeTable") => Reply::error(400, "ResourceNotFoundException", "Not found"),
            (_, "DescribeTable") => described("ACTIVE"),
            // Another process was faster.
            _ => Reply::error(400, "ResourceInUseException", "It exists"),
        })
        .await;
        let config = DynamoConfig { billing, ..config(server.endpoint()) };
        DynamoTable::new(config).unwrap().prepare(true).await.unwrap();
        let asked = server.asked();
        assert_eq!(operations(&asked), ["DescribeTable", "CreateTable", "DescribeTable", "DescribeTable"]);
        assert!(asked[1].body.contains(sent), "{}", asked[1].body);
    }
}

#[tokio::test]
async fn a_missing_table_is_said_to_be_missing() {
    let server = Server::start(|_, _| Reply::error(400, "ResourceNotFoundException", "Not found")).await;
    let table = table_at(&server);
    let failure = table.prepare(false).await.unwrap_err();
    assert_eq!((failure.code(), server.asked().len()), (Code::Table, 1));
    let DynamoConfig { table_name, endpoint, .. } = table.config();
    let subject = format!("table '{table_name}' at {endpoint} in region eu-west-1 does not exist");
    assert!(failure.message().starts_with(&subject), "{failure}");
    let d = doc("doc");
    assert_eq!(table.put_new(&d, item(&d, 1, b"x")).await.unwrap_err().code(), Code::Table);
}

#[tokio::test]
async fn a_table_with_other_keys_is_refused() {
    let other = r#"{"Table":{"TableStatus":"ACTIVE","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
        "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]}}"#;
    let ours = match described("ACTIVE") {
        Reply::Json(_, json) => json,
        _ => unreachable!(),
    };
    let text_key = ours.replace("\"AttributeType\":\"B\"", "\"AttributeType\":\"S\"");
    for (json, found) in [(other, "HASH 'id' (S)"), (&text_key, "RANGE 'ykeysort' (S)")] {
        let reply = Reply::ok(json);
        let server = Server::start(move |_, _| reply.clone()).await;
        let failure = table_at(&server).prepare(true).await.unwrap_err();
        assert_eq!(failure.code(), Code::Table);
        assert!(
            failure.message().contains(found) && failure.message().contains("'ykeysort' (B)"),
            "{failure}"
        );
        assert_eq!(server.asked().len(), 1, "nothing was created");
    }
}

#[tokio::test]
async fn a_table_that_takes_requests_is_used_whatever_its_state() {
    for status in ["ACTIVE", "UPDATING", "REPLICATION_NOT_AUTHORIZED", "A_STATE_OF_LATER_YEARS"] {
        let server = Server::start(move |_, _| described(status)).await;
        table_at(&server).prepare(true).await.unwrap();
        assert_eq!(operations(&server.asked()), ["DescribeTable"], "{status}");
    }
}

#[tokio::test]
async fn a_table_that_refuses_requests_is_refused_with_its_cure() {
    for (status, create, cure) in [
        ("ARCHIVING", true, "backup"),
        ("ARCHIVED", true, "backup"),
        ("INACCESSIBLE_ENCRYPTION_CREDENTIALS", true, "KMS key"),
        ("DELETING", false, "another table"),
    ] {
        let server = Server::start(move |_, _| described(status)).await;
        let failure = table_at(&server).prepare(create).await.unwrap_err();
        assert_eq!(failure.code(), Code::Table, "{failure}");
        assert!(failure.message().contains(status) && failure.message().contains(cure), "{failure}");
    }
}

#[tokio::test]
async fn only_asynchronous_replicas_are_counted() {
    let replicas =
        |status: &str| format!(r#""Replicas":[{{"RegionName":"eu-west-3","ReplicaStatus":"{status}"}}],"#);
    let strong = r#""MultiRegionConsistency":"STRONG","#;
    for (more, count) in [
        (String::new(), 0),
        (replicas("ACTIVE"), 1),
        (replicas("REPLICATION_NOT_AUTHORIZED"), 1),
        (replicas("ACTIVE") + r#""MultiRegionConsistency":"EVENTUAL","#, 1),
        (replicas("ACTIVE") + strong, 0),
    ] {
        let shown = more.clone();
        let server = Server::start(move |_, _| described_with("ACTIVE", &shown)).await;
        let table = table_at(&server);
        assert_eq!(table.replicas(), 0);
        table.prepare(false).await.unwrap();
        assert_eq!(table.replicas(), count, "{more}");
    }
}
