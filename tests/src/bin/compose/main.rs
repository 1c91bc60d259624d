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

use serde_json::json;
use sqlx::{Executor, PgPool, postgres::PgPoolOptions};
use stub_llm::Handle;
use tests::{Person, agents, cast, docker, prepared};
use tokio::time::Instant;

/// The project under test, by the labels that compose gives.
struct Project {
    name: String,
    url: String,
    pool: PgPool,
}

#[tokio::main]
async fn main() {
    let project = Project::of_environment().await;
    let llm = agents::llm().await;
    let admin = project.set_up(&llm).await;
    first_answer(&admin).await;
    match prepared("PART").as_str() {
        "kills" => upheaval::run(&project, &llm, admin).await,
        "drill" => drill::run(&project, &admin).await,
        _ => {}
    }
}

impl Project {
    async fn of_environment() -> Self {
        let options = PgPoolOptions::new().max_connections(2).after_connect(|connection, _| {
            Box::pin(async move { connection.execute("set app.scope = 'system'").await.map(|_| ()) })
        });
        let pool = options.connect(&prepared("DATABASE_URL")).await.unwrap();
        Self { name: prepared("COMPOSE_PROJECT_NAME"), url: prepared("COMPOSE_URL"), pool }
    }

    /// Ids of a service's containers.
    fn containers(&self, service: &str) -> Vec<String> {
        let [project, service] = [("project", self.name.as_str()), ("service", service)]
            .map(|(label, value)| format!("label=com.docker.compose.{label}={value}"));
        let ids = docker(&["ps", "-q", "--filter", &project, "--filter", &service]);
        ids.lines().map(str::to_owned).collect()
    }

    fn setup_token(&self) -> String {
        let logs = docker(&["logs", &self.containers("api")[0]]);
        let (_, behind) = logs.split_once("/setup#token=").unwrap();
        behind.split_whitespace().next().unwrap().to_owned()
    }

    async fn set_up(&self, llm: &Handle) -> Person {
        let memory: u32 = prepared("AGENT_MEMORY_MIB").parse().unwrap();
        let settings = json!({ "limits": { "memoryMib": memory }, "subnetPool": prepared("SUBNET_POOL") });
        let admin = cast::first_admin(&self.url, &self.setup_token(), &settings).await;
        cast::complete(&admin, &cast::provider(llm)).await;
        admin
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
