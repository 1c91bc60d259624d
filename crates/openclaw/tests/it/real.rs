//! The client and the real OpenClaw's gateway, on the image in `MOSAIC_TEST_AGENT_IMAGE` (which `make test`
//! sets). Takes two minutes.

use crate::{
    config::{everything, slug},
    container::{CONFIG, Container, image},
    llm::Llm,
    scripted::session,
};
use chrono::Utc;
use domain::provider::ProviderKind;
use futures_util::StreamExt;
use openclaw::{
    Cause, ChatEvent, ChatRequest, FinishReason, Gateway, GatewaySession, HistoryItem, HistoryPart,
    MessageOutcome, SentMessage, SessionOrigin, TokenUsage,
    render::{RenderInput, render},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::time::Duration;

struct Live {
    gateway: Gateway,
    container: Container,
    llm: Llm,
    input: RenderInput,
}

impl Live {
    async fn say(&self, agent: &str, text: &str) -> Vec<ChatEvent> {
        let agent = slug(agent);
        let request =
            ChatRequest { agent: &agent, session: session(), text, earlier: &[], system: None, model: None };
        match self.gateway.chat(request).await {
            Ok(stream) => stream.collect().await,
            Err(error) => vec![ChatEvent::Error(error)],
        }
    }

    async fn cause(&self, agent: &str, text: &str) -> Option<Cause> {
        match self.say(agent, text).await.pop() {
            Some(ChatEvent::Error(error)) => Some(error.cause),
            _ => None,
        }
    }

    async fn recover(&self, agent: &str, text: &str, run: Option<String>) -> MessageOutcome {
        let sent = SentMessage {
            text: text.into(),
            sent_at: Utc::now() - chrono::TimeDelta::minutes(3),
            run_id: run,
        };
        self.gateway.find_outcome(&slug(agent), session(), &sent).await.unwrap()
    }
}

fn run_of(events: &[ChatEvent]) -> String {
    match &events[0] {
        ChatEvent::Started { run_id } => run_id.clone(),
        other => panic!("{other:?}"),
    }
}

fn answer_of(events: &[ChatEvent]) -> String {
    let text = |event: &ChatEvent| match event {
        ChatEvent::Delta(text) => Some(text.clone()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

#[tokio::test]
async fn the_gateway_does_what_the_client_says() {
    let image = image();
    let llm = Llm::start().await;
    let container = Container::start(&image);
    let input = everything(&format!("http://{}:{}", container.host(), llm.address.port()));
    container.apply(&render(&input));
    let gateway = container.boot().await;
    let live = Live { gateway, container, llm, input };

    every_dialect_answers(&live).await;
    tools_are_followed(&live).await;
    letting_go_aborts_the_provider(&live).await;
    failures_have_their_causes(&live).await;
    a_new_key_works_at_once(&live).await;
    a_request_is_passed_through(&live).await;
    a_deleted_session_is_gone_from_the_disk_and_another_goes_on(&live).await;
    a_killed_gateway_goes_on_by_itself(&live).await;
}

async fn every_dialect_answers(live: &Live) {
    assert_eq!(live.gateway.read_history(&slug("groq"), session(), 5, None).await.unwrap(), None);
    for kind in ProviderKind::ALL {
        let events = live.say(kind.as_str(), "hi").await;
        assert_eq!(answer_of(&events).trim(), "hello", "{kind}: {events:?}\n{}", live.container.log());
        let usage = ChatEvent::Usage(TokenUsage { input: 3, output: 2 });
        let tail = [ChatEvent::Finish(FinishReason::Complete), usage, ChatEvent::Done];
        assert!(events.ends_with(&tail), "{kind}: {events:?}");
        let call = live.llm.last();
        assert_eq!(call.key, "key", "{kind}");
        let asks_for_usage = call.body["stream_options"]["include_usage"] == true;
        let completions = call.path.ends_with("/chat/completions");
        assert_eq!(asks_for_usage, completions && kind != ProviderKind::Mistral, "{kind}");
        assert!(call.body.get("max_completion_tokens").is_none(), "{kind}");
    }
    let system = live.llm.calls.lock().unwrap()[0].body["system"].to_string();
    assert!(system.contains("You like ${HOME} and herons.") && !system.contains("[MISSING]"), "{system}");
    for agent in ["keyless", "default"] {
        assert_eq!(answer_of(&live.say(agent, "hi").await).trim(), "hello", "{agent}");
    }
    assert_eq!(live.llm.last().body["model"], "named-by-the-agent-only");
}

async fn tools_are_followed(live: &Live) {
    let agent = slug("groq");
    let request = ChatRequest {
        agent: &agent,
        session: session(),
        text: "TOOL",
        earlier: &[],
        system: None,
        model: None,
    };
    let mut chat = live.gateway.chat(request).await.unwrap();
    let Some(ChatEvent::Started { run_id }) = chat.next().await else { panic!("not started") };
    let follow = live.gateway.follow_run(&agent, session(), &run_id);
    let answer = tokio::spawn(chat.collect::<Vec<_>>());
    let items: Vec<HistoryItem> =
        tokio::time::timeout(Duration::from_secs(60), follow.take(4).collect()).await.unwrap();
    assert_eq!(items[0].part, HistoryPart::Commentary("Let me look.".into()));
    let arguments = json!({ "command": "echo from-the-tool" });
    assert_eq!(items[1].part, HistoryPart::ToolCall { id: "call_1".into(), name: "exec".into(), arguments });
    let text = "from-the-tool".to_owned();
    assert_eq!(
        items[2].part,
        HistoryPart::ToolResult { id: "call_1".into(), name: "exec".into(), is_error: false, text }
    );
    let HistoryPart::Text { truncated: false, text } = &items[3].part else { panic!("{:?}", items[3]) };
    // The text before the tool call is not in the stream.
    assert_eq!(text.trim(), answer_of(&answer.await.unwrap()).trim());

    for known in [Some(run_id), None] {
        let MessageOutcome::Answered(found) = live.recover("groq", "TOOL", known).await else {
            panic!("no answer")
        };
        assert_eq!((found.text.trim(), found.tools.len()), ("hello", 2));
    }
}

async fn letting_go_aborts_the_provider(live: &Live) {
    let agent = slug("xai");
    let request = ChatRequest {
        agent: &agent,
        session: session(),
        text: "SLOW",
        earlier: &[],
        system: None,
        model: None,
    };
    let mut chat = live.gateway.chat(request).await.unwrap();
    while !matches!(chat.next().await, Some(ChatEvent::Delta(_))) {}
    drop(chat);
    tokio::time::timeout(Duration::from_secs(5), async {
        while *live.llm.aborted.lock().unwrap() == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("the provider's request is cancelled");
    assert_eq!(live.recover("xai", "SLOW", None).await, MessageOutcome::Unanswered);
    assert_eq!(live.recover("xai", "never sent", None).await, MessageOutcome::Absent);
}

async fn failures_have_their_causes(live: &Live) {
    assert_eq!(live.cause("nobody", "hi").await, Some(Cause::AgentUnknown));
    assert_eq!(live.cause("dangling", "hi").await, Some(Cause::ModelUnknown));
    // The stream has only "internal error"; the history has the reason.
    let events = live.say("together", "OVERFLOW").await;
    assert_eq!(events.last(), Some(&ChatEvent::Error(Cause::AgentFailed.into())));
    let found = live.recover("together", "OVERFLOW", Some(run_of(&events))).await;
    assert_eq!(found, MessageOutcome::Failed(Cause::ContextTooLong.into()));
    assert_eq!(live.cause("refused", "hi").await, Some(Cause::KeyRejected));
    let Some(ChatEvent::Error(error)) = live.say("refused", "hi").await.pop() else { panic!("no error") };
    assert_eq!((error.cause, error.retry_after), (Cause::KeyParked, Some(Duration::from_secs(60))));
}

async fn a_new_key_works_at_once(live: &Live) {
    let mut input = live.input.clone();
    for provider in input.providers.iter_mut().filter(|provider| provider.slug.as_str() == "refused") {
        provider.key = Some("good".into());
        provider.key_generation = 2;
    }
    live.container.write(CONFIG, render(&input).config.expose_secret());
    // Until OpenClaw logs the reload, a message may still use the old key or an unknown model. The log line is what a
    // container reports as applied.
    live.container.await_log("config hot reload applied (").await;
    let events = live.say("refused", "hi again").await;
    assert_eq!(answer_of(&events).trim(), "hello", "{events:?}");
    assert_eq!(live.llm.last().key, "good");
}

async fn a_request_is_passed_through(live: &Live) {
    let request = json!({ "model": "x", "user": "y", "messages": [{ "role": "user", "content": "hi" }] });
    let Value::Object(request) = request else { unreachable!() };
    let answer = live.gateway.pass_through(&slug("groq"), None, request.clone()).await.unwrap();
    let bytes: Vec<_> = answer.body.map(Result::unwrap).collect().await;
    let answer: Value = serde_json::from_slice(&bytes.concat()).unwrap();
    assert_eq!(answer["choices"][0]["message"]["content"].as_str().unwrap().trim(), "hello");
    assert_eq!(answer["model"], "openclaw/groq");

    let mut wrong = request;
    wrong.insert("temperature".into(), json!(9));
    let error = live.gateway.pass_through(&slug("groq"), None, wrong).await.err().unwrap();
    assert_eq!(error.rejection_message.as_deref(), Some("`temperature` must be between 0 and 2."));
}

async fn a_deleted_session_is_gone_from_the_disk_and_another_goes_on(live: &Live) {
    let request = json!({ "messages": [{ "role": "user", "content": "A passing-puffin." }] });
    let Value::Object(request) = request else { unreachable!() };
    let answer = live.gateway.pass_through(&slug("groq"), None, request).await.unwrap();
    answer.body.map(Result::unwrap).collect::<Vec<_>>().await;
    assert_eq!(answer_of(&live.say("groq", "A staying-stork.").await).trim(), "hello");
    let count_by_origin = |sessions: &[GatewaySession], origin: SessionOrigin| {
        sessions.iter().filter(|one| one.origin == origin).count()
    };
    let all = live.gateway.list_sessions().await.unwrap();
    let (chats, requests) = (
        count_by_origin(&all, SessionOrigin::Chat(session())),
        count_by_origin(&all, SessionOrigin::SingleRequest),
    );
    assert!(chats > 1 && requests > 0, "{all:?}");
    assert!(!live.container.files_with("passing-puffin").is_empty());
    // OpenClaw cuts a deletion off that takes longer than ten seconds. Another attempt completes it.
    let mut left = all;
    for _ in 0..10 {
        for session in left.iter().filter(|one| one.origin == SessionOrigin::SingleRequest) {
            drop(live.gateway.delete_session(session).await);
        }
        left = live.gateway.list_sessions().await.unwrap();
        if count_by_origin(&left, SessionOrigin::SingleRequest) == 0 {
            break;
        }
    }
    let counts = (
        count_by_origin(&left, SessionOrigin::Chat(session())),
        count_by_origin(&left, SessionOrigin::SingleRequest),
    );
    assert_eq!(counts, (chats, 0), "{}", live.container.log());

    live.container.stop();
    assert_eq!(live.container.files_with("passing-puffin"), "");
    assert!(!live.container.files_with("staying-stork").is_empty());
    live.container.boot().await;
    assert_eq!(answer_of(&live.say("groq", "Go on.").await).trim(), "hello");
    assert!(live.llm.last().body["messages"].to_string().contains("A staying-stork."), "its memory");
}

async fn a_killed_gateway_goes_on_by_itself(live: &Live) {
    let agent = slug("deepseek");
    let text = "SLOW and killed";
    let request =
        ChatRequest { agent: &agent, session: session(), text, earlier: &[], system: None, model: None };
    let mut chat = live.gateway.chat(request).await.unwrap();
    while !matches!(chat.next().await, Some(ChatEvent::Delta(_))) {}
    live.container.kill();
    let events: Vec<ChatEvent> = chat.collect().await;
    assert_eq!(events.last(), Some(&ChatEvent::Error(Cause::ConnectionLost.into())));
    // Docker's proxy accepts connections for a dead gateway, so this cannot be told from a lost connection.
    let cause = live.cause("deepseek", text).await;
    assert!(matches!(cause, Some(Cause::AgentUnreachable | Cause::ConnectionLost)), "{cause:?}");

    live.container.boot().await;
    for _ in 0..120 {
        if let MessageOutcome::Answered(found) = live.recover("deepseek", text, None).await {
            assert!(found.text.starts_with("hello hello"), "{found:?}");
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("OpenClaw did not go on with the run: {}", live.container.log());
}
