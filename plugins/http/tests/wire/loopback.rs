//! The client against a server on this machine.

use std::{future::poll_fn, time::Duration};

use ably_base::{
    FailureKind, Plugin, Plugins, RestAgentOptions,
    engine::HttpRequest,
    ext::{HttpContext, collect},
};
use ably_http::Http;
use tokio::{io::AsyncWriteExt, net::TcpListener};

use crate::support::{client, client_with, fetch, get, head, read_request, serve};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Odd: a\xe9\r\nLink: <1>\r\nLink: <2>\r\nContent-Length: 3\r\n\r\n[1]";

#[tokio::test]
async fn a_request_goes_out_as_it_is_and_the_response_comes_back() {
    let (address, seen) = serve(OK).await;
    let mut request = HttpRequest::new("POST", format!("http://{address}/a%2Fb/c?x=1%26y"));
    request.headers = vec![
        ("X-Ably-Version".into(), "3".into()),
        ("Authorization".into(), "Basic aGk=".into()),
    ];
    request.body = b"body".as_slice().into();
    let reply = fetch(&client(Http::new()), request).await.unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(&reply.body[..], b"[1]");
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("x-odd"), Some("a\u{e9}"));
    let links: Vec<_> = reply.headers.iter().filter(|(n, _)| n == "link").collect();
    assert_eq!(links.len(), 2);
    let sent = seen.requests().remove(0);
    let (line, rest) = sent.split_once("\r\n").unwrap();
    assert_eq!(line, "POST /a%2Fb/c?x=1%26y HTTP/1.1");
    let lower = rest.to_ascii_lowercase();
    for expected in [
        "x-ably-version: 3\r\n",
        "authorization: basic agk=\r\n",
        "content-length: 4\r\n",
        &format!("host: {address}\r\n"),
    ] {
        assert!(lower.contains(expected), "{expected:?} in {lower:?}");
    }
    assert!(rest.ends_with("\r\n\r\nbody"));
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (address, seen) = serve(OK).await;
    let client = client(Http::new());
    for _ in 0..5 {
        fetch(&client, get(format!("http://{address}/")))
            .await
            .unwrap();
    }
    assert_eq!((seen.connections(), seen.requests().len()), (1, 5));
}

#[tokio::test]
async fn a_kept_connection_that_the_server_has_closed_is_replaced() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (closed, mut closings) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await.unwrap();
            stream.write_all(OK).await.unwrap();
            stream.shutdown().await.unwrap();
            // Ends when the client has noticed.
            assert_eq!(read_request(&mut stream).await, None);
            closed.send(()).await.unwrap();
        }
    });
    let client = client(Http::new());
    for method in ["GET", "POST", "GET"] {
        let request = HttpRequest::new(method, format!("http://{address}/"));
        let reply = fetch(&client, request).await.unwrap();
        assert_eq!(reply.status, 200);
        closings.recv().await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_is_not_kept_when_the_options_say_so() {
    let (address, seen) = serve(OK).await;
    let mut context = HttpContext::new();
    context.agent = RestAgentOptions::new().keep_alive(false);
    let unkept = client_with(Http::new(), &context);
    let none_idle = client(Http::new().pool_max_idle_per_host(0));
    for client in [&unkept, &none_idle, &unkept, &none_idle] {
        fetch(client, get(format!("http://{address}/")))
            .await
            .unwrap();
    }
    assert_eq!((seen.connections(), seen.requests().len()), (4, 4));
}

#[tokio::test]
async fn a_connection_is_kept_for_so_long() {
    let (address, seen) = serve(OK).await;
    let hasty = client(Http::new().pool_idle_timeout(Duration::from_millis(1)));
    for _ in 0..2 {
        fetch(&hasty, get(format!("http://{address}/")))
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!((seen.connections(), seen.requests().len()), (2, 2));
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_the_options_say() {
    let (address, seen) = serve(OK).await;
    let mut context = HttpContext::new();
    context.agent = RestAgentOptions::new().max_sockets(2);
    let client = client_with(Http::new(), &context);
    let request = || get(format!("http://{address}/"));
    let one = head(&client, request()).await.unwrap();
    let two = head(&client, request()).await.unwrap();
    // The third waits until a body has been read, or dropped.
    let mut third = client.execute(request());
    let wait = Duration::from_millis(100);
    assert!(tokio::time::timeout(wait, &mut third).await.is_err());
    assert_eq!(seen.requests().len(), 2);
    collect(one, 100).await.unwrap();
    let third = third.await.unwrap();
    let mut fourth = client.execute(request());
    assert!(tokio::time::timeout(wait, &mut fourth).await.is_err());
    drop(two);
    let fourth = fourth.await.unwrap();
    for response in [third, fourth] {
        assert_eq!(&collect(response, 100).await.unwrap().body[..], b"[1]");
    }
    assert!(seen.connections() <= 3, "{}", seen.connections());
}

#[tokio::test]
async fn https_without_a_tls_plugin_names_the_features() {
    let client = client(Http::new());
    let error = fetch(&client, get("https://127.0.0.1:1/"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, FailureKind::Tls);
    assert!(error.to_string().contains("`rustls`"), "{error}");
}

#[tokio::test]
async fn a_body_comes_in_pieces_as_the_server_sends_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (go, wait) = tokio::sync::oneshot::channel::<()>();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        let first = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n";
        stream.write_all(first).await.unwrap();
        wait.await.unwrap();
        stream.write_all(b"4\r\nlast\r\n0\r\n\r\n").await.unwrap();
        read_request(&mut stream).await;
    });
    let request = get(format!("http://{address}/"));
    let mut response = head(&client(Http::new()), request).await.unwrap();
    let first = poll_fn(|cx| response.body.poll_chunk(cx)).await;
    assert_eq!(&first.unwrap().unwrap()[..], b"first");
    // The rest is only sent now: the first piece did not wait for it.
    go.send(()).unwrap();
    let rest = collect(response, 4).await.unwrap();
    assert_eq!(&rest.body[..], b"last");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let (address, _) = serve(OK).await;
    let client = client(Http::new());
    let response = head(&client, get(format!("http://{address}/")))
        .await
        .unwrap();
    let error = collect(response, 2).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Protocol);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let answer = b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n";
    let (address, seen) = serve(answer).await;
    let reply = fetch(&client(Http::new()), get(format!("http://{address}/")))
        .await
        .unwrap();
    assert_eq!(reply.status, 302);
    assert_eq!(seen.requests().len(), 1);
}

