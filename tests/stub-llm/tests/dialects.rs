//! Every dialect over real HTTP: a streamed and a whole answer, refusals in the provider's own
//! words, a tool call and its result, and what the request log says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use stub_llm::{Handle, RequestState};

struct Stub {
    handle: Handle,
    client: Client,
}

impl Stub {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            handle: stub_llm::serve(listener).unwrap(),
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        let url = format!("{}{path}", self.handle.url());
        self.client.post(url).json(body)
    }

    async fn chat(&self, key: &str, body: &Value) -> Response {
        let request = self.post("/v1/chat/completions", body);
        request.bearer_auth(key).send().await.unwrap()
    }

    async fn state(&self, n: usize) -> RequestState {
        // The server notices a vanished caller a moment later.
        for _ in 0..100 {
            let state = self.handle.requests()[n].state;
            if state != RequestState::Running {
                return state;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        RequestState::Running
    }
}

fn ask(text: &str) -> Value {
    json!({"model": "stub-small", "messages": [{"role": "user", "content": text}]})
}

fn streamed(mut body: Value) -> Value {
    body["stream"] = json!(true);
    body
}

/// The `data:` lines of an event stream, parsed; `[DONE]` becomes a string.
fn events(body: &str) -> Vec<Value> {
    body.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap_or_else(|_| json!(data)))
        .collect()
}

fn joined(events: &[Value], pointer: &str) -> String {
    let texts = events.iter().filter_map(|event| event.pointer(pointer));
    texts.filter_map(Value::as_str).collect()
}

#[tokio::test]
async fn openai_chat_streams_role_words_usage_and_done() {
    let stub = Stub::start().await;
    let mut body = streamed(ask("[[llm:tokens=3,gap=1]]"));
    body["stream_options"] = json!({"include_usage": true});
    let response = stub.chat("sk-good", &body).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    let events = events(&response.text().await.unwrap());
    assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(joined(&events, "/choices/0/delta/content"), "w0 w1 w2 ");
    assert_eq!(events[4]["choices"][0]["finish_reason"], "stop");
    assert_eq!(events[5]["usage"]["completion_tokens"], 3);
    assert_eq!(events[6], json!("[DONE]"));
    assert_eq!(events.len(), 7);
}

#[tokio::test]
async fn openai_chat_answers_whole_and_quotes_the_human() {
    let stub = Stub::start().await;
    let mut body = ask("[Sun 2026-11-22 09:12 UTC] where is it? [[llm:gap=0]]\n\nRuntime: a=b");
    let internal = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>> ignore";
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(json!({"role": "user", "content": [{"type": "text", "text": internal}]}));
    let answer: Value = stub.chat("sk-good", &body).await.json().await.unwrap();
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.contains("“where is it? [[llm:gap=0]]”"), "{text}");
}

#[tokio::test]
async fn openai_refusals_carry_the_real_codes() {
    let stub = Stub::start().await;
    for (key, model, text, status, code) in [
        ("sk-bad-77", "stub-small", "hi", 401, "invalid_api_key"),
        ("sk-ratelimit", "stub-small", "hi", 429, "rate_limit_exceeded"),
        ("sk-quota", "stub-small", "hi", 429, "insufficient_quota"),
        ("sk-good", "no-such-model", "hi", 404, "model_not_found"),
        ("sk-good", "stub-small", "[[llm:error=400]]", 400, "context_length_exceeded"),
    ] {
        let mut body = ask(text);
        body["model"] = json!(model);
        let response = stub.chat(key, &body).await;
        assert_eq!(response.status(), status, "{key} {model}");
        let retry = response.headers().get("retry-after").cloned();
        assert_eq!(retry.is_some(), key == "sk-ratelimit");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["code"], code);
    }
    let response = stub.chat("sk-500", &ask("hi")).await;
    assert_eq!(response.status(), 500);
    let no_key = stub.post("/v1/chat/completions", &ask("hi"));
    assert_eq!(no_key.send().await.unwrap().status(), 401);
    assert_eq!(stub.state(0).await, RequestState::Failed);
}

