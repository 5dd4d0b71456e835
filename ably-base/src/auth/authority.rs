//! [`Authority`]: what a client has stored about getting tokens.
//!
//! Spec: RSA7d, RSA10.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ably_engine::{
    LogLevel, LogRecord, TokenParams,
    protocol::{ErrorCode, ErrorInfo, Secret, Str},
};

use super::{AuthOptions, flight::TokenFlight, obtain::no_means};
use crate::{ClientOptions, Runtime, ext::LogSink, ext::Plugins};

/// One per client; its connection and its requests share it.
pub(crate) struct Authority {
    pub(super) runtime: Arc<dyn Runtime>,
    pub(super) plugins: Plugins,
    /// How long a callback or URL may take.
    pub(super) patience: Duration,
    pub(super) flight: TokenFlight,
    /// The key of the client's options.
    key: Option<Secret<String>>,
    /// What the client claims to be.
    claimed: Option<Str>,
    stored: Mutex<Stored>,
}

#[derive(Clone)]
pub(super) struct Stored {
    pub(super) options: AuthOptions,
    pub(super) params: TokenParams,
}

impl Authority {
    pub(crate) fn new(options: &ClientOptions, runtime: Arc<dyn Runtime>) -> Arc<Self> {
        let mut stored = Stored {
            options: options.auth.clone(),
            params: options.default_token_params.clone().unwrap_or_default(),
        };
        stored.options.token = None;
        if options.client_id.is_some() {
            stored.params.client_id.clone_from(&options.client_id);
        }
        Arc::new(Self {
            runtime,
            plugins: options.plugins.clone(),
            patience: options.engine.timeouts.realtime_request,
            flight: TokenFlight::default(),
            key: options.auth.key.clone(),
            claimed: options.client_id.clone(),
            stored: Mutex::new(stored),
        })
    }

    /// What is stored.
    pub(super) fn stored(&self) -> Stored {
        self.lock().clone()
    }

    /// What `authorize` is to use when it is given this. Stores nothing.
    ///
    /// # Errors
    /// - `40102` another key than the client's.
    /// - `40171` no way to get a token.
    ///
    /// Spec: RSA10a, RSA10h–RSA10j.
    pub(super) fn plan(
        &self,
        params: Option<TokenParams>,
        options: Option<AuthOptions>,
    ) -> Result<Stored, ErrorInfo> {
        let mut now = self.stored();
        if let Some(mut options) = options {
            if options.key.is_some() && options.key != self.key {
                return Err(ErrorInfo::new(
                    ErrorCode::INCOMPATIBLE_CREDENTIAL,
                    401,
                    "the key is not the one that the client was made with",
                ));
            }
            options.key.clone_from(&self.key);
            now.options = options;
        }
        // Before the token in use is given up for one that is not to be had.
        if !now.options.is_renewable() && now.options.token.is_none() {
            return Err(no_means());
        }
        if let Some(mut params) = params {
            // RSA7d.
            if params.client_id.is_none() {
                params.client_id.clone_from(&self.claimed);
            }
            now.params = params;
        }
        Ok(now)
    }

    /// Stores what `authorize` uses, but for the time and the wish for the server's. Spec: RSA10g.
    pub(super) fn store(&self, mut now: Stored) {
        now.options.token = None;
        now.options.query_time = false;
        now.params.timestamp = None;
        // Dropped when the lock is free again: it may hold something of the application's.
        let before = std::mem::replace(&mut *self.lock(), now);
        drop(before);
    }

    fn lock(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that a token cannot be renewed. Spec: RSA4a1.
pub(crate) fn warn_of_no_renewal(options: &ClientOptions, log: &dyn LogSink) {
    let is_lone = options.auth.token.is_some() && !options.auth.is_renewable();
    if is_lone && options.engine.log_level >= LogLevel::Major {
        let record = LogRecord {
            level: LogLevel::Major,
            target: "auth",
            message: String::from(
                "40171: there is no means to renew the token when it expires: no key, \
                 authCallback or authUrl; see https://help.ably.io/error/40171",
            ),
        };
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| log.log(&record)));
    }
}
