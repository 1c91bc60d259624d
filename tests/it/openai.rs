//! `/v1` for programs: with plain requests, and with OpenAI's own unmodified clients.

use futures_util::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Mosaic, Options, Person, eventually, prepared};
use tokio::process::Command;

/// Creates an API token for this user; returns a client with it, and the token.
async fn create_program(mosaic: &Mosaic, person: &Person) -> (Person, String) {
    let made = person.post("/api/tokens", &json!({ "name": "a program", "scopes": ["chat"] })).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    let token = made.body["token"].as_str().unwrap().to_owned();
    (Person::with_token(&mosaic.url, &token), token)
}

fn question(text: &str) -> Value {
    json!({ "model": "ada", "messages": [{ "role": "user", "content": text }] })
}

fn streamed(text: &str) -> Value {
    let mut question = question(text);
    question["stream"] = true.into();
    question
}

async fn post(person: &Person, body: &Value) -> reqwest::Response {
    person.request(reqwest::Method::POST, "/v1/chat/completions").json(body).send().await.unwrap()
}

/// Runs a client's script; returns its report.
async fn run_client(mosaic: &Mosaic, person: &Person, program: &str, script: &str) -> Value {
    let clients = prepared("MOSAIC_TEST_CLIENTS");
    let (_, token) = create_program(mosaic, person).await;
    let chat = person.create_chat().await;
    let output = Command::new(program.replace("{clients}", &clients))
        .arg(format!("{clients}/node/{script}"))
        .env("OPENAI_BASE_URL", format!("{}/v1", mosaic.url))
        .env("OPENAI_API_KEY", token)
        .env("CHAT", &chat)
        .env("NO_PROXY", "*")
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    let mut seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    seen["turns"] = person.get(&format!("/api/chats/{chat}")).await.body["turns"].clone();
    seen
}

/// What every client must report.
fn assert_report(seen: &Value) {
    assert_eq!(seen["models"], json!(["ada"]));
    assert_answers(seen);
    assert_tools(seen);
    assert_chat(seen);
    assert_refusals(seen);
    assert_failures(seen);
}

fn assert_answers(seen: &Value) {
    let text_of = |name: &str| seen[name]["text"].as_str().unwrap().to_owned();
    assert!(text_of("whole").contains("“the whole truth”"), "{}", seen["whole"]);
    assert!(text_of("streamed").contains("“piece by piece”"), "{}", seen["streamed"]);
    assert!(seen["streamed"]["chunks"].as_u64() > Some(5), "not streamed: {}", seen["streamed"]);
    for (name, counted, without_choice) in
        [("whole", true, None), ("streamed", true, Some(1)), ("uncounted", false, Some(0))]
    {
        assert_eq!(seen[name]["finish"], "stop", "{name}: {}", seen[name]);
        assert_eq!(
            seen[name]["usage"].as_u64().is_some_and(|tokens| tokens > 0),
            counted,
            "{name}: {}",
            seen[name]
        );
        assert_eq!(seen[name]["withoutChoice"].as_u64(), without_choice, "{name}: {}", seen[name]);
    }
}

fn assert_tools(seen: &Value) {
    for (name, city) in [("tool", "Oslo"), ("streamedTool", "Rome")] {
        let call = &seen[name];
        assert_eq!(
            (call["finish"].as_str(), &call["calls"][0][0]),
            (Some("tool_calls"), &json!("weather")),
            "{call}"
        );
        let arguments: Value = serde_json::from_str(call["calls"][0][1].as_str().unwrap()).unwrap();
        assert_eq!(arguments, json!({ "city": city }));
    }
}

/// The chat contains the client's messages in order, with the answers that the client got.
fn assert_chat(seen: &Value) {
    let turns = seen["turns"].as_array().unwrap();
    for (turn, (name, question)) in turns.iter().zip([
        ("inChat", "kept in the chat"),
        ("streamedInChat", "kept as well"),
        ("uncountedInChat", "kept uncounted"),
    ]) {
        assert_eq!(turn["question"], question);
        assert_eq!(turn["answer"], seen[name]["text"], "{name}: {}", seen[name]);
        assert_eq!(seen[name]["finish"], "stop", "{name}: {}", seen[name]);
    }
    assert_eq!(seen["streamedInChat"]["usage"], json!(usage(&turns[1])), "{}", seen["streamedInChat"]);
    assert_eq!(seen["streamedInChat"]["withoutChoice"], 1, "{}", seen["streamedInChat"]);
    // Programs that did not request usage read the first choice of every chunk.
    assert_eq!(seen["uncountedInChat"]["withoutChoice"], 0, "{}", seen["uncountedInChat"]);
    assert_eq!(turns.len(), 5, "three answers and two failures");
}

fn usage(turn: &Value) -> u64 {
    turn["usage"]["inputTokens"].as_u64().unwrap() + turn["usage"]["outputTokens"].as_u64().unwrap()
}

fn assert_refusals(seen: &Value) {
    for (name, class, status, code, param, says) in [
        ("badKey", "AuthenticationError", 401, "not_signed_in", None, "Sign in"),
        ("badKeyAsks", "AuthenticationError", 401, "not_signed_in", None, "Sign in"),
        ("unknownModel", "NotFoundError", 404, "model_not_found", Some("model"), "Yours: ada"),
        ("unsupported", "BadRequestError", 400, "unsupported_field", Some("logit_bias"), "`logit_bias`"),
        ("severalAnswers", "BadRequestError", 400, "unsupported_field", Some("n"), "`n`"),
        ("toolsInChat", "BadRequestError", 400, "unsupported_field", Some("tools"), "`tools`"),
    ] {
        let refusal = &seen[name];
        assert_eq!(
            (refusal["class"].as_str(), refusal["status"].as_u64()),
            (Some(class), Some(status)),
            "{name}: {refusal}"
        );
        assert_eq!(
            (refusal["code"].as_str(), refusal["param"].as_str()),
            (Some(code), param),
            "{name}: {refusal}"
        );
        assert!(refusal["message"].as_str().unwrap().contains(says), "{name}: {refusal}");
    }
}

