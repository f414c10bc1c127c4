//! Limits the requests in flight, and with them the open connections. Documents take turns.
//!
//! A request that finds no free slot waits in the queue of its document. A slot that becomes free goes to the next
//! document in rotation. So a document with thousands of requests delays another one by one request, not by all of
//! them. A waiting request takes a few hundred bytes. This module does not know what is sent, or for how long.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::attempts::Attempts;
use crate::codec::sort_key::DocName;
use crate::sync::lock;
use crate::table::Connections;

tokio::task_local! {
    /// The ticket of the request that this task sends. The SDK passes only the HTTP request to a connector.
    pub(super) static TICKET: Ticket;
}

/// The document of a request; `None` for requests on the table as a whole.
type QueueKey = Option<DocName>;

/// The slots of one table.
#[derive(Debug)]
pub(super) struct Turns(Mutex<State>);

#[derive(Debug)]
struct State {
    limit: usize,
    free: usize,
    waiting: usize,
    /// The documents with waiting requests, each once, in the order of their turns.
    rotation: VecDeque<QueueKey>,
    queues: HashMap<QueueKey, VecDeque<oneshot::Sender<Slot>>>,
    /// When the last answer to any request arrived.
    answered: Option<Instant>,
}

impl Turns {
    /// At most `limit` slots at a time.
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Turns(Mutex::new(State {
            limit,
            free: limit,
            waiting: 0,
            rotation: VecDeque::new(),
            queues: HashMap::new(),
            answered: None,
        })))
    }

    /// How many requests are in flight, and how many wait.
    pub(super) fn connections(&self) -> Connections {
        let state = self.lock();
        Connections { in_flight: state.limit.saturating_sub(state.free), waiting: state.waiting }
    }

    /// Resolves when no request was answered for `limit`, counted from `begun` or from the last answer.
    pub(super) async fn silent_for(&self, begun: Instant, limit: Duration) {
        loop {
            let last = self.lock().answered.map_or(begun, |answered| answered.max(begun));
            let silent = last.elapsed();
            if silent >= limit {
                return;
            }
            tokio::time::sleep(limit - silent).await;
        }
    }

    /// Returns a slot, or the receiver of a later one.
    fn ask(self: &Arc<Self>, key: &QueueKey) -> Result<Slot, oneshot::Receiver<Slot>> {
        let mut state = self.lock();
        if state.free > 0 {
            state.free -= 1;
            return Ok(Slot(Some(Arc::clone(self))));
        }
        let (hand_over, slot) = oneshot::channel();
        if !state.queues.contains_key(key) {
            state.rotation.push_back(key.clone());
        }
        state.queues.entry(key.clone()).or_default().push_back(hand_over);
        state.waiting += 1;
        Err(slot)
    }

    /// Passes a free slot to the next request.
    fn pass_on(self: &Arc<Self>) {
        loop {
            // The lock is released before the slot is sent, because a slot whose receiver was dropped comes back.
            let Some(next) = self.lock().next() else { return };
            match next.send(Slot(Some(Arc::clone(self)))) {
                Ok(()) => return,
                Err(mut unwanted) => drop(unwanted.0.take()),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

impl State {
    /// The next request in rotation. If there is none, the slot becomes free.
    fn next(&mut self) -> Option<oneshot::Sender<Slot>> {
        while let Some(key) = self.rotation.pop_front() {
            let Some(queue) = self.queues.get_mut(&key) else { continue };
            let next = queue.pop_front();
            if queue.is_empty() {
                self.queues.remove(&key);
            } else {
                self.rotation.push_back(key);
            }
            if next.as_ref().is_some_and(|next| !next.is_closed()) {
                return next;
            }
        }
        self.free += 1;
        None
    }
}

/// The right to have one request in flight. When it is dropped, the next request gets it.
#[derive(Debug)]
pub(super) struct Slot(Option<Arc<Turns>>);

impl Slot {
    /// Records that an answer arrived. An error is an answer too.
    pub(super) fn answered(&self) {
        if let Some(turns) = &self.0 {
            turns.lock().answered = Some(Instant::now());
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(turns) = self.0.take() {
            turns.pass_on();
        }
    }
}

/// Gets slots for one request: each of its attempts takes one.
#[derive(Debug, Clone)]
pub(super) struct Ticket {
    turns: Arc<Turns>,
    key: QueueKey,
    attempts: Arc<Attempts>,
    waits: Arc<watch::Sender<bool>>,
}

impl Ticket {
    pub(super) fn new(turns: &Arc<Turns>, doc: Option<&DocName>, attempts: &Arc<Attempts>) -> Self {
        Ticket {
            turns: Arc::clone(turns),
            key: doc.cloned(),
            attempts: Arc::clone(attempts),
            waits: Arc::new(watch::Sender::new(false)),
        }
    }

    /// The attempts of the request.
    pub(super) fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// Whether the request is waiting for a slot.
    pub(super) fn waits(&self) -> watch::Receiver<bool> {
        self.waits.subscribe()
    }

    /// Waits for a slot. It cannot return `None` while the table exists.
    pub(super) async fn slot(&self) -> Option<Slot> {
        match self.turns.ask(&self.key) {
            Ok(slot) => Some(slot),
            Err(slot) => {
                let _waiting = Waiting::begin(self);
                slot.await.ok()
            }
        }
    }
}

/// Ends the wait when it is dropped, also if the request was cancelled.
struct Waiting<'a>(&'a Ticket);

impl<'a> Waiting<'a> {
    fn begin(ticket: &'a Ticket) -> Self {
        ticket.waits.send_replace(true);
        Waiting(ticket)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.turns.lock().waiting -= 1;
        self.0.waits.send_replace(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(turns: &Arc<Turns>, doc: &str) -> Ticket {
        Ticket::new(turns, Some(&DocName::new(doc).unwrap()), &Arc::default())
    }

    /// Asks for a slot, and adds `doc` to `order` when it gets one.
    fn wait(turns: &Arc<Turns>, doc: &'static str, order: &Arc<Mutex<Vec<&'static str>>>) {
        let (ticket, order) = (ticket(turns, doc), Arc::clone(order));
        tokio::spawn(async move {
            let slot = ticket.slot().await;
            order.lock().unwrap().push(doc);
            drop(slot);
        });
    }

    #[tokio::test]
    async fn documents_take_turns() {
        let turns = Turns::new(1);
        let first = ticket(&turns, "a").slot().await;
        let order = Arc::default();
        for doc in ["a", "a", "a", "a", "b", "c"] {
            wait(&turns, doc, &order);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert_eq!(turns.connections(), Connections { in_flight: 1, waiting: 6 });
        drop(first);
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert_eq!(*order.lock().unwrap(), ["a", "b", "c", "a", "a", "a"]);
        assert_eq!(turns.connections(), Connections::default());
    }

    #[tokio::test]
    async fn a_request_that_was_given_up_takes_no_slot() {
        let turns = Turns::new(2);
        let taken = [ticket(&turns, "a").slot().await, ticket(&turns, "a").slot().await];
        for _ in 0..3 {
            let gone =
                tokio::time::timeout(Duration::from_millis(1), async { ticket(&turns, "b").slot().await });
            assert!(gone.await.is_err());
        }
        assert_eq!(turns.connections(), Connections { in_flight: 2, waiting: 0 });
        let order = Arc::default();
        wait(&turns, "c", &order);
        tokio::time::sleep(Duration::from_millis(10)).await;
        drop(taken);
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert_eq!(*order.lock().unwrap(), ["c"]);
        assert_eq!(turns.connections(), Connections::default());
        assert!(ticket(&turns, "d").turns.ask(&None).is_ok());
    }

    #[tokio::test]
    async fn a_slot_that_nobody_picks_up_goes_to_the_next() {
        let turns = Turns::new(1);
        let first = ticket(&turns, "a").slot().await;
        let handed_over = turns.ask(&None).unwrap_err();
        let next = turns.ask(&None).unwrap_err();
        drop(first);
        drop(handed_over);
        assert!(next.await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_counted_from_the_last_answer() {
        let turns = Turns::new(2);
        let slot = ticket(&turns, "a").slot().await.unwrap();
        let begun = Instant::now();
        let answers = async {
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_secs(20)).await;
                slot.answered();
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = turns.silent_for(begun, Duration::from_secs(30)) => {}
            () = answers => {}
        }
        assert_eq!(begun.elapsed().as_secs(), 130);
    }
}
