//! The settings from the environment. Only this module reads it.

use std::env;
use std::path::PathBuf;

use secrecy::SecretString;

/// A required variable is missing or empty.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not set; Mosaic sets it when it creates the container")]
pub struct MissingVariable(&'static str);

/// The container's settings.
#[derive(Debug)]
pub struct Settings {
    /// The URL of this container's config.
    pub url: String,
    /// The container's token, for requests to Mosaic and for the gateway.
    pub token: SecretString,
    /// Where the gateway reads `openclaw.json`.
    pub config_path: PathBuf,
    /// The gateway's state, with the workspaces.
    pub state_dir: PathBuf,
    pub gateway_command: Command,
    /// Runs after the gateway has ended.
    pub tidy_command: Option<Command>,
}

/// A command in words, which no shell parses.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    pub program: String,
    pub args: Vec<String>,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// The first variable that is missing or empty.
    pub fn from_env() -> Result<Self, MissingVariable> {
        let command = required("MOSAIC_GATEWAY_CMD")?;
        Ok(Self {
            url: required("MOSAIC_CONFIG_URL")?,
            token: required("OPENCLAW_GATEWAY_TOKEN")?.into(),
            config_path: path("OPENCLAW_CONFIG_PATH", "/run/mosaic/openclaw.json"),
            state_dir: path("OPENCLAW_STATE_DIR", "/data"),
            gateway_command: Command::parse(&command).ok_or(MissingVariable("MOSAIC_GATEWAY_CMD"))?,
            tidy_command: required("MOSAIC_TIDY_CMD").ok().and_then(|command| Command::parse(&command)),
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
fn required(name: &'static str) -> Result<String, MissingVariable> {
    let value = env::var(name).ok().filter(|value| !value.trim().is_empty());
    value.ok_or(MissingVariable(name))
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
