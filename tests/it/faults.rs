//! Parts that die at bad moments: no message is lost, none is sent twice, and what could not be finished
//! says so.

use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Duration;
use tests::{Events, Mosaic, Options, Person, docker, eventually, text};
use tokio::time::sleep;

/// An answer of some twenty seconds: long enough to break things in the middle of it.
const LONG: &str = "[[llm:tokens=400,gap=50]]";
/// What a person is told when an answer could not be finished.
const INTERRUPTED: &str = "interrupted";

async fn nobody_working() -> Mosaic {
    Mosaic::start_with(Options { workers: 0, ..Options::default() }).await
}

/// A turn whose answer is being streamed, and a follower who has seen some of it.
async fn streaming(person: &Person, chat: &str, question: &str) -> (String, Events, Vec<tests::Event>) {
    let turn = person.ask(chat, question).await;
    let mut events = person.follow(&turn, 0).await;
    let seen = vec![events.until("delta").await, events.until("delta").await, events.until("delta").await];
    (turn, events, seen)
}

/// Not finished, and honest about it: Try again is offered and what had arrived is kept.
fn assert_interrupted(turn: &Value, arrived: &[tests::Event]) {
    assert_eq!(turn["status"], INTERRUPTED, "{turn}");
    assert_eq!(turn["error"]["code"], INTERRUPTED, "{turn}");
    assert_eq!(turn["error"]["retryable"], true, "{turn}");
    let answer = turn["answer"].as_str().unwrap();
    assert!(
        answer.starts_with(&text(arrived)),
        "lost: {:?} is not at the beginning of {answer:?}",
        text(arrived)
    );
}

/// As many as a person has, whatever was killed meanwhile.
async fn assert_one_of_each(mosaic: &Mosaic) {
    assert_eq!(mosaic.objects().await, (1, 1, 1), "containers, networks, volumes");
}

#[tokio::test]
async fn a_container_removed_while_idle_is_made_again() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.chat().await;
    let first = person.ask(&chat, "remember the parrot").await;
    assert_eq!(person.finished(&first).await["status"], "done");
    docker(&["rm", "-f", &mosaic.containers().await[0]]);

    let second = person.ask(&chat, "and the second parrot").await;
    let events = person.follow(&second, 0).await.rest().await;
    assert_eq!(person.finished(&second).await["status"], "done");
    assert_eq!(events.iter().filter(|event| matches!(event.kind.as_str(), "done" | "error")).count(), 1);
    assert_eq!(mosaic.asked("second parrot"), 1);
    assert_one_of_each(&mosaic).await;
}

#[tokio::test]
async fn a_container_removed_in_the_middle_of_an_answer_costs_at_most_its_end() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.chat().await;
    let (turn, events, mut seen) = streaming(&person, &chat, &format!("walrus {LONG}")).await;
    docker(&["rm", "-f", &mosaic.containers().await[0]]);

    let stored = person.finished(&turn).await;
    assert_interrupted(&stored, &seen);
    seen.extend(events.rest().await);
    assert_eq!(text(&seen), stored["answer"].as_str().unwrap());
    assert_eq!(seen.iter().filter(|event| matches!(event.kind.as_str(), "done" | "error")).count(), 1);
    assert_eq!(mosaic.asked("walrus"), 1, "the stand-in does not go on by itself, so nobody may ask again");

    let next = person.ask(&chat, "what now").await;
    assert_eq!(person.finished(&next).await["status"], "done");
    assert_one_of_each(&mosaic).await;
}

#[tokio::test]
async fn a_real_agent_whose_container_was_removed_goes_on_by_itself() {
    let mosaic = Mosaic::start_with(Options::real()).await;
    let person = mosaic.onboarded().await;
    let chat = person.chat().await;
    let (turn, events, mut seen) =
        streaming(&person, &chat, "wandering wolf [[llm:tokens=300,gap=50]]").await;
    docker(&["rm", "-f", &mosaic.containers().await[0]]);

    let stored = person.finished(&turn).await;
    assert_eq!(stored["status"], "done", "{stored}");
    let whole: String = (0..300).map(|n| format!("w{n} ")).collect();
    assert_eq!(stored["answer"].as_str().unwrap().trim_end(), whole.trim_end());
    seen.extend(events.rest().await);
    assert_eq!(text(&seen), stored["answer"].as_str().unwrap());
    assert_eq!(
        mosaic.asked("wandering wolf"),
        2,
        "once by the first container, once by the second one itself"
    );
    assert_one_of_each(&mosaic).await;
}

