//! What must hold after the upgrade.

use crate::{
    comparison::{self, Document},
    run_step,
    users::{Container, User, Users},
};
use serde_json::{Value, json};
use stub_llm::Handle;
use tests::{Person, Project, docker, eventually, prepared};

/// Panics at the first check that fails, and prints one row for each that passes.
pub async fn run(project: &Project, users: &Users, before: &[Document], llm: &Handle) {
    println!("| after the upgrade | |\n|---|---|");
    passed("processes", &processes_are_new(project).await);
    passed("sessions and tokens", &everybody_is_signed_in(users).await);
    passed("documents", &documents_are_unchanged(users, before).await);
    passed("containers", &containers_are_the_same(users).await);
    passed("chats", &chats_go_on(users, llm).await);
    passed("old containers, new server", &containers_take_new_configuration(users, llm).await);
    passed("a stopped container", &stopped_container_starts(users, llm).await);
    passed("a restarted container", &restarted_container_is_updated(users, llm).await);
    assert_eq!(project.agents().len(), users.all().count(), "one container for each user");
    passed("doctor", &doctor_passes().await);
}

fn passed(check: &str, result: &str) {
    println!("| {check} | {result} |");
}

/// As many containers as before, all healthy and with this tree's images.
async fn processes_are_new(project: &Project) -> String {
    let mut count = 0;
    for (service, image) in [
        ("api", "UPGRADE_SERVER"),
        ("worker", "UPGRADE_SERVER"),
        ("guard", "UPGRADE_SERVER"),
        ("postgres", "UPGRADE_POSTGRES"),
        ("proxy", "UPGRADE_PROXY"),
    ] {
        for container in project.containers(service) {
            count += 1;
            eventually(&format!("a container of {service} is healthy"), || {
                let health = docker(&["inspect", "-f", "{{.State.Health.Status}}", &container]);
                std::future::ready((health == "healthy").then_some(()))
            })
            .await;
            let image_of_container = docker(&["inspect", "-f", "{{.Image}}", &container]);
            assert_eq!(image_of_container, image_id(image), "the image of {service}");
        }
    }
    assert_eq!(count, 2 + 3 + 1 + 1 + 1, "two APIs, three workers, guard, Postgres and proxy");
    format!("{count}, all healthy and with this tree's images")
}

fn image_id(variable: &str) -> String {
    docker(&["image", "inspect", "-f", "{{.Id}}", &prepared(variable)])
}

async fn everybody_is_signed_in(users: &Users) -> String {
    for user in users.all() {
        let me = user.session.get("/api/auth/me").await;
        let name = me.body["username"].as_str();
        assert_eq!((me.status, name), (200, Some(user.name.as_str())), "{:?}", me.body);
        let models = user.program.get("/v1/models").await;
        assert_eq!(models.status, 200, "the token of {}: {:?}", user.name, models.body);
    }
    let new_session = Person::new(users.admin().session.url());
    let credentials = json!({ "username": "root", "password": "correct horse battery staple" });
    let login = new_session.post("/api/auth/login", &credentials).await;
    assert!(login.status < 300, "{} {:?}", login.status, login.body);
    assert_eq!(new_session.get("/api/auth/me").await.body["username"], "root");
    format!("those of {} users are valid; the admin's old password signs in", users.all().count())
}

async fn documents_are_unchanged(users: &Users, before: &[Document]) -> String {
    let differences = comparison::differences(before, &users.documents().await);
    assert!(differences.is_empty(), "not as before the upgrade:\n{}", differences.join("\n"));
    format!(
        "{} are as before: settings, sign-in, users, providers, tokens, agents, chats, memory, findings, archive",
        before.len()
    )
}

/// The containers of those who chatted were neither replaced nor restarted.
async fn containers_are_the_same(users: &Users) -> String {
    for user in &users.chatting {
        assert_container_is_the_same(user).await;
    }
    format!("{} run on; none was replaced or restarted", users.chatting.len())
}

async fn assert_container_is_the_same(user: &User) {
    assert_eq!(Container::of(&user.session).await, user.container, "the container of {}", user.name);
}

