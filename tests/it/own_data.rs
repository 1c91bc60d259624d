//! What is one's own: taken home as an archive, or deleted for good.

use reqwest::Method;
use serde_json::{Value, json};
use std::{fs, process::Command};
use tempfile::TempDir;
use tests::{Mosaic, Person, Reply, docker, eventually};

/// Asks for an archive and waits until it is ready.
async fn export(person: &Person) -> Value {
    let asked = person.post("/api/me/export", &json!({})).await;
    assert_eq!(asked.status, 202, "{:?}", asked.body);
    eventually("the archive is ready", || async {
        let export = person.get("/api/me/export").await.body;
        assert_ne!(export["state"], "failed", "{export}");
        (export["state"] == "ready").then_some(export)
    })
    .await
}

/// Downloads and unpacks it.
async fn unpacked(person: &Person, export: &Value) -> TempDir {
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

/// Whether any file in it has that text.
fn has(folder: &TempDir, text: &str) -> bool {
    Command::new("grep").args(["-rqaF", text]).arg(folder.path()).status().unwrap().success()
}

async fn count(mosaic: &Mosaic, what: &str) -> i64 {
    let sql = format!("select count(*) from {what}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mosaic.database.pool).await.unwrap()
}

/// Tables with an owner that stay out of the archive, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("breakglass_users", "a password's hash"),
    ("sessions", "secrets of browsers"),
    ("user_keys", "sealed keys"),
    ("idempotency_keys", "what a client called its requests for a month"),
    ("turn_events", "the turns say what came of them"),
    ("container_usage", "what the memory was a minute ago"),
    ("finding_links", "made from the findings"),
    ("knowledge_chunks", "made from findings and messages"),
    ("knowledge_terms", "made from findings and messages"),
    ("exports", "the archive itself"),
    ("export_pieces", "the archive itself"),
];

/// A new table with an owner goes into the archive, or says here why not.
async fn no_table_of_ones_own_is_forgotten(mosaic: &Mosaic) {
    let sql = "select distinct table_name::text from information_schema.columns
               join information_schema.tables using (table_schema, table_name)
               where table_schema = 'public' and table_type = 'BASE TABLE'
                 and (column_name in ('user_id', 'owner_id') or table_name = 'users') order by 1";
    let owned: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mosaic.database.pool).await.unwrap();
    let exported = store::exports::TABLES.iter().map(|table| table.table);
    let mut accounted: Vec<&str> = exported.chain(LEFT_OUT.iter().map(|(table, _)| *table)).collect();
    accounted.sort_unstable();
    assert_eq!(owned, accounted);
}

