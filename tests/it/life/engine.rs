//! The engine itself goes away and comes back: a real one, of this test's own.

use super::{by_hand, container, count, observed, set};
use serde_json::json;
use tests::{Mosaic, Options, OwnEngine, eventually, prepared};

const DEATHS: &str = "select count(*) from container_events where what in ('died', 'oom')";

#[tokio::test]
async fn after_a_restart_of_the_engine_agents_come_back_by_themselves() {
    let mut engine = OwnEngine::start_with(&prepared("MOSAIC_TEST_STUB_IMAGE")).await;
    let socket = Some(engine.socket().to_owned());
    let mosaic = Mosaic::start_with(Options { engine: socket, workers: 2, ..Options::default() }).await;
    let admin = by_hand(&mosaic).await;
    // This engine does not know which networks the machine's own one has.
    set(&admin, json!({ "subnetPool": "10.79.0.0/24" })).await;
    assert_eq!(admin.ask_once("hello").await["status"], "done");
    let made = ["ps", "-aq", "--no-trunc"];
    assert_eq!(engine.docker(&made).lines().count(), 1);

    engine.stop();
    let turn = admin.ask(&admin.chat().await, "are you there").await;
    engine.start().await;
    assert_eq!(admin.finished(&turn).await["status"], "done", "the message waited");
    assert_eq!(mosaic.asked("are you there"), 1);
    observed(&admin, "ready").await;

    // Again, and nobody writes: it comes back by itself, with a word on why it had gone.
    let before = count(&mosaic, DEATHS).await;
    engine.stop();
    engine.start().await;
    eventually("somebody noticed", || async { (count(&mosaic, DEATHS).await > before).then_some(()) }).await;
    let said: String = sqlx::query_scalar(
        "select detail from container_events where what = 'died' order by id desc limit 1",
    )
    .fetch_one(&mosaic.database.pool)
    .await
    .unwrap();
    assert!(said.contains("ended by itself"), "{said}");
    observed(&admin, "ready").await;
    assert_eq!(admin.ask_once("and now").await["status"], "done");
    assert_eq!(container(&admin).await["observed"], "ready");
    assert_eq!(engine.docker(&made).lines().count(), 1);
}
