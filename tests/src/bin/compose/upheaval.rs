//! Every container of the project dies in turn while people chat.

use super::Project;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use stub_llm::Handle;
use tests::{Person, cast, docker, eventually, prepared, text};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

/// What is killed, one container after the other.
const SERVICES: [&str; 7] = ["api", "worker", "proxy", "postgres", "guard", "socket-proxy", "tls"];
const PEOPLE: usize = 5;
const CHATS_EACH: usize = 4;
/// Some three seconds of streaming.
const TOKENS: usize = 60;
/// Between two kills, so that what was broken is seen to go on.
const CALM: Duration = Duration::from_secs(3);

/// What became of one message.
struct Told {
    question: String,
    turn: Value,
    vain: usize,
    broken: usize,
}

pub async fn run(project: &Project, llm: &Handle, admin: Person) {
    let mut people = vec![admin];
    for number in 1..PEOPLE {
        let person = cast::account(&project.pool, &project.url, &format!("person{number}")).await;
        cast::equip(&person, &cast::provider(llm)).await;
        people.push(person);
    }
    let over = Arc::new(AtomicBool::new(false));
    let mut talking = JoinSet::new();
    for number in 0..PEOPLE * CHATS_EACH {
        let (person, over) = (people[number % PEOPLE].clone(), Arc::clone(&over));
        let chat = person.chat().await;
        talking.spawn(async move { talk(&person, &chat, number, &over).await });
    }
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
    over.store(true, Relaxed);
    let told: Vec<Told> = talking.join_all().await.into_iter().flatten().collect();
    judge(&told, llm);
    one_container_each(people.len());
}

/// One message after the other until it is over.
async fn talk(person: &Person, chat: &str, number: usize, over: &AtomicBool) -> Vec<Told> {
    let mut told = Vec::new();
    while !over.load(Relaxed) {
        let question = format!("heron {number} {}:", told.len());
        let (turn, vain) =
            person.ask_stubbornly(chat, &format!("{question} [[llm:tokens={TOKENS},gap=50]]")).await;
        let (events, broken) = person.follow_through(&turn).await;
        let turn = person.finished(&turn).await;
        assert_eq!(
            text(&events),
            turn["answer"].as_str().unwrap_or_default(),
            "what was seen is what is kept"
        );
        told.push(Told { question, turn, vain, broken });
    }
    // Nothing that was said is missing, and nothing stands there twice.
    let chat = eventually("the chat can be read", || async {
        let reply = person.request(reqwest::Method::GET, &format!("/api/chats/{chat}")).send().await.ok()?;
        reply.json::<Value>().await.ok().filter(|chat| chat["turns"].is_array())
    })
    .await;
    assert_eq!(chat["turns"].as_array().unwrap().len(), told.len(), "{chat}");
    told
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

fn judge(told: &[Told], llm: &Handle) {
    let requests = llm.requests();
    let whole: Vec<String> = (0..TOKENS).map(|number| format!("w{number}")).collect();
    let whole = whole.join(" ");
    let mut ends = BTreeMap::<String, usize>::new();
    for Told { question, turn, .. } in told {
        let status = turn["status"].as_str().unwrap();
        let asked = requests.iter().filter(|request| request.text.contains(question.as_str())).count();
        assert!(asked <= 1, "asked {asked} times: {turn}");
        assert!(
            status != "done" || (asked == 1 && turn["answer"].as_str().unwrap().trim() == whole),
            "{turn}"
        );
        let code = turn["error"]["code"].as_str().map(|code| format!(" ({code})")).unwrap_or_default();
        *ends.entry(format!("{status}{code}")).or_default() += 1;
    }
    let (vain, broken): (usize, usize) =
        told.iter().fold((0, 0), |(vain, broken), one| (vain + one.vain, broken + one.broken));
    let ends: Vec<String> = ends.into_iter().map(|(end, count)| format!("{count} {end}")).collect();
    println!("\n{} messages: {}. None lost, none asked twice.", told.len(), ends.join(", "));
    println!("Messages sent again under their key: {vain}; streams taken up again: {broken}.");
}

fn one_container_each(people: usize) {
    let label = format!("label=mosaic.test={}", prepared("MOSAIC_TEST_RUN"));
    let count = docker(&["ps", "-aq", "--filter", &label, "--filter", "label=mosaic.user"]).lines().count();
    assert_eq!(count, people, "one container for each");
}
