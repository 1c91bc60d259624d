//! The settings from the environment. Only they read it, except for `${NAME}` in the
//! config file.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

/// The stand-in's settings.
#[derive(Debug)]
pub struct Settings {
    /// The port, on every address.
    pub port: u16,
    /// The time from start to ready.
    pub boot: Duration,
    /// Exit with code 1 instead of becoming ready.
    pub crash_at_boot: bool,
    /// `openclaw.json`.
    pub config_path: PathBuf,
    /// Where sessions are stored.
    pub state_dir: PathBuf,
    /// The gateway token if the config has none.
    pub token: Option<String>,
}

impl Settings {
    /// Reads the environment. A value that cannot be parsed counts as absent.
    pub fn from_env() -> Self {
        let path = |name, default: &str| env::var_os(name).map_or(default.into(), PathBuf::from);
        Self {
            port: number("STUB_PORT").unwrap_or(18789),
            boot: Duration::from_millis(number("STUB_BOOT_MS").unwrap_or(150)),
            crash_at_boot: env::var_os("STUB_CRASH_AT_BOOT").is_some_and(|set| set == "1"),
            config_path: path("OPENCLAW_CONFIG_PATH", "/run/mosaic/openclaw.json"),
            state_dir: path("OPENCLAW_STATE_DIR", "/data"),
            token: env::var("OPENCLAW_GATEWAY_TOKEN").ok(),
        }
    }
}

fn number<T: std::str::FromStr>(name: &str) -> Option<T> {
    env::var(name).ok()?.parse().ok()
}
