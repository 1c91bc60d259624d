//! Canary secrets: after typical use they appear only where they must.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Method, header::SET_COOKIE};
use serde_json::json;
use std::process::Command;
use tests::{Mosaic, Person, SECRET_KEY, agents, docker, eventually, prepared};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const KEY: &str = "sk-canary-1234567890abcdef";
const PASSWORD: &str = "correct horse battery staple";
const TEXT: &str = "my diary says xylophone-canary";
/// Mosaic's client secret at the identity provider.
const CLIENT_SECRET: &str = "the-glockenspiel-canary";
const SOUL: &str = "You never speak of the marimba-canary.";
/// A key that its provider repeats in every error.
const REPEATED: &str = "sk-repeated-0987654321fedcba";

#[tokio::test]
async fn secrets_and_chat_text_appear_only_where_they_must() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let api_token = use_all_features(&mosaic, &admin).await;
    let session = sign_in(&mosaic).await;
    let container = mosaic.containers().await.remove(0);
    let gateway_token = gateway_token(&container);
    let secrets = [KEY, PASSWORD, CLIENT_SECRET, &gateway_token, &api_token, &session, SECRET_KEY];
    assert_absent_everywhere(&mosaic, &container, &gateway_token, &[&secrets[..], &[TEXT, SOUL]].concat())
        .await;
    assert_dump_has_no_plaintext(&mosaic, &secrets);
}

#[tokio::test]
async fn a_key_that_the_provider_repeats_is_not_exposed() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let chat = admin.create_chat().await;
    let id = admin.get("/api/providers").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let provider = format!("/api/providers/{id}");
    let echoing =
        json!({ "baseUrl": start_echoing_provider().await, "apiKey": REPEATED, "allowPrivateHost": true });
    let mut seen = admin.patch(&provider, &echoing).await.body.to_string();

    let job = admin.post(&format!("{provider}/test"), &json!({})).await.body["jobId"].clone();
    let job = format!("/api/jobs/{}", job.as_str().unwrap());
    eventually("the test ends", || async { (admin.get(&job).await.body["state"] == "done").then_some(()) })
        .await;
    seen.push_str(&admin.get(&job).await.body.to_string());
    let tested = admin.get(&provider).await.body;
    assert_eq!(tested["lastTest"]["ok"], false, "{tested}");
    assert!(tested["lastTest"].to_string().contains("key_rejected"), "{tested}");
    seen.push_str(&tested.to_string());
    let typed = json!({
        "kind": "openai-compatible", "baseUrl": echoing["baseUrl"], "apiKey": REPEATED, "models": [{ "id": "stub-1" }],
    });
    seen.push_str(&admin.post("/api/providers/test", &typed).await.body.to_string());

    let turn = admin.ask(&chat, TEXT).await;
    let events = admin.follow(&turn, 0).await.read_to_end().await;
    let turn = admin.wait_for_turn(&turn).await;
    assert_eq!(
        (&turn["status"], &turn["error"]["code"]),
        (&json!("failed"), &json!("key_rejected")),
        "{turn}"
    );
    seen.push_str(&format!("{events:?} {turn}"));
    assert!(!seen.contains(REPEATED), "an answer shows the key: {seen}");

    let container = mosaic.containers().await.remove(0);
    assert_absent_everywhere(&mosaic, &container, &gateway_token(&container), &[REPEATED, TEXT]).await;
    assert_dump_has_no_plaintext(&mosaic, &[REPEATED]);
}

/// No secret is in the logs, the jobs, the audit log or Docker's data of the container. The only exception is the
/// gateway token in `docker inspect`: the container gets it in its environment.
async fn assert_absent_everywhere(mosaic: &Mosaic, container: &str, gateway_token: &str, secrets: &[&str]) {
    let places = [
        ("process logs", mosaic.logs()),
        ("docker logs", docker(&["logs", container])),
        ("docker inspect", docker(&["inspect", container]).replace(gateway_token, "")),
        ("jobs", rows(mosaic, "select jsonb_agg(to_jsonb(j)) from jobs j").await),
        ("job attempts", rows(mosaic, "select jsonb_agg(to_jsonb(a)) from job_attempts a").await),
        ("job phases", rows(mosaic, "select jsonb_agg(to_jsonb(p)) from job_phases p").await),
        ("audit log", rows(mosaic, "select jsonb_agg(to_jsonb(a)) from audit_log a").await),
        ("container events", rows(mosaic, "select jsonb_agg(to_jsonb(e)) from container_events e").await),
        ("metrics", [mosaic.metrics("api").await, mosaic.metrics("worker").await].concat()),
        ("system config", rows(mosaic, "select jsonb_agg(to_jsonb(c)) from system_config c").await),
    ];
    for (place, content) in &places {
        for secret in secrets {
            assert!(!content.contains(secret), "{place} contains {secret}");
        }
    }
    assert!(places[0].1.contains("DEBUG"), "the log level is debug");
    assert!(places[3].1.contains("start-container"), "the jobs were read");
    assert!(places[6].1.contains("provider.create"), "the audit log was read");
    assert!(places[8].1.contains("mosaic_turns_ended_total"), "the metrics were read");
}

