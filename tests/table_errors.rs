//! How the DynamoDB adapter reports failures: in time, with the code that tells the caller what to do, and without
//! secrets in the text.

#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod table_support;

use std::time::{Duration, Instant};

use table_support::server::{Reply, Server, operations};
use table_support::tables::config;
use table_support::{doc, item, key, updates};
use y_dynamodb::error::{Code, Error};
use y_dynamodb::table::dynamo::{DynamoConfig, DynamoTable, Endpoint, Timeouts};
use y_dynamodb::table::{Operation, Table};

const REQUEST: Duration = Duration::from_millis(300);
const OPERATION: Duration = Duration::from_millis(1_500);
/// The delay that a busy machine may add.
const SLACK: Duration = Duration::from_millis(1_500);

fn impatient(endpoint: Endpoint) -> DynamoConfig {
    let timeouts =
        Timeouts { request: REQUEST, operation: OPERATION, connect: REQUEST, ..Timeouts::default() };
    DynamoConfig { timeouts, ..config(endpoint) }
}

fn table_at(server: &Server) -> DynamoTable {
    DynamoTable::new(impatient(server.endpoint())).unwrap()
}

/// The failure of a put. It has to come in time and name operation, table, endpoint and region.
async fn failed_put(table: &DynamoTable) -> Error {
    let d = doc("doc");
    let begun = Instant::now();
    let failure = table.put_new(&d, item(&d, 1, b"content-of-the-update")).await.unwrap_err();
    assert!(begun.elapsed() < OPERATION + SLACK, "{:?}", begun.elapsed());
    let text = format!("{failure} {:?}", failure.cause());
    let DynamoConfig { table_name, endpoint, .. } = table.config();
    let subject = format!("PutItem on table '{table_name}' at {endpoint} in region eu-west-1");
    assert!(failure.message().starts_with(&subject), "{text}");
    assert!(!text.contains("content-of-the-update"), "{text}");
    failure
}

#[tokio::test]
async fn a_throttle_that_outlasts_the_attempts_is_throttled() {
    let server = Server::start(|_, _| Reply::throttle()).await;
    let config = DynamoConfig { max_attempts: 3, ..impatient(server.endpoint()) };
    let table = DynamoTable::new(config).unwrap();
    let failure = failed_put(&table).await;
    assert_eq!(failure.code(), Code::Throttled);
    assert_eq!(failure.request_id(), Some("REQUEST-ID"));
    assert!(failure.cause().unwrap().contains("ProvisionedThroughputExceededException"));
    assert!(failure.message().contains("3 of at most 3 attempts"), "{failure}");
    assert_eq!(server.asked().len(), 3);
    let cost = table.meter().snapshot().of(Operation::PutItem);
    assert_eq!((cost.requests, cost.retries, cost.failures), (1, 2, 1));
}

#[tokio::test]
async fn a_throttle_that_outlasts_the_operation_timeout_is_throttled() {
    for code in ["ThrottlingException", "RequestLimitExceeded"] {
        let server = Server::start(move |_, _| Reply::error(400, code, "Slow down.")).await;
        let config = DynamoConfig { max_attempts: 100, ..impatient(server.endpoint()) };
        let begun = Instant::now();
        let failure = failed_put(&DynamoTable::new(config).unwrap()).await;
        assert_eq!(failure.code(), Code::Throttled, "{failure}");
        assert!(begun.elapsed() >= OPERATION);
        assert!(server.asked().len() > 2);
        assert_eq!(failure.cause(), Some(code));
    }
}

