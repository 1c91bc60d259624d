//! Readiness, chat, pass-through and history pages over the wire.

use crate::scripted::{Action, Server, ada, answer, gateway, head, session};
use futures_util::StreamExt;
use openclaw::{
    Cause, ChatEvent, ChatRequest, ChatRole, ChatStream, EarlierMessage, Readiness, UpstreamError,
};
use serde_json::{Value, json};
use std::time::Duration;

const ROLE: &str = "data: {\"id\":\"chatcmpl_1\",\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n";
const END: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\ndata: [DONE]\n\n";

fn sse(pieces: &[&str]) -> Vec<Action> {
    let pieces = pieces.iter().map(|piece| Action::Send(piece.as_bytes().to_vec()));
    std::iter::once(head("200 OK", "text/event-stream")).chain(pieces).collect()
}

async fn chat(server: &Server) -> Result<ChatStream, UpstreamError> {
    let agent = ada();
    let earlier = [EarlierMessage { role: ChatRole::Agent, text: "before" }];
    let request = ChatRequest {
        agent: &agent,
        session: session(),
        text: "hello",
        earlier: &earlier,
        system: Some("be brief"),
        model: Some("p-1/m"),
    };
    server.gateway().chat(request).await
}

async fn refusal(status: &str, body: &str) -> UpstreamError {
    let server = Server::start(vec![answer(status, body)]).await;
    chat(&server).await.err().expect("an error")
}

#[tokio::test]
async fn a_message_and_its_answer() {
    let server = Server::start(vec![sse(&[ROLE, &END[..20], &END[20..]])]).await;
    let events: Vec<ChatEvent> = chat(&server).await.unwrap().collect().await;
    let started = ChatEvent::Started { run_id: "chatcmpl_1".into() };
    assert_eq!(events, [started, ChatEvent::Delta("hi".into()), ChatEvent::Done]);

    let request = server.request(0);
    for line in [
        "post /v1/chat/completions http/1.1",
        "authorization: bearer the-token",
        "x-openclaw-agent-id: ada",
        "x-openclaw-session-key: agent:ada:mosaic:0198f3c2aaaa70008000000000000abc:1",
        "x-openclaw-model: p-1/m",
    ] {
        assert!(request.head.lines().any(|have| have == line), "{line} in {}", request.head);
    }
    assert!(!request.head.contains("forwarded") && !request.head.contains("x-real-ip"), "{}", request.head);
    let expected = json!({
        "model": "openclaw/ada",
        "stream": true,
        "stream_options": { "include_usage": true },
        "messages": [
            { "role": "system", "content": "be brief" },
            { "role": "assistant", "content": "before" },
            { "role": "user", "content": "hello" },
        ],
    });
    assert_eq!(request.json(), expected);
}

