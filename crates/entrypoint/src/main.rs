//! The first process of an agent's container. It fetches `openclaw.json` from Mosaic, starts the
//! gateway as its child, and follows Mosaic for changes while the gateway runs.
//!
//! It owns the config file, the personality files that Mosaic sent, the gateway's signals, exit
//! code and output. It must not pass on the content of a chat: the gateway prints every reply, so its
//! output goes through `lines`, which passes on only known kinds of lines. It has no TLS, no secret
//! except the container's own token, and needs no other crate of Mosaic.
//!
//! Environment: `MOSAIC_CONFIG_URL`, `OPENCLAW_GATEWAY_TOKEN`, `MOSAIC_GATEWAY_CMD` (words, no
//! shell), `OPENCLAW_CONFIG_PATH` (`/run/mosaic/openclaw.json`), `OPENCLAW_STATE_DIR` (`/data`), and if the image has
//! a program that tidies up after a regular end of the gateway, `MOSAIC_TIDY_CMD` (words, too).
//!
//! The requests to Mosaic, always with the token as bearer:
//!
//! * `GET <url>` at the start, repeated until there is a config. It never gives up.
//! * `GET <url>?wait=25&have=<version in force>`, repeated forever after the gateway listens.
//!   `304`: nothing new. `200`: the envelope `{"version","config","files":[{"path","content"}]}`.
//! * While a version is refused, also `&tried=<that version>&error=<reason, at most 500 characters>`;
//!   `have` is then still the last accepted version, or absent. The server responds when there is a
//!   version that is neither.
//! * Once more, with `tried` and `error` and without `have`, after the gateway ended with code 78,
//!   because it could not start with that version.
//!
//! `mosaic-entrypoint probe …` does something else: see [`probe`].

mod backoff;
mod disk;
mod envelope;
mod follow;
mod gateway;
mod lines;
mod mosaic;
mod probe;
mod settings;
mod signals;
mod tidy;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};

use follow::Follower;
use mosaic::MosaicClient;
use settings::Settings;

/// As a shell, for a command that could not be run.
const EXIT_NO_COMMAND: u8 = 127;
/// For a wrong environment (`EX_USAGE`).
const EXIT_USAGE: u8 = 64;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("probe", rest)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return probe::run(rest);
    }
    let settings = match Settings::from_env() {
        Ok(settings) => settings,
        Err(missing) => {
            say(&missing.to_string());
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match run(&settings) {
        Ok(code) => code,
        Err(error) => {
            let command = &settings.gateway_command.program;
            say(&format!("the gateway's command {command} could not be run: {error}"));
            ExitCode::from(EXIT_NO_COMMAND)
        }
    }
}

/// Fetches a config, starts the gateway and follows the config until the gateway ends. Returns its exit code.
fn run(settings: &Settings) -> io::Result<ExitCode> {
    let process = signals::forward()?;
    let mosaic = MosaicClient::new(&settings.url, &settings.token);
    let mut follower = Follower::new(mosaic.clone(), disk::Disk::new(settings));
    let version_on_disk = follower.version_on_disk();
    let first = follower.fetch_first();

    let (sender, events) = mpsc::channel();
    let mut gateway = gateway::start(settings, &process, sender)?;
    std::thread::spawn(move || follower.follow(first, &events));
    let code = gateway.wait()?;
    match (code, version_on_disk.get(), &settings.tidy_command) {
        (gateway::EXIT_INVALID_CONFIG, Some(version), _) => {
            mosaic.report_failed_start(version, gateway.last_failure());
        }
        (gateway::EXIT_SUCCESS, _, Some(command)) => tidy::run(command, settings),
        _ => {}
    }
    Ok(ExitCode::from(code))
}

/// Prints a line about this process. An error means that stderr is closed.
fn say(line: &str) {
    drop(writeln!(io::stderr(), "mosaic-entrypoint: {line}"));
}

/// Without poisoning: no holder leaves a value half-changed. (A crate for this would only enlarge the static binary.)
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