#[tokio::test]
async fn one_throttled_document_leaves_retries_to_the_others() {
    let server = Server::start(|_, asked| {
        if asked.body.contains("\"throttled\"") {
            Reply::throttle()
        } else {
            Reply::error(500, "InternalServerError", "")
        }
    });
    let server = server.await;
    // The attempts end before the operation timeout, even on a busy machine.
    let config = DynamoConfig { max_attempts: 4, ..config(server.endpoint()) };
    let table = DynamoTable::new(config).unwrap();
    let hot = doc("throttled");
    let calls = (0..60).map(|clock| {
        let (table, hot) = (table.clone(), hot.clone());
        tokio::spawn(async move { table.put_new(&hot, item(&hot, clock, b"x")).await.unwrap_err().code() })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), Code::Throttled);
    }
    let before = server.asked().len();
    failed_put(&table).await;
    assert_eq!(server.asked().len() - before, 4, "all attempts of its own");
}

#[tokio::test]
async fn a_server_error_is_tried_again_and_then_unavailable() {
    let server = Server::start(|_, _| Reply::error(500, "InternalServerError", "Oops.")).await;
    let failure = failed_put(&table_at(&server)).await;
    assert_eq!(failure.code(), Code::Unavailable);
    assert!(failure.code().is_retryable());
    assert!(server.asked().len() > 2);

    let server =
        Server::start(|n, _| if n < 2 { Reply::Json(503, String::new()) } else { Reply::ok("{}") }).await;
    let table = table_at(&server);
    let d = doc("doc");
    table.put_new(&d, item(&d, 1, b"x")).await.unwrap();
    assert_eq!(table.meter().snapshot().of(Operation::PutItem).retries, 2);
}

