//! The database's connections go away.

use sqlx::PgPool;
use std::time::Duration;
use tests::{Mosaic, docker, text};
use tokio::time::sleep;

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
