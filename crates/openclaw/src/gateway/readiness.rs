//! Whether a gateway takes messages.

use super::Gateway;
use std::time::Duration;

/// One look is short: the caller looks again.
const LOOK: Duration = Duration::from_secs(2);

/// What one look at `/readyz` showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It takes messages.
    Ready,
    /// OpenClaw answers, but is still loading, reloading or draining.
    Loading,
    /// Something holds the port, but nothing answers on it yet.
    Starting,
    /// Nothing is there.
    Unreachable,
}

impl Gateway {
    /// Looks once, for at most two seconds. Sends no token: asking with one that OpenClaw has not
    /// loaded yet counts as an attack and locks everybody out for a minute.
    pub async fn ready(&self) -> Readiness {
        let look = self.http.get(format!("{}/readyz", self.base)).timeout(LOOK).send().await;
        match look {
            Ok(response) if response.status().is_success() => Readiness::Ready,
            Ok(_) => Readiness::Loading,
            Err(error) if error.is_connect() => Readiness::Unreachable,
            Err(_) => Readiness::Starting,
        }
    }
}