#[tokio::test]
async fn a_denied_call_is_not_tried_again() {
    for code in
        ["AccessDeniedException", "UnrecognizedClientException", "MissingAuthenticationTokenException"]
    {
        let server = Server::start(move |_, _| Reply::error(400, code, "No.")).await;
        let failure = failed_put(&table_at(&server)).await;
        assert_eq!(failure.code(), Code::Access, "{code}");
        assert!(failure.message().contains("dynamodb:PutItem"), "{failure}");
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_as_invalid_tells_of_a_table_with_other_keys_and_an_unknown_one_is_internal() {
    for (name, code) in [("ValidationException", Code::Table), ("SomethingNew", Code::Internal)] {
        let server = Server::start(move |_, _| Reply::error(400, name, "What?")).await;
        let failure = failed_put(&table_at(&server)).await;
        assert_eq!((failure.code(), server.asked().len()), (code, 1));
        assert_eq!(failure.cause(), Some(format!("{name}: What?").as_str()));
    }
}

#[tokio::test]
async fn a_hanging_server_is_given_up_and_tried_again() {
    for reply in [Reply::Hang, Reply::Stall] {
        let shared = reply.clone();
        let server = Server::start(move |_, _| shared.clone()).await;
        let failure = failed_put(&table_at(&server)).await;
        assert_eq!(failure.code(), Code::Unavailable, "{reply:?}: {failure}");
        assert!(server.asked().len() > 1, "{reply:?}");

        let shared = reply.clone();
        let server = Server::start(move |n, _| if n == 0 { shared.clone() } else { Reply::ok("{}") }).await;
        let d = doc("doc");
        table_at(&server).put_new(&d, item(&d, 1, b"x")).await.unwrap();
        assert_eq!(server.asked().len(), 2, "{reply:?}");
    }
}

#[tokio::test]
async fn a_closed_connection_is_unavailable() {
    let server = Server::start(|_, _| Reply::Close).await;
    let failure = failed_put(&table_at(&server)).await;
    assert_eq!(failure.code(), Code::Unavailable);
    assert!(server.asked().len() > 1);
}

#[test]
fn what_cannot_be_reached_is_unavailable_and_says_why() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(nobody_answers());
    // The test does not wait for a slow resolver.
    runtime.shutdown_background();
}

async fn nobody_answers() {
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    for url in [format!("http://{nobody}"), "http://no-such-host.invalid:8000".to_owned()] {
        let table = DynamoTable::new(impatient(Endpoint::Url(url.clone()))).unwrap();
        let failure = failed_put(&table).await;
        assert_eq!(failure.code(), Code::Unavailable, "{failure}");
        assert!(failure.message().contains(&url), "{failure}");
        let cause = failure.cause().unwrap();
        assert!(cause.contains("refused") || cause.contains("dns") || cause.contains("lookup"), "{cause}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_a_success_when_the_write_had_arrived() {
    let server = Server::start(|n, _| match n {
        0 => Reply::Close,
        _ => Reply::error(400, "ConditionalCheckFailedException", "The conditional request failed"),
    })
    .await;
    let table = table_at(&server);
    let d = doc("doc");
    table.put_new(&d, item(&d, 1, b"x")).await.unwrap();
    assert_eq!(operations(&server.asked()), ["PutItem", "PutItem"]);
    assert!(server.asked()[0].body.contains("attribute_not_exists"));
    assert_eq!(table.meter().snapshot().of(Operation::PutItem).failures, 0);
}

#[tokio::test]
async fn an_unreadable_answer_is_unavailable() {
    let server = Server::start(|_, _| Reply::ok(r#"{"Items":[{"ydocname":"#)).await;
    let table = table_at(&server);
    let failure = table.query(&updates(&doc("doc"))).await.unwrap_err();
    assert_eq!(failure.code(), Code::Unavailable, "{failure} {:?}", failure.cause());
}

#[tokio::test]
async fn what_is_not_dynamodb_is_a_wrong_endpoint() {
    let server = Server::start(|_, _| Reply::Json(404, "<html>not found</html>".into())).await;
    let failure = failed_put(&table_at(&server)).await;
    assert_eq!(failure.code(), Code::InvalidArgument);
    assert!(failure.message().contains("endpoint"), "{failure}");
}

#[tokio::test]
async fn items_of_another_form_are_refused() {
    let items = r#"{"Items":[{"id":{"S":"x"}}]}"#;
    let server = Server::start(move |_, _| Reply::ok(items)).await;
    assert_eq!(table_at(&server).query(&updates(&doc("doc"))).await.unwrap_err().code(), Code::Table);
    assert_eq!(table_at(&server).scan(10, None).await.unwrap_err().code(), Code::Table);
}

#[tokio::test]
async fn unprocessed_deletes_are_handed_back() {
    let d = doc("doc");
    // The server first returns all keys as unprocessed, and then none.
    let server = Server::start(|n, asked| {
        let (_, items) = asked.body.split_once("\"RequestItems\":").unwrap();
        let (items, _) = items.split_once(",\"ReturnConsumedCapacity\"").unwrap();
        if n == 0 { Reply::ok(&format!("{{\"UnprocessedItems\":{items}}}")) } else { Reply::ok("{}") }
    })
    .await;
    let table = table_at(&server);
    let keys = [key(&d, 1), key(&d, 2), key(&d, 300)];
    assert_eq!(table.delete_batch(&d, &keys).await.unwrap(), keys);
    assert_eq!(table.delete_batch(&d, &keys).await.unwrap(), []);
}

#[tokio::test]
async fn every_read_is_strongly_consistent_and_limited() {
    let server = Server::start(|_, _| Reply::ok("{}")).await;
    let table = table_at(&server);
    let d = doc("doc");
    table.get(&d, &key(&d, 1)).await.unwrap();
    table.query(&updates(&d)).await.unwrap();
    table.query_keys(&updates(&d)).await.unwrap();
    table.scan(7, None).await.unwrap();
    table.scan_keys(7, None).await.unwrap();
    let asked = server.asked();
    assert_eq!(operations(&asked), ["GetItem", "Query", "Query", "Scan", "Scan"]);
    for asked in &asked {
        assert!(asked.body.contains("\"ConsistentRead\":true"), "{asked:?}");
        assert!(asked.body.contains("\"ReturnConsumedCapacity\":\"TOTAL\""), "{asked:?}");
        assert!(asked.operation == "GetItem" || asked.body.contains("\"Limit\":"), "{asked:?}");
    }
}
