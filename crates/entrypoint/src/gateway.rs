//! The gateway as a child process: its start, its output, its end. `lines` decides what a line of output means.

use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::Pid;

use crate::lines::{self, ConfigEvent, Source};
use crate::settings::Settings;
use crate::{lock, say, signals};

/// The exit code of a regular end: the state is complete, and no process has it open.
pub const EXIT_SUCCESS: u8 = 0;
/// OpenClaw's exit code for a config that it cannot start with.
pub const EXIT_INVALID_CONFIG: u8 = 78;
/// A reply may be one line of megabytes. Longer lines are skipped.
const MAX_LINE_BYTES: u64 = 16 * 1024;
/// How long the last lines of output may take after the end of the process.
const OUTPUT_TIMEOUT: Duration = Duration::from_millis(500);

/// The running gateway.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    readers: Vec<JoinHandle<()>>,
    failure: Arc<Mutex<Option<String>>>,
}

/// Starts the gateway. Its output about the config goes to `events`.
///
/// # Errors
/// When the command cannot be run.
pub fn start(
    settings: &Settings,
    process: &signals::GatewayProcess,
    events: Sender<ConfigEvent>,
) -> io::Result<Gateway> {
    let mut pid = process.lock();
    let mut child = Command::new(&settings.gateway_command.program)
        .args(&settings.gateway_command.args)
        .env("OPENCLAW_CONFIG_PATH", &settings.config_path)
        .env("OPENCLAW_STATE_DIR", &settings.state_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    *pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    drop(pid);

    let failure = Arc::default();
    let mut readers = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        readers.push(spawn_reader(Source::Stdout, stdout, events.clone(), Arc::clone(&failure)));
    }
    if let Some(stderr) = child.stderr.take() {
        readers.push(spawn_reader(Source::Stderr, stderr, events, Arc::clone(&failure)));
    }
    Ok(Gateway { child, readers, failure })
}

impl Gateway {
    /// Waits for the end. Returns the exit code, or 128 + n after signal n.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub fn wait(&mut self) -> io::Result<u8> {
        let code = exit_code(self.child.wait()?);
        // Child processes of the gateway may keep the pipes open.
        let deadline = Instant::now() + OUTPUT_TIMEOUT;
        while Instant::now() < deadline && self.readers.iter().any(|reader| !reader.is_finished()) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(code)
    }

    /// The last reason why the gateway did not start.
    pub fn last_failure(&self) -> String {
        let unknown = || "the gateway refused its config and did not say why".to_owned();
        lock(&self.failure).clone().unwrap_or_else(unknown)
    }
}

fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| Some(128 + status.signal()?));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

fn spawn_reader(
    source: Source,
    pipe: impl Read + Send + 'static,
    events: Sender<ConfigEvent>,
    failure: Arc<Mutex<Option<String>>>,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        while let Ok(Some(line)) = next_line(&mut pipe) {
            let verdict = lines::classify(source, &line);
            if let Some(text) = verdict.output {
                say(&text);
            }
            match verdict.event {
                Some(ConfigEvent::Fatal(reason)) => *lock(&failure) = Some(reason),
                // An error means that the follower has ended, at the end of the process.
                Some(event) => drop(events.send(event)),
                None => {}
            }
        }
    })
}

/// The next line without its end. Empty for a line that is too long.
fn next_line(pipe: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if pipe.take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') && line.len() as u64 == MAX_LINE_BYTES {
        skip_line(pipe)?;
        line.clear();
    }
    Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
}

fn skip_line(pipe: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = pipe.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |at| at + 1);
        pipe.consume(used);
        if end.is_some() || used == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_line_of_megabytes_is_skipped_and_the_next_one_read() {
        let text = format!("one\n{}\ntwo", "x".repeat(3_000_000));
        let mut pipe = BufReader::new(text.as_bytes());
        let mut next = || next_line(&mut pipe).unwrap();
        assert_eq!(next().as_deref(), Some("one"));
        assert_eq!(next().as_deref(), Some(""));
        assert_eq!(next().as_deref(), Some("two"));
        assert_eq!(next(), None);
    }

    #[test]
    fn a_signal_becomes_128_and_its_number() {
        assert_eq!(exit_code(ExitStatus::from_raw(15)), 143);
        assert_eq!(exit_code(ExitStatus::from_raw(78 << 8)), 78);
    }
}
