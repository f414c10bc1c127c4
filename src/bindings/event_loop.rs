//! Passes the answers and events of one persistence to the event loop, through one threadsafe function.
//!
//! A Node-API promise would be a libuv handle for each open call, and the loop checks all its handles whenever one
//! of them wakes it. So values are collected in a list. The first one wakes the loop, and all values that are ready
//! by then cross as one array. The function is referenced while calls are open, so that Node waits for them. It is
//! released when the persistence is closed.
//!
//! Invariant: each call is answered exactly once, even after a panic.

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
use crate::queue::CallFuture;
use crate::sync::lock;

/// The number of an event, in place of the number of a call.
const EVENT: u32 = 0;

/// The function that takes `[number, answer, number, answer, …]`.
pub type Receiver<'env> = Function<'env, Answers, ()>;

/// Weak: it keeps the process alive only while calls are open.
type WakeUp = ThreadsafeFunction<(), (), Answers, Status, false, true>;

/// Creates the JavaScript value, on the thread of the event loop.
type Value = Box<dyn for<'env> FnOnce(&'env Env) -> napi::Result<Unknown<'env>> + Send>;

/// The connection to the event loop of one environment.
pub struct EventLoop {
    runtime: Handle,
    ready: Mutex<Vec<(u32, Value)>>,
    /// The number of open calls. Changed only on the thread of the event loop.
    open_calls: AtomicUsize,
    /// `None` after the persistence was closed.
    wake_up: Mutex<Option<WakeUp>>,
}

/// A call that needs an answer. If a panic prevents the answer, dropping this value answers with a failure.
struct Due {
    call: u32,
    event_loop: Option<Arc<EventLoop>>,
}

/// The values that cross to JavaScript together.
pub struct Answers(Vec<(u32, Value)>);

impl EventLoop {
    /// Passes all values to `receiver`. The futures of calls run on `runtime`.
    pub fn new(receiver: Receiver<'_>, runtime: Handle) -> napi::Result<Arc<Self>> {
        let event_loop = Arc::new(EventLoop {
            runtime,
            ready: Mutex::default(),
            open_calls: AtomicUsize::default(),
            wake_up: Mutex::default(),
        });
        // A strong reference would be a cycle: the function would keep itself alive. JavaScript keeps the persistence
        // alive while calls are open.
        let source = Arc::downgrade(&event_loop);
        let wake_up =
            receiver.build_threadsafe_function::<()>().weak::<true>().build_callback(move |context| {
                Ok(source.upgrade().map_or_else(|| Answers(Vec::new()), |source| source.take(&context.env)))
            })?;
        *lock(&event_loop.wake_up) = Some(wake_up);
        Ok(event_loop)
    }

    /// Answers `call` with the result of `future`, which `form` converts. Runs on the thread of the event loop.
    pub fn answer<T, J>(
        self: &Arc<Self>,
        env: &Env,
        call: u32,
        future: CallFuture<Result<T>>,
        form: impl FnOnce(T) -> J + Send + 'static,
    ) -> napi::Result<()>
    where
        T: Send + 'static,
        J: ToNapiValue + Send + 'static,
    {
        if self.open_calls.fetch_add(1, Ordering::Relaxed) == 0 {
            self.refer(env, sys::napi_ref_threadsafe_function)?;
        }
        let due = Due { call, event_loop: Some(self.clone()) };
        self.runtime.spawn(async move {
            let answer = outcome(future.await.map(form));
            due.answer(Box::new(|env| answer.into_unknown(env)));
        });
        Ok(())
    }

    /// Sends an event. It does not keep the process alive.
    pub fn notify(&self, event: NativeEvent) {
        self.push(EVENT, Box::new(|env| event.into_unknown(env)));
    }

    /// Releases the function. Nothing crosses to JavaScript afterwards.
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
            // The call fails only while the environment ends. Then there is no caller left to answer.
            let _ = wake_up.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    fn take(&self, env: &Env) -> Answers {
        let ready = mem::take(&mut *lock(&self.ready));
        let answers = ready.iter().filter(|(call, _)| *call != EVENT).count();
        if answers > 0 && self.open_calls.fetch_sub(answers, Ordering::Relaxed) == answers {
            // It fails only while the environment ends. Then nothing keeps the process alive anyway.
            let _ = self.refer(env, sys::napi_unref_threadsafe_function);
        }
        Answers(ready)
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

impl ToNapiValue for Answers {
    unsafe fn to_napi_value(env: sys::napi_env, answers: Self) -> napi::Result<sys::napi_value> {
        let env = Env::from_raw(env);
        let mut array = env.create_array(0)?;
        for (call, value) in answers.0 {
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
