//! The guard: forms, addresses, rebinding, redirects, proxies.

use crate::support::{HOST, KEY, Reply, Scripted, Server, loopback, with_headers};
use providers::{
    AllowedHosts, Outbound,
    outbound::{OutboundError, Request, RequestLimits, Url, header},
};
use std::process::Command;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn resolving_to(addresses: &[&str]) -> Outbound {
    Outbound::new(Scripted::new(&[addresses]), RequestLimits::default())
}

async fn verdict(outbound: &Outbound, text: &str, allowed: &AllowedHosts) -> Result<(), OutboundError> {
    outbound.origin(&url(text), allowed).await.map(drop)
}

#[tokio::test]
async fn a_host_is_checked_by_all_of_its_addresses() {
    use OutboundError::{AddressNotAllowed as Address, CleartextNotAllowed as Cleartext};
    let none = AllowedHosts::none();
    let given = AllowedHosts::none().with(HOST, 443).with(HOST, 80);
    type Verdict = Result<(), OutboundError>;
    #[rustfmt::skip]
    let matrix: &[(&[&str], Verdict, Verdict, Verdict)] = &[
        // addresses, https unasked, https allowed, http allowed
        (&["8.8.8.8"], Ok(()), Ok(()), Err(Cleartext)),
        (&["2606:4700:4700::1111"], Ok(()), Ok(()), Err(Cleartext)),
        (&["64:ff9b::8.8.8.8"], Ok(()), Ok(()), Err(Cleartext)),
        (&["127.0.0.1"], Err(Address), Ok(()), Ok(())),
        (&["::1"], Err(Address), Ok(()), Ok(())),
        (&["10.1.2.3"], Err(Address), Ok(()), Ok(())),
        (&["100.64.0.1"], Err(Address), Ok(()), Ok(())),
        (&["fd12::1"], Err(Address), Ok(()), Ok(())),
        (&["::ffff:192.168.0.1"], Err(Address), Ok(()), Ok(())),
        (&["64:ff9b::10.0.0.1"], Err(Address), Ok(()), Ok(())),
        (&["8.8.8.8", "10.0.0.1"], Err(Address), Ok(()), Err(Cleartext)),
        (&["10.0.0.1", "8.8.8.8"], Err(Address), Ok(()), Err(Cleartext)),
        (&["8.8.8.8", "169.254.169.254"], Err(Address), Err(Address), Err(Address)),
        (&["169.254.169.254"], Err(Address), Err(Address), Err(Address)),
        (&["fd00:ec2::254"], Err(Address), Err(Address), Err(Address)),
        (&["::ffff:169.254.169.254"], Err(Address), Err(Address), Err(Address)),
        (&["64:ff9b::a9fe:a9fe"], Err(Address), Err(Address), Err(Address)),
        (&["2002:a9fe:a9fe::"], Err(Address), Err(Address), Err(Address)),
        (&["fe80::1"], Err(Address), Err(Address), Err(Address)),
        (&["0.0.0.0"], Err(Address), Err(Address), Err(Address)),
        (&["::"], Err(Address), Err(Address), Err(Address)),
        (&["224.0.0.1"], Err(Address), Err(Address), Err(Address)),
        (&["192.0.2.1"], Err(Address), Err(Address), Err(Address)),
        (&[], Err(OutboundError::DnsFailed), Err(OutboundError::DnsFailed), Err(OutboundError::DnsFailed)),
    ];
    for (addresses, unasked, https, http) in matrix {
        let outbound = resolving_to(addresses);
        let at = |scheme| format!("{scheme}://{HOST}/v1");
        assert_eq!(verdict(&outbound, &at("https"), &none).await, *unasked, "{addresses:?}");
        assert_eq!(verdict(&outbound, &at("https"), &given).await, *https, "{addresses:?} allowed");
        assert_eq!(verdict(&outbound, &at("http"), &given).await, *http, "{addresses:?} allowed, http");
        assert!(verdict(&outbound, &at("http"), &none).await.is_err(), "{addresses:?} http");
    }
}

#[tokio::test]
async fn literal_addresses_in_any_spelling_need_an_admins_permission() {
    let resolver = Scripted::new(&[&["8.8.8.8"]]);
    let outbound = Outbound::new(resolver.clone(), RequestLimits::default());
    for text in [
        "https://1.1.1.1/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://①②⑦.0.0.1/",
        "https://%31%32%37.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[2606:4700:4700::1111]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://0/",
    ] {
        assert_eq!(
            verdict(&outbound, text, &AllowedHosts::none()).await,
            Err(OutboundError::AddressNotAllowed),
            "{text}"
        );
    }
    assert_eq!(resolver.lookups(), 0, "a literal address must not reach the resolver as a name");

    let allowed = AllowedHosts::none().with("127.0.0.1", 80).with("::1", 80).with("169.254.169.254", 80);
    for (text, expected) in [
        ("http://127.0.0.1/", Ok(())),
        ("http://2130706433/", Ok(())),
        ("http://[::1]/", Ok(())),
        ("http://127.0.0.1:81/", Err(OutboundError::AddressNotAllowed)),
        ("http://127.0.0.2/", Err(OutboundError::AddressNotAllowed)),
        ("http://[::ffff:127.0.0.1]/", Err(OutboundError::AddressNotAllowed)),
        ("http://169.254.169.254/", Err(OutboundError::AddressNotAllowed)),
    ] {
        assert_eq!(verdict(&outbound, text, &allowed).await, expected, "{text} allowed");
    }
}

