//! Jobs for changed containers, and many workers that act as one.

use super::{execute_sql, job_ids, wait_for_job};
use crate::lifecycle::wait_for_state;
use serde_json::json;
use tests::{Mosaic, Options, Person, docker, eventually};

#[tokio::test]
async fn a_change_is_applied_by_a_job_and_a_restart_creates_a_new_container() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let agent = admin.get("/api/agents").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/agents/{agent}");
    assert_eq!(admin.patch(&path, &json!({ "name": "Early" })).await.status, 200);
    assert!(job_ids(&admin, "kind=apply-config").await.is_empty(), "there is no container yet");
    assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done");
    assert_eq!(admin.patch(&path, &json!({ "name": "Late" })).await.status, 200);
    let jobs = job_ids(&admin, "kind=apply-config").await;
    assert_eq!(jobs.len(), 1);
    wait_for_job(&admin, &jobs[0], "done").await;
    let before = docker(&["inspect", "-f", "{{.Id}}", &mosaic.containers().await[0]]);
    let restart = admin.post("/api/container/restart", &json!({})).await;
    assert_eq!(restart.status, 202);
    wait_for_job(&admin, restart.body["jobId"].as_str().unwrap(), "done").await;
    wait_for_state(&admin, "ready").await;
    let after = docker(&["inspect", "-f", "{{.Id}}", &mosaic.containers().await[0]]);
    assert!(before != after && mosaic.containers().await.len() == 1);
}

#[tokio::test]
async fn eight_workers_start_one_container_per_user_and_run_a_schedule_once() {
    let mosaic = Mosaic::start_with(Options { workers: 8, ..Options::default() }).await;
    let admin = mosaic.onboarded().await;
    let (alice, bob) = (mosaic.user_with_agent("alice").await, mosaic.user_with_agent("bob").await);
    execute_sql(
        &mosaic,
        "update schedules set next_due = clock_timestamp() + interval '2 seconds' where name = 'prune-jobs'",
    )
    .await;
    // Each user sends two messages at once and starts the container too.
    let asked = async |person: &Person| {
        let nothing = json!({});
        let start = person.post("/api/container/start", &nothing);
        let (_, one, two) = tokio::join!(start, person.ask_in_new_chat("one"), person.ask_in_new_chat("two"));
        assert_eq!((one["status"].as_str(), two["status"].as_str()), (Some("done"), Some("done")));
    };
    tokio::join!(asked(&admin), asked(&alice), asked(&bob));
    assert_eq!(mosaic.count_objects().await, (3, 3, 3), "one container, network and volume for each");
    let generations: Vec<i64> = sqlx::query_scalar("select generation from user_containers")
        .fetch_all(&mosaic.database.pool)
        .await
        .unwrap();
    assert_eq!(generations, [1, 1, 1], "each container was created once");
    let count_runs = "select count(*) from jobs where kind = 'prune-jobs'";
    let runs = || sqlx::query_scalar::<_, i64>(count_runs).fetch_one(&mosaic.database.pool);
    eventually("the schedule has run", || async { (runs().await.unwrap() > 0).then_some(()) }).await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(runs().await.unwrap(), 1);
    let workers = admin.get("/api/workers").await.body["items"].as_array().unwrap().len();
    assert_eq!(workers, 8);
}
