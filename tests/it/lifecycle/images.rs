//! Updates of the agent image: applied when a container is idle, and reverted when the image does not work.

use super::{
    admin_without_schedules, change_settings, execute_sql, get_container, make_idle, run_schedule,
    wait_for_state,
};
use serde_json::{Value, json};
use tests::{Mosaic, Options, Person, docker, eventually};

/// Images that belong to one test, made from the stub.
struct Images {
    good: String,
    bad: String,
}

impl Images {
    fn create() -> Self {
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

/// A tag that the test moves from one image to another.
struct MovableTag(String);

impl MovableTag {
    fn on(image: &str) -> Self {
        let tag = Self(format!("mosaic-test-{}:moving", uuid::Uuid::now_v7().simple()));
        tag.point_to(image);
        tag
    }

    fn point_to(&self, image: &str) {
        docker(&["tag", image, &self.0]);
    }
}

impl Drop for MovableTag {
    fn drop(&mut self) {
        let _ = std::process::Command::new("docker").args(["rmi", "-f", &self.0]).output();
    }
}

impl Drop for Images {
    fn drop(&mut self) {
        let _ = std::process::Command::new("docker").args(["rmi", "-f", &self.good, &self.bad]).output();
    }
}

async fn wait_for_image(person: &Person, image: &str) -> Value {
    eventually(&format!("the container runs {image}"), || async {
        let container = get_container(person).await;
        (container["image"] == image && container["observed"] == "ready").then_some(container)
    })
    .await
}

#[tokio::test]
async fn idle_containers_change_to_a_new_image_and_back_when_it_does_not_work() {
    let images = Images::create();
    let mosaic = Mosaic::start_with(Options { workers: 2, ..Options::default() }).await;
    let stub = mosaic.options.image.clone();
    let admin = admin_without_schedules(&mosaic).await;
    let bob = mosaic.user_with_agent("bob").await;
    for person in [&admin, &bob] {
        assert_eq!(person.ask_in_new_chat("hello").await["status"], "done");
    }
    // A broken image: one idle container tries it and goes back, the other never changes.
    change_settings(&admin, json!({ "agentImage": images.bad, "wakeEarly": false })).await;
    run_schedule(&admin, "reap-idle").await;
    assert_eq!(get_container(&admin).await["image"], json!(stub), "they were just used");
    make_idle(&mosaic, 11).await;
    run_schedule(&admin, "reap-idle").await;
    eventually("one container has tried it", || async {
        sqlx::query("select from user_containers where refused_image is not null and observed = 'ready'")
            .fetch_optional(&mosaic.database.pool)
            .await
            .unwrap()
    })
    .await;
    make_idle(&mosaic, 11).await;
    run_schedule(&admin, "reap-idle").await;
    run_schedule(&admin, "reap-idle").await;
    for person in [&admin, &bob] {
        wait_for_image(person, &stub).await;
        assert_eq!(person.ask_in_new_chat("still there").await["status"], "done");
    }
    let tried: i64 =
        sqlx::query_scalar("select count(*) from user_containers where refused_image is not null")
            .fetch_one(&mosaic.database.pool)
            .await
            .unwrap();
    assert_eq!(tried, 1);
    // A user who restarts gets another attempt, and the reason of its failure.
    assert_eq!(bob.post("/api/container/restart", &json!({})).await.status, 202);
    eventually("bob sees the reason", || async {
        let container = get_container(&bob).await;
        let explained = container["reason"].as_str().is_some_and(|reason| reason.contains("went back to"));
        (explained && container["observed"] == "ready").then_some(())
    })
    .await;
    // The same for an image that does not exist.
    change_settings(&admin, json!({ "agentImage": "mosaic-test-nowhere:1" })).await;
    assert_eq!(bob.post("/api/container/restart", &json!({})).await.status, 202);
    eventually("bob sees the reason for that image", || async {
        let reason = get_container(&bob).await["reason"].as_str()?.to_owned();
        reason.contains("nowhere").then_some(())
    })
    .await;
    wait_for_image(&bob, &stub).await;
    // A working image: all containers change to it, a stopped one at its next start.
    change_settings(&admin, json!({ "agentImage": images.good })).await;
    assert_eq!(bob.post("/api/container/stop", &json!({})).await.status, 202);
    wait_for_state(&bob, "stopped").await;
    make_idle(&mosaic, 11).await;
    run_schedule(&admin, "reap-idle").await;
    let shown = wait_for_image(&admin, &images.good).await;
    assert!(shown["outdated"] == false && shown.get("reason").is_none(), "{shown}");
    assert_eq!(bob.ask_in_new_chat("hello").await["status"], "done");
    wait_for_image(&bob, &images.good).await;
    // Without automatic updates a container changes only at a restart by its user.
    change_settings(&admin, json!({ "agentImage": stub, "autoUpdate": false })).await;
    make_idle(&mosaic, 11).await;
    run_schedule(&admin, "reap-idle").await;
    execute_sql(&mosaic, "update user_containers set last_used_at = now()").await;
    assert_eq!(get_container(&bob).await["outdated"], true);
    assert_eq!(bob.ask_in_new_chat("and now").await["status"], "done");
    assert_eq!(get_container(&bob).await["image"], json!(images.good));
    assert_eq!(bob.post("/api/container/restart", &json!({})).await.status, 202);
    wait_for_image(&bob, &stub).await;
    assert_eq!(mosaic.count_objects().await, (2, 2, 2));
}

#[tokio::test]
async fn another_image_under_the_same_name_is_an_update() {
    let images = Images::create();
    let stub = tests::prepared("MOSAIC_TEST_STUB_IMAGE");
    // A different image, not only another name of the stub.
    let donor = docker(&["create", &stub]);
    docker(&["commit", "--change", "ENV STUB_BOOT_MS=151", &donor, &images.good]);
    docker(&["rm", "-v", &donor]);
    let tag = MovableTag::on(&stub);
    let mosaic = Mosaic::start_with(Options { image: tag.0.clone(), ..Options::default() }).await;
    let admin = admin_without_schedules(&mosaic).await;
    change_settings(&admin, json!({ "wakeEarly": false })).await;
    assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done");
    let name = mosaic.containers().await.remove(0);
    let made_from = || {
        let output =
            std::process::Command::new("docker").args(["inspect", "-f", "{{.Image}}", &name]).output();
        String::from_utf8_lossy(&output.unwrap().stdout).trim().to_owned()
    };
    let id = |image: &str| docker(&["image", "inspect", "-f", "{{.Id}}", image]);
    assert_eq!((made_from(), get_container(&admin).await["image"].clone()), (id(&stub), json!(tag.0)));
    // A sweep detects the change, and an idle container is updated.
    tag.point_to(&images.good);
    run_schedule(&admin, "sweep-containers").await;
    assert_eq!(get_container(&admin).await["outdated"], true);
    make_idle(&mosaic, 11).await;
    run_schedule(&admin, "reap-idle").await;
    eventually("the container is updated", || async { (made_from() == id(&images.good)).then_some(()) })
        .await;
    let shown = wait_for_state(&admin, "ready").await;
    assert!(shown["outdated"] == false && shown["image"] == json!(tag.0), "{shown}");
    // To a broken image: the container goes back to the previous image of that name, and gives the reason.
    tag.point_to(&images.bad);
    assert_eq!(admin.post("/api/container/restart", &json!({})).await.status, 202);
    let reason = eventually("the container went back", || async {
        let container = get_container(&admin).await;
        let reason = container["reason"].as_str().unwrap_or_default().to_owned();
        (reason.contains("had this name before") && container["observed"] == "ready").then_some(reason)
    })
    .await;
    assert!(reason.contains(&tag.0), "{reason}");
    assert_eq!(made_from(), id(&images.good));
    assert_eq!(admin.ask_in_new_chat("still there").await["status"], "done");
    // Fixed under the same name: it is tried again automatically.
    tag.point_to(&stub);
    make_idle(&mosaic, 11).await;
    run_schedule(&admin, "reap-idle").await;
    eventually("the container uses the fixed image", || async { (made_from() == id(&stub)).then_some(()) })
        .await;
    assert!(wait_for_state(&admin, "ready").await.get("reason").is_none());
}
