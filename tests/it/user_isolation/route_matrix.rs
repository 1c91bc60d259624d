//! Every route with every kind of caller. A route that is missing here fails the test: adding a route means saying who
//! may use it.

use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use tests::{Mosaic, Person};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Any caller.
    Open,
    /// A holder of the setup link.
    Setup,
    /// A signed-in browser.
    Browser,
    /// A signed-in browser, or a token with the scope `chat`.
    Chat,
    /// A signed-in browser, or a token with the scope `jobs`.
    Jobs,
    /// A signed-in browser, or a token with the scope `knowledge`.
    Knowledge,
    /// An admin's browser.
    Admin,
    /// An agent's container, on the internal port.
    Container,
}
use Access::{Admin, Browser, Chat, Container, Jobs, Knowledge, Open, Setup};

const ROUTES: &[(&str, &str, Access)] = &[
    ("GET", "/healthz", Open),
    ("GET", "/readyz", Open),
    ("GET", "/api/version", Open),
    ("GET", "/api/openapi.json", Open),
    ("GET", "/api/onboarding", Open),
    ("POST", "/api/onboarding/breakglass", Setup),
    ("POST", "/api/onboarding/oidc", Admin),
    ("POST", "/api/onboarding/provider", Admin),
    ("POST", "/api/onboarding/agent", Admin),
    ("POST", "/api/onboarding/complete", Admin),
    ("GET", "/api/auth/methods", Open),
    ("POST", "/api/auth/login", Open),
    ("GET", "/api/auth/me", Browser),
    ("GET", "/api/auth/sessions", Browser),
    ("DELETE", "/api/auth/sessions/{id}", Browser),
    ("GET", "/api/auth/oidc/start", Open),
    ("GET", "/api/auth/oidc/callback", Open),
    ("POST", "/api/auth/oidc/backchannel-logout", Open),
    ("GET", "/api/tokens", Browser),
    ("POST", "/api/tokens", Browser),
    ("DELETE", "/api/tokens/{id}", Browser),
    ("GET", "/api/providers/catalog", Browser),
    ("GET", "/api/providers", Browser),
    ("POST", "/api/providers", Browser),
    ("GET", "/api/providers/{id}", Browser),
    ("PATCH", "/api/providers/{id}", Browser),
    ("DELETE", "/api/providers/{id}", Browser),
    ("POST", "/api/providers/test", Browser),
    ("POST", "/api/providers/{id}/test", Browser),
    ("GET", "/api/providers/{id}/models", Browser),
    ("GET", "/api/agents", Browser),
    ("POST", "/api/agents", Browser),
    ("GET", "/api/agents/{id}", Browser),
    ("PATCH", "/api/agents/{id}", Browser),
    ("DELETE", "/api/agents/{id}", Browser),
    ("GET", "/api/container", Chat),
    ("GET", "/api/container/events", Chat),
    ("POST", "/api/container/start", Browser),
    ("POST", "/api/container/stop", Browser),
    ("POST", "/api/container/restart", Browser),
    ("GET", "/api/chats", Chat),
    ("POST", "/api/chats", Chat),
    ("GET", "/api/chats/{id}", Chat),
    ("PATCH", "/api/chats/{id}", Chat),
    ("DELETE", "/api/chats/{id}", Chat),
    ("POST", "/api/chats/{id}/turns", Chat),
    ("GET", "/api/turns/{id}", Chat),
    ("GET", "/api/turns/{id}/events", Chat),
    ("POST", "/api/turns/{id}/stop", Chat),
    ("GET", "/api/findings", Knowledge),
    ("POST", "/api/findings", Knowledge),
    ("POST", "/api/findings/search", Knowledge),
    ("GET", "/api/findings/{id}", Knowledge),
    ("PATCH", "/api/findings/{id}", Knowledge),
    ("DELETE", "/api/findings/{id}", Knowledge),
    ("GET", "/api/memory", Knowledge),
    ("GET", "/api/memory/{key}", Knowledge),
    ("PUT", "/api/memory/{key}", Knowledge),
    ("DELETE", "/api/memory/{key}", Knowledge),
    ("GET", "/api/memory/{key}/history", Knowledge),
    ("GET", "/api/knowledge/status", Knowledge),
    ("GET", "/api/conversations", Knowledge),
    ("GET", "/api/conversations/{id}", Knowledge),
    ("DELETE", "/api/conversations/{id}", Knowledge),
    ("POST", "/api/conversations/search", Knowledge),
    ("POST", "/api/conversations/ingest", Knowledge),
    ("POST", "/api/conversations/import", Knowledge),
    ("GET", "/api/jobs", Jobs),
    ("GET", "/api/jobs/stats", Jobs),
    ("GET", "/api/jobs/events", Jobs),
    ("GET", "/api/jobs/{id}", Jobs),
    ("POST", "/api/jobs/retry", Jobs),
    ("POST", "/api/jobs/cancel", Jobs),
    ("POST", "/api/jobs/discard", Jobs),
    ("GET", "/api/lanes", Admin),
    ("POST", "/api/lanes/{name}/pause", Admin),
    ("POST", "/api/lanes/{name}/resume", Admin),
    ("PATCH", "/api/lanes/{name}", Admin),
    ("GET", "/api/workers", Admin),
    ("GET", "/api/schedules", Admin),
    ("PATCH", "/api/schedules/{name}", Admin),
    ("POST", "/api/schedules/{name}/run", Admin),
    ("GET", "/api/me/activity", Browser),
    ("POST", "/api/me/export", Browser),
    ("GET", "/api/me/export", Browser),
    ("GET", "/api/me/export/download", Browser),
    ("DELETE", "/api/me", Browser),
    ("GET", "/api/users", Admin),
    ("DELETE", "/api/users/{id}", Admin),
    ("PATCH", "/api/users/{id}", Admin),
    ("GET", "/api/fleet/containers", Admin),
    ("POST", "/api/fleet/containers/{id}/stop", Admin),
    ("POST", "/api/fleet/containers/{id}/restart", Admin),
    ("GET", "/api/fleet/system-containers", Admin),
    ("POST", "/api/fleet/system-containers", Admin),
    ("PATCH", "/api/fleet/system-containers/{id}", Admin),
    ("DELETE", "/api/fleet/system-containers/{id}", Admin),
    ("POST", "/api/fleet/self-test", Admin),
    ("GET", "/api/fleet/self-test", Admin),
    ("GET", "/api/audit", Admin),
    ("GET", "/api/settings", Admin),
    ("PATCH", "/api/settings", Admin),
    ("GET", "/api/settings/oidc", Admin),
    ("PUT", "/api/settings/oidc", Admin),
    ("DELETE", "/api/settings/oidc", Admin),
    ("POST", "/api/settings/oidc/test", Admin),
    ("POST", "/api/settings/breakglass/password", Admin),
    ("GET", "/v1/models", Chat),
    ("POST", "/v1/chat/completions", Chat),
    ("GET", "/api/internal/agent-config/{id}", Container),
    ("POST", "/api/internal/mcp", Container),
    ("GET", "/api/internal/mcp", Container),
    ("DELETE", "/api/internal/mcp", Container),
    ("POST", "/api/internal/warm-up/v1/chat/completions", Container),
    // Last, because it signs the browser out.
    ("POST", "/api/auth/logout", Browser),
];

