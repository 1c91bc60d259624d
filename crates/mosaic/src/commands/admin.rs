//! `mosaic admin`: what only the server's owner may do.

use crate::{args::Admin, parts};
use anyhow::Context;
use boot::Config;
use fleet::{jobs::JobState, keys};
use secrecy::SecretString;
use std::{
    io::{BufRead, IsTerminal, Write},
    path::PathBuf,
    time::Duration,
};

/// How long the workers get before the command leaves them to it.
const PATIENCE: Duration = Duration::from_secs(120);

pub async fn run(config: &Config, command: Admin) -> anyhow::Result<()> {
    match command {
        Admin::ResetBreakglass { data_dir } => reset_breakglass(config, data_dir).await,
        Admin::RotateKey { data_dir } => rotate_key(config, data_dir).await,
    }
}

async fn reset_breakglass(config: &Config, data_dir: Option<PathBuf>) -> anyhow::Result<()> {
    let (url, key) = super::up::running_instance(config, data_dir)?;
    let services = parts::services(config, &url, &key).await?;
    let name = fleet::auth::reset_breakglass(&services, read_password()?).await?;
    say(&format!("The password of {name} is changed; all of its sessions are ended."))
}

async fn rotate_key(config: &Config, data_dir: Option<PathBuf>) -> anyhow::Result<()> {
    let (url, key) = super::up::running_instance(config, data_dir)?;
    let services = parts::services(config, &url, &key).await?;
    let before = keys::standing(&services).await?;
    if before.behind == 0 && before.lost == 0 {
        return say(
            "Everything is wrapped by the first key of MOSAIC_SECRET_KEY already. Further ones can go.",
        );
    }
    let job = keys::enqueue_rotation(&services).await?;
    say(&format!("{} keys to wrap: a worker does it as {job}.", before.behind + before.lost))?;
    let ended = keys::await_rotation(&services, job, PATIENCE).await?;
    match ended.filter(|job| job.state.is_final()) {
        Some(done) if done.state == JobState::Done => {
            let after = keys::standing(&services).await?;
            let left = after.behind + after.lost;
            anyhow::ensure!(
                left == 0,
                "{left} keys were added by a process that still has the old key first: restart it and run this again"
            );
            say(
                "Done. When `mosaic doctor` agrees, leave only the first key in MOSAIC_SECRET_KEY and restart.",
            )
        }
        Some(failed) => anyhow::bail!("{}", failed.last_error.unwrap_or_else(|| "it was cancelled".into())),
        None => anyhow::bail!(
            "no worker has ended it within {} s; is one running with the new key? The job stays.",
            PATIENCE.as_secs()
        ),
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

fn read_password() -> anyhow::Result<SecretString> {
    if std::io::stdin().is_terminal() {
        write!(std::io::stderr(), "New password (shown while you type): ")?;
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("reading the password from standard input")?;
    Ok(SecretString::from(line.trim_end_matches(['\r', '\n'])))
}