#[tokio::test]
async fn a_request_that_is_cut_off_is_not_sent_again() {
    let (address, seen) = serve(b"").await;
    let error = fetch(&client(Http::new()), get(format!("http://{address}/")))
        .await
        .unwrap_err();
    assert!(
        matches!(error.kind, FailureKind::Closed { .. }),
        "{error:?}"
    );
    assert_eq!(seen.requests().len(), 1);
}

#[tokio::test]
async fn failures_are_classified_and_name_no_url() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refused = unused.local_addr().unwrap();
    drop(unused);
    let (garbage, _) = serve(b"SSH-2.0-OpenSSH\r\n\r\n").await;
    let secret = "access_token=hunter2";
    let cases = [
        (format!("http://{refused}/?{secret}"), FailureKind::Refused),
        (
            format!("http://no-such-host.invalid/?{secret}"),
            FailureKind::Dns,
        ),
        (format!("http://{garbage}/?{secret}"), FailureKind::Protocol),
        (format!("http://?{secret}"), FailureKind::Other),
    ];
    for (url, kind) in cases {
        let error = fetch(&client(Http::new()), get(url.clone()))
            .await
            .unwrap_err();
        assert_eq!(error.kind, kind, "{url}: {error:?}");
        let printed = format!("{error} {error:?}");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}

#[tokio::test]
async fn a_server_that_goes_amid_the_body_has_closed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        let part = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[";
        stream.write_all(part).await.unwrap();
    });
    let request = get(format!("http://{address}/"));
    let error = fetch(&client(Http::new()), request).await.unwrap_err();
    assert!(
        matches!(error.kind, FailureKind::Closed { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_head_that_does_not_end_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        let line = [b"X-A: ", [b'a'; 4096].as_slice(), b"\r\n"].concat();
        for _ in 0..10_000 {
            if stream.write_all(&line).await.is_err() {
                return;
            }
        }
    });
    let error = fetch(&client(Http::new()), get(format!("http://{address}/")))
        .await
        .unwrap_err();
    assert_eq!(error.kind, FailureKind::Protocol, "{error:?}");
}

#[tokio::test]
async fn dropping_the_future_abandons_the_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = client(Http::new());
    let request = tokio::spawn(client.execute(get(format!("http://{address}/"))));
    let (mut stream, _) = listener.accept().await.unwrap();
    read_request(&mut stream).await.unwrap();
    request.abort();
    // The client closes its end.
    let within = Duration::from_secs(5);
    let end = tokio::time::timeout(within, read_request(&mut stream)).await;
    assert_eq!(end.expect("closed at once"), None);
}

#[test]
fn outside_of_a_runtime_it_is_an_error_not_a_panic() {
    let client = client(Http::new());
    let mut future = client.execute(get("http://127.0.0.1:9/"));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(error)) = future.as_mut().poll(&mut cx) else {
        panic!("must fail at once");
    };
    assert_eq!(error.kind, FailureKind::Other);
}

#[test]
fn it_fills_the_slot_of_the_http_client_under_its_name() {
    let mut plugins = Plugins::none();
    plugins.install(&Http::new()).unwrap();
    assert_eq!(plugins.ids(), ["FetchRequest"]);
    assert_eq!(Http::new().id(), "FetchRequest");
    // Until a client gives it its TLS plugin.
    assert!(!plugins.http().unwrap().has_tls());
}
