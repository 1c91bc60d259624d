//! Canary secrets: after a whole day of use they stand nowhere but where they must.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use std::process::Command;
use tests::{Mosaic, Person, docker, prepared};

const KEY: &str = "sk-canary-1234567890abcdef";
const PASSWORD: &str = "correct horse battery staple";
const TEXT: &str = "my diary says xylophone-canary";

#[tokio::test]
async fn secrets_and_chat_text_stand_only_where_they_must() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let api_token = a_day_of_use(&mosaic, &admin).await;
    let container = mosaic.containers().await.remove(0);
    let gateway_token = gateway_token(&container);

    let places = [
        ("process logs", mosaic.logs()),
        ("docker logs", docker(&["logs", &container])),
        ("docker inspect", docker(&["inspect", &container]).replace(&gateway_token, "")),
        ("jobs", rows(&mosaic, "select jsonb_agg(to_jsonb(j)) from jobs j").await),
        ("job attempts", rows(&mosaic, "select jsonb_agg(to_jsonb(a)) from job_attempts a").await),
        ("job phases", rows(&mosaic, "select jsonb_agg(to_jsonb(p)) from job_phases p").await),
        ("audit log", rows(&mosaic, "select jsonb_agg(to_jsonb(a)) from audit_log a").await),
        ("container events", rows(&mosaic, "select jsonb_agg(to_jsonb(e)) from container_events e").await),
    ];
    for (place, content) in &places {
        for (name, secret) in [
            ("key", KEY),
            ("password", PASSWORD),
            ("gateway token", &gateway_token),
            ("API token", &api_token),
            ("text", TEXT),
        ] {
            assert!(!content.contains(secret), "the {name} stands in: {place}");
        }
    }
    assert!(places[3].1.contains("start-container"), "the jobs were really looked at");
    assert!(places[6].1.contains("provider.create"), "the audit log was really looked at");
    dump_holds_them_sealed(&mosaic, &[KEY, PASSWORD, &gateway_token, &api_token]);
}

/// Good and bad requests, so that errors had their chance to tell too much. Answers with an API token.
async fn a_day_of_use(mosaic: &Mosaic, admin: &Person) -> String {
    let mut seen = String::new();
    assert_eq!(admin.ask_once(TEXT).await["status"], "done");
    let token = admin.post("/api/tokens", &json!({ "name": "laptop", "scopes": ["chat"] })).await;
    let token = token.body["token"].as_str().unwrap().to_owned();
    let program = Person::with_token(&mosaic.url, &token);
    let ask = json!({ "model": "ada", "messages": [{ "role": "user", "content": TEXT }] });
    assert_eq!(program.post("/v1/chat/completions", &ask).await.status, 200);

    for (path, body) in [
        ("/api/auth/login", json!({ "username": "root", "password": [PASSWORD] })),
        ("/api/auth/login", json!({ "username": PASSWORD, "password": format!("{PASSWORD}!") })),
        ("/api/providers", json!({ "kind": "openai", "apiKey": { "nested": KEY } })),
        ("/api/providers", json!({ "kind": "nonsense", "apiKey": KEY })),
        ("/api/providers", json!({ "kind": "openai", "apiKey": format!("{KEY} with a space") })),
        (
            "/api/providers/test",
            json!({ "kind": "openai-compatible", "baseUrl": "http://127.0.0.1:1/v1", "apiKey": KEY }),
        ),
    ] {
        seen.push_str(&admin.post(path, &body).await.body.to_string());
    }
    let provider = admin.get("/api/providers").await.body;
    seen.push_str(&provider.to_string());
    let id = provider["items"][0]["id"].as_str().unwrap().to_owned();
    let moved = json!({ "baseUrl": "https://elsewhere.example/v1" });
    let moved = admin.patch(&format!("/api/providers/{id}"), &moved).await;
    assert_eq!(
        (moved.status, moved.body["errors"][0]["field"].as_str()),
        (422, Some("apiKey")),
        "needs the key again"
    );
    seen.push_str(&admin.get("/api/tokens").await.body.to_string());
    for (name, secret) in [("key", KEY), ("password", PASSWORD), ("API token", token.as_str())] {
        assert!(!seen.contains(secret), "an answer shows the {name}: {seen}");
    }
    token
}

fn gateway_token(container: &str) -> String {
    let env = docker(&["inspect", "-f", "{{range .Config.Env}}{{println .}}{{end}}", container]);
    env.lines().find_map(|line| line.strip_prefix("OPENCLAW_GATEWAY_TOKEN=")).unwrap().to_owned()
}

async fn rows(mosaic: &Mosaic, sql: &'static str) -> String {
    let rows: Option<serde_json::Value> =
        sqlx::query_scalar(sql).fetch_one(&mosaic.database.pool).await.unwrap();
    rows.map(|rows| rows.to_string()).unwrap_or_default()
}

/// Neither in the clear nor merely encoded.
fn dump_holds_them_sealed(mosaic: &Mosaic, secrets: &[&str]) {
    let pg_dump = format!("{}/bin/pg_dump", prepared("MOSAIC_TEST_POSTGRES_DIR"));
    let dump = Command::new(pg_dump).arg(&mosaic.database.url).output().unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let dump = String::from_utf8_lossy(&dump.stdout).into_owned();
    assert!(dump.contains("COPY public.llm_providers"), "the dump has the data");
    for secret in secrets {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let base64 = STANDARD.encode(secret);
        for form in [*secret, &hex, base64.trim_end_matches('=')] {
            assert!(!dump.contains(form), "the dump shows a secret");
        }
    }
}
