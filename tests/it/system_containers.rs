//! The instance's own agents: accounts without a sign-in, managed by admins and used by programs.

use crate::lifecycle::{admin_without_schedules, make_idle, run_schedule};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Mosaic, Options, Person, Reply, docker, eventually, setup};

const ROUTE: &str = "/api/fleet/system-containers";

/// Creates an agent; returns its account's id.
async fn create(admin: &Person, name: &str) -> String {
    let made = admin.post(ROUTE, &json!({ "name": name, "purpose": "Answers questions" })).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

/// The agent in an admin's list; null if it is not there.
async fn find(admin: &Person, id: &str) -> Value {
    let all = admin.get(ROUTE).await.body;
    all["items"].as_array().unwrap().iter().find(|item| item["id"] == id).cloned().unwrap_or_default()
}

async fn wait_for(admin: &Person, id: &str, state: &str) -> Value {
    eventually(&format!("its container is {state}"), || async {
        Some(find(admin, id).await).filter(|item| item["state"] == state)
    })
    .await
}

/// The restrictions of a container.
fn restrictions(container: &str) -> String {
    let format =
        "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}
              {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{len .NetworkSettings.Networks}}";
    docker(&["inspect", "-f", format, container])
}

fn networks(container: &str) -> String {
    docker(&["inspect", "-f", "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}", container])
}

#[tokio::test]
async fn programs_use_it_like_any_agent_and_it_is_removed_completely() {
    let mosaic = Mosaic::start().await;
    let admin = admin_without_schedules(&mosaic).await;
    assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done");
    let (before, admin_containers) = (mosaic.count_objects().await, mosaic.containers().await);
    let id = create(&admin, "help-desk").await;
    assert_eq!(find(&admin, &id).await["state"], "absent");

    let desk = admin.acting_for(&id);
    setup::add_provider_and_agent(&desk, &mosaic.provider()).await;
    let token = desk.post("/api/tokens", &json!({ "name": "the shop", "scopes": ["chat"] })).await;
    let program = Person::with_token(&mosaic.url, token.body["token"].as_str().unwrap());
    let question = json!({ "model": "ada", "messages": [{ "role": "user", "content": "when do you open" }] });
    let answer = program.post("/v1/chat/completions", &question).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert!(answer.body["choices"][0]["message"]["content"].is_string(), "{:?}", answer.body);
    assert_eq!(mosaic.requests_with("when do you open"), 1);

    let ready = wait_for(&admin, &id, "ready").await;
    let fleet = admin.get("/api/fleet/containers").await.body;
    let mut seen: Vec<_> = fleet["items"].as_array().unwrap().iter().map(|item| &item["user"]).collect();
    seen.sort_by_key(|user| user["system"].as_bool());
    assert_eq!((&seen[1]["id"], &seen[1]["system"]), (&json!(id), &json!(true)), "{fleet}");
    assert_eq!(seen[0]["system"], false);
    assert_eq!(fleet["budget"]["running"], 2, "its memory counts towards the budget");
    let its = mosaic.containers().await.into_iter().find(|name| !admin_containers.contains(name)).unwrap();
    assert_eq!(restrictions(&its), restrictions(&admin_containers[0]));
    assert_ne!(networks(&its), networks(&admin_containers[0]), "it has its own network");

    assert_idle_policy_applies(&mosaic, &admin, &id).await;
    assert_eq!(ready["idleStopAfterSeconds"], 1800);
    assert_eq!(desk.ask_in_new_chat("awake again?").await["status"], "done");
    assert_export(&desk).await;
    assert_eq!(admin.get("/api/me/export").await.status, 204, "the admin has no archive");

    let removed = admin.delete(&format!("{ROUTE}/{id}")).await;
    assert_eq!(removed.status, 202, "{:?}", removed.body);
    assert_eq!((desk.get("/api/chats").await.code(), desk.get("/api/chats").await.status), ("not_kept", 403));
    assert_eq!(program.get("/v1/models").await.status, 401, "its token is refused immediately");
    eventually("nothing of it is left", || async {
        (mosaic.count_objects().await == before && find(&admin, &id).await.is_null()).then_some(())
    })
    .await;
    let rows = "select (select count(*) from users where username = 'help-desk')
                  + (select count(*) from system_containers) + (select count(*) from api_tokens)
                  + (select count(*) from user_containers) - 1";
    let rows: i64 = sqlx::query_scalar(rows).fetch_one(&mosaic.database.pool).await.unwrap();
    assert_eq!(rows, 0);
    create(&admin, "help-desk").await;
}

/// The reaper stops it after the idle timeout of all users, or never if an admin has set that.
async fn assert_idle_policy_applies(mosaic: &Mosaic, admin: &Person, id: &str) {
    let account = format!("/api/users/{id}");
    assert_eq!(admin.patch(&account, &json!({ "idleTimeoutSeconds": 0 })).await.status, 200);
    assert_eq!(find(admin, id).await["idleStopAfterSeconds"], 0);
    make_idle(mosaic, 31).await;
    run_schedule(admin, "reap-idle").await;
    assert_eq!(find(admin, id).await["state"], "ready", "0 = never");
    assert_eq!(admin.patch(&account, &json!({ "idleTimeoutSeconds": null })).await.status, 200);
    run_schedule(admin, "reap-idle").await;
    wait_for(admin, id, "stopped").await;
}

async fn assert_export(person: &Person) {
    assert_eq!(person.post("/api/me/export", &json!({})).await.status, 202);
    eventually("the archive is ready", || async {
        (person.get("/api/me/export").await.body["state"] == "ready").then_some(())
    })
    .await;
    let archive = person.request(Method::GET, "/api/me/export/download").send().await.unwrap();
    assert_eq!(
        (archive.status().as_u16(), &archive.headers()["content-type"]),
        (200, &"application/gzip".parse().unwrap())
    );
}

/// A Mosaic without workers: these tests need no container.
async fn mosaic_without_workers() -> (Mosaic, Person) {
    let mosaic = Mosaic::start_with(Options { workers: 0, ..Options::default() }).await;
    let admin = mosaic.admin().await;
    (mosaic, admin)
}

#[tokio::test]
async fn only_an_admins_browser_can_act_for_it_and_for_no_other_account() {
    let (mosaic, admin) = mosaic_without_workers().await;
    let bob = mosaic.user("bob").await;
    let (bobs_user, id) = (admin.find_user("bob").await, create(&admin, "desk").await);
    let desk = admin.acting_for(&id);
    let me = desk.get("/api/auth/me").await.body;
    assert_eq!((&me["id"], &me["username"], &me["role"]), (&json!(id), &json!("desk"), &json!("user")));
    assert_eq!(me["keptBy"], "root");
    assert!(admin.get("/api/auth/me").await.body.get("keptBy").is_none());

    // The refusal is the same for an unknown account, a person's account and a disabled one.
    let refusal_of = |reply: Reply| (reply.status, reply.body["code"].clone(), reply.body["detail"].clone());
    let refusal = refusal_of(bob.acting_for(&id).get("/api/chats").await);
    assert_eq!((refusal.0, &refusal.1), (403, &json!("not_kept")));
    let unknown = format!("usr_{}", uuid::Uuid::now_v7().simple());
    let own = admin.get("/api/auth/me").await.body["id"].as_str().unwrap().to_owned();
    for account in [bobs_user["id"].as_str().unwrap(), &own, &unknown, "desk", "", "*"] {
        assert_eq!(refusal_of(admin.acting_for(account).get("/api/chats").await), refusal, "{account}");
    }
    let account = format!("/api/users/{id}");
    assert_eq!(admin.patch(&account, &json!({ "disabled": true })).await.status, 200);
    assert_eq!(refusal_of(desk.get("/api/chats").await), refusal);
    assert_eq!(admin.patch(&account, &json!({ "disabled": false })).await.status, 200);
    assert_eq!(desk.get("/api/chats").await.status, 200);

    let token = admin.post("/api/tokens", &json!({ "name": "t", "scopes": ["chat"] })).await;
    let program = Person::with_token(&mosaic.url, token.body["token"].as_str().unwrap());
    assert_eq!(program.get("/api/chats").await.status, 200);
    assert_eq!(program.acting_for(&id).get("/api/chats").await.status, 403);
    assert_eq!(mosaic.anonymous().acting_for(&id).get("/api/chats").await.status, 401);

    // A user who becomes an admin may act for it. After losing the role they may not, and their open streams end.
    let bobs_account = format!("/api/users/{}", bobs_user["id"].as_str().unwrap());
    assert_eq!(admin.patch(&bobs_account, &json!({ "role": "admin" })).await.status, 200);
    assert_eq!(bob.acting_for(&id).get("/api/chats").await.status, 200);
    let mut listening = Vec::new();
    let delegate = bob.acting_for(&id);
    for (who, path) in
        [(&delegate, "/api/container/events"), (&delegate, "/api/jobs/events"), (&bob, "/api/jobs/events")]
    {
        let mut events = who.events(path).await;
        events.next().await;
        listening.push(events);
    }
    assert_eq!(admin.patch(&bobs_account, &json!({ "role": "user" })).await.status, 200);
    assert_eq!(refusal_of(bob.acting_for(&id).get("/api/chats").await), refusal);
    for events in listening {
        events.read_to_end().await;
    }
}

#[tokio::test]
async fn its_name_is_unique_among_users_but_it_cannot_sign_in_or_become_an_admin() {
    let (mosaic, admin) = mosaic_without_workers().await;
    mosaic.user("bob").await;
    let id = create(&admin, "desk").await;
    for name in ["Desk", "BOB", "root"] {
        let taken = admin.post(ROUTE, &json!({ "name": name })).await;
        assert_eq!((taken.status, taken.code()), (409, "name_taken"), "{name}");
    }
    for name in ["", "two words", "line\nbreak"] {
        let refused = admin.post(ROUTE, &json!({ "name": name })).await;
        assert_eq!((refused.status, &refused.body["errors"][0]["field"]), (422, &json!("name")), "{name}");
    }
    let long = admin.post(ROUTE, &json!({ "name": "x", "purpose": "x".repeat(201) })).await;
    assert_eq!((long.status, &long.body["errors"][0]["field"]), (422, &json!("purpose")));

    assert_eq!(admin.find_user("desk").await["system"], true);
    assert_eq!(admin.find_user("bob").await["system"], false);
    let raised = admin.patch(&format!("/api/users/{id}"), &json!({ "role": "admin" })).await;
    assert_eq!((raised.status, raised.code()), (409, "system_container"));
    for password in ["", "correct horse battery staple"] {
        let login = json!({ "username": "desk", "password": password });
        assert_eq!(mosaic.anonymous().post("/api/auth/login", &login).await.code(), "bad_credentials");
    }

    let changed = admin.patch(&format!("{ROUTE}/{id}"), &json!({ "purpose": " Opening hours " })).await;
    assert_eq!((changed.status, &changed.body["purpose"]), (200, &json!("Opening hours")));
    assert_eq!(changed.body["madeBy"], "root");
    let bobs_account = format!("{ROUTE}/{}", admin.find_user("bob").await["id"].as_str().unwrap());
    assert_eq!(admin.patch(&bobs_account, &json!({ "purpose": "x" })).await.status, 404);
    assert_eq!(admin.delete(&bobs_account).await.status, 404);
    assert_eq!(
        admin.find_user("bob").await["disabledAt"],
        Value::Null,
        "a person's account is not removed by this route"
    );
}

#[tokio::test]
async fn the_audit_log_names_the_acting_admin_and_the_account() {
    let (mosaic, admin) = mosaic_without_workers().await;
    let id = create(&admin, "desk").await;
    let desk = admin.acting_for(&id);
    let chat = desk.create_chat().await;
    let token = desk.post("/api/tokens", &json!({ "name": "the shop", "scopes": ["chat"] })).await;
    assert_eq!(token.status, 201, "{:?}", token.body);
    let start = desk.post("/api/container/start", &json!({})).await;
    let job = start.body["jobId"].as_str().unwrap().to_owned();
    assert_eq!(desk.post("/api/jobs/cancel", &json!({ "ids": [job] })).await.status, 200);
    let own = admin.get("/api/chats").await.body;
    assert!(!own.to_string().contains(&chat), "the account's chat is not the admin's: {own}");

    let log = admin.get(&format!("/api/audit?owner={id}")).await.body;
    let entries = log["items"].as_array().unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["job.cancel", "container.start", "token.create", "system_container.create"]);
    for entry in entries {
        let who = [&entry["actorName"], &entry["actorKind"], &entry["ownerName"]];
        assert_eq!(who, ["root", "admin", "desk"], "{entry}");
    }
    let activity = desk.get("/api/me/activity").await.body;
    assert_eq!(activity["items"].as_array().unwrap().len(), 4, "{activity}");
    let newest = &activity["items"][0];
    assert_eq!((&newest["action"], &newest["address"]), (&json!("job.cancel"), &json!("")));

    // A program acts as the account itself.
    let program = Person::with_token(&mosaic.url, token.body["token"].as_str().unwrap());
    assert_eq!(program.delete(&format!("/api/chats/{chat}")).await.status, 204);
    assert_eq!(desk.get("/api/chats").await.body["items"], json!([]));
}
