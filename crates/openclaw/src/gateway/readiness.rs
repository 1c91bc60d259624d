//! Whether a gateway takes messages.

use super::Gateway;
use std::time::Duration;

/// Short, because the caller asks again.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// How far a gateway is, by one request to `/readyz`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It takes messages.
    Ready,
    /// OpenClaw answers, but is still loading, reloading or draining.
    Loading,
    /// The port is open, but nothing answers on it yet.
    Starting,
    /// The port is closed.
    Unreachable,
}

impl Gateway {
    /// Asks once, for at most two seconds. Sends no token: a token that OpenClaw has not loaded yet counts as an attack
    /// and locks every client out for a minute.
    pub async fn readiness(&self) -> Readiness {
        let response = self.http.get(format!("{}/readyz", self.base)).timeout(PROBE_TIMEOUT).send().await;
        match response {
            Ok(response) if response.status().is_success() => Readiness::Ready,
            Ok(_) => Readiness::Loading,
            Err(error) if error.is_connect() => Readiness::Unreachable,
            Err(_) => Readiness::Starting,
        }
    }
}
