//! `mosaic admin`: what only the server's owner may do.

use crate::{args::Admin, parts};
use anyhow::Context;
use boot::Config;
use secrecy::SecretString;
use std::io::{BufRead, IsTerminal, Write};

pub async fn run(config: &Config, command: Admin) -> anyhow::Result<()> {
    let Admin::ResetBreakglass { data_dir } = command;
    let (url, key) = super::up::running_instance(config, data_dir)?;
    let services = parts::services(&url, &key).await?;
    let name = fleet::auth::reset_breakglass(&services, read_password()?).await?;
    let mut out = std::io::stdout();
    writeln!(out, "The password of {name} is changed; all of its sessions are ended.")?;
    Ok(())
}

fn read_password() -> anyhow::Result<SecretString> {
    if std::io::stdin().is_terminal() {
        write!(std::io::stderr(), "New password (shown while you type): ")?;
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("reading the password from standard input")?;
    Ok(SecretString::from(line.trim_end_matches(['\r', '\n'])))
}