/// One of each kind of knowledge.
async fn knows_something(person: &Person) {
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
async fn the_archive_holds_everything_of_ones_own_but_secrets_and_goes_after_its_day() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    assert_eq!(admin.ask_once("somebody else's matter").await["status"], "done");
    let his = mosaic.containers().await;
    let alice = mosaic.equipped("alice").await;
    assert_eq!(alice.get("/api/me/export").await.status, 204, "none was asked for");
    assert_eq!(alice.get("/api/me/export/download").await.status, 404);
    assert_eq!(alice.ask_once("a private matter").await["status"], "done");
    knows_something(&alice).await;
    no_table_of_ones_own_is_forgotten(&mosaic).await;
    let hers = mosaic.containers().await.into_iter().find(|name| !his.contains(name)).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "what the agent wrote down").unwrap();
    docker(&["cp", file.path().to_str().unwrap(), &format!("{hers}:/data/notes.txt")]);

    let id = alice.get("/api/auth/me").await.body["id"].as_str().unwrap().to_owned();
    let limits = json!({ "idleTimeoutSeconds": 7200 });
    assert_eq!(admin.patch(&format!("/api/users/{id}"), &limits).await.status, 200);

    let folder = unpacked(&alice, &export(&alice).await).await;
    let activity = fs::read_to_string(folder.path().join("tables/activity-1.jsonl")).unwrap();
    for entry in activity.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let shown = entry.get("address").is_some();
        assert_eq!(
            shown,
            entry["actor_id"] == entry["owner_id"],
            "where the admin sits is not hers: {entry}"
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
    assert_eq!(notes, "what the agent wrote down");
    assert!(has(&folder, "a private matter"));
    for absent in ["somebody else's matter", "sk-canary-1234567890abcdef", "token_hash"] {
        assert!(!has(&folder, absent), "{absent}");
    }
    assert_eq!(admin.get("/api/me/export/download").await.status, 404, "it is hers");

    // Without a container her volume is read all the same, and nothing is left behind. One that is only removed
    // would be started again.
    assert_eq!(alice.post("/api/container/stop", &json!({})).await.status, 202);
    eventually("it rests", || async {
        (alice.get("/api/container").await.body["container"]["observed"] == "stopped").then_some(())
    })
    .await;
    docker(&["rm", "-f", &hers]);
    let before = mosaic.objects().await;
    let folder = unpacked(&alice, &export(&alice).await).await;
    assert!(folder.path().join("data/notes.txt").exists());
    eventually("the reader is gone", || async { (mosaic.objects().await == before).then_some(()) }).await;
    assert_eq!(count(&mosaic, "exports").await, 1, "the newer one takes the older one's place");

    let past = "update exports set expires_at = clock_timestamp()";
    sqlx::query(past).execute(&mosaic.database.pool).await.unwrap();
    assert_eq!(alice.get("/api/me/export").await.body["state"], "failed");
    assert_eq!(alice.get("/api/me/export/download").await.status, 404);
    let run = admin.post("/api/schedules/prune-exports/run", &json!({})).await;
    assert_eq!(run.status, 202, "{:?}", run.body);
    eventually("its bytes are gone", || async { (count(&mosaic, "export_pieces").await == 0).then_some(()) })
        .await;

    // More than the limit is refused with the reason, and nothing of it stays.
    let noise = Command::new("sh").args(["-c", "head -c 3000000 /dev/urandom"]).output().unwrap().stdout;
    fs::write(file.path(), noise).unwrap();
    assert_eq!(alice.ask_once("are you back?").await["status"], "done");
    docker(&["cp", file.path().to_str().unwrap(), &format!("{hers}:/data/noise")]);
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
async fn a_deleted_account_is_gone_for_good_although_the_worker_is_killed_over_it() {
    let mut mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    assert_eq!(delete_me(&admin, "root").await.code(), "breakglass_protected");
    assert_eq!(admin.ask_once("hello").await["status"], "done");
    let before = mosaic.objects().await;
    let carol = mosaic.equipped("carol").await;
    assert_eq!(carol.ask_once("carol's matter").await["status"], "done");
    export(&carol).await;
    let made = carol.post("/api/tokens", &json!({ "name": "t", "scopes": ["chat"] })).await;
    let program = Person::with_token(&mosaic.url, made.body["token"].as_str().unwrap());
    assert_eq!(program.get("/api/chats").await.status, 200);
    let with_her = mosaic.objects().await;
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
    // At once, before any worker has done anything.
    assert_eq!(carol.get("/api/auth/me").await.status, 401);
    assert_eq!(program.get("/api/chats").await.status, 401);
    let first = mosaic.start_worker();
    eventually("her container goes", || async { (mosaic.objects().await.0 < with_her.0).then_some(()) })
        .await;
    mosaic.kill_worker(first);
    mosaic.start_worker();
    eventually("nothing of hers is left on the engine", || async {
        (mosaic.objects().await == before).then_some(())
    })
    .await;
    eventually("her rows are gone", || async {
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
    assert_eq!(actions, ["user.delete", "user.deleted"], "that it happened is kept");
    assert_eq!(count(&mosaic, "audit_log where detail::text like '%carol''s matter%'").await, 0);
    assert_eq!(admin.ask_once("still here").await["status"], "done", "others are as they were");

    // An admin does the same to another account; what never had a container too.
    mosaic.user("dave").await;
    let users = admin.get("/api/users").await.body;
    let dave = users["items"].as_array().unwrap().iter().find(|user| user["username"] == "dave").unwrap();
    let gone = admin.delete(&format!("/api/users/{}", dave["id"].as_str().unwrap())).await;
    assert_eq!(gone.status, 202, "{:?}", gone.body);
    eventually("dave is gone", || async {
        (count(&mosaic, "users where username = 'dave'").await == 0).then_some(())
    })
    .await;
}
