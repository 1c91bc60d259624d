//! `mosaic-entrypoint probe …`: the container's part of Mosaic's isolation self-test.
//!
//! It tries to reach the given targets and prints the results, without a decision about them. It needs no
//! configuration, no token and no gateway.
//!
//! * `probe listen <seconds>`: listens on the gateway's port, like another user's container;
//! * `probe reach <target>…`: tries each target and prints one JSON line for it. Targets are `tcp:<ip>:<port>`,
//!   `name:<host name>` (a query to the container's own resolver) and `path:<file>`.

mod dns;

use std::{
    io::{self, ErrorKind, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

const GATEWAY_PORT: u16 = 18789;
/// A refusal is immediate; only dropped packets take this long.
const TARGET_TIMEOUT: Duration = Duration::from_secs(4);
/// Small, because a container may be limited to few processes.
const CONCURRENCY: usize = 8;
const EXIT_USAGE: u8 = 64;
const EXIT_FAILED: u8 = 1;

/// The result for one target.
#[derive(Debug, PartialEq, Eq)]
enum ProbeResult {
    Answered,
    /// Refused, or without an answer.
    Denied(String),
}

/// Runs the command in the arguments after `probe`.
pub fn run(arguments: &[String]) -> ExitCode {
    let result = match arguments {
        [command, seconds] if command == "listen" => match seconds.parse() {
            Ok(seconds) => listen(Duration::from_secs(seconds)),
            Err(_) => return ExitCode::from(EXIT_USAGE),
        },
        [command, targets @ ..] if command == "reach" => reach(targets),
        _ => return ExitCode::from(EXIT_USAGE),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            crate::say(&format!("the probe failed: {error}"));
            ExitCode::from(EXIT_FAILED)
        }
    }
}

/// Accepts and closes connections for this time, so that the process of a test that was cut off ends by itself.
fn listen(duration: Duration) -> io::Result<()> {
    let listener = TcpListener::bind(("0.0.0.0", GATEWAY_PORT))?;
    thread::spawn(move || {
        for stream in listener.incoming() {
            drop(stream);
        }
    });
    thread::sleep(duration);
    Ok(())
}

fn reach(targets: &[String]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for chunk in targets.chunks(CONCURRENCY) {
        let threads: Vec<_> = chunk
            .iter()
            .map(|target| {
                let target = target.clone();
                thread::spawn(move || (try_target(&target), target))
            })
            .collect();
        for thread in threads {
            let Ok((result, target)) = thread.join() else { continue };
            let line = match result {
                ProbeResult::Answered => json!({ "target": target, "answered": true, "how": "it answered" }),
                ProbeResult::Denied(how) => json!({ "target": target, "answered": false, "how": how }),
            };
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn try_target(target: &str) -> ProbeResult {
    match target.split_once(':') {
        Some(("tcp", address)) => match address.parse() {
            Ok(address) => connect(address),
            Err(_) => ProbeResult::Denied("not an address".into()),
        },
        Some(("name", name)) => dns::resolve(name, TARGET_TIMEOUT),
        Some(("path", path)) if Path::new(path).exists() => ProbeResult::Answered,
        Some(("path", _)) => ProbeResult::Denied("no such file".into()),
        _ => ProbeResult::Denied("not a target".into()),
    }
}

fn connect(address: SocketAddr) -> ProbeResult {
    let started = Instant::now();
    match TcpStream::connect_timeout(&address, TARGET_TIMEOUT) {
        Ok(_) => ProbeResult::Answered,
        Err(error) => ProbeResult::Denied(describe_error(&error, started.elapsed())),
    }
}

fn describe_error(error: &io::Error, after: Duration) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "refused".to_owned(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => format!("no answer for {} s", after.as_secs()),
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => "unreachable".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn targets_that_answer_differ_from_others() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(try_target(&format!("tcp:{address}")), ProbeResult::Answered);
        drop(listener);
        assert_eq!(try_target(&format!("tcp:{address}")), ProbeResult::Denied("refused".into()));
        assert_eq!(try_target("path:/proc/self/status"), ProbeResult::Answered);
        assert_eq!(try_target("path:/nowhere"), ProbeResult::Denied("no such file".into()));
        assert!(matches!(try_target("nonsense"), ProbeResult::Denied(_)));
    }
}
