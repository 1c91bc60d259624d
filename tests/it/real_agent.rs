//! The real OpenClaw in its real image: what a stub cannot show.

use serde_json::{Value, json};
use std::{process::Command, time::Instant};
use tests::{Mosaic, Options, Person, docker, eventually};

#[tokio::test]
async fn a_user_works_with_the_real_agent() {
    let mosaic = Mosaic::start_with(Options::real()).await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;

    ask(&person, &chat, "Hello, who are you?").await;
    let names = mosaic.containers().await;
    assert_eq!(names.len(), 1);
    assert_container_restrictions(&names[0]);
    assert_self_test_works_with_the_image(&person).await;
    assert_tools_are_shown(&person, &chat).await;
    assert_archive_is_searchable(&mosaic, &person, &chat).await;
    assert_change_is_applied(&person).await;
    assert_tools_and_skills_are_per_agent(&mosaic, &person, &chat).await;
    assert_new_key_works_after_a_bad_one(&mosaic, &person, &chat).await;

    // After a removal from outside the next message starts the container again, with its memory.
    docker(&["rm", "-f", &names[0]]);
    ask(&person, &chat, "Are you still there?").await;
    assert_eq!(mosaic.containers().await, names, "one container with the same name");
    let turns = person.get(&format!("/api/chats/{chat}")).await.body["turns"].clone();
    let asked: Vec<&str> =
        turns.as_array().unwrap().iter().map(|turn| turn["question"].as_str().unwrap()).collect();
    assert_eq!(asked.first(), Some(&"Hello, who are you?"));
    assert_eq!(asked.last(), Some(&"Are you still there?"));
    assert_deleted_chat_is_removed_from_disk(&mosaic, &person, &names[0], &chat).await;
}

/// A deleted chat is gone from the agent's disk after a stop of its container; other chats keep their memory.
async fn assert_deleted_chat_is_removed_from_disk(
    mosaic: &Mosaic,
    person: &Person,
    container: &str,
    staying: &str,
) {
    let going = person.create_chat().await;
    ask(person, &going, "A vanishing-vole.").await;
    ask(person, staying, "A staying-stork.").await;
    assert!(volume_contains(container, "vanishing-vole"));
    assert_eq!(person.delete(&format!("/api/chats/{going}")).await.status, 204);
    eventually("its session is deleted", || async {
        let jobs = person.get("/api/jobs?kind=prune-sessions").await.body;
        let jobs = jobs["items"].as_array().unwrap_or_else(|| panic!("{jobs}")).clone();
        (!jobs.is_empty() && jobs.iter().all(|job| job["state"] == "done")).then_some(())
    })
    .await;
    assert_eq!(person.post("/api/container/stop", &json!({})).await.status, 202);
    eventually("the container is stopped", || async {
        (person.get("/api/container").await.body["container"]["observed"] == "stopped").then_some(())
    })
    .await;
    assert!(!volume_contains(container, "vanishing-vole") && volume_contains(container, "staying-stork"));
    ask(person, staying, "Go on.").await;
    let prompt = mosaic.llm.requests().pop().unwrap().prompt;
    assert!(prompt.contains("A staying-stork."), "{prompt}");
}

/// Whether a container's state contains this text, in any case.
fn volume_contains(container: &str, text: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    docker(&["cp", &format!("{container}:/data"), &folder.path().display().to_string()]);
    let found = Command::new("grep").args(["-raqi", text]).arg(folder.path()).status().unwrap();
    found.success()
}

async fn ask(person: &Person, chat: &str, text: &str) -> Value {
    let turn = person.ask(chat, text).await;
    let turn = person.wait_for_turn(&turn).await;
    assert_eq!(turn["status"], "done", "{turn}");
    assert!(turn["answer"].as_str().unwrap().contains(text), "the stub quotes the message: {turn}");
    turn
}

/// `network_isolation` tests the isolation itself. This shows that the probes work in the real image.
async fn assert_self_test_works_with_the_image(admin: &Person) {
    assert_eq!(admin.post("/api/fleet/self-test", &json!({})).await.status, 202);
    let report = eventually("the self-test has a result", || async {
        let report = admin.get("/api/fleet/self-test").await.body;
        assert_ne!(report["state"], "failed", "{report}");
        (report["state"] == "done").then_some(report)
    })
    .await;
    let checks = report["checks"].as_array().unwrap().clone();
    let passed =
        |name: &str| checks.iter().filter(|check| check["name"] == name && check["passed"] == true).count();
    assert_eq!((passed("Mosaic's internal port"), passed("another user's container")), (2, 2), "{report}");
}

/// The container's restrictions, as Docker reports them.
fn assert_container_restrictions(name: &str) {
    let inspect: Value = serde_json::from_str(&docker(&["inspect", name])).unwrap();
    let (host, config) = (&inspect[0]["HostConfig"], &inspect[0]["Config"]);
    assert_eq!(host["ReadonlyRootfs"], true);
    assert_eq!(host["CapDrop"], json!(["ALL"]));
    assert_eq!(host["Privileged"], false);
    assert_eq!(host["PidsLimit"], 512);
    assert_eq!(config["User"], "10001:10001");
    assert!(host["SecurityOpt"].to_string().contains("no-new-privileges"));
    assert!(host["PortBindings"]["18789/tcp"][0]["HostIp"] == "127.0.0.1");
    assert!(!inspect.to_string().contains("sk-canary"), "no provider key in docker inspect");
}

