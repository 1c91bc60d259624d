//! Whoever embeds may be missing, fail or be replaced: saving and searching go on, and what was missed is caught up.

use super::{contents, embedded, save, search, set};
use serde_json::{Value, json};
use std::os::unix::fs::symlink;
use tests::{Mosaic, Options, eventually, prepared};

const CAT: &str = "The cat was asleep on the sofa all afternoon.";
const RATES: &str = "Central banks raised interest rates by half a percentage point.";

/// The safety net, without waiting for its minute.
async fn sweep(admin: &tests::Person) {
    let run = admin.post("/api/schedules/embed-pending/run", &json!({})).await;
    assert_eq!(run.status, 202, "{:?}", run.body);
}

#[tokio::test]
async fn a_missing_engine_costs_the_meaning_and_is_caught_up_when_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { embeddings: folder.path().to_owned(), ..Options::default() };
    let mosaic = Mosaic::start_with(options).await;
    let admin = mosaic.onboarded().await;
    let bob = mosaic.user("bob").await;
    save(&bob, CAT).await;
    save(&bob, RATES).await;
    let status = bob.get("/api/knowledge/status").await.body;
    assert_eq!((&status["embedding"]["state"], &status["pending"]), (&json!("unavailable"), &json!(2)));
    assert!(status["embedding"]["detail"].as_str().unwrap().contains("libonnxruntime.so"), "{status}");
    let found = search(&bob, "interest rates").await;
    assert_eq!((&found["mode"], contents(&found)), (&json!("text"), vec![RATES]));
    assert!(found["note"].as_str().unwrap().contains("words alone"), "{found}");
    assert_eq!(contents(&search(&bob, "kitten napping").await), Vec::<&str>::new());
    // One job waits for it, whatever is saved, and says what for.
    eventually("one job waits and says what for", || async {
        let jobs = bob.get("/api/jobs?kind=embed").await.body["items"].clone();
        let waits =
            jobs[0]["state"] == "queued" && jobs.to_string().contains("embedding engine is not available");
        (waits && jobs.as_array()?.len() == 1).then_some(())
    })
    .await;

    // The engine comes; nobody restarts or saves anything.
    for file in ["libonnxruntime.so", "model.onnx", "tokenizer.json"] {
        symlink(format!("{}/{file}", prepared("MOSAIC_TEST_EMBEDDINGS_DIR")), folder.path().join(file))
            .unwrap();
    }
    sweep(&admin).await;
    embedded(&bob).await;
    let found = search(&bob, "kitten napping").await;
    assert_eq!((&found["mode"], &found["note"], contents(&found)[0]), (&json!("hybrid"), &Value::Null, CAT));
}

#[tokio::test]
async fn another_model_or_language_takes_over_while_searches_go_on() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let bob = mosaic.user("bob").await;
    save(&bob, CAT).await;
    save(&bob, RATES).await;
    assert_eq!(embedded(&bob).await["embedding"]["dimensions"], 384);

    // An endpoint, with a key that it does not take: searches go by words.
    let endpoint = |key: &str, url: &str| {
        json!({ "knowledge": { "embeddings": {
            "source": "endpoint", "baseUrl": format!("{url}/v1/"), "model": "stub-embed", "apiKey": key,
        } } })
    };
    let url = mosaic.llm.url();
    assert_eq!(set(&admin, endpoint("sk-bad-canary-0123", &url)).await.status, 200);
    let found = search(&bob, "interest rates").await;
    assert_eq!((&found["mode"], contents(&found)), (&json!("text"), vec![RATES]));
    let status = bob.get("/api/knowledge/status").await.body;
    assert_eq!(status["embedding"]["state"], "unavailable");
    assert!(status["embedding"]["detail"].as_str().unwrap().contains("(401)"), "{status}");
    // A good one. It is shown by its end only, here and in the log.
    let changed = set(&admin, endpoint("sk-canary-embeddings-4567", &url)).await;
    let shown = &changed.body["knowledge"]["embeddings"];
    assert_eq!(shown["apiKey"], json!({ "set": true, "endsIn": "4567" }));
    assert_eq!(shown["baseUrl"], format!("{url}/v1"));
    let log = admin.get("/api/audit?action=settings.change").await.body.to_string();
    assert!(!log.contains("canary") && log.contains("4567"), "{log}");
    let status = eventually("the endpoint has embedded everything", || async {
        let status = bob.get("/api/knowledge/status").await.body;
        // While it works, searches are answered.
        assert_eq!(contents(&search(&bob, "interest rates").await)[0], RATES);
        (status["pending"] == 0 && status["embedding"]["dimensions"] == 48).then_some(status)
    })
    .await;
    assert!(status["embedding"]["model"].as_str().unwrap().ends_with("stub-embed"), "{status}");
    assert_eq!(search(&bob, "sofa").await["mode"], "hybrid");
    // The stored key goes nowhere else, and what was shown of it changes nothing.
    let moved = json!({ "knowledge": { "embeddings": { "baseUrl": "https://elsewhere.example/v1" } } });
    let refused = set(&admin, moved).await;
    assert_eq!(
        (refused.status, &refused.body["errors"][0]["field"]),
        (422, &json!("knowledge.embeddings.apiKey"))
    );
    let same = json!({ "knowledge": { "embeddings": { "apiKey": shown["apiKey"] } } });
    assert_eq!(set(&admin, same).await.body["knowledge"]["embeddings"]["apiKey"]["endsIn"], "4567");

    // Words of another language: `Häuser` and `Haus` are one in German, and two in English.
    save(&bob, "Die alten Häuser stehen am Fluss.").await;
    let german = async || contents(&search(&bob, "Haus").await).first().copied().map(str::to_owned);
    let off = json!({ "knowledge": { "embeddings": { "source": "off" } } });
    assert_eq!(set(&admin, off).await.status, 200);
    let found = search(&bob, "Haus").await;
    assert_eq!((&found["mode"], contents(&found)), (&json!("text"), vec![]));
    assert_eq!(set(&admin, json!({ "knowledge": { "textSearchLanguage": "german" } })).await.status, 200);
    eventually("the words are German", || async { german().await.filter(|found| found.contains("Häuser")) })
        .await;
    let wrong = set(&admin, json!({ "knowledge": { "textSearchLanguage": "klingon" } })).await;
    assert_eq!(
        (wrong.status, &wrong.body["errors"][0]["field"]),
        (422, &json!("knowledge.textSearchLanguage"))
    );
}
