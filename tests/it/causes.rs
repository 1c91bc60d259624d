//! What goes wrong at a provider has a name and a next step, in its connection test and in the chat.

use serde_json::{Value, json};
use tests::{Mosaic, Person, agents, eventually};
use tokio::net::TcpListener;

/// Where nobody listens.
async fn nowhere() -> String {
    let listener = TcpListener::bind((agents::bridge_address(), 0)).await.unwrap();
    format!("http://{}/v1", listener.local_addr().unwrap())
}

/// The address of the person's only provider in the API.
async fn provider(person: &Person) -> String {
    let items = person.get("/api/providers").await.body["items"].clone();
    format!("/api/providers/{}", items[0]["id"].as_str().unwrap())
}

async fn change(person: &Person, path: &str, change: &Value) {
    let changed = person.patch(path, change).await;
    assert_eq!(changed.status, 200, "{:?}", changed.body);
}

#[tokio::test]
async fn the_connection_test_names_the_cause_and_the_next_step() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let path = provider(&admin).await;
    let good = mosaic.provider();
    for (flaw, code, step, says) in [
        (json!({ "apiKey": "sk-bad-1234567890" }), "key_rejected", "key", "pasted in full"),
        (json!({ "apiKey": "sk-ratelimit-1234567890" }), "rate_limited", "key", "Wait a little"),
        (json!({ "apiKey": "sk-quota-1234567890" }), "quota_exhausted", "key", "Add credit"),
        (json!({ "apiKey": "sk-500-1234567890" }), "server_error", "key", "status page"),
        (json!({ "models": [{ "id": "no-such-model" }] }), "model_unknown", "model", "model id"),
        (json!({ "baseUrl": nowhere().await }), "connection_refused", "reach", "Check the port"),
        (json!({ "baseUrl": format!("{}/v2", mosaic.llm.url()) }), "not_found", "answer", "/v1"),
    ] {
        let mut broken = good.clone();
        broken.as_object_mut().unwrap().extend(flaw.as_object().unwrap().clone());
        change(&admin, &path, &broken).await;
        let job = admin.post(&format!("{path}/test"), &json!({})).await;
        assert_eq!(job.status, 202, "{:?}", job.body);
        let job = format!("/api/jobs/{}", job.body["jobId"].as_str().unwrap());
        // A test that finds a fault is a test that worked.
        eventually("the test ends", || async {
            (admin.get(&job).await.body["state"] == "done").then_some(())
        })
        .await;
        let tested = admin.get(&path).await.body["lastTest"].clone();
        let failure = &tested["failure"];
        assert_eq!((&tested["ok"], &failure["code"]), (&json!(false), &json!(code)), "{flaw}: {tested}");
        assert!(failure["title"].as_str().unwrap().ends_with('.'), "{flaw}: {tested}");
        assert!(failure["nextStep"].as_str().unwrap().contains(says), "{flaw}: {tested}");
        let failed: Vec<&Value> =
            tested["steps"].as_array().unwrap().iter().filter(|step| step["status"] == "failed").collect();
        assert_eq!((failed.len(), &failed[0]["step"]), (1, &json!(step)), "{flaw}: {tested}");
    }
    change(&admin, &path, &good).await;
    admin.post(&format!("{path}/test"), &json!({})).await;
    eventually("a good one is good again", || async {
        (admin.get(&path).await.body["lastTest"]["ok"] == true).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_chat_names_the_cause_and_a_replaced_key_works_at_once() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let path = provider(&admin).await;
    let chat = admin.chat().await;
    let good = mosaic.provider();
    for (flaw, code, says) in [
        (json!({ "apiKey": "sk-bad-1234567890" }), "key_rejected", "Replace the key"),
        (json!({ "apiKey": "sk-ratelimit-1234567890" }), "rate_limited", "Wait"),
        (json!({ "apiKey": "sk-quota-1234567890" }), "quota_exhausted", "Add credit"),
        (json!({ "baseUrl": nowhere().await }), "provider_unreachable", "connection test"),
    ] {
        let mut broken = good.clone();
        broken.as_object_mut().unwrap().extend(flaw.as_object().unwrap().clone());
        change(&admin, &path, &broken).await;
        let turn = admin.ask(&chat, "does it work?").await;
        let events = admin.follow(&turn, 0).await.rest().await;
        let stored = admin.finished(&turn).await;
        let error = &stored["error"];
        assert_eq!((&stored["status"], &error["code"]), (&json!("failed"), &json!(code)), "{flaw}: {stored}");
        assert!(error["title"].as_str().unwrap().ends_with('.'), "{stored}");
        assert!(error["detail"].as_str().unwrap().contains(says), "{flaw}: {stored}");
        let told = events.last().unwrap();
        assert_eq!((told.kind.as_str(), &told.data), ("error", error), "the follower is told the same");

        // The next message after a correction works, though OpenClaw parks a refused key for a minute.
        change(&admin, &path, &good).await;
        let next = admin.finished(&admin.ask(&chat, "and now?").await).await;
        assert_eq!(next["status"], "done", "after {flaw}: {next}");
    }
}

#[tokio::test]
async fn an_agent_that_does_not_start_says_why() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let settings = admin.get("/api/settings").await;
    let image = settings.body["agentImage"].clone();
    let version = settings.headers["etag"].to_str().unwrap().to_owned();
    let missing = json!({ "agentImage": "mosaic-no-such-image:1" });
    let changed = admin.patch_with("/api/settings", &missing, &[("If-Match", &version)]).await;
    assert_eq!(changed.status, 200, "{:?}", changed.body);
    let chat = admin.chat().await;
    let turn = admin.ask(&chat, "anybody home?").await;
    let stored = admin.finished(&turn).await;
    let error = &stored["error"];
    assert_eq!((&stored["status"], &error["retryable"]), (&json!("failed"), &json!(true)), "{stored}");
    assert_eq!(error["code"], "image_missing", "{stored}");
    assert!(error["detail"].as_str().unwrap().contains("mosaic-no-such-image:1"), "{stored}");
    let container = admin.get("/api/container").await.body["container"].clone();
    assert_eq!(
        (&container["observed"], &container["failure"]["code"]),
        (&json!("failed"), &json!("image_missing"))
    );

    let version = changed.headers["etag"].to_str().unwrap().to_owned();
    let right = json!({ "agentImage": image });
    assert_eq!(admin.patch_with("/api/settings", &right, &[("If-Match", &version)]).await.status, 200);
    let next = admin.finished(&admin.ask(&chat, "anybody home now?").await).await;
    assert_eq!(next["status"], "done", "{next}");
    assert_eq!(mosaic.asked("anybody home?"), 0, "what failed before it was sent was never sent");
}
