//! What holds behind the upgrade.

use crate::{
    household::{Container, Household, Member, ask_as_container},
    kept::{self, Document},
    run,
};
use serde_json::{Value, json};
use stub_llm::Handle;
use tests::{Person, Project, docker, eventually, prepared};
use tokio::time::Instant;

/// Fails at the first thing that does not hold, and prints a line for each that does.
pub async fn check(project: &Project, household: &Household, before: &[Document], llm: &Handle) {
    println!("| after it | |\n|---|---|");
    held("processes", processes(project).await);
    held("sessions and tokens", signed_in(household).await);
    held("documents of the release before", documents(household, before).await);
    held("containers", carried_over(household).await);
    let mut answers = 0;
    for member in household.members.iter().chain([&household.desk]) {
        let told = answered(&member.session, &member.chat, "Is the heron still here?").await;
        asked_once(llm, &told, member);
        answers += 1;
    }
    held("old chats", format!("{answers} gone on with, each answered by the person's own provider key"));
    held("old agents and the new server", configured(household, llm).await);
    held("an agent that slept", woken(household, llm).await);
    held("an old agent that is restarted", restarted(household, llm).await);
    assert_eq!(project.agents().len(), household.everybody().count(), "one container for each");
    held("doctor", doctor().await);
}

fn held(what: &str, how: String) {
    println!("| {what} | {how} |");
}

/// All run what this tree made, and are healthy.
async fn processes(project: &Project) -> String {
    let mut all = 0;
    for (service, image) in [
        ("api", "UPGRADE_SERVER"),
        ("worker", "UPGRADE_SERVER"),
        ("guard", "UPGRADE_SERVER"),
        ("postgres", "UPGRADE_POSTGRES"),
        ("proxy", "UPGRADE_PROXY"),
    ] {
        let wanted = image_id(image);
        let containers = project.containers(service);
        all += containers.len();
        for container in containers {
            let began = Instant::now();
            eventually(&format!("a container of {service} is healthy"), || {
                let health = docker(&["inspect", "-f", "{{.State.Health.Status}}", &container]);
                std::future::ready((health == "healthy").then_some(()))
            })
            .await;
            let runs = docker(&["inspect", "-f", "{{.Image}}", &container]);
            assert_eq!(runs, wanted, "the image of {service}, after {:?}", began.elapsed());
        }
    }
    assert_eq!(all, 2 + 3 + 3, "the project has as many processes as before");
    format!("{all} containers, all healthy and of this tree's images")
}

fn image_id(variable: &str) -> String {
    docker(&["image", "inspect", "-f", "{{.Id}}", &prepared(variable)])
}

/// Nobody has to sign in again, and who does can.
async fn signed_in(household: &Household) -> String {
    for member in household.everybody() {
        let me = member.session.get("/api/auth/me").await;
        assert_eq!((me.status, me.body["username"].as_str()), (200, Some(member.name.as_str())), "{:?}", me.body);
        let models = member.program.get("/v1/models").await;
        assert_eq!(models.status, 200, "{}: {:?}", member.name, models.body);
    }
    let again = Person::new(household.admin().session.url());
    let credentials = json!({ "username": "root", "password": "correct horse battery staple" });
    let login = again.post("/api/auth/login", &credentials).await;
    assert!(login.status < 300, "{} {:?}", login.status, login.body);
    assert_eq!(again.get("/api/auth/me").await.body["username"], "root");
    format!("{} people are in by both, and the admin's old password signs in anew", household.everybody().count())
}

async fn documents(household: &Household, before: &[Document]) -> String {
    let differences = kept::differences(before, &household.inventory().await);
    assert!(differences.is_empty(), "not kept:\n{}", differences.join("\n"));
    format!("{} (settings, providers, tokens, agents, chats, memory, findings, archive …) say what they said", before.len())
}

