//! In tokio's paused time: no sockets, no waiting.

use std::{
    cell::RefCell,
    future::pending,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::*;

fn v4(n: u8) -> SocketAddr {
    (IpAddr::from(Ipv4Addr::new(192, 0, 2, n)), 443).into()
}

fn v6(n: u16) -> SocketAddr {
    (
        IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n)),
        443,
    )
        .into()
}

/// What an address does, and after how many milliseconds.
#[derive(Clone, Copy)]
enum Does {
    Answer(u64),
    Fail(u64, io::ErrorKind),
    Nothing,
}

/// Runs it; the outcome, when it came, and when each address was tried.
async fn race(
    hosts: &[(SocketAddr, Does)],
) -> (
    Result<SocketAddr, io::ErrorKind>,
    u64,
    Vec<(SocketAddr, u64)>,
) {
    let start = Instant::now();
    let since = move || start.elapsed().as_millis() as u64;
    let tried = RefCell::new(Vec::new());
    let won = connect_first(interleave(hosts.iter().map(|(a, _)| *a)), |address| {
        tried.borrow_mut().push((address, since()));
        let does = hosts.iter().find(|(a, _)| *a == address).unwrap().1;
        async move {
            match does {
                Does::Answer(ms) => {
                    sleep(Duration::from_millis(ms)).await;
                    Ok(address)
                }
                Does::Fail(ms, kind) => {
                    sleep(Duration::from_millis(ms)).await;
                    Err(kind.into())
                }
                Does::Nothing => pending().await,
            }
        }
    })
    .await;
    (won.map_err(|e| e.kind()), since(), tried.into_inner())
}

#[test]
fn families_take_turns_the_first_one_first() {
    assert_eq!(
        interleave([v6(1), v6(2), v6(3), v4(1), v4(2)]),
        [v6(1), v4(1), v6(2), v4(2), v6(3)]
    );
    assert_eq!(interleave([v4(1), v4(2), v6(1)]), [v4(1), v6(1), v4(2)]);
    assert_eq!(interleave([]), []);
}

#[tokio::test(start_paused = true)]
async fn a_black_holed_ipv6_costs_one_stagger() {
    let (won, took, tried) = race(&[
        (v6(1), Does::Nothing),
        (v6(2), Does::Nothing),
        (v6(3), Does::Nothing),
        (v4(1), Does::Answer(20)),
    ])
    .await;
    assert_eq!(won, Ok(v4(1)));
    assert_eq!(took, 270);
    assert_eq!(tried, [(v6(1), 0), (v4(1), 250)]);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_answers_in_time_is_tried_alone() {
    let (won, took, tried) = race(&[(v6(1), Does::Answer(200)), (v4(1), Does::Answer(1))]).await;
    assert_eq!((won, took), (Ok(v6(1)), 200));
    assert_eq!(tried, [(v6(1), 0)]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_address_may_still_win() {
    let (won, took, _) = race(&[(v6(1), Does::Answer(300)), (v4(1), Does::Answer(100))]).await;
    assert_eq!((won, took), (Ok(v6(1)), 300));
}

#[tokio::test(start_paused = true)]
async fn a_failure_starts_the_next_at_once() {
    let no_route = io::ErrorKind::NetworkUnreachable;
    let (won, took, tried) = race(&[
        (v6(1), Does::Fail(5, no_route)),
        (v6(2), Does::Fail(5, no_route)),
        (v4(1), Does::Fail(5, io::ErrorKind::ConnectionRefused)),
        (v4(2), Does::Answer(5)),
    ])
    .await;
    assert_eq!(won, Ok(v4(2)));
    assert!(took < 250, "{took}");
    assert_eq!(
        tried.iter().map(|t| t.0).collect::<Vec<_>>(),
        [v6(1), v4(1), v6(2), v4(2)]
    );
}

#[tokio::test(start_paused = true)]
async fn the_error_that_says_most_is_told() {
    let no_route = io::ErrorKind::NetworkUnreachable;
    let refused = io::ErrorKind::ConnectionRefused;
    let (won, _, _) = race(&[
        (v6(1), Does::Fail(1, no_route)),
        (v4(1), Does::Fail(1, refused)),
    ])
    .await;
    assert_eq!(won, Err(refused));
    let (won, _, _) = race(&[
        (v4(1), Does::Fail(1, refused)),
        (v6(1), Does::Fail(1, no_route)),
    ])
    .await;
    assert_eq!(won, Err(refused));
    let (won, _, _) = race(&[(v4(1), Does::Fail(1, no_route))]).await;
    assert_eq!(won, Err(no_route));
    let (won, _, _) = race(&[]).await;
    assert_eq!(won, Err(io::ErrorKind::NotFound));
}

#[tokio::test(start_paused = true)]
async fn losers_are_dropped() {
    let losers = std::rc::Rc::new(());
    let won = connect_first(interleave([v6(1), v4(1)]), |address| {
        let held = losers.clone();
        async move {
            if address.is_ipv6() {
                pending::<()>().await;
            }
            drop(held);
            Ok(address)
        }
    })
    .await;
    assert_eq!(won.unwrap(), v4(1));
    assert_eq!(std::rc::Rc::strong_count(&losers), 1);
}
