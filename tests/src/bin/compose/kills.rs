//! Kills every container of the project in turn while people chat.

use std::{process::Command, time::Duration};
use stub_llm::Handle;
use tests::{
    Person, Project,
    chat_load::{ChatLoad, ChatReport},
    docker, eventually, setup,
};
use tokio::time::{Instant, sleep};

/// The services in the order in which their containers are killed.
const SERVICES: [&str; 7] = ["api", "worker", "proxy", "postgres", "guard", "socket-proxy", "tls"];
const PEOPLE: usize = 5;
const CHATS_EACH: usize = 4;
/// Between two kills, so that chats are seen to go on.
const PAUSE: Duration = Duration::from_secs(3);

pub async fn run(project: &Project, llm: &Handle, admin: Person) {
    let mut people = vec![admin];
    for number in 1..PEOPLE {
        let person = setup::create_user(&project.pool, &project.url, &format!("person{number}")).await;
        setup::add_provider_and_agent(&person, &setup::stub_provider(llm)).await;
        people.push(person);
    }
    let load = ChatLoad::start(&people, CHATS_EACH).await;
    sleep(PAUSE).await;
    println!("| killed | containers | back and healthy after s |\n|---|---|---|");
    for service in SERVICES {
        let containers = project.containers(service);
        let mut seconds = Vec::new();
        for container in &containers {
            seconds.push(format!("{:.1}", kill(container).await));
            sleep(PAUSE).await;
        }
        if !containers.is_empty() {
            println!("| {service} | {} | {} |", containers.len(), seconds.join(", "));
        }
    }
    print(&load.stop(|| llm.requests()).await);
    assert_eq!(project.agents().len(), people.len(), "one container for each person");
}

/// Kills all processes of a container, as a crash would; returns the seconds until it is healthy again.
async fn kill(container: &str) -> f64 {
    let state = || docker(&["inspect", "-f", "{{.State.Pid}} {{.State.Health.Status}}", container]);
    let before = state();
    let pid = before.split_whitespace().next().unwrap().to_owned();
    let killed_at = Instant::now();
    assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    eventually("the container is healthy again", || {
        let now = state();
        std::future::ready(
            (now != before && now.ends_with(" healthy") && !now.starts_with(&pid)).then_some(()),
        )
    })
    .await;
    killed_at.elapsed().as_secs_f64()
}

fn print(report: &ChatReport) {
    let by_status: Vec<String> =
        report.by_status.iter().map(|(status, count)| format!("{count} {status}")).collect();
    println!(
        "\n{} messages: {}. {} lost, {} doubled.",
        report.sent,
        by_status.join(", "),
        report.lost.len(),
        report.doubled.len()
    );
    println!(
        "Messages sent again under their idempotency key: {}; streams opened again: {}.",
        report.retries, report.reconnects
    );
    report.assert_nothing_lost_or_doubled();
}
