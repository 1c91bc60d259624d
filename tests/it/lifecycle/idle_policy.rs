//! Idle containers: paused, stopped, and started again in time.

use super::{
    admin_without_schedules, change_settings, count_rows, execute_sql, get_container, make_idle,
    run_schedule, wait_for_state,
};
use reqwest::Method;
use serde_json::json;
use std::{
    io::{Read, Write},
    time::Instant,
};
use tests::{Mosaic, Person, docker, eventually};

const COUNT_STARTS: &str = "select count(*) from jobs where kind = 'start-container'";

#[tokio::test]
async fn an_idle_container_is_stopped_but_not_a_busy_or_recently_used_one() {
    let mosaic = Mosaic::start().await;
    let admin = admin_without_schedules(&mosaic).await;
    let bob = mosaic.user_with_agent("bob").await;
    let chat = bob.create_chat().await;
    let turn = bob.ask(&chat, "hello").await;
    assert_eq!(bob.wait_for_turn(&turn).await["status"], "done");
    run_schedule(&admin, "reap-idle").await;
    assert_eq!(get_container(&bob).await["observed"], "ready", "it was just used");
    make_idle(&mosaic, 31).await;
    // A running turn keeps the container running. So does a turn that has just ended, however long ago it began.
    execute_sql(&mosaic, "update turns set status = 'running', lease_until = now() + interval '1 hour'")
        .await;
    run_schedule(&admin, "reap-idle").await;
    assert_eq!(get_container(&bob).await["desired"], "running");
    execute_sql(&mosaic, "update turns set status = 'done', finished_at = now()").await;
    run_schedule(&admin, "reap-idle").await;
    assert_eq!(get_container(&bob).await["desired"], "running");
    make_idle(&mosaic, 31).await;
    run_schedule(&admin, "reap-idle").await;
    wait_for_state(&bob, "stopped").await;
    assert_eq!(mosaic.count_objects().await.2, 1, "the volume stays");
    // The next message starts it again, in the same container.
    let turn = bob.ask(&chat, "hello again").await;
    assert_eq!(bob.wait_for_turn(&turn).await["status"], "done");
    wait_for_state(&bob, "ready").await;
    change_settings(&admin, json!({ "idleTimeoutMinutes": 0 })).await;
    make_idle(&mosaic, 525_600).await;
    run_schedule(&admin, "reap-idle").await;
    assert_eq!(get_container(&bob).await["observed"], "ready", "0 = never");
}

#[tokio::test]
async fn a_paused_agent_answers_quickly_and_keeps_its_process() {
    let mosaic = Mosaic::start().await;
    let admin = admin_without_schedules(&mosaic).await;
    change_settings(&admin, json!({ "pauseAfterSeconds": 300 })).await;
    let chat = admin.create_chat().await;
    let turn = admin.ask(&chat, "hello").await;
    assert_eq!(admin.wait_for_turn(&turn).await["status"], "done");
    let name = mosaic.containers().await.remove(0);
    let process = docker(&["inspect", "-f", "{{.State.Pid}}", &name]);
    make_idle(&mosaic, 4).await;
    run_schedule(&admin, "reap-idle").await;
    assert_eq!(get_container(&admin).await["observed"], "ready", "not yet");
    make_idle(&mosaic, 6).await;
    run_schedule(&admin, "reap-idle").await;
    wait_for_state(&admin, "paused").await;
    assert_eq!(docker(&["inspect", "-f", "{{.State.Status}}", &name]), "paused");
    let began = Instant::now();
    let turn = admin.ask(&chat, "are you there").await;
    assert_eq!(admin.wait_for_turn(&turn).await["status"], "done");
    eprintln!("a paused agent had answered after {:?}", began.elapsed());
    assert_eq!(docker(&["inspect", "-f", "{{.State.Pid}}", &name]), process, "the process continues");
    // An agent that was paused before its settings changed must not answer with the old ones.
    make_idle(&mosaic, 6).await;
    run_schedule(&admin, "reap-idle").await;
    wait_for_state(&admin, "paused").await;
    let agent = admin.get("/api/agents").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(admin.patch(&format!("/api/agents/{agent}"), &json!({ "name": "Later" })).await.status, 200);
    let turn = admin.ask(&chat, "with new settings").await;
    assert_eq!(admin.wait_for_turn(&turn).await["status"], "done");
    assert_ne!(docker(&["inspect", "-f", "{{.State.Pid}}", &name]), process, "the process was restarted");
    // After a long pause the container is stopped.
    make_idle(&mosaic, 6).await;
    run_schedule(&admin, "reap-idle").await;
    wait_for_state(&admin, "paused").await;
    make_idle(&mosaic, 31).await;
    run_schedule(&admin, "reap-idle").await;
    wait_for_state(&admin, "stopped").await;
    assert_eq!(mosaic.count_objects().await, (1, 1, 1));
}

