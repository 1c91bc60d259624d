//! A user's own data: exported as an archive, and deleted with the account.

use reqwest::Method;
use serde_json::{Value, json};
use std::{fs, process::Command};
use tempfile::TempDir;
use tests::{Mosaic, Person, Reply, docker, eventually};

/// Requests an archive and waits until it is ready.
async fn create_export(person: &Person) -> Value {
    let asked = person.post("/api/me/export", &json!({})).await;
    assert_eq!(asked.status, 202, "{:?}", asked.body);
    eventually("the archive is ready", || async {
        let export = person.get("/api/me/export").await.body;
        assert_ne!(export["state"], "failed", "{export}");
        (export["state"] == "ready").then_some(export)
    })
    .await
}

/// Downloads and unpacks an archive.
async fn download_and_unpack(person: &Person, export: &Value) -> TempDir {
    let response = person.request(Method::GET, "/api/me/export/download").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/gzip");
    let bytes = response.bytes().await.unwrap();
    assert_eq!(Some(bytes.len() as u64), export["sizeBytes"].as_u64());
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive.tar.gz");
    fs::write(&archive, bytes).unwrap();
    let tar = Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(folder.path()).status().unwrap();
    assert!(tar.success());
    fs::remove_file(archive).unwrap();
    folder
}

/// Whether any file in the folder contains this text.
fn contains_text(folder: &TempDir, text: &str) -> bool {
    Command::new("grep").args(["-rqaF", text]).arg(folder.path()).status().unwrap().success()
}

async fn count(mosaic: &Mosaic, what: &str) -> i64 {
    let sql = format!("select count(*) from {what}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mosaic.database.pool).await.unwrap()
}

/// Tables with an owner that the archive leaves out, and why.
const NOT_EXPORTED: &[(&str, &str)] = &[
    ("breakglass_users", "password hashes"),
    ("sessions", "the secrets of browsers"),
    ("user_keys", "sealed keys"),
    ("idempotency_keys", "a client's names for its requests, kept for a month"),
    ("turn_events", "the turns contain the result"),
    ("container_usage", "recent measurements only"),
    ("finding_links", "derived from the findings"),
    ("knowledge_chunks", "derived from findings and messages"),
    ("knowledge_terms", "derived from findings and messages"),
    ("exports", "the archive itself"),
    ("export_pieces", "the archive itself"),
];

/// A new table with an owner is exported, or listed above with the reason why not.
async fn assert_every_owned_table_is_accounted_for(mosaic: &Mosaic) {
    let sql = "select distinct table_name::text from information_schema.columns
               join information_schema.tables using (table_schema, table_name)
               where table_schema = 'public' and table_type = 'BASE TABLE'
                 and (column_name in ('user_id', 'owner_id') or table_name = 'users') order by 1";
    let owned: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mosaic.database.pool).await.unwrap();
    let exported = store::exports::TABLES.iter().map(|table| table.table);
    let mut accounted: Vec<&str> = exported.chain(NOT_EXPORTED.iter().map(|(table, _)| *table)).collect();
    accounted.sort_unstable();
    assert_eq!(owned, accounted);
}

