//! How a use-case that runs as a job reports its progress, and learns that it should stop.

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

/// The job behind a use-case; `workers` implements it for its attempts.
#[async_trait]
pub trait Progress: Send + Sync {
    /// Ends the present phase and begins this one. For display only.
    async fn phase(&self, name: &str);
    /// How far it is, in per cent. For display only.
    async fn progress(&self, percent: u8);
    /// Cancelled when the work should stop.
    fn cancel(&self) -> &CancellationToken;
}
