//! Signals to a real process: the first one asks it to stop, the second one ends it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stdout)] // Tests may read their environment, and talk to their child.

use boot::Shutdown;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    env,
    io::{BufRead, BufReader, Lines},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// Set when a test starts this program again, as [`process_that_never_drains`].
const CHILD: &str = "MOSAIC_TEST_NEVER_DRAINS";
/// Longer than the window in which signals count as one.
const BETWEEN_SIGNALS: Duration = Duration::from_millis(400);
const EXIT_TIMEOUT: Duration = Duration::from_secs(10);

/// Not a test of its own: the process that the test below signals. Its work ignores the request to stop.
#[tokio::test(flavor = "multi_thread")]
async fn process_that_never_drains() {
    if env::var_os(CHILD).is_none() {
        return;
    }
    let shutdown = Shutdown::on_signals().unwrap();
    shutdown.before_immediate_exit(|| println!("exit hook"));
    // Ending the runtime would wait for this thread.
    tokio::task::spawn_blocking(|| thread::sleep(Duration::from_secs(3600)));
    println!("ready");
    shutdown.begun().await;
    println!("stopping");
    std::future::pending::<()>().await;
}

struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start() -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["process_that_never_drains", "--exact", "--nocapture"])
            .env(CHILD, "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut process = Self { child, lines };
        process.wait_for("ready");
        process
    }

    fn wait_for(&mut self, expected: &str) {
        let found = self.lines.any(|line| line.unwrap().contains(expected));
        assert!(found, "the process ended without `{expected}`");
    }

    fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn ended(mut self) -> ExitStatus {
        let (tell, told) = mpsc::channel();
        let pid = Pid::from_child(&self.child);
        let waiting = thread::spawn(move || tell.send(self.child.wait().unwrap()).unwrap());
        let status = told.recv_timeout(EXIT_TIMEOUT);
        if status.is_err() {
            kill_process(pid, Signal::KILL).unwrap();
        }
        waiting.join().unwrap();
        status.expect("the process did not end after the second signal")
    }
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let mut process = Process::start();
    process.send(Signal::TERM);
    process.wait_for("stopping");
    thread::sleep(BETWEEN_SIGNALS);
    assert_eq!(process.child.try_wait().unwrap(), None, "it still drains");
    // Not INT: it is ignored when the tests run in the background of a shell.
    process.send(Signal::TERM);
    process.wait_for("exit hook");
    assert_eq!(process.ended().code(), Some(143));
}
