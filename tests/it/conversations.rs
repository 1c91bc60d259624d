//! The conversation archive: every message once, whatever is killed or repeated, and for its owner only.

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, PgPool};
use std::fs;
use tests::{Mosaic, Options, Person, docker, eventually};

/// A session log of an older OpenClaw version.
const LOG: &str = include_str!("../../crates/openclaw/tests/samples/session-tool.jsonl");

async fn search(person: &Person, body: Value) -> Vec<Value> {
    let reply = person.post("/api/conversations/search", &body).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    reply.body["items"].as_array().unwrap().clone()
}

/// The messages of a chat's conversation, once there are `count`.
async fn wait_for_messages(person: &Person, chat: &str, count: usize) -> Vec<Value> {
    let conversation = eventually("the messages are in the archive", || async {
        let listed = person.get("/api/conversations").await.body["items"].as_array().unwrap().clone();
        let of_chat: Vec<Value> = listed.into_iter().filter(|item| item["chatId"] == chat).collect();
        assert!(of_chat.len() < 2, "{of_chat:?}");
        of_chat.into_iter().find(|item| item["messages"].as_u64() >= Some(count as u64))
    })
    .await;
    let path = format!("/api/conversations/{}?limit=100", conversation["id"].as_str().unwrap());
    let items = person.get(&path).await.body["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), count, "{items:#?}");
    assert_eq!(conversation["messages"], count, "{conversation}");
    items
}

fn roles(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["role"].as_str().unwrap()).collect()
}

/// A turn in which the agent uses a tool.
async fn ask_using_tool(person: &Person, chat: &str, about: &str) -> Value {
    let turn = person.ask(chat, &format!("{about} [[stub:tool=exec]]")).await;
    let turn = person.wait_for_turn(&turn).await;
    assert_eq!(turn["status"], "done", "{turn}");
    turn
}

async fn ingest_running(pool: &PgPool) -> Option<()> {
    let sql = "select from jobs where kind = 'ingest-session-log' and state = 'running'";
    sqlx::query(sql).fetch_optional(pool).await.unwrap().map(|_| ())
}

#[tokio::test]
async fn every_message_is_archived_once_whatever_is_killed_or_repeated() {
    let mut mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;
    let pool = mosaic.database.pool.clone();

    // The worker is killed while it archives: it is waiting for this lock.
    let mut lock = PgConnection::connect(&mosaic.database.url).await.unwrap();
    let mut holds = lock.begin().await.unwrap();
    sqlx::query("lock table conversation_messages in exclusive mode").execute(&mut *holds).await.unwrap();
    let first = ask_using_tool(&person, &chat, "a zealous zebra").await;
    eventually("archiving has begun", || ingest_running(&pool)).await;
    let waits = "select from pg_locks where not granted and relation = 'conversation_messages'::regclass";
    eventually("archiving waits for the lock", || async {
        sqlx::query(waits).fetch_optional(&pool).await.unwrap()
    })
    .await;
    mosaic.kill_worker(0);
    holds.rollback().await.unwrap();
    assert_eq!(search(&person, json!({ "query": "zebra" })).await, Vec::<Value>::new(), "all or nothing");
    mosaic.start_worker();
    let there = wait_for_messages(&person, &chat, 4).await;
    assert_eq!(roles(&there), ["user", "tool", "tool", "assistant"]);
    assert_eq!(
        (there[1]["toolName"].as_str(), there[3]["turnId"].as_str()),
        (Some("exec"), first["id"].as_str())
    );
    assert_eq!(there[3]["text"], first["answer"]);

    // As if it had not been recorded that the turn was archived.
    sqlx::query("update turns set archived_at = null").execute(&pool).await.unwrap();
    let run = person.post("/api/schedules/sweep-session-logs/run", &json!({})).await;
    assert_eq!(run.status, 202, "{:?}", run.body);
    let all = "select from turns where archived_at is null";
    eventually("the sweep archives it again", || async {
        sqlx::query(all).fetch_optional(&pool).await.unwrap().is_none().then_some(())
    })
    .await;
    assert_eq!(wait_for_messages(&person, &chat, 4).await, there);
    let found = search(&person, json!({ "query": "zealous zebra", "filters": { "role": "user" } })).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((&found[0]["messageId"], found[0]["chatId"].as_str()), (&there[0]["id"], Some(chat.as_str())));

    // Without the container Mosaic archives what it knows itself. Later messages do not duplicate that.
    let kept = ask_using_tool(&person, &chat, "a quiet quagga").await;
    mosaic.kill_worker(1);
    docker(&["rm", "-f", &mosaic.containers().await[0]]);
    mosaic.start_worker();
    let there = wait_for_messages(&person, &chat, 8).await;
    assert_eq!(roles(&there[4..]), ["user", "tool", "tool", "assistant"]);
    assert_eq!((&there[4]["text"], &there[7]["text"]), (&kept["question"], &kept["answer"]));
    ask_using_tool(&person, &chat, "a third thylacine").await;
    let there = wait_for_messages(&person, &chat, 12).await;
    assert!(there[8]["text"].as_str().unwrap().starts_with("a third thylacine"));

    // Deleting a chat deletes its messages from the archive.
    assert_eq!(person.delete(&format!("/api/chats/{chat}")).await.status, 204);
    assert_eq!(person.get("/api/conversations").await.body["items"], json!([]));
    assert_eq!(search(&person, json!({ "query": "zebra quagga thylacine" })).await, Vec::<Value>::new());
    // Its turns cannot be read any more either.
    let turn = format!("/api/turns/{}", kept["id"].as_str().unwrap());
    for path in [turn.clone(), format!("{turn}/events")] {
        let refused = person.get(&path).await;
        assert_eq!((refused.status, refused.body["code"].as_str()), (404, Some("not_found")), "{path}");
    }
}

/// Copies files to a container's state volume, below `agents/ada`.
fn put_sessions(container: &str, files: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join("agents/ada").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    docker(&["cp", &format!("{}/.", folder.path().display()), &format!("{container}:/data/")]);
}

#[tokio::test]
async fn logs_that_an_older_version_left_in_the_volume_are_archived_once() {
    let mut mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let pool = mosaic.database.pool.clone();
    let set = async |sql: &'static str| sqlx::query(sql).execute(&pool).await.unwrap();
    set("update queues set paused_at = now() where name = 'ingest'").await;
    let chat = person.create_chat().await;
    ask_using_tool(&person, &chat, "a new newt").await;
    let (session, of_a_chat) = ("4594d514-1085-4f01-83f8-bfdbbb6828f3", LOG.replace("4594d514", "0594d514"));
    let unlisted = LOG.replace("4594d514", "1594d514").replace("tool-output-123", "an-unlisted-otter");
    let index = json!({
        "agent:ada:main": { "sessionId": session, "updatedAt": 1 },
        "agent:ada:mosaic:0198f3c2aaaa70008000000000000abc:0": { "sessionId": session.replace("4594", "0594") },
    })
    .to_string();
    let files = [
        ("session-sqlite-import-archive/agent_ada_main.listed.jsonl.imported-1795389885983", LOG),
        ("sessions/of-a-chat.jsonl", &of_a_chat),
        ("sessions/unlisted.jsonl", &unlisted),
        ("sessions/gone.jsonl.deleted.2026-11-22", LOG),
        ("sessions/sessions.json", &index),
    ];
    put_sessions(&mosaic.containers().await[0], &files);

    // The worker is killed while it archives the first file.
    let mut lock = PgConnection::connect(&mosaic.database.url).await.unwrap();
    let mut holds = lock.begin().await.unwrap();
    sqlx::query("lock table conversation_messages in exclusive mode").execute(&mut *holds).await.unwrap();
    // The chat's own messages must not be what waits for the lock.
    set("update turns set archived_at = now()").await;
    set("update queues set paused_at = null where name = 'ingest'").await;
    let waits = "select from pg_locks where not granted and relation = 'conversation_messages'::regclass";
    eventually("archiving waits for the lock", || async {
        sqlx::query(waits).fetch_optional(&pool).await.unwrap()
    })
    .await;
    mosaic.kill_worker(0);
    holds.rollback().await.unwrap();
    assert_eq!(person.get("/api/conversations").await.body["items"], json!([]));
    set("update turns set archived_at = null").await;
    mosaic.start_worker();
    let read = "select from user_containers where logs_read_of = image";
    eventually("all logs are read", || async { sqlx::query(read).fetch_optional(&pool).await.unwrap() })
        .await;
    let there =
        "select session_key || ' ' || messages from conversation_archive where chat_id is null order by 1";
    let expected = [format!("{} 10", session.replace("4594", "1594")), "agent:ada:main 10".to_owned()];
    let all: Vec<String> = sqlx::query_scalar(there).fetch_all(&pool).await.unwrap();
    assert_eq!(
        all, expected,
        "the key from the index, else the session id; no chat's session, no deleted one"
    );
    wait_for_messages(&person, &chat, 4).await;
    let found = search(&person, json!({ "query": "otter", "filters": { "role": "tool" } })).await;
    // The search by meaning may also find tools of the other session.
    let by_words = |item: &&Value| item["matchedBy"].as_array().unwrap().contains(&json!("text"));
    let found: Vec<&Value> = found.iter().filter(by_words).collect();
    assert_eq!(found.len(), 2, "the call and its result: {found:#?}");

    // With another image the logs are read again. Nothing is duplicated, and deleted conversations stay deleted.
    let otter = format!("/api/conversations/{}", found[0]["conversationId"].as_str().unwrap());
    assert_eq!(person.delete(&otter).await.status, 204);
    set("update user_containers set logs_read_of = 'an older image'").await;
    assert_eq!(person.post("/api/schedules/sweep-session-logs/run", &json!({})).await.status, 202);
    eventually("all logs are read", || async { sqlx::query(read).fetch_optional(&pool).await.unwrap() })
        .await;
    let all: Vec<String> = sqlx::query_scalar(there).fetch_all(&pool).await.unwrap();
    assert_eq!(all, [expected[0].replace(" 10", " 0"), expected[1].clone()]);
}

#[tokio::test]
async fn messages_are_archived_before_a_stop() {
    let mosaic = Mosaic::start().await;
    let person = mosaic.onboarded().await;
    let chat = person.create_chat().await;
    // Only the stop archives.
    sqlx::query("update queues set paused_at = now() where name = 'ingest'")
        .execute(&mosaic.database.pool)
        .await
        .unwrap();
    ask_using_tool(&person, &chat, "a last lynx").await;
    assert_eq!(person.post("/api/container/stop", &json!({})).await.status, 202);
    let there = wait_for_messages(&person, &chat, 4).await;
    let from_the_agent = |message: &Value| !message["entryId"].as_str().unwrap().starts_with("trn_");
    assert!(there.iter().all(from_the_agent), "from the agent's own history: {there:#?}");
}

#[tokio::test]
async fn ingested_messages_are_stored_once_found_by_their_owner_only_and_deleted_completely() {
    let mosaic = Mosaic::start_with(Options { workers: 0, ..Options::default() }).await;
    mosaic.onboarded().await;
    let (alice, bob) = (mosaic.user_with_agent("alice").await, mosaic.user_with_agent("bob").await);
    let agent = alice.get("/api/agents").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let bobs_agent = bob.get("/api/agents").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let entry = |id: &str, role: &str, text: &str, at: &str| json!({ "id": id, "role": role, "text": text, "at": at });
    let entries = json!([
        entry("1", "user", "Where did we hide the emerald?", "2026-01-01T10:00:00Z"),
        entry("2", "assistant", "The emerald is under the third stair.", "2026-01-01T10:00:01Z"),
        entry("3", "user", "And the ruby? Not near the emerald, I hope.", "2026-03-01T10:00:00Z"),
    ]);
    let session = json!({ "sessionId": "s-1", "agentId": agent, "title": "Treasures", "entries": entries });
    let first = alice.post("/api/conversations/ingest", &session).await;
    assert_eq!((first.status, &first.body["added"], &first.body["known"]), (200, &json!(3), &json!(0)));
    let again = alice.post("/api/conversations/ingest", &session).await;
    assert_eq!((&again.body["added"], &again.body["known"]), (&json!(0), &json!(3)));
    let id = first.body["conversationId"].as_str().unwrap().to_owned();
    assert_ingest_refusals(&alice, &bobs_agent).await;

    assert_search_filters(&alice, &agent).await;
    assert_import(&alice).await;

    // Another user with the same words and ids.
    let path = format!("/api/conversations/{id}");
    for query in ["emerald", "Treasures", "third stair", "tool-output"] {
        assert_eq!(search(&bob, json!({ "query": query })).await, Vec::<Value>::new(), "{query}");
    }
    assert_eq!(
        search(&bob, json!({ "query": "emerald", "filters": { "agentId": agent } })).await,
        Vec::<Value>::new()
    );
    assert_eq!((bob.get(&path).await.status, bob.delete(&path).await.status), (404, 404));
    // His session with the same id is a different one.
    let own = json!({ "sessionId": "s-1", "entries": [entry("1", "user", "An emerald of my own", "2026-01-01T10:00:00Z")] });
    let own = bob.post("/api/conversations/ingest", &own).await;
    assert_eq!((own.status, own.body["conversationId"] == id.as_str()), (200, false));
    assert_eq!(search(&bob, json!({ "query": "emerald" })).await.len(), 1);

    assert_eq!(search(&alice, json!({ "query": "emerald" })).await.len(), 3);
    assert_eq!(alice.delete(&path).await.status, 204);
    assert_eq!((alice.get(&path).await.status, alice.delete(&path).await.status), (404, 404));
    assert_eq!(search(&alice, json!({ "query": "emerald" })).await, Vec::<Value>::new());
    let left: i64 =
        sqlx::query_scalar("select count(*) from knowledge_chunks where conversation_id::text = $1")
            .bind(uuid(&id))
            .fetch_one(&mosaic.database.pool)
            .await
            .unwrap();
    assert_eq!(left, 0, "no chunk is left");
    assert_eq!(search(&bob, json!({ "query": "emerald" })).await.len(), 1, "bob's own message is untouched");
}

/// An id without its prefix, as the database stores it.
fn uuid(id: &str) -> String {
    uuid::Uuid::parse_str(id.split_once('_').unwrap().1).unwrap().to_string()
}

async fn assert_ingest_refusals(alice: &Person, bobs_agent: &str) {
    let one = |role: &str, text: &str| json!([{ "id": "9", "role": role, "text": text }]);
    let many: Vec<Value> =
        (0..1001).map(|n| json!({ "id": n.to_string(), "role": "user", "text": "x" })).collect();
    for (body, status) in [
        (json!({ "sessionId": "s-1", "agentId": bobs_agent, "entries": [] }), 404),
        (json!({ "sessionId": "", "entries": [] }), 422),
        (json!({ "sessionId": "s-1", "entries": one("king", "x") }), 422),
        (json!({ "sessionId": "s-1", "entries": one("user", " ") }), 422),
        (json!({ "sessionId": "s-1", "entries": one("user", "a\u{0}b") }), 422),
        (
            json!({ "sessionId": "s-1", "entries": [{ "id": "9", "role": "user", "text": "x", "at": "yesterday" }] }),
            422,
        ),
        (json!({ "sessionId": "s-1", "entries": many }), 422),
    ] {
        let reply = alice.post("/api/conversations/ingest", &body).await;
        assert_eq!(reply.status, status, "{:?}", reply.body);
    }
    for query in [json!({ "query": " " }), json!({ "query": "x", "filters": { "since": "soon" } })] {
        assert_eq!(alice.post("/api/conversations/search", &query).await.status, 422, "{query}");
    }
    assert_eq!(alice.get("/api/conversations?agentId=nonsense").await.status, 422);
    assert_eq!(alice.get("/api/conversations?cursor=nonsense").await.status, 400);
}

async fn assert_search_filters(alice: &Person, agent: &str) {
    let none = format!("agt_{}", "0".repeat(32));
    for (filters, count) in [
        (json!({}), 3),
        (json!({ "role": "assistant" }), 1),
        (json!({ "since": "2026-02-01T00:00:00Z" }), 1),
        (json!({ "until": "2026-02-01T00:00:00Z" }), 2),
        (json!({ "agentId": agent }), 3),
        (json!({ "agentId": none }), 0),
    ] {
        let found = search(alice, json!({ "query": "emerald", "filters": filters })).await;
        assert_eq!(found.len(), count, "{filters}: {found:#?}");
    }
    assert_eq!(search(alice, json!({ "query": "emerald", "limit": 2 })).await.len(), 2);
    let stair = &search(alice, json!({ "query": "emerald stair" })).await[0];
    assert_eq!((stair["title"].as_str(), stair["role"].as_str()), (Some("Treasures"), Some("assistant")));
    let marked: Vec<&str> = stair["snippet"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|part| part["hit"] == true)
        .map(|part| part["text"].as_str().unwrap())
        .collect();
    assert_eq!(marked, ["emerald", "stair"]);
    // Pages follow each other.
    let conversation = stair["conversationId"].as_str().unwrap();
    let (mut cursor, mut ids) = (String::new(), Vec::new());
    loop {
        let page = alice.get(&format!("/api/conversations/{conversation}?limit=2{cursor}")).await.body;
        ids.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["entryId"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(ids, ["1", "2", "3"]);
}

async fn import(person: &Person, file: Vec<u8>) -> tests::Reply {
    let request = person.request(reqwest::Method::POST, "/api/conversations/import").body(file);
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    tests::Reply { status, headers, body: response.json().await.unwrap() }
}

async fn assert_import(alice: &Person) {
    let broken = LOG.replacen('\n', "\n{\"type\":\n\n", 1);
    let reply = import(alice, broken.into_bytes()).await;
    let skipped = json!([{ "line": 2, "why": "It is not JSON." }]);
    let expected = json!({ "conversations": 1, "added": 10, "known": 0, "skipped": skipped });
    assert_eq!((reply.status, &reply.body), (200, &expected));
    let reply = import(alice, LOG.as_bytes().to_vec()).await;
    assert_eq!(reply.body, json!({ "conversations": 1, "added": 0, "known": 10, "skipped": [] }));
    let found = search(alice, json!({ "query": "tool-output-123", "filters": { "role": "tool" } })).await;
    assert_eq!(found.len(), 2, "the call and its result: {found:#?}");
    let nonsense = import(alice, b"hello\n".repeat(300)).await;
    assert_eq!((nonsense.status, nonsense.code()), (422, "invalid"));
    let large = import(alice, vec![b'x'; (16 << 20) + 1]).await;
    assert_eq!((large.status, large.code()), (413, "too_large"));
}
