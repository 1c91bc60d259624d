//! Memory: values by key, with versions that detect concurrent changes, expiry, and a maximum size.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Mosaic, Options, Person, eventually};

async fn put(person: &Person, key: &str, body: Value) -> tests::Reply {
    person.put(&format!("/api/memory/{key}"), &body).await
}

#[tokio::test]
async fn memory_counts_versions_and_keeps_its_history() {
    let mosaic = Mosaic::start_with(Options { workers: 0, ..Options::default() }).await;
    mosaic.onboarded().await;
    let (alice, bob) = (mosaic.user_with_agent("alice").await, mosaic.user_with_agent("bob").await);
    let agent = bob.get("/api/agents").await.body["items"][0]["id"].as_str().unwrap().to_owned();

    // Ten concurrent increments, each with the version it has read: none is lost.
    assert_eq!(put(&bob, "count", json!({ "value": { "n": 0 }, "ifVersion": 0 })).await.status, 200);
    let add = async || {
        eventually("the value is written", || async {
            let read = bob.get("/api/memory/count").await.body;
            let next =
                json!({ "value": { "n": read["value"]["n"].as_i64()? + 1 }, "ifVersion": read["version"] });
            let written = put(&bob, "count", next).await;
            assert!(written.status == 200 || written.code() == "version_conflict", "{:?}", written.body);
            (written.status == 200).then_some(())
        })
        .await;
    };
    join_all((0..10).map(|_| add())).await;
    let count = bob.get("/api/memory/count").await.body;
    assert_eq!((&count["value"]["n"], &count["version"]), (&json!(10), &json!(11)));
    let history = bob.get("/api/memory/count/history").await.body;
    let versions: Vec<_> =
        history["items"].as_array().unwrap().iter().map(|past| past["version"].as_i64().unwrap()).collect();
    assert_eq!(versions, (1..=11).rev().collect::<Vec<_>>());
    assert_eq!(
        (&history["items"][0]["by"], &history["items"][10]["value"]),
        (&json!("person"), &json!({ "n": 0 }))
    );

    // A deleted key is gone, but its version continues.
    assert_eq!(bob.delete("/api/memory/count").await.status, 204);
    assert_eq!(
        (bob.get("/api/memory/count").await.status, bob.delete("/api/memory/count").await.status),
        (404, 404)
    );
    let back = put(&bob, "count", json!({ "value": null, "ifVersion": 0 })).await;
    assert_eq!((back.status, &back.body["version"]), (200, &json!(13)));
    assert_eq!(bob.get("/api/memory/count").await.body["value"], Value::Null);

    // Each agent has its own scope beside the shared one. Keys are listed by prefix, in pages.
    for key in ["plan%2Fb", "plan%2Fa", "other"] {
        assert_eq!(
            put(&bob, &format!("{key}?agentId={agent}"), json!({ "value": key })).await.status,
            200,
            "{key}"
        );
    }
    let listed = async |query: &str| {
        let page = bob.get(&format!("/api/memory?{query}")).await.body;
        let keys =
            page["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap().to_owned());
        (keys.collect::<Vec<_>>(), page["nextCursor"].as_str().map(str::to_owned))
    };
    let (first, next) = listed(&format!("agentId={agent}&prefix=plan/&limit=1")).await;
    assert_eq!((first, next.as_deref()), (vec!["plan/a".to_owned()], Some("plan/a")));
    let (second, _) = listed(&format!("agentId={agent}&prefix=plan/&limit=1&cursor=plan%2Fa")).await;
    assert_eq!(second, ["plan/b"]);
    assert_eq!(listed("").await.0, ["count"]);

    // Expiry, maximum size, and other users.
    assert_eq!(put(&bob, "brief", json!({ "value": 1, "ttlSeconds": 1 })).await.status, 200);
    eventually("the value has expired", || async {
        (bob.get("/api/memory/brief").await.status == 404).then_some(())
    })
    .await;
    assert_eq!(listed("prefix=brief").await.0, Vec::<String>::new());
    let large = put(&bob, "large", json!({ "value": "x".repeat(70_000) })).await;
    assert_eq!((large.status, large.code()), (413, "too_large"));
    assert!(large.body["detail"].as_str().unwrap().contains("64 KiB"));
    for wrong in [
        json!({ "value": "a\u{0}b" }),
        json!({ "value": { "\u{0}": 1 } }),
        json!({ "value": 1, "ttlSeconds": 0 }),
    ] {
        assert_eq!(put(&bob, "wrong", wrong).await.status, 422);
    }
    assert_eq!(put(&bob, &"k".repeat(201), json!({ "value": 1 })).await.status, 422);
    assert_eq!(alice.get(&format!("/api/memory/other?agentId={agent}")).await.status, 404);
    assert_eq!(
        put(&alice, &format!("other?agentId={agent}"), json!({ "value": "alices" })).await.status,
        404
    );
    assert_eq!(alice.get("/api/memory/count").await.status, 404);
    assert_eq!(bob.get(&format!("/api/memory/other?agentId={agent}")).await.body["value"], "other");
}
