//! The source of embeddings may be missing, fail or be replaced: saving and searching continue, and missing embeddings
//! are made later.

use super::{change_settings, contents, save_finding, search_findings, wait_until_embedded};
use serde_json::{Value, json};
use std::os::unix::fs::symlink;
use tests::{Mosaic, Options, eventually, prepared};

const CAT: &str = "The cat was asleep on the sofa all afternoon.";
const RATES: &str = "Central banks raised interest rates by half a percentage point.";

/// Runs the schedule that embeds what is pending.
async fn run_embed_pending(admin: &tests::Person) {
    let run = admin.post("/api/schedules/embed-pending/run", &json!({})).await;
    assert_eq!(run.status, 202, "{:?}", run.body);
}

#[tokio::test]
async fn without_an_engine_only_text_is_searched_until_it_is_installed() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { embeddings: folder.path().to_owned(), ..Options::default() };
    let mosaic = Mosaic::start_with(options).await;
    let admin = mosaic.onboarded().await;
    let bob = mosaic.user("bob").await;
    save_finding(&bob, CAT).await;
    save_finding(&bob, RATES).await;
    let status = bob.get("/api/knowledge/status").await.body;
    assert_eq!((&status["embedding"]["state"], &status["pending"]), (&json!("unavailable"), &json!(2)));
    assert!(status["embedding"]["detail"].as_str().unwrap().contains("libonnxruntime.so"), "{status}");
    let found = search_findings(&bob, "interest rates").await;
    assert_eq!((&found["mode"], contents(&found)), (&json!("text"), vec![RATES]));
    assert!(found["note"].as_str().unwrap().contains("words alone"), "{found}");
    assert_eq!(contents(&search_findings(&bob, "kitten napping").await), Vec::<&str>::new());
    // One job waits for the engine, however much is saved, and gives the reason.
    eventually("one job waits and gives the reason", || async {
        let jobs = bob.get("/api/jobs?kind=embed").await.body["items"].clone();
        let waits =
            jobs[0]["state"] == "queued" && jobs.to_string().contains("embedding engine is not available");
        (waits && jobs.as_array()?.len() == 1).then_some(())
    })
    .await;

    // The engine is installed; nothing is restarted or saved.
    for file in ["libonnxruntime.so", "model.onnx", "tokenizer.json"] {
        symlink(format!("{}/{file}", prepared("MOSAIC_TEST_EMBEDDINGS_DIR")), folder.path().join(file))
            .unwrap();
    }
    run_embed_pending(&admin).await;
    wait_until_embedded(&bob).await;
    let found = search_findings(&bob, "kitten napping").await;
    assert_eq!((&found["mode"], &found["note"], contents(&found)[0]), (&json!("hybrid"), &Value::Null, CAT));
}

#[tokio::test]
async fn the_model_and_the_language_change_while_searches_continue() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let bob = mosaic.user("bob").await;
    save_finding(&bob, CAT).await;
    save_finding(&bob, RATES).await;
    assert_eq!(wait_until_embedded(&bob).await["embedding"]["dimensions"], 384);

    // An endpoint that refuses the key: only text is searched.
    let endpoint = |key: &str, url: &str| {
        json!({ "knowledge": { "embeddings": {
            "source": "endpoint", "baseUrl": format!("{url}/v1/"), "model": "stub-embed", "apiKey": key,
        } } })
    };
    let url = mosaic.llm.url();
    assert_eq!(change_settings(&admin, endpoint("sk-bad-canary-0123", &url)).await.status, 200);
    let found = search_findings(&bob, "interest rates").await;
    assert_eq!((&found["mode"], contents(&found)), (&json!("text"), vec![RATES]));
    let status = bob.get("/api/knowledge/status").await.body;
    assert_eq!(status["embedding"]["state"], "unavailable");
    assert!(status["embedding"]["detail"].as_str().unwrap().contains("(401)"), "{status}");
    // A valid key. Only its end is shown, here and in the audit log.
    let changed = change_settings(&admin, endpoint("sk-canary-embeddings-4567", &url)).await;
    let shown = &changed.body["knowledge"]["embeddings"];
    assert_eq!(shown["apiKey"], json!({ "set": true, "endsIn": "4567" }));
    assert_eq!(shown["baseUrl"], format!("{url}/v1"));
    let log = admin.get("/api/audit?action=settings.change").await.body.to_string();
    assert!(!log.contains("canary") && log.contains("4567"), "{log}");
    let status = eventually("the endpoint has embedded everything", || async {
        let status = bob.get("/api/knowledge/status").await.body;
        // Searches are answered meanwhile.
        assert_eq!(contents(&search_findings(&bob, "interest rates").await)[0], RATES);
        (status["pending"] == 0 && status["embedding"]["dimensions"] == 48).then_some(status)
    })
    .await;
    assert!(status["embedding"]["model"].as_str().unwrap().ends_with("stub-embed"), "{status}");
    assert_eq!(search_findings(&bob, "sofa").await["mode"], "hybrid");
    // The stored key is not sent to another address, and sending back its masked form changes nothing.
    let other_address =
        json!({ "knowledge": { "embeddings": { "baseUrl": "https://elsewhere.example/v1" } } });
    let refused = change_settings(&admin, other_address).await;
    assert_eq!(
        (refused.status, &refused.body["errors"][0]["field"]),
        (422, &json!("knowledge.embeddings.apiKey"))
    );
    let same = json!({ "knowledge": { "embeddings": { "apiKey": shown["apiKey"] } } });
    assert_eq!(
        change_settings(&admin, same).await.body["knowledge"]["embeddings"]["apiKey"]["endsIn"],
        "4567"
    );

    // Another language: `Häuser` and `Haus` are the same word in German, and two words in English.
    save_finding(&bob, "Die alten Häuser stehen am Fluss.").await;
    let german = async || contents(&search_findings(&bob, "Haus").await).first().copied().map(str::to_owned);
    let off = json!({ "knowledge": { "embeddings": { "source": "off" } } });
    assert_eq!(change_settings(&admin, off).await.status, 200);
    let found = search_findings(&bob, "Haus").await;
    assert_eq!((&found["mode"], contents(&found)), (&json!("text"), vec![]));
    assert_eq!(
        change_settings(&admin, json!({ "knowledge": { "textSearchLanguage": "german" } })).await.status,
        200
    );
    eventually("the text index is German", || async {
        german().await.filter(|found| found.contains("Häuser"))
    })
    .await;
    let wrong = change_settings(&admin, json!({ "knowledge": { "textSearchLanguage": "klingon" } })).await;
    assert_eq!(
        (wrong.status, &wrong.body["errors"][0]["field"]),
        (422, &json!("knowledge.textSearchLanguage"))
    );
}