async fn assert_tools_are_shown(person: &Person, chat: &str) {
    let command = r#"[[llm:tool=exec,args={"command":"echo forty-two"}]]"#;
    let turn = person.ask(chat, command).await;
    let turn = person.wait_for_turn(&turn).await;
    assert_eq!(turn["status"], "done", "{turn}");
    let cards = turn["tools"].as_array().unwrap();
    assert_eq!(cards.len(), 1, "{turn}");
    assert_eq!(cards[0]["name"], "exec");
    assert_eq!(cards[0]["status"], "done");
    assert!(cards[0]["result"].as_str().unwrap().contains("forty-two"), "{turn}");
}

/// Messages and tool calls are in the archive once, and the agent finds them with Mosaic's tool, as its skill says.
async fn assert_archive_is_searchable(mosaic: &Mosaic, person: &Person, chat: &str) {
    let search = json!({ "query": "forty-two", "filters": { "role": "tool" } });
    let found = eventually("the tool's output is found", || async {
        let found = person.post("/api/conversations/search", &search).await.body["items"].clone();
        found.get(0).is_some().then_some(found)
    })
    .await;
    assert_eq!(found.as_array().unwrap().len(), 2, "the call and its result: {found}");
    assert_eq!(found[0]["chatId"], chat, "{found}");
    let id = found[0]["conversationId"].as_str().unwrap();
    let all = person.get(&format!("/api/conversations/{id}")).await.body;
    let roles: Vec<&str> =
        all["items"].as_array().unwrap().iter().map(|item| item["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant", "user", "tool", "tool", "assistant"], "{all}");
    for word in ["heron", "ibis", "jackdaw"] {
        eprintln!(
            "{word} was found {:.1} s after the last token",
            seconds_until_found(person, chat, word).await
        );
    }

    // A program's messages without a chat are found too.
    let made = person.post("/api/tokens", &json!({ "name": "p", "scopes": ["chat"] })).await;
    let program = Person::with_token(person.url(), made.body["token"].as_str().unwrap());
    let earlier = json!({ "role": "user", "content": "a folded fox" });
    let answer = json!({ "role": "assistant", "content": "yes" });
    let newest = json!({ "role": "user", "content": "a programmed puffin" });
    let asked = json!({ "model": "ada", "messages": [earlier, answer, newest] });
    assert_eq!(program.post("/v1/chat/completions", &asked).await.status, 200);
    assert_eq!(person.post("/api/schedules/sweep-session-logs/run", &json!({})).await.status, 202);
    let search = json!({ "query": "puffin", "filters": { "role": "user" } });
    let found = eventually("the program's message is found", || async {
        let found = person.post("/api/conversations/search", &search).await.body["items"].clone();
        // The search by meaning may find something else.
        let by_words = |item: &&Value| item["matchedBy"].as_array().unwrap().contains(&json!("text"));
        found.as_array().unwrap().iter().find(by_words).cloned()
    })
    .await;
    let session = format!("/api/conversations/{}", found["conversationId"].as_str().unwrap());
    let session = person.get(&session).await.body;
    assert_eq!((session["messages"].as_u64(), &session["chatId"]), (Some(2), &Value::Null), "{session}");
    assert!(!session.to_string().contains("folded fox"), "only new messages are stored: {session}");

    let ask = r#"[[llm:tool=mosaic__conversations_search,args={"query":"forty-two","role":"tool"}]]"#;
    let turn = person.ask(chat, ask).await;
    let turn = person.wait_for_turn(&turn).await;
    let result = turn["tools"][0]["result"].as_str().unwrap_or_default();
    assert!(result.contains("forty-two") && result.contains("conversationId"), "{turn}");
    let prompt = mosaic.llm.requests().pop().unwrap().prompt;
    assert!(prompt.contains("<name>mosaic</name>"), "the prompt contains the skill: {prompt}");

    // The agent saves a finding, which it and its user find again.
    let keep = r#"[[llm:tool=mosaic__finding_save,args={"content":"The key is under the blue pot.","title":"Key"}]]"#;
    let turn = person.wait_for_turn(&person.ask(chat, keep).await).await;
    assert!(turn["tools"][0]["result"].as_str().unwrap_or_default().contains("fnd_"), "{turn}");
    let find = r#"[[llm:tool=mosaic__findings_search,args={"query":"where is the key"}]]"#;
    let turn = person.wait_for_turn(&person.ask(chat, find).await).await;
    assert!(turn["tools"][0]["result"].as_str().unwrap_or_default().contains("blue pot"), "{turn}");
    assert_eq!(person.get("/api/findings").await.body["items"][0]["title"], "Key");
}

