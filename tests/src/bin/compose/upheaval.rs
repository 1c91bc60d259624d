//! Every container of the project dies in turn while people chat.

use std::{process::Command, time::Duration};
use stub_llm::Handle;
use tests::{
    Person, Project, cast, docker, eventually,
    talking::{Talks, Tally},
};
use tokio::time::{Instant, sleep};

/// What is killed, one container after the other.
const SERVICES: [&str; 7] = ["api", "worker", "proxy", "postgres", "guard", "socket-proxy", "tls"];
const PEOPLE: usize = 5;
const CHATS_EACH: usize = 4;
/// Between two kills, so that what was broken is seen to go on.
const CALM: Duration = Duration::from_secs(3);

pub async fn run(project: &Project, llm: &Handle, admin: Person) {
    let mut people = vec![admin];
    for number in 1..PEOPLE {
        let person = cast::account(&project.pool, &project.url, &format!("person{number}")).await;
        cast::equip(&person, &cast::provider(llm)).await;
        people.push(person);
    }
    let talks = Talks::begin(&people, CHATS_EACH).await;
    sleep(CALM).await;
    println!("| killed | containers | back and healthy after s |\n|---|---|---|");
    for service in SERVICES {
        let containers = project.containers(service);
        let mut back = Vec::new();
        for container in &containers {
            back.push(format!("{:.1}", kill(container).await));
            sleep(CALM).await;
        }
        if !containers.is_empty() {
            println!("| {service} | {} | {} |", containers.len(), back.join(", "));
        }
    }
    judge(&talks.end(|| llm.requests()).await);
    assert_eq!(project.agents().len(), people.len(), "one container for each");
}

/// Ends everything in a container as a crash does; answers with the seconds until it is healthy again.
async fn kill(container: &str) -> f64 {
    let state = || docker(&["inspect", "-f", "{{.State.Pid}} {{.State.Health.Status}}", container]);
    let before = state();
    let pid = before.split_whitespace().next().unwrap().to_owned();
    let began = Instant::now();
    assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    eventually("the container is back", || {
        let now = state();
        std::future::ready(
            (now != before && now.ends_with(" healthy") && !now.starts_with(&pid)).then_some(()),
        )
    })
    .await;
    began.elapsed().as_secs_f64()
}

fn judge(tally: &Tally) {
    let ends: Vec<String> = tally.ends.iter().map(|(end, count)| format!("{count} {end}")).collect();
    println!(
        "\n{} messages: {}. {} lost, {} doubled.",
        tally.sent,
        ends.join(", "),
        tally.lost.len(),
        tally.doubled.len()
    );
    println!(
        "Messages sent again under their key: {}; streams taken up again: {}.",
        tally.repeated, tally.taken_up
    );
    tally.require_whole();
}
