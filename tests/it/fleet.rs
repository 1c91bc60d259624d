//! An admin's view of the fleet.

use serde_json::{Value, json};
use tests::{Mosaic, Person, eventually};

async fn list_containers(admin: &Person) -> Vec<Value> {
    let page = admin.get("/api/fleet/containers").await;
    assert_eq!(page.status, 200, "{:?}", page.body);
    page.body["items"].as_array().unwrap().clone()
}

async fn wait_for_bobs_container(admin: &Person, state: &str) -> Value {
    eventually(&format!("bob's container is {state}"), || async {
        let found =
            list_containers(admin).await.into_iter().find(|item| item["user"]["username"] == "bob")?;
        (found["state"] == state).then_some(found)
    })
    .await
}

#[tokio::test]
async fn an_admin_lists_stops_and_restarts_containers_without_seeing_content() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    assert!(list_containers(&admin).await.is_empty());
    let bob = mosaic.user_with_agent("bob").await;
    assert_eq!(bob.ask_in_new_chat("bob's private matter").await["status"], "done");
    assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done");
    let run = admin.post("/api/schedules/measure-containers/run", &json!({})).await;
    assert_eq!(run.status, 202, "{:?}", run.body);
    let measured = eventually("its memory is measured", || async {
        let found = wait_for_bobs_container(&admin, "ready").await;
        found["memory"]["usedBytes"].is_u64().then_some(found)
    })
    .await;
    let (used, limit) = (&measured["memory"]["usedBytes"], &measured["memory"]["limitBytes"]);
    assert!(used.as_u64() > Some(0) && used.as_u64() < limit.as_u64(), "{measured}");
    assert_eq!((measured["restarts"].as_u64(), measured["outdated"].as_bool()), (Some(0), Some(false)));
    assert!(measured["idleSeconds"].is_u64() && measured["startedAt"].is_string(), "{measured}");
    assert!(!measured.to_string().contains("private matter"));

    let page = admin.get("/api/fleet/containers?limit=1").await.body;
    assert_eq!(page["budget"]["running"], 2, "{page}");
    let cursor = page["nextCursor"].as_str().unwrap();
    let next = admin.get(&format!("/api/fleet/containers?limit=1&cursor={cursor}")).await.body;
    assert_ne!(page["items"][0]["id"], next["items"][0]["id"]);

    let path = format!("/api/fleet/containers/{}", measured["id"].as_str().unwrap());
    assert_eq!(admin.post(&format!("{path}/stop"), &json!({})).await.status, 202);
    let stopped = wait_for_bobs_container(&admin, "stopped").await;
    assert!(stopped["idleSeconds"].is_null() && stopped["memory"]["usedBytes"].is_null(), "{stopped}");
    assert_eq!(mosaic.count_objects().await.2, 2, "the volume stays");
    assert_eq!(admin.post(&format!("{path}/restart"), &json!({})).await.status, 202);
    let again = wait_for_bobs_container(&admin, "ready").await;
    assert_eq!(again["restarts"], 1, "{again}");
    let activity = bob.get("/api/me/activity").await.body.to_string();
    assert!(activity.contains("container.stop") && activity.contains("container.restart"), "{activity}");
}
