//! [`Field`]: the names of all fields that are typed on the wire.

macro_rules! fields {
    ($($variant:ident $name:literal)*) => {
        /// A field that the wire types know.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Field {
            /// A name that is not known here; its value is skipped. Spec: RSF1.
            Unknown,
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Field {
            /// The field of this name.
            pub fn of(name: &str) -> Self {
                match name {
                    $($name => Self::$variant,)*
                    _ => Self::Unknown,
                }
            }

            /// The name on the wire, empty for [`Field::Unknown`].
            pub const fn name(self) -> &'static str {
                match self {
                    Self::Unknown => "",
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

fields! {
    AccessToken "accessToken"
    Action "action"
    Annotations "annotations"
    Auth "auth"
    Cause "cause"
    Channel "channel"
    ChannelSerial "channelSerial"
    ClientId "clientId"
    Code "code"
    ConnectionDetails "connectionDetails"
    ConnectionId "connectionId"
    ConnectionKey "connectionKey"
    ConnectionStateTtl "connectionStateTtl"
    Count "count"
    CreatedAt "createdAt"
    Data "data"
    Description "description"
    Encoding "encoding"
    Error "error"
    Extras "extras"
    Flags "flags"
    Href "href"
    Id "id"
    MaxFrameSize "maxFrameSize"
    MaxIdleInterval "maxIdleInterval"
    MaxInboundRate "maxInboundRate"
    MaxMessageSize "maxMessageSize"
    Message "message"
    Messages "messages"
    Metadata "metadata"
    MsgSerial "msgSerial"
    Name "name"
    ObjectsGcGracePeriod "objectsGCGracePeriod"
    Operation "operation"
    Params "params"
    Presence "presence"
    RequestId "requestId"
    Serial "serial"
    ServerId "serverId"
    State "state"
    StatusCode "statusCode"
    Summary "summary"
    Timestamp "timestamp"
    Version "version"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelt_as_on_the_wire() {
        assert_eq!(
            Field::of("objectsGCGracePeriod"),
            Field::ObjectsGcGracePeriod
        );
        assert_eq!(Field::of("msgSerial").name(), "msgSerial");
        assert_eq!(Field::of("msgserial"), Field::Unknown);
        assert_eq!(Field::of(""), Field::Unknown);
    }
}
