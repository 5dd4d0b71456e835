//! [`Flags`] of ATTACH and ATTACHED, and the [`ChannelMode`]s among them.

use alloc::vec::Vec;
use core::fmt;

/// The `flags` of a [`crate::ProtocolMessage`], a bit set. Unknown bits are kept.
///
/// Spec: TR3.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Flags(pub u64);

impl Flags {
    /// ATTACHED: the channel has presence members; a sync follows.
    pub const HAS_PRESENCE: Self = Self(1);
    /// ATTACHED: stored messages follow.
    pub const HAS_BACKLOG: Self = Self(1 << 1);
    /// ATTACHED: nothing was missed since the client's channel serial.
    pub const RESUMED: Self = Self(1 << 2);
    /// Reserved.
    pub const TRANSIENT: Self = Self(1 << 4);
    /// ATTACH: the channel was attached before (RTL4j).
    pub const ATTACH_RESUME: Self = Self(1 << 5);
    /// ATTACHED: the channel has objects; a sync follows.
    pub const HAS_OBJECTS: Self = Self(1 << 7);
    /// All bits that are channel modes.
    pub const MODES: Self = Self(ChannelMode::MASK);

    /// True when every bit of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// True when no bit is set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// This set with the bits of `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The bits that ask for `modes`. Spec: RTL4l.
    pub fn of_modes<'a>(modes: impl IntoIterator<Item = &'a ChannelMode>) -> Self {
        modes.into_iter().fold(Self(0), |f, m| f.with(m.flag()))
    }

    /// The modes among the bits, in the order of their bits. Spec: RTL4m.
    pub fn modes(self) -> Vec<ChannelMode> {
        ChannelMode::ALL
            .into_iter()
            .filter(|m| self.contains(m.flag()))
            .collect()
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flags({:#x})", self.0)
    }
}

/// What a channel attachment may be used for.
///
/// Spec: TB2d, TR3q–TR3x.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChannelMode {
    /// Enter, update and leave presence.
    Presence,
    /// Publish messages.
    Publish,
    /// Receive messages.
    Subscribe,
    /// Receive presence events.
    PresenceSubscribe,
    /// Publish annotations.
    AnnotationPublish,
    /// Receive annotations.
    AnnotationSubscribe,
    /// Receive object operations.
    ObjectSubscribe,
    /// Send object operations.
    ObjectPublish,
}

impl ChannelMode {
    /// Every mode, in the order of their bits.
    pub const ALL: [Self; 8] = [
        Self::Presence,
        Self::Publish,
        Self::Subscribe,
        Self::PresenceSubscribe,
        Self::AnnotationPublish,
        Self::AnnotationSubscribe,
        Self::ObjectSubscribe,
        Self::ObjectPublish,
    ];
    const MASK: u64 = 0x036f_0000;

    /// The bit of this mode in [`Flags`].
    pub const fn flag(self) -> Flags {
        Flags(match self {
            Self::Presence => 1 << 16,
            Self::Publish => 1 << 17,
            Self::Subscribe => 1 << 18,
            Self::PresenceSubscribe => 1 << 19,
            Self::AnnotationPublish => 1 << 21,
            Self::AnnotationSubscribe => 1 << 22,
            Self::ObjectSubscribe => 1 << 24,
            Self::ObjectPublish => 1 << 25,
        })
    }

    /// The name that ably-js uses, for example `presence_subscribe`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Presence => "presence",
            Self::Publish => "publish",
            Self::Subscribe => "subscribe",
            Self::PresenceSubscribe => "presence_subscribe",
            Self::AnnotationPublish => "annotation_publish",
            Self::AnnotationSubscribe => "annotation_subscribe",
            Self::ObjectSubscribe => "object_subscribe",
            Self::ObjectPublish => "object_publish",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mode_bits_are_those_of_the_protocol() {
        let numbers = [
            65_536, 131_072, 262_144, 524_288, 2_097_152, 4_194_304, 16_777_216, 33_554_432,
        ];
        for (mode, n) in ChannelMode::ALL.into_iter().zip(numbers) {
            assert_eq!(mode.flag(), Flags(n), "{}", mode.as_str());
        }
        assert_eq!(Flags::of_modes(&ChannelMode::ALL), Flags::MODES);
        let some = Flags::of_modes(&[ChannelMode::Subscribe, ChannelMode::Presence]);
        assert_eq!(
            some.modes(),
            [ChannelMode::Presence, ChannelMode::Subscribe]
        );
    }
}
