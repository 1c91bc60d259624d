//! Outages of the container engine: each test has its own real engine.

use super::{admin_without_schedules, change_settings, count_rows, get_container, wait_for_state};
use serde_json::json;
use tests::{Mosaic, Options, OwnEngine, Person, eventually, prepared};

const COUNT_CRASHES: &str = "select count(*) from container_events where what in ('died', 'oom')";

/// A Mosaic with this engine, and its first admin, whose agent has answered once.
async fn mosaic_with_agent(engine: &OwnEngine) -> (Mosaic, Person) {
    let socket = Some(engine.socket().to_owned());
    let mosaic = Mosaic::start_with(Options { engine: socket, workers: 2, ..Options::default() }).await;
    let admin = admin_without_schedules(&mosaic).await;
    // This engine does not know the networks of the machine's own engine.
    change_settings(&admin, json!({ "subnetPool": engine.pool() })).await;
    assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done");
    assert_eq!(engine.count_objects(), (1, 1, 1));
    (mosaic, admin)
}

async fn count_crashes(mosaic: &Mosaic) -> i64 {
    count_rows(mosaic, COUNT_CRASHES).await
}

/// The detail of the last crash.
async fn last_crash_detail(mosaic: &Mosaic) -> String {
    let sql = "select detail from container_events where what = 'died' order by id desc limit 1";
    sqlx::query_scalar(sql).fetch_one(&mosaic.database.pool).await.unwrap()
}

/// The agent's process id on the host.
fn agent_pid(engine: &OwnEngine) -> String {
    engine.docker(&["inspect", "-f", "{{.State.Pid}}", &engine.docker(&["ps", "-aq"])])
}

#[tokio::test]
async fn agents_are_started_again_after_a_restart_of_the_engine() {
    let mut engine = OwnEngine::start_with(&prepared("MOSAIC_TEST_STUB_IMAGE")).await;
    let (mosaic, admin) = mosaic_with_agent(&engine).await;

    engine.stop();
    let turn = admin.ask(&admin.create_chat().await, "are you there").await;
    engine.start().await;
    assert_eq!(admin.wait_for_turn(&turn).await["status"], "done", "the message waited");
    assert_eq!(mosaic.requests_with("are you there"), 1);
    wait_for_state(&admin, "ready").await;

    // The same without a message: the agent is started again, and the reason for its end is recorded.
    let before = count_crashes(&mosaic).await;
    engine.stop();
    engine.start().await;
    eventually("the crash is recorded", || async { (count_crashes(&mosaic).await > before).then_some(()) })
        .await;
    let detail = last_crash_detail(&mosaic).await;
    assert!(detail.contains("ended by itself"), "{detail}");
    wait_for_state(&admin, "ready").await;
    assert_eq!(admin.ask_in_new_chat("and now").await["status"], "done");
    assert_eq!(get_container(&admin).await["observed"], "ready");
    assert_eq!(engine.count_objects(), (1, 1, 1));
}

#[tokio::test]
async fn a_crash_of_the_engine_loses_at_most_the_end_of_an_answer() {
    let mut engine = OwnEngine::start_with(&prepared("MOSAIC_TEST_STUB_IMAGE")).await;
    let (mosaic, admin) = mosaic_with_agent(&engine).await;
    let turn = admin.ask(&admin.create_chat().await, "walrus [[llm:tokens=400,gap=50]]").await;
    let mut events = admin.follow(&turn, 0).await;
    let arrived = [events.wait_for("delta").await, events.wait_for("delta").await];

    // The agent keeps running but cannot be reached. A new message waits until the engine is back.
    engine.crash();
    let bob = mosaic.user_with_agent("bob").await;
    let waiting = bob.ask(&bob.create_chat().await, "heron").await;
    let reason = eventually("the reason names the engine", || async {
        let reason = get_container(&bob).await["reason"].as_str()?.to_owned();
        reason.contains("engine").then_some(reason)
    })
    .await;
    assert!(reason.contains("does not answer") && reason.contains("by itself"), "{reason}");
    eventually("the start has been deferred several times", || async {
        (count_rows(&mosaic, "select count(*) from jobs where kind = 'start-container' and state = 'done'")
            .await
            > 2)
        .then_some(())
    })
    .await;
    engine.start().await;

    assert_eq!(bob.wait_for_turn(&waiting).await["status"], "done");
    assert_eq!(mosaic.requests_with("heron"), 1);
    let stored = admin.wait_for_turn(&turn).await;
    assert!(matches!(stored["status"].as_str(), Some("done" | "interrupted")), "{stored}");
    let answer = stored["answer"].as_str().unwrap();
    assert!(
        answer.starts_with(&tests::answer_text(&arrived)),
        "the text that had arrived is kept: {answer:?}"
    );
    assert_eq!(mosaic.requests_with("walrus"), 1, "the message is sent once");
    assert_eq!(admin.ask_in_new_chat("and now").await["status"], "done");
    assert_eq!(engine.count_objects(), (2, 2, 2));
}

#[tokio::test]
async fn agents_that_survive_a_crash_of_the_engine_keep_running() {
    let settings = json!({ "live-restore": true });
    let mut engine =
        OwnEngine::start_with_settings(&prepared("MOSAIC_TEST_STUB_IMAGE"), &settings, None).await;
    let (mosaic, admin) = mosaic_with_agent(&engine).await;
    let before = agent_pid(&engine);

    engine.crash();
    let turn = admin.ask(&admin.create_chat().await, "are you there").await;
    engine.start().await;
    assert_eq!(admin.wait_for_turn(&turn).await["status"], "done", "the message waited");
    assert_eq!(mosaic.requests_with("are you there"), 1);
    wait_for_state(&admin, "ready").await;
    assert_eq!((agent_pid(&engine), count_crashes(&mosaic).await), (before, 0));
    assert_eq!(engine.count_objects(), (1, 1, 1));
}

#[tokio::test]
async fn agents_recover_after_a_power_cut_also_in_the_middle_of_a_start() {
    let mut engine = OwnEngine::start_with(&prepared("MOSAIC_TEST_STUB_IMAGE")).await;
    let (mosaic, admin) = mosaic_with_agent(&engine).await;
    // The start for bob's first message has created a container that is booting.
    let bob = mosaic.user_with_agent("bob").await;
    let turn = bob.ask(&bob.create_chat().await, "heron").await;
    eventually("bob's container exists", || {
        std::future::ready((engine.count_objects().0 == 2).then_some(()))
    })
    .await;
    engine.power_cut();
    engine.start().await;

    assert_eq!(bob.wait_for_turn(&turn).await["status"], "done", "the message waited");
    assert_eq!(mosaic.requests_with("heron"), 1);
    eventually("the other crash is recorded too", || async {
        (count_crashes(&mosaic).await > 0).then_some(())
    })
    .await;
    let detail = last_crash_detail(&mosaic).await;
    assert!(detail.contains("ended by itself"), "{detail}");
    wait_for_state(&admin, "ready").await;
    assert_eq!(admin.ask_in_new_chat("and now").await["status"], "done");
    assert_eq!(engine.count_objects(), (2, 2, 2));
}