/// Creates a finding and a memory, and waits for the archived chat.
async fn create_knowledge(person: &Person) {
    let finding = json!({ "content": "a private finding" });
    assert_eq!(person.post("/api/findings", &finding).await.status, 201);
    assert_eq!(person.put("/api/memory/place", &json!({ "value": "a private memory" })).await.status, 200);
    eventually("the chat is in the archive", || async {
        let items = person.get("/api/conversations").await.body["items"].clone();
        (items[0]["messages"] == 2).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_archive_contains_all_of_a_users_data_but_secrets_and_expires() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    assert_eq!(admin.ask_in_new_chat("another user's matter").await["status"], "done");
    let admin_containers = mosaic.containers().await;
    let alice = mosaic.user_with_agent("alice").await;
    assert_eq!(alice.get("/api/me/export").await.status, 204, "no archive was requested");
    assert_eq!(alice.get("/api/me/export/download").await.status, 404);
    assert_eq!(alice.ask_in_new_chat("a private matter").await["status"], "done");
    create_knowledge(&alice).await;
    assert_every_owned_table_is_accounted_for(&mosaic).await;
    let alice_container =
        mosaic.containers().await.into_iter().find(|name| !admin_containers.contains(name)).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "a file of the agent").unwrap();
    docker(&["cp", file.path().to_str().unwrap(), &format!("{alice_container}:/data/notes.txt")]);

    let id = alice.get("/api/auth/me").await.body["id"].as_str().unwrap().to_owned();
    let limits = json!({ "idleTimeoutSeconds": 7200 });
    assert_eq!(admin.patch(&format!("/api/users/{id}"), &limits).await.status, 200);

    let folder = download_and_unpack(&alice, &create_export(&alice).await).await;
    let activity = fs::read_to_string(folder.path().join("tables/activity-1.jsonl")).unwrap();
    for entry in activity.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let shown = entry.get("address").is_some();
        assert_eq!(
            shown,
            entry["actor_id"] == entry["owner_id"],
            "the admin's address is not part of the archive: {entry}"
        );
    }
    assert!(activity.contains("user.change"), "{activity}");
    let chats: Vec<_> = fs::read_dir(folder.path().join("chats")).unwrap().collect();
    assert_eq!(chats.len(), 1);
    let chat = fs::read_to_string(chats[0].as_ref().unwrap().path()).unwrap();
    assert!(chat.contains("## You") && chat.contains("a private matter"), "{chat}");
    let providers = fs::read_to_string(folder.path().join("tables/providers-1.jsonl")).unwrap();
    let provider: Value = serde_json::from_str(providers.lines().next().unwrap()).unwrap();
    assert_eq!((provider["name"].as_str(), provider["api_key"].as_str()), (Some("Stub"), None));
    for table in ["account", "agents", "chats", "turns", "container", "jobs", "activity"] {
        assert!(folder.path().join(format!("tables/{table}-1.jsonl")).exists(), "{table}");
    }
    for (table, says) in [
        ("findings", "a private finding"),
        ("memories", "a private memory"),
        ("memory-history", "a private memory"),
        ("conversations", "session_key"),
        ("conversation-messages", "a private matter"),
    ] {
        let rows = fs::read_to_string(folder.path().join(format!("tables/{table}-1.jsonl"))).unwrap();
        assert!(rows.contains(says), "{table}: {rows}");
    }
    let notes = fs::read_to_string(folder.path().join("data/notes.txt")).unwrap();
    assert_eq!(notes, "a file of the agent");
    assert!(contains_text(&folder, "a private matter"));
    for absent in ["another user's matter", "sk-canary-1234567890abcdef", "token_hash"] {
        assert!(!contains_text(&folder, absent), "{absent}");
    }
    assert_eq!(admin.get("/api/me/export/download").await.status, 404, "the archive is alice's");

    // Alice's volume is read without a container too, and nothing is left behind. The container is stopped first: if it
    // were only removed, it would be started again.
    assert_eq!(alice.post("/api/container/stop", &json!({})).await.status, 202);
    eventually("the container is stopped", || async {
        (alice.get("/api/container").await.body["container"]["observed"] == "stopped").then_some(())
    })
    .await;
    docker(&["rm", "-f", &alice_container]);
    let before = mosaic.count_objects().await;
    let folder = download_and_unpack(&alice, &create_export(&alice).await).await;
    assert!(folder.path().join("data/notes.txt").exists());
    eventually("the helper container is gone", || async {
        (mosaic.count_objects().await == before).then_some(())
    })
    .await;
    assert_eq!(count(&mosaic, "exports").await, 1, "the newer archive replaces the older one");

    let past = "update exports set expires_at = clock_timestamp()";
    sqlx::query(past).execute(&mosaic.database.pool).await.unwrap();
    assert_eq!(alice.get("/api/me/export").await.body["state"], "failed");
    assert_eq!(alice.get("/api/me/export/download").await.status, 404);
    let run = admin.post("/api/schedules/prune-exports/run", &json!({})).await;
    assert_eq!(run.status, 202, "{:?}", run.body);
    eventually("the archive's content is deleted", || async {
        (count(&mosaic, "export_pieces").await == 0).then_some(())
    })
    .await;

    // An archive above the limit is refused with the reason, and nothing of it is kept.
    let noise = Command::new("sh").args(["-c", "head -c 3000000 /dev/urandom"]).output().unwrap().stdout;
    fs::write(file.path(), noise).unwrap();
    assert_eq!(alice.ask_in_new_chat("are you back?").await["status"], "done");
    docker(&["cp", file.path().to_str().unwrap(), &format!("{alice_container}:/data/noise")]);
    let version = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    let limit = json!({ "exportLimitMib": 1 });
    assert_eq!(admin.patch_with("/api/settings", &limit, &[("If-Match", &version)]).await.status, 200);
    assert_eq!(alice.post("/api/me/export", &json!({})).await.status, 202);
    let refused = eventually("the archive is refused", || async {
        let export = alice.get("/api/me/export").await.body;
        (export["state"] == "failed").then_some(export)
    })
    .await;
    assert!(refused["detail"].as_str().unwrap().contains("more than 1 MiB"), "{refused}");
    assert_eq!(alice.get("/api/me/export/download").await.status, 404);
    assert_eq!(count(&mosaic, "export_pieces").await, 0);
}

