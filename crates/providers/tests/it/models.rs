//! Model lists from the provider.

use crate::support::{Server, json, loopback, with_headers};
use domain::provider::ProviderKind::{Google, Groq, OpenaiCompatible};
use providers::{Cause, list_models};
use serde_json::json;

#[tokio::test]
async fn the_list_is_sorted_and_described() {
    let server = Server::start(|_| {
        json(200, json!({"data": [{"id": "b", "context_window": 8192}, {"id": "a"}, {"id": "b"}]}))
    })
    .await;
    let models = list_models(&loopback(), &server.allowed(), &server.target(Groq, "/v1", &[])).await.unwrap();
    let ids: Vec<_> = models.iter().map(|model| (model.id.as_str(), model.context_window)).collect();
    assert_eq!(ids, [("a", None), ("b", Some(8192))]);
    assert_eq!(server.lines(), ["GET /v1/models"]);
}

#[tokio::test]
async fn google_models_that_cannot_chat_are_left_out() {
    let server = Server::start(|_| {
        json(
            200,
            json!({"models": [
                {"name": "models/gemini-3", "supportedGenerationMethods": ["generateContent"]},
                {"name": "models/embedding-1", "supportedGenerationMethods": ["embedContent"]},
            ]}),
        )
    })
    .await;
    let target = server.target(Google, "/v1beta", &[]);
    let models = list_models(&loopback(), &server.allowed(), &target).await.unwrap();
    assert_eq!(models.len(), 1);
    assert_eq!(models[0].id, "gemini-3");
}

#[tokio::test]
async fn a_list_larger_than_a_mebibyte_is_read() {
    let server = Server::start(|_| {
        let filler = "x".repeat(1_000);
        let models: Vec<_> = (0..2_000).map(|n| json!({"id": format!("m-{n}"), "about": filler})).collect();
        json(200, json!({"data": models}))
    })
    .await;
    let target = server.target(Groq, "/v1", &[]);
    assert_eq!(list_models(&loopback(), &server.allowed(), &target).await.unwrap().len(), 2_000);
}

#[tokio::test]
async fn no_list_and_no_json_have_their_causes() {
    for (status, body, expected) in [
        (404, "", Cause::NotFound),
        (200, "<html>", Cause::BadAnswer),
        (200, "{\"data\":7}", Cause::BadAnswer),
    ] {
        let server = Server::start(move |_| with_headers(status, "", body)).await;
        let target = server.target(OpenaiCompatible, "/v1", &[]);
        let failure = list_models(&loopback(), &server.allowed(), &target).await.unwrap_err();
        assert_eq!(failure.cause, expected);
    }
}
