//! Users are isolated from each other: no user can read, change or detect another user's data.

mod route_matrix;
mod row_level_security;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Mosaic, Person, eventually};

/// The ids of one resource of each kind, all of one user.
struct OwnedResources {
    provider: String,
    agent: String,
    chat: String,
    turn: String,
    job: String,
    token: String,
    finding: String,
    conversation: String,
}

/// Creates a resource of each kind for this user.
async fn create_resources(person: &Person) -> OwnedResources {
    let first = async |path: &str| {
        let items = person.get(path).await.body["items"].clone();
        items[0]["id"].as_str().unwrap().to_owned()
    };
    let (provider, agent) = (first("/api/providers").await, first("/api/agents").await);
    let test = person.post(&format!("/api/providers/{provider}/test"), &json!({})).await;
    let job = test.body["jobId"].as_str().unwrap().to_owned();
    eventually("the provider test has finished", || async {
        (person.get(&format!("/api/jobs/{job}")).await.body["state"] == "done").then_some(())
    })
    .await;
    let token = person.post("/api/tokens", &json!({ "name": "mine", "scopes": ["chat"] })).await;
    let token = token.body["id"].as_str().unwrap().to_owned();
    let chat = person.create_chat().await;
    let turn = person.ask(&chat, "a private matter").await;
    assert_eq!(person.wait_for_turn(&turn).await["status"], "done");
    let mut finding = String::new();
    // Two nearly equal findings: they are linked once they are embedded.
    for ending in [".", "!"] {
        let saved = person
            .post("/api/findings", &json!({ "content": format!("a private matter of mine{ending}") }))
            .await;
        finding = saved.body["id"].as_str().unwrap().to_owned();
    }
    let path = format!("/api/findings/{finding}");
    eventually("the findings are linked", || async {
        person.get(&path).await.body["similar"][0].is_object().then_some(())
    })
    .await;
    let memory = person.put("/api/memory/private", &json!({ "value": "a private matter" })).await;
    assert_eq!(memory.status, 200, "{:?}", memory.body);
    let entry = json!({ "id": "1", "role": "user", "text": "a private matter" });
    let session = json!({ "sessionId": "brought", "entries": [entry] });
    let brought = person.post("/api/conversations/ingest", &session).await;
    let conversation = brought.body["conversationId"].as_str().unwrap().to_owned();
    OwnedResources { provider, agent, chat, turn, job, token, finding, conversation }
}

/// The responses of the API to the owner of these resources.
async fn owner_responses(person: &Person, owned: &OwnedResources) -> Vec<Value> {
    let mut responses = Vec::new();
    for path in [
        format!("/api/providers/{}", owned.provider),
        format!("/api/agents/{}", owned.agent),
        format!("/api/chats/{}", owned.chat),
        format!("/api/turns/{}", owned.turn),
        format!("/api/jobs/{}", owned.job),
        format!("/api/findings/{}", owned.finding),
        "/api/memory/private".into(),
        format!("/api/conversations/{}", owned.conversation),
        "/api/tokens".into(),
        "/api/chats".into(),
        "/api/container".into(),
    ] {
        let reply = person.get(&path).await;
        assert_eq!(reply.status, 200, "{path}");
        responses.push(reply.body);
    }
    responses
}

/// Every request that names one of these resources by its id.
fn requests_by_id(owned: &OwnedResources) -> Vec<(Method, String, Value)> {
    let OwnedResources { provider, agent, chat, turn, job, token, finding, conversation } = owned;
    let nothing = || json!({});
    vec![
        (Method::GET, format!("/api/providers/{provider}"), nothing()),
        (Method::PATCH, format!("/api/providers/{provider}"), json!({ "name": "Mallory's" })),
        (Method::DELETE, format!("/api/providers/{provider}"), nothing()),
        (Method::POST, format!("/api/providers/{provider}/test"), nothing()),
        (Method::GET, format!("/api/agents/{agent}"), nothing()),
        (Method::PATCH, format!("/api/agents/{agent}"), json!({ "name": "Mallory's" })),
        (Method::DELETE, format!("/api/agents/{agent}"), nothing()),
        (Method::GET, format!("/api/chats/{chat}"), nothing()),
        (Method::PATCH, format!("/api/chats/{chat}"), json!({ "title": "Mallory's" })),
        (Method::DELETE, format!("/api/chats/{chat}"), nothing()),
        (Method::POST, format!("/api/chats/{chat}/turns"), json!({ "text": "hello" })),
        (Method::POST, format!("/api/chats/{chat}/turns"), json!({ "text": "hello", "replaces": turn })),
        (Method::GET, format!("/api/turns/{turn}"), nothing()),
        (Method::GET, format!("/api/turns/{turn}/events"), nothing()),
        (Method::POST, format!("/api/turns/{turn}/stop"), nothing()),
        (Method::GET, format!("/api/jobs/{job}"), nothing()),
        (Method::DELETE, format!("/api/tokens/{token}"), nothing()),
        (Method::GET, format!("/api/findings/{finding}"), nothing()),
        (Method::PATCH, format!("/api/findings/{finding}"), json!({ "content": "Mallory's" })),
        (Method::DELETE, format!("/api/findings/{finding}"), nothing()),
        (Method::GET, "/api/memory/private".into(), nothing()),
        (Method::GET, format!("/api/memory/private?agentId={agent}"), nothing()),
        (Method::PUT, format!("/api/memory/private?agentId={agent}"), json!({ "value": 1 })),
        (Method::DELETE, "/api/memory/private".into(), nothing()),
        (Method::GET, "/api/memory/private/history".into(), nothing()),
        (Method::GET, format!("/api/conversations/{conversation}"), nothing()),
        (Method::DELETE, format!("/api/conversations/{conversation}"), nothing()),
    ]
}

