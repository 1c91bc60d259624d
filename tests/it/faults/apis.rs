//! The API that drives a turn goes away, or is one of several.

use super::{INTERRUPTED, LONG, assert_interrupted, assert_one_of_each, nobody_working, streaming};
use serde_json::json;
use std::time::Duration;
use tests::{Mosaic, eventually, text};
use tokio::time::sleep;

#[tokio::test]
async fn an_api_killed_before_anything_was_sent_is_followed_by_another() {
    let mut mosaic = nobody_working().await;
    let person = mosaic.onboarded().await;
    let chat = person.chat().await;
    let turn = person.ask(&chat, "early ibex").await;
    mosaic.kill_api();
    mosaic.start_api().await;
    assert_eq!(person.get(&format!("/api/turns/{turn}")).await.body["status"], "pending");
    mosaic.start_worker();
    let events = person.follow(&turn, 0).await.rest().await;
    let stored = person.finished(&turn).await;
    assert_eq!(stored["status"], "done");
    assert_eq!(text(&events), stored["answer"].as_str().unwrap());
    assert_eq!(mosaic.asked("early ibex"), 1);
    assert_one_of_each(&mosaic).await;
}

#[tokio::test]
async fn an_api_killed_in_the_middle_of_an_answer_never_asks_again() {
    let mut mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.chat().await;
    let (turn, events, mut seen) = streaming(&person, &chat, &format!("late lynx {LONG}")).await;
    // What is seen is stored within a moment: what the kill may cost is that moment.
    sleep(Duration::from_millis(500)).await;
    mosaic.kill_api();
    seen.extend(events.rest().await);
    mosaic.start_api().await;

    let last = seen.iter().map(|event| event.id).max().unwrap();
    let rest = person.follow(&turn, last).await.rest().await;
    let stored = person.finished(&turn).await;
    assert_interrupted(&stored, &seen[..3]);
    assert_eq!(rest.last().unwrap().kind, "error");
    assert_eq!(rest.last().unwrap().data["code"], INTERRUPTED);
    let resumed: Vec<_> = seen.iter().cloned().chain(rest).collect();
    assert_eq!(
        text(&resumed),
        stored["answer"].as_str().unwrap(),
        "a follower who resumes has what is stored"
    );
    // From a position that was never stored: the whole text at once.
    let lost = person.follow(&turn, last + 50).await.rest().await;
    assert_eq!(lost[0].kind, "snapshot");
    assert_eq!(text(&lost), stored["answer"].as_str().unwrap());
    assert_eq!(mosaic.asked("late lynx"), 1);

    let next = person.ask(&chat, "once more").await;
    assert_eq!(person.finished(&next).await["status"], "done");
    assert_one_of_each(&mosaic).await;
}

#[tokio::test]
async fn an_answer_finished_without_its_api_is_found_in_the_history() {
    let mut mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.chat().await;
    let turn = person.ask(&chat, "quiet quail").await;
    assert_eq!(person.finished(&turn).await["status"], "done");
    let whole = person.get(&format!("/api/turns/{turn}")).await.body["answer"].clone();
    // As if the process had died between the last byte and storing the end.
    mosaic.kill_api();
    let sql = "with lost as (
                   delete from turn_events where kind <> 'delta' and kind <> 'run'
                   or seq > (select min(seq) from turn_events where kind = 'delta'))
               update turns set status = 'running', answer = '', finished_at = null, lease_until = now()";
    sqlx::query(sql).execute(&mosaic.database.pool).await.unwrap();
    mosaic.start_api().await;
    let events = person.follow(&turn, 0).await.rest().await;
    let stored = person.finished(&turn).await;
    assert_eq!((&stored["status"], &stored["answer"]), (&json!("done"), &whole));
    assert_eq!(text(&events), whole.as_str().unwrap());
    assert_eq!(mosaic.asked("quiet quail"), 1);
}

