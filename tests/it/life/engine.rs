//! The engine itself goes away and comes back: a real one, of this test's own.

use super::{by_hand, container, count, observed, set};
use serde_json::json;
use tests::{Mosaic, Options, OwnEngine, Person, eventually, prepared};

const DEATHS: &str = "select count(*) from container_events where what in ('died', 'oom')";

/// A Mosaic whose workers use that engine; its first admin has an agent that has answered once.
async fn at_work(engine: &OwnEngine) -> (Mosaic, Person) {
    let socket = Some(engine.socket().to_owned());
    let mosaic = Mosaic::start_with(Options { engine: socket, workers: 2, ..Options::default() }).await;
    let admin = by_hand(&mosaic).await;
    // This engine does not know which networks the machine's own one has.
    set(&admin, json!({ "subnetPool": engine.pool() })).await;
    assert_eq!(admin.ask_once("hello").await["status"], "done");
    assert_eq!(engine.objects(), (1, 1, 1));
    (mosaic, admin)
}

async fn deaths(mosaic: &Mosaic) -> i64 {
    count(mosaic, DEATHS).await
}

/// What was said of the last container that went down.
async fn last_words(mosaic: &Mosaic) -> String {
    let said = "select detail from container_events where what = 'died' order by id desc limit 1";
    sqlx::query_scalar(said).fetch_one(&mosaic.database.pool).await.unwrap()
}

/// Which process of the host the agent is.
fn process(engine: &OwnEngine) -> String {
    engine.docker(&["inspect", "-f", "{{.State.Pid}}", &engine.docker(&["ps", "-aq"])])
}

#[tokio::test]
async fn after_a_restart_of_the_engine_agents_come_back_by_themselves() {
    let mut engine = OwnEngine::start_with(&prepared("MOSAIC_TEST_STUB_IMAGE")).await;
    let (mosaic, admin) = at_work(&engine).await;

    engine.stop();
    let turn = admin.ask(&admin.chat().await, "are you there").await;
    engine.start().await;
    assert_eq!(admin.finished(&turn).await["status"], "done", "the message waited");
    assert_eq!(mosaic.asked("are you there"), 1);
    observed(&admin, "ready").await;

    // Again, and nobody writes: it comes back by itself, with a word on why it had gone.
    let before = deaths(&mosaic).await;
    engine.stop();
    engine.start().await;
    eventually("somebody noticed", || async { (deaths(&mosaic).await > before).then_some(()) }).await;
    let said = last_words(&mosaic).await;
    assert!(said.contains("ended by itself"), "{said}");
    observed(&admin, "ready").await;
    assert_eq!(admin.ask_once("and now").await["status"], "done");
    assert_eq!(container(&admin).await["observed"], "ready");
    assert_eq!(engine.objects(), (1, 1, 1));
}

#[tokio::test]
async fn a_crash_of_the_engine_costs_at_most_the_end_of_an_answer() {
    let mut engine = OwnEngine::start_with(&prepared("MOSAIC_TEST_STUB_IMAGE")).await;
    let (mosaic, admin) = at_work(&engine).await;
    let turn = admin.ask(&admin.chat().await, "walrus [[llm:tokens=400,gap=50]]").await;
    let mut events = admin.follow(&turn, 0).await;
    let arrived = [events.until("delta").await, events.until("delta").await];

    // The agent lives on, but nobody reaches it; a message that comes now waits for as long as that takes.
    engine.crash();
    let bob = mosaic.equipped("bob").await;
    let waiting = bob.ask(&bob.chat().await, "heron").await;
    let told = eventually("he is told why it takes time", || async {
        let reason = container(&bob).await["reason"].as_str()?.to_owned();
        reason.contains("engine").then_some(reason)
    })
    .await;
    assert!(told.contains("does not answer") && told.contains("by itself"), "{told}");
    eventually("longer than a start is tried in a row", || async {
        (count(&mosaic, "select count(*) from jobs where kind = 'start-container' and state = 'done'").await
            > 2)
        .then_some(())
    })
    .await;
    engine.start().await;

    assert_eq!(bob.finished(&waiting).await["status"], "done");
    assert_eq!(mosaic.asked("heron"), 1);
    let cut = admin.finished(&turn).await;
    assert!(matches!(cut["status"].as_str(), Some("done" | "interrupted")), "{cut}");
    let answer = cut["answer"].as_str().unwrap();
    assert!(answer.starts_with(&tests::text(&arrived)), "what had arrived is kept: {answer:?}");
    assert_eq!(mosaic.asked("walrus"), 1, "nobody asks twice");
    assert_eq!(admin.ask_once("and now").await["status"], "done");
    assert_eq!(engine.objects(), (2, 2, 2));
}

#[tokio::test]
async fn agents_that_outlive_a_crash_of_the_engine_are_left_as_they_are() {
    let live = json!({ "live-restore": true });
    let mut engine = OwnEngine::start_as(&prepared("MOSAIC_TEST_STUB_IMAGE"), &live, None).await;
    let (mosaic, admin) = at_work(&engine).await;
    let before = process(&engine);

    engine.crash();
    let turn = admin.ask(&admin.chat().await, "are you there").await;
    engine.start().await;
    assert_eq!(admin.finished(&turn).await["status"], "done", "the message waited");
    assert_eq!(mosaic.asked("are you there"), 1);
    observed(&admin, "ready").await;
    assert_eq!((process(&engine), deaths(&mosaic).await), (before, 0));
    assert_eq!(engine.objects(), (1, 1, 1));
}

#[tokio::test]
async fn after_a_power_cut_agents_are_made_whole_also_in_the_middle_of_a_start() {
    let mut engine = OwnEngine::start_with(&prepared("MOSAIC_TEST_STUB_IMAGE")).await;
    let (mosaic, admin) = at_work(&engine).await;
    // Somebody's first message has got as far as a container that boots.
    let bob = mosaic.equipped("bob").await;
    let turn = bob.ask(&bob.chat().await, "heron").await;
    eventually("his container is there", || std::future::ready((engine.objects().0 == 2).then_some(())))
        .await;
    engine.power_cut();
    engine.start().await;

    assert_eq!(bob.finished(&turn).await["status"], "done", "the message waited");
    assert_eq!(mosaic.asked("heron"), 1);
    eventually("the other one is missed too", || async { (deaths(&mosaic).await > 0).then_some(()) }).await;
    let said = last_words(&mosaic).await;
    assert!(said.contains("ended by itself"), "{said}");
    observed(&admin, "ready").await;
    assert_eq!(admin.ask_once("and now").await["status"], "done");
    assert_eq!(engine.objects(), (2, 2, 2));
}
