//! The options as `config.js` passes them, and their typed form. JavaScript checks their types, and Rust checks their
//! meaning.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use napi::Status;
use napi::bindgen_prelude::{Function, Promise};
use napi::threadsafe_function::ThreadsafeFunction;
use napi_derive::napi;

use crate::compaction::Thresholds;
use crate::defaults;
use crate::error::{Code, Error, Result};
use crate::log::OnCorrupt;
use crate::persistence::Options;
use crate::sync::lock;
use crate::table::dynamo::{
    Billing, Credentials, CredentialsProvider, DynamoConfig, Endpoint, Keys, NoKeys, Timeouts,
};

/// Read and write units of a table that is created with `billingMode: 'PROVISIONED'`, as in the original package.
const PROVISIONED_UNITS: u32 = 5;

/// Options. An absent option has its default.
#[napi(object, object_to_js = false)]
pub struct NativeOptions {
    pub table_name: String,
    pub skip_create_table: Option<bool>,
    pub billing_mode: Option<String>,
    pub batch_delay_ms: Option<u32>,
    pub remember_bytes: Option<u32>,
    pub gc: Option<bool>,
    pub on_corrupt_update: Option<String>,
    pub compaction_items: Option<u32>,
    pub compaction_bytes: Option<u32>,
    pub compaction_wcu_per_second: Option<u32>,
    pub region: Option<String>,
    pub endpoint: Option<String>,
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<String>,
    pub session_token: Option<String>,
    pub profile: Option<String>,
    pub max_attempts: Option<u32>,
    pub max_connections: Option<u32>,
    pub connect_timeout_ms: Option<u32>,
    pub request_timeout_ms: Option<u32>,
    pub operation_timeout_ms: Option<u32>,
}

/// The result of the credentials function: keys, or an error.
#[napi(object, object_to_js = false)]
pub struct NativeKeys {
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<String>,
    pub session_token: Option<String>,
    /// Milliseconds since the epoch.
    pub expires_at_ms: Option<f64>,
    pub error: Option<String>,
    /// Whether the function returned malformed keys. Otherwise it failed.
    pub malformed: Option<bool>,
}

/// The user's function for credentials, wrapped so that it never throws.
pub type CredentialsFunction<'env> = Function<'env, (), Promise<NativeKeys>>;

/// Weak: an idle persistence must not keep the process alive.
type WeakFunction = ThreadsafeFunction<(), Promise<NativeKeys>, (), Status, false, true>;

impl NativeOptions {
    /// Converts the options to their typed form.
    pub fn typed(self, credentials: Option<Arc<FromFunction>>) -> Result<(DynamoConfig, Options)> {
        let credentials = match credentials {
            Some(function) => Credentials::Provider(function),
            None => self.fixed_credentials(),
        };
        Ok((self.table(credentials)?, self.log()?))
    }

    fn fixed_credentials(&self) -> Credentials {
        match (&self.access_key_id, &self.secret_access_key, &self.profile) {
            (Some(id), Some(secret), _) => Credentials::Static(Keys {
                access_key_id: id.clone(),
                secret_access_key: secret.clone(),
                session_token: self.session_token.clone(),
                expires_at: None,
            }),
            (_, _, Some(profile)) => Credentials::Profile(profile.clone()),
            _ => Credentials::Chain,
        }
    }

    fn table(&self, credentials: Credentials) -> Result<DynamoConfig> {
        let usual = Timeouts::default();
        Ok(DynamoConfig {
            region: self.region.clone(),
            endpoint: self.endpoint.as_deref().map_or(Ok(Endpoint::Aws), Endpoint::parse)?,
            credentials,
            billing: self.billing()?,
            max_attempts: self.max_attempts.unwrap_or(defaults::MAX_ATTEMPTS),
            max_connections: count(self.max_connections, defaults::MAX_CONNECTIONS),
            timeouts: Timeouts {
                connect: duration(self.connect_timeout_ms, usual.connect),
                request: duration(self.request_timeout_ms, usual.request),
                operation: duration(self.operation_timeout_ms, usual.operation),
                // A call that waits for the table to become ACTIVE is an operation too.
                prepare: duration(self.operation_timeout_ms, usual.prepare),
                ..usual
            },
            ..DynamoConfig::new(self.table_name.clone())
        })
    }