/// Seconds from the end of an answer until all of its turn is found, including tool call and result. The documentation
/// promises 10; a busy machine may take longer, so the test only prints it.
async fn seconds_until_found(person: &Person, chat: &str, word: &str) -> f64 {
    let command = format!(r#"[[llm:tool=exec,args={{"command":"echo {word}"}}]]"#);
    let turn = person.wait_for_turn(&person.ask(chat, &command).await).await;
    let ended = Instant::now();
    assert_eq!(turn["status"], "done", "{turn}");
    let of_turn = |item: &&Value| item["turnId"] == turn["id"];
    let by_role = |items: &[Value], role: &str| items.iter().filter(|item| item["role"] == role).count();
    eventually("all of the turn is found once", || async {
        let search = json!({ "query": word, "limit": 100 });
        let found = person.post("/api/conversations/search", &search).await.body["items"].clone();
        let items: Vec<Value> = found.as_array()?.iter().filter(of_turn).cloned().collect();
        assert!(items.len() <= 4, "more messages than in the turn: {found}");
        (["user", "tool", "assistant"].map(|role| by_role(&items, role)) == [1, 2, 1]).then_some(())
    })
    .await;
    ended.elapsed().as_secs_f64()
}

/// The container reports the version that it has applied.
async fn assert_change_is_applied(person: &Person) {
    let before = person.get("/api/container").await.body["container"]["appliedVersion"].clone();
    assert!(before.is_string(), "the first version is reported");
    let agents = person.get("/api/agents").await.body;
    let agent = format!("/api/agents/{}", agents["items"][0]["id"].as_str().unwrap());
    let personality = json!({ "personality": { "soul": "Answer in rhymes.", "identity": "", "user": "" } });
    assert_eq!(person.patch(&agent, &personality).await.status, 200);
    eventually("the container reports the new version", || async {
        let container = person.get("/api/container").await.body["container"].clone();
        assert!(container["configError"].is_null(), "{container}");
        (container["appliedVersion"] != before).then_some(())
    })
    .await;
}

/// An agent without the tool `exec` cannot use it, and its skills are in its prompt.
async fn assert_tools_and_skills_are_per_agent(mosaic: &Mosaic, person: &Person, chat: &str) {
    let agents = person.get("/api/agents").await.body;
    let agent = format!("/api/agents/{}", agents["items"][0]["id"].as_str().unwrap());
    assert_eq!(agents["items"][0]["tools"].as_array().unwrap().len(), 5, "all tools by default");
    let skill =
        json!({ "name": "birds", "description": "About \"herons\": always", "content": "Herons first." });
    let change = json!({ "tools": ["read"], "skills": [skill] });
    let before = applied_version(person).await;
    assert_eq!(person.patch(&agent, &change).await.status, 200);
    eventually("the change is in force", || async {
        (applied_version(person).await != before).then_some(())
    })
    .await;
    let turn = person.ask(chat, r#"[[llm:tool=exec,args={"command":"echo forty-two"}]]"#).await;
    let turn = person.wait_for_turn(&turn).await;
    assert!(!turn["tools"].to_string().contains("\"result\":\"forty-two"), "{turn}");
    assert!(!turn["answer"].as_str().unwrap().contains("said: forty-two"), "{turn}");
    let prompt = mosaic.llm.requests().pop().unwrap().prompt;
    assert!(prompt.contains("<name>birds</name>") && prompt.contains("herons"), "{prompt}");
    let taken = json!({ "skills": [{ "name": "mosaic", "description": "x", "content": "y" }] });
    let refused = person.patch(&agent, &taken).await;
    assert_eq!((refused.status, &refused.body["errors"][0]["field"]), (422, &json!("skills.name")));
    let back = json!({ "tools": ["read", "write", "edit", "exec", "web_fetch"], "skills": [] });
    let before = applied_version(person).await;
    assert_eq!(person.patch(&agent, &back).await.status, 200);
    eventually("the change is in force", || async {
        (applied_version(person).await != before).then_some(())
    })
    .await;
}

/// The version that the container reports.
async fn applied_version(person: &Person) -> Value {
    person.get("/api/container").await.body["container"]["appliedVersion"].clone()
}

async fn assert_new_key_works_after_a_bad_one(mosaic: &Mosaic, person: &Person, chat: &str) {
    let provider = person.get("/api/providers").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let provider = format!("/api/providers/{provider}");
    for (key, works) in [("sk-bad", false), ("sk-good-again-123456", true)] {
        let before = applied_version(person).await;
        assert_eq!(person.patch(&provider, &json!({ "apiKey": key })).await.status, 200);
        eventually("the new key is in force", || async {
            (applied_version(person).await != before).then_some(())
        })
        .await;
        let turn = person.ask(chat, "Do you have the key?").await;
        let turn = person.wait_for_turn(&turn).await;
        if works {
            assert_eq!(turn["status"], "done", "{turn}");
        } else {
            assert_eq!(
                (turn["status"].as_str(), turn["error"]["code"].as_str()),
                (Some("failed"), Some("key_rejected"))
            );
            assert!(!turn.to_string().contains(key));
        }
    }
    assert!(!mosaic.logs().contains("sk-good-again"));
}
