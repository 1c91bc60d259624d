//! Containers that nobody uses: paused, stopped, and awake again in time.

use super::{by_hand, container, count, observed, run, set, sql, unused_for};
use reqwest::Method;
use serde_json::json;
use std::{
    io::{Read, Write},
    time::Instant,
};
use tests::{Mosaic, Person, docker, eventually};

const STARTS: &str = "select count(*) from jobs where kind = 'start-container'";

#[tokio::test]
async fn an_idle_container_is_stopped_a_busy_or_used_one_is_not() {
    let mosaic = Mosaic::start().await;
    let admin = by_hand(&mosaic).await;
    let bob = mosaic.equipped("bob").await;
    let chat = bob.chat().await;
    let turn = bob.ask(&chat, "hello").await;
    assert_eq!(bob.finished(&turn).await["status"], "done");
    run(&admin, "reap-idle").await;
    assert_eq!(container(&bob).await["observed"], "ready", "it was used a moment ago");
    unused_for(&mosaic, 31).await;
    // A turn that runs: busy is not idle. One that ended a moment ago was use, however long ago it began.
    sql(&mosaic, "update turns set status = 'running', lease_until = now() + interval '1 hour'").await;
    run(&admin, "reap-idle").await;
    assert_eq!(container(&bob).await["desired"], "running");
    sql(&mosaic, "update turns set status = 'done', finished_at = now()").await;
    run(&admin, "reap-idle").await;
    assert_eq!(container(&bob).await["desired"], "running");
    unused_for(&mosaic, 31).await;
    run(&admin, "reap-idle").await;
    observed(&bob, "stopped").await;
    assert_eq!(mosaic.objects().await.2, 1, "its volume stays");
    // The next message starts it again, in the same container.
    let turn = bob.ask(&chat, "hello again").await;
    assert_eq!(bob.finished(&turn).await["status"], "done");
    observed(&bob, "ready").await;
    set(&admin, json!({ "idleTimeoutMinutes": 0 })).await;
    unused_for(&mosaic, 525_600).await;
    run(&admin, "reap-idle").await;
    assert_eq!(container(&bob).await["observed"], "ready", "0 = never");
}

#[tokio::test]
async fn a_paused_agent_answers_within_a_moment_and_keeps_its_process() {
    let mosaic = Mosaic::start().await;
    let admin = by_hand(&mosaic).await;
    set(&admin, json!({ "pauseAfterSeconds": 300 })).await;
    let chat = admin.chat().await;
    let turn = admin.ask(&chat, "hello").await;
    assert_eq!(admin.finished(&turn).await["status"], "done");
    let name = mosaic.containers().await.remove(0);
    let process = docker(&["inspect", "-f", "{{.State.Pid}}", &name]);
    unused_for(&mosaic, 4).await;
    run(&admin, "reap-idle").await;
    assert_eq!(container(&admin).await["observed"], "ready", "not yet");
    unused_for(&mosaic, 6).await;
    run(&admin, "reap-idle").await;
    observed(&admin, "paused").await;
    assert_eq!(docker(&["inspect", "-f", "{{.State.Status}}", &name]), "paused");
    let began = Instant::now();
    let turn = admin.ask(&chat, "are you there").await;
    assert_eq!(admin.finished(&turn).await["status"], "done");
    eprintln!("a paused agent had answered after {:?}", began.elapsed());
    assert_eq!(docker(&["inspect", "-f", "{{.State.Pid}}", &name]), process, "it went on where it stood");
    // One that was paused before its owner's settings changed must not meet a message with the old ones.
    unused_for(&mosaic, 6).await;
    run(&admin, "reap-idle").await;
    observed(&admin, "paused").await;
    let agent = admin.get("/api/agents").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(admin.patch(&format!("/api/agents/{agent}"), &json!({ "name": "Later" })).await.status, 200);
    let turn = admin.ask(&chat, "with new settings").await;
    assert_eq!(admin.finished(&turn).await["status"], "done");
    assert_ne!(docker(&["inspect", "-f", "{{.State.Pid}}", &name]), process, "it started anew");
    // Paused for long it is stopped.
    unused_for(&mosaic, 6).await;
    run(&admin, "reap-idle").await;
    observed(&admin, "paused").await;
    unused_for(&mosaic, 31).await;
    run(&admin, "reap-idle").await;
    observed(&admin, "stopped").await;
    assert_eq!(mosaic.objects().await, (1, 1, 1));
}

