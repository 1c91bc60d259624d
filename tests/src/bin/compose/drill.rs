//! The restore drill: makes a backup, deletes everything, restores it and compares what a person has before and after.

use serde_json::{Value, json};
use std::{path::Path, process::Command};
use tests::{Person, Project, docker, eventually};
use tokio::time::Instant;

/// Everything that the drill compares.
#[derive(Debug, PartialEq)]
struct Snapshot {
    chat: Value,
    memory: Value,
    findings: Value,
    conversations: Value,
    /// Checksums of the files in the agents' volumes.
    volumes: Vec<String>,
}

pub async fn run(project: &Project, person: &Person) {
    let chat = person.create_chat().await;
    let turn = person.ask(&chat, "Please remember the blue heron.").await;
    assert_eq!(person.wait_for_turn(&turn).await["status"], "done");
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

    // Stopped, so that the files of the volume can be compared byte by byte.
    assert_eq!(person.post("/api/container/stop", &json!({})).await.status, 202);
    eventually("the container is stopped", || async { project.running_agents().is_empty().then_some(()) })
        .await;
    let before = snapshot(project, person, &chat, &memory).await;
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    let began = Instant::now();
    run_script("backup.sh", project, &backup);
    let backed_up = began.elapsed().as_secs_f64();

    delete_everything(project).await;
    let began = Instant::now();
    run_script("restore.sh", project, &backup);
    eventually("Mosaic is ready again", || async {
        let reply = reqwest::get(format!("{}/readyz", project.url)).await.ok()?;
        (reply.status() == 200).then_some(())
    })
    .await;
    let restored = began.elapsed().as_secs_f64();
    // The session is the same one: it was restored too.
    assert_eq!(snapshot(project, person, &chat, &memory).await, before);
    let turn = person.ask(&chat, "Are you still there?").await;
    assert_eq!(person.wait_for_turn(&turn).await["status"], "done");
    println!(
        "Drill: backed up in {backed_up:.1} s; deleted; restored and ready in {restored:.1} s: everything is there."
    );
}

async fn snapshot(project: &Project, person: &Person, chat: &str, memory: &str) -> Snapshot {
    let chat = person.get(&format!("/api/chats/{chat}")).await;
    assert_eq!(chat.status, 200, "{:?}", chat.body);
    Snapshot {
        chat: chat.body,
        memory: person.get(memory).await.body,
        findings: person.get("/api/findings").await.body,
        conversations: person.get("/api/conversations").await.body,
        volumes: project.volumes().iter().map(|volume| checksum(volume)).collect(),
    }
}

/// Names, owners and contents of all files in a volume.
fn checksum(volume: &str) -> String {
    let all = "cd /data && find . -type f -print0 | sort -z | xargs -0 sha256sum && find . | sort | xargs -d '\\n' stat -c '%n %u %g %a'";
    let mount = format!("{volume}:/data:ro");
    let listed =
        docker(&["run", "--rm", "--network", "none", "-v", &mount, "mosaic-base:bookworm", "sh", "-c", all]);
    assert!(listed.lines().count() > 1, "the volume is not empty");
    format!("{volume} {listed}")
}

/// Deletes the agents' containers, their volumes and all tables.
async fn delete_everything(project: &Project) {
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

/// Runs a script of deploy/ as an operator does.
fn run_script(name: &str, project: &Project, folder: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name);
    let run = Command::new(script).arg(folder).env("PROJECT", &project.name).env("YES", "1").status();
    assert!(run.unwrap().success(), "{name}");
}
