//! Limits of time and size, and servers that break the rules.

use crate::support::{HOST, Reply, Server, loopback, loopback_within, with_headers};
use async_trait::async_trait;
use providers::{
    AllowedHosts, Outbound,
    outbound::{OutboundError, Request, RequestLimits, Resolver, Url},
};
use std::{
    io,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

const SHORT: RequestLimits = RequestLimits {
    connect: Duration::from_millis(400),
    total: Duration::from_millis(400),
    idle: Duration::from_millis(200),
    body_bytes: 1_000,
};

async fn fault_of(server: &Server, limits: RequestLimits) -> Option<OutboundError> {
    let started = Instant::now();
    let outbound = loopback_within(limits);
    let fault = outbound.send(Request::get(server.url("/")), &server.allowed()).await.err();
    assert!(started.elapsed() < Duration::from_secs(4), "a cap did not hold");
    fault
}

#[tokio::test]
async fn a_body_up_to_the_cap_passes_and_one_byte_more_does_not() {
    for (size, expected) in [(1_000, None), (1_001, Some(OutboundError::ResponseTooLarge))] {
        let server = Server::start(move |_| with_headers(200, "", &"x".repeat(size))).await;
        assert_eq!(fault_of(&server, SHORT).await, expected, "announced, {size}");
        let server = Server::start(move |_| {
            Reply::Raw(format!("HTTP/1.1 200 X\r\nconnection: close\r\n\r\n{}", "x".repeat(size)).into())
        })
        .await;
        assert_eq!(fault_of(&server, SHORT).await, expected, "unannounced, {size}");
    }
}

#[tokio::test]
async fn the_default_cap_is_one_mebibyte_and_a_call_may_set_its_own() {
    let server = Server::start(|_| with_headers(200, "", &"x".repeat((1 << 20) + 1))).await;
    assert_eq!(fault_of(&server, RequestLimits::default()).await, Some(OutboundError::ResponseTooLarge));
    let call = Request::get(server.url("/")).max_bytes(2 << 20);
    let answer = loopback().send(call, &server.allowed()).await.unwrap();
    assert_eq!(answer.body.len(), (1 << 20) + 1);
}

#[tokio::test]
async fn an_endless_stream_ends_at_the_size_cap() {
    let head = b"HTTP/1.1 200 X\r\n\r\n".to_vec();
    let server =
        Server::start(move |_| Reply::Drip(head.clone(), vec![b'x'; 64 << 10], Duration::ZERO)).await;
    assert_eq!(
        fault_of(&server, RequestLimits { body_bytes: 4 << 20, ..RequestLimits::default() }).await,
        Some(OutboundError::ResponseTooLarge)
    );
}

#[tokio::test]
async fn silence_ends_at_the_time_cap() {
    let server = Server::start(|_| Reply::Silence).await;
    assert_eq!(fault_of(&server, SHORT).await, Some(OutboundError::TimedOut));
}

#[tokio::test]
async fn a_dripping_head_ends_at_the_time_cap() {
    let pause = Duration::from_millis(20);
    for (first, then) in [("HTTP/1.1 200 X\r\nx: ", "y"), ("", "HTTP/1.1 100 Continue\r\n\r\n")] {
        let server = Server::start(move |_| Reply::Drip(first.into(), then.into(), pause)).await;
        assert_eq!(fault_of(&server, SHORT).await, Some(OutboundError::TimedOut), "{first}");
    }
}

#[tokio::test]
async fn a_dripping_body_never_idle_ends_at_the_whole_cap() {
    let head = b"HTTP/1.1 200 X\r\n\r\n".to_vec();
    let server =
        Server::start(move |_| Reply::Drip(head.clone(), b"x".to_vec(), Duration::from_millis(50))).await;
    let started = Instant::now();
    assert_eq!(fault_of(&server, SHORT).await, Some(OutboundError::TimedOut));
    assert!(started.elapsed() >= SHORT.total, "ended by another cap");
}

#[tokio::test]
async fn a_stream_may_last_but_not_fall_silent() {
    let head = b"HTTP/1.1 200 X\r\n\r\n".to_vec();
    let lively = {
        let head = head.clone();
        Server::start(move |_| Reply::Drip(head.clone(), b"x".to_vec(), Duration::from_millis(50))).await
    };
    let origin = loopback_within(SHORT).origin(&lively.url("/"), &lively.allowed()).await.unwrap();
    let mut stream = origin.open(Request::get(lively.url("/"))).await.unwrap();
    let started = Instant::now();
    while started.elapsed() < SHORT.total * 2 {
        assert!(stream.chunk().await.unwrap().is_some());
    }

    let stalling =
        Server::start(move |_| Reply::Drip([&head[..], b"x"].concat(), Vec::new(), Duration::from_secs(60)))
            .await;
    let origin = loopback_within(SHORT).origin(&stalling.url("/"), &stalling.allowed()).await.unwrap();
    let mut stream = origin.open(Request::get(stalling.url("/"))).await.unwrap();
    assert_eq!(stream.chunk().await.unwrap().unwrap(), "x");
    let started = Instant::now();
    assert_eq!(stream.chunk().await, Err(OutboundError::TimedOut));
    assert!(started.elapsed() < Duration::from_secs(4), "the idle cap did not hold");
}

#[tokio::test]
async fn a_stream_whose_head_does_not_come_ends_at_the_time_cap() {
    let server = Server::start(|_| Reply::Silence).await;
    let origin = loopback_within(SHORT).origin(&server.url("/"), &server.allowed()).await.unwrap();
    let started = Instant::now();
    assert_eq!(origin.open(Request::get(server.url("/"))).await.err(), Some(OutboundError::TimedOut));
    assert!(started.elapsed() < Duration::from_secs(4), "the cap did not hold");
}

struct NeverAnswers;

#[async_trait]
impl Resolver for NeverAnswers {
    async fn lookup(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_silent_name_server_ends_at_the_connect_cap() {
    let outbound = Outbound::new(Arc::new(NeverAnswers), SHORT);
    let url = Url::parse(&format!("https://{HOST}/")).unwrap();
    let started = Instant::now();
    assert_eq!(outbound.origin(&url, &AllowedHosts::none()).await.err(), Some(OutboundError::TimedOut));
    assert!(started.elapsed() < Duration::from_secs(4), "the cap did not hold");
}

#[tokio::test]
async fn broken_and_hostile_answers_are_faults_and_not_panics() {
    let many = (0..500).map(|n| format!("x-{n}: y\r\n")).collect::<String>();
    let huge = "y".repeat(2 << 20);
    let lost = Some(OutboundError::ConnectionLost);
    let odd = Some(OutboundError::InvalidResponse);
    for (what, bytes, expected) in [
        ("nothing", String::new(), odd),
        ("no HTTP", "SSH-2.0-OpenSSH_9.2\r\n".into(), odd),
        ("bad status", "HTTP/1.1 abc X\r\n\r\n".into(), odd),
        ("half a head", "HTTP/1.1 200 X\r\nx: y".into(), odd),
        ("too many headers", format!("HTTP/1.1 200 X\r\n{many}\r\n"), odd),
        ("huge header", format!("HTTP/1.1 200 X\r\nx: {huge}\r\n\r\n"), odd),
        ("control bytes", "HTTP/1.1 200 X\r\nx: a\0b\r\n\r\n".into(), odd),
        ("space in a name", "HTTP/1.1 200 X\r\nx y: z\r\n\r\n".into(), odd),
        ("two lengths", "HTTP/1.1 200 X\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab".into(), odd),
        (
            "absurd length",
            "HTTP/1.1 200 X\r\ncontent-length: 99999999999\r\n\r\n".into(),
            Some(OutboundError::ResponseTooLarge),
        ),
        ("short body", "HTTP/1.1 200 X\r\ncontent-length: 10\r\n\r\nabc".into(), lost),
        ("bad chunk", "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".into(), lost),
        ("cut chunk", "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab".into(), lost),
    ] {
        let server = Server::start(move |_| Reply::Raw(bytes.clone().into())).await;
        assert_eq!(fault_of(&server, RequestLimits::default()).await, expected, "{what}");
    }
}
