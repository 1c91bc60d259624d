//! Chats: the stream's shape, providers, failures, waiting and stopping.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stub_llm::RequestState;

use crate::harness::{Agent, config, text_of, write_config};

#[tokio::test]
async fn a_stream_has_exactly_openclaws_shape() {
    let agent = Agent::start().await;
    let answer = agent.stream("echo", "conv:1", "hello").await;
    let head = answer.headers().clone();
    assert_eq!(head["content-type"], "text/event-stream; charset=utf-8");
    assert_eq!(head["cache-control"], "no-cache");
    let body = answer.text().await.unwrap();
    let json: Vec<Value> = crate::harness::events(&body);
    let id = json[0]["id"].as_str().unwrap();
    assert!(id.starts_with("chatcmpl_"), "{id}");
    // Byte for byte as recorded, but for the id, the time, the words and the counts.
    let time = json[0]["created"].to_string();
    assert_eq!(body.replace(id, "ID").replace(&time, "TIME"), RECORDED);
}

const RECORDED: &str = r#"data: {"id":"ID","object":"chat.completion.chunk","created":TIME,"model":"openclaw/echo","choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":null}]}

data: {"id":"ID","object":"chat.completion.chunk","created":TIME,"model":"openclaw/echo","choices":[{"index":0,"delta":{"content":"echo: "},"finish_reason":null}]}

data: {"id":"ID","object":"chat.completion.chunk","created":TIME,"model":"openclaw/echo","choices":[{"index":0,"delta":{"content":"hello"},"finish_reason":null}]}

data: {"id":"ID","object":"chat.completion.chunk","created":TIME,"model":"openclaw/echo","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: {"id":"ID","object":"chat.completion.chunk","created":TIME,"model":"openclaw/echo","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}

data: [DONE]

"#;

#[tokio::test]
async fn without_streaming_the_answer_is_one_object() {
    let agent = Agent::start().await;
    let body = json!({"model": "openclaw/chat", "messages": [{"role": "user", "content": "[[llm:tokens=2,gap=0]]"}]});
    let answer: Value = agent.post("/v1/chat/completions", &body).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["choices"][0]["message"]["content"], "w0 w1 ");
    assert_eq!(answer["usage"]["completion_tokens"], 2);
    let body = json!({"model": "openclaw/bad", "messages": [{"role": "user", "content": "x"}]});
    let refused = agent.post("/v1/chat/completions", &body).send().await.unwrap();
    assert_eq!(refused.status(), 401);
}

#[tokio::test]
async fn every_dialect_reaches_its_provider_with_its_key() {
    let agent = Agent::start().await;
    for (name, path, key) in [
        ("chat", "/v1/chat/completions", "9876"),
        ("resp", "/v1/responses", "resp"),
        ("ant", "/v1/messages", "anth"),
    ] {
        agent.llm.reset();
        let events = agent.chat(name, "d", "[[llm:tokens=3,gap=0]]").await;
        assert_eq!(text_of(&events), "w0 w1 w2 ", "{name}");
        let usage = &events[events.len() - 2]["usage"];
        assert_eq!(usage["completion_tokens"], 3, "{name}");
        let seen = agent.llm.requests();
        assert_eq!((seen.len(), seen[0].path.as_str(), seen[0].key_ends_in.as_str()), (1, path, key));
        assert_eq!(seen[0].text, "[[llm:tokens=3,gap=0]]");
    }
}

