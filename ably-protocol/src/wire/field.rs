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
            #[allow(non_upper_case_globals)]
            pub fn of(name: &[u8]) -> Self {
                $(const $variant: &[u8] = $name.as_bytes();)*
                match name {
                    $($variant => Self::$variant,)*
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

            /// The name as JSON has it in front of a value: in quotes, with a colon.
            pub(crate) const fn quoted(self) -> &'static str {
                match self {
                    Self::Unknown => "\"\":",
                    $(Self::$variant => concat!("\"", $name, "\":"),)*
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
            Field::of(b"objectsGCGracePeriod"),
            Field::ObjectsGcGracePeriod
        );
        assert_eq!(Field::of(b"msgSerial").name(), "msgSerial");
        assert_eq!(Field::Id.quoted(), "\"id\":");
        assert_eq!(Field::of(b"msgserial"), Field::Unknown);
        assert_eq!(Field::of(b""), Field::Unknown);
    }
}
