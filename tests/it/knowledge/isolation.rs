//! What one has saved changes nothing of what another finds: no hit, no rank, no score, no count.

use super::{embedded, save, search};
use domain::{Actor, Person, Role, UserId, knowledge::Kind};
use serde_json::Value;
use store::{
    Store,
    knowledge::{Filter, Scope, by_meaning, by_text, excerpts},
};
use tests::Mosaic;

const BOBS: [&str; 6] = [
    "The quarterly report is due on the last Friday of March.",
    "Reports are written in the shared folder and signed by two people.",
    "The report of the harbour master lists twelve ships.",
    "Tea is served at four in the garden.",
    "Ships wait outside of the harbour when the wind is strong.",
    "A strong wind broke two masts last Friday.",
];
const QUERIES: [&str; 4] = ["report", "when is the report due", "stormy weather at sea", "afternoon drinks"];

/// Everything that an answer tells.
async fn answers(person: &tests::Person) -> Vec<Value> {
    let mut all = Vec::new();
    for query in QUERIES {
        all.push(search(person, query).await);
    }
    all.push(person.get("/api/knowledge/status").await.body);
    all
}

#[tokio::test]
async fn nobodys_rows_change_what_another_finds() {
    let mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let (alice, bob) = (mosaic.user("alice").await, mosaic.user("bob").await);
    for text in BOBS {
        save(&bob, text).await;
    }
    embedded(&bob).await;
    let before = answers(&bob).await;
    assert!(before[..4].iter().all(|found| found["items"].as_array().unwrap().len() >= 3), "{before:?}");

    // The same words and better matches, many times over: they would lead every shared index.
    for (n, query) in QUERIES.iter().enumerate() {
        for m in 0..8 {
            save(&alice, &format!("{query} {query} {n} {m}: {}", BOBS[m % 6])).await;
        }
    }
    embedded(&alice).await;
    assert_eq!(answers(&bob).await, before);
    assert!(search(&alice, "report").await["items"].as_array().unwrap().len() > 6);
    // The same content is hers apart from his: neither merged nor linked.
    let hers = save(&alice, BOBS[3]).await;
    embedded(&alice).await;
    let his = &search(&bob, "tea").await["items"][0];
    assert!(hers["id"] != his["id"] && his["similar"] == serde_json::json!([]), "{his}");
}

/// How many candidates by words and by meaning, and excerpts, `me` gets who asks for what is `whose`.
async fn candidates(mosaic: &Mosaic, store: &Store, me: UserId, whose: UserId) -> [usize; 3] {
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
    let scope = Scope { user: whose, kind: Kind::Finding, filter: &filter, now, most: 100 };
    let mut tx = store.begin(&Actor::User(Person { id: me, role: Role::User })).await.unwrap();
    let text = by_text(&mut tx, scope, "english", "report harbour tea").await.unwrap();
    let meaning = by_meaning(&mut tx, scope, model, &vector).await.unwrap();
    let shown = excerpts(&mut tx, whose, "english", "report", &[id]).await.unwrap();
    [text.len(), meaning.len(), shown.len()]
}

/// Should a statement ever name the wrong user, the wall in the database still stands.
#[tokio::test]
async fn a_statement_that_names_somebody_else_finds_nothing() {
    let mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let (alice, bob) = (mosaic.user("alice").await, mosaic.user("bob").await);
    for person in [&alice, &bob] {
        for text in BOBS {
            save(person, text).await;
        }
        embedded(person).await;
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
        assert_eq!(candidates(&mosaic, &store, me, me).await, [5, 6, 1]);
        assert_eq!(candidates(&mosaic, &store, me, other).await, [0, 0, 0]);
    }
}
