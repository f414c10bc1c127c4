//! Loads credentials: once for all waiting requests, again before they expire, and again after a failure that may be
//! temporary.
//!
//! Each load runs in its own task, so it outlives a request that times out, and no request timeout ends it. In the
//! SDK's cache, the request that has waited longest drives the load, and that request is the next one to time out.
//! After a failure, each waiting request would start its own load.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future;
use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::config::{
    Credentials as SdkCredentials, ProvideCredentials, SharedCredentialsProvider,
};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::causes::find;
use super::config::{Credentials, CredentialsProvider, Keys, NoKeys};
use super::dns::NoSuchHost;
use crate::defaults;
use crate::sync::lock;

/// Credentials without an expiry are loaded again after this time.
const GOOD_FOR: Duration = Duration::from_mins(15);

/// Credentials are loaded again this long before they expire.
const EARLY: Duration = Duration::from_secs(10);

/// The outcome of a load; `None` while it runs.
type Outcome = Option<Result<SdkCredentials, Arc<CredentialsError>>>;

/// A provider that runs at most one load at a time.
#[derive(Debug)]
pub(super) struct SharedLoad {
    provider: SharedCredentialsProvider,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: Option<watch::Receiver<Outcome>>,
    /// The number of failed loads since the last success.
    failures: u32,
    /// Cancels the load when the client is dropped.
    tasks: JoinSet<()>,
}

impl SharedLoad {
    pub(super) fn new(provider: SharedCredentialsProvider) -> Self {
        SharedLoad { provider, state: Mutex::default() }
    }

    /// The load to wait for: the last one if it is running or its credentials are valid, otherwise a new one.
    fn load(&self) -> watch::Receiver<Outcome> {
        let mut state = lock(&self.state);
        let state = &mut *state;
        if let Some(last) = &state.last {
            let has_ended = last.has_changed().is_err();
            match &*last.borrow() {
                None if !has_ended => return last.clone(),
                Some(Ok(credentials)) if is_good(credentials) => return last.clone(),
                Some(Ok(_)) => state.failures = 0,
                Some(Err(_)) | None => state.failures = state.failures.saturating_add(1),
            }
        }
        let pause = pause(state.failures);
        // Removes the task of the last load, which has ended.
        while state.tasks.try_join_next().is_some() {}
        let (report, outcome) = watch::channel(None);
        let provider = self.provider.clone();
        state.tasks.spawn(async move {
            tokio::time::sleep(pause).await;
            let given = provider.provide_credentials().await.and_then(fit_for_headers);
            let loaded = given.map(with_end).map_err(Arc::new);
            report.send_replace(Some(loaded));
        });
        state.last = Some(outcome.clone());
        outcome
    }

    async fn credentials(&self) -> Result<SdkCredentials, CredentialsError> {
        let mut load = self.load();
        match load.wait_for(Option::is_some).await {
            Ok(outcome) => match outcome.as_ref() {
                Some(Ok(credentials)) => Ok(credentials.clone()),
                Some(Err(error)) => Err(again(error)),
                None => Err(CredentialsError::unhandled("the load has no outcome")),
            },
            Err(_) => Err(CredentialsError::unhandled("the credentials provider panicked")),
        }
    }
}

impl ProvideCredentials for SharedLoad {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}

/// The back-off before a load: zero, or growing with the number of failed loads.
fn pause(failures: u32) -> Duration {
    match failures.checked_sub(1) {
        None => Duration::ZERO,
        Some(n) => {
            defaults::INITIAL_BACKOFF.saturating_mul(2_u32.saturating_pow(n)).min(defaults::MAX_BACKOFF)
        }
    }
}

/// Keys from a file or a secret store often end with a line break. The SDK panics when it signs with them.
fn fit_for_headers(credentials: SdkCredentials) -> Result<SdkCredentials, CredentialsError> {
    let is_fit = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_fit(credentials.access_key_id()) && credentials.session_token().is_none_or(is_fit) {
        return Ok(credentials);
    }
    let reason = "the access key id or the session token contains a blank, a line break or another character \
                  that a header cannot contain";
    Err(CredentialsError::invalid_configuration(reason))
}

