//! The agent's container is removed.

use super::{LONG, assert_interrupted, assert_one_of_each, start_streaming};
use sqlx::PgPool;
use tests::{Mosaic, Options, answer_text, docker};

#[tokio::test]
async fn a_container_removed_while_idle_is_created_again() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;
    let first = person.ask(&chat, "remember the parrot").await;
    assert_eq!(person.wait_for_turn(&first).await["status"], "done");
    docker(&["rm", "-f", &mosaic.containers().await[0]]);

    let second = person.ask(&chat, "and the second parrot").await;
    let events = person.follow(&second, 0).await.read_to_end().await;
    assert_eq!(person.wait_for_turn(&second).await["status"], "done");
    assert_eq!(events.iter().filter(|event| matches!(event.kind.as_str(), "done" | "error")).count(), 1);
    assert_eq!(mosaic.requests_with("second parrot"), 1);
    assert_one_of_each(&mosaic).await;
}

#[tokio::test]
async fn a_container_removed_in_the_middle_of_an_answer_loses_at_most_its_end() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;
    let (turn, events, mut seen) = start_streaming(&person, &chat, &format!("walrus {LONG}")).await;
    docker(&["rm", "-f", &mosaic.containers().await[0]]);

    let stored = person.wait_for_turn(&turn).await;
    assert_interrupted(&stored, &seen);
    seen.extend(events.read_to_end().await);
    // On a busy machine the lease may expire meanwhile. Then the stream ends early, and a page reconnects.
    let (seen, _) = person.follow_to_end(&turn, seen).await;
    assert_eq!(answer_text(&seen), stored["answer"].as_str().unwrap());
    assert_eq!(seen.iter().filter(|event| matches!(event.kind.as_str(), "done" | "error")).count(), 1);
    assert_eq!(
        mosaic.requests_with("walrus"),
        1,
        "the stub does not continue by itself, so the message is not sent again"
    );

    let next = person.ask(&chat, "what now").await;
    assert_eq!(person.wait_for_turn(&next).await["status"], "done");
    assert_one_of_each(&mosaic).await;
}

#[tokio::test]
async fn a_real_agent_continues_by_itself_after_its_container_was_removed() {
    let mosaic = Mosaic::start_with(Options::real()).await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;
    let (turn, events, mut seen) =
        start_streaming(&person, &chat, "wandering wolf [[llm:tokens=300,gap=50]]").await;
    docker(&["rm", "-f", &mosaic.containers().await[0]]);

    let stored = person.wait_for_turn(&turn).await;
    assert_eq!(stored["status"], "done", "{stored}");
    let whole: String = (0..300).map(|n| format!("w{n} ")).collect();
    assert_eq!(stored["answer"].as_str().unwrap().trim_end(), whole.trim_end());
    seen.extend(events.read_to_end().await);
    assert_eq!(answer_text(&seen), stored["answer"].as_str().unwrap());
    assert_eq!(
        mosaic.requests_with("wandering wolf"),
        2,
        "once by the first container, once by the second by itself"
    );
    assert_one_of_each(&mosaic).await;
}

#[tokio::test]
async fn an_address_that_now_belongs_to_another_container_is_looked_up_again() {
    let mosaic = Mosaic::start().await;
    let alice = mosaic.onboarded().await;
    let bob = mosaic.user_with_agent("bob").await;
    for person in [&alice, &bob] {
        assert_eq!(person.ask_in_new_chat("hello").await["status"], "done");
    }
    // As after a restart of the engine: ports are assigned anew, but the rows still have the old ones.
    let own: String = address(&mosaic.database.pool, "bob").await;
    let other = address(&mosaic.database.pool, "root").await;
    sqlx::query("update user_containers set address = $1 where address = $2")
        .bind(&other)
        .bind(&own)
        .execute(&mosaic.database.pool)
        .await
        .unwrap();
    assert_eq!(bob.ask_in_new_chat("whose heron is this").await["status"], "done");
    assert_eq!(mosaic.requests_with("whose heron"), 1);
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
