//! The processes under measurement: started, asked for their memory and processor time, ended.

use std::{
    env, fs,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// The kernel's clock ticks per second, in which it counts processor time.
const TICKS: f64 = 100.0;

/// A variable that `deploy/setup/bench-proxy.sh` sets.
pub fn prepared(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this by `make bench-proxy`"))
}

/// A port that is free now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A process that ends with its value.
pub struct Process(Child);

impl Process {
    /// Starts it in silence.
    pub fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Resident memory in bytes.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    /// Processor time used so far in seconds, by it and its children.
    pub fn cpu(&self) -> f64 {
        family(self.0.id()).into_iter().map(cpu_of).sum()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        for pid in family(self.0.id()).into_iter().skip(1) {
            // Already gone is as good.
            let _ = Command::new("kill").arg(pid.to_string()).stderr(Stdio::null()).status();
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process and all below it.
fn family(pid: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let below = children.split_whitespace().filter_map(|child| child.parse().ok()).flat_map(family);
    std::iter::once(pid).chain(below).collect()
}

fn cpu_of(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may contain anything; user and system time are the 12th and 13th behind it.
    let behind = stat.rsplit(')').next().unwrap_or_default();
    behind.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>()
        / TICKS
}

/// Waits until an address answers with success.
pub async fn answers(url: &str) {
    let client = reqwest::Client::new();
    let deadline = Instant::now() + Duration::from_secs(240);
    while !client.get(url).send().await.is_ok_and(|reply| reply.status().is_success()) {
        assert!(Instant::now() < deadline, "{url} does not answer");
        sleep(Duration::from_millis(50)).await;
    }
}
