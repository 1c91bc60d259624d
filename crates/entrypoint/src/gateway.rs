//! The gateway as a child process: its start, its output, its end. What a line of output means is
//! decided in `lines`; this only carries.

use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::Pid;

use crate::lines::{self, News, Source};
use crate::settings::Settings;
use crate::{say, signals};

/// The exit code of an end in order: its state is whole, and nobody has it open.
pub const IN_ORDER: u8 = 0;
/// OpenClaw's exit code for a config that it cannot start with.
pub const INVALID_CONFIG: u8 = 78;
/// A reply may be one line of megabytes; more than this is not even looked at.
const MAX_LINE: u64 = 16 * 1024;
/// How long the last lines may take after the end of the process.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The running gateway.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    ears: Vec<JoinHandle<()>>,
    failure: Arc<Mutex<Option<String>>>,
}

/// Starts the gateway; what it says about its config goes to `news`.
///
/// # Errors
/// When the command cannot be run.
pub fn start(settings: &Settings, slot: &signals::Child, news: Sender<News>) -> io::Result<Gateway> {
    let mut starting = slot.starting();
    let mut child = Command::new(&settings.command.program)
        .args(&settings.command.args)
        .env("OPENCLAW_CONFIG_PATH", &settings.config_path)
        .env("OPENCLAW_STATE_DIR", &settings.state_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    *starting = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    drop(starting);

    let failure = Arc::default();
    let mut ears = Vec::new();
    if let Some(out) = child.stdout.take() {
        ears.push(listen(Source::Out, out, news.clone(), Arc::clone(&failure)));
    }
    if let Some(err) = child.stderr.take() {
        ears.push(listen(Source::Err, err, news, Arc::clone(&failure)));
    }
    Ok(Gateway { child, ears, failure })
}

impl Gateway {
    /// Waits for the end: the exit code, or 128 + n after signal n.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub fn wait(&mut self) -> io::Result<u8> {
        let code = code_of(self.child.wait()?);
        // Helpers of the gateway may keep the pipes open, so its last words have a limit.
        let until = Instant::now() + LAST_WORDS;
        while Instant::now() < until && self.ears.iter().any(|ear| !ear.is_finished()) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(code)
    }

    /// The last reason that the gateway gave for not starting.
    pub fn last_failure(&self) -> String {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown = || "the gateway refused its config and did not say why".to_owned();
        failure.clone().unwrap_or_else(unknown)
    }
}

fn code_of(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| Some(128 + status.signal()?));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

fn listen(
    source: Source,
    pipe: impl Read + Send + 'static,
    news: Sender<News>,
    failure: Arc<Mutex<Option<String>>>,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        while let Ok(Some(line)) = next_line(&mut pipe) {
            let heard = lines::judge(source, &line);
            if let Some(text) = heard.say {
                say(&text);
            }
            match heard.news {
                Some(News::Fatal(why)) => {
                    *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
                }
                // The follower may be gone, at the very end.
                Some(other) => drop(news.send(other)),
                None => {}
            }
        }
    })
}

/// The next line without its end; a line that is too long comes as an empty one.
fn next_line(pipe: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if pipe.take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') && line.len() as u64 == MAX_LINE {
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
        assert_eq!(code_of(ExitStatus::from_raw(15)), 143);
        assert_eq!(code_of(ExitStatus::from_raw(78 << 8)), 78);
    }
}