#[tokio::test]
async fn each_user_may_have_a_patience_of_his_own_and_an_agent_at_work_is_not_idle() {
    let mosaic = Mosaic::start().await;
    let admin = by_hand(&mosaic).await;
    let bob = mosaic.equipped("bob").await;
    let carol = mosaic.equipped("carol").await;
    for person in [&admin, &bob, &carol] {
        assert_eq!(person.ask_once("hello").await["status"], "done");
    }
    let users = admin.get("/api/users").await.body;
    let id = |name: &str| {
        let user = users["items"].as_array().unwrap().iter().find(|user| user["username"] == name).unwrap();
        format!("/api/users/{}", user["id"].as_str().unwrap())
    };
    let never = admin.patch(&id("bob"), &json!({ "idleTimeoutSeconds": 0 })).await;
    assert_eq!((never.status, &never.body["idleTimeoutSeconds"]), (200, &json!(0)));
    assert_eq!(admin.patch(&id("carol"), &json!({ "idleTimeoutSeconds": 600 })).await.status, 200);
    assert_eq!(container(&carol).await["idleStopAfterSeconds"], 600);
    assert!(container(&bob).await.get("idleStopAfterSeconds").is_none());
    let most = admin.patch(&id("bob"), &json!({ "idleTimeoutSeconds": 40_000_000 })).await;
    assert_eq!((most.status, &most.body["errors"][0]["field"]), (422, &json!("idleTimeoutSeconds")));

    unused_for(&mosaic, 11).await;
    run(&admin, "reap-idle").await;
    observed(&carol, "stopped").await;
    unused_for(&mosaic, 31).await;
    // The admin's agent does something that Mosaic was not asked for.
    work_unasked(&mosaic).await;
    sql(
        &mosaic,
        "update chats c set agent_id = a.id from user_agent_configs a join users u on u.id = a.user_id
                  where a.user_id = c.user_id and u.username = 'root'",
    )
    .await;
    run(&admin, "reap-idle").await;
    assert_eq!(container(&admin).await["desired"], "running", "its agent is at work");
    assert_eq!(container(&bob).await["desired"], "running", "his never stops");
    // Back to the instance's; and what ran for too long stops although it was used a while ago.
    let unset = admin.patch(&id("bob"), &json!({ "idleTimeoutSeconds": null })).await;
    assert!(unset.body["idleTimeoutSeconds"].is_null(), "{:?}", unset.body);
    set(&admin, json!({ "idleTimeoutMinutes": 0, "maxAgeSeconds": 3600 })).await;
    unused_for(&mosaic, 61).await;
    sql(&mosaic, "update user_containers set last_used_at = now() - interval '2 minutes'").await;
    run(&admin, "reap-idle").await;
    observed(&bob, "stopped").await;
}

#[tokio::test]
async fn an_answer_that_is_passed_through_keeps_its_agent_awake() {
    let mosaic = Mosaic::start().await;
    let admin = by_hand(&mosaic).await;
    let made = admin.post("/api/tokens", &json!({ "name": "a program", "scopes": ["chat"] })).await;
    let program = Person::with_token(&mosaic.url, made.body["token"].as_str().unwrap());
    let question = json!({
        "model": "ada", "stream": true,
        "messages": [{ "role": "user", "content": "[[stub:tokens=900,gap=100]]" }],
    });
    let mut answer =
        program.request(Method::POST, "/v1/chat/completions").json(&question).send().await.unwrap();
    assert!(answer.chunk().await.unwrap().is_some());
    observed(&admin, "ready").await;
    unused_for(&mosaic, 31).await;
    eventually("its use is noted", || async {
        let noted = "select count(*) from user_containers where last_used_at > now() - interval '1 minute'";
        (count(&mosaic, noted).await == 1).then_some(())
    })
    .await;
    run(&admin, "reap-idle").await;
    assert_eq!(container(&admin).await["desired"], "running");
    // Whoever hangs up does not use it any more.
    drop(answer);
    unused_for(&mosaic, 31).await;
    run(&admin, "reap-idle").await;
    observed(&admin, "stopped").await;
}

