//! The configuration endpoint for containers: each gets its own configuration, and other callers get none.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{AgentContainer, Mosaic, Person, agents, eventually};

/// The container of this user, after a first message.
async fn start_container(person: &Person) -> AgentContainer {
    assert_eq!(person.ask_in_new_chat("hello").await["status"], "done");
    AgentContainer::of(person).await
}

async fn get_container(person: &Person) -> Value {
    person.get("/api/container").await.body["container"].clone()
}

/// Requests the configuration of `id` at `base`; returns status, version and body.
async fn fetch_config(
    base: &str,
    id: &str,
    token: Option<&str>,
    query: &[(&str, &str)],
) -> (u16, String, Value) {
    let request = config_request(base, id, query);
    send(match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    })
    .await
}

/// Requests the configuration as the container does: with its token and the address that it uses.
async fn fetch_config_as(
    container: &AgentContainer,
    base: &str,
    query: &[(&str, &str)],
) -> (u16, String, Value) {
    send(
        config_request(base, &container.id, query)
            .header("Host", &container.host)
            .bearer_auth(&container.token),
    )
    .await
}

fn config_request(base: &str, id: &str, query: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(format!("{base}/api/internal/agent-config/{id}")).query(query)
}

async fn send(request: reqwest::RequestBuilder) -> (u16, String, Value) {
    let response = request.send().await.unwrap();
    let version =
        response.headers().get("etag").map(|tag| tag.to_str().unwrap().trim_matches('"').to_owned());
    let (status, bytes) = (response.status().as_u16(), response.bytes().await.unwrap());
    (status, version.unwrap_or_default(), serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_container_gets_its_own_configuration_and_no_other() {
    let mosaic = Mosaic::start().await;
    let (alice, bob) = (mosaic.onboarded().await, mosaic.user_with_agent("bob").await);
    let agent = bob.get("/api/agents").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    bob.patch(&format!("/api/agents/{agent}"), &json!({ "name": "Bartholomew" })).await;
    let (alices, bobs) = (start_container(&alice).await, start_container(&bob).await);
    let inside = &mosaic.internal_url;

    let session = "mse_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let gateway = "mgt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for token in [
        None,
        Some("nonsense"),
        Some(""),
        Some(gateway),
        Some(session),
        Some(&alices.token[..alices.token.len() - 1]),
    ] {
        assert_eq!(fetch_config(inside, &alices.id, token, &[]).await.0, 401, "{token:?}");
    }
    let made = alice.post("/api/tokens", &json!({ "name": "t", "scopes": ["chat"] })).await;
    assert_eq!(
        fetch_config(inside, &alices.id, made.body["token"].as_str(), &[]).await.0,
        401,
        "an API token"
    );
    assert_eq!(fetch_config(inside, &alices.id, Some(&bobs.token), &[]).await.0, 403);
    assert_eq!(fetch_config(inside, &bobs.id, Some(&alices.token), &[]).await.0, 403);

    let (code, version, body) = fetch_config(inside, &alices.id, Some(&alices.token), &[]).await;
    assert_eq!((code, body["version"].as_str()), (200, Some(version.as_str())));
    for needed in ["sk-canary-1234567890abcdef", "workspace-ada/SOUL.md"] {
        assert!(body.to_string().contains(needed), "{needed}");
    }
    assert!(body.to_string().contains("Ada") && !body.to_string().contains("Bartholomew"));
    assert!(
        fetch_config(inside, &bobs.id, Some(&bobs.token), &[]).await.2.to_string().contains("Bartholomew")
    );
    // The address of Mosaic's tools is the one at which the container reaches Mosaic.
    let (_, _, body) = fetch_config_as(&alices, inside, &[]).await;
    let tools = &body["config"]["mcp"]["servers"]["mosaic"];
    assert_eq!(tools["url"], format!("http://{}/api/internal/mcp", alices.host));
    let (code, _, body) = fetch_config(inside, &alices.id, Some(&alices.token), &[("have", &version)]).await;
    assert_eq!((code, body), (304, Value::Null));
    let newer =
        fetch_config(inside, &alices.id, Some(&alices.token), &[("have", "another"), ("wait", "30")]).await;
    assert_eq!((newer.0, newer.1), (200, version), "a container with another version does not wait");

    // The endpoint is only on the internal port, and only for containers.
    assert_eq!(fetch_config(&mosaic.url, &alices.id, Some(&alices.token), &[]).await.0, 404);
    let outside = inside.replace("127.0.0.1", &agents::bridge_address());
    assert_eq!(fetch_config(&outside, &alices.id, Some(&alices.token), &[]).await.0, 403);
    for path in ["/api/agents", "/api/auth/me", "/v1/models", "/api/onboarding"] {
        let reply = reqwest::get(format!("{inside}{path}")).await.unwrap();
        assert_eq!(reply.status(), 404, "{path} on the internal port");
    }
}

#[tokio::test]
async fn a_change_reaches_a_waiting_container_immediately_and_is_shown_once_applied() {
    let mosaic = Mosaic::start().await;
    let alice = mosaic.onboarded().await;
    let container = start_container(&alice).await;
    let inside = mosaic.internal_url.clone();
    let before = wait_for_applied_version(&alice).await;

    let have = before.clone();
    let waiting = tokio::spawn(async move {
        fetch_config_as(&container, &inside, &[("have", &have), ("wait", "50")]).await
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let agent = alice.get("/api/agents").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let changed = Instant::now();
    let personality = json!({ "personality": { "soul": "You love tea." } });
    assert_eq!(alice.patch(&format!("/api/agents/{agent}"), &personality).await.status, 200);
    let (code, after, body) = waiting.await.unwrap();
    assert_eq!(code, 200);
    assert!(changed.elapsed() < Duration::from_secs(10), "the request waited for its timeout");
    assert_ne!(after, before);
    assert!(body.to_string().contains("You love tea."));
    eventually("the new version is applied", || async {
        (get_container(&alice).await["appliedVersion"] == after).then_some(())
    })
    .await;
}

/// The applied version, once the container has reported it. Its next report is half a minute later.
async fn wait_for_applied_version(person: &Person) -> String {
    eventually("the container reports", || async {
        get_container(person).await["appliedVersion"].as_str().map(str::to_owned)
    })
    .await
}

#[tokio::test]
async fn a_refused_version_is_shown_with_openclaws_message() {
    let mosaic = Mosaic::start().await;
    let alice = mosaic.onboarded().await;
    let container = start_container(&alice).await;
    let inside = &mosaic.internal_url;
    let version = wait_for_applied_version(&alice).await;
    let message = format!("gateway: Unrecognized key: \"nonsense\"{}", "x".repeat(2000));
    let report = [("have", "an-older-one"), ("tried", &version), ("error", message.as_str())];
    let (code, ..) = fetch_config_as(&container, inside, &report).await;
    assert_eq!(code, 304, "a refused version is not sent again");
    let shown = get_container(&alice).await;
    assert_eq!(shown["appliedVersion"], "an-older-one");
    assert_eq!(shown["configError"].as_str().unwrap(), &message[..500]);
    // The next successful report removes the error.
    fetch_config_as(&container, inside, &[("have", &version)]).await;
    let shown = get_container(&alice).await;
    assert_eq!((&shown["appliedVersion"], &shown["configError"]), (&json!(version), &Value::Null));
}

#[tokio::test]
async fn a_token_is_revoked_with_its_container() {
    let mosaic = Mosaic::start().await;
    let alice = mosaic.onboarded().await;
    let old = start_container(&alice).await;
    let inside = &mosaic.internal_url;
    assert_eq!(fetch_config(inside, &old.id, Some(&old.token), &[]).await.0, 200);
    let job = alice.post("/api/container/restart", &json!({})).await;
    let job = format!("/api/jobs/{}", job.body["jobId"].as_str().unwrap());
    eventually("it is restarted", || async { (alice.get(&job).await.body["state"] == "done").then_some(()) })
        .await;
    let new = AgentContainer::of(&alice).await;
    assert_eq!(new.id, old.id);
    assert_ne!(new.token, old.token);
    assert_eq!(fetch_config(inside, &old.id, Some(&old.token), &[]).await.0, 401);
    assert_eq!(fetch_config(inside, &new.id, Some(&new.token), &[]).await.0, 200);
    assert_eq!(alice.ask_in_new_chat("are you there").await["status"], "done");
    assert_eq!(mosaic.containers().await.len(), 1);
}

#[tokio::test]
async fn a_disabled_users_container_gets_no_configuration() {
    let mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let bob = mosaic.user_with_agent("bob").await;
    let container = start_container(&bob).await;
    let sql = "update users set disabled_at = now() where username = 'bob'";
    sqlx::query(sql).execute(&mosaic.database.pool).await.unwrap();
    assert_eq!(fetch_config(&mosaic.internal_url, &container.id, Some(&container.token), &[]).await.0, 401);
}
