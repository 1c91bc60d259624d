//! A request that is repeated with the same Idempotency-Key creates its resource once.

use serde_json::{Value, json};
use tests::{Mosaic, Person};

async fn post(person: &Person, path: &str, body: &Value, key: &str) -> (u16, Value) {
    let reply = person.post_with(path, body, &[("Idempotency-Key", key)]).await;
    (reply.status, reply.body)
}

async fn count(person: &Person, path: &str) -> usize {
    person.get(path).await.body["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_request_repeated_under_one_key_creates_one_resource() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let model = admin.get("/api/agents").await.body["items"][0]["model"].clone();
    let requests = [
        ("/api/chats", json!({ "title": "Plans" }), json!({ "title": "Others" })),
        ("/api/agents", json!({ "name": "Ada", "model": model }), json!({ "name": "Bea", "model": model })),
        (
            "/api/providers",
            json!({ "kind": "openai", "name": "Mine", "apiKey": "sk-once", "models": [{ "id": "m" }] }),
            json!({ "kind": "openai", "name": "Other", "apiKey": "sk-once", "models": [{ "id": "m" }] }),
        ),
    ];
    for (path, body, other) in &requests {
        let before = count(&admin, path).await;
        // Twice at once, as an impatient client does; then later, as a client does that got no response.
        let (one, two) = tokio::join!(post(&admin, path, body, path), post(&admin, path, body, path));
        let (status, made) = post(&admin, path, body, path).await;
        assert_eq!((one.0, two.0, status), (201, 201, 201), "{path}: {one:?} {two:?} {made}");
        assert!(made["id"].is_string() && one.1["id"] == made["id"] && two.1["id"] == made["id"], "{path}");
        assert_eq!(count(&admin, path).await, before + 1, "{path}");

        let (status, refused) = post(&admin, path, other, path).await;
        assert_eq!((status, refused["code"].as_str()), (409, Some("idempotency_key_reused")), "{path}");
        let (status, another) = post(&admin, path, other, &format!("{path}2")).await;
        assert_eq!(status, 201, "{path}");
        assert_eq!(count(&admin, path).await, before + 2, "{path}");
        // After a deletion the same key creates a new resource.
        let deleted = format!("{path}/{}", another["id"].as_str().unwrap());
        assert_eq!(admin.delete(&deleted).await.status, 204, "{path}");
        let (status, recreated) = post(&admin, path, other, &format!("{path}2")).await;
        assert_eq!(status, 201, "{path}: {recreated}");
        assert_ne!(recreated["id"], another["id"], "{path}");
        assert_eq!(count(&admin, path).await, before + 2, "{path}");
    }
    // A body with the same name but other fields is a different request.
    let with_fallbacks = json!({ "name": "Ada", "model": model, "fallbacks": [model] });
    assert_eq!(post(&admin, "/api/agents", &with_fallbacks, "/api/agents").await.0, 409);
    // The keys of one user do not affect another user.
    let (path, body, _) = &requests[0];
    let bob = mosaic.user_with_agent("bob").await;
    let (status, bobs) = post(&bob, path, body, path).await;
    assert_eq!(status, 201);
    assert_ne!(bobs["id"], post(&admin, path, body, path).await.1["id"]);

    // A token is shown once and not again.
    let token = json!({ "name": "for a script", "scopes": ["chat"] });
    let (status, made) = post(&admin, "/api/tokens", &token, "token").await;
    assert_eq!(status, 201);
    let (status, again) = post(&admin, "/api/tokens", &token, "token").await;
    assert_eq!((status, again["code"].as_str()), (409, Some("token_made")));
    assert!(!again.to_string().contains(made["token"].as_str().unwrap()));
    assert_eq!(count(&admin, "/api/tokens").await, 1);

    // A refused request does not use up its key, and a key that is too long is refused.
    let nameless = json!({ "name": "", "model": model });
    assert_eq!(post(&admin, "/api/agents", &nameless, "fresh").await.0, 422);
    assert_eq!(post(&admin, "/api/agents", &json!({ "name": "Cleo", "model": model }), "fresh").await.0, 201);
    let (status, refused) = post(&admin, "/api/chats", &json!({}), &"k".repeat(201)).await;
    assert_eq!((status, refused["code"].as_str()), (422, Some("invalid")));
}