#[tokio::test]
async fn each_user_can_have_an_idle_timeout_and_a_working_agent_is_not_idle() {
    let mosaic = Mosaic::start().await;
    let admin = admin_without_schedules(&mosaic).await;
    let bob = mosaic.user_with_agent("bob").await;
    let carol = mosaic.user_with_agent("carol").await;
    for person in [&admin, &bob, &carol] {
        assert_eq!(person.ask_in_new_chat("hello").await["status"], "done");
    }
    let never = admin.patch(&admin.user_path("bob").await, &json!({ "idleTimeoutSeconds": 0 })).await;
    assert_eq!((never.status, &never.body["idleTimeoutSeconds"]), (200, &json!(0)));
    assert_eq!(
        admin.patch(&admin.user_path("carol").await, &json!({ "idleTimeoutSeconds": 600 })).await.status,
        200
    );
    assert_eq!(get_container(&carol).await["idleStopAfterSeconds"], 600);
    assert!(get_container(&bob).await.get("idleStopAfterSeconds").is_none());
    let too_long =
        admin.patch(&admin.user_path("bob").await, &json!({ "idleTimeoutSeconds": 40_000_000 })).await;
    assert_eq!((too_long.status, &too_long.body["errors"][0]["field"]), (422, &json!("idleTimeoutSeconds")));

    make_idle(&mosaic, 11).await;
    run_schedule(&admin, "reap-idle").await;
    wait_for_state(&carol, "stopped").await;
    make_idle(&mosaic, 31).await;
    // The admin's agent works on something that did not go through Mosaic.
    send_directly_to_agent(&mosaic).await;
    execute_sql(
        &mosaic,
        "update chats c set agent_id = a.id from user_agent_configs a join users u on u.id = a.user_id
                  where a.user_id = c.user_id and u.username = 'root'",
    )
    .await;
    run_schedule(&admin, "reap-idle").await;
    assert_eq!(get_container(&admin).await["desired"], "running", "the agent is working");
    assert_eq!(get_container(&bob).await["desired"], "running", "bob's timeout is 0, which means never");
    // Back to the instance's timeout. A container that is too old stops although it was used recently.
    let unset = admin.patch(&admin.user_path("bob").await, &json!({ "idleTimeoutSeconds": null })).await;
    assert!(unset.body["idleTimeoutSeconds"].is_null(), "{:?}", unset.body);
    change_settings(&admin, json!({ "idleTimeoutMinutes": 0, "maxAgeSeconds": 3600 })).await;
    make_idle(&mosaic, 61).await;
    execute_sql(&mosaic, "update user_containers set last_used_at = now() - interval '2 minutes'").await;
    run_schedule(&admin, "reap-idle").await;
    wait_for_state(&bob, "stopped").await;
}

#[tokio::test]
async fn a_streamed_answer_for_a_program_keeps_the_container_running() {
    let mosaic = Mosaic::start().await;
    let admin = admin_without_schedules(&mosaic).await;
    let made = admin.post("/api/tokens", &json!({ "name": "a program", "scopes": ["chat"] })).await;
    let program = Person::with_token(&mosaic.url, made.body["token"].as_str().unwrap());
    let question = json!({
        "model": "ada", "stream": true,
        "messages": [{ "role": "user", "content": "[[stub:tokens=900,gap=100]]" }],
    });
    let mut answer =
        program.request(Method::POST, "/v1/chat/completions").json(&question).send().await.unwrap();
    assert!(answer.chunk().await.unwrap().is_some());
    wait_for_state(&admin, "ready").await;
    make_idle(&mosaic, 31).await;
    eventually("the use is recorded", || async {
        let noted = "select count(*) from user_containers where last_used_at > now() - interval '1 minute'";
        (count_rows(&mosaic, noted).await == 1).then_some(())
    })
    .await;
    run_schedule(&admin, "reap-idle").await;
    assert_eq!(get_container(&admin).await["desired"], "running");
    // After a disconnect the container is no longer in use.
    drop(answer);
    make_idle(&mosaic, 31).await;
    run_schedule(&admin, "reap-idle").await;
    wait_for_state(&admin, "stopped").await;
}

