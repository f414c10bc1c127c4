//! The check of the table, made once; the first calls wait for it.
//!
//! All calls that wait for one check get its result. After a failure the next call checks again, so that a persistence
//! opened while DynamoDB is unreachable works as soon as it can be reached.

use std::sync::{Arc, Mutex};

use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::error::{Code, Error, Result};
use crate::monitor::Monitor;
use crate::sync::lock;
use crate::table::Table;

type Outcome = Option<Result<()>>;

enum State {
    Unchecked,
    Checking(watch::Receiver<Outcome>),
    Ready,
}

/// Whether the table can be used.
pub(super) struct Ready<T> {
    table: Arc<T>,
    runtime: Handle,
    monitor: Arc<Monitor>,
    state: Arc<Mutex<State>>,
}

impl<T: Table> Ready<T> {
    /// Unchecked; with `skip`, ready without a request.
    pub fn new(table: Arc<T>, skip: bool, runtime: Handle, monitor: Arc<Monitor>) -> Self {
        let state = if skip { State::Ready } else { State::Unchecked };
        Ready { table, runtime, monitor, state: Arc::new(Mutex::new(state)) }
    }

    /// Starts the check unless one runs or has succeeded. Returns its outcome, unless the table is ready.
    pub fn begin(&self) -> Option<watch::Receiver<Outcome>> {
        let mut state = lock(&self.state);
        match &*state {
            State::Ready => None,
            State::Checking(outcome) => Some(outcome.clone()),
            State::Unchecked => {
                let (sender, outcome) = watch::channel(None);
                *state = State::Checking(outcome.clone());
                let (table, shared, monitor) = (self.table.clone(), self.state.clone(), self.monitor.clone());
                self.runtime.spawn(async move {
                    let reset = Reset(shared);
                    let result = table.prepare(true).await;
                    reset.to(if result.is_ok() { State::Ready } else { State::Unchecked });
                    if result.is_ok() && table.replicas() > 0 {
                        monitor.has_replicas(table.replicas());
                    }
                    // An error: no call waits yet.
                    let _ = sender.send(Some(result));
                });
                Some(outcome)
            }
        }
    }

    /// Resolves when the table can be used.
    pub async fn wait(&self) -> Result<()> {
        let Some(mut outcome) = self.begin() else { return Ok(()) };
        match outcome.wait_for(Option::is_some).await {
            Ok(result) => result.clone().unwrap_or(Ok(())),
            Err(_) => Err(Error::new(Code::Internal, "the check of the table panicked; please report it")),
        }
    }
}

/// Goes back to `Unchecked` if the check panics.
struct Reset(Arc<Mutex<State>>);

impl Reset {
    fn to(self, state: State) {
        *lock(&self.0) = state;
        std::mem::forget(self);
    }
}

impl Drop for Reset {
    fn drop(&mut self) {
        *lock(&self.0) = State::Unchecked;
    }
}
