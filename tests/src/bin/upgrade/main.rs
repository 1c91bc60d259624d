//! `make upgrade-test`: the release before this tree, with people in it, is rolled to this tree while twenty chats go on.
//!
//! Owns what people have and do and what must hold; deploy/setup/test-upgrade.sh brings the project up, does each step of
//! the upgrade when it is told to, and takes the project away. Prints Markdown, and fails where something is lost.
//!
//! Both releases meet the same requests from here: what this driver sends must be understood by the older one too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement that cannot go on has nothing better to do than to say so and stop"
)]

mod afterwards;
mod household;
mod kept;
mod watch;

use household::Household;
use std::{process::Stdio, time::Duration};
use tests::{
    Project, agents, prepared,
    talking::{Tally, Talks},
};
use tokio::{
    process::Command,
    time::{Instant, sleep},
};
use watch::{Phase, Probe};

const CHATS_EACH: usize = 4;
/// Before, between and after the steps, so that what a step broke is seen to go on.
const CALM: Duration = Duration::from_secs(5);

/// What docs/OPERATIONS.md tells an operator to do, as the script calls it and as the table shows it.
const STEPS: [(&str, &str); 4] = [
    ("backup", "`deploy/backup.sh` of the release before"),
    ("images", "`make images` is done: the images have this tree's meaning"),
    ("roll", "`deploy/roll.sh`"),
    ("up", "`docker-compose up -d`"),
];

#[tokio::main]
async fn main() {
    let project = Project::of_environment().await;
    let llm = agents::llm().await;
    let household = Household::move_in(&project, &llm).await;
    let before = household.inventory().await;

    let talks = Talks::begin(&household.talkers(), CHATS_EACH).await;
    let probe = Probe::begin(&household.admin().session);
    let mut phases = vec![Phase::of("before it", async { sleep(CALM).await }).await];
    for (step, shown) in STEPS {
        phases.push(
            Phase::of(shown, async {
                run(step).await;
                sleep(CALM).await;
            })
            .await,
        );
    }
    let words = talks.words();
    let requests = probe.end().await;
    let tally = talks.end(|| llm.requests()).await;
    watch::print(&phases, &requests, &words, &tally.first_words);
    judge(&tally);

    afterwards::check(&project, &household, &before, &llm).await;
}

/// One step, as the operator does it. Answers with what it printed.
async fn run(step: &str) -> String {
    let began = Instant::now();
    let output = Command::new(prepared("UPGRADE_SCRIPT"))
        .arg(step)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .await
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "the step {step} failed after {:?}:\n{printed}", began.elapsed());
    printed
}

fn judge(tally: &Tally) {
    let (done, interrupted) = (tally.ended("done"), tally.ended("interrupted"));
    println!("\n| messages sent | done | interrupted | ended otherwise | lost | doubled | sent again under their key | streams taken up again |");
    println!("|---|---|---|---|---|---|---|---|");
    println!(
        "| {} | {done} | {interrupted} | {} | {} | {} | {} | {} |\n",
        tally.sent,
        tally.sent - done - interrupted,
        tally.lost.len(),
        tally.doubled.len(),
        tally.repeated,
        tally.taken_up
    );
    tally.require_whole();
    // An API that is told to end has twenty seconds, and these answers take three.
    assert_eq!(done, tally.sent, "every answer comes to its end: {:?}", tally.ends);
}
