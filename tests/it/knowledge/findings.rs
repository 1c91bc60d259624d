//! Findings: saved, merged, found by text and by meaning, changed, expired and deleted.

use super::{contents, save_finding, search_findings, wait_until_embedded};
use serde_json::{Value, json};
use tests::{Mosaic, eventually};

const CAT: &str = "The cat was asleep on the sofa all afternoon.";
const RATES: &str = "Central banks raised interest rates by half a percentage point.";
const BREAD: &str = "A sourdough loaf needs a hot oven and a long rest.";

#[tokio::test]
async fn a_finding_is_saved_merged_found_changed_and_deleted() {
    let mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let bob = mosaic.user_with_agent("bob").await;
    let agent = bob.get("/api/agents").await.body["items"][0]["id"].clone();
    let chat = bob.create_chat().await;
    let first = bob
        .post(
            "/api/findings",
            &json!({ "content": CAT, "tags": ["Pets", "home"], "source": { "chatId": chat, "agentId": agent } }),
        )
        .await;
    assert_eq!(first.status, 201, "{:?}", first.body);
    assert_eq!(
        (&first.body["tags"], &first.body["source"]["kind"]),
        (&json!(["home", "pets"]), &json!("chat"))
    );
    let id = first.body["id"].as_str().unwrap().to_owned();
    let path = format!("/api/findings/{id}");

    // The same content with other case and spaces is the same finding.
    let again = "the  CAT was asleep\non the sofa all afternoon.";
    let again =
        bob.post("/api/findings", &json!({ "title": "Cat", "content": again, "tags": ["cats"] })).await;
    assert_eq!((again.status, &again.body["id"]), (200, &first.body["id"]));
    assert_eq!(
        (&again.body["title"], &again.body["tags"]),
        (&json!("Cat"), &json!(["cats", "home", "pets"]))
    );
    // Nearly the same content is another finding, which is linked.
    let near = save_finding(&bob, "The cat was asleep on the sofa for the whole afternoon.").await;
    save_finding(&bob, RATES).await;
    let bread = save_finding(&bob, BREAD).await;
    eventually("near duplicates are linked", || async {
        let similar = bob.get(&path).await.body["similar"].clone();
        (similar[0]["id"] == near["id"] && similar[0]["score"].as_f64().unwrap() >= 0.9).then_some(())
    })
    .await;
    wait_until_embedded(&bob).await;

    // Found by text, with the words marked; and by meaning, without any of its words.
    let found = search_findings(&bob, "interest rates").await;
    assert_eq!((&found["mode"], &found["note"]), (&json!("hybrid"), &Value::Null));
    let best = &found["items"][0];
    assert_eq!((&best["content"], &best["matchedBy"]), (&json!(RATES), &json!(["text", "meaning"])));
    let hits: Vec<_> = best["snippet"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|part| part["hit"] == true)
        .map(|part| &part["text"])
        .collect();
    assert_eq!(hits, ["interest", "rates"]);
    let found = search_findings(&bob, "kitten napping on a couch").await;
    assert!(contents(&found)[..2].iter().all(|content| content.contains("cat was asleep")), "{found}");
    assert_eq!(found["items"][0]["matchedBy"], json!(["meaning"]));
    let filtered =
        json!({ "query": "kitten on the sofa", "filters": { "tags": ["PETS"], "agentId": agent } });
    let found = bob.post("/api/findings/search", &filtered).await.body;
    assert_eq!(contents(&found), [CAT]);

    // Pages and filters; changes; a finding cannot get the content of another one.
    let page = bob.get("/api/findings?limit=3").await.body;
    let rest =
        bob.get(&format!("/api/findings?limit=3&cursor={}", page["nextCursor"].as_str().unwrap())).await.body;
    assert_eq!((page["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (3, 1));
    for (filter, content) in [("tag=pets", CAT), ("q=HOT%20oven", BREAD)] {
        assert_eq!(contents(&bob.get(&format!("/api/findings?{filter}")).await.body), [content]);
    }
    let clash = bob.patch(&path, &json!({ "content": BREAD })).await;
    assert_eq!((clash.status, clash.code()), (409, "same_content"));
    let changed =
        bob.patch(&path, &json!({ "content": "Dogs bark at night.", "title": null, "tags": ["pets"] })).await;
    assert_eq!(
        (changed.status, &changed.body["title"], &changed.body["similar"]),
        (200, &Value::Null, &json!([]))
    );
    wait_until_embedded(&bob).await;
    assert_eq!(contents(&search_findings(&bob, "noisy hounds in the dark").await)[0], "Dogs bark at night.");

    // An expired finding disappears from the API immediately, and from the tables later. The same holds for a memory.
    assert_eq!(bob.put("/api/memory/brief", &json!({ "value": 1, "ttlSeconds": 1 })).await.status, 200);
    assert_eq!(bob.put("/api/memory/lasting", &json!({ "value": 2 })).await.status, 200);
    let expiring = bob.patch(&path, &json!({ "ttlSeconds": 1 })).await;
    assert!(expiring.body["expiresAt"].is_string());
    eventually("the finding has expired", || async { (bob.get(&path).await.status == 404).then_some(()) })
        .await;
    eventually("the memory has expired", || async {
        (bob.get("/api/memory/brief").await.status == 404).then_some(())
    })
    .await;
    assert!(!contents(&search_findings(&bob, "dogs bark").await).contains(&"Dogs bark at night."));
    assert_eq!(bob.delete(&format!("/api/findings/{}", bread["id"].as_str().unwrap())).await.status, 204);
    assert!(!contents(&search_findings(&bob, "sourdough oven").await).contains(&BREAD));
    let job = "insert into jobs (id, kind, lane, acts_for, reason, payload, max_attempts)
               values (new_job_id(), 'prune-knowledge', 'maintenance', 'system', 'a test', '{}', 1)";
    sqlx::query(job).execute(&mosaic.database.pool).await.unwrap();
    eventually("expired rows are deleted", || async {
        let left = "select (select count(*) from findings) + (select count(distinct parent_id) from knowledge_chunks)
                         + (select count(distinct chunk_id) from knowledge_terms)";
        let left: i64 = sqlx::query_scalar(left).fetch_one(&mosaic.database.pool).await.unwrap();
        (left == 2 * 3).then_some(())
    })
    .await;
    let kept =
        "select m.key || ' ' || h.version from agent_memories m full join agent_memory_history h using (key)";
    let kept: Vec<String> = sqlx::query_scalar(kept).fetch_all(&mosaic.database.pool).await.unwrap();
    assert_eq!(kept, ["lasting 1"]);
}

#[tokio::test]
async fn invalid_findings_and_queries_are_refused() {
    let mosaic = Mosaic::start_with(tests::Options { workers: 0, ..tests::Options::default() }).await;
    mosaic.onboarded().await;
    let (bob, carol) = (mosaic.user_with_agent("bob").await, mosaic.user_with_agent("carol").await);
    let carols_agent = carol.get("/api/agents").await.body["items"][0]["id"].clone();
    for (body, field) in [
        (json!({ "content": " " }), "content"),
        (json!({ "content": "x".repeat(20_001) }), "content"),
        (json!({ "content": "a\u{0}b" }), "content"),
        (json!({ "content": "x", "title": "a\nb" }), "title"),
        (json!({ "content": "x", "tags": vec!["t"; 11] }), "tags"),
        (json!({ "content": "x", "ttlSeconds": 0 }), "ttlSeconds"),
    ] {
        let refused = bob.post("/api/findings", &body).await;
        assert_eq!(
            (refused.status, &refused.body["errors"][0]["field"]),
            (422, &json!(field)),
            "{:?}",
            refused.body
        );
    }
    let foreign =
        bob.post("/api/findings", &json!({ "content": "x", "source": { "agentId": carols_agent } })).await;
    assert_eq!((foreign.status, foreign.code()), (404, "not_found"));
    for query in [json!({ "query": "" }), json!({ "query": "x".repeat(1001) }), json!({ "query": "\u{0}" })] {
        assert_eq!(bob.post("/api/findings/search", &query).await.status, 422);
    }
    // Operators of the query syntax are plain words here.
    for query in ["'", "a & | ! (", "\\", "<->:*", "the of and", "🐈 ' OR 1=1 --", &"word ".repeat(190)] {
        assert_eq!(bob.post("/api/findings/search", &json!({ "query": query })).await.status, 200, "{query}");
    }
}
