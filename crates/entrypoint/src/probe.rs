//! `mosaic-entrypoint probe …`: the container's part of Mosaic's isolation self-test.
//!
//! Owns no decision: it tries what it is told to, from where it stands, and prints what it met. It needs no
//! configuration, no token and no gateway.
//!
//! * `probe listen <seconds>`: answers on the gateway's port, as a neighbour that could be reached;
//! * `probe reach <target>…`: tries each target and prints one JSON line for it. Targets are `tcp:<ip>:<port>`,
//!   `name:<host name>` (asked of the container's own resolver) and `path:<file>`.

mod name;

use std::{
    io::{self, ErrorKind, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

/// Where a gateway listens.
const GATEWAY_PORT: u16 = 18789;
/// How long a target may take to answer. Refusals come at once; only what swallows packets takes this long.
const PATIENCE: Duration = Duration::from_secs(4);
/// Targets tried at the same time: a container may be allowed few processes.
const AT_ONCE: usize = 8;
const EXIT_USAGE: u8 = 64;
const EXIT_FAILED: u8 = 1;

/// What came of one try.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// Somebody is there.
    Answered,
    /// It was said no, or nothing came back.
    Denied(String),
}

/// Runs the duty that the arguments behind `probe` name.
pub fn run(arguments: &[String]) -> ExitCode {
    let done = match arguments {
        [duty, seconds] if duty == "listen" => match seconds.parse() {
            Ok(seconds) => listen(Duration::from_secs(seconds)),
            Err(_) => return ExitCode::from(EXIT_USAGE),
        },
        [duty, targets @ ..] if duty == "reach" => reach(targets),
        _ => return ExitCode::from(EXIT_USAGE),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            crate::say(&format!("the probe failed: {error}"));
            ExitCode::from(EXIT_FAILED)
        }
    }
}

/// Takes connections and lets them go, until the time is over: nothing of it outlives a forgotten test by long.
fn listen(time: Duration) -> io::Result<()> {
    let listener = TcpListener::bind(("0.0.0.0", GATEWAY_PORT))?;
    thread::spawn(move || {
        for stream in listener.incoming() {
            drop(stream);
        }
    });
    thread::sleep(time);
    Ok(())
}

fn reach(targets: &[String]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for some in targets.chunks(AT_ONCE) {
        let tried: Vec<_> = some
            .iter()
            .map(|target| {
                let target = target.clone();
                thread::spawn(move || (try_one(&target), target))
            })
            .collect();
        for attempt in tried {
            let Ok((answer, target)) = attempt.join() else { continue };
            let line = match answer {
                Answer::Answered => json!({ "target": target, "answered": true, "how": "it answered" }),
                Answer::Denied(how) => json!({ "target": target, "answered": false, "how": how }),
            };
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn try_one(target: &str) -> Answer {
    match target.split_once(':') {
        Some(("tcp", address)) => match address.parse() {
            Ok(address) => connect(address),
            Err(_) => Answer::Denied("not an address".into()),
        },
        Some(("name", name)) => name::resolve(name, PATIENCE),
        Some(("path", path)) if Path::new(path).exists() => Answer::Answered,
        Some(("path", _)) => Answer::Denied("no such file".into()),
        _ => Answer::Denied("not a target".into()),
    }
}

fn connect(address: SocketAddr) -> Answer {
    let began = Instant::now();
    match TcpStream::connect_timeout(&address, PATIENCE) {
        Ok(_) => Answer::Answered,
        Err(error) => Answer::Denied(said(&error, began.elapsed())),
    }
}

fn said(error: &io::Error, after: Duration) -> String {
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
    fn what_answers_is_told_from_what_does_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(try_one(&format!("tcp:{address}")), Answer::Answered);
        drop(listener);
        assert_eq!(try_one(&format!("tcp:{address}")), Answer::Denied("refused".into()));
        assert_eq!(try_one("path:/proc/self/status"), Answer::Answered);
        assert_eq!(try_one("path:/nowhere"), Answer::Denied("no such file".into()));
        assert!(matches!(try_one("nonsense"), Answer::Denied(_)));
    }
}
