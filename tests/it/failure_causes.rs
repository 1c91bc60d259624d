//! A failure has a cause and a next step, both in the connection test of a provider and in the chat.

use serde_json::{Value, json};
use tests::{Mosaic, Person, agents, eventually};
use tokio::net::TcpListener;

/// An address without a listener.
async fn unused_url() -> String {
    let listener = TcpListener::bind((agents::bridge_address(), 0)).await.unwrap();
    format!("http://{}/v1", listener.local_addr().unwrap())
}

/// The route of the user's only provider.
async fn provider_route(person: &Person) -> String {
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
    let path = provider_route(&admin).await;
    let good = mosaic.provider();
    for (flaw, code, step, says) in [
        (json!({ "apiKey": "sk-bad-1234567890" }), "key_rejected", "key", "active and complete"),
        (json!({ "apiKey": "sk-ratelimit-1234567890" }), "rate_limited", "key", "Wait a moment"),
        (json!({ "apiKey": "sk-quota-1234567890" }), "quota_exhausted", "key", "Add credit"),
        (json!({ "apiKey": "sk-500-1234567890" }), "server_error", "key", "status page"),
        (json!({ "models": [{ "id": "no-such-model" }] }), "model_unknown", "model", "model id"),
        (json!({ "baseUrl": unused_url().await }), "connection_refused", "reach", "Check the port"),
        (json!({ "baseUrl": format!("{}/v2", mosaic.llm.url()) }), "not_found", "answer", "/v1"),
    ] {
        let mut broken = good.clone();
        broken.as_object_mut().unwrap().extend(flaw.as_object().unwrap().clone());
        change(&admin, &path, &broken).await;
        let job = admin.post(&format!("{path}/test"), &json!({})).await;
        assert_eq!(job.status, 202, "{:?}", job.body);
        let job = format!("/api/jobs/{}", job.body["jobId"].as_str().unwrap());
        // A job that finds a fault is still done.
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
    eventually("the corrected provider passes the test", || async {
        (admin.get(&path).await.body["lastTest"]["ok"] == true).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_chat_names_the_cause_and_a_replaced_key_works_at_once() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let path = provider_route(&admin).await;
    let chat = admin.create_chat().await;
    let good = mosaic.provider();
    for (flaw, code, says) in [
        (json!({ "apiKey": "sk-bad-1234567890" }), "key_rejected", "Replace the key"),
        (json!({ "apiKey": "sk-ratelimit-1234567890" }), "rate_limited", "Wait"),
        (json!({ "apiKey": "sk-quota-1234567890" }), "quota_exhausted", "Add credit"),
        (json!({ "baseUrl": unused_url().await }), "provider_unreachable", "connection test"),
    ] {
        let mut broken = good.clone();
        broken.as_object_mut().unwrap().extend(flaw.as_object().unwrap().clone());
        change(&admin, &path, &broken).await;
        let turn = admin.ask(&chat, "does it work?").await;
        let events = admin.follow(&turn, 0).await.read_to_end().await;
        let stored = admin.wait_for_turn(&turn).await;
        let error = &stored["error"];
        assert_eq!((&stored["status"], &error["code"]), (&json!("failed"), &json!(code)), "{flaw}: {stored}");
        assert!(error["title"].as_str().unwrap().ends_with('.'), "{stored}");
        assert!(error["detail"].as_str().unwrap().contains(says), "{flaw}: {stored}");
        let last = events.last().unwrap();
        assert_eq!((last.kind.as_str(), &last.data), ("error", error), "a follower gets the same error");

        // The next message after a correction works, although OpenClaw does not use a refused key for a minute.
        change(&admin, &path, &good).await;
        let next = admin.wait_for_turn(&admin.ask(&chat, "and now?").await).await;
        assert_eq!(next["status"], "done", "after {flaw}: {next}");
    }
}

#[tokio::test]
async fn a_failed_start_names_the_cause() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let settings = admin.get("/api/settings").await;
    let image = settings.body["agentImage"].clone();
    let version = settings.headers["etag"].to_str().unwrap().to_owned();
    let missing = json!({ "agentImage": "mosaic-no-such-image:1" });
    let changed = admin.patch_with("/api/settings", &missing, &[("If-Match", &version)]).await;
    assert_eq!(changed.status, 200, "{:?}", changed.body);
    let chat = admin.create_chat().await;
    let turn = admin.ask(&chat, "are you there?").await;
    let stored = admin.wait_for_turn(&turn).await;
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
    let next = admin.wait_for_turn(&admin.ask(&chat, "does it start now?").await).await;
    assert_eq!(next["status"], "done", "{next}");
    assert_eq!(
        mosaic.requests_with("are you there?"),
        0,
        "a message that failed before it was sent is not sent later"
    );
}
