//! The API that drives a turn ends, or is one of several.

use super::{
    INTERRUPTED, LONG, assert_interrupted, assert_one_of_each, mosaic_without_workers, start_streaming,
};
use serde_json::json;
use std::time::Duration;
use tests::{Mosaic, answer_text, eventually};
use tokio::time::sleep;

#[tokio::test]
async fn another_api_takes_over_a_turn_that_was_not_sent_yet() {
    let mut mosaic = mosaic_without_workers().await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;
    let turn = person.ask(&chat, "early ibex").await;
    mosaic.kill_api();
    mosaic.start_api().await;
    assert_eq!(person.get(&format!("/api/turns/{turn}")).await.body["status"], "pending");
    mosaic.start_worker();
    let events = person.follow(&turn, 0).await.read_to_end().await;
    let stored = person.wait_for_turn(&turn).await;
    assert_eq!(stored["status"], "done");
    assert_eq!(answer_text(&events), stored["answer"].as_str().unwrap());
    assert_eq!(mosaic.requests_with("early ibex"), 1);
    assert_one_of_each(&mosaic).await;
}

#[tokio::test]
async fn a_message_is_not_sent_again_after_the_api_was_killed_in_the_middle_of_the_answer() {
    let mut mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;
    let (turn, events, mut seen) = start_streaming(&person, &chat, &format!("late lynx {LONG}")).await;
    // What a follower sees is stored shortly after. The kill may lose only what is not stored yet.
    sleep(Duration::from_millis(500)).await;
    mosaic.kill_api();
    seen.extend(events.read_to_end().await);
    mosaic.start_api().await;

    let last = seen.iter().map(|event| event.id).max().unwrap();
    let rest = person.follow(&turn, last).await.read_to_end().await;
    let stored = person.wait_for_turn(&turn).await;
    assert_interrupted(&stored, &seen[..3]);
    assert_eq!(rest.last().unwrap().kind, "error");
    assert_eq!(rest.last().unwrap().data["code"], INTERRUPTED);
    let resumed: Vec<_> = seen.iter().cloned().chain(rest).collect();
    assert_eq!(
        answer_text(&resumed),
        stored["answer"].as_str().unwrap(),
        "a follower who resumes has the stored answer"
    );
    // From a position that was never stored the follower gets the whole text at once.
    let lost = person.follow(&turn, last + 50).await.read_to_end().await;
    assert_eq!(lost[0].kind, "snapshot");
    assert_eq!(answer_text(&lost), stored["answer"].as_str().unwrap());
    assert_eq!(mosaic.requests_with("late lynx"), 1);

    let next = person.ask(&chat, "once more").await;
    assert_eq!(person.wait_for_turn(&next).await["status"], "done");
    assert_one_of_each(&mosaic).await;
}

#[tokio::test]
async fn an_answer_that_finished_without_the_api_is_read_from_the_history() {
    let mut mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;
    let turn = person.ask(&chat, "quiet quail").await;
    assert_eq!(person.wait_for_turn(&turn).await["status"], "done");
    let whole = person.get(&format!("/api/turns/{turn}")).await.body["answer"].clone();
    // As if the process had been killed between the last byte and storing the end.
    mosaic.kill_api();
    let sql = "with lost as (
                   delete from turn_events where kind <> 'delta' and kind <> 'run'
                   or seq > (select min(seq) from turn_events where kind = 'delta'))
               update turns set status = 'running', answer = '', finished_at = null, lease_until = now()";
    sqlx::query(sql).execute(&mosaic.database.pool).await.unwrap();
    mosaic.start_api().await;
    let events = person.follow(&turn, 0).await.read_to_end().await;
    let stored = person.wait_for_turn(&turn).await;
    assert_eq!((&stored["status"], &stored["answer"]), (&json!("done"), &whole));
    assert_eq!(answer_text(&events), whole.as_str().unwrap());
    assert_eq!(mosaic.requests_with("quiet quail"), 1);
}

