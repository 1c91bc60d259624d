//! `mosaic admin`: commands for the server's owner.

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

/// How long the command waits for a worker. The job continues without it.
const ROTATION_TIMEOUT: Duration = Duration::from_secs(120);

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
    say(&format!("The password of {name} is changed, and all of its sessions have ended."))
}

async fn rotate_key(config: &Config, data_dir: Option<PathBuf>) -> anyhow::Result<()> {
    let (url, key) = super::up::running_instance(config, data_dir)?;
    let services = parts::services(config, &url, &key).await?;
    let before = keys::status(&services).await?;
    if before.behind == 0 && before.lost == 0 {
        return say(
            "All keys are already wrapped by the first key of MOSAIC_SECRET_KEY. The other keys can be removed from it.",
        );
    }
    let job = keys::enqueue_rotation(&services).await?;
    say(&format!("A worker wraps {} keys, as job {job}.", before.behind + before.lost))?;
    let ended = keys::await_rotation(&services, job, ROTATION_TIMEOUT).await?;
    match ended.filter(|job| job.state.is_final()) {
        Some(done) if done.state == JobState::Done => {
            let after = keys::status(&services).await?;
            let left = after.behind + after.lost;
            anyhow::ensure!(
                left == 0,
                "{left} keys were added by a process that still has the old key first: restart it, and run this command again"
            );
            say(
                "Done. When `mosaic doctor` agrees, remove all but the first key from MOSAIC_SECRET_KEY and restart.",
            )
        }
        Some(failed) => anyhow::bail!("{}", failed.last_error.unwrap_or_else(|| "it was cancelled".into())),
        None => anyhow::bail!(
            "no worker has finished the job within {} s. Is one running with the new key? The job stays in the queue.",
            ROTATION_TIMEOUT.as_secs()
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
