//! The internal port: each container gets its own configuration, and says which one is in force.

use reqwest::{Client, Response};
use serde_json::json;
use std::time::Duration;
use tests::{Mosaic, docker, eventually};
use tokio::time::Instant;

/// A container as the internal port sees it.
struct Container {
    url: String,
    id: String,
    token: String,
}

impl Container {
    /// The only container of this instance.
    async fn of(mosaic: &Mosaic) -> Self {
        let name = mosaic.containers().await.remove(0);
        let env = docker(&["inspect", "-f", "{{range .Config.Env}}{{println .}}{{end}}", &name]);
        let value = |name: &str| env.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        let id = value("MOSAIC_CONFIG_URL=").rsplit('/').next().unwrap().to_owned();
        Self { url: mosaic.internal_url.clone(), id, token: value("OPENCLAW_GATEWAY_TOKEN=") }
    }

    async fn ask(&self, id: &str, token: &str, query: &str) -> Response {
        let url = format!("{}/api/internal/agent-config/{id}?{query}", self.url);
        Client::builder().no_proxy().build().unwrap().get(url).bearer_auth(token).send().await.unwrap()
    }
}

#[tokio::test]
async fn a_container_gets_its_own_configuration_and_nobody_elses() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    person.ask_once("hello").await;
    let container = Container::of(&mosaic).await;
    let Container { id, token, .. } = &container;

    let anonymous =
        reqwest::get(format!("{}/api/internal/agent-config/{id}", mosaic.internal_url)).await.unwrap();
    assert_eq!(anonymous.status(), 401);
    let guessed = format!("{}x", &token[..token.len() - 1]);
    for wrong in ["", "garbage", "mgt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &guessed] {
        assert_eq!(container.ask(id, wrong, "").await.status(), 401, "{wrong}");
    }
    let other = "ctr_01a20383676f7ea29c6e655af8871b6a";
    assert_eq!(container.ask(other, token, "").await.status(), 403);
    let public = person.get(&format!("/api/internal/agent-config/{id}")).await;
    assert_eq!(public.status, 404, "the public port does not know it");

    let response = container.ask(id, token, "").await;
    assert_eq!(response.status(), 200);
    let etag = response.headers()["etag"].to_str().unwrap().trim_matches('"').to_owned();
    let envelope: serde_json::Value = response.json().await.unwrap();
    assert_eq!(envelope["version"], etag.as_str());
    let text = envelope.to_string();
    assert!(text.contains("sk-canary-1234567890abcdef"), "the container needs the key");
    assert!(text.contains("workspace-ada/SOUL.md"));
    assert_eq!(container.ask(id, token, &format!("have={etag}")).await.status(), 304);
}

#[tokio::test]
async fn a_change_reaches_a_waiting_container_and_what_it_reports_is_shown() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    person.ask_once("hello").await;
    let container = Container::of(&mosaic).await;
    let (id, token) = (container.id.clone(), container.token.clone());
    let applied = || async { person.get("/api/container").await.body["container"]["appliedVersion"].clone() };
    let before =
        eventually("the entrypoint reports", || async { applied().await.as_str().map(str::to_owned) }).await;

    let began = Instant::now();
    let waiting = tokio::spawn({
        let query = format!("have={before}&wait=50");
        let (id, token) = (id.clone(), token.clone());
        let container = Container { url: container.url.clone(), ..Container::of(&mosaic).await };
        async move { container.ask(&id, &token, &query).await.status() }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let agent = person.get("/api/agents").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let changed = person.patch(&format!("/api/agents/{agent}"), &json!({ "name": "Ada Lovelace" })).await;
    assert_eq!(changed.status, 200, "{:?}", changed.body);
    assert_eq!(waiting.await.unwrap(), 200, "told at once, not when its patience ends");
    assert!(began.elapsed() < Duration::from_secs(40));
    // The real entrypoint of the stub image follows too.
    let after = eventually("the entrypoint applies the change", || async {
        applied().await.as_str().filter(|version| *version != before).map(str::to_owned)
    })
    .await;

    // A refusal is kept and shown until something newer is in force.
    let query = format!("have={after}&tried=0123456789abcdef&error=gateway%3A%20Unrecognized%20key");
    assert_eq!(container.ask(&id, &token, &query).await.status(), 304);
    let shown = person.get("/api/container").await.body["container"].clone();
    assert_eq!(shown["configError"], "gateway: Unrecognized key");
}

#[tokio::test]
async fn a_new_container_has_a_new_token_and_the_old_one_is_worth_nothing() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    person.ask_once("hello").await;
    let before = Container::of(&mosaic).await;
    let job = person.post("/api/container/restart", &json!({})).await;
    assert_eq!(job.status, 202, "{:?}", job.body);
    let job = format!("/api/jobs/{}", job.body["jobId"].as_str().unwrap());
    eventually("the restart is done", || async {
        (person.get(&job).await.body["state"] == "done").then_some(())
    })
    .await;
    let after = Container::of(&mosaic).await;
    assert_eq!(before.id, after.id);
    assert_ne!(before.token, after.token);
    assert_eq!(before.ask(&before.id, &before.token, "").await.status(), 401);
    assert_eq!(after.ask(&after.id, &after.token, "").await.status(), 200);
    assert_eq!(person.ask_once("still there?").await["status"], "done");
}
