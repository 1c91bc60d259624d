//! The instance's own agents: accounts that nobody signs in as, kept by admins and used by programs.

use crate::life::{by_hand, run, unused_for};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Mosaic, Options, Person, Reply, cast, docker, eventually};

const ALL: &str = "/api/fleet/system-containers";

/// Makes one; answers with its account's id.
async fn made(admin: &Person, name: &str) -> String {
    let made = admin.post(ALL, &json!({ "name": name, "purpose": "Answers questions" })).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

/// It, as an admin sees it.
async fn listed(admin: &Person, id: &str) -> Value {
    let all = admin.get(ALL).await.body;
    all["items"].as_array().unwrap().iter().find(|item| item["id"] == id).cloned().unwrap_or_default()
}

async fn reaches(admin: &Person, id: &str, state: &str) -> Value {
    eventually(&format!("its container is {state}"), || async {
        Some(listed(admin, id).await).filter(|item| item["state"] == state)
    })
    .await
}

async fn user(admin: &Person, name: &str) -> Value {
    let users = admin.get("/api/users").await.body;
    users["items"].as_array().unwrap().iter().find(|user| user["username"] == name).cloned().unwrap()
}

/// How far a container is walled in.
fn walls(container: &str) -> String {
    let of =
        "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}
              {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{len .NetworkSettings.Networks}}";
    docker(&["inspect", "-f", of, container])
}

fn networks(container: &str) -> String {
    docker(&["inspect", "-f", "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}", container])
}

#[tokio::test]
async fn programs_use_it_like_anybodys_agent_and_it_goes_without_a_trace() {
    let mosaic = Mosaic::start().await;
    let admin = by_hand(&mosaic).await;
    assert_eq!(admin.ask_once("hello").await["status"], "done");
    let (before, his) = (mosaic.objects().await, mosaic.containers().await);
    let id = made(&admin, "help-desk").await;
    assert_eq!(listed(&admin, &id).await["state"], "absent");

    let desk = admin.keeping(&id);
    cast::equip(&desk, &mosaic.provider()).await;
    let token = desk.post("/api/tokens", &json!({ "name": "the shop", "scopes": ["chat"] })).await;
    let program = Person::with_token(&mosaic.url, token.body["token"].as_str().unwrap());
    let question = json!({ "model": "ada", "messages": [{ "role": "user", "content": "when do you open" }] });
    let answer = program.post("/v1/chat/completions", &question).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert!(answer.body["choices"][0]["message"]["content"].is_string(), "{:?}", answer.body);
    assert_eq!(mosaic.asked("when do you open"), 1);

    let ready = reaches(&admin, &id, "ready").await;
    let fleet = admin.get("/api/fleet/containers").await.body;
    let mut seen: Vec<_> = fleet["items"].as_array().unwrap().iter().map(|item| &item["user"]).collect();
    seen.sort_by_key(|user| user["system"].as_bool());
    assert_eq!((&seen[1]["id"], &seen[1]["system"]), (&json!(id), &json!(true)), "{fleet}");
    assert_eq!(seen[0]["system"], false);
    assert_eq!(fleet["budget"]["running"], 2, "its memory counts");
    let its = mosaic.containers().await.into_iter().find(|name| !his.contains(name)).unwrap();
    assert_eq!(walls(&its), walls(&his[0]));
    assert_ne!(networks(&its), networks(&his[0]), "a network of its own");

    rests_like_others(&mosaic, &admin, &id).await;
    assert_eq!(ready["idleStopAfterSeconds"], 1800);
    assert_eq!(desk.ask_once("awake again?").await["status"], "done");
    exported(&desk).await;
    assert_eq!(admin.get("/api/me/export").await.status, 204, "the admin's own is another");

    let removed = admin.delete(&format!("{ALL}/{id}")).await;
    assert_eq!(removed.status, 202, "{:?}", removed.body);
    assert_eq!((desk.get("/api/chats").await.code(), desk.get("/api/chats").await.status), ("not_kept", 403));
    assert_eq!(program.get("/v1/models").await.status, 401, "its token is refused at once");
    eventually("nothing of it is left", || async {
        (mosaic.objects().await == before && listed(&admin, &id).await.is_null()).then_some(())
    })
    .await;
    let rows = "select (select count(*) from users where username = 'help-desk')
                  + (select count(*) from system_containers) + (select count(*) from api_tokens)
                  + (select count(*) from user_containers) - 1";
    let rows: i64 = sqlx::query_scalar(rows).fetch_one(&mosaic.database.pool).await.unwrap();
    assert_eq!(rows, 0);
    made(&admin, "help-desk").await;
}

/// The reaper puts it to sleep when everybody's time is over, and not at all where an admin says so.
async fn rests_like_others(mosaic: &Mosaic, admin: &Person, id: &str) {
    let account = format!("/api/users/{id}");
    assert_eq!(admin.patch(&account, &json!({ "idleTimeoutSeconds": 0 })).await.status, 200);
    assert_eq!(listed(admin, id).await["idleStopAfterSeconds"], 0);
    unused_for(mosaic, 31).await;
    run(admin, "reap-idle").await;
    assert_eq!(listed(admin, id).await["state"], "ready", "0 = never");
    assert_eq!(admin.patch(&account, &json!({ "idleTimeoutSeconds": null })).await.status, 200);
    run(admin, "reap-idle").await;
    reaches(admin, id, "stopped").await;
}

async fn exported(person: &Person) {
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

/// A Mosaic without workers: nothing here needs a container.
async fn mosaic() -> (Mosaic, Person) {
    let mosaic = Mosaic::start_with(Options { workers: 0, ..Options::default() }).await;
    let admin = mosaic.admin().await;
    (mosaic, admin)
}

#[tokio::test]
async fn only_an_admins_browser_acts_for_it_and_for_nobody_else() {
    let (mosaic, admin) = mosaic().await;
    let bob = mosaic.user("bob").await;
    let (his, id) = (user(&admin, "bob").await, made(&admin, "desk").await);
    let desk = admin.keeping(&id);
    let me = desk.get("/api/auth/me").await.body;
    assert_eq!((&me["id"], &me["username"], &me["role"]), (&json!(id), &json!("desk"), &json!("user")));
    assert_eq!(me["keptBy"], "root");
    assert!(admin.get("/api/auth/me").await.body.get("keptBy").is_none());

    // The same words for no account, a person's, and one that is no longer to be had.
    let words = |reply: Reply| (reply.status, reply.body["code"].clone(), reply.body["detail"].clone());
    let refusal = words(bob.keeping(&id).get("/api/chats").await);
    assert_eq!((refusal.0, &refusal.1), (403, &json!("not_kept")));
    let nobody = format!("usr_{}", uuid::Uuid::now_v7().simple());
    let own = admin.get("/api/auth/me").await.body["id"].as_str().unwrap().to_owned();
    for account in [his["id"].as_str().unwrap(), &own, &nobody, "desk", "", "*"] {
        assert_eq!(words(admin.keeping(account).get("/api/chats").await), refusal, "{account}");
    }
    let account = format!("/api/users/{id}");
    assert_eq!(admin.patch(&account, &json!({ "disabled": true })).await.status, 200);
    assert_eq!(words(desk.get("/api/chats").await), refusal);
    assert_eq!(admin.patch(&account, &json!({ "disabled": false })).await.status, 200);
    assert_eq!(desk.get("/api/chats").await.status, 200);

    let token = admin.post("/api/tokens", &json!({ "name": "t", "scopes": ["chat"] })).await;
    let program = Person::with_token(&mosaic.url, token.body["token"].as_str().unwrap());
    assert_eq!(program.get("/api/chats").await.status, 200);
    assert_eq!(program.keeping(&id).get("/api/chats").await.status, 403);
    assert_eq!(mosaic.anon().keeping(&id).get("/api/chats").await.status, 401);

    // Whoever becomes an admin may, and whoever is none any more may not, nor listen on.
    let bobs = format!("/api/users/{}", his["id"].as_str().unwrap());
    assert_eq!(admin.patch(&bobs, &json!({ "role": "admin" })).await.status, 200);
    assert_eq!(bob.keeping(&id).get("/api/chats").await.status, 200);
    let mut listening = Vec::new();
    let kept = bob.keeping(&id);
    for (who, path) in
        [(&kept, "/api/container/events"), (&kept, "/api/jobs/events"), (&bob, "/api/jobs/events")]
    {
        let mut events = who.events(path).await;
        events.next().await;
        listening.push(events);
    }
    assert_eq!(admin.patch(&bobs, &json!({ "role": "user" })).await.status, 200);
    assert_eq!(words(bob.keeping(&id).get("/api/chats").await), refusal);
    for events in listening {
        events.rest().await;
    }
}

#[tokio::test]
async fn it_has_a_name_like_a_person_and_is_none() {
    let (mosaic, admin) = mosaic().await;
    mosaic.user("bob").await;
    let id = made(&admin, "desk").await;
    for name in ["Desk", "BOB", "root"] {
        let taken = admin.post(ALL, &json!({ "name": name })).await;
        assert_eq!((taken.status, taken.code()), (409, "name_taken"), "{name}");
    }
    for name in ["", "two words", "line\nbreak"] {
        let refused = admin.post(ALL, &json!({ "name": name })).await;
        assert_eq!((refused.status, &refused.body["errors"][0]["field"]), (422, &json!("name")), "{name}");
    }
    let long = admin.post(ALL, &json!({ "name": "x", "purpose": "x".repeat(201) })).await;
    assert_eq!((long.status, &long.body["errors"][0]["field"]), (422, &json!("purpose")));

    assert_eq!(user(&admin, "desk").await["system"], true);
    assert_eq!(user(&admin, "bob").await["system"], false);
    let raised = admin.patch(&format!("/api/users/{id}"), &json!({ "role": "admin" })).await;
    assert_eq!((raised.status, raised.code()), (409, "system_container"));
    for password in ["", "correct horse battery staple"] {
        let login = json!({ "username": "desk", "password": password });
        assert_eq!(mosaic.anon().post("/api/auth/login", &login).await.code(), "bad_credentials");
    }

    let changed = admin.patch(&format!("{ALL}/{id}"), &json!({ "purpose": " Opening hours " })).await;
    assert_eq!((changed.status, &changed.body["purpose"]), (200, &json!("Opening hours")));
    assert_eq!(changed.body["madeBy"], "root");
    let person = format!("{ALL}/{}", user(&admin, "bob").await["id"].as_str().unwrap());
    assert_eq!(admin.patch(&person, &json!({ "purpose": "x" })).await.status, 404);
    assert_eq!(admin.delete(&person).await.status, 404);
    assert_eq!(user(&admin, "bob").await["disabledAt"], Value::Null, "a person is not removed this way");
}

#[tokio::test]
async fn the_log_names_the_admin_who_did_it_and_the_account_it_was_done_for() {
    let (mosaic, admin) = mosaic().await;
    let id = made(&admin, "desk").await;
    let desk = admin.keeping(&id);
    let chat = desk.chat().await;
    let token = desk.post("/api/tokens", &json!({ "name": "the shop", "scopes": ["chat"] })).await;
    assert_eq!(token.status, 201, "{:?}", token.body);
    let start = desk.post("/api/container/start", &json!({})).await;
    let job = start.body["jobId"].as_str().unwrap().to_owned();
    assert_eq!(desk.post("/api/jobs/cancel", &json!({ "ids": [job] })).await.status, 200);
    let own = admin.get("/api/chats").await.body;
    assert!(!own.to_string().contains(&chat), "what is the account's is not the admin's: {own}");

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

    // A program's doing is the account's own.
    let program = Person::with_token(&mosaic.url, token.body["token"].as_str().unwrap());
    assert_eq!(program.delete(&format!("/api/chats/{chat}")).await.status, 204);
    assert_eq!(desk.get("/api/chats").await.body["items"], json!([]));
}