/// Routes for a user's own session or account: an admin cannot use them for one of the instance's own agents.
const SELF_ONLY: &[(&str, &str)] = &[
    ("GET", "/api/auth/sessions"),
    ("DELETE", "/api/auth/sessions/{id}"),
    ("DELETE", "/api/me"),
    ("POST", "/api/auth/logout"),
];

#[test]
fn every_route_of_the_api_is_in_the_matrix() {
    let listed: BTreeSet<(String, String)> =
        ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(listed, routes_of_the_api(), "the matrix (left) and the mounted routes (right) differ");
}

/// The routes of the committed OpenAPI document, which a test of `api` compares with the mounted routes, and those of
/// the internal port.
fn routes_of_the_api() -> BTreeSet<(String, String)> {
    let mut found: BTreeSet<(String, String)> =
        operations().into_iter().map(|(method, path, _)| (method, path)).collect();
    found.insert(("GET".into(), "/api/internal/agent-config/{id}".into()));
    found.extend(["POST", "GET", "DELETE"].map(|method| (method.into(), "/api/internal/mcp".into())));
    found.insert(("POST".into(), "/api/internal/warm-up/v1/chat/completions".into()));
    found
}

fn operations() -> Vec<(String, String, Value)> {
    let document: Value = serde_json::from_str(include_str!("../../../api/openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap().clone();
    let of = |(path, item): (String, Value)| {
        let operations = item.as_object().unwrap().clone();
        operations
            .into_iter()
            .map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
    };
    paths.into_iter().flat_map(of).collect()
}

/// The document tells clients which credentials an operation accepts: the ones in the matrix.
#[test]
fn the_document_names_the_accepted_credentials() {
    for (method, path, operation) in operations() {
        let access = ROUTES.iter().find(|(m, p, _)| (*m, *p) == (&method, &path)).unwrap().2;
        let session = json!({ "session": [] });
        let mut schemes = match access {
            Open => vec![],
            Setup => vec![json!({ "setup": [] })],
            Browser | Admin => vec![session],
            Chat => vec![session, json!({ "token": ["chat"] })],
            Jobs => vec![session, json!({ "token": ["jobs"] })],
            Knowledge => vec![session, json!({ "token": ["knowledge"] })],
            Container => unreachable!("not on the public port"),
        };
        // Without its own entry an operation has the document's default.
        let documented =
            operation["security"].as_array().cloned().unwrap_or_else(|| vec![json!({ "session": [] })]);
        schemes.retain(|scheme| !documented.contains(scheme));
        assert!(schemes.is_empty(), "{method} {path}: the document lacks {schemes:?}");
    }
}

/// The status of the response. The body is not read, because a stream may never end.
async fn request_status(person: &Person, method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    // An id that does not exist: a permitted caller gets "not found".
    let path = path.replace("{id}", &format!("{}_{}", id_prefix(path), uuid::Uuid::now_v7().simple()));
    let path = path.replace("{name}", "nothing").replace("{key}", "nothing");
    let request = person.request(method.parse().unwrap(), &path);
    let admin = json!({ "username": "mallory", "password": "correct horse battery staple" });
    let body = if path.ends_with("/breakglass") { admin } else { json!({}) };
    let request = if method == "GET" { request } else { request.json(&body) };
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.send().await.unwrap().status().as_u16()
}

/// The status of a request with an invalid id, query, version and body. A caller who may not use the route must get the
/// same refusal, because authentication comes before parsing.
async fn malformed_request_status(person: &Person, method: &str, path: &str) -> u16 {
    let path =
        ["{id}", "{name}", "{key}"].into_iter().fold(path.to_owned(), |path, name| path.replace(name, "-"));
    let path = format!("{path}?limit=x&cursor=x&agentId=x&format=x&state=x");
    let request = person.request(method.parse().unwrap(), &path).header("If-Match", "x");
    let request = if method == "GET" { request } else { request.body("{") };
    request.send().await.unwrap().status().as_u16()
}

fn id_prefix(path: &str) -> &'static str {
    let prefixes = [
        ("tokens", "tok"),
        ("sessions", "ses"),
        ("providers", "prv"),
        ("agents", "agt"),
        ("chats", "cht"),
        ("findings", "fnd"),
        ("conversations", "cnv"),
        ("turns", "trn"),
        ("jobs", "job"),
        ("users", "usr"),
        ("system-containers", "usr"),
    ];
    prefixes.into_iter().find(|(noun, _)| path.contains(noun)).map_or("ctr", |(_, prefix)| prefix)
}

#[tokio::test]
async fn each_kind_of_caller_can_use_only_its_own_routes() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let bob = mosaic.user_with_agent("bob").await;
    let token = async |scope: &str| {
        let made = bob.post("/api/tokens", &json!({ "name": scope, "scopes": [scope] })).await;
        Person::with_token(&mosaic.url, made.body["token"].as_str().unwrap())
    };
    let (chat, jobs, knowledge) = (token("chat").await, token("jobs").await, token("knowledge").await);
    let gateway = Person::with_token(&mosaic.url, "mgt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let (disabled_user, disabled_token) = disabled_user(&mosaic).await;
    let anon = mosaic.anonymous();
    let made = admin.post("/api/fleet/system-containers", &json!({ "name": "desk" })).await;
    let delegate = admin.acting_for(made.body["id"].as_str().unwrap());
    let all = [
        ("anonymous", &anon),
        ("bob", &bob),
        ("admin", &admin),
        ("an admin for an agent of the instance", &delegate),
        ("chat", &chat),
        ("jobs", &jobs),
        ("knowledge", &knowledge),
        ("a container", &gateway),
        ("a disabled user", &disabled_user),
        ("a disabled user's token", &disabled_token),
    ];
    for (method, path, access) in ROUTES {
        for (who, person) in all {
            if *path == "/api/auth/logout" && who == "admin" {
                continue;
            }
            let status = request_status(person, method, path, &[]).await;
            let what = format!("{who}: {method} {path}: {status}");
            assert!(status < 500, "{what}");
            match expected_refusal((method, path), *access, who) {
                Some(refusal) => {
                    assert_eq!(status, refusal, "{what}");
                    let status = malformed_request_status(person, method, path).await;
                    assert_eq!(status, refusal, "{who}: malformed {method} {path}");
                }
                None => assert!(!matches!(status, 401 | 403), "{what}"),
            }
        }
    }
    assert_eq!(bob.get("/api/auth/me").await.status, 401, "signed out");
}

#[tokio::test]
async fn on_the_internal_port_a_caller_without_a_valid_token_is_refused_before_anything_is_parsed() {
    let mosaic = Mosaic::start().await;
    let unknown = "mgt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (method, path, _) in ROUTES.iter().filter(|(.., access)| *access == Container) {
        for token in [None, Some("nonsense"), Some(unknown)] {
            let path = path.replace("{id}", "nonsense");
            let status = internal_status(&mosaic.internal_url, method, &path, token).await;
            assert_eq!(status, 401, "{method} {path} with {token:?}");
        }
    }
}

