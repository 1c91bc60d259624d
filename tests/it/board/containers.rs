//! Idle containers are stopped, lost ones found, changed ones seen to.

use super::{ids, sql, until};
use serde_json::{Value, json};
use tests::{Mosaic, Options, Person, docker, eventually};

async fn run(admin: &Person, schedule: &str) {
    let run = admin.post(&format!("/api/schedules/{schedule}/run"), &json!({})).await;
    assert_eq!(run.status, 202, "{:?}", run.body);
    until(admin, run.body["jobId"].as_str().unwrap(), "done").await;
}

async fn container(person: &Person) -> Value {
    person.get("/api/container").await.body["container"].clone()
}

async fn observed(person: &Person, state: &str) {
    eventually(&format!("the container is {state}"), || async {
        (container(person).await["observed"] == state).then_some(())
    })
    .await;
}

/// The schedules run when the test says so.
async fn by_hand(mosaic: &Mosaic) {
    sql(mosaic, "update schedules set enabled = false").await;
}

#[tokio::test]
async fn an_idle_container_is_stopped_a_busy_or_used_one_is_not() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    by_hand(&mosaic).await;
    let bob = mosaic.equipped("bob").await;
    let chat = bob.chat().await;
    let turn = bob.ask(&chat, "hello").await;
    assert_eq!(bob.finished(&turn).await["status"], "done");
    run(&admin, "reap-idle").await;
    assert_eq!(container(&bob).await["observed"], "ready", "it was used a moment ago");
    sql(
        &mosaic,
        "update user_containers set last_used_at = now() - interval '31 minutes',
             ready_at = now() - interval '32 minutes', stage_since = now() - interval '32 minutes'",
    )
    .await;
    // A turn that runs: busy is not idle.
    sql(&mosaic, "update turns set status = 'running', lease_until = now() + interval '1 hour'").await;
    run(&admin, "reap-idle").await;
    assert_eq!(container(&bob).await["desired"], "running");
    sql(&mosaic, "update turns set status = 'done'").await;
    run(&admin, "reap-idle").await;
    observed(&bob, "stopped").await;
    assert_eq!(mosaic.objects().await.2, 1, "its volume stays");
    // The next message starts it again, in the same container.
    let turn = bob.ask(&chat, "hello again").await;
    assert_eq!(bob.finished(&turn).await["status"], "done");
    observed(&bob, "ready").await;
    let never = json!({ "idleTimeoutMinutes": 0 });
    let version = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(admin.patch_with("/api/settings", &never, &[("If-Match", &version)]).await.status, 200);
    sql(
        &mosaic,
        "update user_containers set last_used_at = now() - interval '1 year',
             ready_at = now() - interval '1 year', stage_since = now() - interval '1 year'",
    )
    .await;
    run(&admin, "reap-idle").await;
    assert_eq!(container(&bob).await["observed"], "ready", "0 = never");
}

#[tokio::test]
async fn a_container_that_went_away_is_found_and_a_wish_without_a_job_gets_one() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    by_hand(&mosaic).await;
    assert_eq!(admin.ask_once("hello").await["status"], "done");
    let before = mosaic.containers().await;
    run(&admin, "sweep-containers").await;
    assert_eq!(ids(&admin, "kind=start-container").await.len(), 1, "nothing is amiss");
    docker(&["rm", "-f", &before[0]]);
    assert_eq!(container(&admin).await["observed"], "ready", "nobody has noticed");
    run(&admin, "sweep-containers").await;
    eventually("it is there again", || async { (mosaic.containers().await.len() == 1).then_some(()) }).await;
    observed(&admin, "ready").await;
    // A wish whose job was lost.
    sql(&mosaic, "update user_containers set observed = 'starting', stage = 'queued'").await;
    run(&admin, "sweep-containers").await;
    observed(&admin, "ready").await;
    assert_eq!(ids(&admin, "kind=start-container").await.len(), 3);
    // What was given up waits for its user.
    sql(&mosaic, "update user_containers set observed = 'failed'").await;
    run(&admin, "sweep-containers").await;
    assert_eq!(ids(&admin, "kind=start-container").await.len(), 3);
    assert_eq!(mosaic.containers().await.len(), 1);
}

#[tokio::test]
async fn a_change_is_seen_to_by_a_job_and_a_restart_makes_a_new_container() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let agent = admin.get("/api/agents").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/agents/{agent}");
    assert_eq!(admin.patch(&path, &json!({ "name": "Early" })).await.status, 200);
    assert!(ids(&admin, "kind=apply-config").await.is_empty(), "there is no container to tell");
    assert_eq!(admin.ask_once("hello").await["status"], "done");
    assert_eq!(admin.patch(&path, &json!({ "name": "Late" })).await.status, 200);
    let jobs = ids(&admin, "kind=apply-config").await;
    assert_eq!(jobs.len(), 1);
    until(&admin, &jobs[0], "done").await;
    let before = docker(&["inspect", "-f", "{{.Id}}", &mosaic.containers().await[0]]);
    let restart = admin.post("/api/container/restart", &json!({})).await;
    assert_eq!(restart.status, 202);
    until(&admin, restart.body["jobId"].as_str().unwrap(), "done").await;
    observed(&admin, "ready").await;
    let after = docker(&["inspect", "-f", "{{.Id}}", &mosaic.containers().await[0]]);
    assert!(before != after && mosaic.containers().await.len() == 1);
}

#[tokio::test]
async fn eight_workers_start_one_container_each_and_take_one_tick() {
    let mosaic = Mosaic::start_with(Options { workers: 8, ..Options::default() }).await;
    let admin = mosaic.onboarded().await;
    let (alice, bob) = (mosaic.equipped("alice").await, mosaic.equipped("bob").await);
    sql(
        &mosaic,
        "update schedules set next_due = clock_timestamp() + interval '2 seconds' where name = 'prune-jobs'",
    )
    .await;
    // Each asks in two chats at once, and presses Start as well.
    let asked = async |person: &Person| {
        let nothing = json!({});
        let start = person.post("/api/container/start", &nothing);
        let (_, one, two) = tokio::join!(start, person.ask_once("one"), person.ask_once("two"));
        assert_eq!((one["status"].as_str(), two["status"].as_str()), (Some("done"), Some("done")));
    };
    tokio::join!(asked(&admin), asked(&alice), asked(&bob));
    assert_eq!(mosaic.objects().await, (3, 3, 3), "one container, network and volume for each");
    let generations: Vec<i64> = sqlx::query_scalar("select generation from user_containers")
        .fetch_all(&mosaic.database.pool)
        .await
        .unwrap();
    assert_eq!(generations, [1, 1, 1], "each was created once");
    let ticked = "select count(*) from jobs where kind = 'prune-jobs'";
    let ticks = || sqlx::query_scalar::<_, i64>(ticked).fetch_one(&mosaic.database.pool);
    eventually("the tick is taken", || async { (ticks().await.unwrap() > 0).then_some(()) }).await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(ticks().await.unwrap(), 1);
    let workers = admin.get("/api/workers").await.body["items"].as_array().unwrap().len();
    assert_eq!(workers, 8);
}
