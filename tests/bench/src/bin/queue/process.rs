//! A worker process, and the stamps that it prints: which job, and when its handler started.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant, SystemTime},
};

/// Microseconds since the epoch: the same clock for all processes on this machine.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_micros()).unwrap()
}

/// Prints the time. A handler calls this first.
pub fn print_stamp(n: i64) {
    if n != 0 {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{n} {}", now()).unwrap();
        out.flush().unwrap();
    }
}

/// A worker. It is killed when this value is dropped.
pub struct Process {
    child: Child,
    stamps: Receiver<(i64, i64)>,
}

impl Process {
    pub fn start(command: &mut Command) -> Self {
        let log = std::env::var("BENCH_LOG").map_or_else(
            |_| Stdio::null(),
            |path| std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap().into(),
        );
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, stamps) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let Some((n, at)) = line.split_once(' ') else { continue };
                if let (Ok(n), Ok(at)) = (n.parse(), at.parse())
                    && sender.send((n, at)).is_err()
                {
                    return;
                }
            }
        });
        Self { child, stamps }
    }

    /// Starts this program as a worker of that name.
    pub fn start_self(name: &str, url: &str, slots: usize) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        Self::start(command.args([name, &slots.to_string()]).env("PEER_DATABASE_URL", url))
    }

    /// The next stamp, if it arrives in time.
    pub fn next_stamp(&self, timeout: Duration) -> Option<(i64, i64)> {
        self.stamps.recv_timeout(timeout).ok()
    }

    /// Waits for the stamp of one job.
    pub fn wait_for_stamp(&self, n: i64, timeout: Duration) -> bool {
        let until = Instant::now() + timeout;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            match self.next_stamp(left) {
                Some((seen, _)) if seen == n => return true,
                Some(_) => {}
                None => return false,
            }
        }
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
