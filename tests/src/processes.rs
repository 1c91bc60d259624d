//! More processes of one Mosaic, other ways to end one, and what is left behind by them.

use crate::{Mosaic, agents, docker, eventually, ports::free_port};
use std::process::{Command, ExitStatus};
use tokio::task::JoinHandle;

impl Mosaic {
    /// A further API over the same database; answers with its address.
    pub async fn start_replica(&mut self) -> String {
        let (url, child) = self.spawn_api((free_port(), free_port())).await;
        self.replicas.push(child);
        url
    }

    /// Puts up the walls around the agents, and waits until they stand. They go with this Mosaic.
    pub async fn start_guard(&mut self) {
        let port = self.internal_port().to_string();
        let child = self.spawn(&["guard", "--internal-port", &port]);
        self.replicas.push(child);
        let table = agents::guard_table(&self.instance().await);
        eventually("the guard's table is there", || {
            let listed = Command::new("nft").args(["list", "table", "inet", &table]).output().unwrap();
            std::future::ready(listed.status.success().then_some(()))
        })
        .await;
    }

    /// SIGTERM to the API, as whoever runs services sends it; answers with how it ended.
    pub async fn end_api(&mut self) -> ExitStatus {
        let child = self.api.take().expect("it runs");
        end(child).await
    }

    /// SIGTERM to a worker; answers with how it ended.
    pub async fn end_worker(&mut self, number: usize) -> ExitStatus {
        let child = self.workers[number].take().expect("it runs");
        end(child).await
    }

    /// Runs `mosaic …` to its end; whether it went well, and all it said.
    pub fn run(&self, args: &[&str]) -> (bool, String) {
        outcome(self.command(args))
    }

    /// The same beside the test.
    pub fn running(&self, args: &[&str]) -> JoinHandle<(bool, String)> {
        let command = self.command(args);
        tokio::task::spawn_blocking(|| outcome(command))
    }

    /// How often the provider was asked a question that contains `text`.
    pub fn asked(&self, text: &str) -> usize {
        self.llm.requests().iter().filter(|request| request.text.contains(text)).count()
    }

    /// How many containers, networks and volumes of this instance there are.
    pub async fn objects(&self) -> (usize, usize, usize) {
        let filter = format!("label=mosaic.instance={}", self.instance().await);
        let count = |list: &[&str]| docker(&[list, &["--filter", &filter]].concat()).lines().count();
        (count(&["ps", "-aq"]), count(&["network", "ls", "-q"]), count(&["volume", "ls", "-q"]))
    }
}

fn outcome(mut command: Command) -> (bool, String) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

async fn end(mut child: std::process::Child) -> ExitStatus {
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let mut ended = None;
    eventually("the process ends", || {
        ended = child.try_wait().unwrap();
        std::future::ready(ended)
    })
    .await
}
