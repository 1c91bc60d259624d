//! What a container is told about its configuration, and who else is not.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{Cell, Mosaic, Person, agents, eventually};

/// The container of this person, which has said hello already.
async fn cell(person: &Person) -> Cell {
    assert_eq!(person.ask_once("hello").await["status"], "done");
    Cell::of(person).await
}

async fn status(person: &Person) -> Value {
    person.get("/api/container").await.body["container"].clone()
}

/// Asks for the configuration of `id` at `base`; answers with status, version and body.
async fn ask(base: &str, id: &str, token: Option<&str>, query: &[(&str, &str)]) -> (u16, String, Value) {
    let request = asking(base, id, query);
    answered(match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    })
    .await
}

/// Asks as the container itself does: with its token, by the address that it knows.
async fn ask_as(cell: &Cell, base: &str, query: &[(&str, &str)]) -> (u16, String, Value) {
    answered(asking(base, &cell.id, query).header("Host", &cell.host).bearer_auth(&cell.token)).await
}

fn asking(base: &str, id: &str, query: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(format!("{base}/api/internal/agent-config/{id}")).query(query)
}

async fn answered(request: reqwest::RequestBuilder) -> (u16, String, Value) {
    let response = request.send().await.unwrap();
    let version =
        response.headers().get("etag").map(|tag| tag.to_str().unwrap().trim_matches('"').to_owned());
    let (status, bytes) = (response.status().as_u16(), response.bytes().await.unwrap());
    (status, version.unwrap_or_default(), serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_container_gets_its_own_configuration_and_no_other() {
    let mosaic = Mosaic::start().await;
    let (alice, bob) = (mosaic.onboarded().await, mosaic.equipped("bob").await);
    let his = bob.get("/api/agents").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    bob.patch(&format!("/api/agents/{his}"), &json!({ "name": "Bartholomew" })).await;
    let (hers, his) = (cell(&alice).await, cell(&bob).await);
    let inside = &mosaic.internal_url;

    let session = "mse_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let gateway = "mgt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for token in [
        None,
        Some("nonsense"),
        Some(""),
        Some(gateway),
        Some(session),
        Some(&hers.token[..hers.token.len() - 1]),
    ] {
        assert_eq!(ask(inside, &hers.id, token, &[]).await.0, 401, "{token:?}");
    }
    let made = alice.post("/api/tokens", &json!({ "name": "t", "scopes": ["chat"] })).await;
    assert_eq!(ask(inside, &hers.id, made.body["token"].as_str(), &[]).await.0, 401, "an API token");
    assert_eq!(ask(inside, &hers.id, Some(&his.token), &[]).await.0, 403);
    assert_eq!(ask(inside, &his.id, Some(&hers.token), &[]).await.0, 403);

    let (code, version, body) = ask(inside, &hers.id, Some(&hers.token), &[]).await;
    assert_eq!((code, body["version"].as_str()), (200, Some(version.as_str())));
    for needed in ["sk-canary-1234567890abcdef", "workspace-ada/SOUL.md"] {
        assert!(body.to_string().contains(needed), "{needed}");
    }
    assert!(body.to_string().contains("Ada") && !body.to_string().contains("Bartholomew"));
    assert!(ask(inside, &his.id, Some(&his.token), &[]).await.2.to_string().contains("Bartholomew"));
    // Mosaic's tools are where the container finds Mosaic.
    let (_, _, body) = ask_as(&hers, inside, &[]).await;
    let tools = &body["config"]["mcp"]["servers"]["mosaic"];
    assert_eq!(tools["url"], format!("http://{}/api/internal/mcp", hers.host));
    let (code, _, body) = ask(inside, &hers.id, Some(&hers.token), &[("have", &version)]).await;
    assert_eq!((code, body), (304, Value::Null));
    let older = ask(inside, &hers.id, Some(&hers.token), &[("have", "another"), ("wait", "30")]).await;
    assert_eq!((older.0, older.1), (200, version), "who has another version need not wait");

    // The door is on one port only, and only for who is inside.
    assert_eq!(ask(&mosaic.url, &hers.id, Some(&hers.token), &[]).await.0, 404);
    let outside = inside.replace("127.0.0.1", &agents::bridge_address());
    assert_eq!(ask(&outside, &hers.id, Some(&hers.token), &[]).await.0, 403);
    for path in ["/api/agents", "/api/auth/me", "/v1/models", "/api/onboarding"] {
        let reply = reqwest::get(format!("{inside}{path}")).await.unwrap();
        assert_eq!(reply.status(), 404, "{path} on the internal port");
    }
}

#[tokio::test]
async fn a_change_reaches_the_waiting_container_at_once_and_is_shown_when_it_is_in_force() {
    let mosaic = Mosaic::start().await;
    let alice = mosaic.onboarded().await;
    let cell = cell(&alice).await;
    let inside = mosaic.internal_url.clone();
    let before = applied(&alice).await;

    let have = before.clone();
    let waiting =
        tokio::spawn(async move { ask_as(&cell, &inside, &[("have", &have), ("wait", "50")]).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let agent = alice.get("/api/agents").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let changed = Instant::now();
    let personality = json!({ "personality": { "soul": "You love tea." } });
    assert_eq!(alice.patch(&format!("/api/agents/{agent}"), &personality).await.status, 200);
    let (code, after, body) = waiting.await.unwrap();
    assert_eq!(code, 200);
    assert!(changed.elapsed() < Duration::from_secs(10), "it waited for its time to be over");
    assert_ne!(after, before);
    assert!(body.to_string().contains("You love tea."));
    eventually("the new version is in force", || async {
        (status(&alice).await["appliedVersion"] == after).then_some(())
    })
    .await;
}

/// The version in force, as soon as the container has reported it; its next report is half a minute away.
async fn applied(person: &Person) -> String {
    eventually("the container reports", || async {
        status(person).await["appliedVersion"].as_str().map(str::to_owned)
    })
    .await
}

#[tokio::test]
async fn a_refused_version_is_shown_with_what_openclaw_said() {
    let mosaic = Mosaic::start().await;
    let alice = mosaic.onboarded().await;
    let cell = cell(&alice).await;
    let inside = &mosaic.internal_url;
    let version = applied(&alice).await;
    let said = format!("gateway: Unrecognized key: \"nonsense\"{}", "x".repeat(2000));
    let report = [("have", "an-older-one"), ("tried", &version), ("error", said.as_str())];
    let (code, ..) = ask_as(&cell, inside, &report).await;
    assert_eq!(code, 304, "what was refused is not sent again");
    let shown = status(&alice).await;
    assert_eq!(shown["appliedVersion"], "an-older-one");
    assert_eq!(shown["configError"].as_str().unwrap(), &said[..500]);
    // The next good report takes it back.
    ask_as(&cell, inside, &[("have", &version)]).await;
    let shown = status(&alice).await;
    assert_eq!((&shown["appliedVersion"], &shown["configError"]), (&json!(version), &Value::Null));
}

#[tokio::test]
async fn a_token_ends_with_its_container() {
    let mosaic = Mosaic::start().await;
    let alice = mosaic.onboarded().await;
    let old = cell(&alice).await;
    let inside = &mosaic.internal_url;
    assert_eq!(ask(inside, &old.id, Some(&old.token), &[]).await.0, 200);
    let job = alice.post("/api/container/restart", &json!({})).await;
    let job = format!("/api/jobs/{}", job.body["jobId"].as_str().unwrap());
    eventually("it is restarted", || async { (alice.get(&job).await.body["state"] == "done").then_some(()) })
        .await;
    let new = Cell::of(&alice).await;
    assert_eq!(new.id, old.id);
    assert_ne!(new.token, old.token);
    assert_eq!(ask(inside, &old.id, Some(&old.token), &[]).await.0, 401);
    assert_eq!(ask(inside, &new.id, Some(&new.token), &[]).await.0, 200);
    assert_eq!(alice.ask_once("are you there").await["status"], "done");
    assert_eq!(mosaic.containers().await.len(), 1);
}

#[tokio::test]
async fn a_disabled_users_container_is_told_nothing() {
    let mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let bob = mosaic.equipped("bob").await;
    let cell = cell(&bob).await;
    let sql = "update users set disabled_at = now() where username = 'bob'";
    sqlx::query(sql).execute(&mosaic.database.pool).await.unwrap();
    assert_eq!(ask(&mosaic.internal_url, &cell.id, Some(&cell.token), &[]).await.0, 401);
}