    fn billing(&self) -> Result<Billing> {
        match self.billing_mode.as_deref() {
            None | Some("PAY_PER_REQUEST") => Ok(Billing::OnDemand),
            Some("PROVISIONED") => {
                Ok(Billing::Provisioned { read_units: PROVISIONED_UNITS, write_units: PROVISIONED_UNITS })
            }
            Some(other) => Err(unknown("billingMode", other)),
        }
    }

    fn compaction(&self, usual: Thresholds) -> Thresholds {
        Thresholds {
            items: count(self.compaction_items, usual.items),
            bytes: count(self.compaction_bytes, usual.bytes),
            wcu_per_second: self.compaction_wcu_per_second.unwrap_or(usual.wcu_per_second),
        }
    }

    fn log(&self) -> Result<Options> {
        let usual = Options::default();
        Ok(Options {
            skip_create_table: self.skip_create_table.unwrap_or(usual.skip_create_table),
            batch_delay: duration(self.batch_delay_ms, usual.batch_delay),
            remember_bytes: count(self.remember_bytes, usual.remember_bytes),
            gc: self.gc.unwrap_or(usual.gc),
            on_corrupt: match self.on_corrupt_update.as_deref() {
                None => usual.on_corrupt,
                Some("fail") => OnCorrupt::Fail,
                Some("skip") => OnCorrupt::Skip,
                Some(other) => return Err(unknown("onCorruptUpdate", other)),
            },
            compaction: self.compaction(usual.compaction),
            ..usual
        })
    }
}

fn count(given: Option<u32>, usual: usize) -> usize {
    given.map_or(usual, |given| usize::try_from(given).unwrap_or(usize::MAX))
}

fn duration(ms: Option<u32>, usual: Duration) -> Duration {
    ms.map_or(usual, |ms| Duration::from_millis(ms.into()))
}

fn unknown(option: &str, value: &str) -> Error {
    Error::new(Code::InvalidArgument, format!("{option} cannot be '{value}'"))
}

/// Calls the user's function for credentials, until it is released.
pub struct FromFunction(Mutex<Option<Arc<WeakFunction>>>);

impl FromFunction {
    /// Fails with Node's error if the function cannot be referenced.
    pub fn new(function: CredentialsFunction<'_>) -> napi::Result<Self> {
        let function = function.build_threadsafe_function().weak::<true>().build()?;
        Ok(FromFunction(Mutex::new(Some(Arc::new(function)))))
    }

    /// Releases the function and its handle in the event loop.
    pub fn release(&self) {
        drop(self.lock().take());
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<WeakFunction>>> {
        lock(&self.0)
    }
}

impl fmt::Debug for FromFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFunction")
    }
}

impl CredentialsProvider for FromFunction {
    fn provide(&self) -> Pin<Box<dyn Future<Output = Result<Keys, NoKeys>> + Send + '_>> {
        Box::pin(async {
            let failed = |error: napi::Error| NoKeys::Failed(error.reason.to_string());
            let closed = || NoKeys::Failed("the persistence was closed".into());
            let function = self.lock().clone().ok_or_else(closed)?;
            let promise = function.call_async_catch(()).await.map_err(failed)?;
            promise.await.map_err(failed)?.keys()
        })
    }
}

impl NativeKeys {
    fn keys(self) -> Result<Keys, NoKeys> {
        match (self.access_key_id, self.secret_access_key) {
            (Some(access_key_id), Some(secret_access_key)) => Ok(Keys {
                access_key_id,
                secret_access_key,
                session_token: self.session_token,
                expires_at: self.expires_at_ms.and_then(instant),
            }),
            _ => {
                let reason = self.error.unwrap_or_else(|| "it gave no keys".to_owned());
                let is_malformed = self.malformed.unwrap_or_default();
                Err(if is_malformed { NoKeys::Malformed(reason) } else { NoKeys::Failed(reason) })
            }
        }
    }
}

/// `None` if `ms` is not a time. Such keys are loaded again like keys without an expiry.
fn instant(ms: f64) -> Option<SystemTime> {
    let since = Duration::try_from_secs_f64(ms / 1_000.0).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(since)
}
