//! The breakglass password: changed by its owner, or reset on the server.

use super::{PASSWORD, audit_entries, mosaic_without_workers, sign_in};
use serde_json::json;
use std::{
    io::Write,
    process::{Command, Stdio},
};
use tests::{Mosaic, SECRET_KEY, prepared};

const NEW: &str = "an entirely different battery";
const PATH: &str = "/api/settings/breakglass/password";

#[tokio::test]
async fn a_new_password_needs_the_current_one_and_ends_the_other_sessions() {
    let mosaic = mosaic_without_workers().await;
    let admin = mosaic.admin().await;
    let second = mosaic.anonymous();
    sign_in(&second, PASSWORD).await;

    let wrong = admin.post(PATH, &json!({ "current": "not that one at all", "new": NEW })).await;
    assert_eq!((wrong.status, &wrong.body["errors"][0]["field"]), (422, &json!("current")));
    for weak in ["short", "password1234", "aaaaaaaaaaaaaaaa"] {
        let weak = admin.post(PATH, &json!({ "current": PASSWORD, "new": weak })).await;
        assert_eq!((weak.status, &weak.body["errors"][0]["field"]), (422, &json!("new")));
    }
    assert_eq!(second.get("/api/auth/me").await.status, 200, "nothing has changed yet");

    assert_eq!(admin.post(PATH, &json!({ "current": PASSWORD, "new": NEW })).await.status, 204);
    assert_eq!(admin.get("/api/auth/me").await.status, 200, "the session that changed it stays");
    assert_eq!(second.get("/api/auth/me").await.status, 401);
    assert_eq!(sign_in(&mosaic.anonymous(), PASSWORD).await.status, 401);
    assert_eq!(sign_in(&mosaic.anonymous(), NEW).await.status, 200);
    let log = audit_entries(&mosaic, "breakglass.password").await;
    let outcomes: Vec<&str> = log.iter().map(|(outcome, _)| outcome.as_str()).collect();
    assert_eq!(outcomes, ["ok", "denied"]);
    assert_eq!(log[0].1["endedSessions"], 1);
}

#[tokio::test]
async fn a_user_without_a_password_cannot_change_one() {
    let mosaic = mosaic_without_workers().await;
    mosaic.admin().await;
    let carol = mosaic.user("carol").await;
    sqlx::query("update users set role = 'admin' where username = 'carol'")
        .execute(&mosaic.database.pool)
        .await
        .unwrap();
    let refused = carol.post(PATH, &json!({ "current": PASSWORD, "new": NEW })).await;
    assert_eq!((refused.status, refused.code()), (409, "no_breakglass"));
}

#[tokio::test]
async fn a_reset_on_the_server_ends_sessions_and_the_waiting_time() {
    let mosaic = mosaic_without_workers().await;
    let admin = mosaic.admin().await;
    for _ in 0..5 {
        sign_in(&admin, "a wrong password").await;
    }
    assert_eq!(sign_in(&mosaic.anonymous(), PASSWORD).await.status, 429);
    reset(&mosaic, NEW);
    assert_eq!(admin.get("/api/auth/me").await.status, 401);
    assert_eq!(sign_in(&mosaic.anonymous(), NEW).await.status, 200, "without waiting");
}

fn reset(mosaic: &Mosaic, password: &str) {
    let mut child = Command::new(prepared("MOSAIC_TEST_BIN"))
        .args(["admin", "reset-breakglass"])
        .env("DATABASE_URL", &mosaic.database.url)
        .env("MOSAIC_SECRET_KEY", SECRET_KEY)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}