/// The status of the response to a request whose body does not arrive completely: a server that wants to parse it waits.
async fn internal_status(base: &str, method: &str, path: &str, token: Option<&str>) -> u16 {
    let address = base.strip_prefix("http://").unwrap();
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    // Rocket itself reads the first 512 bytes.
    let body = " ".repeat(1024);
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 4096\r\n{authorization}\r\n{body}"
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = BufReader::new(stream).lines();
    let status_line = timeout(Duration::from_secs(10), response.next_line()).await;
    let status_line = status_line.expect("the server waits for the body").unwrap().unwrap();
    status_line.split(' ').nth(1).unwrap().parse().unwrap()
}

/// A user with a session and a token who has been disabled since.
async fn disabled_user(mosaic: &Mosaic) -> (Person, Person) {
    let carol = mosaic.user("carol").await;
    let made =
        carol.post("/api/tokens", &json!({ "name": "t", "scopes": ["chat", "jobs", "knowledge"] })).await;
    let program = Person::with_token(&mosaic.url, made.body["token"].as_str().unwrap());
    assert_eq!((carol.get("/api/chats").await.status, program.get("/api/chats").await.status), (200, 200));
    let disable = "update users set disabled_at = now() where username = 'carol'";
    sqlx::query(disable).execute(&mosaic.database.pool).await.unwrap();
    (carol, program)
}

