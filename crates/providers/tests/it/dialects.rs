//! The exact requests to each kind of provider.

use crate::support::{HOST, KEY, Seen, Server, json, loopback, with_headers};
use domain::provider::ProviderKind;
use providers::{ProviderAccount, test_connection};
use serde_json::{Value, json};

const QUESTION: &str = "Reply with the single word: ready";

/// What the server of a kind must receive, and its responses.
struct Case {
    kind: ProviderKind,
    base: &'static str,
    model: &'static str,
    /// The key's header line, to the byte.
    key_line: &'static str,
    list: (&'static str, Value),
    completion: (&'static str, Value, Value),
}

fn completions(kind: ProviderKind, base: &'static str) -> Case {
    Case {
        kind,
        base,
        model: "org/m-1",
        key_line: "authorization: Bearer sk-test-0123456789\r\n",
        list: ("GET /v1/models", json!({"object": "list", "data": [{"id": "org/m-1"}]})),
        completion: (
            "POST /v1/chat/completions",
            json!({
                "model": "org/m-1", "stream": false, "max_tokens": 16,
                "messages": [{"role": "user", "content": QUESTION}],
            }),
            json!({"choices": [{"message": {"role": "assistant", "content": ""}, "finish_reason": "length"}]}),
        ),
    }
}

fn cases() -> Vec<Case> {
    use ProviderKind::*;
    let mut cases = vec![
        Case {
            model: "gpt-5.4",
            list: ("GET /v1/models", json!({"data": [{"id": "gpt-5.4"}]})),
            completion: (
                "POST /v1/responses",
                json!({"model": "gpt-5.4", "input": QUESTION, "max_output_tokens": 16, "store": false}),
                json!({"object": "response", "status": "incomplete", "output": []}),
            ),
            ..completions(Openai, "/v1")
        },
        Case {
            kind: Google,
            base: "/v1beta",
            model: "gemini-3",
            key_line: "x-goog-api-key: sk-test-0123456789\r\n",
            list: (
                "GET /v1beta/models?pageSize=1000",
                json!({"models": [{"name": "models/gemini-3", "supportedGenerationMethods": ["generateContent"]}]}),
            ),
            completion: (
                "POST /v1beta/models/gemini-3:generateContent",
                json!({
                    "contents": [{"role": "user", "parts": [{"text": QUESTION}]}],
                    "generationConfig": {"maxOutputTokens": 16},
                }),
                json!({"candidates": [{"finishReason": "MAX_TOKENS"}]}),
            ),
        },
        Case {
            kind: Ollama,
            base: "",
            model: "llama3.3",
            list: ("GET /api/tags", json!({"models": [{"name": "llama3.3:latest"}]})),
            completion: (
                "POST /api/chat",
                json!({
                    "model": "llama3.3", "stream": false, "options": {"num_predict": 16},
                    "messages": [{"role": "user", "content": QUESTION}],
                }),
                json!({"message": {"role": "assistant", "content": "ready"}, "done": true}),
            ),
            ..completions(Ollama, "")
        },
        // Together answers with a bare array.
        Case { list: ("GET /v1/models", json!([{"id": "org/m-1"}])), ..completions(Together, "/v1") },
    ];
    for (kind, base) in [(Anthropic, ""), (AnthropicCompatible, "/v1")] {
        cases.push(Case {
            kind,
            base,
            model: "claude-opus-5",
            key_line: "x-api-key: sk-test-0123456789\r\n",
            list: ("GET /v1/models?limit=1000", json!({"data": [{"id": "claude-opus-5", "type": "model"}]})),
            completion: (
                "POST /v1/messages",
                json!({
                    "model": "claude-opus-5", "max_tokens": 16,
                    "messages": [{"role": "user", "content": QUESTION}],
                }),
                json!({"type": "message", "content": [{"type": "text", "text": "ready"}]}),
            ),
        });
    }
    cases.extend(
        [Openrouter, Zai, Groq, Mistral, Deepseek, Xai, OpenaiCompatible]
            .map(|kind| completions(kind, "/v1")),
    );
    cases
}

#[test]
fn every_kind_has_a_case() {
    let mut kinds: Vec<_> = cases().iter().map(|case| case.kind.as_str()).collect();
    let mut all = ProviderKind::ALL.map(ProviderKind::as_str).to_vec();
    kinds.sort_unstable();
    all.sort_unstable();
    assert_eq!(kinds, all);
}

#[tokio::test]
async fn each_kind_gets_its_own_requests() {
    for case in cases() {
        let server = server_for(&case).await;
        let target = server.target(case.kind, case.base, &[case.model]);
        let report = test_connection(&loopback(), &server.allowed(), &target, &mut ()).await;
        assert_eq!(report.failure(), None, "{}: {report:?}", case.kind);

        let seen = server.seen();
        let (reach, rest) = seen.split_first().unwrap();
        assert!(!reach.head.contains(KEY), "{}: the first contact must not carry the key", case.kind);
        for request in rest {
            assert_head(&case, request, server.address.port());
        }
        let lines: Vec<_> = rest.iter().map(Seen::line).collect();
        let (list, (completion, body, _)) = (case.list.0, &case.completion);
        match case.kind {
            ProviderKind::Openrouter => assert_eq!(lines, ["GET /v1/key", list, completion]),
            _ => assert_eq!(lines, [list, *completion], "{}", case.kind),
        }
        assert_eq!(rest.last().unwrap().json(), *body, "{}", case.kind);
    }
}

async fn server_for(case: &Case) -> Server {
    let (list, models) = case.list.clone();
    let (completion, _, answer) = case.completion.clone();
    Server::start(move |seen| match seen.line() {
        line if line == list => json(200, models.clone()),
        line if line == completion => json(200, answer.clone()),
        "GET /v1/key" => json(200, json!({"data": {}})),
        _ => with_headers(404, "", "no such page"),
    })
    .await
}

fn assert_head(case: &Case, request: &Seen, port: u16) {
    let head = &request.head;
    assert!(head.contains(&format!("\r\n{}", case.key_line)), "{}: {head}", case.kind);
    assert_eq!(head.matches(KEY).count(), 1, "{}: the key once, and not in the URL: {head}", case.kind);
    assert!(!request.body.contains(KEY));
    let anthropic = matches!(case.kind, ProviderKind::Anthropic | ProviderKind::AnthropicCompatible);
    assert_eq!(head.contains("\r\nanthropic-version: 2023-06-01\r\n"), anthropic, "{head}");
    assert!(head.contains(&format!("\r\nhost: {HOST}:{port}\r\n")), "{head}");
    assert!(head.contains("\r\nuser-agent: mosaic-fleet/"), "{head}");
    assert_eq!(head.contains("\r\ncontent-type: application/json\r\n"), !request.body.is_empty());
    for unasked in ["cookie", "referer", "accept-encoding"] {
        assert!(!head.contains(&format!("\r\n{unasked}:")), "{head}");
    }
}

#[tokio::test]
async fn without_a_key_no_key_header_is_sent() {
    let case = cases().into_iter().find(|case| case.kind == ProviderKind::Ollama).unwrap();
    let server = server_for(&case).await;
    let target = ProviderAccount { key: None, ..server.target(case.kind, case.base, &[case.model]) };
    let report = test_connection(&loopback(), &server.allowed(), &target, &mut ()).await;
    assert_eq!(report.failure(), None, "{report:?}");
    for request in server.seen() {
        assert!(!request.head.contains("authorization"), "{}", request.head);
    }
}
