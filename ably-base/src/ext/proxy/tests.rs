//! URLs and variables; nothing is dialled.

use super::*;

fn from(variables: &[(&str, &str)]) -> Result<Proxies, ErrorInfo> {
    Proxies::from_variables(|name| {
        let mut all = variables.iter();
        all.find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
    })
}

/// Host and port of the proxy for a host.
fn way(proxies: &Proxies, tls: bool, host: &str) -> Option<String> {
    let proxy = proxies.proxy_for(tls, host)?;
    Some(format!("{}:{}", proxy.host(), proxy.port()))
}

#[test]
fn a_url_is_read_with_its_defaults() {
    use ProxyScheme::{Http, Https, Socks5};
    for (url, scheme, host, port) in [
        ("proxy.test", Http, "proxy.test", 80),
        ("proxy.test:3128", Http, "proxy.test", 3128),
        ("HTTP://Proxy.Test:3128/", Http, "proxy.test", 3128),
        ("https://proxy.test", Https, "proxy.test", 443),
        ("socks5://10.0.0.1", Socks5, "10.0.0.1", 1080),
        ("socks5h://[::1]:9050", Socks5, "[::1]", 9050),
        ("http://[fe80::1]", Http, "[fe80::1]", 80),
    ] {
        let proxy = Proxy::parse(url).unwrap();
        assert_eq!(
            (proxy.scheme(), proxy.host(), proxy.port()),
            (scheme, host, port),
            "{url}"
        );
        assert!(proxy.credentials().is_none());
        assert!(proxy.authorization().is_none());
    }
}

#[test]
fn credentials_are_read_and_never_printed() {
    let proxy = Proxy::parse("http://us%40er:p%3Aw%2f%zz@proxy.test:8080").unwrap();
    let credentials = proxy.credentials().unwrap();
    assert_eq!(
        credentials.expose(),
        &("us@er".to_owned(), "p:w/%zz".to_owned())
    );
    // "us@er:p:w/%zz"
    let authorization = proxy.authorization().unwrap();
    assert_eq!(authorization.expose(), "Basic dXNAZXI6cDp3LyV6eg==");
    assert_eq!(
        proxy.url().expose(),
        "http://us%40er:p%3Aw%2f%zz@proxy.test:8080"
    );
    let printed = format!(
        "{proxy:?} {:?} {:?}",
        proxy.url(),
        Proxies::all(proxy.clone())
    );
    for secret in ["us%40er", "us@er", "p%3A", "p:w"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    // A user without a password.
    let proxy = Proxy::parse("me@proxy.test").unwrap();
    assert_eq!(
        proxy.credentials().unwrap().expose(),
        &("me".to_owned(), String::new())
    );
}

#[test]
fn what_is_no_proxy_is_refused_without_repeating_it() {
    for url in [
        "",
        "http://",
        "socks4://hunter2@proxy.test",
        "ftp://hunter2@proxy.test",
        "http://hunter2@proxy.test:port",
        "http://hunter2@proxy.test:99999",
        "http://hunter2@pro xy.test",
        "http://hunter2@proxy.test/path",
        "http://hunter2@::1",
        "http://hunter2@[no]:1",
        "http://hun\r\nter2@proxy.test",
    ] {
        let error = Proxy::parse(url).unwrap_err();
        assert_eq!(error.code(), ErrorCode::BAD_REQUEST, "{url}");
        let printed = format!("{error} {error:?}");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}

#[test]
fn all_means_all() {
    let proxies = Proxies::all(Proxy::parse("p:1").unwrap());
    assert!(!proxies.is_empty());
    for tls in [true, false] {
        for host in ["realtime.ably.net", "localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(way(&proxies, tls, host).as_deref(), Some("p:1"), "{host}");
        }
    }
    assert!(Proxies::none().is_empty());
    assert_eq!(way(&Proxies::none(), true, "realtime.ably.net"), None);
}

#[test]
fn variables_are_for_their_scheme_and_lower_case_comes_first() {
    let proxies = from(&[
        ("HTTPS_PROXY", "http://upper:1"),
        ("https_proxy", "http://secure:1"),
        ("HTTP_PROXY", "http://plain:2"),
        ("ALL_PROXY", "socks5://all:3"),
    ])
    .unwrap();
    assert_eq!(way(&proxies, true, "a.test").as_deref(), Some("secure:1"));
    assert_eq!(way(&proxies, false, "a.test").as_deref(), Some("plain:2"));

    let proxies = from(&[("all_proxy", "socks5://all:3"), ("HTTPS_PROXY", " ")]).unwrap();
    assert_eq!(way(&proxies, true, "a.test").as_deref(), Some("all:3"));
    assert_eq!(way(&proxies, false, "a.test").as_deref(), Some("all:3"));

    let proxies = from(&[("HTTPS_PROXY", "http://secure:1")]).unwrap();
    assert_eq!(way(&proxies, false, "a.test"), None);
    assert!(from(&[]).unwrap().is_empty());
}

#[test]
fn a_request_to_a_cgi_program_cannot_set_the_proxy() {
    let method = ("REQUEST_METHOD", "GET");
    let proxies = from(&[method, ("HTTP_PROXY", "http://evil:2")]).unwrap();
    assert!(proxies.is_empty());
    let proxies = from(&[method, ("http_proxy", "http://plain:2")]).unwrap();
    assert_eq!(way(&proxies, false, "a.test").as_deref(), Some("plain:2"));
}

#[test]
fn a_variable_that_cannot_be_read_is_named() {
    let error = from(&[("https_proxy", "socks4://hunter2@p")]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::BAD_REQUEST);
    assert!(error.message().contains("HTTPS_PROXY"), "{error}");
    assert!(!error.to_string().contains("hunter2"));
}

#[test]
fn no_proxy_names_hosts_addresses_and_networks() {
    let list =
        "ably.net, .dotted.test,*.star.test,10.0.0.0/8,192.168.1.7,fd00::/8,[2001:db8::1],/3";
    let proxies = from(&[("ALL_PROXY", "p:1"), ("NO_PROXY", list)]).unwrap();
    for direct in [
        "ably.net",
        "ABLY.net.",
        "main.realtime.ably.net",
        "dotted.test",
        "a.dotted.test",
        "a.star.test",
        "10.255.0.1",
        "192.168.1.7",
        "[fd12::1]",
        "2001:db8::1",
    ] {
        assert_eq!(way(&proxies, true, direct), None, "{direct}");
    }
    for through in [
        "notably.net",
        "ably.net.test",
        "11.0.0.1",
        "192.168.1.8",
        "[fe80::1]",
        "2001:db8::2",
    ] {
        assert!(way(&proxies, true, through).is_some(), "{through}");
    }
    let proxies = from(&[("ALL_PROXY", "p:1"), ("no_proxy", "*")]).unwrap();
    assert_eq!(way(&proxies, true, "anything.test"), None);
    let proxies = from(&[("ALL_PROXY", "p:1"), ("no_proxy", "0.0.0.0/0,.")]).unwrap();
    assert_eq!(way(&proxies, true, "8.8.8.8"), None);
    assert!(way(&proxies, true, "[::2]").is_some());
    assert!(way(&proxies, true, "a.test").is_some());
}

#[test]
fn the_environment_s_proxy_is_not_for_loopback() {
    let proxies = from(&[("ALL_PROXY", "p:1")]).unwrap();
    for host in [
        "localhost",
        "a.localhost",
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "[::1]",
    ] {
        assert_eq!(way(&proxies, true, host), None, "{host}");
    }
    assert!(way(&proxies, true, "notlocalhost").is_some());
}
