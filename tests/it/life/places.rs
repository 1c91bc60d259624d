//! The host's memory: as many containers as fit, and a line for the others.

use super::{by_hand, container, observed, run, set, sql, unused_for};
use serde_json::json;
use tests::{Mosaic, Options, docker, eventually};

const PLACE: u64 = 128 << 20;

#[tokio::test]
async fn when_all_places_are_taken_the_longest_idle_goes_and_a_busy_one_never() {
    let mosaic = Mosaic::start_with(Options { workers: 2, ..Options::default() }).await;
    let admin = by_hand(&mosaic).await;
    let small = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    let refused =
        admin.patch_with("/api/settings", &json!({ "memoryBudgetBytes": 1 }), &[("If-Match", &small)]).await;
    assert_eq!((refused.status, &refused.body["errors"][0]["field"]), (422, &json!("memoryBudgetBytes")));
    set(&admin, json!({ "memoryBudgetBytes": 2 * PLACE, "wakeEarly": false })).await;
    let (bob, carol, dave) =
        (mosaic.equipped("bob").await, mosaic.equipped("carol").await, mosaic.equipped("dave").await);
    assert_eq!(admin.ask_once("hello").await["status"], "done");
    assert_eq!(bob.ask_once("hello").await["status"], "done");
    // Both were used a moment ago: Carol and Dave wait, in the order in which they came.
    let hers = carol.ask(&carol.chat().await, "let me in").await;
    let mut events = carol.follow(&hers, 0).await;
    let first = eventually_queued(&mut events).await;
    assert_eq!(
        (&first["ahead"], &first["note"]),
        (&json!(0), &json!("All 2 places are busy, 0 ahead of you."))
    );
    let his = dave.ask(&dave.chat().await, "me too").await;
    let mut events = dave.follow(&his, 0).await;
    let second = eventually_queued(&mut events).await;
    assert_eq!(second["note"], "All 2 places are busy, 1 ahead of you.");
    assert!(container(&carol).await["reason"].as_str().unwrap().contains("busy"), "the page says it too");
    // Bob is in the middle of an answer, the admin read his long ago.
    let long = bob.ask(&bob.chat().await, "[[llm:tokens=200,gap=100]]").await;
    bob.follow(&long, 0).await.until("delta").await;
    let earlier = "update user_containers set last_used_at = now() - interval '5 minutes',
                       ready_at = now() - interval '5 minutes', stage_since = now() - interval '5 minutes'
                   where observed = 'ready'";
    sql(&mosaic, earlier).await;
    sql(&mosaic, "update turns set finished_at = now() - interval '5 minutes' where status = 'done'").await;
    assert_eq!(carol.finished(&hers).await["status"], "done", "she has the admin's place");
    assert_eq!(container(&admin).await["observed"], "stopped");
    assert_eq!(container(&bob).await["observed"], "ready");
    assert_eq!(running(&mosaic).await, 2, "never more than fit");
    assert_eq!(bob.finished(&long).await["status"], "done");
    // Nobody has to wait for a sweep when somebody leaves.
    assert_eq!(bob.post("/api/container/stop", &json!({})).await.status, 202);
    assert_eq!(dave.finished(&his).await["status"], "done");
    assert_eq!(running(&mosaic).await, 2);
    assert_eq!(mosaic.asked("let me in") + mosaic.asked("me too"), 2);
    // A larger budget lets everybody in.
    set(&admin, json!({ "memoryBudgetBytes": 0 })).await;
    assert_eq!(admin.ask_once("again").await["status"], "done");
    assert_eq!(bob.ask_once("again").await["status"], "done");
    assert_eq!(running(&mosaic).await, 4);
    unused_for(&mosaic, 31).await;
    run(&admin, "reap-idle").await;
    observed(&admin, "stopped").await;
    eventually("all places are free", || async {
        let reserved: i64 = sqlx::query_scalar("select sum(reserved_bytes)::bigint from user_containers")
            .fetch_one(&mosaic.database.pool)
            .await
            .unwrap();
        (reserved == 0).then_some(())
    })
    .await;
}

/// The first word about the line.
async fn eventually_queued(events: &mut tests::Events) -> serde_json::Value {
    loop {
        let stage = events.until("stage").await.data;
        if stage["note"].as_str().is_some_and(|note| note.contains("place")) {
            return stage;
        }
    }
}

async fn running(mosaic: &Mosaic) -> usize {
    let filter = format!("label=mosaic.instance={}", mosaic.instance().await);
    docker(&["ps", "-q", "--filter", &filter]).lines().count()
}
