//! The embedded endpoints: which tables share a database, and which error is reported if it cannot be opened.

#![cfg(feature = "embedded")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod table_support;

use std::path::{Path, PathBuf};
use std::process::Command;

use table_support::tables::{config, fresh_name};
use table_support::{doc, item, key, updates};
use y_dynamodb::error::Code;
use y_dynamodb::table::Table;
use y_dynamodb::table::dynamo::{DynamoConfig, DynamoTable, Endpoint};

/// The table `documents` at `endpoint`. It needs neither region nor credentials.
async fn documents(endpoint: Endpoint) -> DynamoTable {
    let table = DynamoTable::new(DynamoConfig { endpoint, ..DynamoConfig::new("documents") }).unwrap();
    table.prepare(true).await.unwrap();
    table
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(fresh_name())
}

async fn holds(table: &DynamoTable) -> bool {
    table.get(&doc("doc"), &key(&doc("doc"), 1)).await.unwrap().is_some()
}

async fn fill(table: &DynamoTable) {
    let d = doc("doc");
    table.put_new(&d, item(&d, 1, b"x")).await.unwrap();
}

#[tokio::test]
async fn a_memory_without_a_name_is_private() {
    let table = documents(Endpoint::Memory(None)).await;
    fill(&table).await;
    assert!(holds(&table.clone()).await);
    assert!(!holds(&documents(Endpoint::Memory(None)).await).await);
}

#[tokio::test]
async fn a_memory_with_a_name_is_shared_and_outlives_its_tables() {
    let name = fresh_name();
    fill(&documents(Endpoint::Memory(Some(name.clone()))).await).await;
    assert!(holds(&documents(Endpoint::Memory(Some(name.clone()))).await).await);
    assert!(!holds(&documents(Endpoint::Memory(Some(name + "2"))).await).await);
}

#[tokio::test]
async fn a_file_is_one_database_under_each_of_its_names() {
    let path = path();
    fill(&documents(Endpoint::File(path.clone())).await).await;
    let detour =
        path.parent().unwrap().join(".").join("..").join(path.parent().unwrap().file_name().unwrap());
    let same = detour.join(path.file_name().unwrap());
    assert_ne!(same, path);
    let (one, other) = (documents(Endpoint::File(path)).await, documents(Endpoint::File(same)).await);
    assert!(holds(&one).await && holds(&other).await);
    // Both write at once: one database, one lock.
    let d = doc("doc");
    for clock in 2..20 {
        let (a, b) = tokio::join!(
            one.put_new(&d, item(&d, clock, b"x")),
            other.put_new(&d, item(&d, clock + 100, b"x"))
        );
        a.unwrap();
        b.unwrap();
    }
}

/// The names of the files in the directory of `path`.
fn beside(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path.parent().unwrap()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The path of a file in a directory of its own.
fn path_alone() -> PathBuf {
    let directory = path();
    std::fs::create_dir(&directory).unwrap();
    directory.join("docs.db")
}

#[tokio::test]
async fn a_file_that_its_last_table_closed_holds_everything() {
    let path = path_alone();
    let (one, other) =
        (documents(Endpoint::File(path.clone())).await, documents(Endpoint::File(path.clone())).await);
    fill(&one).await;
    one.close().await;
    assert!(holds(&other).await, "the table that is still open is not harmed");
    other.close().await;
    assert_eq!(beside(&path), ["docs.db"]);
    let copy = path.with_file_name("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    for file in [copy, path.clone()] {
        let table = documents(Endpoint::File(file)).await;
        assert!(holds(&table).await);
        table.close().await;
    }
    assert_eq!(beside(&path), ["copy.db", "docs.db"]);
}

/// The check of the table opens the file in the background.
#[tokio::test]
async fn a_table_that_is_closed_at_once_leaves_no_open_file() {
    let path = path_alone();
    for _ in 0..20 {
        let endpoint = Endpoint::File(path.clone());
        let table = DynamoTable::new(DynamoConfig { endpoint, ..DynamoConfig::new("documents") }).unwrap();
        let preparing = tokio::spawn({
            let table = table.clone();
            async move { table.prepare(true).await }
        });
        tokio::task::yield_now().await;
        table.close().await;
        assert!(beside(&path).iter().all(|name| name == "docs.db"), "{:?}", beside(&path));
        assert!(!matches!(preparing.await.unwrap(), Err(e) if e.code() != Code::Closed));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_can_be_opened_while_it_is_closed() {
    let path = path_alone();
    let work = async |n: u32| {
        for clock in 0..20 {
            let table = documents(Endpoint::File(path.clone())).await;
            let d = doc("doc");
            table.put_new(&d, item(&d, n * 100 + clock, b"x")).await.unwrap();
            table.close().await;
        }
    };
    tokio::join!(work(1), work(2), work(3));
    assert_eq!(beside(&path), ["docs.db"]);
    let table = documents(Endpoint::File(path)).await;
    assert_eq!(table.query_keys(&updates(&doc("doc"))).await.unwrap().items.len(), 60);
}

/// Writes in a separate process, which ends without closing anything.
#[tokio::test]
async fn a_file_outlives_its_process() {
    if let Some(path) = std::env::var_os("Y_DYNAMODB_TEST_FILE") {
        fill(&documents(Endpoint::File(path.into())).await).await;
        std::process::abort();
    }
    let path = path();
    let mut child = Command::new(std::env::current_exe().unwrap());
    let output = child
        .args(["a_file_outlives_its_process", "--exact"])
        .env("Y_DYNAMODB_TEST_FILE", &path)
        .output()
        .unwrap();
    assert!(!output.status.success(), "it aborts");
    assert!(holds(&documents(Endpoint::File(path)).await).await);
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_a_wrong_argument() {
    let directory = path();
    let text = directory.with_extension("txt");
    std::fs::write(&text, "this is no database, and it is longer than one hundred bytes: ".repeat(4))
        .unwrap();
    std::fs::create_dir(&directory).unwrap();
    for wrong in [directory.join("missing").join("x.db"), directory, text] {
        let endpoint = Endpoint::File(wrong.clone());
        let table = DynamoTable::new(DynamoConfig { endpoint, ..DynamoConfig::new("documents") }).unwrap();
        let failure = table.prepare(true).await.unwrap_err();
        assert_eq!(failure.code(), Code::InvalidArgument, "{}: {failure}", wrong.display());
        assert!(failure.cause().is_some());
    }
}

#[tokio::test]
async fn a_table_that_was_not_created_is_missing() {
    let table = DynamoTable::new(config(Endpoint::Memory(None))).unwrap();
    let d = doc("doc");
    let failures = [
        table.prepare(false).await.unwrap_err(),
        table.put_new(&d, item(&d, 1, b"x")).await.unwrap_err(),
        table.get(&d, &key(&d, 1)).await.unwrap_err(),
        table.scan(1, None).await.unwrap_err(),
        table.delete_batch(&d, &[key(&d, 1)]).await.unwrap_err(),
    ];
    for failure in failures {
        assert_eq!(failure.code(), Code::Table, "{failure}");
        assert!(failure.message().contains(&table.config().table_name), "{failure}");
    }
    table.prepare(true).await.unwrap();
    fill(&table).await;
}
