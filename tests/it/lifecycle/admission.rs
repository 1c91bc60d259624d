//! Admission: as many containers run as fit the memory budget, and the others wait in a queue.

use super::{
    admin_without_schedules, change_settings, execute_sql, get_container, make_idle, run_schedule,
    wait_for_state,
};
use serde_json::json;
use tests::{Mosaic, Options, docker, eventually};

const CONTAINER_BYTES: u64 = 128 << 20;

#[tokio::test]
async fn when_the_memory_is_used_up_the_longest_idle_container_is_stopped_but_never_a_busy_one() {
    let mosaic = Mosaic::start_with(Options { workers: 2, ..Options::default() }).await;
    let admin = admin_without_schedules(&mosaic).await;
    let version = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    let refused = admin
        .patch_with("/api/settings", &json!({ "memoryBudgetBytes": 1 }), &[("If-Match", &version)])
        .await;
    assert_eq!((refused.status, &refused.body["errors"][0]["field"]), (422, &json!("memoryBudgetBytes")));
    change_settings(&admin, json!({ "memoryBudgetBytes": 2 * CONTAINER_BYTES, "wakeEarly": false })).await;
    let (bob, carol, dave) = (
        mosaic.user_with_agent("bob").await,
        mosaic.user_with_agent("carol").await,
        mosaic.user_with_agent("dave").await,
    );
    assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done");
    assert_eq!(bob.ask_in_new_chat("hello").await["status"], "done");
    // Both containers were just used: Carol and Dave wait in order of arrival.
    let carols_turn = carol.ask(&carol.create_chat().await, "let me in").await;
    let mut events = carol.follow(&carols_turn, 0).await;
    let first = wait_for_queue_note(&mut events).await;
    assert_eq!(
        (&first["ahead"], &first["note"]),
        (&json!(0), &json!("All 2 places are busy, 0 ahead of you."))
    );
    let daves_turn = dave.ask(&dave.create_chat().await, "me too").await;
    let mut events = dave.follow(&daves_turn, 0).await;
    let second = wait_for_queue_note(&mut events).await;
    assert_eq!(second["note"], "All 2 places are busy, 1 ahead of you.");
    assert!(
        get_container(&carol).await["reason"].as_str().unwrap().contains("busy"),
        "the container's reason is the same"
    );
    // Bob's answer is still running; the admin's ended long ago.
    let long = bob.ask(&bob.create_chat().await, "[[llm:tokens=200,gap=100]]").await;
    bob.follow(&long, 0).await.wait_for("delta").await;
    let earlier = "update user_containers set last_used_at = now() - interval '5 minutes',
                       ready_at = now() - interval '5 minutes', stage_since = now() - interval '5 minutes'
                   where observed = 'ready'";
    execute_sql(&mosaic, earlier).await;
    execute_sql(&mosaic, "update turns set finished_at = now() - interval '5 minutes' where status = 'done'")
        .await;
    assert_eq!(
        carol.wait_for_turn(&carols_turn).await["status"],
        "done",
        "carol has the memory of the admin's container"
    );
    assert_eq!(get_container(&admin).await["observed"], "stopped");
    assert_eq!(get_container(&bob).await["observed"], "ready");
    assert_eq!(count_running(&mosaic).await, 2, "no more containers than fit");
    assert_eq!(bob.wait_for_turn(&long).await["status"], "done");
    // When a container stops, the next user does not wait for a sweep.
    assert_eq!(bob.post("/api/container/stop", &json!({})).await.status, 202);
    assert_eq!(dave.wait_for_turn(&daves_turn).await["status"], "done");
    assert_eq!(count_running(&mosaic).await, 2);
    assert_eq!(mosaic.requests_with("let me in") + mosaic.requests_with("me too"), 2);
    // With a larger budget all containers run.
    change_settings(&admin, json!({ "memoryBudgetBytes": 0 })).await;
    assert_eq!(admin.ask_in_new_chat("again").await["status"], "done");
    assert_eq!(bob.ask_in_new_chat("again").await["status"], "done");
    assert_eq!(count_running(&mosaic).await, 4);
    make_idle(&mosaic, 31).await;
    run_schedule(&admin, "reap-idle").await;
    wait_for_state(&admin, "stopped").await;
    eventually("no memory is reserved", || async {
        let reserved: i64 = sqlx::query_scalar("select sum(reserved_bytes)::bigint from user_containers")
            .fetch_one(&mosaic.database.pool)
            .await
            .unwrap();
        (reserved == 0).then_some(())
    })
    .await;
}

/// The first stage event that mentions the queue.
async fn wait_for_queue_note(events: &mut tests::Events) -> serde_json::Value {
    loop {
        let stage = events.wait_for("stage").await.data;
        if stage["note"].as_str().is_some_and(|note| note.contains("place")) {
            return stage;
        }
    }
}

async fn count_running(mosaic: &Mosaic) -> usize {
    let filter = format!("label=mosaic.instance={}", mosaic.instance().await);
    docker(&["ps", "-q", "--filter", &filter]).lines().count()
}