#[tokio::test]
async fn another_users_resources_are_not_found() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let (alice, bob) = (mosaic.user_with_agent("alice").await, mosaic.user_with_agent("bob").await);
    let alices = create_resources(&alice).await;
    let before = owner_responses(&alice, &alices).await;

    // An admin sees which users exist, but none of their data.
    for (who, person) in [("bob", &bob), ("the admin", &admin)] {
        for (method, path, body) in requests_by_id(&alices) {
            let reply = person.request(method.clone(), &path).json(&body).send().await.unwrap();
            // An admin sees the job on the board: its kind and times, not its content.
            let status = if who == "the admin" && path.starts_with("/api/jobs/") { 200 } else { 404 };
            assert_eq!(reply.status(), status, "{who}: {method} {path}");
            let text = reply.text().await.unwrap();
            assert!(
                !text.contains("private matter") && !text.contains("Stub"),
                "{who}: {method} {path}: {text}"
            );
        }
    }
    assert_no_references(&bob, &alices).await;
    assert_eq!(owner_responses(&alice, &alices).await, before, "alice's resources have not changed");
    assert_eq!(mosaic.requests_with("a private matter"), 1);
}

/// Bob's own resources cannot refer to alice's.
async fn assert_no_references(bob: &Person, alices: &OwnedResources) {
    let chat = bob.create_chat().await;
    let turns = format!("/api/chats/{chat}/turns");
    let refused = bob.post(&turns, &json!({ "text": "hi", "agentId": alices.agent })).await;
    assert_eq!(refused.status, 404, "{:?}", refused.body);
    let refused = bob.post(&turns, &json!({ "text": "hi", "replaces": alices.turn })).await;
    assert_eq!(refused.status, 404, "{:?}", refused.body);
    let made = bob.post("/api/tokens", &json!({ "name": "bob's", "scopes": ["chat", "jobs"] })).await;
    let program = Person::with_token(bob.url(), made.body["token"].as_str().unwrap());
    let asked = json!({ "model": "ada", "messages": [{ "role": "user", "content": "hi" }] });
    for stream in [false, true] {
        let mut asked = asked.clone();
        asked["stream"] = stream.into();
        let refused =
            program.post_with("/v1/chat/completions", &asked, &[("X-Mosaic-Chat", &alices.chat)]).await;
        assert_eq!(refused.status, 404, "{:?}", refused.body);
    }
    for (method, path, body) in requests_by_id(alices) {
        let reply = program.request(method.clone(), &path).json(&body).send().await.unwrap();
        assert!([403, 404].contains(&reply.status().as_u16()), "{method} {path}: {}", reply.status());
    }
}

#[tokio::test]
async fn a_user_without_resources_sees_none() {
    let mosaic = Mosaic::start().await;
    let alice = mosaic.onboarded().await;
    create_resources(&alice).await;
    let bob = mosaic.user("bob").await;
    for path in ["/api/providers", "/api/agents", "/api/chats", "/api/tokens"] {
        assert_eq!(bob.get(path).await.body["items"], json!([]), "{path}");
    }
    assert_eq!(bob.get("/api/container").await.body, json!({ "container": null }));
    let made = bob.post("/api/tokens", &json!({ "name": "bobs", "scopes": ["chat"] })).await;
    let program = Person::with_token(bob.url(), made.body["token"].as_str().unwrap());
    assert_eq!(program.get("/v1/models").await.body["data"], json!([]));
    // Names belong to a user: bob's agent cannot use alice's provider by its name.
    let agent = bob.post("/api/agents", &json!({ "name": "Ada", "model": "stub/stub-1" })).await;
    assert_eq!((agent.status, agent.body["errors"][0]["field"].as_str()), (422, Some("model")));
    let chat = bob.create_chat().await;
    let none = bob.post(&format!("/api/chats/{chat}/turns"), &json!({ "text": "hi" })).await;
    assert_eq!((none.status, none.body["code"].as_str()), (409, Some("no_agent")));
}

#[tokio::test]
async fn a_user_cannot_do_what_only_an_admin_may() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let bob = mosaic.user_with_agent("bob").await;
    let version = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(bob.get("/api/settings").await.status, 403);
    let change = json!({ "agentImage": "mallory/agent:1" });
    assert_eq!(bob.patch_with("/api/settings", &change, &[("If-Match", &version)]).await.status, 403);
    let elsewhere = json!({
        "kind": "openai-compatible", "name": "Router", "baseUrl": "http://192.168.1.1/v1", "apiKey": "sk-abcdefghijkl",
        "models": [{ "id": "m" }], "allowPrivateHost": true,
    });
    let refused = bob.post("/api/providers", &elsewhere).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (403, Some("forbidden")));
    let id = bob.get("/api/providers").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let change =
        json!({ "baseUrl": "http://192.168.1.1/v1", "apiKey": "sk-abcdefghijkl", "allowPrivateHost": true });
    assert_eq!(bob.patch(&format!("/api/providers/{id}"), &change).await.status, 403);
    let after = admin.get("/api/settings").await;
    assert_eq!(after.headers["etag"].to_str().unwrap(), version, "nothing was changed");
    // The check cannot be avoided: without the flag the connection test does not reach a private host.
    let mut unflagged = elsewhere;
    unflagged["allowPrivateHost"] = false.into();
    let tested = bob.post("/api/providers/test", &unflagged).await;
    let reach = &tested.body["steps"][0];
    assert_eq!(reach["failure"]["cause"], "address_not_allowed", "{reach}");
}
