//! The server's process: our child, or one that a killed Mosaic left behind.
//!
//! Owns finding, watching and signalling that process. It must not decide when.

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

/// An adopted process cannot be waited for, only looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// One minute: longer than a server takes to stop.
const LOOKS: u32 = 300;
/// An orderly stop ends the connections and writes everything out.
const ORDERLY_WITHIN: Duration = Duration::from_secs(30);
/// After a stop at once the next start recovers from the write-ahead log.
const AT_ONCE_WITHIN: Duration = Duration::from_secs(5);

/// A server's process. Dropped while running, it is told to stop.
#[derive(Debug)]
pub(super) struct Postmaster {
    pid: Pid,
    bond: Bond,
    gone: bool,
}

#[derive(Debug)]
enum Bond {
    Child(Child),
    /// Not ours to wait for; known by its working directory, the cluster's folder.
    Adopted(PathBuf),
}

impl Postmaster {
    pub(super) fn spawn(mut command: Command) -> io::Result<Self> {
        let child = command.spawn()?;
        let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        let pid = pid.ok_or_else(|| io::Error::other("it ended at once"))?;
        Ok(Self { pid, bond: Bond::Child(child), gone: false })
    }

    /// The server that runs on `data`, when it listens in `run`. One that is stopping is waited for and
    /// counts as none. Clears a `postmaster.pid` that names a process of somebody else.
    pub(super) async fn find(data: &Path, run: &Path) -> Result<Option<Self>, Error> {
        let path = data.join("postmaster.pid");
        for _ in 0..LOOKS {
            let note = fs::read_to_string(&path).unwrap_or_default();
            let Some(note) = Note::parse(&note) else { return Ok(None) };
            match who_is(note.pid, data)? {
                Who::Nobody => return Ok(None),
                Who::Stranger => {
                    // The number was given to another process since (after a reboot, say). Postgres would
                    // take that process for a server and refuse to start.
                    tracing::warn!(pid = note.pid.as_raw_pid(), "removing a left-over postmaster.pid");
                    fs::remove_file(&path).map_err(Error::at(&path))?;
                    return Ok(None);
                }
                Who::Server if note.in_between => sleep(LOOK_EVERY).await,
                Who::Server if Path::new(note.socket_folder) != run => break,
                Who::Server => {
                    let bond = Bond::Adopted(data.to_owned());
                    return Ok(Some(Self { pid: note.pid, bond, gone: false }));
                }
            }
        }
        Err(Error::Foreign(data.to_owned()))
    }

    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw_pid()
    }

    pub(super) fn is_adopted(&self) -> bool {
        matches!(self.bond, Bond::Adopted(_))
    }

    /// Waits until the process has ended. May be dropped and called again.
    pub(super) async fn gone(&mut self) {
        match &mut self.bond {
            Bond::Child(child) => drop(child.wait().await),
            Bond::Adopted(data) => {
                while matches!(who_is(self.pid, data), Ok(Who::Server)) {
                    sleep(LOOK_EVERY).await;
                }
            }
        }
        self.gone = true;
    }

    /// Ends the process: orderly, then at once, then by force.
    pub(super) async fn stop(mut self) {
        for (signal, within) in [(Signal::INT, ORDERLY_WITHIN), (Signal::QUIT, AT_ONCE_WITHIN)] {
            self.signal(signal);
            if timeout(within, self.gone()).await.is_ok() {
                return;
            }
            tracing::warn!(pid = self.pid(), ?within, "Postgres did not stop in time");
        }
        self.signal(Signal::KILL);
        self.gone().await;
    }

    fn signal(&self, signal: Signal) {
        if let Err(error) = kill_process(self.pid, signal) {
            tracing::debug!(pid = self.pid(), %error, "Postgres was gone before it was signalled");
        }
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        if !self.gone {
            self.signal(Signal::INT);
        }
    }
}

/// What `postmaster.pid` says.
#[derive(Debug, PartialEq, Eq)]
struct Note<'a> {
    pid: Pid,
    socket_folder: &'a str,
    /// Just starting (the folder is not written yet) or stopping.
    in_between: bool,
}

impl<'a> Note<'a> {
    /// Lines: pid, data folder, start time, port, socket folder, address, shared memory, status. `None`
    /// when there is no usable pid.
    fn parse(text: &'a str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok().filter(|pid| *pid > 1)?;
        let socket_folder = lines.nth(3).unwrap_or_default();
        let stopping = lines.nth(2).is_some_and(|status| status.trim() == "stopping");
        Some(Self {
            pid: Pid::from_raw(pid)?,
            socket_folder,
            in_between: stopping || socket_folder.is_empty(),
        })
    }
}

enum Who {
    Server,
    Stranger,
    Nobody,
}

/// A server works in its data folder, and hardly anything else ever does.
fn who_is(pid: Pid, data: &Path) -> Result<Who, Error> {
    let path = format!("/proc/{}/cwd", pid.as_raw_pid());
    match fs::read_link(&path) {
        Ok(folder) if folder == data => Ok(Who::Server),
        Ok(_) => Ok(Who::Stranger),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Who::Nobody),
        // Another user's process: it cannot be told from a server, so nothing may be assumed.
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
        let expected = Note { pid, socket_folder: "/d/run", in_between: false };
        assert_eq!(Note::parse(ready), Some(expected));
        let stopping = Note::parse("4711\n/d/data\n1\n5432\n/d/run\n\n  1  2\nstopping\n").unwrap();
        let starting = Note::parse("4711\n/d/data\n1\n5432\n\n").unwrap();
        assert!(stopping.in_between && starting.in_between);
        for unusable in ["", "\n", "0\n", "1\n", "-4711\n", "x\n"] {
            assert_eq!(Note::parse(unusable), None, "{unusable:?}");
        }
    }
}
