//! What the environment says. The only place that reads it.

use std::env;
use std::path::PathBuf;

use secrecy::SecretString;

/// A variable that must be there and is not.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not set; Mosaic sets it when it creates the container")]
pub struct Missing(&'static str);

/// How the container was set up.
#[derive(Debug)]
pub struct Settings {
    /// Where this container's config is.
    pub url: String,
    /// The container's token: our bearer, and the gateway's own.
    pub token: SecretString,
    /// Where the gateway reads `openclaw.json`.
    pub config_path: PathBuf,
    /// The gateway's state, which holds the workspaces.
    pub state_dir: PathBuf,
    /// What starts the gateway.
    pub command: Command,
    /// What tidies the state up when the gateway has ended.
    pub tidy: Option<Command>,
}

/// A command in words; no shell reads it.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    /// The program.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// Names the first variable that is missing or empty.
    pub fn from_env() -> Result<Self, Missing> {
        let command = required("MOSAIC_GATEWAY_CMD")?;
        Ok(Self {
            url: required("MOSAIC_CONFIG_URL")?,
            token: required("OPENCLAW_GATEWAY_TOKEN")?.into(),
            config_path: path("OPENCLAW_CONFIG_PATH", "/run/mosaic/openclaw.json"),
            state_dir: path("OPENCLAW_STATE_DIR", "/data"),
            command: Command::parse(&command).ok_or(Missing("MOSAIC_GATEWAY_CMD"))?,
            tidy: required("MOSAIC_TIDY_CMD").ok().and_then(|command| Command::parse(&command)),
        })
    }
}

impl Command {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace().map(str::to_owned);
        Some(Self { program: words.next()?, args: words.collect() })
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "this program runs inside the agent's container, where the boot crate is not"
)]
fn required(name: &'static str) -> Result<String, Missing> {
    let value = env::var(name).ok().filter(|value| !value.trim().is_empty());
    value.ok_or(Missing(name))
}

#[allow(
    clippy::disallowed_methods,
    reason = "this program runs inside the agent's container, where the boot crate is not"
)]
fn path(name: &str, default: &str) -> PathBuf {
    env::var_os(name).map_or_else(|| default.into(), PathBuf::from)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_command_is_words() {
        let command = Command::parse("  openclaw gateway  run --port 1 ").unwrap();
        assert_eq!(command.program, "openclaw");
        assert_eq!(command.args, ["gateway", "run", "--port", "1"]);
        assert_eq!(Command::parse(" "), None);
    }
}