#[tokio::test]
async fn a_second_api_can_follow_and_stop_a_turn_of_the_first() {
    let mut mosaic = Mosaic::start().await;
    let other = mosaic.start_replica().await;
    let person = mosaic.onboarded().await;
    let there = person.at(&other);
    let chat = person.create_chat().await;
    let (turn, events, seen) = start_streaming(&person, &chat, &format!("far fox {LONG}")).await;
    let mut far = there.follow(&turn, seen[0].id).await;
    let mut far_seen = vec![seen[0].clone(), far.wait_for("delta").await, far.wait_for("delta").await];
    assert_eq!(there.post(&format!("/api/turns/{turn}/stop"), &json!({})).await.status, 202);
    let near: Vec<_> = seen.into_iter().chain(events.read_to_end().await).collect();
    far_seen.extend(far.read_to_end().await);
    let stored = person.wait_for_turn(&turn).await;
    assert_eq!(stored["status"], "stopped");
    for events in [&near, &far_seen] {
        assert_eq!(events.last().unwrap().data["status"], "stopped");
        assert_eq!(answer_text(events), stored["answer"].as_str().unwrap());
    }
    eventually("the provider's request is cancelled", || {
        let requests = mosaic.llm.requests();
        let asked = requests.iter().find(|request| request.text.contains("far fox")).unwrap();
        std::future::ready((asked.state == stub_llm::RequestState::Cancelled).then_some(()))
    })
    .await;
    // Each API can read the other's turns and accept a new one.
    let next = there.ask(&chat, "near or far").await;
    assert_eq!(person.wait_for_turn(&next).await["status"], "done");
}

#[tokio::test]
async fn the_other_api_takes_over_when_one_is_killed() {
    let mut mosaic = mosaic_without_workers().await;
    let other = mosaic.start_replica().await;
    let person = mosaic.onboarded().await;
    let turn = person.ask(&person.create_chat().await, "orphaned otter").await;
    let there = person.at(&other);
    let far = there.follow(&turn, 0).await;
    mosaic.kill_api();
    let sql = "select from turns where lease_fence = 2";
    eventually("the other API has the lease", || async {
        sqlx::query(sql).fetch_optional(&mosaic.database.pool).await.unwrap()
    })
    .await;
    // The agent's container asks the address of the first one for its configuration.
    mosaic.start_api().await;
    mosaic.start_worker();
    let events = far.read_to_end().await;
    let stored = there.wait_for_turn(&turn).await;
    assert_eq!(stored["status"], "done");
    assert_eq!(answer_text(&events), stored["answer"].as_str().unwrap());
    assert_eq!(mosaic.requests_with("orphaned otter"), 1);
    assert_one_of_each(&mosaic).await;
}

#[tokio::test]
async fn a_terminated_api_finishes_its_turns() {
    let mut mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;
    let (turn, events, mut seen) =
        start_streaming(&person, &chat, "patient panda [[llm:tokens=100,gap=50]]").await;
    assert!(mosaic.terminate_api().await.success(), "it exits with success");
    seen.extend(events.read_to_end().await);
    let status: String =
        sqlx::query_scalar("select status from turns").fetch_one(&mosaic.database.pool).await.unwrap();
    assert_eq!(status, "done", "the turn is done before the process ends");
    mosaic.start_api().await;
    let last = seen.iter().map(|event| event.id).max().unwrap();
    seen.extend(person.follow(&turn, last).await.read_to_end().await);
    let stored = person.wait_for_turn(&turn).await;
    let whole: String = (0..100).map(|n| format!("w{n} ")).collect();
    assert_eq!(stored["answer"].as_str().unwrap().trim_end(), whole.trim_end());
    assert_eq!(answer_text(&seen), stored["answer"].as_str().unwrap());
    assert_eq!(mosaic.requests_with("patient panda"), 1);
}

#[tokio::test]
async fn an_answer_longer_than_the_shutdown_timeout_moves_to_another_api() {
    let mut mosaic = Mosaic::start().await;
    let there = mosaic.start_replica().await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;
    let (turn, events, mut seen) =
        start_streaming(&person, &chat, "endless eel [[llm:tokens=2000,gap=50]]").await;
    assert!(mosaic.terminate_api().await.success(), "it exits with success");
    seen.extend(events.read_to_end().await);
    let stored = person.at(&there).wait_for_turn(&turn).await;
    assert_interrupted(&stored, &seen);
    assert_eq!(mosaic.requests_with("endless eel"), 1);
}