/// A new message in an old chat, and a program with an old token.
async fn chats_go_on(users: &Users, llm: &Handle) -> String {
    let all: Vec<&User> = users.chatting.iter().chain([&users.system_agent]).collect();
    for user in &all {
        ask(user, llm).await;
        let question = unique_question();
        let body =
            json!({ "model": user.agent["slug"], "messages": [{ "role": "user", "content": question }] });
        let reply = user.program.post("/v1/chat/completions", &body).await;
        assert_eq!(reply.status, 200, "{:?}", reply.body);
        assert_asked_once(llm, &question, user);
    }
    format!("{} go on, in the pages and with old tokens; the provider saw each user's own key", all.len())
}

/// A changed agent is applied in an old container without a restart, and Mosaic's tools work there.
async fn containers_take_new_configuration(users: &Users, llm: &Handle) -> String {
    let applied_version = async |user: &User| -> Value {
        user.session.get("/api/container").await.body["container"]["appliedVersion"].clone()
    };
    for user in &users.chatting {
        let old = applied_version(user).await;
        let agent = format!("/api/agents/{}", user.agent_id());
        let changed = user.session.patch(&agent, &json!({ "name": "Ada Lovelace" })).await;
        assert_eq!(changed.status, 200, "{:?}", changed.body);
        eventually("the container has applied the changed agent", || async {
            let new = applied_version(user).await;
            (!new.is_null() && new != old).then_some(())
        })
        .await;
        ask(user, llm).await;
        let memory = user.call_tool("memory_get", json!({ "key": "bird" })).await;
        assert!(memory.to_string().contains("blue"), "{memory}");
        assert_container_is_the_same(user).await;
    }
    format!("{} applied a changed agent without a restart; Mosaic's tools work", users.chatting.len())
}

async fn stopped_container_starts(users: &Users, llm: &Handle) -> String {
    ask(&users.stopped, llm).await;
    assert_updated(&users.stopped).await;
    "a message started it with this tree's agent image, the same volume and the same limits".to_owned()
}

async fn restarted_container_is_updated(users: &Users, llm: &Handle) -> String {
    let user = &users.chatting[1];
    assert_eq!(user.session.post("/api/container/restart", &json!({})).await.status, 202);
    eventually("the container is restarted", || async {
        let container = user.session.get("/api/container").await.body["container"].clone();
        let now = Container::find(&user.session).await?;
        (container["observed"] == "ready" && now.state != user.container.state).then_some(())
    })
    .await;
    ask(user, llm).await;
    assert_updated(user).await;
    "it has this tree's agent image, the same volume and the same limits".to_owned()
}

async fn assert_updated(user: &User) {
    let container = Container::of(&user.session).await;
    assert_eq!(container.image, image_id("UPGRADE_AGENT"), "the image of {}", user.name);
    assert_eq!(
        (&container.volume, &container.limits),
        (&user.container.volume, &user.container.limits),
        "the container of {}",
        user.name
    );
}

/// Asks in the user's old chat.
async fn ask(user: &User, llm: &Handle) {
    let question = unique_question();
    let turn = user.session.ask(&user.chat, &question).await;
    let turn = user.session.wait_for_turn(&turn).await;
    assert!(
        turn["status"] == "done" && turn["answer"].as_str().is_some_and(|text| !text.is_empty()),
        "{turn}"
    );
    assert_asked_once(llm, &question, user);
}

fn unique_question() -> String {
    format!("Is the heron still here? {}", uuid::Uuid::now_v7().simple())
}

/// The provider was asked once, with the user's own key.
fn assert_asked_once(llm: &Handle, question: &str, user: &User) {
    let keys: Vec<String> = llm
        .requests()
        .into_iter()
        .filter(|request| request.text.contains(question))
        .map(|request| request.key_ends_in)
        .collect();
    assert_eq!(keys, [user.key_ends_in.as_str()], "the keys with which {} asked {question:?}", user.name);
}

async fn doctor_passes() -> String {
    let output = run_step("doctor").await;
    let passed = output.lines().filter(|line| line.starts_with("pass ")).count();
    assert!(passed > 0 && !output.contains("FAIL "), "{output}");
    format!("{passed} checks pass")
}
