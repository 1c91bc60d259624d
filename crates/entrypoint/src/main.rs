//! The first process of an agent's container. It fetches `openclaw.json` from Mosaic, starts the
//! gateway as its child, and follows Mosaic for changes while the gateway runs.
//!
//! It owns the config file, the personality files that Mosaic sent, the gateway's signals, exit
//! code and output. It must not pass on anything that was said in a chat: the gateway prints every
//! reply, so its output goes through `lines`, which lets only known kinds of lines out. It holds
//! no TLS and no secret but the container's own token, and it needs no crate of Mosaic's.
//!
//! Environment: `MOSAIC_CONFIG_URL`, `OPENCLAW_GATEWAY_TOKEN`, `MOSAIC_GATEWAY_CMD` (words, no
//! shell), `OPENCLAW_CONFIG_PATH` (`/run/mosaic/openclaw.json`), `OPENCLAW_STATE_DIR` (`/data`), and if the image has
//! something to tidy up when the gateway has ended in order, `MOSAIC_TIDY_CMD` (words, too).
//!
//! What Mosaic is asked, always with the token as bearer:
//!
//! * `GET <url>` at the start, again and again until there is a config. It never gives up.
//! * `GET <url>?wait=25&have=<version in force>` for ever after, from the moment when the gateway
//!   listens. `304`: nothing new. `200`: the envelope `{"version","config","files":[{"path","content"}]}`.
//! * While a version is refused, also `&tried=<that version>&error=<why, at most 500 characters>`;
//!   `have` is then still the last accepted version (or absent: none was). The server holds the
//!   answer until there is a version that is neither.
//! * Once more, with `tried` and `error` and without `have`, when the gateway ended with code 78:
//!   it could not start with that version.
//!
//! Called as `mosaic-entrypoint probe …` it does nothing of this: see [`probe`].

mod disk;
mod envelope;
mod follow;
mod gateway;
mod lines;
mod mosaic;
mod pace;
mod probe;
mod settings;
mod signals;
mod tidy;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::mpsc;

use follow::Follower;
use mosaic::Mosaic;
use settings::Settings;

/// What a shell says when it could not run the command.
const EXIT_NO_COMMAND: u8 = 127;
/// Wrong environment (`EX_USAGE`).
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
            let command = &settings.command.program;
            say(&format!("the gateway's command {command} could not be run: {error}"));
            ExitCode::from(EXIT_NO_COMMAND)
        }
    }
}

/// Fetch, start, follow; ends when the gateway ends, with its code.
fn run(settings: &Settings) -> io::Result<ExitCode> {
    let child = signals::forward()?;
    let mosaic = Mosaic::new(&settings.url, &settings.token);
    let mut follower = Follower::new(mosaic.clone(), disk::Disk::new(settings));
    let on_disk = follower.on_disk();
    let first = follower.first();

    let (heard, news) = mpsc::channel();
    let mut gateway = gateway::start(settings, &child, heard)?;
    std::thread::spawn(move || follower.follow(first, &news));
    let code = gateway.wait()?;
    match (code, on_disk.version(), &settings.tidy) {
        (gateway::INVALID_CONFIG, Some(version), _) => {
            mosaic.report_failed_start(version, gateway.last_failure());
        }
        (gateway::IN_ORDER, _, Some(command)) => tidy::up(command, settings),
        _ => {}
    }
    Ok(ExitCode::from(code))
}

/// One line about this process itself. Nothing can be done when stderr is gone.
fn say(line: &str) {
    drop(writeln!(io::stderr(), "mosaic-entrypoint: {line}"));
}