/// The status of the refusal; `None` if the caller is permitted.
fn expected_refusal(route: (&str, &str), access: Access, who: &str) -> Option<u16> {
    match (access, who) {
        (_, "an admin for an agent of the instance") if SELF_ONLY.contains(&route) => Some(403),
        (Open, _) => None,
        (Setup, _) => Some(403),
        // The public port does not have these routes.
        (Container, _) => Some(404),
        (_, "anonymous" | "a container" | "a disabled user" | "a disabled user's token") => Some(401),
        (Chat, "chat") | (Jobs, "jobs") | (Knowledge, "knowledge") => None,
        (_, "chat" | "jobs" | "knowledge") => Some(403),
        (Admin, "bob" | "an admin for an agent of the instance") => Some(403),
        _ => None,
    }
}

#[tokio::test]
async fn another_sites_page_cannot_write_with_a_users_cookie() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let writes = ROUTES.iter().filter(|(method, _, access)| *method != "GET" && *access != Container);
    for (method, path, _) in writes {
        for foreign in [
            [("Sec-Fetch-Site", "cross-site")].as_slice(),
            &[("Sec-Fetch-Site", "same-site")],
            &[("Origin", "https://mallory.example")],
            &[("Origin", "null")],
        ] {
            assert_eq!(
                request_status(&admin, method, path, foreign).await,
                403,
                "{method} {path} {foreign:?}"
            );
        }
    }
    assert_eq!(admin.get("/api/auth/me").await.status, 200, "still signed in");
}

#[tokio::test]
async fn an_inexact_credential_is_refused() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let made = admin.post("/api/tokens", &json!({ "name": "t", "scopes": ["chat"] })).await;
    let token = made.body["token"].as_str().unwrap();
    let cut = &token[..token.len() - 1];
    let as_cookie = Person::with_session(&mosaic.url, token);
    let session = "mse_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (what, person) in [
        ("an API token as a cookie", &as_cookie),
        ("a made-up session", &Person::with_session(&mosaic.url, session)),
        ("an empty session", &Person::with_session(&mosaic.url, "")),
        ("a cut token", &Person::with_token(&mosaic.url, cut)),
        ("a made-up session as a token", &Person::with_token(&mosaic.url, session)),
        ("an empty token", &Person::with_token(&mosaic.url, "")),
    ] {
        assert_eq!(person.get("/api/chats").await.status, 401, "{what}");
    }
    let program = Person::with_token(&mosaic.url, token);
    assert_eq!(program.get("/api/chats").await.status, 200);
    let bob = mosaic.user("bob").await;
    let made = bob.post("/api/tokens", &json!({ "name": "t", "scopes": ["chat"] })).await;
    let bobs_program = Person::with_token(&mosaic.url, made.body["token"].as_str().unwrap());
    for (what, sql, refused) in [
        (
            "an expired token",
            "update api_tokens set expires_at = now() where name = 't'",
            vec![&program, &bobs_program],
        ),
        ("an expired session", "update sessions set expires_at = now()", vec![&admin]),
    ] {
        sqlx::query(sql).execute(&mosaic.database.pool).await.unwrap();
        for person in refused {
            assert_eq!(person.get("/api/chats").await.status, 401, "{what}");
        }
    }
}