#[tokio::test]
async fn odd_urls_are_refused() {
    let outbound = resolving_to(&["8.8.8.8"]);
    for text in [
        "ftp://llm.test/",
        "file:///etc/passwd",
        "gopher://llm.test/",
        "data:text/plain,x",
        "https://user@llm.test/",
        "https://user:pw@llm.test/",
        "https://:pw@llm.test/",
        "https://8.8.8.8@llm.test/",
    ] {
        assert_eq!(
            verdict(&outbound, text, &AllowedHosts::none()).await,
            Err(OutboundError::BadUrl),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_name_that_turns_private_after_the_check_is_not_asked_again() {
    let first = Server::bind("127.0.0.2:0", |_| with_headers(200, "", "first")).await;
    let victim =
        Server::bind(&format!("127.0.0.1:{}", first.address.port()), |_| with_headers(200, "", "victim"))
            .await;
    let resolver = Scripted::new(&[&["127.0.0.2"], &["127.0.0.1"]]);
    let outbound = Outbound::new(resolver.clone(), RequestLimits::default());
    let origin = outbound.origin(&first.url("/"), &first.allowed()).await.unwrap();
    for _ in 0..3 {
        let answer = origin.send(Request::get(first.url("/"))).await.unwrap();
        assert_eq!(answer.body, "first");
    }
    assert_eq!(resolver.lookups(), 1);
    assert!(victim.seen().is_empty());
}

#[tokio::test]
async fn a_refused_pin_does_not_fall_back_to_a_second_lookup() {
    let victim = Server::start(|_| with_headers(200, "", "victim")).await;
    let resolver = Scripted::new(&[&["127.0.0.2"], &["127.0.0.1"]]);
    let outbound = Outbound::new(resolver.clone(), RequestLimits::default());
    let fault = outbound.send(Request::get(victim.url("/")), &victim.allowed()).await.err();
    assert_eq!((fault, resolver.lookups()), (Some(OutboundError::ConnectionRefused), 1));
    assert!(victim.seen().is_empty());
}

#[tokio::test]
async fn each_new_origin_is_checked_anew() {
    let outbound = Outbound::new(Scripted::new(&[&["8.8.8.8"], &["127.0.0.1"]]), RequestLimits::default());
    assert_eq!(verdict(&outbound, "https://llm.test/", &AllowedHosts::none()).await, Ok(()));
    assert_eq!(
        verdict(&outbound, "https://llm.test/", &AllowedHosts::none()).await,
        Err(OutboundError::AddressNotAllowed)
    );
}

#[tokio::test]
async fn a_checked_origin_serves_no_other() {
    let server = Server::start(|_| with_headers(200, "", "")).await;
    let origin = loopback().origin(&server.url("/"), &server.allowed()).await.unwrap();
    let port = server.address.port();
    for other in [
        format!("http://other.test:{port}/"),
        format!("http://127.0.0.1:{port}/"),
        format!("https://llm.test:{port}/"),
        "http://llm.test/".to_owned(),
    ] {
        let fault = origin.send(Request::get(url(&other))).await.err();
        assert_eq!(fault, Some(OutboundError::OtherOrigin), "{other}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn redirects_are_answers_and_not_followed() {
    let victim = Server::start(|_| with_headers(200, "", "secret")).await;
    let to = format!("location: {}\r\n", victim.url("/"));
    for status in [301, 302, 303, 307, 308] {
        let to = to.clone();
        let server = Server::start(move |_| with_headers(status, &to, "")).await;
        let allowed = server.allowed().with(HOST, victim.address.port());
        let answer = loopback().send(Request::get(server.url("/")), &allowed).await.unwrap();
        assert_eq!(answer.status.as_u16(), status);
    }
    assert!(victim.seen().is_empty());
}

#[tokio::test]
async fn a_key_that_would_break_the_header_is_never_sent() {
    for key in ["a\r\nx-evil: 1", "a\nb", "a b", "a\tb", "a\0", "schlüssel", "“sk-1”", ""] {
        let call = Request::get(url("https://llm.test/"));
        let fault = call.secret_header(header::AUTHORIZATION, "Bearer ", &key.into()).err();
        assert_eq!(fault, Some(OutboundError::BadHeader), "{key:?}");
    }
    let call = Request::get(url("https://llm.test/"));
    assert!(call.secret_header(header::AUTHORIZATION, "Bearer ", &KEY.into()).is_ok());
}

/// The environment of a process cannot be changed safely while it runs, so the test runs itself again.
#[tokio::test]
async fn proxies_of_the_environment_are_ignored() {
    let server = Server::start(|_| with_headers(200, "", "direct")).await;
    let proxy = Server::start(|_| Reply::Silence).await;
    let through = format!("http://{}", proxy.address);
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "--ignored", "guard::child_behind_a_proxy"]);
    child.env("GUARD_TEST_PORT", server.address.port().to_string());
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, &through);
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(server.lines(), ["GET /"]);
    assert!(proxy.seen().is_empty());
}

#[tokio::test]
#[ignore = "run by proxies_of_the_environment_are_ignored"]
async fn child_behind_a_proxy() {
    let port: u16 = std::env::var("GUARD_TEST_PORT").unwrap().parse().unwrap();
    let at = url(&format!("http://{HOST}:{port}/"));
    let allowed = AllowedHosts::none().with(HOST, port);
    assert_eq!(loopback().send(Request::get(at), &allowed).await.unwrap().body, "direct");
}