#[tokio::test]
async fn a_model_in_every_dialect_can_call_a_tool() {
    let agent = Agent::start().await;
    for name in ["chat", "resp", "ant"] {
        let asked = r#"[[llm:tool=exec,args={"command":"date"},gap=0]]"#;
        let text = text_of(&agent.chat(name, "tool", asked).await);
        assert_eq!(text, r#"The tool said: stub result of exec {"command":"date"}"#, "{name}");
        let rows = agent.history(&format!("agent:{name}:openai-user:tool")).await.unwrap();
        let roles: Vec<_> = rows.iter().map(|row| row["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["user", "assistant", "toolResult", "assistant"]);
    }
}

#[tokio::test]
async fn a_callers_own_tool_is_handed_to_the_caller() {
    let agent = Agent::start().await;
    let tool = json!({"type": "function", "function": {"name": "mine", "parameters": {"type": "object"}}});
    let body = json!({
        "model": "openclaw/chat", "tools": [tool],
        "messages": [{"role": "user", "content": "[[llm:tool=mine,args={\"a\":1},gap=0]]"}],
    });
    let answer: Value = agent.post("/v1/chat/completions", &body).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls");
    let call = &answer["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!((call["name"].as_str(), call["arguments"].as_str()), (Some("mine"), Some("{\"a\":1}")));
}

#[tokio::test]
async fn provider_failures_come_in_the_stream_with_status_200() {
    let agent = Agent::start().await;
    for (name, text, kind, message) in [
        ("bad", "x", "authentication_error", "401 Incorrect API key provided"),
        ("bad", "x", "api_error", "Inline API key for provider \"bad\" is temporarily disabled"),
        ("limited", "x", "rate_limit_error", "429 Rate limit reached"),
        ("down", "x", "api_error", "upstream provider timeout"),
        ("chat", "[[llm:error=500]]", "api_error", "upstream provider error"),
        ("chat", "[[llm:error=400]]", "api_error", "internal error"),
        ("chat", "[[llm:tokens=4,gap=0,cut]]", "api_error", "upstream provider error"),
        (
            "echo",
            "[[stub:error=429]]",
            "rate_limit_error",
            "429 scripted by the test; Retry-After: 2 seconds",
        ),
    ] {
        let answer = agent.stream(name, "fail", text).await;
        assert_eq!(answer.status(), 200);
        let events = crate::harness::events(&answer.text().await.unwrap());
        let [.., error, done] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(error["error"]["type"], kind, "{name} {text}");
        assert!(error["error"]["message"].as_str().unwrap().starts_with(message), "{error}");
        assert_eq!(done, "[DONE]");
    }
    // The parked key was not tried a second time.
    let bad = agent.llm.requests().into_iter().filter(|r| r.key_ends_in == "-key");
    assert_eq!(bad.count(), 1);
}

#[tokio::test]
async fn a_parked_key_stays_parked_until_the_provider_has_a_new_id() {
    let agent = Agent::start().await;
    agent.chat("bad", "p", "x").await;
    let mut better = config(&agent.llm.url());
    better["models"]["providers"]["bad"]["apiKey"] = json!("sk-good");
    write_config(agent.dir.path(), &better);
    tokio::time::sleep(Duration::from_millis(400)).await;
    let events = agent.chat("bad", "p", "x").await;
    assert!(events[1]["error"]["message"].as_str().unwrap().contains("temporarily disabled"));
    better["models"]["providers"]["bad-2"] = better["models"]["providers"]["bad"].take();
    better["agents"]["entries"]["bad"]["model"] = json!("bad-2/stub-small");
    write_config(agent.dir.path(), &better);
    tokio::time::sleep(Duration::from_millis(400)).await;
    let events = agent.chat("bad", "p", "[[llm:tokens=1,gap=0]]").await;
    assert_eq!(text_of(&events), "w0 ");
}

#[tokio::test]
async fn a_fallback_answers_for_a_model_that_cannot() {
    let agent = Agent::start().await;
    let events = agent.chat("fallback", "f", "[[llm:tokens=2,gap=0]]").await;
    assert_eq!(text_of(&events), "w0 w1 ");
}

#[tokio::test]
async fn one_session_runs_one_chat_at_a_time_and_others_run_beside() {
    let agent = Agent::start().await;
    let begun = Instant::now();
    let slow = "[[stub:delay=400]] slow";
    let (first, second, other) = tokio::join!(
        agent.chat("echo", "same", slow),
        agent.chat("echo", "same", slow),
        agent.chat("echo", "other", slow),
    );
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(800) && took < Duration::from_millis(1190), "{took:?}");
    for events in [first, second, other] {
        assert!(text_of(&events).starts_with("echo: "));
    }
    assert_eq!(agent.history("agent:echo:openai-user:same").await.unwrap().len(), 4);
}

#[tokio::test]
async fn leaving_a_stream_cancels_the_providers_request() {
    let agent = Agent::start().await;
    let mut answer = agent.stream("chat", "gone", "[[llm:tokens=9999,gap=30]]").await;
    answer.chunk().await.unwrap();
    while agent.llm.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(answer);
    let mut state = RequestState::Running;
    for _ in 0..100 {
        state = agent.llm.requests()[0].state;
        if state != RequestState::Running {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(state, RequestState::Cancelled);
    let rows = agent.history("agent:chat:openai-user:gone").await.unwrap();
    assert_eq!(rows.len(), 1, "the user's message stays, the partial answer is lost");
}

#[tokio::test]
async fn a_hanging_chat_ends_with_its_caller_and_frees_the_session() {
    let agent = Agent::start().await;
    let mut answer = agent.stream("echo", "hang", "[[stub:hang]]").await;
    answer.chunk().await.unwrap();
    let silent = tokio::time::timeout(Duration::from_millis(300), answer.chunk()).await;
    assert!(silent.is_err(), "nothing may come, not even a comment");
    drop(answer);
    let next = agent.chat("echo", "hang", "again");
    let next = tokio::time::timeout(Duration::from_secs(2), next).await.unwrap();
    assert_eq!(text_of(&next), "echo: again");
}

#[tokio::test]
async fn the_model_remembers_the_session() {
    let agent = Agent::start().await;
    agent.chat("chat", "mem", "[[llm:tokens=5,gap=0]]").await;
    let short = agent.chat("chat", "fresh", "[[llm:tokens=1,gap=0]]").await;
    let long = agent.chat("chat", "mem", "[[llm:tokens=1,gap=0]]").await;
    let prompt = |events: &[Value]| events[events.len() - 2]["usage"]["prompt_tokens"].as_u64();
    assert!(prompt(&long) > prompt(&short));
}
