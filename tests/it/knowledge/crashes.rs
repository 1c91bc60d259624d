//! A worker that is killed in the middle of `embed`: finished embeddings stay, the others follow, and nothing is done
//! twice.

use super::{save_finding, search_findings, wait_until_embedded};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, PgPool};
use tests::{Mosaic, Options, eventually};

/// More findings than one batch of the engine. The first two are nearly equal.
fn findings() -> Vec<String> {
    let mut all = vec![
        "The cat was asleep on the sofa all afternoon.".to_owned(),
        "The cat was asleep on the sofa for the whole afternoon.".to_owned(),
    ];
    all.extend((0..38).map(|n| format!("Parcel {n} lies in locker {}.", n * 7)));
    all
}

/// Each chunk that has a vector, with the transaction that wrote it.
async fn embedded_chunks(pool: &PgPool) -> Vec<(i64, String)> {
    let sql = "select id, xmin::text from knowledge_chunks where model <> 0 order by id";
    sqlx::query_as(sql).fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn after_a_kill_in_the_middle_of_embedding_nothing_is_lost_or_done_twice() {
    let mut mosaic = Mosaic::start_with(Options { workers: 0, ..Options::default() }).await;
    mosaic.onboarded().await;
    let bob = mosaic.user("bob").await;
    let pool = mosaic.database.pool.clone();
    for text in findings() {
        save_finding(&bob, &text).await;
    }
    let entries: Vec<Value> = (0..60)
        .map(|n| json!({ "id": n.to_string(), "role": "user", "text": format!("Ship {n} left port.") }))
        .collect();
    let session = json!({ "sessionId": "ships", "entries": entries });
    assert_eq!(bob.post("/api/conversations/ingest", &session).await.body["added"], 60);

    // Findings come first, so the batch that waits for this lock is not the first one. The worker is killed there.
    let mut lock = PgConnection::connect(&mosaic.database.url).await.unwrap();
    let mut holds = lock.begin().await.unwrap();
    let message = "select from knowledge_chunks where kind = 'm' for update";
    sqlx::query(message).execute(&mut *holds).await.unwrap();
    mosaic.start_worker();
    let waits = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
                 and query like 'update knowledge_chunks%'";
    eventually("the worker waits for the lock", || async {
        sqlx::query(waits).fetch_optional(&pool).await.unwrap()
    })
    .await;
    mosaic.kill_worker(0);
    let before = embedded_chunks(&pool).await;
    assert!((32..100).contains(&before.len()), "{} are done", before.len());
    holds.rollback().await.unwrap();

    mosaic.start_worker();
    let status = wait_until_embedded(&bob).await;
    assert_eq!(status["total"], 100, "{status}");
    let after = embedded_chunks(&pool).await;
    assert_eq!(after.len(), 100);
    assert!(before.iter().all(|chunk| after.contains(chunk)), "finished chunks are not embedded again");
    let links: i64 = sqlx::query_scalar("select count(*) from finding_links").fetch_one(&pool).await.unwrap();
    let found = search_findings(&bob, "kitten napping on a couch").await;
    let cats: Vec<&Value> = found["items"].as_array().unwrap().iter().take(2).collect();
    assert!(cats.iter().all(|cat| cat["content"].as_str().unwrap().contains("cat was asleep")), "{found}");
    assert!(cats.iter().all(|cat| {
        cat["similar"].as_array().unwrap().iter().any(|other| cats.iter().any(|cat| cat["id"] == other["id"]))
    }));
    let twice: i64 = sqlx::query_scalar(
        "select count(*) - count(distinct (least(finding_id, similar_id), greatest(finding_id, similar_id))) * 2
         from finding_links",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(links >= 2 && twice == 0, "each link in both directions, once");
}
