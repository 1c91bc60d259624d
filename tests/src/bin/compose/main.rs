//! `make compose-test`: a compose project from its setup link on, then twenty chats while its containers are killed, or
//! a backup, a wipe and a restore.
//!
//! Owns what people do and what must hold; deploy/setup/test-compose.sh brings the project up and takes it away. Prints
//! Markdown, and fails where something is lost.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement that cannot go on has nothing better to do than to say so and stop"
)]

mod drill;
mod upheaval;

use tests::{Person, Project, agents, cast, prepared};
use tokio::time::Instant;

#[tokio::main]
async fn main() {
    let project = Project::of_environment().await;
    let llm = agents::llm().await;
    let admin = project.set_up(&cast::provider(&llm)).await;
    first_answer(&admin).await;
    match prepared("PART").as_str() {
        "kills" => upheaval::run(&project, &llm, admin).await,
        "drill" => drill::run(&project, &admin).await,
        _ => {}
    }
}

async fn first_answer(admin: &Person) {
    let chat = admin.chat().await;
    let began = Instant::now();
    let turn = admin.ask(&chat, "Are you there?").await;
    let mut events = admin.follow(&turn, 0).await;
    events.until("delta").await;
    let first = began.elapsed().as_secs_f64();
    events.until("done").await;
    let turn = admin.finished(&turn).await;
    assert_eq!(turn["status"], "done", "{turn}");
    println!("First message, its container's start included: first word after {first:.1} s.\n");
}
