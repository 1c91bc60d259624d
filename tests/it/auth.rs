//! Signing in: passwords, sessions, and the identity provider.

mod forged_tokens;
mod oidc;
mod password;
mod sessions;
mod throttle;

use serde_json::{Value, json};
use tests::{Mosaic, Options, Person, Reply};

const PASSWORD: &str = "correct horse battery staple";

/// A Mosaic without workers: these tests need no container.
async fn mosaic_without_workers() -> Mosaic {
    Mosaic::start_with(Options { workers: 0, ..Options::default() }).await
}

fn credentials(password: &str) -> Value {
    json!({ "username": "root", "password": password })
}

async fn sign_in(person: &Person, password: &str) -> Reply {
    person.post("/api/auth/login", &credentials(password)).await
}

/// Changes settings as this admin.
async fn change_settings(admin: &Person, changes: Value) {
    let etag = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    let reply = admin.patch_with("/api/settings", &changes, &[("If-Match", &etag)]).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
}

/// The audit log's entries for this action, newest first.
async fn audit_entries(mosaic: &Mosaic, action: &str) -> Vec<(String, Value)> {
    sqlx::query_as("select outcome, detail from audit_log where action = $1 order by at desc, id desc")
        .bind(action)
        .fetch_all(&mosaic.database.pool)
        .await
        .unwrap()
}
