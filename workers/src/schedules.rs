//! The clock of the schedules: every worker process looks, one of them takes a tick.

use jobs::Store;
use std::{convert::Infallible, time::Duration};
use tokio_util::sync::CancellationToken;

/// A change that an admin makes is seen after at most so long.
const MOST: Duration = Duration::from_secs(10);
/// Between two looks, also when another worker is just taking a tick.
const LEAST: Duration = Duration::from_millis(200);

/// Takes ticks of schedules whose kinds have a handler here, until the process is told to end.
pub(crate) async fn keep(store: &Store, kinds: &[String], shutdown: &CancellationToken) -> Infallible {
    shutdown.run_until_cancelled(look(store, kinds)).await;
    std::future::pending().await
}

async fn look(store: &Store, kinds: &[String]) {
    loop {
        let pause = match jobs::schedules::tick(store, kinds).await {
            Ok(next) => next.unwrap_or(MOST).clamp(LEAST, MOST),
            Err(error) => {
                tracing::warn!(%error, "cannot look at the schedules; trying again");
                MOST
            }
        };
        // Spread, so that workers do not all come for the same tick at once.
        tokio::time::sleep(pause + LEAST.mul_f64(rand::random())).await;
    }
}
