//! `make upgrade-test`: upgrades an instance of the release before this tree to this tree during twenty chats.
//!
//! deploy/setup/test-upgrade.sh starts the project, runs each step of the upgrade when this driver asks for it, and removes
//! the project. Prints Markdown, and fails if something is lost.
//!
//! Both releases receive the same requests, so everything here must also work with the older one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test driver that cannot go on stops with a message"
)]

mod availability;
mod checks;
mod comparison;
mod users;

use availability::{Phase, Probe};
use std::{process::Stdio, time::Duration};
use tests::{
    Project, agents,
    chat_load::{ChatLoad, ChatReport},
    prepared,
};
use tokio::{
    process::Command,
    time::{Instant, sleep},
};
use users::Users;

const CHATS_EACH: usize = 4;
/// Before the upgrade and after each step, so that chats are seen to go on.
const PAUSE: Duration = Duration::from_secs(5);

/// The steps that docs/OPERATIONS.md tells an operator to take: the name that the script knows, and the name in the table.
const STEPS: [(&str, &str); 4] = [
    ("backup", "`deploy/backup.sh` of the release before"),
    ("images", "the images' tag moves, as `make images` does it"),
    ("roll", "`deploy/roll.sh`"),
    ("up", "`docker-compose up -d`"),
];

#[tokio::main]
async fn main() {
    let project = Project::from_environment().await;
    let llm = agents::start_llm().await;
    let users = Users::create(&project, &llm).await;
    let before = users.documents().await;

    let load = ChatLoad::start(&users.chatting_sessions(), CHATS_EACH).await;
    let probe = Probe::start(&users.admin().session);
    let mut phases = vec![Phase::measure("before the upgrade", sleep(PAUSE)).await];
    for (step, name) in STEPS {
        let phase = Phase::measure(name, async {
            run_step(step).await;
            sleep(PAUSE).await;
        });
        phases.push(phase.await);
    }
    let token_times = load.token_times();
    let probe = probe.stop().await;
    let report = load.stop(|| llm.requests()).await;
    availability::print(&phases, &probe, &token_times, &report.times_to_first_token);
    print(&report);
    report.assert_nothing_lost_or_doubled();
    // An API that is stopped has twenty seconds for its answers. These take three.
    assert_eq!(report.with_status("done"), report.sent, "every answer is complete: {:?}", report.by_status);

    checks::run(&project, &users, &before, &llm).await;
}

/// Runs one step as the operator does; returns its output.
async fn run_step(step: &str) -> String {
    let started_at = Instant::now();
    let script = Command::new(prepared("UPGRADE_SCRIPT"))
        .arg(step)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = script.wait_with_output().await.unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "the step {step} failed after {:?}:\n{stdout}", started_at.elapsed());
    stdout
}

fn print(report: &ChatReport) {
    let (done, interrupted) = (report.with_status("done"), report.with_status("interrupted"));
    println!(
        "\n| messages sent | done | interrupted | other status | lost | doubled | sent again under their key | streams opened again |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    println!(
        "| {} | {done} | {interrupted} | {} | {} | {} | {} | {} |\n",
        report.sent,
        report.sent - done - interrupted,
        report.lost.len(),
        report.doubled.len(),
        report.retries,
        report.reconnects
    );
}
