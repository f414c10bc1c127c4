//! A server that answers as DynamoDB would on a bad day: each request gets the reply that the test's function gives it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use y_dynamodb::table::dynamo::Endpoint;

/// What the server was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The operation, e.g. `PutItem`.
    pub operation: String,
    /// The `authorization` header.
    pub authorization: String,
    /// The JSON.
    pub body: String,
}

/// What the server does.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Status and JSON.
    Json(u16, String),
    /// Never answers, keeps the connection.
    Hang,
    /// Closes the connection without an answer.
    Close,
    /// Begins an answer and stops in the middle.
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
    Reply::ok(&format!(
        r#"{{"Table":{{"TableName":"t","TableStatus":"{status}",
        "KeySchema":[{{"AttributeName":"ydocname","KeyType":"HASH"}},{{"AttributeName":"ykeysort","KeyType":"RANGE"}}],
        "AttributeDefinitions":[{{"AttributeName":"ydocname","AttributeType":"S"}},{{"AttributeName":"ykeysort","AttributeType":"B"}}]}}}}"#
    ))
}

/// The server; ends with this value.
pub struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on a free port. `reply` gets each request with its number, from 0.
    pub async fn start(reply: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (reply, log) = (Arc::new(reply), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (reply, log) = (Arc::clone(&reply), Arc::clone(&log));
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
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
                });
            }
        });
        Server { port, asked, task }
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::Url(format!("http://127.0.0.1:{}", self.port))
    }

    /// Everything that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
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

/// Whether the connection goes on.
async fn answer(stream: &mut BufReader<TcpStream>, reply: Reply) -> bool {
    let head = |status, length| {
        format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\nx-amzn-requestid: REQUEST-ID\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    match reply {
        Reply::Json(status, json) => {
            let text = head(status, json.len()) + &json;
            stream.get_mut().write_all(text.as_bytes()).await.is_ok()
        }
        Reply::Close => false,
        Reply::Stall => {
            let text = head(200, 1_000) + "{";
            stream.get_mut().write_all(text.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_secs(60)).await;
            false
        }
        Reply::Hang => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            false
        }
    }
}
