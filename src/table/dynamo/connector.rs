//! One attempt of a request: waits for its turn, then sends the request and reads the whole response within the
//! request timeout.
//!
//! Wraps the HTTP client and replaces the SDK's own attempt timeout, which would include the wait for a turn and the
//! load of credentials.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_sdk_dynamodb::error::{BoxError, ConnectorError};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use tokio::time::Instant;

use super::place::Place;
use super::turns::TICKET;

/// DynamoDB refuses signatures older than 15 minutes. A request that waits longer than this is signed again.
const MAX_WAIT_SIGNED: Duration = Duration::from_mins(4);

/// Wraps `client`: each attempt waits for its turn and then has `limit`. `place` records the address of requests.
pub(super) fn bounded(client: SharedHttpClient, limit: Duration, place: Arc<Place>) -> SharedHttpClient {
    http_client_fn(move |settings: &HttpConnectorSettings, components: &RuntimeComponents| {
        let (inner, place) = (client.http_connector(settings, components), Arc::clone(&place));
        SharedHttpConnector::new(Bounded { inner, limit, place })
    })
}

#[derive(Debug)]
struct Bounded {
    inner: SharedHttpConnector,
    limit: Duration,
    place: Arc<Place>,
}

impl HttpConnector for Bounded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let ticket = TICKET.try_with(Clone::clone);
        self.place.set_address(request.uri());
        let (inner, limit) = (self.inner.clone(), self.limit);
        HttpConnectorFuture::new(async move {
            let ticket = ticket.map_err(|e| ConnectorError::user(e.into()))?;
            let signed = Instant::now();
            let slot = ticket.slot().await;
            let slot = slot.ok_or_else(|| ConnectorError::user("the table is gone".into()))?;
            if signed.elapsed() > MAX_WAIT_SIGNED {
                return Err(timed_out(format!("it waited {:?} for its turn", signed.elapsed())));
            }
            ticket.attempts().begin();
            let answer = tokio::time::timeout(limit, whole(inner.call(request))).await;
            let answer = answer.map_err(|_| timed_out(format!("no answer within {limit:?}")))?;
            if answer.is_ok() {
                slot.answered();
            }
            answer
        })
    }
}

/// Reads the body too, so that the slot is held until the connection is free again.
async fn whole(answer: HttpConnectorFuture) -> Result<HttpResponse, ConnectorError> {
    let mut answer = answer.await?;
    let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
    let body = ByteStream::new(body).collect().await.map_err(|e| ConnectorError::io(e.into()))?;
    *answer.body_mut() = SdkBody::from(body.into_bytes());
    Ok(answer)
}

fn timed_out(reason: String) -> ConnectorError {
    ConnectorError::timeout(BoxError::from(reason))
}