#[tokio::test]
async fn a_second_api_shows_and_stops_what_the_first_one_drives() {
    let mut mosaic = Mosaic::start().await;
    let other = mosaic.start_replica().await;
    let person = mosaic.onboarded().await;
    let there = person.at(&other);
    let chat = person.chat().await;
    let (turn, events, seen) = streaming(&person, &chat, &format!("far fox {LONG}")).await;
    let mut far = there.follow(&turn, seen[0].id).await;
    let mut far_seen = vec![seen[0].clone(), far.until("delta").await, far.until("delta").await];
    assert_eq!(there.post(&format!("/api/turns/{turn}/stop"), &json!({})).await.status, 202);
    let near: Vec<_> = seen.into_iter().chain(events.rest().await).collect();
    far_seen.extend(far.rest().await);
    let stored = person.finished(&turn).await;
    assert_eq!(stored["status"], "stopped");
    for events in [&near, &far_seen] {
        assert_eq!(events.last().unwrap().data["status"], "stopped");
        assert_eq!(text(events), stored["answer"].as_str().unwrap());
    }
    eventually("the provider's request is cancelled", || {
        let requests = mosaic.llm.requests();
        let asked = requests.iter().find(|request| request.text.contains("far fox")).unwrap();
        std::future::ready((asked.state == stub_llm::State::Cancelled).then_some(()))
    })
    .await;
    // What one wrote the other has; and a turn may be accepted anywhere.
    let next = there.ask(&chat, "near or far").await;
    assert_eq!(person.finished(&next).await["status"], "done");
}

#[tokio::test]
async fn the_other_api_takes_over_when_one_dies() {
    let mut mosaic = nobody_working().await;
    let other = mosaic.start_replica().await;
    let person = mosaic.onboarded().await;
    let turn = person.ask(&person.chat().await, "orphaned otter").await;
    let there = person.at(&other);
    let far = there.follow(&turn, 0).await;
    mosaic.kill_api();
    let sql = "select from turns where lease_fence = 2";
    eventually("the other one has it", || async {
        sqlx::query(sql).fetch_optional(&mosaic.database.pool).await.unwrap()
    })
    .await;
    // The agent's container asks the address of the first one for its configuration.
    mosaic.start_api().await;
    mosaic.start_worker();
    let events = far.rest().await;
    let stored = there.finished(&turn).await;
    assert_eq!(stored["status"], "done");
    assert_eq!(text(&events), stored["answer"].as_str().unwrap());
    assert_eq!(mosaic.asked("orphaned otter"), 1);
    assert_one_of_each(&mosaic).await;
}

#[tokio::test]
async fn an_api_told_to_end_finishes_what_it_drives() {
    let mut mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.chat().await;
    let (turn, events, mut seen) = streaming(&person, &chat, "patient panda [[llm:tokens=100,gap=50]]").await;
    assert!(mosaic.end_api().await.success(), "an orderly end");
    seen.extend(events.rest().await);
    let status: String =
        sqlx::query_scalar("select status from turns").fetch_one(&mosaic.database.pool).await.unwrap();
    assert_eq!(status, "done", "before the process was gone");
    mosaic.start_api().await;
    let last = seen.iter().map(|event| event.id).max().unwrap();
    seen.extend(person.follow(&turn, last).await.rest().await);
    let stored = person.finished(&turn).await;
    let whole: String = (0..100).map(|n| format!("w{n} ")).collect();
    assert_eq!(stored["answer"].as_str().unwrap().trim_end(), whole.trim_end());
    assert_eq!(text(&seen), stored["answer"].as_str().unwrap());
    assert_eq!(mosaic.asked("patient panda"), 1);
}

#[tokio::test]
async fn an_answer_longer_than_the_patience_of_an_ending_api_goes_to_another_at_once() {
    let mut mosaic = Mosaic::start().await;
    let there = mosaic.start_replica().await;
    let person = mosaic.onboarded().await;
    let chat = person.chat().await;
    let (turn, events, mut seen) = streaming(&person, &chat, "endless eel [[llm:tokens=2000,gap=50]]").await;
    assert!(mosaic.end_api().await.success(), "an orderly end");
    seen.extend(events.rest().await);
    let stored = person.at(&there).finished(&turn).await;
    assert_interrupted(&stored, &seen);
    assert_eq!(mosaic.asked("endless eel"), 1);
}
