//! The database's connections are cut.

use sqlx::PgPool;
use std::time::Duration;
use tests::{Mosaic, answer_text, docker};
use tokio::time::sleep;

#[tokio::test]
async fn an_answer_survives_cut_database_connections() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;
    let turn = person.ask(&chat, "brave beaver [[llm:tokens=120,gap=50]]").await;
    let mut events = person.follow(&turn, 0).await;
    let mut seen = vec![events.wait_for("delta").await];
    for _ in 0..3 {
        cut_connections(&mosaic.database.pool).await;
        seen.push(events.wait_for("delta").await);
        sleep(Duration::from_millis(700)).await;
    }
    seen.extend(events.read_to_end().await);
    let stored = person.wait_for_turn(&turn).await;
    assert_eq!(stored["status"], "done");
    let whole: String = (0..120).map(|n| format!("w{n} ")).collect();
    assert_eq!(stored["answer"].as_str().unwrap().trim_end(), whole.trim_end());
    assert_eq!(answer_text(&seen), stored["answer"].as_str().unwrap());
    // The stored events, which the other replicas read, are complete too.
    let stored_events: Vec<(i32, String)> =
        sqlx::query_as("select seq, data->>'text' from turn_events where kind = 'delta' order by seq")
            .fetch_all(&mosaic.database.pool)
            .await
            .unwrap();
    let folded: String = stored_events.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(folded, stored["answer"].as_str().unwrap());
    assert_eq!(mosaic.requests_with("brave beaver"), 1);
    // The queue and the notifications work again too.
    docker(&["rm", "-f", &mosaic.containers().await[0]]);
    assert_eq!(person.ask_in_new_chat("still there").await["status"], "done");
}

/// Cuts every connection but the test's own.
async fn cut_connections(pool: &PgPool) {
    let sql = "select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid()";
    sqlx::query(sql).execute(pool).await.unwrap();
}
