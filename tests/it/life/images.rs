//! Another agent image: taken when nobody is in the way, given up when it does not work.

use super::{by_hand, container, observed, run, set, sql, unused_for};
use serde_json::{Value, json};
use tests::{Mosaic, Options, Person, docker, eventually};

/// Images of this test's own, made from the stand-in.
struct Images {
    good: String,
    bad: String,
}

impl Images {
    fn make() -> Self {
        let id = uuid::Uuid::now_v7().simple().to_string();
        let (good, bad) = (format!("mosaic-test-{id}:good"), format!("mosaic-test-{id}:bad"));
        let stub = tests::prepared("MOSAIC_TEST_STUB_IMAGE");
        docker(&["tag", &stub, &good]);
        let donor = docker(&["create", &stub]);
        docker(&["commit", "--change", "ENV STUB_CRASH_AT_BOOT=1", &donor, &bad]);
        docker(&["rm", "-v", &donor]);
        Self { good, bad }
    }
}

impl Drop for Images {
    fn drop(&mut self) {
        let _ = std::process::Command::new("docker").args(["rmi", "-f", &self.good, &self.bad]).output();
    }
}

async fn moved(person: &Person, image: &str) -> Value {
    eventually(&format!("it runs on {image}"), || async {
        let container = container(person).await;
        (container["image"] == image && container["observed"] == "ready").then_some(container)
    })
    .await
}

#[tokio::test]
async fn containers_move_to_a_new_image_when_idle_and_back_when_it_does_not_work() {
    let images = Images::make();
    let mosaic = Mosaic::start_with(Options { workers: 2, ..Options::default() }).await;
    let stub = mosaic.options.image.clone();
    let admin = by_hand(&mosaic).await;
    let bob = mosaic.equipped("bob").await;
    for person in [&admin, &bob] {
        assert_eq!(person.ask_once("hello").await["status"], "done");
    }
    // A bad one: tried by one container, while nobody uses it; that one goes back, the other never leaves.
    set(&admin, json!({ "agentImage": images.bad, "wakeEarly": false })).await;
    run(&admin, "reap-idle").await;
    assert_eq!(container(&admin).await["image"], json!(stub), "they were used a moment ago");
    unused_for(&mosaic, 11).await;
    run(&admin, "reap-idle").await;
    eventually("one has tried it", || async {
        sqlx::query("select from user_containers where refused_image is not null and observed = 'ready'")
            .fetch_optional(&mosaic.database.pool)
            .await
            .unwrap()
    })
    .await;
    unused_for(&mosaic, 11).await;
    run(&admin, "reap-idle").await;
    run(&admin, "reap-idle").await;
    for person in [&admin, &bob] {
        moved(person, &stub).await;
        assert_eq!(person.ask_once("still there").await["status"], "done");
    }
    let tried: i64 =
        sqlx::query_scalar("select count(*) from user_containers where refused_image is not null")
            .fetch_one(&mosaic.database.pool)
            .await
            .unwrap();
    assert_eq!(tried, 1);
    // Whoever asks for it gets it tried, and is told.
    assert_eq!(bob.post("/api/container/restart", &json!({})).await.status, 202);
    eventually("bob is told", || async {
        let container = container(&bob).await;
        let told = container["reason"].as_str().is_some_and(|reason| reason.contains("went back to"));
        (told && container["observed"] == "ready").then_some(())
    })
    .await;
    // One that is not there at all is no better.
    set(&admin, json!({ "agentImage": "mosaic-test-nowhere:1" })).await;
    assert_eq!(bob.post("/api/container/restart", &json!({})).await.status, 202);
    eventually("bob is told of that one", || async {
        let reason = container(&bob).await["reason"].as_str()?.to_owned();
        reason.contains("nowhere").then_some(())
    })
    .await;
    moved(&bob, &stub).await;
    // A good one: everybody moves, and what is stopped takes it at its next start.
    set(&admin, json!({ "agentImage": images.good })).await;
    assert_eq!(bob.post("/api/container/stop", &json!({})).await.status, 202);
    observed(&bob, "stopped").await;
    unused_for(&mosaic, 11).await;
    run(&admin, "reap-idle").await;
    let shown = moved(&admin, &images.good).await;
    assert!(shown["outdated"] == false && shown.get("reason").is_none(), "{shown}");
    assert_eq!(bob.ask_once("hello").await["status"], "done");
    moved(&bob, &images.good).await;
    // Not by themselves where the admin does not want it; asked for it goes.
    set(&admin, json!({ "agentImage": stub, "autoUpdate": false })).await;
    unused_for(&mosaic, 11).await;
    run(&admin, "reap-idle").await;
    sql(&mosaic, "update user_containers set last_used_at = now()").await;
    assert_eq!(container(&bob).await["outdated"], true);
    assert_eq!(bob.ask_once("and now").await["status"], "done");
    assert_eq!(container(&bob).await["image"], json!(images.good));
    assert_eq!(bob.post("/api/container/restart", &json!({})).await.status, 202);
    moved(&bob, &stub).await;
    assert_eq!(mosaic.objects().await, (2, 2, 2));
}