#[tokio::test]
async fn a_tool_is_called_once_and_its_result_is_told() {
    let stub = Stub::start().await;
    let mut body = ask(r#"[[llm:tool=exec,args={"command":"date"},gap=0]]"#);
    let first = stub.chat("sk-good", &streamed(body.clone())).await;
    let events = events(&first.text().await.unwrap());
    let call = &events[1]["choices"][0]["delta"]["tool_calls"][0];
    assert_eq!(call["function"]["name"], "exec");
    assert_eq!(call["function"]["arguments"], r#"{"command":"date"}"#);
    assert_eq!(events[2]["choices"][0]["finish_reason"], "tool_calls");

    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(json!({"role": "assistant", "content": null, "tool_calls": [call]}));
    messages.push(json!({"role": "tool", "tool_call_id": "call_stub", "content": "noon"}));
    let answer: Value = stub.chat("sk-good", &body).await.json().await.unwrap();
    let text = &answer["choices"][0]["message"]["content"];
    assert_eq!(text, "The tool said: noon");
}

#[tokio::test]
async fn a_cut_answer_breaks_the_connection_after_half_of_it() {
    let stub = Stub::start().await;
    let body = streamed(ask("[[llm:tokens=10,gap=1,cut]]"));
    let mut response = stub.chat("sk-good", &body).await;
    let mut seen = String::new();
    let broken = loop {
        match response.chunk().await {
            Ok(Some(bytes)) => seen.push_str(&String::from_utf8_lossy(&bytes)),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken && seen.contains("w4 ") && !seen.contains("w5 ") && !seen.contains("[DONE]"));
    assert_eq!(stub.state(0).await, RequestState::Failed);
}

#[tokio::test]
async fn the_log_tells_finished_from_cancelled_and_keeps_no_key() {
    let stub = Stub::start().await;
    let quick = streamed(ask("[[llm:tokens=1,gap=0]]"));
    stub.chat("sk-1234abcd", &quick).await.text().await.unwrap();
    let long = streamed(ask("[[llm:tokens=9999,gap=20]]"));
    let mut left = stub.chat("sk-1234abcd", &long).await;
    left.chunk().await.unwrap();
    drop(left);
    assert_eq!(stub.state(0).await, RequestState::Finished);
    assert_eq!(stub.state(1).await, RequestState::Cancelled);

    let list = format!("{}/_stub/requests", stub.handle.url());
    let list: Value = stub.client.get(list).send().await.unwrap().json().await.unwrap();
    assert_eq!(list["count"], 2);
    let first = &list["requests"][0];
    assert_eq!(first["keyEndsIn"], "abcd");
    assert_eq!(first["path"], "/v1/chat/completions");
    assert!(!list.to_string().contains("sk-1234"));
    stub.post("/_stub/reset", &json!({})).send().await.unwrap();
    assert!(stub.handle.requests().is_empty());
}

#[tokio::test]
async fn openai_responses_streams_its_named_events() {
    let stub = Stub::start().await;
    let input =
        json!([{"role": "user", "content": [{"type": "input_text", "text": "[[llm:tokens=2,gap=0]]"}]}]);
    let body = json!({"model": "stub-small", "stream": true, "input": input});
    let response = stub.post("/v1/responses", &body).bearer_auth("sk-good");
    let text = response.send().await.unwrap().text().await.unwrap();
    let events = events(&text);
    let kinds: Vec<_> = events.iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(kinds.first(), Some(&"response.created"));
    assert_eq!(kinds.last(), Some(&"response.completed"));
    assert_eq!(joined(&events, "/delta"), "w0 w1 ");
    let last = &events.last().unwrap()["response"];
    assert_eq!(last["output"][0]["content"][0]["text"], "w0 w1 ");
    assert_eq!(last["usage"]["output_tokens"], 2);
    assert!(text.contains("event: response.output_text.delta\n"));
}

#[tokio::test]
async fn openai_responses_calls_a_tool_and_reads_its_output() {
    let stub = Stub::start().await;
    let asked = json!({"role": "user", "content": "[[llm:tool=read,args={},gap=0]]"});
    let body = json!({"model": "m", "input": [asked.clone()]});
    let send = |body: Value| stub.post("/v1/responses", &body).bearer_auth("sk-good").send();
    let first: Value = send(body).await.unwrap().json().await.unwrap();
    assert_eq!(first["output"][0]["type"], "function_call");
    let result = json!({"type": "function_call_output", "call_id": "call_stub", "output": "ok"});
    let body = json!({"model": "m", "input": [asked, first["output"][0], result]});
    let second: Value = send(body).await.unwrap().json().await.unwrap();
    assert_eq!(second["output"][0]["content"][0]["text"], "The tool said: ok");
}

#[tokio::test]
async fn anthropic_streams_blocks_and_refuses_in_its_own_shape() {
    let stub = Stub::start().await;
    let send = |key: &'static str, body: Value| {
        let request = stub.post("/v1/messages", &body);
        request.header("x-api-key", key).send()
    };
    let body = streamed(ask("[[llm:tokens=2,gap=0]]"));
    let text = send("sk-ant", body).await.unwrap().text().await.unwrap();
    let events = events(&text);
    assert_eq!(events[0]["type"], "message_start");
    assert_eq!(joined(&events, "/delta/text"), "w0 w1 ");
    assert_eq!(events.last().unwrap()["type"], "message_stop");
    assert!(text.contains("event: content_block_delta\n"));

    let refused = send("sk-bad", ask("hi")).await.unwrap();
    assert_eq!(refused.status(), 401);
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["error"]["type"], "authentication_error");
    let poor = send("sk-quota", ask("hi")).await.unwrap();
    assert_eq!(poor.status(), 400);
    let lost = send("sk-ant", json!({"model": "no-such-model", "messages": []})).await;
    let lost: Value = lost.unwrap().json().await.unwrap();
    assert_eq!(lost["error"]["message"], "model: no-such-model");
}

#[tokio::test]
async fn anthropic_calls_a_tool_and_reads_its_result() {
    let stub = Stub::start().await;
    let mut body = ask(r#"[[llm:tool=exec,args={"command":"ls"},gap=0]]"#);
    let send = |body: Value| {
        let request = stub.post("/v1/messages", &body);
        request.header("x-api-key", "sk-ant").send()
    };
    let first: Value = send(body.clone()).await.unwrap().json().await.unwrap();
    assert_eq!(first["stop_reason"], "tool_use");
    assert_eq!(first["content"][0]["input"], json!({"command": "ls"}));
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(json!({"role": "assistant", "content": first["content"]}));
    let result = json!({"type": "tool_result", "tool_use_id": "toolu_stub", "content": "a b"});
    messages.push(json!({"role": "user", "content": [result]}));
    let second: Value = send(body).await.unwrap().json().await.unwrap();
    assert_eq!(second["content"][0]["text"], "The tool said: a b");
}

#[tokio::test]
async fn google_streams_by_its_path_and_knows_a_bad_key() {
    let stub = Stub::start().await;
    let contents = json!({"contents": [{"role": "user", "parts": [{"text": "[[llm:tokens=2,gap=0]]"}]}]});
    let path = "/v1beta/models/gemini-stub:streamGenerateContent?alt=sse";
    let good = stub.post(path, &contents).header("x-goog-api-key", "good");
    let events = events(&good.send().await.unwrap().text().await.unwrap());
    let text = joined(&events, "/candidates/0/content/parts/0/text");
    assert_eq!(text, "w0 w1 ");
    let last = events.last().unwrap();
    assert_eq!(last["usageMetadata"]["candidatesTokenCount"], 2);
    assert_eq!(stub.handle.requests()[0].model, "gemini-stub");

    let path = "/v1beta/models/gemini-stub:generateContent?key=sk-bad";
    let bad = stub.post(path, &contents).send().await.unwrap();
    assert_eq!(bad.status(), 400);
    let bad: Value = bad.json().await.unwrap();
    assert_eq!(bad["error"]["details"][0]["reason"], "API_KEY_INVALID");
}

#[tokio::test]
async fn ollama_streams_lines_without_a_key_and_lists_its_models() {
    let stub = Stub::start().await;
    let body = ask("[[llm:tokens=2,gap=0]]");
    let text = stub.post("/api/chat", &body).send().await.unwrap();
    let text = text.text().await.unwrap();
    let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(joined(&lines, "/message/content"), "w0 w1 ");
    assert_eq!(lines.last().unwrap()["done"], true);
    let tags = format!("{}/api/tags", stub.handle.url());
    let tags: Value = stub.client.get(tags).send().await.unwrap().json().await.unwrap();
    assert_eq!(tags["models"][0]["name"], "stub-small");
}

#[tokio::test]
async fn model_lists_check_the_key() {
    let stub = Stub::start().await;
    let get = || stub.client.get(format!("{}/v1/models", stub.handle.url()));
    let list: Value = get().bearer_auth("sk-good").send().await.unwrap().json().await.unwrap();
    assert_eq!(list["data"][0]["id"], "stub-small");
    let claude = get().header("x-api-key", "sk-ant").send().await.unwrap();
    let claude: Value = claude.json().await.unwrap();
    assert_eq!(claude["data"][0]["type"], "model");
    assert_eq!(get().send().await.unwrap().status(), 401);
    assert_eq!(get().bearer_auth("sk-bad").send().await.unwrap().status(), 401);
    let bad = get().header("x-api-key", "sk-bad").send().await.unwrap();
    let bad: Value = bad.json().await.unwrap();
    assert_eq!(bad["error"]["message"], "invalid x-api-key");
}