/// Sends a message to the admin's agent directly, in the agent's own session.
async fn send_directly_to_agent(mosaic: &Mosaic) {
    let sql = "select c.id, ct.address, t.id from users u join user_containers ct on ct.user_id = u.id
               join chats c on c.user_id = u.id join user_agent_configs t on t.user_id = u.id where u.username = 'root'";
    let (chat, address, _): (uuid::Uuid, String, uuid::Uuid) =
        sqlx::query_as(sql).fetch_one(&mosaic.database.pool).await.unwrap();
    let filter = format!("label=mosaic.instance={}", mosaic.instance().await);
    let running = docker(&["ps", "--filter", &filter, "--format", "{{.Names}}"]);
    let token = running.lines().find_map(|name| {
        let matches = docker(&["port", name, "18789/tcp"]) == address;
        let environment = docker(&["inspect", "-f", "{{range .Config.Env}}{{println .}}{{end}}", name]);
        let token = environment.lines().find_map(|line| line.strip_prefix("OPENCLAW_GATEWAY_TOKEN="));
        token.filter(|_| matches).map(str::to_owned)
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
async fn signing_in_or_opening_chats_starts_the_container() {
    let mosaic = Mosaic::start().await;
    let admin = admin_without_schedules(&mosaic).await;
    assert_eq!(count_rows(&mosaic, COUNT_STARTS).await, 0, "no user has opened a page yet");
    let bob = mosaic.user("bob").await;
    assert_eq!(bob.get("/api/chats").await.status, 200);
    let pages = (admin.get("/api/chats"), admin.get("/api/chats"), admin.get("/api/chats"));
    tokio::join!(pages.0, pages.1, pages.2);
    wait_for_state(&admin, "ready").await;
    assert_eq!(count_rows(&mosaic, COUNT_STARTS).await, 1, "one start, and none for bob, who has no agent");
    // After the user has stopped it, opening a page does not start it, but signing in does.
    assert_eq!(admin.post("/api/container/stop", &json!({})).await.status, 202);
    wait_for_state(&admin, "stopped").await;
    let chat = admin.create_chat().await;
    assert_eq!(admin.get(&format!("/api/chats/{chat}")).await.status, 200);
    assert_eq!(get_container(&admin).await["desired"], "stopped");
    let credentials = json!({ "username": "root", "password": "correct horse battery staple" });
    assert_eq!(admin.post("/api/auth/login", &credentials).await.status, 200);
    wait_for_state(&admin, "ready").await;
    // After the reaper has stopped it, opening a chat is enough.
    make_idle(&mosaic, 31).await;
    execute_sql(&mosaic, "update user_containers set stopped_by_user = false").await;
    run_schedule(&admin, "reap-idle").await;
    wait_for_state(&admin, "stopped").await;
    assert_eq!(admin.get(&format!("/api/chats/{chat}")).await.status, 200);
    wait_for_state(&admin, "ready").await;
    change_settings(&admin, json!({ "wakeEarly": false })).await;
    make_idle(&mosaic, 31).await;
    run_schedule(&admin, "reap-idle").await;
    wait_for_state(&admin, "stopped").await;
    assert_eq!(admin.get("/api/chats").await.status, 200);
    assert_eq!(get_container(&admin).await["desired"], "stopped");
    eventually("all starts have ended", || async {
        let open =
            "select count(*) from jobs where kind = 'start-container' and state in ('queued', 'running')";
        (count_rows(&mosaic, open).await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_container_that_was_started_early_is_warmed_up_without_a_provider_request() {
    const COUNT_WARM_UPS: &str = "select count(*) from jobs where kind = 'warm-up' and state = 'done'";
    let mosaic = Mosaic::start().await;
    let admin = admin_without_schedules(&mosaic).await;
    assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done");
    let asked_for = count_rows(&mosaic, "select count(*) from jobs where kind = 'warm-up'").await;
    assert_eq!(asked_for, 0, "no warm-up while a message waits");
    assert_eq!(admin.post("/api/container/stop", &json!({})).await.status, 202);
    wait_for_state(&admin, "stopped").await;
    let asked = mosaic.llm.requests().len();
    assert_eq!(admin.post("/api/container/start", &json!({})).await.status, 202);
    wait_for_state(&admin, "ready").await;
    eventually("the warm-up is done", || async {
        (count_rows(&mosaic, COUNT_WARM_UPS).await == 1).then_some(())
    })
    .await;
    assert_eq!(mosaic.llm.requests().len(), asked, "the provider got no request");
    let chats = admin.get("/api/chats").await.body;
    assert_eq!(chats["items"].as_array().unwrap().len(), 1, "{chats}");
    assert_eq!(admin.ask_in_new_chat("hello again").await["status"], "done");
}
