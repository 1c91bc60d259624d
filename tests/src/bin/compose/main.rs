//! `make compose-test`: sets up a compose project by its setup link, then kills its containers during twenty chats, or backs
//! it up, deletes everything and restores it.
//!
//! deploy/setup/test-compose.sh starts and removes the project. Prints Markdown, and fails if something is lost.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test driver that cannot go on stops with a message"
)]

mod drill;
mod kills;

use tests::{Person, Project, agents, prepared, setup};
use tokio::time::Instant;

#[tokio::main]
async fn main() {
    let project = Project::from_environment().await;
    let llm = agents::start_llm().await;
    let admin = project.set_up(&setup::stub_provider(&llm)).await;
    first_answer(&admin).await;
    match prepared("PART").as_str() {
        "kills" => kills::run(&project, &llm, admin).await,
        "drill" => drill::run(&project, &admin).await,
        _ => {}
    }
}

async fn first_answer(admin: &Person) {
    let chat = admin.create_chat().await;
    let sent_at = Instant::now();
    let turn = admin.ask(&chat, "Are you there?").await;
    let mut events = admin.follow(&turn, 0).await;
    events.wait_for("delta").await;
    let first = sent_at.elapsed().as_secs_f64();
    events.wait_for("done").await;
    let turn = admin.wait_for_turn(&turn).await;
    assert_eq!(turn["status"], "done", "{turn}");
    println!("First message, with the start of its container: first token after {first:.1} s.\n");
}
