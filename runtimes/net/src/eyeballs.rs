//! Happy eyeballs: connects to the first of several addresses that answers.
//!
//! One address after another would let a dead IPv6 route eat the whole attempt. Here the families
//! take turns, and the next address is tried when the one before has failed or has not answered
//! within [`STAGGER`]; the first to answer wins and the others are dropped. Opens no sockets: how to
//! connect is an argument.
//!
//! RFC 8305, sections 4 and 5.

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::pin,
    task::Poll,
    time::Duration,
};

use tokio::time::{Instant, sleep};

/// How long an address may take before the next one is tried beside it.
pub const STAGGER: Duration = Duration::from_millis(250);

/// Sorts addresses so that the families take turns, the family of the first one first.
pub fn interleave(addresses: impl IntoIterator<Item = SocketAddr>) -> VecDeque<SocketAddr> {
    let mut addresses = addresses.into_iter().peekable();
    let v6_first = addresses.peek().is_some_and(SocketAddr::is_ipv6);
    let (mut one, mut other): (VecDeque<_>, VecDeque<_>) =
        addresses.partition(|a| a.is_ipv6() == v6_first);
    let mut sorted = VecDeque::with_capacity(one.len() + other.len());
    while !one.is_empty() || !other.is_empty() {
        sorted.extend(one.pop_front());
        sorted.extend(other.pop_front());
    }
    sorted
}

/// Connects to the first of `addresses` that answers.
///
/// # Errors
/// When all have failed: the first error that says more than "no route".
///
/// # Cancel safety
/// Dropping the future drops all attempts.
pub async fn connect_first<S, F, Fut>(
    mut addresses: VecDeque<SocketAddr>,
    mut connect: F,
) -> io::Result<S>
where
    F: FnMut(SocketAddr) -> Fut,
    Fut: Future<Output = io::Result<S>>,
{
    let mut attempts = Vec::new();
    let mut failure: Option<io::Error> = None;
    let mut stagger = pin!(sleep(STAGGER));
    let mut due = true;
    poll_fn(|cx| {
        loop {
            if due {
                due = false;
                if let Some(address) = addresses.pop_front() {
                    attempts.push(Box::pin(connect(address)));
                    stagger.as_mut().reset(Instant::now() + STAGGER);
                }
            }
            let mut i = 0;
            while let Some(attempt) = attempts.get_mut(i) {
                match attempt.as_mut().poll(cx) {
                    Poll::Ready(Ok(stream)) => return Poll::Ready(Ok(stream)),
                    Poll::Ready(Err(error)) => {
                        drop(attempts.swap_remove(i));
                        if failure.as_ref().is_none_or(says_little) {
                            failure = Some(error);
                        }
                        due = true;
                    }
                    Poll::Pending => i += 1,
                }
            }
            if addresses.is_empty() {
                if attempts.is_empty() {
                    let none = || io::Error::new(io::ErrorKind::NotFound, "there is no address");
                    return Poll::Ready(Err(failure.take().unwrap_or_else(none)));
                }
                return Poll::Pending;
            }
            if !due {
                if stagger.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                due = true;
            }
        }
    })
    .await
}

/// An address family that is not there says nothing about the host.
fn says_little(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::AddrNotAvailable
    )
}

#[cfg(test)]
mod tests;
