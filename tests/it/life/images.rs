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

/// A name that means one image now and another one later.
struct Moving(String);

impl Moving {
    fn to(image: &str) -> Self {
        let moving = Self(format!("mosaic-test-{}:moving", uuid::Uuid::now_v7().simple()));
        moving.moves(image);
        moving
    }

    fn moves(&self, image: &str) {
        docker(&["tag", image, &self.0]);
    }
}

impl Drop for Moving {
    fn drop(&mut self) {
        let _ = std::process::Command::new("docker").args(["rmi", "-f", &self.0]).output();
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

#[tokio::test]
async fn an_image_that_was_moved_under_the_same_name_is_another_image() {
    let images = Images::make();
    let stub = tests::prepared("MOSAIC_TEST_STUB_IMAGE");
    // An image of its own, not only another name of the stand-in.
    let donor = docker(&["create", &stub]);
    docker(&["commit", "--change", "ENV STUB_BOOT_MS=151", &donor, &images.good]);
    docker(&["rm", "-v", &donor]);
    let moving = Moving::to(&stub);
    let mosaic = Mosaic::start_with(Options { image: moving.0.clone(), ..Options::default() }).await;
    let admin = by_hand(&mosaic).await;
    set(&admin, json!({ "wakeEarly": false })).await;
    assert_eq!(admin.ask_once("hello").await["status"], "done");
    let name = mosaic.containers().await.remove(0);
    let made_from = || {
        let output =
            std::process::Command::new("docker").args(["inspect", "-f", "{{.Image}}", &name]).output();
        String::from_utf8_lossy(&output.unwrap().stdout).trim().to_owned()
    };
    let id = |image: &str| docker(&["image", "inspect", "-f", "{{.Id}}", image]);
    assert_eq!((made_from(), container(&admin).await["image"].clone()), (id(&stub), json!(moving.0)));
    // Noticed within a sweep, taken when nobody is in the way.
    moving.moves(&images.good);
    run(&admin, "sweep-containers").await;
    assert_eq!(container(&admin).await["outdated"], true);
    unused_for(&mosaic, 11).await;
    run(&admin, "reap-idle").await;
    eventually("it moved", || async { (made_from() == id(&images.good)).then_some(()) }).await;
    let shown = observed(&admin, "ready").await;
    assert!(shown["outdated"] == false && shown["image"] == json!(moving.0), "{shown}");
    // To one that does not work: back to what had the name before, and said so.
    moving.moves(&images.bad);
    assert_eq!(admin.post("/api/container/restart", &json!({})).await.status, 202);
    let told = eventually("it went back", || async {
        let container = container(&admin).await;
        let reason = container["reason"].as_str().unwrap_or_default().to_owned();
        (reason.contains("had this name before") && container["observed"] == "ready").then_some(reason)
    })
    .await;
    assert!(told.contains(&moving.0), "{told}");
    assert_eq!(made_from(), id(&images.good));
    assert_eq!(admin.ask_once("still there").await["status"], "done");
    // Mended under the same name: tried again by itself.
    moving.moves(&stub);
    unused_for(&mosaic, 11).await;
    run(&admin, "reap-idle").await;
    eventually("it took the mended one", || async { (made_from() == id(&stub)).then_some(()) }).await;
    assert!(observed(&admin, "ready").await.get("reason").is_none());
}
