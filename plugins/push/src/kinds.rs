//! What devices are and how their registrations fare. A name that this library does not know is
//! kept as it came.
//!
//! Spec: PCD4, PCD6, PCP4.

use ably_base::Str;

macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $kind:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$about])* $kind,)*
            /// One that this library does not know.
            Unknown(Str),
        }

        impl $name {
            /// The name on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$kind => $text,)*
                    Self::Unknown(name) => name,
                }
            }
        }

        impl From<Str> for $name {
            fn from(name: Str) -> Self {
                $(if name.eq_ignore_ascii_case($text) {
                    return Self::$kind;
                })*
                Self::Unknown(name)
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self::from(Str::new(name))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

kinds! {
    /// What a device runs.
    ///
    /// Spec: PCD6.
    DevicePlatform {
        /// Android.
        Android = "android",
        /// iOS.
        Ios = "ios",
        /// A web browser.
        Browser = "browser",
    }
}

kinds! {
    /// What a device is.
    ///
    /// Spec: PCD4.
    DeviceFormFactor {
        /// A phone.
        Phone = "phone",
        /// A tablet.
        Tablet = "tablet",
        /// A desktop computer.
        Desktop = "desktop",
        /// A television.
        Tv = "tv",
        /// A watch.
        Watch = "watch",
        /// A car.
        Car = "car",
        /// A device built into something.
        Embedded = "embedded",
        /// Something else.
        Other = "other",
    }
}

kinds! {
    /// Whether notifications reach a device.
    ///
    /// Spec: PCP4.
    DevicePushState {
        /// They do.
        Active = "ACTIVE",
        /// The last ones did not; it is tried again.
        Failing = "FAILING",
        /// They do not; nothing is tried any more.
        Failed = "FAILED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_unknown_ones_stay() {
        assert_eq!(DevicePushState::from("Active"), DevicePushState::Active);
        assert_eq!(DevicePushState::from("ACTIVE").as_str(), "ACTIVE");
        assert_eq!(DevicePlatform::from("ios"), DevicePlatform::Ios);
        for name in [
            "phone", "tablet", "desktop", "tv", "watch", "car", "embedded", "other",
        ] {
            let kind = DeviceFormFactor::from(name);
            assert!(!matches!(kind, DeviceFormFactor::Unknown(_)), "{name}");
            assert_eq!(kind.as_str(), name);
        }
        let unknown = DeviceFormFactor::from("Toaster");
        assert_eq!(unknown.to_string(), "Toaster");
        assert_eq!(unknown, DeviceFormFactor::Unknown("Toaster".into()));
    }
}
