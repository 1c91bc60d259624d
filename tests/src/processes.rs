//! Further processes of one Mosaic, other ways to end a process, and counts of what exists.

use crate::{Mosaic, agents, docker, eventually, ports::free_port};
use std::process::{Command, ExitStatus};
use tokio::task::JoinHandle;

impl Mosaic {
    /// Starts a further API on the same database; returns its address.
    pub async fn start_replica(&mut self) -> String {
        let (url, child) = self.spawn_api((free_port(), free_port())).await;
        self.replicas.push(child);
        url
    }

    /// Starts the guard of the agents' networks and waits until its packet filter is in force. It ends with this
    /// Mosaic.
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

    /// Sends SIGTERM to the API, as a service manager does; returns its exit status.
    pub async fn terminate_api(&mut self) -> ExitStatus {
        let child = self.api.take().expect("the process runs");
        terminate(child).await
    }

    /// Sends SIGTERM to a worker; returns its exit status.
    pub async fn terminate_worker(&mut self, number: usize) -> ExitStatus {
        let child = self.workers[number].take().expect("the process runs");
        terminate(child).await
    }

    /// Runs `mosaic …` to its end; returns whether it succeeded, and its output.
    pub fn run_command(&self, args: &[&str]) -> (bool, String) {
        outcome(self.command(args))
    }

    /// Runs `mosaic …` in the background.
    pub fn spawn_command(&self, args: &[&str]) -> JoinHandle<(bool, String)> {
        let command = self.command(args);
        tokio::task::spawn_blocking(|| outcome(command))
    }

    /// How many requests that contain `text` the provider received.
    pub fn requests_with(&self, text: &str) -> usize {
        self.llm.requests().iter().filter(|request| request.text.contains(text)).count()
    }

    /// How many containers, networks and volumes this instance has.
    pub async fn count_objects(&self) -> (usize, usize, usize) {
        let filter = format!("label=mosaic.instance={}", self.instance().await);
        let count = |list: &[&str]| docker(&[list, &["--filter", &filter]].concat()).lines().count();
        (count(&["ps", "-aq"]), count(&["network", "ls", "-q"]), count(&["volume", "ls", "-q"]))
    }
}

fn outcome(mut command: Command) -> (bool, String) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

async fn terminate(mut child: std::process::Child) -> ExitStatus {
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let mut ended = None;
    eventually("the process ends", || {
        ended = child.try_wait().unwrap();
        std::future::ready(ended)
    })
    .await
}
