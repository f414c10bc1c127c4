//! A server in place of DynamoDB that can misbehave: the test's function decides the reply to each request.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use y_dynamodb::table::dynamo::{DynamoConfig, DynamoTable, Endpoint, Timeouts};

use super::tables::config;

/// A request that the server received.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The operation, e.g. `PutItem`.
    pub operation: String,
    /// The `authorization` header.
    pub authorization: String,
    /// The JSON.
    pub body: String,
}

/// The operations of the requests, in order.
pub fn operations(asked: &[Asked]) -> Vec<&str> {
    asked.iter().map(|asked| asked.operation.as_str()).collect()
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Status and JSON.
    Json(u16, String),
    /// JSON after a delay.
    Late(Duration, String),
    /// Never answers, and keeps the connection open.
    Hang,
    /// Closes the connection without an answer.
    Close,
    /// Begins an answer and stops in the middle of it.
    Stall,
}

impl Reply {
    pub fn ok(json: &str) -> Self {
        Reply::Json(200, json.to_owned())
    }

    /// An error as DynamoDB writes it.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let json = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":{message:?}}}"#);
        Reply::Json(status, json)
    }

    pub fn throttle() -> Self {
        Reply::error(400, "ProvisionedThroughputExceededException", "The level of throughput was exceeded.")
    }
}

/// The answer to DescribeTable for our keys.
pub fn described(status: &str) -> Reply {
    described_with(status, "")
}

/// The same with `more` fields: JSON with a comma after each field.
pub fn described_with(status: &str, more: &str) -> Reply {
    Reply::ok(&format!(
        r#"{{"Table":{{{more}"TableName":"t","TableStatus":"{status}",
        "KeySchema":[{{"AttributeName":"ydocname","KeyType":"HASH"}},{{"AttributeName":"ykeysort","KeyType":"RANGE"}}],
        "AttributeDefinitions":[{{"AttributeName":"ydocname","AttributeType":"S"}},
        {{"AttributeName":"ykeysort","AttributeType":"B"}}]}}}}"#
    ))
}

/// The server. It stops when this value is dropped.
pub struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    sockets: Arc<Sockets>,
    task: JoinHandle<()>,
}

/// The connections that are open at the server.
#[derive(Default)]
struct Sockets {
    open: AtomicUsize,
    peak: AtomicUsize,
    opened: AtomicUsize,
}

impl Sockets {
    fn opens(&self) {
        self.opened.fetch_add(1, SeqCst);
        self.peak.fetch_max(self.open.fetch_add(1, SeqCst) + 1, SeqCst);
    }
}

impl Server {
    /// Listens on a free port. `reply` gets each request with its number, from 0.
    pub async fn start(reply: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (reply, log) = (Arc::new(reply), Arc::clone(&asked));
        let sockets = Arc::<Sockets>::default();
        let counts = Arc::clone(&sockets);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counts.opens();
                let (reply, log, counts) = (Arc::clone(&reply), Arc::clone(&log), Arc::clone(&counts));
                tokio::spawn(async move {
                    serve(BufReader::new(stream), &*reply, &log).await;
                    counts.open.fetch_sub(1, SeqCst);
                });
            }
        });
        Server { port, asked, sockets, task }
    }

    /// The number of open connections.
    pub fn open(&self) -> usize {
        self.sockets.open.load(SeqCst)
    }

    /// The largest number of connections open at one time.
    pub fn peak(&self) -> usize {
        self.sockets.peak.load(SeqCst)
    }

    /// The number of connections opened so far.
    pub fn opened(&self) -> usize {
        self.sockets.opened.load(SeqCst)
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::Url(format!("http://127.0.0.1:{}", self.port))
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: BufReader<TcpStream>,
    reply: &(impl Fn(usize, &Asked) -> Reply + Send + Sync),
    log: &Mutex<Vec<Asked>>,
) {
    while let Some(request) = read(&mut stream).await {
        let n = {
            let mut log = log.lock().unwrap();
            log.push(request.clone());
            log.len() - 1
        };
        if !answer(&mut stream, reply(n, &request)).await {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let (mut length, mut operation, mut authorization) = (0, String::new(), String::new());
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(": ") else { continue };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "x-amz-target" => operation = value.rsplit('.').next().unwrap().to_owned(),
            "authorization" => authorization = value.to_owned(),
            _ => (),
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Asked { operation, authorization, body: String::from_utf8(body).unwrap() })
}

/// Returns whether the connection stays open.
async fn answer(stream: &mut BufReader<TcpStream>, reply: Reply) -> bool {
    let head = |status, length| {
        format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\n\
             x-amzn-requestid: REQUEST-ID\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    match reply {
        Reply::Json(status, json) => {
            let text = head(status, json.len()) + &json;
            stream.get_mut().write_all(text.as_bytes()).await.is_ok()
        }
        Reply::Late(after, json) => {
            tokio::time::sleep(after).await;
            let text = head(200, json.len()) + &json;
            stream.get_mut().write_all(text.as_bytes()).await.is_ok()
        }
        Reply::Close => false,
        Reply::Stall => {
            let text = head(200, 1_000) + "{";
            stream.get_mut().write_all(text.as_bytes()).await.unwrap();
            until_left(stream).await
        }
        Reply::Hang => until_left(stream).await,
    }
}

/// Waits until the client closes the connection.
async fn until_left(stream: &mut BufReader<TcpStream>) -> bool {
    let mut rest = Vec::new();
    // The client may close or reset the connection.
    let _ = stream.read_to_end(&mut rest).await;
    false
}

/// A server that replies so, and a table on it, which makes up to three attempts of 300 ms within `operation`.
pub async fn against_for(
    operation: Duration,
    reply: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static,
) -> (Server, DynamoTable) {
    let server = Server::start(reply).await;
    let timeouts = Timeouts { request: Duration::from_millis(300), operation, ..Timeouts::default() };
    let config = DynamoConfig { timeouts, max_attempts: 3, ..config(server.endpoint()) };
    (server, DynamoTable::new(config).unwrap())
}
