//! Changed containers are seen to, and many workers do what one would.

use super::{ids, sql, until};
use crate::life::observed;
use serde_json::json;
use tests::{Mosaic, Options, Person, docker, eventually};

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
