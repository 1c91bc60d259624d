//! What one has saved changes nothing of what another finds: no hit, no rank, no score, no count.

use super::{embedded, save, search};
use serde_json::Value;
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
