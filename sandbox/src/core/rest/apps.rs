//! Creating and deleting apps; issuing tokens.

use crate::core::Core;
use crate::core::auth::Credential;
use crate::core::records;
use crate::core::rest::{Request, Response};
use crate::core::transport::Outgoing;
use crate::wire::error::{BAD_BODY, BAD_CREDENTIALS, INCOMPATIBLE, NOT_FOUND};
use crate::wire::{ErrorInfo, ProtocolMessage, Value, action};

impl Core {
    pub(crate) fn post_app(&mut self, request: &Request, now: u64) -> Result<Response, ErrorInfo> {
        let id = self.insert_app(&request.body, now)?;
        let app = self.apps.get(&id);
        let body = app.map_or(Value::Null, crate::core::app::App::to_value);
        Ok(Response::new(201, body))
    }

    pub(crate) fn delete_app(
        &mut self,
        request: &Request,
        app: &str,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let identity = self.identify(request, now)?;
        if !matches!(request.credentials.first(), Some(Credential::Key(_))) {
            let why = "deleting an app needs one of its keys";
            return Err(ErrorInfo::unauthorized(BAD_CREDENTIALS, why));
        }
        if identity.app != app {
            let why = "the key is not one of this app";
            return Err(ErrorInfo::unauthorized(INCOMPATIBLE, why));
        }
        let connections = self.connections.iter();
        let connections = connections.filter(|(_, connection)| connection.identity.app == app);
        let connections: Vec<_> = connections
            .map(|(id, connection)| (id.clone(), connection.transport))
            .collect();
        for (connection, transport) in connections {
            if let Some(transport) = transport {
                let error = ErrorInfo::new(NOT_FOUND, 404, "the app was deleted");
                let error = ProtocolMessage::new(action::ERROR).with_error(error);
                self.send(transport, error, now);
                self.end_transport(transport, Outgoing::Close, now);
            }
            self.end_connection(&connection, false, now);
        }
        self.apps.remove(app);
        self.note(|_| Some(records::gone(app)));
        Ok(Response::empty())
    }

    pub(crate) fn post_request_token(
        &mut self,
        request: &Request,
        key_name: &str,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        if !matches!(request.body, Value::Map(_)) {
            return Err(ErrorInfo::bad(
                BAD_BODY,
                "a token request must be an object",
            ));
        }
        let vouched = match request.credentials.first() {
            Some(Credential::Key(_)) => {
                let identity = self.identify(request, now)?;
                format!("{}.{}", identity.app, identity.key) == key_name
            }
            _ => false,
        };
        let details = self.request_token(key_name, &request.body, vouched, now)?;
        Ok(Response::new(201, details))
    }
}