/// A message to the admin's agent in his own session, behind Mosaic's back.
async fn work_unasked(mosaic: &Mosaic) {
    let sql = "select c.id, ct.address, t.id from users u join user_containers ct on ct.user_id = u.id
               join chats c on c.user_id = u.id join user_agent_configs t on t.user_id = u.id where u.username = 'root'";
    let (chat, address, _): (uuid::Uuid, String, uuid::Uuid) =
        sqlx::query_as(sql).fetch_one(&mosaic.database.pool).await.unwrap();
    let mine = format!("label=mosaic.instance={}", mosaic.instance().await);
    let running = docker(&["ps", "--filter", &mine, "--format", "{{.Names}}"]);
    let token = running.lines().find_map(|name| {
        let his = docker(&["port", name, "18789/tcp"]) == address;
        let environment = docker(&["inspect", "-f", "{{range .Config.Env}}{{println .}}{{end}}", name]);
        let token = environment.lines().find_map(|line| line.strip_prefix("OPENCLAW_GATEWAY_TOKEN="));
        token.filter(|_| his).map(str::to_owned)
    });
    let body =
        json!({ "model": "openclaw", "messages": [{ "role": "user", "content": "[[stub:tokens=1]] go on" }] }).to_string();
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    write!(
        stream,
        "POST /v1/chat/completions HTTP/1.1\r\nHost: agent\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         X-Openclaw-Agent-Id: ada\r\nX-Openclaw-Session-Key: agent:ada:mosaic:{}:0\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        token.unwrap(),
        chat.simple(),
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn whoever_signs_in_or_opens_his_chats_finds_his_agent_awake() {
    let mosaic = Mosaic::start().await;
    let admin = by_hand(&mosaic).await;
    assert_eq!(count(&mosaic, STARTS).await, 0, "nobody has come yet");
    let bob = mosaic.user("bob").await;
    assert_eq!(bob.get("/api/chats").await.status, 200);
    let pages = (admin.get("/api/chats"), admin.get("/api/chats"), admin.get("/api/chats"));
    tokio::join!(pages.0, pages.1, pages.2);
    observed(&admin, "ready").await;
    assert_eq!(count(&mosaic, STARTS).await, 1, "one start, and none for bob, who has no agent");
    // He puts it to sleep himself: looking at the page does not wake it, signing in does.
    assert_eq!(admin.post("/api/container/stop", &json!({})).await.status, 202);
    observed(&admin, "stopped").await;
    let chat = admin.chat().await;
    assert_eq!(admin.get(&format!("/api/chats/{chat}")).await.status, 200);
    assert_eq!(container(&admin).await["desired"], "stopped");
    let credentials = json!({ "username": "root", "password": "correct horse battery staple" });
    assert_eq!(admin.post("/api/auth/login", &credentials).await.status, 200);
    observed(&admin, "ready").await;
    // Where the reaper stopped it, opening the chat is enough.
    unused_for(&mosaic, 31).await;
    sql(&mosaic, "update user_containers set put_to_sleep = false").await;
    run(&admin, "reap-idle").await;
    observed(&admin, "stopped").await;
    assert_eq!(admin.get(&format!("/api/chats/{chat}")).await.status, 200);
    observed(&admin, "ready").await;
    set(&admin, json!({ "wakeEarly": false })).await;
    unused_for(&mosaic, 31).await;
    run(&admin, "reap-idle").await;
    observed(&admin, "stopped").await;
    assert_eq!(admin.get("/api/chats").await.status, 200);
    assert_eq!(container(&admin).await["desired"], "stopped");
    eventually("all starts are over", || async {
        let open =
            "select count(*) from jobs where kind = 'start-container' and state in ('queued', 'running')";
        (count(&mosaic, open).await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_container_that_was_started_early_is_warmed_up_and_nobody_pays_for_it() {
    const WARM: &str = "select count(*) from jobs where kind = 'warm-up' and state = 'done'";
    let mosaic = Mosaic::start().await;
    let admin = by_hand(&mosaic).await;
    assert_eq!(admin.ask_once("hello").await["status"], "done");
    let asked_for = count(&mosaic, "select count(*) from jobs where kind = 'warm-up'").await;
    assert_eq!(asked_for, 0, "whoever waits has the first chat himself");
    assert_eq!(admin.post("/api/container/stop", &json!({})).await.status, 202);
    observed(&admin, "stopped").await;
    let asked = mosaic.llm.requests().len();
    assert_eq!(admin.post("/api/container/start", &json!({})).await.status, 202);
    observed(&admin, "ready").await;
    eventually("it is warm", || async { (count(&mosaic, WARM).await == 1).then_some(()) }).await;
    assert_eq!(mosaic.llm.requests().len(), asked, "no provider was asked");
    let chats = admin.get("/api/chats").await.body;
    assert_eq!(chats["items"].as_array().unwrap().len(), 1, "{chats}");
    assert_eq!(admin.ask_once("hello again").await["status"], "done");
}
