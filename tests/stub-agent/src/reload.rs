//! Follows the config file while the stand-in runs.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::config::{self, Config};
use crate::gateway::Gateway;
use crate::logs;

const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Follows the file forever. A valid change is put in force; an invalid one is logged, and the config in force stays.
pub async fn follow(gateway: Arc<Gateway>) {
    let path = gateway.settings().config_path.clone();
    let mut seen = fingerprint(&path);
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        let now = fingerprint(&path);
        if now == seen || now.is_none() {
            continue;
        }
        seen = now;
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        match Config::parse(&text, &config::from_env) {
            Ok(config) => {
                if config.logs_info {
                    logs::reload_applied("config hot reload applied (openclaw.json)");
                }
                gateway.put_in_force(config);
            }
            Err(issues) => {
                logs::reload_skipped(&format!("config reload skipped (invalid config): {issues}"));
            }
        }
    }
}

/// Changes whenever the file is written or replaced.
fn fingerprint(path: &Path) -> Option<(SystemTime, u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len(), meta.ino()))
}