#[tokio::test]
async fn an_address_that_went_to_another_container_is_given_up() {
    let mosaic = Mosaic::start().await;
    let alice = mosaic.onboarded().await;
    let bob = mosaic.equipped("bob").await;
    for person in [&alice, &bob] {
        assert_eq!(person.ask_once("hello").await["status"], "done");
    }
    // As after a restart of the engine: ports are given out anew, the rows still name the old ones.
    let own: String = address(&mosaic.database.pool, "bob").await;
    let other = address(&mosaic.database.pool, "root").await;
    sqlx::query("update user_containers set address = $1 where address = $2")
        .bind(&other)
        .bind(&own)
        .execute(&mosaic.database.pool)
        .await
        .unwrap();
    assert_eq!(bob.ask_once("whose heron is this").await["status"], "done");
    assert_eq!(mosaic.asked("whose heron"), 1);
    assert_eq!(address(&mosaic.database.pool, "bob").await, own, "looked up again");
}

async fn address(pool: &PgPool, username: &str) -> String {
    sqlx::query_scalar(
        "select c.address from user_containers c join users u on u.id = c.user_id where u.username = $1",
    )
    .bind(username)
    .fetch_one(pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_worker_killed_during_the_start_is_followed_by_another() {
    let mut mosaic = nobody_working().await;
    let person = mosaic.onboarded().await;
    let mut worker = mosaic.start_worker();
    for (round, moment) in [0, 60, 250, 800].into_iter().enumerate() {
        let turn = person.ask(&person.chat().await, &format!("round {round} badger")).await;
        eventually("the start is under way", || starting(&mosaic.database.pool)).await;
        sleep(Duration::from_millis(moment)).await;
        mosaic.kill_worker(worker);
        worker = mosaic.start_worker();
        assert_eq!(person.finished(&turn).await["status"], "done", "killed {moment} ms into the start");
        assert_eq!(mosaic.asked(&format!("round {round} badger")), 1, "killed {moment} ms into the start");
        assert_one_of_each(&mosaic).await;
        docker(&["rm", "-f", &mosaic.containers().await[0]]);
    }
    let lost: i64 = sqlx::query_scalar("select count(*) from job_attempts where outcome = 'lost'")
        .fetch_one(&mosaic.database.pool)
        .await
        .unwrap();
    assert!(lost >= 2, "only {lost} of the kills hit a start");
}

async fn starting(pool: &PgPool) -> Option<()> {
    let sql = "select from jobs where kind = 'start-container' and state = 'running'";
    sqlx::query(sql).fetch_optional(pool).await.unwrap().map(|_| ())
}

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
async fn cut_database_connections_cost_an_answer_nothing() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.chat().await;
    let turn = person.ask(&chat, "brave beaver [[llm:tokens=120,gap=50]]").await;
    let mut events = person.follow(&turn, 0).await;
    let mut seen = vec![events.until("delta").await];
    for _ in 0..3 {
        cut_connections(&mosaic.database.pool).await;
        seen.push(events.until("delta").await);
        sleep(Duration::from_millis(700)).await;
    }
    seen.extend(events.rest().await);
    let stored = person.finished(&turn).await;
    assert_eq!(stored["status"], "done");
    let whole: String = (0..120).map(|n| format!("w{n} ")).collect();
    assert_eq!(stored["answer"].as_str().unwrap().trim_end(), whole.trim_end());
    assert_eq!(text(&seen), stored["answer"].as_str().unwrap());
    // What the other replicas read is complete too.
    let stored_events: Vec<(i32, String)> =
        sqlx::query_as("select seq, data->>'text' from turn_events where kind = 'delta' order by seq")
            .fetch_all(&mosaic.database.pool)
            .await
            .unwrap();
    let folded: String = stored_events.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(folded, stored["answer"].as_str().unwrap());
    assert_eq!(mosaic.asked("brave beaver"), 1);
    // The queue and the notifications are back as well.
    docker(&["rm", "-f", &mosaic.containers().await[0]]);
    assert_eq!(person.ask_once("still there").await["status"], "done");
}

/// Cuts every connection but the test's own.
async fn cut_connections(pool: &PgPool) {
    let sql = "select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid()";
    sqlx::query(sql).execute(pool).await.unwrap();
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
async fn a_worker_told_to_end_hands_its_start_back() {
    let mut mosaic = nobody_working().await;
    let person = mosaic.onboarded().await;
    let worker = mosaic.start_worker();
    let turn = person.ask(&person.chat().await, "handed hare").await;
    eventually("the start is under way", || starting(&mosaic.database.pool)).await;
    assert!(mosaic.end_worker(worker).await.success(), "an orderly end");
    mosaic.start_worker();
    assert_eq!(person.finished(&turn).await["status"], "done");
    assert_eq!(mosaic.asked("handed hare"), 1);
    assert_one_of_each(&mosaic).await;
}
