//! Stops the processes of a simulation before and after every request.

use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;
use y_dynamodb::table::memory::{Fault, Hook, HookFuture, Request};

/// A request that waits for the scheduler.
pub struct PendingRequest {
    pub process: usize,
    /// `None` if it has been applied and waits for its answer.
    pub request: Option<Request>,
    go: oneshot::Sender<Fault>,
}

impl PendingRequest {
    /// Continues it.
    pub fn go(self, fault: Fault) {
        // An error: its process has crashed.
        let _ = self.go.send(fault);
    }
}

/// The pending requests of all processes.
pub type Requests = Arc<Mutex<Vec<PendingRequest>>>;

/// The hook of one process.
pub struct ProcessHook {
    pub process: usize,
    pub requests: Requests,
}

impl ProcessHook {
    async fn stop(&self, request: Option<Request>) -> Fault {
        let (go, gone) = oneshot::channel();
        self.requests.lock().unwrap().push(PendingRequest { process: self.process, request, go });
        match gone.await {
            Ok(fault) => fault,
            // The process has crashed.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Hook for ProcessHook {
    fn before<'a>(&'a self, request: &'a Request) -> HookFuture<'a, Fault> {
        Box::pin(self.stop(Some(request.clone())))
    }

    fn after<'a>(&'a self, _request: &'a Request) -> HookFuture<'a, ()> {
        Box::pin(async {
            self.stop(None).await;
        })
    }
}
