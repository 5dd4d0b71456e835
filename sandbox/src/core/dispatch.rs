//! Frames from clients: which part of the core they are for, and the answer to those that want one.
//!
//! Every MESSAGE and PRESENCE gets exactly one ACK or NACK, in order. A frame that an earlier
//! transport of the connection delivered gets the same answer again and does nothing else.
//!
//! Spec: RTN7, RTN13, RTN19, RTC8.

use crate::core::Core;
use crate::core::auth::Credential;
use crate::core::transport::{Outgoing, TransportId};
use crate::wire::error::{BAD_REQUEST, INCOMPATIBLE, PROTOCOL};
use crate::wire::{ErrorInfo, ProtocolMessage, Request, Value, action};

impl Core {
    /// Handles a frame, or the reason why it could not be read.
    pub fn receive(&mut self, id: TransportId, frame: Result<Value, ErrorInfo>, now: u64) {
        // Whatever is wrong was told on the transport.
        let _ = self.take_in(id, frame, now);
    }

    /// The same, and returns what ended the transport.
    pub(crate) fn take_in(
        &mut self,
        id: TransportId,
        frame: Result<Value, ErrorInfo>,
        now: u64,
    ) -> Result<(), ErrorInfo> {
        let Some(transport) = self.transports.get_mut(&id).filter(|open| !open.ended) else {
            return Ok(());
        };
        transport.last_received = now;
        let request = frame.and_then(|frame| Request::read(&frame));
        let outcome = request.and_then(|request| self.dispatch(id, request, now));
        if let Err(error) = &outcome {
            self.fail_transport(id, error.clone(), now);
        }
        outcome
    }

    fn dispatch(&mut self, id: TransportId, request: Request, now: u64) -> Result<(), ErrorInfo> {
        let connection = self
            .transports
            .get(&id)
            .and_then(|open| open.connection.clone());
        let Some(connection) = connection else {
            return Ok(());
        };
        match request.action {
            action::HEARTBEAT => {
                let answer = ProtocolMessage {
                    id: request.id,
                    ..ProtocolMessage::new(action::HEARTBEAT)
                };
                self.send(id, answer, now);
            }
            action::CLOSE => {
                self.send(id, ProtocolMessage::new(action::CLOSED), now);
                self.end_connection(&connection, false, now);
                self.end_transport(id, Outgoing::Close, now);
            }
            action::DISCONNECT => self.end_transport(id, Outgoing::Close, now),
            action::AUTH => self.reauthenticate(id, &connection, request.access_token, now)?,
            action::ATTACH => self.attach(id, &connection, request, now)?,
            action::DETACH => self.detach(id, &connection, request, now)?,
            action::MESSAGE | action::PRESENCE | action::OBJECT | action::ANNOTATION => {
                let Some(serial) = request.msg_serial else {
                    return Err(ErrorInfo::bad(PROTOCOL, "a publish must have a msgSerial"));
                };
                let outcome = match self.repeated(&connection, serial) {
                    Some(outcome) => outcome,
                    None => self.accept(&connection, &request, serial, now),
                };
                self.answer(id, &connection, serial, outcome, now);
            }
            // RTF1: what is unknown, or not for servers, is ignored.
            _ => {}
        }
        Ok(())
    }

    fn accept(
        &mut self,
        connection: &str,
        request: &Request,
        serial: u64,
        now: u64,
    ) -> Result<(), ErrorInfo> {
        match request.action {
            action::MESSAGE => self.publish_frame(connection, request, serial, now),
            action::PRESENCE => self.presence_frame(connection, request, serial, now),
            action::ANNOTATION => self.annotation_frame(connection, request, serial, now),
            _ => {
                let why = "objects are not supported by this sandbox";
                Err(ErrorInfo::bad(BAD_REQUEST, why))
            }
        }
    }

    // A frame that an earlier transport delivered is not applied again.
    fn repeated(&self, connection: &str, serial: u64) -> Option<Result<(), ErrorInfo>> {
        let connection = self.connections.get(connection)?;
        if connection.processed_before.is_none_or(|last| serial > last) {
            return None;
        }
        Some(
            connection
                .rejected
                .get(&serial)
                .map_or(Ok(()), |error| Err(error.clone())),
        )
    }

    fn answer(
        &mut self,
        id: TransportId,
        connection: &str,
        serial: u64,
        outcome: Result<(), ErrorInfo>,
        now: u64,
    ) {
        if let Some(connection) = self.connections.get_mut(connection) {
            connection.processed = connection.processed.max(Some(serial));
            match &outcome {
                Ok(()) => {
                    connection.rejected.remove(&serial);
                }
                Err(error) => {
                    connection.rejected.insert(serial, error.clone());
                    if connection.rejected.len() > MAX_REJECTED {
                        connection.rejected.pop_first();
                    }
                }
            }
        }
        let (action, error) = match outcome {
            Ok(()) => (action::ACK, None),
            Err(error) => (action::NACK, Some(error)),
        };
        let answer = ProtocolMessage {
            msg_serial: Some(serial),
            count: Some(1),
            error,
            ..ProtocolMessage::new(action)
        };
        self.send(id, answer, now);
    }

    fn reauthenticate(
        &mut self,
        id: TransportId,
        connection: &str,
        token: Option<String>,
        now: u64,
    ) -> Result<(), ErrorInfo> {
        let Some(token) = token else {
            return Err(ErrorInfo::bad(PROTOCOL, "AUTH must have an accessToken"));
        };
        let known = self.connections.get(connection);
        let own = known
            .and_then(|known| known.identity.client_id())
            .map(str::to_owned);
        let app = known.map(|known| known.identity.app.clone());
        let identity = self.authenticate(Some(&Credential::Token(token)), own.as_deref(), now)?;
        if app.as_deref() != Some(&identity.app) || identity.client_id() != own.as_deref() {
            let why = "the new token is for another client";
            return Err(ErrorInfo::unauthorized(INCOMPATIBLE, why));
        }
        if let Some(connection) = self.connections.get_mut(connection) {
            connection.identity = identity;
            connection.asked_for_auth = false;
        }
        self.send_connected(id, connection, None, now);
        self.watch_connection(connection, now);
        self.review_attachments(id, connection, now);
        Ok(())
    }
}

const MAX_REJECTED: usize = 1_000;