/// The agents of those who chatted all the time are the same processes as before.
async fn carried_over(household: &Household) -> String {
    for member in &household.members {
        assert_eq!(Container::of(&member.session).await, member.container, "the container of {}", member.name);
    }
    format!("{} are the same as before, and were not started again", household.members.len())
}

/// An old container takes a changed configuration from the new server, and its tools work.
async fn configured(household: &Household, llm: &Handle) -> String {
    let version = |container: Value| container["container"]["appliedVersion"].clone();
    for member in &household.members {
        let old = version(member.session.get("/api/container").await.body);
        let agent = format!("/api/agents/{}", member.agent_id());
        let changed = member.session.patch(&agent, &json!({ "name": "Ada Lovelace" })).await;
        assert_eq!(changed.status, 200, "{:?}", changed.body);
        eventually("the changed agent is in force", || async {
            let new = version(member.session.get("/api/container").await.body);
            (!new.is_null() && new != old).then_some(())
        })
        .await;
        let told = answered(&member.session, &member.chat, "Who are you now?").await;
        asked_once(llm, &told, member);

        let call = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": "memory_get", "arguments": { "key": "bird" } },
        });
        let (status, reply) = ask_as_container(&member.session, &call).await;
        assert!(status == 200 && reply.to_string().contains("blue"), "{status} {reply}");
        assert_eq!(Container::of(&member.session).await, member.container, "the container of {}", member.name);
    }
    "a changed agent was in force in each without a restart, and their tools remember".to_owned()
}

/// Who slept wakes up in this tree's agent image, with what was in the volume.
async fn woken(household: &Household, llm: &Handle) -> String {
    let sleeper = &household.sleeper;
    let told = answered(&sleeper.session, &sleeper.chat, "Good morning, heron.").await;
    asked_once(llm, &told, sleeper);
    moved(sleeper).await;
    "it woke up in this tree's image, over its old volume and with its old limits".to_owned()
}

async fn restarted(household: &Household, llm: &Handle) -> String {
    let member = &household.members[1];
    assert_eq!(member.session.post("/api/container/restart", &json!({})).await.status, 202);
    eventually("the agent is restarted", || async {
        let container = member.session.get("/api/container").await.body["container"].clone();
        let ready = container["observed"] == "ready";
        (ready && Container::of(&member.session).await.run != member.container.run).then_some(())
    })
    .await;
    let told = answered(&member.session, &member.chat, "And behind the restart?").await;
    asked_once(llm, &told, member);
    moved(member).await;
    "it is in this tree's image, over its old volume and with its old limits".to_owned()
}

async fn moved(member: &Member) {
    let now = Container::of(&member.session).await;
    assert_eq!(now.image, image_id("UPGRADE_AGENT"), "the image of {}", member.name);
    assert_eq!(
        (&now.volume, &now.limits),
        (&member.container.volume, &member.container.limits),
        "the container of {}",
        member.name
    );
}

/// Asks in an old chat; answers with what was asked.
async fn answered(person: &Person, chat: &str, question: &str) -> String {
    let question = format!("{question} {}", uuid::Uuid::now_v7().simple());
    let turn = person.ask(chat, &question).await;
    let turn = person.finished(&turn).await;
    assert!(turn["status"] == "done" && turn["answer"].as_str().is_some_and(|text| !text.is_empty()), "{turn}");
    question
}

/// The provider was asked once, with the person's own key.
fn asked_once(llm: &Handle, question: &str, member: &Member) {
    let keys: Vec<String> = llm
        .requests()
        .into_iter()
        .filter(|request| request.text.contains(question))
        .map(|request| request.key_ends_in)
        .collect();
    assert_eq!(keys, [member.key_ends_in.as_str()], "how often {question:?} of {} was asked, by which key", member.name);
}

async fn doctor() -> String {
    let said = run("doctor").await;
    let passed = said.lines().filter(|line| line.starts_with("pass ")).count();
    assert!(passed > 0 && !said.contains("FAIL "), "{said}");
    format!("{passed} checks pass")
}
