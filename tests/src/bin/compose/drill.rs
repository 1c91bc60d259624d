//! The restore drill: what a person has is backed up, everything is wiped, and is there again behind the restore.

use serde_json::{Value, json};
use std::{path::Path, process::Command};
use tests::{Person, Project, docker, eventually};
use tokio::time::Instant;

/// All that the drill looks for.
#[derive(Debug, PartialEq)]
struct Belongings {
    chat: Value,
    memory: Value,
    findings: Value,
    conversations: Value,
    /// Sum over the files that agents keep.
    volumes: Vec<String>,
}

pub async fn run(project: &Project, person: &Person) {
    let chat = person.chat().await;
    let turn = person.ask(&chat, "Please remember the blue heron.").await;
    assert_eq!(person.finished(&turn).await["status"], "done");
    let agents = person.get("/api/agents").await.body;
    let memory = format!("/api/memory/bird?agentId={}", agents["items"][0]["id"].as_str().unwrap());
    assert_eq!(person.put(&memory, &json!({ "value": { "colour": "blue" } })).await.status, 200);
    let finding = json!({ "content": "Herons stand on one leg." });
    assert_eq!(person.post("/api/findings", &finding).await.status, 201);
    eventually("the chat is in the archive", || async {
        let archived = person.get("/api/conversations").await.body;
        archived["items"].as_array()?.first().cloned()
    })
    .await;

    // At rest, so that what its agent keeps can be compared to the byte.
    assert_eq!(person.post("/api/container/stop", &json!({})).await.status, 202);
    eventually("the container is stopped", || async { project.running_agents().is_empty().then_some(()) })
        .await;
    let before = belongings(project, person, &chat, &memory).await;
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    let began = Instant::now();
    script("backup.sh", project, &backup);
    let backed_up = began.elapsed().as_secs_f64();

    wipe(project).await;
    let began = Instant::now();
    script("restore.sh", project, &backup);
    eventually("Mosaic is ready again", || async {
        let reply = reqwest::get(format!("{}/readyz", project.url)).await.ok()?;
        (reply.status() == 200).then_some(())
    })
    .await;
    let restored = began.elapsed().as_secs_f64();
    // The same session: also who is signed in came back.
    assert_eq!(belongings(project, person, &chat, &memory).await, before);
    let turn = person.ask(&chat, "Are you still there?").await;
    assert_eq!(person.finished(&turn).await["status"], "done");
    println!(
        "Drill: backed up in {backed_up:.1} s; wiped; restored and ready in {restored:.1} s: all is back."
    );
}

async fn belongings(project: &Project, person: &Person, chat: &str, memory: &str) -> Belongings {
    let chat = person.get(&format!("/api/chats/{chat}")).await;
    assert_eq!(chat.status, 200, "{:?}", chat.body);
    Belongings {
        chat: chat.body,
        memory: person.get(memory).await.body,
        findings: person.get("/api/findings").await.body,
        conversations: person.get("/api/conversations").await.body,
        volumes: project.volumes().iter().map(|volume| sum(volume)).collect(),
    }
}

/// Names, owners and contents of all files in a volume.
fn sum(volume: &str) -> String {
    let all = "cd /data && find . -type f -print0 | sort -z | xargs -0 sha256sum && find . | sort | xargs -d '\\n' stat -c '%n %u %g %a'";
    let mount = format!("{volume}:/data:ro");
    let listed =
        docker(&["run", "--rm", "--network", "none", "-v", &mount, "mosaic-base:bookworm", "sh", "-c", all]);
    assert!(listed.lines().count() > 1, "the agent keeps something");
    format!("{volume} {listed}")
}

/// As bad as it gets: the tables and the volumes are gone.
async fn wipe(project: &Project) {
    for container in project.agents() {
        docker(&["rm", "-f", &container]);
    }
    for volume in project.volumes() {
        docker(&["volume", "rm", &volume]);
    }
    let postgres = &project.containers("postgres")[0];
    let sql = "drop schema public cascade; create schema public";
    docker(&["exec", postgres, "psql", "-q", "-U", "postgres", "-d", "mosaic", "-c", sql]);
    assert!(project.volumes().is_empty());
}

/// One of deploy's scripts, as its operator runs it.
fn script(name: &str, project: &Project, folder: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name);
    let run = Command::new(script).arg(folder).env("PROJECT", &project.name).env("YES", "1").status();
    assert!(run.unwrap().success(), "{name}");
}
