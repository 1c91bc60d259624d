//! The server's process: a child, or one that a killed Mosaic left running.
//!
//! Owns finding, watching and signalling that process. It must not decide when to.

use super::Error;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    time::{sleep, timeout},
};

/// An adopted process cannot be waited for, only polled.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// One minute: longer than a server takes to stop.
const MAX_POLLS: u32 = 300;
/// Postgres's fast shutdown closes connections and writes everything to disk.
const FAST_SHUTDOWN: Signal = Signal::INT;
const FAST_SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);
/// After an immediate shutdown the next start recovers from the write-ahead log.
const IMMEDIATE_SHUTDOWN: Signal = Signal::QUIT;
const IMMEDIATE_SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// A server's process. It is told to stop when this is dropped.
#[derive(Debug)]
pub(super) struct Postmaster {
    pid: Pid,
    process: Process,
    gone: bool,
}

#[derive(Debug)]
enum Process {
    Child(Child),
    /// Not our child. Identified by its working directory, the cluster's folder.
    Adopted(PathBuf),
}

pub(super) fn request_stop(pid: Pid) {
    signal(pid, FAST_SHUTDOWN);
}

fn signal(pid: Pid, signal: Signal) {
    if let Err(error) = kill_process(pid, signal) {
        tracing::debug!(pid = pid.as_raw_pid(), %error, "Postgres had ended before the signal");
    }
}

impl Postmaster {
    pub(super) fn spawn(mut command: Command) -> io::Result<Self> {
        let child = command.spawn()?;
        let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        let pid = pid.ok_or_else(|| io::Error::other("it ended at once"))?;
        Ok(Self { pid, process: Process::Child(child), gone: false })
    }

    /// The running server of the cluster `data`, if it listens in `run`. Waits for one that is stopping, and returns `None`
    /// then. Removes a `postmaster.pid` that names another program's process.
    pub(super) async fn find(data: &Path, run: &Path) -> Result<Option<Self>, Error> {
        let path = data.join("postmaster.pid");
        for _ in 0..MAX_POLLS {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let Some(file) = PidFile::parse(&text) else { return Ok(None) };
            match identify(file.pid, data)? {
                Identity::None => return Ok(None),
                Identity::OtherProgram => {
                    // The pid belongs to another process now, for example after a reboot. Postgres would take that
                    // process for a server and refuse to start.
                    tracing::warn!(pid = file.pid.as_raw_pid(), "removing a stale postmaster.pid");
                    fs::remove_file(&path).map_err(Error::at(&path))?;
                    return Ok(None);
                }
                Identity::Server if file.is_transitional => sleep(POLL_INTERVAL).await,
                Identity::Server if Path::new(file.socket_folder) != run => break,
                Identity::Server => {
                    let process = Process::Adopted(data.to_owned());
                    return Ok(Some(Self { pid: file.pid, process, gone: false }));
                }
            }
        }
        Err(Error::Foreign(data.to_owned()))
    }

    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    pub(super) fn raw_pid(&self) -> i32 {
        self.pid.as_raw_pid()
    }

    pub(super) fn is_adopted(&self) -> bool {
        matches!(self.process, Process::Adopted(_))
    }

    /// Waits until the process has ended. Safe to drop and call again.
    pub(super) async fn gone(&mut self) {
        match &mut self.process {
            Process::Child(child) => drop(child.wait().await),
            Process::Adopted(data) => {
                while matches!(identify(self.pid, data), Ok(Identity::Server)) {
                    sleep(POLL_INTERVAL).await;
                }
            }
        }
        self.gone = true;
    }

    /// Ends the process by a fast shutdown. If that takes too long, by an immediate one, and then by force.
    pub(super) async fn stop(mut self) {
        for (kind, limit) in
            [(FAST_SHUTDOWN, FAST_SHUTDOWN_TIMEOUT), (IMMEDIATE_SHUTDOWN, IMMEDIATE_SHUTDOWN_TIMEOUT)]
        {
            signal(self.pid, kind);
            if timeout(limit, self.gone()).await.is_ok() {
                return;
            }
            tracing::warn!(pid = self.raw_pid(), ?limit, "Postgres did not stop in time");
        }
        signal(self.pid, Signal::KILL);
        self.gone().await;
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        if !self.gone {
            request_stop(self.pid);
        }
    }
}

/// The content of `postmaster.pid`.
#[derive(Debug, PartialEq, Eq)]
struct PidFile<'a> {
    pid: Pid,
    socket_folder: &'a str,
    /// Whether the server is stopping, or still starting (without a socket folder).
    is_transitional: bool,
}

impl<'a> PidFile<'a> {
    /// The lines are: pid, data folder, start time, port, socket folder, address, shared memory, status. `None` when there
    /// is no valid pid.
    fn parse(text: &'a str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok().filter(|pid| *pid > 1)?;
        let socket_folder = lines.nth(3).unwrap_or_default();
        let stopping = lines.nth(2).is_some_and(|status| status.trim() == "stopping");
        Some(Self {
            pid: Pid::from_raw(pid)?,
            socket_folder,
            is_transitional: stopping || socket_folder.is_empty(),
        })
    }
}

/// What a process id belongs to.
enum Identity {
    Server,
    OtherProgram,
    None,
}

/// A server's working directory is its data folder, which hardly any other program has.
fn identify(pid: Pid, data: &Path) -> Result<Identity, Error> {
    let path = format!("/proc/{}/cwd", pid.as_raw_pid());
    match fs::read_link(&path) {
        Ok(folder) if folder == data => Ok(Identity::Server),
        Ok(_) => Ok(Identity::OtherProgram),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Identity::None),
        // Another user's process, which may be a server or not.
        Err(error) => Err(Error::at(path)(error)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_pid_file_is_read_as_postgres_writes_it() {
        let ready = "4711\n/d/data\n1795339175\n5432\n/d/run\n\n  5432001  65536\nready   \n";
        let pid = Pid::from_raw(4711).unwrap();
        let expected = PidFile { pid, socket_folder: "/d/run", is_transitional: false };
        assert_eq!(PidFile::parse(ready), Some(expected));
        let stopping = PidFile::parse("4711\n/d/data\n1\n5432\n/d/run\n\n  1  2\nstopping\n").unwrap();
        let starting = PidFile::parse("4711\n/d/data\n1\n5432\n\n").unwrap();
        assert!(stopping.is_transitional && starting.is_transitional);
        for unusable in ["", "\n", "0\n", "1\n", "-4711\n", "x\n"] {
            assert_eq!(PidFile::parse(unusable), None, "{unusable:?}");
        }
    }
}
