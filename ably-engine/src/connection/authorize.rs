//! A new token on a connection that stands, and what a failure to get one leads to.
//!
//! Does not get tokens and does not know how `authorize` was called: the shell takes the token into
//! use and then says so.
//!
//! ```text
//!  authorize()  connected: AUTH -> CONNECTED (update) or ERROR (failed)
//!               connecting with another token: that attempt ends, a new one begins
//!               else: connect
//!  AUTH from the server -> token -> AUTH
//! ```
//!
//! Spec: RTC8, RTN22, RSA4c, RSA4d, RSA15c.

use alloc::boxed::Box;

use ably_protocol::{Action, AuthDetails, ErrorCode, ErrorInfo, ProtocolMessage};

use super::{ConnectionState, Link};
use crate::{Engine, LogLevel, Now, Output, Ticket, op};

impl Engine {
    /// A token was taken into use because the application has asked for it: the connection is to
    /// use it. The ticket is answered when it does, or when it cannot.
    ///
    /// Spec: RTC8a3, RTC8b, RTC8b1, RTC8c.
    pub fn use_new_token(&mut self, now: Now) -> Ticket<()> {
        use ConnectionState as S;
        let (reply, ticket) = op::pair(self.new_op());
        match self.conn.state {
            S::Connected if self.conn.confirmed == self.auth.generation() => {
                self.reply(reply, Ok(()));
                return ticket;
            }
            // Once for each token.
            S::Connected if self.conn.generation == self.auth.generation() => {}
            S::Connected => self.send_auth(),
            S::Connecting => {
                let is_old = self.conn.generation != self.auth.generation();
                if is_old && self.conn.link.transport().is_some() {
                    self.restart_attempt(now);
                }
            }
            _ => self.connect(now),
        }
        self.conn.authorizing.push(reply);
        self.tell_authorizers(match self.conn.state {
            // It answers the AUTH yet.
            S::Connected => S::Connecting,
            state => state,
        });
        self.settle(now);
        ticket
    }

    /// `authorize` could not get a token, or got one of someone else: what ends the connection does
    /// so, and nothing else does.
    ///
    /// Spec: RSA4d1, RSA15c.
    pub fn authorize_failed(&mut self, now: Now, error: &ErrorInfo) {
        if is_fatal(error) {
            self.auth_failed(now, error.clone());
            self.settle(now);
        }
    }

    /// The server asks for a new token. Spec: RTN22.
    pub(super) fn on_reauth_asked(&mut self) {
        if self.conn.state != ConnectionState::Connected {
            return;
        }
        if !self.auth.is_renewable() {
            // Until the server ends it, the connection works; ably-js fails it here.
            return self.log(LogLevel::Major, "connection", || {
                "the server asks for a new token, and there is no means to get one".into()
            });
        }
        let op = self.new_op();
        self.conn.reauth = Some(op);
        let generation = self.auth.generation();
        self.outputs
            .push_back(Output::FetchToken { op, generation });
    }

    pub(super) fn on_reauth_token(&mut self, now: Now, result: Result<(), ErrorInfo>) {
        self.conn.reauth = None;
        match result {
            // `authorize` has sent it.
            Ok(()) if self.conn.generation == self.auth.generation() => {}
            Ok(()) => self.send_auth(),
            Err(error) if is_fatal(&error) => self.auth_failed(now, error),
            // The old token holds until the server says otherwise (RSA4c3).
            Err(error) => self.log(LogLevel::Error, "connection", || {
                alloc::format!("the new token that the server asks for is not to be had: {error}")
            }),
        }
    }

    /// Tells the server of the token in use, when connected. Spec: RTC8a.
    fn send_auth(&mut self) {
        let Some(details) = self.auth.token_details() else {
            return;
        };
        let mut auth = AuthDetails::default();
        auth.access_token = details.token.clone();
        let mut message = ProtocolMessage::new(Action::AUTH);
        message.auth = Some(Box::new(auth));
        if matches!(self.conn.link, Link::Active(_)) {
            self.conn.generation = self.auth.generation();
        }
        self.send_now(message);
    }

    /// The connection uses the newest token, or never will.
    pub(super) fn authorized(&mut self, result: &Result<(), ErrorInfo>) {
        for reply in core::mem::take(&mut self.conn.authorizing) {
            self.reply(reply, result.clone());
        }
    }

    /// Spec: RTC8a3, RTC8b1.
    pub(super) fn tell_authorizers(&mut self, state: ConnectionState) {
        use ConnectionState as S;
        match state {
            S::Connected => self.authorized(&Ok(())),
            S::Failed | S::Suspended | S::Closed if !self.conn.authorizing.is_empty() => {
                let error = self.connection_error();
                self.authorized(&Err(error));
            }
            _ => {}
        }
    }

    /// Spec: RSA4c, RSA4d, RSA15c.
    pub(super) fn auth_failed(&mut self, now: Now, error: ErrorInfo) {
        if matches!(
            error.code(),
            ErrorCode::INCOMPATIBLE_CREDENTIAL | ErrorCode::MISSING_PLUGIN
        ) {
            return self.notify(now, ConnectionState::Failed, Some(error));
        }
        let wrap = |status, text: &str| {
            let text = alloc::format!("{text}: {}", error.message());
            ErrorInfo::builder(ErrorCode::AUTH_FAILED, status, text)
                .cause(error.clone())
                .build()
        };
        if error.status_code() == 403 {
            let error = wrap(403, "the client was refused a token");
            self.notify(now, ConnectionState::Failed, Some(error));
        } else {
            let error = wrap(401, "getting a token failed");
            let state = self.conn.fail_state();
            self.notify(now, state, Some(error));
        }
    }
}

/// No further attempt would help.
fn is_fatal(error: &ErrorInfo) -> bool {
    error.status_code() == 403
        || matches!(
            error.code(),
            ErrorCode::INCOMPATIBLE_CREDENTIAL | ErrorCode::MISSING_PLUGIN
        )
}
