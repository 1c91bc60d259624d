//! Runs the schedules: every worker process looks for due ticks, and one of them takes each.

use jobs::Store;
use std::{convert::Infallible, time::Duration};
use tokio_util::sync::CancellationToken;

/// A change by an admin takes effect within this time.
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(10);
/// Also if another worker is just taking a due tick.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Takes ticks of schedules whose kinds have a handler here, until the shutdown.
pub(crate) async fn run(store: &Store, kinds: &[String], shutdown: &CancellationToken) -> Infallible {
    shutdown.run_until_cancelled(poll(store, kinds)).await;
    std::future::pending().await
}

async fn poll(store: &Store, kinds: &[String]) {
    loop {
        let pause = match jobs::schedules::tick(store, kinds).await {
            Ok(next) => next.unwrap_or(MAX_POLL_INTERVAL).clamp(MIN_POLL_INTERVAL, MAX_POLL_INTERVAL),
            Err(error) => {
                tracing::warn!(%error, "cannot read the schedules; trying again");
                MAX_POLL_INTERVAL
            }
        };
        // Spread, so that not all workers ask for the same tick at the same time.
        tokio::time::sleep(pause + MIN_POLL_INTERVAL.mul_f64(rand::random())).await;
    }
}