/// The session token of a new sign-in, from its cookie.
async fn sign_in(mosaic: &Mosaic) -> String {
    let person = mosaic.anonymous();
    let credentials = json!({ "username": "root", "password": PASSWORD });
    let request = person.request(Method::POST, "/api/auth/login").json(&credentials);
    let response = request.send().await.unwrap();
    let cookie = response.headers()[SET_COOKIE].to_str().unwrap().to_owned();
    assert_eq!(person.get("/api/chats").await.status, 200);
    cookie.split(['=', ';']).nth(1).unwrap().to_owned()
}

/// Starts a provider that refuses every key and repeats it in the error; returns its base URL.
async fn start_echoing_provider() -> String {
    let listener = TcpListener::bind((agents::bridge_address(), 0)).await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(respond_with_the_key(socket));
        }
    });
    url
}

async fn respond_with_the_key(mut socket: TcpStream) {
    let (mut request, mut buffer) = (String::new(), [0; 4096]);
    while !request.contains("\r\n\r\n") {
        let Ok(read @ 1..) = socket.read(&mut buffer).await else { return };
        request.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    let bearer =
        request.lines().find(|line| line.to_lowercase().starts_with("authorization:")).unwrap_or_default();
    let body = json!({ "error": { "message": format!("This key is wrong: {bearer}"), "type": "invalid_request_error" } });
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = socket.write_all(format!("{head}{body}").as_bytes()).await;
}

/// Sends valid and invalid requests, so that errors could expose a secret. Returns an API token.
async fn use_all_features(mosaic: &Mosaic, admin: &Person) -> String {
    let mut seen = String::new();
    let agent = admin.get("/api/agents").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let soul = json!({ "personality": { "soul": SOUL } });
    assert_eq!(admin.patch(&format!("/api/agents/{agent}"), &soul).await.status, 200);
    assert_eq!(admin.ask_in_new_chat(TEXT).await["status"], "done");
    let token = admin.post("/api/tokens", &json!({ "name": "laptop", "scopes": ["chat"] })).await;
    let token = token.body["token"].as_str().unwrap().to_owned();
    let program = Person::with_token(&mosaic.url, &token);
    let ask = json!({ "model": "ada", "messages": [{ "role": "user", "content": TEXT }] });
    assert_eq!(program.post("/v1/chat/completions", &ask).await.status, 200);

    let unreachable =
        json!({ "issuer": "http://localhost:1", "clientId": "mosaic", "clientSecret": CLIENT_SECRET });
    for reply in [
        admin.put("/api/settings/oidc", &unreachable).await,
        admin.get("/api/settings/oidc").await,
        admin.post("/api/settings/oidc/test", &unreachable).await,
        admin.put("/api/settings/oidc", &json!({ "issuer": 1, "clientSecret": CLIENT_SECRET })).await,
    ] {
        seen.push_str(&reply.body.to_string());
    }
    assert!(seen.contains("oidc_unreachable"), "{seen}");
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
        "another address needs the key again"
    );
    seen.push_str(&admin.get("/api/tokens").await.body.to_string());
    for (name, secret) in [
        ("key", KEY),
        ("password", PASSWORD),
        ("client secret", CLIENT_SECRET),
        ("API token", token.as_str()),
    ] {
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

/// The database dump contains the secrets neither as plain text nor merely encoded.
fn assert_dump_has_no_plaintext(mosaic: &Mosaic, secrets: &[&str]) {
    let pg_dump = format!("{}/bin/pg_dump", prepared("MOSAIC_TEST_POSTGRES_DIR"));
    let dump = Command::new(pg_dump).arg(&mosaic.database.url).output().unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let dump = String::from_utf8_lossy(&dump.stdout).into_owned();
    assert!(dump.contains("COPY public.llm_providers"), "the dump contains the data");
    for secret in secrets {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let base64 = STANDARD.encode(secret);
        for form in [*secret, &hex, base64.trim_end_matches('=')] {
            assert!(!dump.contains(form), "the dump contains a secret");
        }
    }
}