fn with_end(mut credentials: SdkCredentials) -> SdkCredentials {
    let end = credentials.expiry_mut();
    *end = end.or_else(|| SystemTime::now().checked_add(GOOD_FOR));
    credentials
}

fn is_good(credentials: &SdkCredentials) -> bool {
    let soon = SystemTime::now() + EARLY;
    credentials.expiry().is_some_and(|end| soon < end)
}

/// A failure of the same kind, for each waiting request.
fn again(error: &Arc<CredentialsError>) -> CredentialsError {
    let shared = Shared(Arc::clone(error));
    match **error {
        CredentialsError::CredentialsNotLoaded(_) => CredentialsError::not_loaded(shared),
        CredentialsError::InvalidConfiguration(_) => CredentialsError::invalid_configuration(shared),
        _ => CredentialsError::provider_error(shared),
    }
}

#[derive(Debug)]
struct Shared(Arc<CredentialsError>);

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Shared {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// Whether a later load may succeed: a source exists and failed. A retry does not help if there is no source, or if
/// it is misconfigured.
pub(super) fn may_pass(error: &CredentialsError) -> bool {
    !matches!(error, CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_))
}

/// Lets the SDK retry a request if its credentials could not be loaded, but not if its host does not exist.
#[derive(Debug)]
pub(super) struct OurRetries;

impl ClassifyRetry for OurRetries {
    fn name(&self) -> &'static str {
        "OurRetries"
    }

    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(failure)) = context.output_or_error() else { return RetryAction::NoActionIndicated };
        if find::<NoSuchHost>(failure).is_some() {
            return RetryAction::RetryForbidden;
        }
        match find::<CredentialsError>(failure) {
            Some(error) if may_pass(error) => RetryAction::transient_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }
}

/// The source of credentials, as messages name it.
pub(super) fn source(credentials: &Credentials) -> String {
    match credentials {
        Credentials::Chain => "the default credentials chain".to_owned(),
        Credentials::Profile(name) => format!("the profile '{name}'"),
        Credentials::Static(_) => "the fixed credentials".to_owned(),
        Credentials::Provider(_) => "the function aws.credentials".to_owned(),
    }
}

/// What the user should correct if the source provides no credentials.
pub(super) fn correction(credentials: &Credentials) -> &'static str {
    match credentials {
        Credentials::Chain => "set AWS_PROFILE or other settings of AWS, aws.profile, or aws.credentials",
        Credentials::Profile(_) => {
            "check that the shared config files have the profile, and keys or a role in it"
        }
        Credentials::Static(_) => "check aws.accessKeyId and aws.secretAccessKey",
        Credentials::Provider(_) => "it has to return an accessKeyId and a secretAccessKey",
    }
}

pub(super) fn keys_of(keys: Keys) -> SdkCredentials {
    let Keys { access_key_id, secret_access_key, session_token, expires_at } = keys;
    SdkCredentials::new(access_key_id, secret_access_key, session_token, expires_at, "y-dynamodb")
}

/// Adapts our provider to the SDK's trait.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) ours: Arc<dyn CredentialsProvider>,
    pub(super) timeout: Duration,
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            match tokio::time::timeout(self.timeout, self.ours.provide()).await {
                Err(_) => Err(CredentialsError::provider_timed_out(self.timeout)),
                Ok(Err(NoKeys::Failed(reason))) => Err(CredentialsError::provider_error(reason)),
                Ok(Err(NoKeys::Malformed(reason))) => Err(CredentialsError::invalid_configuration(reason)),
                Ok(Ok(keys)) if keys.access_key_id.is_empty() || keys.secret_access_key.is_empty() => {
                    Err(CredentialsError::invalid_configuration("the credentials provider gave empty keys"))
                }
                Ok(Ok(keys)) => Ok(keys_of(keys)),
            }
        })
    }
}
