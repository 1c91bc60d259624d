//! What the environment says. Nothing else here reads the environment, but for `${NAME}` in the
//! config file.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

/// How the stand-in was started.
#[derive(Debug)]
pub struct Settings {
    /// The port on every address.
    pub port: u16,
    /// From start to ready.
    pub boot: Duration,
    /// End with code 1 instead of getting ready.
    pub crash_at_boot: bool,
    /// `openclaw.json`.
    pub config_path: PathBuf,
    /// Where sessions are kept.
    pub state_dir: PathBuf,
    /// The gateway token when the config names none.
    pub token: Option<String>,
}

impl Settings {
    /// Reads the environment; what does not parse is as good as absent.
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