async fn delete_me(person: &Person, confirm: &str) -> Reply {
    let response =
        person.request(Method::DELETE, "/api/me").json(&json!({ "confirm": confirm })).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Reply { status, headers, body: response.json().await.unwrap_or(Value::Null) }
}

#[tokio::test]
async fn an_account_is_deleted_completely_although_the_worker_is_killed_meanwhile() {
    let mut mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    assert_eq!(delete_me(&admin, "root").await.code(), "breakglass_protected");
    assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done");
    let before = mosaic.count_objects().await;
    let carol = mosaic.user_with_agent("carol").await;
    assert_eq!(carol.ask_in_new_chat("carol's matter").await["status"], "done");
    create_export(&carol).await;
    let made = carol.post("/api/tokens", &json!({ "name": "t", "scopes": ["chat"] })).await;
    let program = Person::with_token(&mosaic.url, made.body["token"].as_str().unwrap());
    assert_eq!(program.get("/api/chats").await.status, 200);
    let with_her = mosaic.count_objects().await;
    let id: uuid::Uuid = sqlx::query_scalar("select id from users where username = 'carol'")
        .fetch_one(&mosaic.database.pool)
        .await
        .unwrap();

    mosaic.kill_worker(0);
    for wrong in ["", "root", "caro"] {
        assert_eq!(delete_me(&carol, wrong).await.status, 422, "{wrong}");
    }
    assert_eq!(carol.get("/api/auth/me").await.status, 200);
    let asked = delete_me(&carol, "Carol").await;
    assert_eq!(asked.status, 202, "{:?}", asked.body);
    // Immediately, before any worker has done anything.
    assert_eq!(carol.get("/api/auth/me").await.status, 401);
    assert_eq!(program.get("/api/chats").await.status, 401);
    let first = mosaic.start_worker();
    eventually("carol's container is removed", || async {
        (mosaic.count_objects().await.0 < with_her.0).then_some(())
    })
    .await;
    mosaic.kill_worker(first);
    mosaic.start_worker();
    eventually("the engine has none of carol's objects", || async {
        (mosaic.count_objects().await == before).then_some(())
    })
    .await;
    eventually("carol's rows are deleted", || async {
        (count(&mosaic, &format!("users where id = '{id}'")).await == 0).then_some(())
    })
    .await;
    for table in
        ["chats", "turns", "llm_providers", "user_containers", "exports", "export_pieces", "turn_events"]
    {
        assert_eq!(count(&mosaic, &format!("{table} where user_id = '{id}'")).await, 0, "{table}");
    }
    let actions: Vec<String> = sqlx::query_scalar(
        "select action from audit_log where owner_id = $1 and action like 'user.delete%' order by at",
    )
    .bind(id)
    .fetch_all(&mosaic.database.pool)
    .await
    .unwrap();
    assert_eq!(actions, ["user.delete", "user.deleted"], "the audit log keeps the deletion");
    assert_eq!(count(&mosaic, "audit_log where detail::text like '%carol''s matter%'").await, 0);
    assert_eq!(admin.ask_in_new_chat("still here").await["status"], "done", "others are not affected");

    // An admin deletes another account, one that never had a container.
    mosaic.user("dave").await;
    let deleted = admin.delete(&admin.user_path("dave").await).await;
    assert_eq!(deleted.status, 202, "{:?}", deleted.body);
    eventually("dave's account is deleted", || async {
        (count(&mosaic, "users where username = 'dave'").await == 0).then_some(())
    })
    .await;
}
