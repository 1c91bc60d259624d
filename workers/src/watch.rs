//! The events of the container engine, which every worker listens to.
//!
//! Each event is a hint that `fleet` checks, so it does no harm that several workers receive it. What happened
//! while no worker was listening is found by a sweep, which is enqueued whenever listening starts.

use crate::Tools;
use domain::containers::ContainerError;
use fleet::{Error, containers};
use futures_util::StreamExt;
use std::{convert::Infallible, time::Duration};
use tokio_util::sync::CancellationToken;

/// Pause between two attempts to listen; it doubles from the first of these to the second.
const INITIAL_RETRY_DELAY: Duration = Duration::from_millis(500);
const MAX_RETRY_DELAY: Duration = Duration::from_secs(15);

/// Listens until the shutdown.
pub async fn watch(tools: &Tools, shutdown: &CancellationToken) {
    let mut delay = INITIAL_RETRY_DELAY;
    let listening = async {
        loop {
            match listen(tools).await {
                Ok(()) => delay = INITIAL_RETRY_DELAY,
                Err(ListenError(reason)) => {
                    tracing::warn!(reason, "cannot listen to the container engine; trying again");
                    delay = (delay * 2).min(MAX_RETRY_DELAY);
                }
            }
            tokio::time::sleep(delay).await;
        }
    };
    let _: Option<Infallible> = shutdown.run_until_cancelled(listening).await;
}

struct ListenError(String);

impl From<ContainerError> for ListenError {
    fn from(error: ContainerError) -> Self {
        Self(error.to_string())
    }
}

impl From<Error> for ListenError {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

/// Returns when the engine ends the connection.
async fn listen(tools: &Tools) -> Result<(), ListenError> {
    let Tools { services, engine, .. } = tools;
    let mut events = engine.watch(services.instance).await?;
    containers::record_host_capacity(services, engine.as_ref()).await?;
    containers::enqueue_sweep(services).await?;
    while let Some(event) = events.next().await {
        let event = event?;
        // The next sweep finds what could not be handled now.
        if let Err(error) = containers::handle_engine_event(services, engine.as_ref(), &event).await {
            tracing::warn!(%error, "an event of the container engine could not be handled");
        }
    }
    Ok(())
}
