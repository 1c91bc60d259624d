//! What the container engine reports by itself, heard by every worker.
//!
//! Each report is a hint that `fleet` checks, so that it does no harm when several workers hear it. What happened
//! while nobody listened is found by a sweep, which is asked for whenever listening begins.

use crate::Tools;
use domain::containers::ContainerError;
use fleet::{Error, containers};
use futures_util::StreamExt;
use std::{convert::Infallible, time::Duration};
use tokio_util::sync::CancellationToken;

/// Between two tries to listen, doubled up to the second one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Listens until the process is told to end.
pub async fn watch(tools: &Tools, shutdown: &CancellationToken) {
    let mut pause = FIRST_PAUSE;
    let listening = async {
        loop {
            match listen(tools).await {
                Ok(()) => pause = FIRST_PAUSE,
                Err(Lost(why)) => {
                    tracing::warn!(why, "cannot listen to the container engine; trying again");
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
            tokio::time::sleep(pause).await;
        }
    };
    let _: Option<Infallible> = shutdown.run_until_cancelled(listening).await;
}

/// Why nobody listens.
struct Lost(String);

impl From<ContainerError> for Lost {
    fn from(error: ContainerError) -> Self {
        Self(error.to_string())
    }
}

impl From<Error> for Lost {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

/// Returns when the engine goes away.
async fn listen(tools: &Tools) -> Result<(), Lost> {
    let Tools { services, engine, .. } = tools;
    let mut events = engine.watch(services.instance).await?;
    containers::learn_host(services, engine.as_ref()).await?;
    containers::ask_for_sweep(services).await?;
    while let Some(event) = events.next().await {
        let event = event?;
        // The next sweep finds what could not be looked at now.
        if let Err(error) = containers::notice(services, engine.as_ref(), &event).await {
            tracing::warn!(%error, "a report of the container engine could not be followed");
        }
    }
    Ok(())
}
