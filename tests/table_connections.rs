//! How many connections are open, who gets the next one, and what closes them.

#![cfg(feature = "aws")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod table_support;

use std::time::{Duration, Instant};

use table_support::server::{Asked, Reply, Server};
use table_support::tables::config;
use table_support::{doc, item};
use tokio::task::JoinSet;
use y_dynamodb::error::{Code, Error};
use y_dynamodb::table::dynamo::{DynamoConfig, DynamoTable};
use y_dynamodb::table::{Connections, Table};

/// The delay that a busy machine may add.
const SLACK: Duration = Duration::from_millis(2_500);

fn late(ms: u64) -> Reply {
    Reply::Late(Duration::from_millis(ms), "{}".to_owned())
}

fn table_with(server: &Server, max_connections: usize, operation_ms: u64) -> DynamoTable {
    let mut config = DynamoConfig { max_connections, ..config(server.endpoint()) };
    config.timeouts.operation = Duration::from_millis(operation_ms);
    config.timeouts.request = config.timeouts.operation / 2;
    DynamoTable::new(config).unwrap()
}

async fn put(table: DynamoTable, name: String) -> Result<(), Error> {
    let d = doc(&name);
    table.put_new(&d, item(&d, 1, b"x")).await
}

/// Puts to `n` documents at once.
fn puts(table: &DynamoTable, n: usize) -> JoinSet<Result<(), Error>> {
    (0..n).map(|i| put(table.clone(), format!("doc-{i}"))).collect()
}

fn is_of(asked: &Asked, name: &str) -> bool {
    asked.body.contains(&format!("\"{name}\""))
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(5), "{what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn no_more_connections_are_opened_than_allowed() {
    let server = Server::start(|_, _| late(5)).await;
    let table = table_with(&server, 16, 30_000);
    let results = puts(&table, 1_000).join_all().await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(server.asked().len(), 1_000);
    assert!((8..=18).contains(&server.peak()), "{} connections", server.peak());
}

#[tokio::test]
async fn documents_take_turns() {
    let server = Server::start(|_, _| late(1)).await;
    let table = table_with(&server, 4, 30_000);
    let mut busy: JoinSet<_> = (0..1_000).map(|_| put(table.clone(), "busy".to_owned())).collect();
    until("the busy document waits", || table.connections().waiting > 900).await;
    let before = server.asked().len();
    put(table.clone(), "calm".to_owned()).await.unwrap();
    let place = server.asked().iter().position(|asked| is_of(asked, "calm")).unwrap();
    assert!(place < before + 50, "at {place}, {before} were asked before");
    busy.shutdown().await;
}

#[tokio::test]
async fn waiting_for_a_turn_is_no_timeout_while_others_are_answered() {
    let server = Server::start(|_, _| late(200)).await;
    let table = table_with(&server, 1, 3_000);
    let begun = Instant::now();
    let results = puts(&table, 20).join_all().await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert!(begun.elapsed() >= Duration::from_secs(4), "one after the other");
}

/// The wait is longer than the SDK's limit for an upload without progress.
#[tokio::test]
async fn a_turn_may_be_waited_for_longer_than_an_upload_may_stall() {
    let server = Server::start(|n, _| late(if n == 0 { 6_500 } else { 1 })).await;
    let mut config = DynamoConfig { max_connections: 1, max_attempts: 1, ..config(server.endpoint()) };
    config.timeouts.request = Duration::from_secs(20);
    let table = DynamoTable::new(config).unwrap();
    assert!(puts(&table, 3).join_all().await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn all_that_wait_fail_together_when_nobody_is_answered() {
    let server = Server::start(|_, _| Reply::Hang).await;
    let table = table_with(&server, 2, 1_000);
    let mut calls = puts(&table, 200);
    until("some wait", || table.connections() == Connections { in_flight: 2, waiting: 198 }).await;
    let begun = Instant::now();
    while let Some(result) = calls.join_next().await {
        let failure = result.unwrap().unwrap_err();
        assert_eq!(failure.code(), Code::Unavailable, "{failure}");
    }
    assert!(begun.elapsed() < Duration::from_secs(2) + SLACK, "{:?}", begun.elapsed());
    assert_eq!(table.connections(), Connections::default());
}

#[tokio::test]
async fn a_request_that_was_never_sent_says_why() {
    let server = Server::start(|_, _| Reply::Hang).await;
    let table = table_with(&server, 1, 250);
    let calls = puts(&table, 20).join_all().await;
    let never_sent = |call: &&Result<(), Error>| {
        let failure = call.as_ref().unwrap_err();
        failure.message().contains("no connection became free, and no request was answered (0 of")
    };
    assert!(calls.iter().filter(never_sent).count() > 10, "{calls:?}");
}

/// Ten throttled documents back off, and there is only one connection.
#[tokio::test]
async fn a_document_that_backs_off_holds_no_connection() {
    let server =
        Server::start(|_, asked| if is_of(asked, "calm") { late(1) } else { Reply::throttle() }).await;
    let table = table_with(&server, 1, 2_000);
    let mut hot: JoinSet<_> = (0..10).map(|i| put(table.clone(), format!("hot-{i}"))).collect();
    until("the hot ones were throttled", || server.asked().len() > 40).await;
    let begun = Instant::now();
    for _ in 0..20 {
        put(table.clone(), "calm".to_owned()).await.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_millis(1_000), "{:?}", begun.elapsed());
    while let Some(result) = hot.join_next().await {
        assert_eq!(result.unwrap().unwrap_err().code(), Code::Throttled);
    }
}

#[tokio::test]
async fn a_request_that_hangs_gives_its_connection_back() {
    let server = Server::start(|_, asked| if is_of(asked, "slow") { Reply::Hang } else { late(1) }).await;
    let table = table_with(&server, 1, 5_000);
    let mut slow: JoinSet<_> = [put(table.clone(), "slow".to_owned())].into_iter().collect();
    until("the slow one is in flight", || server.asked().len() == 1).await;
    put(table.clone(), "calm".to_owned()).await.unwrap();
    slow.shutdown().await;
    until("no more than one stays open", || server.open() <= 1).await;
}

#[tokio::test]
async fn closing_closes_all_connections_of_its_table_only() {
    let server = Server::start(|_, _| late(20)).await;
    let (table, other) = (table_with(&server, 32, 30_000), table_with(&server, 32, 30_000));
    assert!(puts(&table, 40).join_all().await.iter().all(Result::is_ok));
    put(other.clone(), "doc".to_owned()).await.unwrap();
    until("the connections are there", || server.open() > 20).await;
    let opened = server.opened();
    table.close().await;
    until("one connection is left", || server.open() == 1).await;
    put(other, "doc".to_owned()).await.unwrap();
    assert_eq!((server.open(), server.opened()), (1, opened), "the other table kept its own");
    let asked = server.asked().len();
    assert_eq!(put(table, "doc".to_owned()).await.unwrap_err().code(), Code::Closed);
    assert_eq!(server.asked().len(), asked);
}

#[tokio::test]
async fn closing_ends_what_is_in_flight() {
    let server = Server::start(|_, _| Reply::Hang).await;
    let table = table_with(&server, 2, 30_000);
    let calls = puts(&table, 10);
    until("two are in flight", || server.asked().len() == 2).await;
    table.close().await;
    for result in calls.join_all().await {
        assert_eq!(result.unwrap_err().code(), Code::Closed);
    }
    until("all connections are closed", || server.open() == 0).await;
    assert_eq!(table.connections(), Connections::default());
}
