//! [`HostState`]: which hosts requests go to.
//!
//! Spec: RSC15a, RSC15f, RSC25, RTN17e.

use alloc::vec::Vec;

use ably_protocol::Str;

use super::RequestPolicy;
use crate::{Entropy, Hosts, Instant, Now, entropy};

/// The hosts of one client: its primary host, its fallbacks in an order drawn once, and the
/// fallback that worked last.
#[derive(Debug)]
pub struct HostState {
    primary: Str,
    fallbacks: Vec<Str>,
    remembered: Option<(Str, Instant)>,
}

impl HostState {
    /// Draws the order of the fallbacks and keeps as many as one request may try.
    pub fn new(hosts: &Hosts, policy: &RequestPolicy, entropy: &mut dyn Entropy) -> Self {
        let mut fallbacks = hosts.fallbacks.clone();
        // The primary host is no fallback, unless it is the only one that is listed: then it is
        // tried again, as whoever listed it asks.
        if fallbacks.iter().any(|host| *host != hosts.primary) {
            fallbacks.retain(|host| *host != hosts.primary);
        }
        for i in (1..fallbacks.len()).rev() {
            let pick = entropy::fraction(entropy) * (i + 1) as f64;
            fallbacks.swap(i, pick as usize);
        }
        fallbacks.truncate(policy.max_retry_count as usize);
        Self {
            primary: hosts.primary.clone(),
            fallbacks,
            remembered: None,
        }
    }

    /// The fallback that is preferred for now.
    pub fn remembered(&mut self, now: Now) -> Option<Str> {
        self.remembered.take_if(|(_, until)| *until <= now.mono);
        self.remembered.as_ref().map(|(host, _)| host.clone())
    }

    /// Prefers `host` from now on, when it is a fallback.
    pub(super) fn remember(&mut self, now: Now, host: &Str, policy: &RequestPolicy) {
        if self.fallbacks.contains(host) && *host != self.primary {
            let until = now.mono.after(policy.fallback_retry_timeout);
            self.remembered = Some((host.clone(), until));
        }
    }

    /// `host` has failed: it is not preferred any more.
    pub(super) fn forget(&mut self, host: &Str) {
        self.remembered.take_if(|(h, _)| h == host);
    }

    /// The hosts of one request, last first: the one that the connection uses (else the primary
    /// one), then the fallbacks.
    pub(super) fn sequence(&self, connected: Option<&Str>) -> Vec<Str> {
        let first = connected.unwrap_or(&self.primary);
        let again = |host: &&Str| *host != first || **host == self.primary;
        let rest = self.fallbacks.iter().filter(again);
        let mut hosts: Vec<Str> = core::iter::once(first).chain(rest).cloned().collect();
        hosts.reverse();
        hosts
    }
}
