//! URLs and variables; nothing is dialled.

use ably_base::ErrorCode;

use super::*;

fn from(variables: &[(&str, &str)]) -> Result<Rules, ErrorInfo> {
    Rules::from_variables(|name| {
        let mut all = variables.iter();
        all.find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
    })
}

/// Host and port of the proxy for a host.
fn way(proxies: &Rules, tls: bool, host: &str) -> Option<String> {
    let proxy = proxies.proxy_for(tls, host)?;
    Some(format!("{}:{}", proxy.host(), proxy.port()))
}

#[test]
fn all_means_all() {
    let proxies = Rules::all(Address::parse("p:1").unwrap());
    assert!(!proxies.is_empty());
    for tls in [true, false] {
        for host in ["realtime.ably.net", "localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(way(&proxies, tls, host).as_deref(), Some("p:1"), "{host}");
        }
    }
    assert!(Rules::default().is_empty());
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
