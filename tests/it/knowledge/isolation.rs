//! One user's knowledge does not affect another user's searches: no result, no rank, no score, no count.

use super::{save_finding, search_findings, wait_until_embedded};
use domain::{Actor, Person, Role, UserId, knowledge::Kind};
use serde_json::Value;
use store::{
    Store,
    knowledge::{Filter, Scope, by_meaning, by_text, snippets},
};
use tests::Mosaic;

const BOBS_FINDINGS: [&str; 6] = [
    "The quarterly report is due on the last Friday of March.",
    "Reports are written in the shared folder and signed by two people.",
    "The report of the harbour master lists twelve ships.",
    "Tea is served at four in the garden.",
    "Ships wait outside of the harbour when the wind is strong.",
    "A strong wind broke two masts last Friday.",
];
const QUERIES: [&str; 4] = ["report", "when is the report due", "stormy weather at sea", "afternoon drinks"];

/// The results of all queries, and the status.
async fn all_results(person: &tests::Person) -> Vec<Value> {
    let mut all = Vec::new();
    for query in QUERIES {
        all.push(search_findings(person, query).await);
    }
    all.push(person.get("/api/knowledge/status").await.body);
    all
}

#[tokio::test]
async fn another_users_rows_do_not_change_search_results() {
    let mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let (alice, bob) = (mosaic.user("alice").await, mosaic.user("bob").await);
    for text in BOBS_FINDINGS {
        save_finding(&bob, text).await;
    }
    wait_until_embedded(&bob).await;
    let before = all_results(&bob).await;
    assert!(before[..4].iter().all(|found| found["items"].as_array().unwrap().len() >= 3), "{before:?}");

    // Many findings with the same words and better matches: in a shared index they would come first.
    for (n, query) in QUERIES.iter().enumerate() {
        for m in 0..8 {
            save_finding(&alice, &format!("{query} {query} {n} {m}: {}", BOBS_FINDINGS[m % 6])).await;
        }
    }
    wait_until_embedded(&alice).await;
    assert_eq!(all_results(&bob).await, before);
    assert!(search_findings(&alice, "report").await["items"].as_array().unwrap().len() > 6);
    // The same content of two users is neither merged nor linked.
    let alices = save_finding(&alice, BOBS_FINDINGS[3]).await;
    wait_until_embedded(&alice).await;
    let bobs = &search_findings(&bob, "tea").await["items"][0];
    assert!(alices["id"] != bobs["id"] && bobs["similar"] == serde_json::json!([]), "{bobs}");
}

/// How many matches by text, matches by meaning and snippets the user `me` gets from a query for the rows of `whose`.
async fn count_matches(mosaic: &Mosaic, store: &Store, me: UserId, whose: UserId) -> [usize; 3] {
    let pool = &mosaic.database.pool;
    let (id, model, vector): (i64, i16, Vec<f32>) = sqlx::query_as(
        "select id, model, embedding::real[] from knowledge_chunks where user_id = $1 limit 1",
    )
    .bind(whose.uuid())
    .fetch_one(pool)
    .await
    .unwrap();
    let now = sqlx::query_scalar("select now()").fetch_one(pool).await.unwrap();
    let filter = Filter::default();
    let scope = Scope { user: whose, kind: Kind::Finding, filter: &filter, now, limit: 100 };
    let mut tx = store.begin(&Actor::User(Person { id: me, role: Role::User })).await.unwrap();
    let text = by_text(&mut tx, scope, "english", "report harbour tea").await.unwrap();
    let meaning = by_meaning(&mut tx, scope, model, &vector).await.unwrap();
    let shown = snippets(&mut tx, whose, "english", "report", &[id]).await.unwrap();
    [text.len(), meaning.len(), shown.len()]
}

/// Row-level security holds even if a statement names the wrong user.
#[tokio::test]
async fn a_statement_that_names_another_user_finds_nothing() {
    let mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let (alice, bob) = (mosaic.user("alice").await, mosaic.user("bob").await);
    for person in [&alice, &bob] {
        for text in BOBS_FINDINGS {
            save_finding(person, text).await;
        }
        wait_until_embedded(person).await;
    }
    let store = Store::connect(&mosaic.database.url, 1).await.unwrap();
    let mut ids = Vec::new();
    for name in ["alice", "bob"] {
        let id: uuid::Uuid = sqlx::query_scalar("select id from users where username = $1")
            .bind(name)
            .fetch_one(&mosaic.database.pool)
            .await
            .unwrap();
        ids.push(UserId::from(id));
    }
    for (me, other) in [(ids[0], ids[1]), (ids[1], ids[0])] {
        assert_eq!(count_matches(&mosaic, &store, me, me).await, [5, 6, 1]);
        assert_eq!(count_matches(&mosaic, &store, me, other).await, [0, 0, 0]);
    }
}
