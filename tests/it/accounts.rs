//! Admins manage accounts, and users see what was done to their data.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Mosaic, Person, docker, eventually};

async fn id_of(admin: &Person, name: &str) -> String {
    admin.find_user(name).await["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn disabling_an_account_ends_its_sessions_tokens_turns_and_container() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let bob = mosaic.user_with_agent("bob").await;
    let made = bob.post("/api/tokens", &json!({ "name": "t", "scopes": ["chat"] })).await;
    let program = Person::with_token(&mosaic.url, made.body["token"].as_str().unwrap());
    assert_eq!(bob.ask_in_new_chat("Hello").await["status"], "done");
    let chat = bob.create_chat().await;
    let turn = bob.ask(&chat, "[[llm:tokens=600,gap=100]] Tell me something long").await;
    let mut events = bob.follow(&turn, 0).await;
    events.wait_for("stage").await;

    let user = format!("/api/users/{}", id_of(&admin, "bob").await);
    let disabled = admin.patch(&user, &json!({ "disabled": true })).await;
    assert_eq!(disabled.status, 200, "{:?}", disabled.body);
    assert!(disabled.body["disabledAt"].is_string());
    assert_eq!(bob.get("/api/auth/me").await.status, 401, "the session has ended");
    assert_eq!(program.get("/api/chats").await.status, 401, "the token is refused");
    let container = mosaic.containers().await.remove(0);
    eventually("the container stops", || async {
        (docker(&["inspect", "-f", "{{.State.Running}}", &container]) == "false").then_some(())
    })
    .await;
    eventually("the turn ends", || async {
        let status: String = sqlx::query_scalar("select status from turns order by id desc limit 1")
            .fetch_one(&mosaic.database.pool)
            .await
            .unwrap();
        (!matches!(status.as_str(), "pending" | "running")).then_some(())
    })
    .await;

    let enabled = admin.patch(&user, &json!({ "disabled": false })).await;
    assert!(enabled.body["disabledAt"].is_null(), "{:?}", enabled.body);
    assert_eq!(bob.get("/api/auth/me").await.status, 401, "the session stays ended");
    assert_eq!(program.get("/api/chats").await.status, 200, "the token is valid again");
}

#[tokio::test]
async fn admins_cannot_lock_themselves_or_the_breakglass_admin_out() {
    let mosaic = Mosaic::start().await;
    let root = mosaic.onboarded().await;
    let carol = mosaic.user("carol").await;
    let users = root.get("/api/users?limit=1").await.body;
    assert_eq!(users["items"][0]["username"], "carol");
    let next = root.get(&format!("/api/users?cursor={}", users["nextCursor"].as_str().unwrap())).await.body;
    assert_eq!(
        (&next["items"][0]["username"], &next["items"][0]["breakglass"]),
        (&json!("root"), &json!(true))
    );
    let (carols_id, root_id) = (id_of(&root, "carol").await, id_of(&root, "root").await);

    let raised = root.patch(&format!("/api/users/{carols_id}"), &json!({ "role": "admin" })).await;
    assert_eq!(raised.body["role"], "admin");
    for change in [json!({ "disabled": true }), json!({ "role": "user" })] {
        let refused = carol.patch(&format!("/api/users/{root_id}"), &change).await;
        assert_eq!((refused.status, &refused.body["code"]), (409, &json!("breakglass_protected")));
        let refused = carol.patch(&format!("/api/users/{carols_id}"), &change).await;
        assert_eq!((refused.status, &refused.body["code"]), (409, &json!("own_account")));
    }
    assert_eq!(root.patch(&format!("/api/users/{carols_id}"), &json!({ "role": "god" })).await.status, 422);
    assert_eq!(root.patch(&format!("/api/users/{carols_id}"), &json!({ "role": "user" })).await.status, 200);
    assert_eq!(carol.get("/api/users").await.status, 403, "immediately");
}

#[tokio::test]
async fn users_see_the_audit_entries_that_concern_them() {
    let mosaic = Mosaic::start().await;
    let root = mosaic.onboarded().await;
    let bob = mosaic.user_with_agent("bob").await;
    let carol = mosaic.user("carol").await;
    let bobs_id = id_of(&root, "bob").await;
    root.patch(&format!("/api/users/{bobs_id}"), &json!({ "role": "admin" })).await;
    root.patch(&format!("/api/users/{bobs_id}"), &json!({ "role": "user" })).await;

    let page = root.get(&format!("/api/audit?owner={bobs_id}&action=user&limit=1")).await.body;
    let entry = &page["items"][0];
    assert_eq!((&entry["action"], &entry["actorName"]), (&json!("user.change"), &json!("root")));
    assert_eq!((&entry["ownerName"], &entry["outcome"]), (&json!("bob"), &json!("ok")));
    assert_eq!(entry["detail"]["before"]["role"], "admin");
    assert_eq!(entry["detail"]["after"]["role"], "user");
    let cursor = page["nextCursor"].as_str().unwrap();
    let older = root.get(&format!("/api/audit?owner={bobs_id}&action=user&cursor={cursor}")).await.body;
    assert_eq!(actions(&older), ["user.change"]);
    for (wrong, status) in [
        ("outcome=maybe", 422),
        ("actor=bob", 422),
        ("from=yesterday", 422),
        ("cursor=1", 400),
        ("format=pdf", 422),
    ] {
        assert_eq!(root.get(&format!("/api/audit?{wrong}")).await.status, status, "{wrong}");
    }

    let own = bob.get("/api/me/activity").await.body;
    let seen = actions(&own);
    assert!(
        seen.contains(&"provider.create".to_owned()) && seen.contains(&"user.change".to_owned()),
        "{seen:?}"
    );
    let entry =
        own["items"].as_array().unwrap().iter().find(|entry| entry["action"] == "user.change").unwrap();
    assert_eq!(entry["address"], "", "the admin's address is not shown to the user");
    assert_eq!(actions(&carol.get("/api/me/activity").await.body), Vec::<String>::new());

    for format in ["csv", "jsonl"] {
        let request = root.request(Method::GET, &format!("/api/audit?format={format}"));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let named = response.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(named.contains(&format!("mosaic-audit.{format}")), "{named}");
        let text = response.text().await.unwrap();
        let all: i64 = sqlx::query_scalar("select count(*) from audit_log")
            .fetch_one(&mosaic.database.pool)
            .await
            .unwrap();
        let header_lines = i64::from(format == "csv");
        assert_eq!(i64::try_from(text.lines().count()).unwrap(), all + header_lines, "{text}");
    }
    assert!(actions(&root.get("/api/audit").await.body).contains(&"audit.export".to_owned()));
}

#[tokio::test]
async fn the_audit_log_cannot_be_changed() {
    let mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    for sql in ["update audit_log set action = 'x'", "delete from audit_log", "truncate audit_log"] {
        let refused = sqlx::query(sql).execute(&mosaic.database.pool).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{sql}: {refused}");
    }
}

fn actions(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
}
