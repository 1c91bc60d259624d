//! The measured processes: start, memory, processor time, end.

use std::{
    env, fs,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// The kernel counts processor time in these.
const TICKS_PER_SEC: f64 = 100.0;

/// A variable that `deploy/setup/bench-proxy.sh` sets.
pub fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this by `make bench-proxy`"))
}

/// A port that is free at the moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A process. It is killed when this value is dropped.
pub struct Process(Child);

impl Process {
    /// Starts it without its output.
    pub fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Resident memory in bytes.
    pub fn memory_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    /// Processor time used so far in seconds, by it and its children.
    pub fn cpu_secs(&self) -> f64 {
        process_tree(self.0.id()).into_iter().map(cpu_secs_of).sum()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        for pid in process_tree(self.0.id()).into_iter().skip(1) {
            // It may have ended already.
            let _ = Command::new("kill").arg(pid.to_string()).stderr(Stdio::null()).status();
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process and all its descendants.
fn process_tree(pid: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let below = children.split_whitespace().filter_map(|child| child.parse().ok()).flat_map(process_tree);
    std::iter::once(pid).chain(below).collect()
}

fn cpu_secs_of(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may contain anything; user and system time are the 12th and 13th fields after it.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>()
        / TICKS_PER_SEC
}

/// Waits until a URL answers with a success status.
pub async fn wait_until_ready(url: &str) {
    let client = reqwest::Client::new();
    let deadline = Instant::now() + Duration::from_secs(240);
    while !client.get(url).send().await.is_ok_and(|reply| reply.status().is_success()) {
        assert!(Instant::now() < deadline, "{url} does not answer");
        sleep(Duration::from_millis(50)).await;
    }
}