#[tokio::test]
async fn dropping_a_stream_closes_the_connection() {
    let mut script = sse(&[ROLE]);
    script.push(Action::Hold);
    let mut server = Server::start(vec![script]).await;
    let mut events = chat(&server).await.unwrap();
    assert!(matches!(events.next().await, Some(ChatEvent::Started { .. })));
    drop(events);
    tokio::time::timeout(Duration::from_secs(5), server.disconnects.recv()).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn silence_is_allowed_as_long_as_openclaw_may_work() {
    let quiet = |seconds| {
        let mut script = sse(&[ROLE]);
        script.extend([Action::Wait(Duration::from_secs(seconds)), Action::Send(END.into())]);
        script
    };
    let server = Server::start(vec![quiet(29 * 60), quiet(40 * 60)]).await;
    let events: Vec<ChatEvent> = chat(&server).await.unwrap().collect().await;
    assert_eq!(events.last(), Some(&ChatEvent::Done));
    let events: Vec<ChatEvent> = chat(&server).await.unwrap().collect().await;
    assert_eq!(events.last(), Some(&ChatEvent::Error(Cause::ConnectionLost.into())));
}

#[tokio::test]
async fn refusals_tell_whether_the_message_was_accepted() {
    let error =
        refusal("401 Unauthorized", r#"{"error":{"message":"Unauthorized","type":"unauthorized"}}"#).await;
    assert!(error.cause == Cause::GatewayAuth && error.cause.never_sent());
    let error =
        refusal("503 Service Unavailable", r#"{"error":{"type":"service_unavailable","message":"x"}}"#).await;
    assert!(error.cause == Cause::AgentRestarting && error.cause.never_sent());
    let body = r#"{"error":{"message":"Unknown agent 'ada'.","type":"invalid_request_error"}}"#;
    assert_eq!(refusal("400 Bad Request", body).await.cause, Cause::AgentUnknown);
    assert_eq!(refusal("502 Bad Gateway", "<html>").await.cause, Cause::BadAnswer);
    assert_eq!(refusal("400 Bad Request", &"x".repeat(100_000)).await.cause, Cause::BadAnswer);

    let gone = Server::start(vec![]).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let error = chat(&gone).await.err().unwrap();
    assert!(error.cause == Cause::AgentUnreachable && error.cause.never_sent());
    let silent = Server::start(vec![vec![]]).await;
    let error = chat(&silent).await.err().unwrap();
    assert!(error.cause == Cause::ConnectionLost && !error.cause.never_sent());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::start(vec![sse(&[END])]).await;
    let redirect =
        format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{}/\r\n\r\n", elsewhere.address);
    let server = Server::start(vec![vec![Action::Send(redirect.into())]]).await;
    assert_eq!(chat(&server).await.err().unwrap().cause, Cause::BadAnswer);
    assert!(elsewhere.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_endless_event_is_cut_off() {
    let mut script = sse(&["data: "]);
    script.extend((0..80).map(|_| Action::Send(vec![b'x'; 64 << 10])));
    let server = Server::start(vec![script]).await;
    let events: Vec<ChatEvent> = chat(&server).await.unwrap().collect().await;
    assert_eq!(events, [ChatEvent::Error(Cause::BadAnswer.into())]);
}

#[tokio::test]
async fn a_client_cannot_choose_agent_or_session() {
    let body = "data: anything\n\n: even this\n";
    let server = Server::start(vec![sse(&[body])]).await;
    let request = json!({
        "model": "openclaw/bob", "user": "somebody", "stream": true, "temperature": 0.1,
        "messages": [{ "role": "user", "content": "hi" }],
    });
    let Value::Object(request) = request else { unreachable!() };
    let answer = server.gateway().pass_through(&ada(), None, request).await.unwrap();
    assert_eq!(answer.content_type, "text/event-stream");
    let bytes: Vec<_> = answer.body.map(Result::unwrap).collect().await;
    assert_eq!(bytes.concat(), body.as_bytes());

    let request = server.request(0);
    assert!(
        request.head.contains("x-openclaw-agent-id: ada") && !request.head.contains("session-key"),
        "{}",
        request.head
    );
    let expected = json!({
        "model": "openclaw/ada", "stream": true, "temperature": 0.1,
        "messages": [{ "role": "user", "content": "hi" }],
    });
    assert_eq!(request.json(), expected);
}

#[tokio::test]
async fn a_client_gets_the_reason_of_a_rejection() {
    let sentence = "`temperature` must be between 0 and 2.";
    let body = json!({ "error": { "message": sentence, "type": "invalid_request_error" } }).to_string();
    let server = Server::start(vec![answer("400 Bad Request", &body)]).await;
    let error =
        server.gateway().pass_through(&ada(), Some(session()), serde_json::Map::new()).await.err().unwrap();
    assert_eq!((error.cause, error.rejection_message.as_deref()), (Cause::RequestRejected, Some(sentence)));
    assert!(server.request(0).head.contains("x-openclaw-session-key: agent:ada:mosaic:"));
}

#[tokio::test]
async fn readiness_needs_no_token() {
    let scripts = vec![answer("200 OK", "{}"), answer("503 Service Unavailable", "{}"), vec![]];
    let server = Server::start(scripts).await;
    assert_eq!(server.gateway().readiness().await, Readiness::Ready);
    assert_eq!(server.gateway().readiness().await, Readiness::Loading);
    assert_eq!(server.gateway().readiness().await, Readiness::Starting);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(server.gateway().readiness().await, Readiness::Unreachable);
    assert!(
        server.request(0).head.starts_with("get /readyz ")
            && !server.request(0).head.contains("authorization")
    );
    assert_eq!(gateway(server.address).readiness().await, Readiness::Unreachable);
}

#[tokio::test]
async fn history_pages() {
    let page = include_str!("../samples/http-history-tool.json");
    let scripts = vec![
        answer("404 Not Found", r#"{"ok":false,"error":{"type":"not_found","message":"Session not found"}}"#),
        answer("200 OK", page),
        answer("200 OK", "<html>"),
        answer("503 Service Unavailable", r#"{"ok":false,"error":{"type":"unavailable","retryable":true}}"#),
    ];
    let server = Server::start(scripts).await;
    let gateway = server.gateway();
    let history = |before| gateway.read_history(&AGENT, session(), 3, before);
    assert_eq!(history(None).await.unwrap(), None);
    let page = history(Some(11)).await.unwrap().unwrap();
    assert_eq!((page.items.len(), page.older), (3, Some(8)));
    assert_eq!(history(None).await.unwrap_err().cause, Cause::BadAnswer);
    assert_eq!(history(None).await.unwrap_err().cause, Cause::AgentRestarting);
    let path = "get /sessions/agent:ada:mosaic:0198f3c2aaaa70008000000000000abc:1/history?limit=3&cursor=11 http/1.1";
    assert!(server.request(1).head.starts_with(path), "{}", server.request(1).head);
}

static AGENT: std::sync::LazyLock<domain::Slug> = std::sync::LazyLock::new(ada);