/// A failure of the provider has an error code, also in the middle of a stream.
fn assert_failures(seen: &Value) {
    for name in ["failure", "failureInChat", "streamedFailureInChat"] {
        let failure = &seen[name];
        assert_eq!(failure["code"], "rate_limited", "{name}: {failure}");
        assert!(
            failure["message"].as_str().unwrap().contains("asks for fewer requests"),
            "{name}: {failure}"
        );
    }
    // A stream that is passed through contains the agent's own message.
    let passed = seen["streamedFailure"]["message"].as_str().unwrap();
    assert!(passed.contains("429"), "{passed}");
}

#[tokio::test]
async fn the_official_python_client_works_unmodified() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let seen = run_client(&mosaic, &person, "{clients}/python/bin/python", "client.py").await;
    assert_report(&seen);
}

#[tokio::test]
async fn the_official_node_client_works_unmodified() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let seen = run_client(&mosaic, &person, "node", "client.mjs").await;
    assert_report(&seen);
}

#[tokio::test]
async fn a_stream_is_opened_before_the_container_has_started() {
    let mut mosaic = Mosaic::start_with(Options { workers: 0, ..Options::default() }).await;
    let person = mosaic.onboarded().await;
    let (program, _) = create_program(&mosaic, &person).await;
    let response = post(&program, &streamed("cold cobra")).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut bytes = response.bytes_stream();
    let first = tokio::time::timeout(Duration::from_secs(60), bytes.next()).await.unwrap().unwrap().unwrap();
    assert!(first.starts_with(b":") && first.ends_with(b"\n\n"), "{first:?}");
    mosaic.start_worker();
    let mut all = Vec::new();
    while let Some(chunk) = bytes.next().await {
        all.extend_from_slice(&chunk.unwrap());
    }
    let all = String::from_utf8(all).unwrap();
    assert!(all.contains("cold") && all.contains("cobra") && all.ends_with("data: [DONE]\n\n"), "{all}");
    assert_eq!(mosaic.requests_with("cold cobra"), 1);
}

#[tokio::test]
async fn an_answer_in_one_piece_waits_for_the_container() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let (program, _) = create_program(&mosaic, &person).await;
    let answer = program.post("/v1/chat/completions", &question("patient puma")).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert_eq!(answer.body["object"], "chat.completion");
    assert!(answer.body["choices"][0]["message"]["content"].as_str().unwrap().contains("patient puma"));
    assert_eq!(mosaic.requests_with("patient puma"), 1);
    assert_eq!(person.get("/api/chats").await.body["items"], json!([]), "no chat is created");
    assert_eq!(mosaic.containers().await.len(), 1);
}

#[tokio::test]
async fn a_client_that_disconnects_cancels_its_request() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let (program, _) = create_program(&mosaic, &person).await;
    let chat = person.create_chat().await;
    for (name, in_chat) in [("gone goose", false), ("gone gander", true)] {
        let mut request = program
            .request(reqwest::Method::POST, "/v1/chat/completions")
            .json(&streamed(&format!("{name} [[llm:tokens=4000,gap=50]]")));
        if in_chat {
            request = request.header("X-Mosaic-Chat", &chat);
        }
        let mut bytes = request.send().await.unwrap().bytes_stream();
        let mut seen = String::new();
        while !seen.contains("w3") {
            seen.push_str(&String::from_utf8_lossy(&bytes.next().await.unwrap().unwrap()));
        }
        drop(bytes);
        eventually("the provider's request is cancelled", || {
            let requests = mosaic.llm.requests();
            let asked = requests.iter().find(|request| request.text.contains(name)).unwrap();
            std::future::ready((asked.state == stub_llm::RequestState::Cancelled).then_some(()))
        })
        .await;
    }
    let turns = person.get(&format!("/api/chats/{chat}")).await.body["turns"].clone();
    assert_eq!(person.wait_for_turn(turns[0]["id"].as_str().unwrap()).await["status"], "stopped");
}

#[tokio::test]
async fn tokens_give_access_within_their_scopes_only() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let made = person.post("/api/tokens", &json!({ "name": "board", "scopes": ["jobs"] })).await;
    let board = Person::with_token(&mosaic.url, made.body["token"].as_str().unwrap());
    let refused = board.post("/v1/chat/completions", &question("hello")).await;
    assert_eq!((refused.status, refused.body["error"]["type"].as_str()), (403, Some("permission_error")));
    let (program, _) = create_program(&mosaic, &person).await;
    assert_eq!(program.get("/api/providers").await.status, 403);
    assert_eq!(program.get("/v1/models").await.status, 200);
    let bad_chat =
        program.post_with("/v1/chat/completions", &question("hi"), &[("X-Mosaic-Chat", "nonsense")]).await;
    assert_eq!((bad_chat.status, bad_chat.body["error"]["code"].as_str()), (400, Some("bad_chat")));
    let unreadable = program.post("/v1/chat/completions", &json!([1])).await;
    assert_eq!((unreadable.status, unreadable.body["error"]["code"].as_str()), (400, Some("bad_body")));
    let id = made.body["id"].as_str().unwrap();
    assert_eq!(person.delete(&format!("/api/tokens/{id}")).await.status, 204);
    assert_eq!(board.get("/v1/models").await.status, 401);
}
