//! The way back to the event loop: answers of calls and events, of one persistence, through one threadsafe function.
//!
//! A promise of Node-API would be a libuv handle for each waiting call, and the loop looks at all its handles whenever one
//! of them wakes it. Here values gather in a list; the first of them wakes the loop, and all that are there by then cross as
//! one array. The function is referenced while calls are pending: Node then waits for them, and is free afterwards. It is
//! released when the persistence was closed.
//!
//! Invariant: each call is answered exactly once, after a panic too.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use napi::bindgen_prelude::{Array, Env, Function, ToNapiValue, Unknown};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Status, check_status, sys};
use tokio::runtime::Handle;

use super::event::NativeEvent;
use super::failure::{Failure, outcome};
use crate::error::{Code, Error, Result};
use crate::queue::Pending;
use crate::sync::lock;

/// Stands for an event where an answer has the number of its call.
const EVENT: u32 = 0;

/// The function that takes `[number, answer, number, answer, …]`.
pub type Receiver<'env> = Function<'env, Batch, ()>;

/// Weak: it holds the process only while calls are pending.
type WakeUp = ThreadsafeFunction<(), (), Batch, Status, false, true>;

/// Makes the JavaScript value, on the thread of the loop.
type Value = Box<dyn for<'env> FnOnce(&'env Env) -> napi::Result<Unknown<'env>> + Send>;

/// The way to the event loop of one environment.
pub struct EventLoop {
    runtime: Handle,
    ready: Mutex<Vec<(u32, Value)>>,
    /// Calls that JavaScript has made and not been answered. Changed on the thread of the loop only.
    pending: AtomicUsize,
    /// None when the persistence was closed.
    wake_up: Mutex<Option<WakeUp>>,
}

/// A call whose answer is due. Without one, after a panic, it answers when it is dropped.
struct Due {
    call: u32,
    event_loop: Option<Arc<EventLoop>>,
}

/// What crosses at once.
pub struct Batch(Vec<(u32, Value)>);

impl EventLoop {
    /// Passes everything to `receiver`; futures of calls run on `runtime`.
    pub fn new(receiver: Receiver<'_>, runtime: Handle) -> napi::Result<Arc<Self>> {
        let event_loop = Arc::new(EventLoop {
            runtime,
            ready: Mutex::default(),
            pending: AtomicUsize::default(),
            wake_up: Mutex::default(),
        });
        // Not the other way round: the function would keep itself. JavaScript keeps the persistence while calls are pending.
        let source = Arc::downgrade(&event_loop);
        let wake_up =
            receiver.build_threadsafe_function::<()>().weak::<true>().build_callback(move |context| {
                Ok(source.upgrade().map_or_else(|| Batch(Vec::new()), |source| source.take(&context.env)))
            })?;
        *lock(&event_loop.wake_up) = Some(wake_up);
        Ok(event_loop)
    }

    /// Answers `call` with what `pending` gives, in the form of JavaScript. On the thread of the loop.
    pub fn answer<T, J>(
        self: &Arc<Self>,
        env: &Env,
        call: u32,
        pending: Pending<Result<T>>,
        form: impl FnOnce(T) -> J + Send + 'static,
    ) -> napi::Result<()>
    where
        T: Send + 'static,
        J: ToNapiValue + Send + 'static,
    {
        if self.pending.fetch_add(1, Ordering::Relaxed) == 0 {
            self.refer(env, sys::napi_ref_threadsafe_function)?;
        }
        let due = Due { call, event_loop: Some(self.clone()) };
        self.runtime.spawn(async move {
            let answer = outcome(pending.await.map(form));
            due.answer(Box::new(|env| answer.into_unknown(env)));
        });
        Ok(())
    }

    /// Passes an event on. It does not hold the process.
    pub fn notify(&self, event: NativeEvent) {
        self.push(EVENT, Box::new(|env| event.into_unknown(env)));
    }

    /// Releases the function: after the last answer nothing crosses any more.
    pub fn release(&self) {
        drop(lock(&self.wake_up).take());
    }

    fn push(&self, call: u32, value: Value) {
        let is_first = {
            let mut ready = lock(&self.ready);
            ready.push((call, value));
            ready.len() == 1
        };
        if is_first && let Some(wake_up) = &*lock(&self.wake_up) {
            // It is refused only while the environment ends: then nobody is there to be answered.
            let _ = wake_up.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    fn take(&self, env: &Env) -> Batch {
        let batch = mem::take(&mut *lock(&self.ready));
        let answers = batch.iter().filter(|(call, _)| *call != EVENT).count();
        if answers > 0 && self.pending.fetch_sub(answers, Ordering::Relaxed) == answers {
            // It fails only while the environment ends: then nothing holds it anyway.
            let _ = self.refer(env, sys::napi_unref_threadsafe_function);
        }
        Batch(batch)
    }

    fn refer(
        &self,
        env: &Env,
        change: unsafe fn(sys::napi_env, sys::napi_threadsafe_function) -> sys::napi_status,
    ) -> napi::Result<()> {
        match &*lock(&self.wake_up) {
            // SAFETY: the function lives as long as `wake_up`, and this is the thread of its environment.
            Some(wake_up) => check_status!(unsafe { change(env.raw(), wake_up.handle.get_raw()) }),
            None => Err(napi::Error::from_reason("the persistence was closed")),
        }
    }
}

impl Due {
    fn answer(mut self, value: Value) {
        if let Some(event_loop) = self.event_loop.take() {
            event_loop.push(self.call, value);
        }
    }
}

impl Drop for Due {
    fn drop(&mut self) {
        if let Some(event_loop) = self.event_loop.take() {
            event_loop.push(
                self.call,
                Box::new(|env| internal("it ended without an answer: a panic").into_unknown(env)),
            );
        }
    }
}

impl ToNapiValue for Batch {
    unsafe fn to_napi_value(env: sys::napi_env, batch: Self) -> napi::Result<sys::napi_value> {
        let env = Env::from_raw(env);
        let mut array = env.create_array(0)?;
        for (call, value) in batch.0 {
            array.insert(call)?;
            array.insert(value(&env).or_else(|error| internal(&error.reason).into_unknown(&env))?)?;
        }
        // SAFETY: `env` is the one that was given.
        unsafe { Array::to_napi_value(env.raw(), array) }
    }
}

fn internal(reason: &str) -> Failure {
    Error::new(Code::Internal, format!("the addon could not answer the call: {reason}; please report it"))
        .into()
}
